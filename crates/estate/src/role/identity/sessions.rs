//! Sessions: a token for each sign-in, kept as its hash, good for an hour.

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::accounts;
use crate::role::callers::Person;

/// How long a token is good for, in seconds.
const LIFE_S: u32 = 3600;
/// Sessions of one account at once; the oldest ends for the next. Automatic customers of 41 places share one account.
const OF_ONE_MAX: u32 = 20_000;
/// How many are listed, newest first.
const LISTED_MAX: u32 = 100;

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS sessions (
        hash BLOB PRIMARY KEY, id TEXT NOT NULL UNIQUE, user TEXT NOT NULL,
        made_at INTEGER NOT NULL, expires_at INTEGER NOT NULL) STRICT;
    CREATE INDEX IF NOT EXISTS sessions_of ON sessions (user, made_at);
    CREATE INDEX IF NOT EXISTS sessions_end ON sessions (expires_at);
";

/// What a customer gets who signed in.
#[derive(Debug, Serialize)]
pub(super) struct SignedIn {
    pub(super) token: String,
    user: String,
    expires_in: u32,
}

/// A session as its owner sees it.
#[derive(Debug, Serialize)]
pub(super) struct Session {
    pub(super) id: String,
    pub(super) made_at: String,
    pub(super) expires_at: String,
    pub(super) current: bool,
}

fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token).to_vec()
}

/// A new session.
pub(super) fn begin(db: &mut Connection, user: String) -> rusqlite::Result<SignedIn> {
    let change = db.transaction()?;
    let token: String = change.query_row("SELECT lower(hex(randomblob(32)))", [], |row| row.get(0))?;
    change.execute("DELETE FROM sessions WHERE expires_at <= unixepoch()", [])?;
    change.execute("DELETE FROM failures WHERE user = ?1", [&user])?;
    change.execute(
        "INSERT INTO sessions VALUES (?1, lower(hex(randomblob(8))), ?2, unixepoch(), unixepoch() + ?3)",
        params![hash(&token), user, LIFE_S],
    )?;
    let oldest = "DELETE FROM sessions WHERE hash IN
        (SELECT hash FROM sessions WHERE user = ?1 ORDER BY made_at DESC LIMIT -1 OFFSET ?2)";
    change.execute(oldest, params![user, OF_ONE_MAX])?;
    change.commit()?;
    Ok(SignedIn { token, user, expires_in: LIFE_S })
}

/// Whose token it is, if it is good.
pub(super) fn owner(db: &Connection, token: &str) -> rusqlite::Result<Option<Person>> {
    let owner = "SELECT user, kind FROM sessions JOIN people USING (user) WHERE sessions.hash = ?1 AND expires_at > unixepoch()";
    db.query_row(owner, [hash(token)], |row| {
        Ok(Person { user: row.get(0)?, kind: accounts::kind(&row.get::<_, String>(1)?) })
    })
    .optional()
}

/// The sessions of an account, newest first; `own` is the token that asks.
pub(super) fn list(db: &Connection, user: &str, own: &str) -> rusqlite::Result<Vec<Session>> {
    const TIME: &str = "'%Y-%m-%dT%H:%M:%SZ'";
    let sql = format!(
        "SELECT id, strftime({TIME}, made_at, 'unixepoch'), strftime({TIME}, expires_at, 'unixepoch'), hash = ?2
         FROM sessions WHERE user = ?1 AND expires_at > unixepoch() ORDER BY made_at DESC, id LIMIT {LISTED_MAX}"
    );
    let mut query = db.prepare(&sql)?;
    let rows = query.query_map(params![user, hash(own)], |row| {
        Ok(Session { id: row.get(0)?, made_at: row.get(1)?, expires_at: row.get(2)?, current: row.get(3)? })
    })?;
    rows.collect()
}

/// Ends a session of this account.
pub(super) fn end(db: &Connection, user: &str, id: &str) -> rusqlite::Result<()> {
    db.execute("DELETE FROM sessions WHERE user = ?1 AND id = ?2", [user, id]).map(drop)
}

/// Ends the session of this token.
pub(super) fn end_own(db: &Connection, token: &str) -> rusqlite::Result<()> {
    db.execute("DELETE FROM sessions WHERE hash = ?1", [hash(token)]).map(drop)
}
