//! `connect`: developers upload builds of their apps and see their sales.
//!
//! | endpoint | takes | answers |
//! |---|---|---|
//! | `GET /apps` | a developer's token | 200 `{"apps": [{"app", "name", "builds": [...]}]}` |
//! | `POST /apps` | token, `{"app", "name"}` | 201 · 409 |
//! | `PUT /apps/{app}/builds/{version}` | token, `?sha256=HEX`, the build | 201 or 200 `{"app", "version", "size", "sha256", "state"}` · 404 · 409 · 413 · 422 · 507 |
//! | `GET /apps/{app}/builds/{version}` | token | 200 the same · 404 |
//! | `GET /sales` | token | 200 `{"sales": [{"item", "place", "currency", "sold", "given_back", "takings"}]}` · 503 |
//! | `GET /held/{app}`, at `connect.internal` alone | | 200 `{"app", "name", "owner", "builds"}` · 404 |
//! | `GET /held/{app}/{version}`, there | | 200 the processed build, with its hash as `ETag` · 404 |
//!
//! A build is read piece by piece into a file under its own hash; it is acknowledged when file and row are on the disk,
//! and `received` until it was read again and found whole: then it is `processed`. The same content for the same version
//! is the same upload; other content is a conflict. Sales are asked of commerce, found by name; without it: 503.
//! What the shop itself sells belongs to the first developer account.
//! Absent: signing, review, publishing to the store.

mod builds;
mod pages;
mod store;
mod upload;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Semaphore;

use super::callers::{Callers, Inside, Kind, Person, sessions, token, unexpected};
use super::control::Control;
use super::database::Database;
use super::identity::DEVELOPER_USER;
use super::{RoleArgs, RoleError, Sheet, serve};
use crate::catalogue::{Item, Shelf};
use crate::http::{Call, Manner, Problem, Sent, site};
use store::{Added, App, Build};

pub(super) const SHEET: Sheet = Sheet {
    word: "connect",
    about: "takes builds from developers",
    octet: 22,
    hosts: &["connect", "connect.internal"],
};

/// The longest id of an app, name and version, in bytes.
const APP_MAX: usize = 40;
const NAME_MAX: usize = 80;
const VERSION_MAX: usize = 30;
/// How many builds are taken in at once.
const UPLOADS_AT_ONCE: usize = 8;

#[derive(Debug)]
struct Connect {
    database: Database,
    callers: Arc<Callers>,
    folder: PathBuf,
    uploads: Semaphore,
}

pub(super) async fn run(args: RoleArgs, control: Control) -> Result<(), RoleError> {
    let database = Database::open(&args.state.join("connect.db"), store::SCHEMA, control.faults())?;
    let own = || Item::on(Shelf::Apps).chain(Item::on(Shelf::MacApps));
    database.prepare(|db| store::first(db, DEVELOPER_USER, own().map(|item| (item.id, item.name))))?;
    let folder = args.state.join("builds");
    builds::tidy(&folder)
        .map_err(|error| RoleError::Database(rusqlite::Error::ToSqlConversionFailure(error.into())))?;
    let callers = Callers::of(&args);
    let uploads = Semaphore::new(UPLOADS_AT_ONCE);
    let connect = Arc::new(Connect { database, callers: Arc::clone(&callers), folder, uploads });
    // Builds that were acknowledged and not yet processed when the last process died.
    for build in connect.database.run(store::waiting).await.unwrap_or_default() {
        tokio::spawn(builds::process(Arc::clone(&connect), build));
    }
    let routes = Router::new()
        .route("/", get(pages::front))
        .route("/apps", get(list).post(add))
        .route("/apps/{app}/builds/{version}", put(upload::upload).get(one))
        .route("/sales", get(sales))
        .route("/held/{app}", get(held))
        .route("/held/{app}/{version}", get(held_build))
        .with_state(connect)
        .merge(sessions(callers));
    serve(args.listen, site("Connect", routes), control).await
}

type Shared = State<Arc<Connect>>;

impl Connect {
    /// The developer who asks.
    async fn developer(&self, headers: &HeaderMap) -> Result<Person, Problem> {
        let person = self.callers.who(headers).await?;
        match person.kind {
            Kind::Developer => Ok(person),
            Kind::Customer | Kind::Desk => {
                let words = "this is for developers' accounts";
                Err(Problem::new(StatusCode::FORBIDDEN, "developer", words))
            }
        }
    }

