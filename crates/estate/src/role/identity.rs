//! `identity`: signs customers in and says whose token it is.
//!
//! | endpoint | takes | answers |
//! |---|---|---|
//! | `POST /sign-in` | `{"user", "password"}` | 200 `{"token", "user", "expires_in"}` · 401 |
//! | `GET /verify` | `Authorization: Bearer TOKEN` | 200 `{"user"}` · 401 |
//!
//! Tokens are 256 random bits from SQLite's generator (ChaCha20, seeded by the system); only their hashes are kept.
//! Accounts are this loopback shop's own; a shop with people's passwords would use a slow hash.
//! Absent: sign-up, sign-out, limits on guessing.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::control::Control;
use super::database::Database;
use super::{RoleArgs, RoleError, Sheet};
use crate::http::{Door, Json, Problem, bearer, shell};

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

/// How long a token is good for, in seconds.
const TOKEN_LIFE_S: u32 = 3600;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS accounts (user TEXT PRIMARY KEY, salt BLOB NOT NULL, hash BLOB NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS tokens (hash BLOB PRIMARY KEY, user TEXT NOT NULL, expires_at INTEGER NOT NULL) STRICT;
";

pub(super) async fn run(args: RoleArgs, control: Control) -> Result<(), RoleError> {
    let database = Database::open(&args.state.join("identity.db"), SCHEMA)?;
    for (user, password) in [(PROBE_USER, PROBE_PASSWORD), (VISITOR_USER, VISITOR_PASSWORD)] {
        database.prepare(|db| open_account(db, user, password))?;
    }
    let routes =
        Router::new().route("/sign-in", post(sign_in)).route("/verify", get(verify)).with_state(database);
    let address = args.listen;
    let _door = Door::open(address, shell(routes, control.faults()))
        .await
        .map_err(|source| RoleError::Listen { address, source })?;
    control.attend(async |_| Ok(())).await.map_err(RoleError::Control)
}

fn open_account(db: &rusqlite::Connection, user: &str, password: &str) -> rusqlite::Result<()> {
    let salt: Vec<u8> = db.query_row("SELECT randomblob(16)", [], |row| row.get(0))?;
    let hash = hash(&salt, password);
    db.execute("INSERT INTO accounts VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING", params![user, salt, hash])?;
    Ok(())
}

fn hash(salt: &[u8], text: &str) -> Vec<u8> {
    Sha256::new().chain_update(salt).chain_update(text).finalize().to_vec()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    user: String,
    password: String,
}

#[derive(Debug, Serialize)]
struct SignedIn {
    token: String,
    user: String,
    expires_in: u32,
}

async fn sign_in(
    State(database): State<Database>,
    Json(given): Json<Credentials>,
) -> Result<axum::Json<SignedIn>, Problem> {
    let Credentials { user, password } = given;
    let signed_in = database.run(move |db| issue(db, user, &password)).await?;
    let words = "the user or the password is wrong";
    signed_in.map(axum::Json).ok_or_else(|| Problem::new(StatusCode::UNAUTHORIZED, "credentials", words))
}

/// A new token, if the password is the user's.
fn issue(db: &mut rusqlite::Connection, user: String, password: &str) -> rusqlite::Result<Option<SignedIn>> {
    let account = "SELECT salt, hash FROM accounts WHERE user = ?1";
    let account: Option<(Vec<u8>, Vec<u8>)> =
        db.query_row(account, [&user], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    if account.is_none_or(|(salt, expected)| hash(&salt, password) != expected) {
        return Ok(None);
    }
    let token: String = db.query_row("SELECT lower(hex(randomblob(32)))", [], |row| row.get(0))?;
    let change = db.transaction()?;
    change.execute("DELETE FROM tokens WHERE expires_at <= unixepoch()", [])?;
    change.execute(
        "INSERT INTO tokens VALUES (?1, ?2, unixepoch() + ?3)",
        params![hash(b"", &token), user, TOKEN_LIFE_S],
    )?;
    change.commit()?;
    Ok(Some(SignedIn { token, user, expires_in: TOKEN_LIFE_S }))
}

async fn verify(State(database): State<Database>, headers: HeaderMap) -> Result<axum::Json<Value>, Problem> {
    let refused = || {
        Problem::new(StatusCode::UNAUTHORIZED, "token", "sign in first: the token is missing, wrong or old")
    };
    let token = hash(b"", bearer(&headers).ok_or_else(refused)?);
    let owner = "SELECT user FROM tokens WHERE hash = ?1 AND expires_at > unixepoch()";
    let user: Option<String> =
        database.run(move |db| db.query_row(owner, [token], |row| row.get(0)).optional()).await?;
    user.map(|user| axum::Json(json!({ "user": user }))).ok_or_else(refused)
}
