//! A disk that is really full: a small file system of our own, where the user may mount one.
//!
//! `PRAGMA max_page_count` (in the crate's own tests) provokes the same error everywhere; this shows that the real thing
//! arrives in the same shape.

use std::fs;
use std::path::Path;
use std::process::Command;

use candor_ledger::{Ledger, LedgerError};

use crate::fixture::{entry, passes};

const FOLDER: &str = "CANDOR_TEST_SMALL_DISK";

/// In a mount namespace of its own, on a file system of 4 MiB.
#[test]
#[ignore = "the child of a_full_disk_is_said_and_passes"]
fn on_a_small_disk() {
    let folder = std::env::var_os(FOLDER).expect("the parent says where");
    let folder = Path::new(&folder);
    let path = folder.join("candor.db");
    let ballast = folder.join("ballast");
    let mut ledger = Ledger::open(&path).unwrap();
    let head = ledger.append(&entry(0)).unwrap();
    fs::write(&ballast, vec![0; 2 << 20]).unwrap();
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
    fs::remove_file(&ballast).unwrap();
    assert_eq!(ledger.observe(&passes(100, 10)).unwrap(), watermark + 100);
    ledger.append(&entry(watermark)).unwrap();
    assert_eq!(ledger.verify().unwrap().entries, 2);
}

#[test]
fn a_full_disk_is_said_and_passes() {
    let folder = tempfile::TempDir::new().unwrap();
    let mounted = |then: &str| {
        let script = format!("mount -t tmpfs -o size=4m tmpfs \"${FOLDER}\" && {then}");
        let mut command = Command::new("unshare");
        command.args(["--mount", "--map-root-user", "sh", "-c", &script, "sh"]).env(FOLDER, folder.path());
        command
    };
    if !mounted("true").output().is_ok_and(|output| output.status.success()) {
        println!(
            "skipped: this user may not mount a file system in a namespace of its own (util-linux, unshare)"
        );
        return;
    }
    let output = mounted("exec \"$@\"")
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "full_disk::on_a_small_disk"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}
