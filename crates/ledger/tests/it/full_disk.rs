//! A disk that is really full, or really read-only, while the ledger is open and when it is opened.

use std::fs;

use candor_ledger::{CopyError, Ledger, LedgerError, OpenError};

use crate::fixture::{entry, passes};
use crate::small_disk::{SmallDisk, run_on_a_small_disk};

#[test]
fn a_full_disk_is_said_and_passes() {
    run_on_a_small_disk("full_disk::fills_up_while_open");
}

#[test]
#[ignore = "the child of a_full_disk_is_said_and_passes"]
fn fills_up_while_open() {
    let disk = SmallDisk::of_the_parent();
    let mut ledger = Ledger::open(&disk.path().join("candor.db")).unwrap();
    let head = ledger.append(&entry(0)).unwrap();
    fs::write(disk.path().join("ballast"), vec![0; 2 << 20]).unwrap();
    let mut watermark = 0;
    let error = loop {
        match ledger.observe(&passes(100, 10)) {
            Ok(seq) => watermark = seq,
            Err(error) => break error,
        }
    };
    assert_eq!(error, LedgerError::Full);
    assert!(watermark > 0);
    assert_eq!(ledger.watermark().unwrap(), watermark, "what was acknowledged is there, and nothing else");
    assert_eq!(ledger.head().unwrap(), Some(head));
    disk.free();
    assert_eq!(ledger.observe(&passes(100, 10)).unwrap(), watermark + 100);
    ledger.append(&entry(watermark)).unwrap();
    assert_eq!(ledger.verify().unwrap().entries, 2);
}

#[test]
fn a_disk_that_became_read_only_is_said_and_passes() {
    run_on_a_small_disk("full_disk::becomes_read_only_and_is_read_so");
}

#[test]
#[ignore = "the child of a_disk_that_became_read_only_is_said_and_passes"]
fn becomes_read_only_and_is_read_so() {
    let disk = SmallDisk::of_the_parent();
    let path = disk.path().join("candor.db");
    let mut ledger = Ledger::open(&path).unwrap();
    ledger.observe(&passes(5, 10)).unwrap();
    ledger.append(&entry(5)).unwrap();
    drop(ledger);
    disk.set_read_only(true);
    assert!(matches!(Ledger::open(&path), Err(OpenError::ReadOnly(_))));
    let reader = Ledger::open_unwritable(&path).unwrap();
    assert_eq!((reader.watermark().unwrap(), reader.verify().unwrap().entries), (5, 1));
    drop(reader);
    disk.set_read_only(false);
    assert_eq!(Ledger::open(&path).unwrap().watermark().unwrap(), 5);
}

#[test]
fn what_a_crash_left_in_the_log_is_read_on_a_disk_that_takes_no_writes() {
    run_on_a_small_disk("full_disk::crashes_and_is_read");
}

#[test]
#[ignore = "the child of what_a_crash_left_in_the_log_is_read_on_a_disk_that_takes_no_writes"]
fn crashes_and_is_read() {
    let disk = SmallDisk::of_the_parent();
    let (path, crashed) = (disk.path().join("candor.db"), disk.path().join("crashed.db"));
    let mut ledger = Ledger::open(&path).unwrap();
    ledger.observe(&passes(5, 10)).unwrap();
    ledger.append(&entry(5)).unwrap();
    for end in ["", "-wal", ".key", ".pub"] {
        let (from, to) = (format!("{}{end}", path.display()), format!("{}{end}", crashed.display()));
        fs::copy(from, to).unwrap();
    }
    drop(ledger);
    let files = || ["", "-wal"].map(|end| fs::read(format!("{}{end}", crashed.display())).unwrap());
    let before = files();
    assert!(!before[1].is_empty());
    disk.fill();
    assert!(matches!(Ledger::open(&crashed), Err(OpenError::Full(_))));
    assert_eq!(files(), before);
    let read = |what| {
        let reader = Ledger::open_unwritable(&crashed).unwrap();
        assert_eq!((reader.watermark().unwrap(), reader.verify().unwrap().entries), (5, 1), "{what}");
        drop(reader);
        assert_eq!(files(), before, "{what}");
    };
    read("full");
    disk.set_read_only(true);
    read("full and read-only");
    disk.set_read_only(false);
    disk.free();
    let mut ledger = Ledger::open(&crashed).unwrap();
    assert_eq!(ledger.observe(&passes(1, 20)).unwrap(), 6);
    ledger.append(&entry(6)).unwrap();
    ledger.verify().unwrap();
}

#[test]
fn a_backup_that_finds_no_room_leaves_nothing_behind() {
    run_on_a_small_disk("full_disk::is_backed_up_to_without_room");
}

#[test]
#[ignore = "the child of a_backup_that_finds_no_room_leaves_nothing_behind"]
fn is_backed_up_to_without_room() {
    let disk = SmallDisk::of_the_parent();
    let elsewhere = tempfile::TempDir::new().unwrap();
    let mut ledger = Ledger::open(&elsewhere.path().join("candor.db")).unwrap();
    ledger.observe(&passes(2_000, 10)).unwrap();
    ledger.append(&entry(2_000)).unwrap();
    fs::write(disk.path().join("ballast"), vec![0; 4_000 << 10]).unwrap();
    let error = ledger.backup(&disk.path().join("copy.db")).unwrap_err();
    assert!(matches!(error, CopyError::Ledger(LedgerError::Full)), "{error:?}");
    let error = ledger.backup(&elsewhere.path().join("copy.db")).map(|_| ()).and_then(|()| {
        Ledger::restore(&elsewhere.path().join("copy.db"), &disk.path().join("candor.db")).map(|_| ())
    });
    assert!(matches!(error, Err(CopyError::Ledger(LedgerError::Full))), "{error:?}");
    let left: Vec<_> = fs::read_dir(disk.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["ballast"]);
}

#[test]
fn a_first_start_on_a_full_disk_leaves_nothing_that_looks_like_a_ledger() {
    run_on_a_small_disk("full_disk::is_full_at_the_first_start");
}

#[test]
#[ignore = "the child of a_first_start_on_a_full_disk_leaves_nothing_that_looks_like_a_ledger"]
fn is_full_at_the_first_start() {
    let disk = SmallDisk::of_the_parent();
    let path = disk.path().join("candor.db");
    disk.fill();
    assert!(matches!(Ledger::open(&path), Err(OpenError::Full(_))));
    assert!(!path.exists());
    disk.free();
    drop(Ledger::open(&path).unwrap());
}
