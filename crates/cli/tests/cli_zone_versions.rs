//! `candor zone versions` and `candor zone rollback`: an earlier version back in force, under a newer serial, and refused
//! where the file is not what was in force last.

mod support;

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use candor_names::{AskOptions, Question, ask};
use support::candor::{Running, candor, run};

const SOON: Duration = Duration::from_secs(30);

/// A zone; its one host has the serial as its last number.
fn zone(serial: u8) -> String {
    format!(
        "; by hand\n$ORIGIN corp.example.\n$TTL 300\n@ SOA ns hostmaster {serial} 3600 600 86400 60\n@ NS ns\nns A 192.0.2.1\nshop A 192.0.2.{serial}0\n"
    )
}

fn place(folder: &Path, text: &str) {
    std::fs::write(folder.join("corp.zone"), text).expect("a zone file can be written");
}

fn placed(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).expect("a zone file can be read")
}

fn said(folder: &Path, words: &[&str]) -> String {
    let all: Vec<&str> = ["zone"].iter().chain(words).copied().collect();
    run(folder, &all).all()
}

async fn becomes(server: SocketAddr, wanted: &str) {
    let question = Question::parse("shop.corp.example", "A").expect("a name of the test");
    let begun = Instant::now();
    loop {
        let options = AskOptions { recursion_desired: false, ..AskOptions::default() };
        let exchange = ask(server, &question, &options).await.expect("the server answers");
        if exchange.answer.first().is_some_and(|record| record.data == wanted) {
            return;
        }
        assert!(begun.elapsed() < SOON, "{wanted} is not in force within {SOON:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A server that has had versions 1, 2 and 3 in force.
async fn three_versions(folder: &Path) -> (Running, SocketAddr) {
    place(folder, &zone(1));
    let words = ["zone", "serve", "corp.zone", "--listen", "127.0.0.1:0", "--store", "zones.db"];
    let mut server = Running::start(candor(folder).args(words));
    let at = SocketAddr::from(([127, 0, 0, 1], server.port_after(" on ")));
    for serial in 2..=3 {
        place(folder, &zone(serial));
        server.signal("HUP");
        becomes(at, &format!("192.0.2.{serial}0")).await;
    }
    (server, at)
}

#[tokio::test]
async fn an_earlier_version_comes_back_under_a_newer_serial_while_the_server_runs() {
    let folder = tempfile::tempdir().unwrap();
    let (mut server, at) = three_versions(folder.path()).await;
    insta::assert_snapshot!("three_versions", said(folder.path(), &["versions", "zones.db"]));
    let dry = said(folder.path(), &["rollback", "zones.db", "corp.zone", "--to", "1", "--dry-run"]);
    insta::assert_snapshot!("rollback_dry_run", dry);
    assert_eq!(placed(folder.path(), "corp.zone"), zone(3), "a dry run changes nothing");
    insta::assert_snapshot!(
        "rollback",
        said(folder.path(), &["rollback", "zones.db", "corp.zone", "--to", "1"])
    );
    assert_eq!(placed(folder.path(), "corp.zone~"), zone(3));
    server.signal("HUP");
    becomes(at, "192.0.2.10").await;
    let listed = said(folder.path(), &["versions", "zones.db", "--zone", "Corp.Example"]);
    assert!(listed.contains("serial 4, the newest: -1 +1 records"), "{listed}");
    // There and back again: the versions before are still kept.
    said(folder.path(), &["rollback", "zones.db", "corp.zone", "--to", "3"]);
    server.signal("HUP");
    becomes(at, "192.0.2.30").await;
    assert_eq!(server.stop().code(), Some(0));
}

#[tokio::test]
async fn a_file_that_is_not_what_was_in_force_last_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (mut server, _) = three_versions(folder.path()).await;
    let back = |to: &str| said(folder.path(), &["rollback", "zones.db", "corp.zone", "--to", to]);
    for (name, text) in
        [("serial_moved", zone(5)), ("same_serial", zone(3).replace("192.0.2.30", "192.0.2.77"))]
    {
        place(folder.path(), &text);
        insta::assert_snapshot!(name, back("1"));
        assert_eq!(placed(folder.path(), "corp.zone"), text);
    }
    place(folder.path(), &zone(3));
    insta::assert_snapshot!("no_such_version", back("9"));
    insta::assert_snapshot!(
        "no_such_zone",
        said(folder.path(), &["versions", "zones.db", "--zone", "other.example"])
    );
    insta::assert_snapshot!("no_such_store", said(folder.path(), &["versions", "none.db"]));
    assert!(!folder.path().join("none.db").exists(), "looking makes no store");
    assert_eq!(server.stop().code(), Some(0));
}
