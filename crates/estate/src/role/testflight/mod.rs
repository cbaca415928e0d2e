//! `testflight`: invited testers install builds that connect holds.
//!
//! | endpoint | takes | answers |
//! |---|---|---|
//! | `POST /apps/{app}/invitations` | the token of the app's developer, `{"tester"}` | 201 · 403 · 404 · 422 · 507 |
//! | `GET /apps/{app}/installs` | the same | 200 `{"installs": [{"tester", "version", "at"}]}` |
//! | `GET /betas` | a tester's token | 200 `{"betas": [{"app", "name", "builds": [{"version", "size", "sha256"}]}]}` |
//! | `GET /apps/{app}/builds/{version}/file` | the same | 200 the build, with its hash as `ETag` · 403 · 404 · 503 |
//! | `POST /apps/{app}/builds/{version}/installed` | the same, `{"sha256"}` | 201 · 403 · 404 · 409 |
//!
//! Builds are never kept here: each is fetched from connect, found by its internal name, and passed on piece by piece.
//! An installation counts when the tester's hash is the build's. Without identity or connect: 503.
//! Absent: groups, expiry of builds, reports of crashes.

mod pages;
mod store;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::callers::{Callers, Person, sessions, unexpected};
use super::control::Control;
use super::database::Database;
use super::{RoleArgs, RoleError, Sheet, serve};
use crate::http::{Call, Manner, Problem, Sent, site};

pub(super) const SHEET: Sheet = Sheet {
    word: "testflight",
    about: "gives beta builds to testers",
    octet: 23,
    hosts: &["testflight", "testflight.internal"],
};

/// Where builds are.
const CONNECT: &str = "connect.internal";

#[derive(Debug)]
struct Testflight {
    database: Database,
    callers: Arc<Callers>,
}

pub(super) async fn run(args: RoleArgs, control: Control) -> Result<(), RoleError> {
    let database = Database::open(&args.state.join("testflight.db"), store::SCHEMA, control.faults())?;
    let callers = Callers::of(&args);
    let testflight = Arc::new(Testflight { database, callers: Arc::clone(&callers) });
    let routes = Router::new()
        .route("/", get(pages::front))
        .route("/betas", get(betas))
        .route("/apps/{app}/invitations", post(invite))
        .route("/apps/{app}/installs", get(installs))
        .route("/apps/{app}/builds/{version}/file", get(file))
        .route("/apps/{app}/builds/{version}/installed", post(installed))
        .with_state(testflight)
        .merge(sessions(callers));
    serve(args.listen, site("Testflight", routes), control).await
}

type Shared = State<Arc<Testflight>>;

/// An app as connect tells of it.
#[derive(Debug, Serialize, Deserialize)]
struct Held {
    app: String,
    name: String,
    #[serde(skip_serializing)]
    owner: String,
    builds: Vec<Build>,
}

/// A build as connect tells of it.
#[derive(Debug, Serialize, Deserialize)]
struct Build {
    version: String,
    size: u64,
    sha256: String,
    #[serde(skip_serializing)]
    state: String,
}

