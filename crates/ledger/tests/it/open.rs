//! Opening: each thing that can be wrong is said as itself, with its way out, and nothing is touched.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use candor_ledger::{Ledger, OpenError};

use crate::fixture::{Home, entry, passes};

fn refusal(home: &Home) -> OpenError {
    let before = fs::read(&home.path).ok();
    let error = Ledger::open(&home.path).unwrap_err();
    assert_eq!(fs::read(&home.path).ok(), before, "the file was left alone");
    error
}

#[test]
fn a_new_ledger_and_its_key_are_for_their_owner_alone() {
    let home = Home::new();
    let ledger = home.open();
    for name in ["candor.db", "candor.db.key", "candor.db.lock", "candor.db-wal"] {
        let mode = fs::metadata(home.beside(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    assert_eq!((ledger.watermark().unwrap(), ledger.head().unwrap()), (0, None));
}

#[test]
fn the_secret_key_is_never_shown() {
    let home = Home::new();
    let shown = format!("{:?}", home.open());
    let key = fs::read_to_string(home.beside("candor.db.key")).unwrap();
    assert!(!shown.contains(key.lines().last().unwrap()));
    assert!(shown.starts_with("Ledger { path: "), "{shown}");
}

#[test]
fn what_was_kept_is_there_after_a_restart() {
    let home = Home::new();
    let mut ledger = home.open();
    assert_eq!(ledger.observe(&passes(3, 10)).unwrap(), 3);
    let head = ledger.append(&entry(3)).unwrap();
    drop(ledger);
    let ledger = home.open();
    assert_eq!((ledger.watermark().unwrap(), ledger.head().unwrap()), (3, Some(head)));
}

#[test]
fn a_missing_folder_is_named() {
    let home = Home::new();
    let error = Ledger::open(&home.beside("nowhere").join("candor.db")).unwrap_err();
    assert!(matches!(&error, OpenError::NoFolder(folder) if folder.ends_with("nowhere")), "{error}");
    assert!(error.to_string().contains("create it"), "{error}");
}

#[test]
fn a_foreign_file_is_left_alone() {
    let home = Home::new();
    fs::write(&home.path, "page:\n  title: not a ledger\n").unwrap();
    assert!(matches!(refusal(&home), OpenError::Foreign(_)));
    fs::remove_file(&home.path).unwrap();
    let other = rusqlite::Connection::open(&home.path).unwrap();
    other.execute_batch("CREATE TABLE orders (id INTEGER)").unwrap();
    drop(other);
    assert!(matches!(refusal(&home), OpenError::Foreign(_)));
    fs::remove_file(&home.path).unwrap();
    fs::create_dir(&home.path).unwrap();
    assert!(matches!(Ledger::open(&home.path), Err(OpenError::Foreign(_))));
}

#[test]
fn a_damaged_file_is_named_and_never_recreated() {
    let home = Home::new();
    let mut ledger = home.open();
    ledger.observe(&passes(2_000, 10)).unwrap();
    drop(ledger);
    let mut bytes = fs::read(&home.path).unwrap();
    // Past the header of 100 bytes: the schema itself.
    bytes[100..4_000].fill(0xa5);
    fs::write(&home.path, &bytes).unwrap();
    let error = refusal(&home);
    assert!(matches!(error, OpenError::Corrupt { .. }), "{error:?}");
    assert!(error.to_string().contains("candor ledger restore"), "{error}");
}

#[test]
fn damage_deep_in_the_file_is_found_by_the_integrity_check() {
    let home = Home::new();
    let mut ledger = home.open();
    ledger.observe(&passes(2_000, 10)).unwrap();
    ledger.integrity().unwrap();
    drop(ledger);
    let mut bytes = fs::read(&home.path).unwrap();
    let middle = bytes.len() / 2 / 4_096 * 4_096;
    bytes[middle..middle + 4_096].fill(0xa5);
    fs::write(&home.path, &bytes).unwrap();
    let error = home.open().integrity().unwrap_err();
    assert!(error.to_string().contains("damaged"), "{error}");
}

#[test]
fn an_emptied_file_is_not_taken_for_a_new_one() {
    let home = Home::new();
    drop(home.open());
    fs::write(&home.path, "").unwrap();
    assert!(matches!(refusal(&home), OpenError::Corrupt { .. }));
}

#[test]
fn a_newer_layout_is_refused_with_both_numbers() {
    let home = Home::new();
    drop(home.open());
    let conn = rusqlite::Connection::open(&home.path).unwrap();
    conn.pragma_update(None, "user_version", 99).unwrap();
    drop(conn);
    let error = refusal(&home);
    assert!(matches!(error, OpenError::Newer { found: 99, known: 1, .. }), "{error:?}");
}

#[test]
fn two_hubs_cannot_open_one_ledger() {
    let home = Home::new();
    let first = home.open();
    let error = Ledger::open(&home.path).unwrap_err();
    let by = std::process::id();
    assert!(matches!(error, OpenError::Locked { by: Some(pid), .. } if pid == by), "{error:?}");
    assert!(error.to_string().contains(&format!("(process {by})")), "{error}");
    drop(first);
    drop(home.open());
}

#[test]
fn reading_needs_a_ledger_and_writes_nothing() {
    let home = Home::new();
    assert!(matches!(Ledger::open_to_read(&home.path), Err(OpenError::Missing(_))));
    assert!(!home.path.exists());
    let mut ledger = home.open();
    ledger.append(&entry(0)).unwrap();
    let reader = Ledger::open_to_read(&home.path).unwrap();
    assert_eq!(reader.head().unwrap(), ledger.head().unwrap());
}

#[test]
fn a_damaged_key_is_an_error_and_not_replaced() {
    let home = Home::new();
    drop(home.open());
    let key = home.beside("candor.db.key");
    fs::write(&key, "untrusted comment: x\nAAAA\n").unwrap();
    let error = Ledger::open(&home.path).unwrap_err();
    assert!(matches!(error, OpenError::Key { .. }), "{error:?}");
    assert_eq!(fs::read_to_string(&key).unwrap(), "untrusted comment: x\nAAAA\n");
}

#[test]
fn a_lost_key_is_made_anew_and_the_change_is_on_record() {
    let home = Home::new();
    let mut ledger = home.open();
    ledger.append(&entry(0)).unwrap();
    drop(ledger);
    fs::remove_file(home.beside("candor.db.key")).unwrap();
    let mut ledger = home.open();
    ledger.append(&entry(0)).unwrap();
    let verified = ledger.verify().unwrap();
    assert_eq!(verified.keys.iter().map(|(_, since)| *since).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(verified.signatures, 2);
}

#[test]
fn what_a_crash_left_of_an_unfinished_beginning_does_not_stop_the_next() {
    let home = Home::new();
    fs::write(home.beside("candor.db.new"), "half").unwrap();
    fs::write(home.beside("candor.db.new-journal"), "half").unwrap();
    drop(home.open());
    assert!(!home.beside("candor.db.new").exists() && !home.beside("candor.db.new-journal").exists());
}

#[test]
fn a_ledger_can_be_given_to_a_thread() {
    fn sendable<T: Send>(_: &T) {}
    let home = Home::new();
    let ledger = home.open();
    sendable(&ledger);
    sendable(&Ledger::open_to_read(&home.path).unwrap());
}