    /// What was sold of these apps: commerce says, to whom the developer's own token speaks for them.
    async fn sales(&self, apps: &[App], headers: &HeaderMap) -> Result<Vec<Sale>, Problem> {
        const HOST: &str = "buy.internal";
        let mut all = Vec::new();
        // What the catalogue does not have was never sold.
        for item in apps.iter().filter_map(|app| Item::find(&app.app)) {
            let path = format!("/sales/{}", item.id);
            let call = Call::get(&path).with_token(token(headers).unwrap_or_default());
            let answer = self.callers.ask("commerce", HOST, call).await?;
            match (answer.status, serde_json::from_slice::<Sales>(&answer.body)) {
                (StatusCode::OK, Ok(sales)) => {
                    all.extend(sales.sales.into_iter().map(|sums| Sale { item: item.id, sums }));
                }
                (status, _) => return Err(unexpected("commerce", HOST, status)),
            }
        }
        Ok(all)
    }
}

/// What commerce says of an item.
#[derive(Deserialize)]
struct Sales {
    sales: Vec<Sums>,
}

/// What was sold of an item in a place.
#[derive(Debug, Serialize)]
struct Sale {
    item: &'static str,
    #[serde(flatten)]
    sums: Sums,
}

/// The sums that commerce gives; takings are a decimal in the place's currency.
#[derive(Debug, Serialize, Deserialize)]
struct Sums {
    place: String,
    currency: String,
    sold: u64,
    given_back: u64,
    takings: String,
}

async fn list(State(connect): Shared, headers: HeaderMap) -> Result<Response, Problem> {
    let person = connect.developer(&headers).await?;
    let apps = connect.database.run(move |db| store::apps(db, &person.user)).await?;
    Ok(axum::Json(json!({ "apps": apps })).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewApp {
    app: String,
    name: String,
}

async fn add(
    State(connect): Shared,
    manner: Manner,
    headers: HeaderMap,
    Sent(NewApp { app, name }): Sent<NewApp>,
) -> Result<Response, Problem> {
    let person = connect.developer(&headers).await?;
    let plain = app.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if app.is_empty() || app.len() > APP_MAX || !plain {
        return Err(Problem::unfit("app", "an app's id has 1 to 40 of a-z 0-9 -"));
    }
    if name.trim().is_empty() || name.len() > NAME_MAX || name.chars().any(char::is_control) {
        return Err(Problem::unfit("name", "a name is one line of 1 to 80 bytes"));
    }
    let row = json!({ "app": app, "name": name });
    match connect.database.run(move |db| store::add(db, &person.user, &app, &name)).await? {
        Added::Yes => Ok(manner.after("/", StatusCode::CREATED, row)),
        Added::Taken => {
            Err(Problem::new(StatusCode::CONFLICT, "taken", "there is an app of this id already"))
        }
        Added::Full => Err(full_up()),
    }
}

async fn one(
    State(connect): Shared,
    Path((app, version)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<axum::Json<Build>, Problem> {
    let person = connect.developer(&headers).await?;
    let found = connect.database.run(move |db| {
        Ok(match store::owner(db, &app)? {
            Some((owner, _)) if owner == person.user => store::build(db, &app, &version)?,
            Some(_) | None => None,
        })
    });
    found.await?.map(axum::Json).ok_or_else(nothing)
}

async fn sales(State(connect): Shared, headers: HeaderMap) -> Result<Response, Problem> {
    let person = connect.developer(&headers).await?;
    let apps = connect.database.run(move |db| store::apps(db, &person.user)).await?;
    Ok(axum::Json(json!({ "sales": connect.sales(&apps, &headers).await? })).into_response())
}

async fn held(State(connect): Shared, _: Inside, Path(app): Path<String>) -> Result<Response, Problem> {
    let found = connect.database.run(move |db| {
        let Some((owner, name)) = store::owner(db, &app)? else { return Ok(None) };
        let builds = store::builds(db, &app)?;
        Ok(Some(json!({ "app": app, "name": name, "owner": owner, "builds": builds })))
    });
    found.await?.map(|found| axum::Json(found).into_response()).ok_or_else(nothing)
}

async fn held_build(
    State(connect): Shared,
    _: Inside,
    Path((app, version)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let found = connect.database.run(move |db| store::build(db, &app, &version)).await?;
    let build = found.filter(|build| build.state == "processed").ok_or_else(nothing)?;
    let body = builds::read(&connect.folder, &build.sha256).await?;
    let fields = [
        (header::ETAG, format!("\"{}\"", build.sha256)),
        (header::CONTENT_LENGTH, build.size.to_string()),
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
    ];
    Ok((fields, Body::new(body)).into_response())
}

#[derive(Deserialize)]
struct Checksum {
    sha256: Option<String>,
}

type Told = Query<Checksum>;

fn full_up() -> Problem {
    Problem::new(StatusCode::INSUFFICIENT_STORAGE, "full", "there is no room for more")
}

fn nothing() -> Problem {
    Problem::not_found("you have no such app or build")
}