impl Testflight {
    /// What connect holds of an app; testers see what is processed.
    async fn held(&self, app: &str) -> Result<Option<Held>, Problem> {
        if app.is_empty() || !app.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Ok(None);
        }
        let path = format!("/held/{app}");
        let answer = self.callers.ask("connect", CONNECT, Call::get(&path)).await?;
        match (answer.status, serde_json::from_slice::<Held>(&answer.body)) {
            (StatusCode::OK, Ok(mut held)) => {
                held.builds.retain(|build| build.state == "processed");
                Ok(Some(held))
            }
            (StatusCode::NOT_FOUND, _) => Ok(None),
            (status, _) => Err(unexpected("connect", CONNECT, status)),
        }
    }

    /// The app, if the caller is its developer.
    async fn own(&self, headers: &HeaderMap, app: &str) -> Result<Held, Problem> {
        let person = self.callers.who(headers).await?;
        let held = self.held(app).await?.ok_or_else(nothing)?;
        match held.owner == person.user {
            true => Ok(held),
            false => Err(Problem::new(StatusCode::FORBIDDEN, "owner", "this is for the app's developer")),
        }
    }

    /// The caller, if they were invited to test the app.
    async fn tester(&self, headers: &HeaderMap, app: &str) -> Result<Person, Problem> {
        let person = self.callers.who(headers).await?;
        let (tester, app) = (person.user.clone(), app.to_owned());
        match self.database.run(move |db| store::is_invited(db, &app, &tester)).await? {
            true => Ok(person),
            false => Err(Problem::new(StatusCode::FORBIDDEN, "invited", "you were not invited to test this")),
        }
    }

    /// All that a tester may install.
    async fn betas(&self, tester: String) -> Result<Vec<Held>, Problem> {
        let apps = self.database.run(move |db| store::apps_of(db, &tester)).await?;
        let mut betas = Vec::new();
        for app in apps {
            betas.extend(self.held(&app).await?);
        }
        Ok(betas)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Invitation {
    tester: String,
}

async fn invite(
    State(testflight): Shared,
    manner: Manner,
    Path(app): Path<String>,
    headers: HeaderMap,
    Sent(Invitation { tester }): Sent<Invitation>,
) -> Result<Response, Problem> {
    let held = testflight.own(&headers, &app).await?;
    let plain = tester.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._@".contains(&b));
    if tester.is_empty() || tester.len() > 100 || !plain || !testflight.callers.exists(&tester).await? {
        let words = "there is no such account to invite";
        return Err(Problem::unfit("tester", words));
    }
    let said = json!({ "app": held.app, "tester": tester });
    match testflight.database.run(move |db| store::invite(db, &held.app, &tester)).await? {
        true => Ok(manner.after("/", StatusCode::CREATED, said)),
        false => Err(Problem::new(
            StatusCode::INSUFFICIENT_STORAGE,
            "full",
            "the app has as many testers as it may",
        )),
    }
}

async fn installs(
    State(testflight): Shared,
    Path(app): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let held = testflight.own(&headers, &app).await?;
    let list = testflight.database.run(move |db| store::installs(db, &held.app)).await?;
    Ok(axum::Json(json!({ "installs": list })).into_response())
}

async fn betas(State(testflight): Shared, headers: HeaderMap) -> Result<Response, Problem> {
    let person = testflight.callers.who(&headers).await?;
    Ok(axum::Json(json!({ "betas": testflight.betas(person.user).await? })).into_response())
}

async fn file(
    State(testflight): Shared,
    Path((app, version)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    testflight.tester(&headers, &app).await?;
    let held = testflight.held(&app).await?.ok_or_else(nothing)?;
    // The path is made of what connect says, not of what the request says.
    let build = held.builds.iter().find(|build| build.version == version).ok_or_else(nothing)?;
    let path = format!("/held/{}/{}", held.app, build.version);
    let answer = testflight.callers.open("connect", CONNECT, Call::get(&path)).await?;
    if answer.status() != StatusCode::OK {
        return Err(unexpected("connect", CONNECT, answer.status()));
    }
    let fields = [
        (header::ETAG, format!("\"{}\"", build.sha256)),
        (header::CONTENT_LENGTH, build.size.to_string()),
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}-{}.bin\"", held.app, build.version)),
    ];
    Ok((fields, Body::new(answer.into_body())).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Installed {
    sha256: String,
}

async fn installed(
    State(testflight): Shared,
    manner: Manner,
    Path((app, version)): Path<(String, String)>,
    headers: HeaderMap,
    Sent(Installed { sha256 }): Sent<Installed>,
) -> Result<Response, Problem> {
    let person = testflight.tester(&headers, &app).await?;
    let held = testflight.held(&app).await?.ok_or_else(nothing)?;
    let build = held.builds.iter().find(|build| build.version == version).ok_or_else(nothing)?;
    if !build.sha256.eq_ignore_ascii_case(&sha256) {
        let words = "what you have is not this build; fetch it again";
        return Err(Problem::new(StatusCode::CONFLICT, "sha256", words));
    }
    let said = json!({ "app": app, "version": version });
    testflight.database.run(move |db| store::installed(db, &app, &person.user, &version)).await?;
    Ok(manner.after("/", StatusCode::CREATED, said))
}

fn nothing() -> Problem {
    Problem::not_found("there is no such app or build to test")
}
