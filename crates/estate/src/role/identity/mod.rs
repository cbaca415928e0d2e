//! `identity`: accounts, sign-in, sessions, and whose token it is.
//!
//! | endpoint | takes | answers |
//! |---|---|---|
//! | `POST /accounts` | `{"user", "password"}` | 201 `{"user"}` · 409 · 422 |
//! | `POST /sign-in` | `{"user", "password"}` | 200 `{"token", "user", "expires_in"}` · 401 · 429 |
//! | `GET /verify` | `Authorization: Bearer TOKEN` | 200 `{"user", "kind"}` · 401 |
//! | `GET /sessions` | the same | 200 `{"sessions": [{"id", "made_at", "expires_at", "current"}]}` · 401 |
//! | `DELETE /sessions/{id}` | the same | 204, ended or never there · 401 |
//! | `GET /accounts/{user}`, at `id.internal` alone | | 200 `{"user"}` · 404 |
//! | `GET /` | | people sign in, open an account, end sessions |
//!
//! The same by TLS at `account`, for customers; `reload` reads its certificate again.
//! Tokens are 256 random bits from SQLite's generator (ChaCha20, seeded by the system); only their hashes are kept.
//! Passwords are kept as Argon2id (`accounts`), and how often a wrong one is tried is bounded, over restarts too.
//! What was answered is on the disk: an account or a session survives a killed process.
//! Absent: changing a password, second factors, deleting an account.

mod accounts;
mod pages;
mod sessions;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::callers::{self, Inside, Kind, Person, token};
use super::control::{Control, Order};
use super::database::Database;
use super::{RoleArgs, RoleError, Sheet};
use crate::http::{Certified, Door, Manner, Problem, Sent, shell, site};
use crate::layout::ACCOUNT_HOST;
use accounts::Look;

pub(super) const SHEET: Sheet =
    Sheet { word: "identity", about: "signs customers in", octet: 11, hosts: &["id", "id.internal"] };

/// The account that automatic customers use.
pub const PROBE_USER: &str = "probe@shop.example";
/// Its password: of no use beyond the loopback of one host.
pub const PROBE_PASSWORD: &str = "open-sesame-probe";
/// The account that a person at the storefront uses without noticing.
pub(crate) const VISITOR_USER: &str = "visitor@shop.example";
/// Its password.
pub(crate) const VISITOR_PASSWORD: &str = "open-sesame-visitor";
/// The account that owns what the shop sells, and uploads it.
pub const DEVELOPER_USER: &str = "developer@shop.example";
/// Its password.
pub const DEVELOPER_PASSWORD: &str = "open-sesame-developer";
/// The account that answers customers for the shop.
pub const DESK_USER: &str = "desk@shop.example";
/// Its password.
pub const DESK_PASSWORD: &str = "open-sesame-desk";

/// The accounts that are there from the first start on.
const FIRST: &[(&str, &str, Kind)] = &[
    (PROBE_USER, PROBE_PASSWORD, Kind::Customer),
    (VISITOR_USER, VISITOR_PASSWORD, Kind::Customer),
    (DEVELOPER_USER, DEVELOPER_PASSWORD, Kind::Developer),
    (DESK_USER, DESK_PASSWORD, Kind::Desk),
];

/// How many passwords are hashed at once; more would only wait for each other.
const HASHED_AT_ONCE: usize = 2;

#[derive(Debug, Clone)]
struct Identity {
    database: Database,
    hashing: Arc<Semaphore>,
}

pub(super) async fn run(args: RoleArgs, control: Control) -> Result<(), RoleError> {
    let schema = format!("{}{}", accounts::SCHEMA, sessions::SCHEMA);
    let database = Database::open(&args.state.join("identity.db"), &schema, control.faults())?;
    for &(user, password, kind) in FIRST {
        database.prepare(|db| accounts::seed(db, user, password, kind))?;
    }
    let identity = Identity { database, hashing: Arc::new(Semaphore::new(HASHED_AT_ONCE)) };
    let routes = Router::new()
        .route("/", get(pages::front))
        .route("/accounts", post(open_account))
        .route("/accounts/{user}", get(account))
        .route("/sign-in", post(sign_in))
        .route("/session", post(begin))
        .route("/session/end", post(leave))
        .route("/verify", get(verify))
        .route("/sessions", get(list))
        .route("/sessions/{id}", delete(end))
        .route("/sessions/{id}/end", post(end))
        .with_state(identity);
    let router = shell(site("Account", routes), control.faults());
    let listen = |address| move |source| RoleError::Listen { address, source };
    let _door = Door::open(args.listen, router.clone()).await.map_err(listen(args.listen))?;
    let Some(address) = args.tls else {
        return control.attend(async |_| Ok(())).await.map_err(RoleError::Control);
    };
    let certified = Certified::read(&args.state, ACCOUNT_HOST.to_owned()).map_err(RoleError::Certificate)?;
    let secure = Door::open_tls(address, router, certified.config()).await;
    let _secure = secure.map_err(listen(address))?;
    let obeyed = control.attend(async |order| {
        if *order == Order::Reload {
            certified.reload(&args.state)?;
        }
        Ok(())
    });
    obeyed.await.map_err(RoleError::Control)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    user: String,
    password: String,
}

