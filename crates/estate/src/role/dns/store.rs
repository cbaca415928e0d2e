//! Versions of the zone in the role's own SQLite file, so that transfers by difference, and a copy, outlive a restart.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use candor_names::store::DIFFS_KEPT;
use candor_names::{KeptZone, NewVersion, StoreError, ZoneStore};
use rusqlite::{Connection, OptionalExtension, params};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS zones (
        apex TEXT PRIMARY KEY, serial INTEGER NOT NULL, zone TEXT NOT NULL, checked_at INTEGER) STRICT;
    CREATE TABLE IF NOT EXISTS diffs (
        n INTEGER PRIMARY KEY AUTOINCREMENT, apex TEXT NOT NULL, diff TEXT NOT NULL) STRICT;
";

/// The file.
#[derive(Debug)]
pub(super) struct Disk(Mutex<Connection>);

impl Disk {
    pub(super) fn open(file: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open(file)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self(Mutex::new(connection)))
    }

    fn with<T>(&self, work: impl FnOnce(&mut Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let mut connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut connection).map_err(|error| StoreError::Failed(error.to_string()))
    }
}

impl ZoneStore for Disk {
    fn load(&self, apex: &str) -> Result<Option<KeptZone>, StoreError> {
        self.with(|db| {
            let row = db
                .query_row("SELECT zone, checked_at FROM zones WHERE apex = ?1", [apex], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()?;
            let Some((zone, checked_at)) = row else { return Ok(None) };
            let mut listed = db.prepare("SELECT diff FROM diffs WHERE apex = ?1 ORDER BY n")?;
            let diffs = listed.query_map([apex], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
            Ok(Some(KeptZone { zone, diffs, checked_at }))
        })
    }

    fn keep(&self, apex: &str, base: Option<u32>, new: &NewVersion) -> Result<(), StoreError> {
        let held = self.with(|db| {
            let change = db.transaction()?;
            let held: Option<u32> = change
                .query_row("SELECT serial FROM zones WHERE apex = ?1", [apex], |row| row.get(0))
                .optional()?;
            if held != base {
                return Ok(Err(held));
            }
            let put = "INSERT INTO zones (apex, serial, zone) VALUES (?1, ?2, ?3)
                       ON CONFLICT (apex) DO UPDATE SET serial = ?2, zone = ?3";
            change.execute(put, params![apex, new.serial, new.zone])?;
            match &new.diff {
                Some(diff) => {
                    change.execute("INSERT INTO diffs (apex, diff) VALUES (?1, ?2)", [apex, diff])?
                }
                None => change.execute("DELETE FROM diffs WHERE apex = ?1", [apex])?,
            };
            let trim = "DELETE FROM diffs WHERE apex = ?1 AND n NOT IN (
                            SELECT n FROM diffs WHERE apex = ?1 ORDER BY n DESC LIMIT ?2)";
            change.execute(trim, params![apex, DIFFS_KEPT as u64])?;
            change.commit().map(Ok)
        })?;
        held.map_err(|held| StoreError::Moved { held, expected: base })
    }

    fn checked(&self, apex: &str, at: u64) -> Result<(), StoreError> {
        self.with(|db| db.execute("UPDATE zones SET checked_at = ?2 WHERE apex = ?1", params![apex, at]))
            .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(serial: u32, diff: Option<&str>) -> NewVersion {
        NewVersion { serial, zone: format!("zone {serial}"), diff: diff.map(str::to_owned) }
    }

    #[test]
    fn versions_outlive_the_process_and_who_comes_second_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("dns.db");
        let disk = Disk::open(&file).unwrap();
        assert_eq!(disk.load("z.example."), Ok(None));
        disk.keep("z.example.", None, &version(1, None)).unwrap();
        disk.keep("z.example.", Some(1), &version(2, Some("one to two"))).unwrap();
        disk.checked("z.example.", 99).unwrap();
        let late = disk.keep("z.example.", Some(1), &version(3, None)).unwrap_err();
        assert_eq!(late, StoreError::Moved { held: Some(2), expected: Some(1) });
        drop(disk);

        let again = Disk::open(&file).unwrap();
        let kept = again.load("z.example.").unwrap().unwrap();
        assert_eq!(
            (kept.zone.as_str(), kept.diffs, kept.checked_at),
            ("zone 2", vec!["one to two".to_owned()], Some(99))
        );
        again.keep("z.example.", Some(2), &version(9, None)).unwrap();
        assert!(again.load("z.example.").unwrap().unwrap().diffs.is_empty(), "they do not lead there");
    }
}
