//! Versions of zones, kept in an SQLite file of their own, so that transfers by difference and a way back outlive a restart.
//!
//! Texts and numbers alone: what they mean is the name server's. Of each zone the newest version lies here whole, older ones
//! as the differences that lead to it. A version takes the place of the one that it was made from in one transaction, and
//! is durable when the call returns. Failure policy: as the ledger's; a file that is something else is left alone.
//! Absent: reading beside a server (SQLite's own tools can).

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use crate::error::{LedgerError, OpenError};
use crate::files::check_folder;

/// `CNZN`: what says that a file is one of these.
const APPLICATION_ID: i32 = 0x434e_5a4e;
const LAYOUT: u32 = 1;
const TABLES: &str = "
    -- The newest version of each zone, as a zone file. `checked_at`: seconds since 1970 at which a copy was known to be current.
    CREATE TABLE zones (
        apex TEXT PRIMARY KEY, serial INTEGER NOT NULL, zone TEXT NOT NULL, checked_at INTEGER
    ) STRICT;
    -- What led to it, oldest first.
    CREATE TABLE diffs (
        id INTEGER PRIMARY KEY, apex TEXT NOT NULL REFERENCES zones (apex), diff TEXT NOT NULL
    ) STRICT;
    CREATE INDEX diffs_of ON diffs (apex, id);
";
/// How long a statement waits for another process.
const BUSY: Duration = Duration::from_secs(5);

/// Versions of zones on disk.
#[derive(Debug)]
pub struct ZoneVersions {
    conn: Mutex<Connection>,
    /// Most differences kept of a zone.
    most: u32,
}

/// What is kept of a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionsOfZone {
    /// The newest version whole.
    pub zone: String,
    /// What led to it, oldest first.
    pub diffs: Vec<String>,
    /// When a copy was last known to be current, in seconds since 1970.
    pub checked_at: Option<u64>,
}

/// What became of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ZoneKept {
    /// It is kept.
    Kept,
    /// It is not: the version here has this serial, or there is none.
    Moved(Option<u32>),
}

impl ZoneVersions {
    /// Opens the file at `path`, and makes it where there is none; at most `most` differences are kept of each zone.
    ///
    /// # Errors
    /// [`OpenError`]; a file that is something else is left alone.
    pub fn open(path: &Path, most: u32) -> Result<Self, OpenError> {
        check_folder(path)?;
        let sqlite = |error| OpenError::sqlite(path, error);
        let mut conn = Connection::open(path).map_err(sqlite)?;
        conn.busy_timeout(BUSY).map_err(sqlite)?;
        prepare(&mut conn).map_err(sqlite)?.map_or(Ok(()), |found| match found {
            Found::Foreign => Err(OpenError::Foreign(path.to_path_buf())),
            Found::Newer(found) => Err(OpenError::Newer { path: path.to_path_buf(), found, known: LAYOUT }),
        })?;
        conn.pragma_update(None, "journal_mode", "WAL").map_err(sqlite)?;
        conn.pragma_update(None, "synchronous", "FULL").map_err(sqlite)?;
        Ok(Self { conn: Mutex::new(conn), most })
    }

