//! `candor ledger` on what a hub left behind: verified, exported, backed up, restored; and a damaged copy found out.

mod support;

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use support::candor::{Running, candor, run};
use support::http::{status, text};
use support::normal::{ENTRIES, ENTRY, HASH, normal};
use support::origin::Origin;
use support::wait_for;

/// How long a hub may take to decide.
const DECIDES: Duration = Duration::from_secs(30);

/// Watches a site until it is known to work, and leaves the ledger in `folder/candor.db`.
fn watched(folder: &Path) {
    let origin = Origin::start();
    let config = format!(
        "page: {{listen: \"127.0.0.1:0\"}}\noperate: {{listen: \"127.0.0.1:0\"}}\ndefaults: {{every: 1s, timeout: 1s, deadline: 1s}}\n\
         services:\n  - id: shop\n    capabilities:\n      open: {{journey: [{{get: \"{}\"}}]}}\n",
        origin.url()
    );
    std::fs::write(folder.join("candor.yaml"), config).expect("a config can be written");
    let mut hub = Running::start(candor(folder).arg("serve"));
    let port = hub.port_after("Status page ");
    wait_for("the site is known to work", DECIDES, || {
        status(port).filter(|seen| text(seen, "/overall") == "operational")
    });
    let verified = run(folder, &["ledger", "verify"]);
    verified.ended(0);
    assert_eq!(hub.stop().code(), Some(0), "{}", hub.noted());
}

#[test]
fn what_a_hub_left_is_verified_exported_and_carried_over() {
    let folder = tempfile::tempdir().unwrap();
    watched(folder.path());
    let rules = [HASH, ENTRY, ENTRIES];
    let verified = run(folder.path(), &["ledger", "verify"]);
    insta::assert_snapshot!("verify", normal(&verified.all(), &rules));
    let exported = run(folder.path(), &["ledger", "export"]);
    let entries: Vec<Value> =
        exported.ended(0).lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    assert!(entries.len() >= 3, "{}", exported.out);
    let more = run(folder.path(), &["ledger", "export", "--observations"]);
    assert!(more.ended(0).lines().count() > entries.len(), "observations come on top");
    let backup = run(folder.path(), &["ledger", "backup", "copy.db"]);
    insta::assert_snapshot!("backup", normal(&backup.all(), &rules));
    assert_eq!(run(folder.path(), &["ledger", "backup", "copy.db"]).code, Some(2), "nothing is written over");
    let restored = run(folder.path(), &["ledger", "restore", "copy.db", "restored.db"]);
    insta::assert_snapshot!("restore", normal(&restored.all(), &rules));
    assert_eq!(run(folder.path(), &["ledger", "export", "restored.db"]).out, exported.out);
    assert_eq!(run(folder.path(), &["ledger", "restore", "copy.db", "restored.db"]).code, Some(2));
    insta::assert_snapshot!("migrate", run(folder.path(), &["ledger", "migrate"]).all());
}

#[test]
fn a_damaged_copy_is_found_out_and_the_entry_named() {
    let folder = tempfile::tempdir().unwrap();
    watched(folder.path());
    run(folder.path(), &["ledger", "backup", "copy.db"]).ended(0);
    let mut bytes = std::fs::read(folder.path().join("copy.db")).unwrap();
    // The verdict of a cell, in the text of an entry: history written anew.
    let at = bytes.windows(13).position(|window| window == b"\"operational\"").expect("a verdict is in it");
    bytes.splice(at..at + 13, *b"\"operationAl\"");
    std::fs::write(folder.path().join("copy.db"), bytes).unwrap();
    let verified = run(folder.path(), &["ledger", "verify", "copy.db"]);
    assert_eq!(verified.code, Some(1), "{}", verified.all());
    insta::assert_snapshot!("damaged", normal(&verified.all(), &[HASH, ENTRY]));
    assert_ne!(run(folder.path(), &["ledger", "restore", "copy.db", "restored.db"]).code, Some(0));
    assert!(!folder.path().join("restored.db").exists(), "a damaged backup is not put in place");
}

#[test]
fn a_page_overwritten_is_a_finding_and_the_file_is_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    watched(folder.path());
    run(folder.path(), &["ledger", "backup", "copy.db"]).ended(0);
    let copy = folder.path().join("copy.db");
    let whole = std::fs::read(&copy).unwrap();
    // The first page has the names of the tables; the second, the first of them.
    for page in 0..3 {
        let mut bytes = whole.clone();
        bytes[page * 4_096 + 100..(page + 1) * 4_096].fill(0xa5);
        std::fs::write(&copy, &bytes).unwrap();
        let verified = run(folder.path(), &["ledger", "verify", "copy.db"]);
        assert_eq!(verified.code, Some(1), "page {page}: {}", verified.all());
        assert!(verified.err.contains("candor ledger restore"), "{}", verified.all());
        assert_eq!(run(folder.path(), &["ledger", "restore", "copy.db", "restored.db"]).code, Some(2));
        let served = run(folder.path(), &["serve", "--ledger", "copy.db"]);
        assert_eq!(served.code, Some(2), "page {page}: {}", served.all());
        assert!(!served.err.contains("new key"), "{}", served.all());
        assert_eq!(std::fs::read(&copy).unwrap(), bytes, "page {page} is left as it was");
        assert!(!folder.path().join("copy.db.key").exists() && !folder.path().join("restored.db").exists());
    }
}

#[test]
fn an_export_ends_quietly_where_its_reader_has_enough_and_says_where_it_could_not_be_written() {
    let folder = tempfile::tempdir().unwrap();
    watched(folder.path());
    let export = |to: std::process::Stdio| {
        let mut command = candor(folder.path());
        command.args(["ledger", "export", "--observations"]).stdout(to).output().expect("the binary starts")
    };
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let gone = export(writer.into());
    assert_eq!((gone.status.code(), String::from_utf8_lossy(&gone.stderr).as_ref()), (Some(0), ""));
    let full = export(std::fs::File::create("/dev/full").unwrap().into());
    assert_eq!(full.status.code(), Some(2));
    insta::assert_snapshot!("full", String::from_utf8_lossy(&full.stderr));
}

#[test]
fn a_ledger_that_is_not_there_or_is_none_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("notes.db"), "no ledger at all").unwrap();
    insta::assert_snapshot!("missing", run(folder.path(), &["ledger", "verify"]).all());
    insta::assert_snapshot!("not_a_ledger", run(folder.path(), &["ledger", "verify", "notes.db"]).all());
}
