//! The tables, and how an older layout is brought to the newest.
//!
//! Layout `n` is what the first `n` [`STEPS`] make of an empty file; `PRAGMA user_version` says which a file has, and
//! `PRAGMA application_id` that it is ours. A step, once released, is never changed: a new one is added.
//! docs/ledger.md explains the tables. Absent: foreign keys, because observations outlive the plans they came from.

use rusqlite::{Connection, TransactionBehavior};

/// "CNDR": marks the file as ours.
pub(crate) const APPLICATION_ID: i32 = 0x434e_4452;

/// What makes each layout from the one before.
pub(crate) const STEPS: &[&str] = &["
    -- The chain. `text` is hashed as it stands; everything else about an entry is read out of it.
    CREATE TABLE entries (
        seq INTEGER PRIMARY KEY, text TEXT NOT NULL, hash TEXT NOT NULL, signature TEXT
    ) STRICT;
    -- Public keys (minisign) that have signed here, each from the entry at which it came into use.
    CREATE TABLE keys (public TEXT PRIMARY KEY, since INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    -- Times are nanoseconds since 1970. A `kind` is `layer.word`; NULL where the run passed.
    CREATE TABLE observations (
        seq INTEGER PRIMARY KEY, check_id INTEGER NOT NULL, observed_at INTEGER NOT NULL,
        received_at INTEGER NOT NULL, took_ms INTEGER NOT NULL, kind TEXT, step INTEGER, detail TEXT
    ) STRICT;
    CREATE TABLE reports (seq INTEGER PRIMARY KEY, steps TEXT NOT NULL, evidence TEXT) STRICT;
    -- What the numbers mean, so that a file can be read without the configuration.
    CREATE TABLE cells (
        cell_id INTEGER PRIMARY KEY, service TEXT NOT NULL, capability TEXT NOT NULL, place TEXT
    ) STRICT;
    CREATE TABLE checks (check_id INTEGER PRIMARY KEY, cell_id INTEGER NOT NULL, vantage TEXT NOT NULL) STRICT;
    -- Rollups: `width` and `start` in seconds; `took` over passing runs only.
    CREATE TABLE buckets (
        width INTEGER NOT NULL, start INTEGER NOT NULL, check_id INTEGER NOT NULL,
        runs INTEGER NOT NULL, failures INTEGER NOT NULL, ours INTEGER NOT NULL,
        took_sum INTEGER NOT NULL, took_min INTEGER, took_max INTEGER,
        PRIMARY KEY (width, start, check_id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE bucket_faults (
        width INTEGER NOT NULL, start INTEGER NOT NULL, check_id INTEGER NOT NULL, kind TEXT NOT NULL,
        count INTEGER NOT NULL,
        PRIMARY KEY (width, start, check_id, kind)
    ) STRICT, WITHOUT ROWID;
    -- Milliseconds that a cell spent in each verdict, by UTC day counted from 1970-01-01.
    CREATE TABLE days (
        cell_id INTEGER NOT NULL, day INTEGER NOT NULL,
        operational_ms INTEGER NOT NULL DEFAULT 0, degraded_ms INTEGER NOT NULL DEFAULT 0,
        outage_ms INTEGER NOT NULL DEFAULT 0, unknown_ms INTEGER NOT NULL DEFAULT 0,
        maintenance_ms INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (cell_id, day)
    ) STRICT, WITHOUT ROWID;
    -- Up to when the spans of a cell are in `days`, in milliseconds since 1970.
    CREATE TABLE covered (cell_id INTEGER PRIMARY KEY, until_ms INTEGER NOT NULL) STRICT;
    CREATE TABLE snapshots (
        id INTEGER PRIMARY KEY, watermark INTEGER NOT NULL, entry_seq INTEGER NOT NULL,
        checksum TEXT NOT NULL, bytes BLOB NOT NULL
    ) STRICT;
    CREATE TABLE configs (
        id INTEGER PRIMARY KEY, hash TEXT NOT NULL, at INTEGER NOT NULL, checksum TEXT NOT NULL, files TEXT NOT NULL
    ) STRICT;
    -- Where rollup and retention stand, as observation numbers.
    CREATE TABLE marks (name TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;
"];

/// The layout that `steps` lead to.
pub(crate) fn newest(steps: &[&str]) -> u32 {
    u32::try_from(steps.len()).unwrap_or(u32::MAX)
}

/// What a file says of itself.
pub(crate) struct Stamp {
    pub(crate) application_id: i32,
    pub(crate) layout: u32,
}

pub(crate) fn stamp(conn: &Connection) -> rusqlite::Result<Stamp> {
    Ok(Stamp {
        application_id: conn.query_row("PRAGMA application_id", [], |row| row.get(0))?,
        layout: conn.query_row("PRAGMA user_version", [], |row| row.get(0))?,
    })
}

/// The first table that is not as `steps` make it, in words. More than they make does not matter.
pub(crate) fn first_difference(conn: &Connection, steps: &[&str]) -> rusqlite::Result<Option<String>> {
    let model = Connection::open_in_memory()?;
    for step in steps {
        model.execute_batch(step)?;
    }
    let mut tables = model.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'table'")?;
    let mut tables = tables.query([])?;
    let mut same = conn.prepare(
        "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1 AND sql = ?2)",
    )?;
    while let Some(table) = tables.next()? {
        let (name, sql): (String, String) = (table.get(0)?, table.get(1)?);
        if !same.query_row([&name, &sql], |row| row.get::<_, bool>(0))? {
            return Ok(Some(format!("its table {name} is missing, or not as it was made")));
        }
    }
    Ok(None)
}

/// Runs the steps that come after layout `from`, all or none.
pub(crate) fn bring_forward(conn: &mut Connection, from: u32, steps: &[&str]) -> rusqlite::Result<()> {
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for step in steps.iter().skip(usize::try_from(from).unwrap_or(usize::MAX)) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", newest(steps))?;
    transaction.commit()
}
