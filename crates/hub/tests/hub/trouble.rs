//! A ledger that cannot be written, or is not the one it was: the page goes on and says so, checks go on, and what waited
//! is kept afterwards. `trouble_disk` does the same on a disk that is full or read-only.

use std::path::Path;

use candor_core::entry::Event;
use candor_core::fault::Kind;
use candor_ledger::{Ledger, Logged};

use crate::support::{Does, Folder, SHOP, Script, eventually, notices};

pub(crate) fn check_chain(ledger: &Path, runs: u64) {
    let reader = Ledger::open_to_read(ledger).unwrap();
    reader.verify().unwrap();
    let mut events = Vec::new();
    let replayed = reader
        .replay(0, 0, |logged| {
            if let Logged::Entry(_, entry) = logged {
                events.push(entry.what);
            }
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    let opened = events.iter().position(|event| matches!(event, Event::IncidentOpened { .. }));
    let gap = events.iter().position(|event| matches!(event, Event::Gap { lost: 0, .. }));
    assert!(opened.is_some() && gap.is_some() && opened < gap, "{events:?}");
    // The last may still have been in flight at the stop.
    assert!(replayed.observations + 1 >= runs, "{} of {runs} runs were kept", replayed.observations);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_another_program_holds_holds_up_no_decision() {
    let folder = Folder::new(SHOP);
    let script = Script::new(Does::Pass);
    let hub = folder.start(&script).await;
    hub.until("green", |s| s["overall"] == "operational").await;
    let other = rusqlite::Connection::open(folder.ledger()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    hub.until("the notice", |s| notices(s).contains("not been recorded")).await;
    script.all(Does::Fail(Kind::ConnectRefused));
    hub.until("an incident", |s| s["incidents"][0]["state"] == "investigating").await;
    other.execute_batch("ROLLBACK").unwrap();
    hub.until("no notice", |s| notices(s).is_empty()).await;
    hub.stop().await;
    check_chain(&folder.ledger(), script.runs.load(std::sync::atomic::Ordering::Relaxed));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_in_trouble_stops_all_the_same_and_the_next_start_goes_on() {
    let folder = Folder::new(SHOP);
    let script = Script::new(Does::Fail(Kind::ConnectRefused));
    let hub = folder.start(&script).await;
    let out = hub.until("an incident", |s| s["incidents"][0]["state"] == "investigating").await;
    let other = rusqlite::Connection::open(folder.ledger()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    hub.until("the notice", |s| notices(s).contains("not been recorded")).await;
    hub.stop().await;
    other.execute_batch("ROLLBACK").unwrap();
    drop(other);
    let mut started = None;
    // The last write may still wait for the other program to let go.
    eventually("a start", async || {
        started = folder.try_start(&script).await.ok();
        started.is_some()
    })
    .await;
    let hub = started.unwrap();
    assert_eq!(hub.status().await["incidents"][0]["id"], out["incidents"][0]["id"]);
    hub.stop().await;
    Ledger::open_to_read(&folder.ledger()).unwrap().verify().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_is_moved_away_under_the_hub_is_noticed_and_caught_up_with_when_it_is_back() {
    let folder = Folder::new(SHOP);
    let script = Script::new(Does::Pass);
    let hub = folder.start(&script).await;
    hub.until("green", |s| s["overall"] == "operational").await;
    let away = folder.path().join("away.db");
    std::fs::rename(folder.ledger(), &away).unwrap();
    let details = hub.until_details("why", |d| notices(d).contains("moved, deleted or replaced")).await;
    let public = hub.until("the notice", |s| notices(s).contains("not been recorded")).await;
    assert!(!notices(&public).contains("moved"), "{details:#}");
    script.all(Does::Fail(Kind::ConnectRefused));
    hub.until("an incident", |s| s["incidents"][0]["state"] == "investigating").await;
    // Another one in its place is not it.
    std::fs::copy(&away, folder.ledger()).unwrap();
    let so_far = hub.metric("candor_ledger_unrecorded_total").await;
    eventually("more runs", async || hub.metric("candor_ledger_unrecorded_total").await > so_far + 4).await;
    hub.until("the notice, still", |s| notices(s).contains("not been recorded")).await;
    std::fs::rename(&away, folder.ledger()).unwrap();
    hub.until("no notice", |s| notices(s).is_empty()).await;
    hub.stop().await;
    check_chain(&folder.ledger(), script.runs.load(std::sync::atomic::Ordering::Relaxed));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_changes_under_the_hub_is_said_and_nothing_is_signed_over_it() {
    let folder = Folder::new(SHOP);
    let script = Script::new(Does::Pass);
    let hub = folder.start(&script).await;
    hub.until("green", |s| s["overall"] == "operational").await;
    let tamper = rusqlite::Connection::open(folder.ledger()).unwrap();
    let change = "UPDATE entries SET hash = replace(hash, substr(hash, 1, 1), 'x') WHERE seq = (SELECT max(seq) FROM entries)";
    assert_eq!(tamper.execute(change, []).unwrap(), 1);
    let entries = |conn: &rusqlite::Connection| -> u64 {
        conn.query_row("SELECT count(*) FROM entries", [], |row| row.get(0)).unwrap()
    };
    let before = entries(&tamper);
    script.all(Does::Fail(Kind::ConnectRefused));
    hub.until("an incident", |s| s["incidents"][0]["state"] == "investigating").await;
    hub.until_details("the damage", |d| notices(d).contains("damaged")).await;
    assert_eq!(entries(&tamper), before);
    drop(tamper);
    hub.stop().await;
    let before = std::fs::read(folder.ledger()).unwrap();
    let Err(error) = folder.try_start(&script).await else { panic!("it started") };
    assert!(error.to_string().contains("does not hold"), "{error}");
    assert!(error.to_string().contains("candor ledger restore"), "{error}");
    assert_eq!(std::fs::read(folder.ledger()).unwrap(), before, "it is left alone");
}
