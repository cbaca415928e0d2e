//! `status`: the shop's own status page, set by hand.
//!
//! | endpoint | takes | answers |
//! |---|---|---|
//! | `GET /` | | the page; JSON if that is asked for |
//! | `GET /status.json` | | 200 `{"systems": [{"id", "name", "state", "note", "set_at"}]}` |
//! | `POST /systems/{id}` | `{"state", "note", "key"}` | 200 the row above · 401 · 404 · 422 |
//! | `GET /history.json` | | 200 `{"changes": [{"id", "state", "note", "set_at"}]}`, newest first |
//!
//! It measures nothing and asks nobody: a system is in the state that a person last set, and that can be wrong. So
//! were such pages. Who knows [`STATUS_KEY`] may set; it stands on nothing, so that it can be set during an outage.
//! Absent: subscribers, incidents.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::control::Control;
use super::database::Database;
use super::{RoleArgs, RoleError, Sheet, serve};
use crate::http::{Manner, Problem, Sent, page, site};

pub(super) const SHEET: Sheet = Sheet {
    word: "status",
    about: "shows what a person last said of each system",
    octet: 26,
    hosts: &["status"],
};

/// What one must know to set a state: of no use beyond the loopback of one host.
pub const STATUS_KEY: &str = "open-sesame-status";

/// The systems, in the order in which they are shown.
const SYSTEMS: &[(&str, &str)] = &[
    ("apps", "App Store"),
    ("macapps", "Desktop App Store"),
    ("music", "Music & Film Store"),
    ("books", "Book Store"),
    ("purchase", "In-app purchase"),
    ("sign-in", "Sign-in"),
    ("mail", "Mail"),
    ("documents", "Documents"),
    ("connect", "Developer uploads"),
    ("testflight", "Beta testing"),
    ("support", "Support"),
];

/// What a person can say of a system.
const STATES: &[&str] = &["available", "issue", "outage", "maintenance"];
/// The longest note, in bytes.
const NOTE_MAX: usize = 300;
/// How many changes are kept and listed.
const CHANGES_MAX: u32 = 500;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS changes (
        n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, state TEXT NOT NULL, note TEXT NOT NULL,
        at INTEGER NOT NULL) STRICT;
    CREATE INDEX IF NOT EXISTS changes_of ON changes (id, n);
";

pub(super) async fn run(args: RoleArgs, control: Control) -> Result<(), RoleError> {
    let database = Database::open(&args.state.join("status.db"), SCHEMA, control.faults())?;
    let routes = Router::new()
        .route("/", get(front))
        .route("/status.json", get(as_json))
        .route("/history.json", get(history))
        .route("/systems/{id}", post(set))
        .with_state(Arc::new(database));
    serve(args.listen, site("System status", routes), control).await
}

/// A system as a person last set it.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct System {
    id: &'static str,
    name: &'static str,
    state: String,
    note: String,
    set_at: Option<String>,
}

const CHANGE: &str = "SELECT id, state, note, strftime('%Y-%m-%dT%H:%M:%SZ', at, 'unixepoch') FROM changes";

/// Something that a person set.
#[derive(Debug, Serialize)]
struct Change {
    id: String,
    state: String,
    note: String,
    set_at: String,
}

impl Change {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { id: row.get(0)?, state: row.get(1)?, note: row.get(2)?, set_at: row.get(3)? })
    }
}

/// A system; what nobody ever set is available.
fn system(db: &Connection, id: &'static str, name: &'static str) -> rusqlite::Result<System> {
    let last = db
        .query_row(&format!("{CHANGE} WHERE id = ?1 ORDER BY n DESC LIMIT 1"), [id], Change::from_row)
        .optional()?;
    Ok(match last {
        Some(Change { state, note, set_at, .. }) => System { id, name, state, note, set_at: Some(set_at) },
        None => System { id, name, state: "available".to_owned(), note: String::new(), set_at: None },
    })
}

fn systems(db: &mut Connection) -> rusqlite::Result<Vec<System>> {
    SYSTEMS.iter().map(|(id, name)| system(db, id, name)).collect()
}

type Shared = State<Arc<Database>>;

#[derive(Template)]
#[template(path = "service/status.html")]
struct Page {
    service: &'static str,
    who: Option<String>,
    systems: Vec<System>,
    states: &'static [&'static str],
}

impl Page {
    fn is_whole(&self) -> bool {
        self.systems.iter().all(|system| system.state == "available")
    }
}

async fn front(State(database): Shared, manner: Manner) -> Result<Response, Problem> {
    let systems = database.run(systems).await?;
    Ok(match manner.html {
        true => page(StatusCode::OK, &Page { service: "System status", who: None, systems, states: STATES }),
        false => axum::Json(json!({ "systems": systems })).into_response(),
    })
}

async fn as_json(State(database): Shared) -> Result<Response, Problem> {
    let systems = database.run(systems).await?;
    Ok(axum::Json(json!({ "systems": systems })).into_response())
}

async fn history(State(database): Shared) -> Result<Response, Problem> {
    let changes: Vec<Change> = database
        .run(|db| {
            let sql = format!("{CHANGE} ORDER BY n DESC LIMIT {CHANGES_MAX}");
            db.prepare(&sql)?.query_map([], Change::from_row)?.collect()
        })
        .await?;
    Ok(axum::Json(json!({ "changes": changes })).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    state: String,
    #[serde(default)]
    note: String,
    key: String,
}

async fn set(
    State(database): Shared,
    manner: Manner,
    Path(id): Path<String>,
    Sent(wanted): Sent<Wanted>,
) -> Result<Response, Problem> {
    let Wanted { state, note, key } = wanted;
    if key != STATUS_KEY {
        return Err(Problem::new(StatusCode::FORBIDDEN, "key", "this page is set by who knows its key"));
    }
    let known = SYSTEMS.iter().find(|(known, _)| *known == id);
    let &(id, name) = known.ok_or_else(|| Problem::not_found("there is no such system"))?;
    if !STATES.contains(&state.as_str()) {
        let words = format!("a state is one of {}", STATES.join(", "));
        return Err(Problem::unfit("state", words));
    }
    if note.len() > NOTE_MAX || note.chars().any(char::is_control) {
        let words = "a note is one line of at most 300 bytes";
        return Err(Problem::unfit("note", words));
    }
    let set = database.run(move |db| {
        let change = db.transaction()?;
        let insert = "INSERT INTO changes (id, state, note, at) VALUES (?1, ?2, ?3, unixepoch())";
        change.execute(insert, params![id, state, note])?;
        // The last change of each system stays, whatever is forgotten.
        let old = "DELETE FROM changes WHERE n <= (SELECT max(n) FROM changes) - ?1
                   AND n NOT IN (SELECT max(n) FROM changes GROUP BY id)";
        change.execute(old, [CHANGES_MAX])?;
        change.commit()?;
        system(db, id, name)
    });
    Ok(manner.after("/", StatusCode::OK, set.await?))
}