impl Identity {
    /// Hashes away from the runtime's threads, a few at a time.
    async fn hashed(&self, salt: Vec<u8>, password: String) -> Result<Vec<u8>, Problem> {
        let _turn = self.hashing.acquire().await.map_err(|error| Problem::broken(&error))?;
        let hashed = tokio::task::spawn_blocking(move || accounts::hash(&salt, &password));
        hashed.await.map_err(|error| Problem::broken(&error))
    }

    /// A new session, if the password is the user's and not too many wrong ones were tried.
    async fn sign_in(&self, given: Credentials) -> Result<sessions::SignedIn, Problem> {
        let Credentials { user, password } = given;
        let asked = user.clone();
        let (salt, expected) = match self.database.run(move |db| accounts::look(db, &asked)).await? {
            Look::Barred => {
                let words = "too many failed sign-ins; wait a few minutes";
                return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "failures", words));
            }
            Look::Known { salt, hash } => (salt, Some(hash)),
            // A hash is made for nobody, too, so that an answer's time does not say who has an account.
            Look::Unknown => (vec![0; accounts::SALT], None),
        };
        let hash = self.hashed(salt, password).await?;
        if expected.as_ref() != Some(&hash) {
            self.database.run(move |db| accounts::failed(db, &user)).await?;
            let words = "the user or the password is wrong";
            return Err(Problem::new(StatusCode::UNAUTHORIZED, "credentials", words));
        }
        self.database.run(move |db| sessions::begin(db, user)).await
    }

    /// Whose request this is.
    async fn person(&self, headers: &HeaderMap) -> Result<Person, Problem> {
        let refused = || {
            let words = "sign in first: the token is missing, wrong or old";
            Problem::new(StatusCode::UNAUTHORIZED, "token", words)
        };
        let token = token(headers).ok_or_else(refused)?.to_owned();
        self.database.run(move |db| sessions::owner(db, &token)).await?.ok_or_else(refused)
    }
}

type Shared = State<Identity>;

async fn open_account(
    State(identity): Shared,
    manner: Manner,
    Sent(given): Sent<Credentials>,
) -> Result<Response, Problem> {
    let Credentials { user, password } = given;
    accounts::check(&user, &password)?;
    let salt = identity.database.run(|db| accounts::salt(db)).await?;
    let hash = identity.hashed(salt.clone(), password.clone()).await?;
    let name = user.clone();
    let opened =
        identity.database.run(move |db| accounts::open(db, &name, &salt, &hash, Kind::Customer)).await?;
    if !opened {
        let words = "there is an account of this name already";
        return Err(Problem::new(StatusCode::CONFLICT, "taken", words));
    }
    if manner.html {
        let signed_in = identity.sign_in(Credentials { user, password }).await?;
        return Ok(callers::with_cookie(&signed_in.token));
    }
    Ok((StatusCode::CREATED, axum::Json(json!({ "user": user }))).into_response())
}

async fn account(
    State(identity): Shared,
    _: Inside,
    Path(user): Path<String>,
) -> Result<axum::Json<Value>, Problem> {
    let asked = user.clone();
    match identity.database.run(move |db| accounts::exists(db, &asked)).await? {
        true => Ok(axum::Json(json!({ "user": user }))),
        false => Err(Problem::not_found("there is no such account")),
    }
}

async fn sign_in(
    State(identity): Shared,
    Sent(given): Sent<Credentials>,
) -> Result<axum::Json<sessions::SignedIn>, Problem> {
    identity.sign_in(given).await.map(axum::Json)
}

async fn begin(State(identity): Shared, Sent(given): Sent<Credentials>) -> Result<Response, Problem> {
    let signed_in = identity.sign_in(given).await?;
    Ok(callers::with_cookie(&signed_in.token))
}

/// Ends the session of the request itself.
async fn leave(State(identity): Shared, headers: HeaderMap) -> Result<Response, Problem> {
    if let Some(token) = token(&headers).map(str::to_owned) {
        identity.database.run(move |db| sessions::end_own(db, &token)).await?;
    }
    let mut response = callers::with_cookie("");
    response.headers_mut().insert(
        header::SET_COOKIE,
        header::HeaderValue::from_static("token=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0"),
    );
    Ok(response)
}

async fn verify(State(identity): Shared, headers: HeaderMap) -> Result<axum::Json<Person>, Problem> {
    identity.person(&headers).await.map(axum::Json)
}

async fn list(State(identity): Shared, headers: HeaderMap) -> Result<axum::Json<Value>, Problem> {
    let person = identity.person(&headers).await?;
    let own = token(&headers).unwrap_or_default().to_owned();
    let list = identity.database.run(move |db| sessions::list(db, &person.user, &own)).await?;
    Ok(axum::Json(json!({ "sessions": list })))
}

async fn end(
    State(identity): Shared,
    manner: Manner,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let person = identity.person(&headers).await?;
    identity.database.run(move |db| sessions::end(db, &person.user, &id)).await?;
    match manner.html {
        true => Ok(axum::response::Redirect::to("/").into_response()),
        false => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}
