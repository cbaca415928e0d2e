//! Invitations and installations, in SQLite.

use rusqlite::{Connection, TransactionBehavior, params};
use serde::Serialize;

/// How many testers an app may have, and apps a tester is shown.
const TESTERS_MAX: u32 = 1000;
const APPS_MAX: u32 = 50;

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS invitations (
        app TEXT NOT NULL, tester TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (app, tester)) STRICT;
    CREATE INDEX IF NOT EXISTS invitations_of ON invitations (tester);
    CREATE TABLE IF NOT EXISTS installs (
        app TEXT NOT NULL, tester TEXT NOT NULL, version TEXT NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (app, tester, version)) STRICT;
";

/// An installation.
#[derive(Debug, Serialize)]
pub(super) struct Install {
    tester: String,
    version: String,
    at: String,
}

/// Invites a tester; false if the app has as many as it may.
pub(super) fn invite(db: &mut Connection, app: &str, tester: &str) -> rusqlite::Result<bool> {
    let change = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let there = "SELECT count(*) FROM invitations WHERE app = ?1 AND tester <> ?2";
    if change.query_row(there, [app, tester], |row| row.get::<_, u32>(0))? >= TESTERS_MAX {
        return Ok(false);
    }
    change.execute(
        "INSERT INTO invitations VALUES (?1, ?2, unixepoch()) ON CONFLICT DO NOTHING",
        [app, tester],
    )?;
    change.commit()?;
    Ok(true)
}

pub(super) fn is_invited(db: &mut Connection, app: &str, tester: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM invitations WHERE app = ?1 AND tester = ?2)";
    db.query_row(sql, [app, tester], |row| row.get(0))
}

pub(super) fn apps_of(db: &mut Connection, tester: &str) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT app FROM invitations WHERE tester = ?1 ORDER BY at DESC, app LIMIT ?2";
    db.prepare(sql)?.query_map(params![tester, APPS_MAX], |row| row.get(0))?.collect()
}

pub(super) fn installed(db: &mut Connection, app: &str, tester: &str, version: &str) -> rusqlite::Result<()> {
    let sql = "INSERT INTO installs VALUES (?1, ?2, ?3, unixepoch()) ON CONFLICT DO NOTHING";
    db.execute(sql, [app, tester, version]).map(drop)
}

pub(super) fn installs(db: &mut Connection, app: &str) -> rusqlite::Result<Vec<Install>> {
    let sql = "SELECT tester, version, strftime('%Y-%m-%dT%H:%M:%SZ', at, 'unixepoch') FROM installs
               WHERE app = ?1 ORDER BY installs.at DESC, tester LIMIT 1000";
    let mut query = db.prepare(sql)?;
    let rows = query
        .query_map([app], |row| Ok(Install { tester: row.get(0)?, version: row.get(1)?, at: row.get(2)? }))?;
    rows.collect()
}