    /// The zones of which something is kept.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn apexes(&self) -> Result<Vec<String>, LedgerError> {
        let conn = self.conn();
        let mut rows = conn.prepare_cached("SELECT apex FROM zones ORDER BY apex")?;
        Ok(rows.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// What is kept of a zone.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn load(&self, apex: &str) -> Result<Option<VersionsOfZone>, LedgerError> {
        let mut conn = self.conn();
        let transaction = conn.transaction()?;
        let newest = transaction
            .query_row("SELECT zone, checked_at FROM zones WHERE apex = ?1", [apex], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        let Some((zone, checked_at)) = newest else { return Ok(None) };
        let mut rows = transaction.prepare_cached("SELECT diff FROM diffs WHERE apex = ?1 ORDER BY id")?;
        let diffs = rows.query_map([apex], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(Some(VersionsOfZone { zone, diffs, checked_at }))
    }

    /// Keeps a version in place of the one with serial `base`, or as the first where `base` is `None`. Without `diff`, what
    /// led to the version before is dropped.
    ///
    /// # Errors
    /// When it cannot be kept; what was kept stays.
    pub fn keep(
        &self,
        apex: &str,
        base: Option<u32>,
        serial: u32,
        zone: &str,
        diff: Option<&str>,
    ) -> Result<ZoneKept, LedgerError> {
        let mut conn = self.conn();
        let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let held: Option<u32> = transaction
            .query_row("SELECT serial FROM zones WHERE apex = ?1", [apex], |row| row.get(0))
            .optional()?;
        if held != base {
            return Ok(ZoneKept::Moved(held));
        }
        transaction.execute(
            "INSERT INTO zones (apex, serial, zone) VALUES (?1, ?2, ?3)
             ON CONFLICT (apex) DO UPDATE SET serial = excluded.serial, zone = excluded.zone",
            params![apex, serial, zone],
        )?;
        match diff {
            None => drop(transaction.execute("DELETE FROM diffs WHERE apex = ?1", [apex])?),
            Some(diff) => {
                transaction.execute("INSERT INTO diffs (apex, diff) VALUES (?1, ?2)", [apex, diff])?;
                transaction.execute(
                    "DELETE FROM diffs WHERE apex = ?1 AND id NOT IN
                     (SELECT id FROM diffs WHERE apex = ?1 ORDER BY id DESC LIMIT ?2)",
                    params![apex, self.most],
                )?;
            }
        }
        transaction.commit()?;
        Ok(ZoneKept::Kept)
    }

    /// Notes when a copy was known to be current, in seconds since 1970.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub fn checked(&self, apex: &str, at: u64) -> Result<(), LedgerError> {
        self.conn().execute("UPDATE zones SET checked_at = ?2 WHERE apex = ?1", params![apex, at])?;
        Ok(())
    }

    fn conn(&self) -> MutexGuard<'_, Connection> {
        // A panic in between has rolled its transaction back.
        self.conn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a file is not taken.
enum Found {
    Foreign,
    Newer(u32),
}

/// Makes the tables in a file that is new; says what else it is.
fn prepare(conn: &mut Connection) -> rusqlite::Result<Option<Found>> {
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let stamp: i32 = transaction.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let layout: u32 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let tables: u32 = transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if stamp == APPLICATION_ID {
        return Ok((layout > LAYOUT).then_some(Found::Newer(layout)));
    }
    if stamp != 0 || tables != 0 {
        return Ok(Some(Found::Foreign));
    }
    transaction.execute_batch(TABLES)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", LAYOUT)?;
    transaction.commit()?;
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_there_again_after_the_file_was_closed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("zones.db");
        let versions = ZoneVersions::open(&path, 2).unwrap();
        assert_eq!(versions.load("z.example.").unwrap(), None);
        assert_eq!(versions.keep("z.example.", None, 1, "one", None).unwrap(), ZoneKept::Kept);
        for serial in 2..5 {
            let (zone, diff) = (format!("zone {serial}"), format!("diff {serial}"));
            let kept = versions.keep("z.example.", Some(serial - 1), serial, &zone, Some(&diff)).unwrap();
            assert_eq!(kept, ZoneKept::Kept);
        }
        versions.checked("z.example.", 77).unwrap();
        drop(versions);
        let versions = ZoneVersions::open(&path, 2).unwrap();
        let wanted = VersionsOfZone {
            zone: "zone 4".into(),
            diffs: vec!["diff 3".into(), "diff 4".into()],
            checked_at: Some(77),
        };
        assert_eq!(versions.load("z.example.").unwrap(), Some(wanted));
        assert_eq!(versions.apexes().unwrap(), ["z.example."]);
        versions.keep("z.example.", Some(4), 9, "anew", None).unwrap();
        assert_eq!(versions.load("z.example.").unwrap().unwrap().diffs, Vec::<String>::new());
    }

    #[test]
    fn of_two_that_follow_on_the_same_version_the_second_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("zones.db");
        let (one, other) = (ZoneVersions::open(&path, 9).unwrap(), ZoneVersions::open(&path, 9).unwrap());
        assert_eq!(one.keep("z.example.", None, 1, "one", None).unwrap(), ZoneKept::Kept);
        assert_eq!(other.keep("z.example.", None, 1, "other", None).unwrap(), ZoneKept::Moved(Some(1)));
        assert_eq!(one.keep("z.example.", Some(1), 2, "two", Some("d")).unwrap(), ZoneKept::Kept);
        assert_eq!(
            other.keep("z.example.", Some(1), 2, "other", Some("d")).unwrap(),
            ZoneKept::Moved(Some(2))
        );
        assert_eq!(other.load("z.example.").unwrap().unwrap().zone, "two");
    }

    #[test]
    fn a_file_that_is_something_else_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other");
        std::fs::write(&path, "a letter, and quite long enough to have been taken for a database file")
            .unwrap();
        assert!(matches!(ZoneVersions::open(&path, 9), Err(OpenError::Foreign(_))));
        assert!(std::fs::read_to_string(&path).unwrap().starts_with("a letter"));
        let database = folder.path().join("other.db");
        Connection::open(&database).unwrap().execute_batch("CREATE TABLE mine (x)").unwrap();
        assert!(matches!(ZoneVersions::open(&database, 9), Err(OpenError::Foreign(_))));
        let missing = folder.path().join("none").join("zones.db");
        assert!(matches!(ZoneVersions::open(&missing, 9), Err(OpenError::NoFolder(_))));
    }
}
