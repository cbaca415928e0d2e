//! What can only be provoked from within: a database that may not grow, one that may not be written, older layouts.

use std::io::{Error, ErrorKind};
use std::path::PathBuf;

use candor_core::Timestamp;
use candor_core::entry::{Entry, Event};
use candor_core::id::CheckId;
use candor_core::observation::{Observation, Run};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::error::{LedgerError, OpenError};
use crate::open::{Ledger, Older};
use crate::schema::STEPS;

fn runs(count: usize) -> Vec<Run> {
    let at = Timestamp::UNIX_EPOCH;
    let observation =
        Observation { check: CheckId(u64::MAX), observed_at: at, received_at: at, took_ms: 1, fault: None };
    vec![Run { observation, steps: Vec::new(), evidence: None }; count]
}

fn entry() -> Entry {
    Entry { at: Timestamp::UNIX_EPOCH, watermark: 0, ordinal: 1, what: Event::Stopped }
}

fn home() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("candor.db");
    (folder, path)
}

#[test]
fn a_full_disk_is_said_and_the_ledger_goes_on_once_there_is_space() {
    let (_folder, path) = home();
    let mut ledger = Ledger::open(&path).unwrap();
    let head = ledger.append(&entry()).unwrap();
    let pages: u32 = ledger.conn.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    let limit = |ledger: &Ledger, pages: u32| {
        ledger.conn.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).unwrap();
    };
    limit(&ledger, pages);
    assert_eq!(ledger.observe(&runs(5_000)), Err(LedgerError::Full));
    assert_eq!(ledger.append_all(&vec![entry(); 50]), Err(LedgerError::Full));
    assert_eq!((ledger.watermark().unwrap(), ledger.head().unwrap()), (0, Some(head)));
    limit(&ledger, 1 << 30);
    assert_eq!(ledger.observe(&runs(5_000)), Ok(5_000));
    ledger.append_all(&vec![entry(); 50]).unwrap();
    assert_eq!(ledger.verify().unwrap().entries, 51);
}

#[test]
fn a_ledger_that_became_read_only_is_said_and_goes_on_once_it_is_not() {
    let (_folder, path) = home();
    let mut ledger = Ledger::open(&path).unwrap();
    ledger.conn.pragma_update(None, "query_only", true).unwrap();
    assert_eq!(ledger.observe(&runs(1)), Err(LedgerError::ReadOnly));
    assert_eq!(ledger.append(&entry()), Err(LedgerError::ReadOnly));
    ledger.conn.pragma_update(None, "query_only", false).unwrap();
    assert_eq!(ledger.observe(&runs(1)), Ok(1));
}

#[test]
fn a_file_system_that_refuses_is_told_apart_from_one_that_is_full() {
    let path = PathBuf::from("candor.db");
    let open = |kind: ErrorKind| OpenError::io(&path, &Error::from(kind));
    assert!(matches!(open(ErrorKind::ReadOnlyFilesystem), OpenError::ReadOnly(_)));
    assert!(matches!(open(ErrorKind::PermissionDenied), OpenError::ReadOnly(_)));
    assert!(matches!(open(ErrorKind::StorageFull), OpenError::Full(_)));
    assert!(matches!(open(ErrorKind::Other), OpenError::Io { .. }));
}

#[test]
fn every_commit_waits_for_the_disk() {
    let (_folder, path) = home();
    let ledger = Ledger::open(&path).unwrap();
    let pragma = |name: &str| -> String {
        ledger
            .conn
            .query_row(&format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}"), [], |row| row.get(0))
            .unwrap()
    };
    assert_eq!((pragma("journal_mode"), pragma("synchronous")), ("wal".to_owned(), "2".to_owned()));
}

#[test]
fn an_older_layout_is_brought_forward_after_a_copy_of_it_was_made() {
    let (_folder, path) = home();
    let (mut ledger, _) = Ledger::open_with(&path, STEPS, Older::Refused).unwrap();
    let head = ledger.append(&entry()).unwrap();
    drop(ledger);
    let steps = [STEPS, &["CREATE TABLE later (x INTEGER) STRICT"]].concat();
    let (ledger, migrated) = Ledger::open_with(&path, &steps, Older::BroughtForward).unwrap();
    assert_eq!((migrated.from, migrated.to), (1, 2));
    assert_eq!(ledger.head().unwrap(), Some(head.clone()));
    ledger.conn.execute("INSERT INTO later VALUES (1)", []).unwrap();
    // The copy is a ledger of the older layout, as it was.
    let backup = migrated.backup.unwrap();
    let copy = Ledger::open_to_read(&backup).unwrap();
    assert_eq!(copy.head().unwrap(), Some(head));
}

#[test]
fn a_migration_that_fails_leaves_the_ledger_as_it_was() {
    let (_folder, path) = home();
    drop(Ledger::open_with(&path, STEPS, Older::Refused).unwrap());
    let steps = [STEPS, &["CREATE TABLE later (x INTEGER) STRICT; DROP TABLE nothing"]].concat();
    let error = Ledger::open_with(&path, &steps, Older::BroughtForward).unwrap_err();
    assert!(matches!(error, OpenError::Migration { from: 1, to: 2, .. }), "{error:?}");
    Ledger::open(&path).unwrap().verify().unwrap();
}

#[test]
fn an_older_layout_is_not_read_without_migration() {
    let (_folder, path) = home();
    drop(Ledger::open(&path).unwrap());
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 0).unwrap();
    assert!(matches!(Ledger::open_to_read(&path), Err(OpenError::Older { found: 0, known: 1, .. })));
}
