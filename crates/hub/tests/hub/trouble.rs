//! A ledger that cannot be written: the page goes on and says so, checks go on, and what waited is kept afterwards.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use candor_core::entry::Event;
use candor_core::fault::Kind;
use candor_ledger::{Ledger, Logged};

use crate::support::{Does, Folder, SHOP, Script, eventually, get, measured, notices, start};

/// A small file system of its own, as only root can have it.
struct SmallDisk(PathBuf);

impl SmallDisk {
    #[expect(clippy::print_stdout, reason = "whoever reads the test's output must see what was not tested")]
    fn mount(at: &Path) -> Option<Self> {
        std::fs::create_dir(at).unwrap();
        let mount = ["-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs"];
        let mounted = Command::new("mount").args(mount).arg(at).output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self(at.to_path_buf())),
            why => {
                println!("SKIPPED: a full disk needs root, to mount a small tmpfs: {why:?}");
                None
            }
        }
    }

    fn fill(&self) {
        let mut file = File::create(self.0.join("filler")).unwrap();
        for size in [65_536, 512] {
            while file.write_all(&vec![b'x'; size]).is_ok() {}
        }
    }

    fn free(&self) {
        std::fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_said_and_caught_up_with_while_the_page_goes_on() {
    let folder = Folder::new(SHOP);
    let Some(disk) = SmallDisk::mount(&folder.path().join("disk")) else { return };
    let ledger = disk.0.join("candor.db");
    let script = Script::new(Does::Pass);
    let hub = start(&folder.config(), &ledger, &script).await.unwrap();
    hub.until("green", |s| s["overall"] == "operational").await;
    assert_eq!(hub.metric("candor_ledger_recording").await, 1);

    disk.fill();
    let told = hub.until("the notice", |s| notices(s).contains("not been recorded")).await;
    assert!(!notices(&told).contains("Why"), "the public need not know why: {told:#}");
    let details = hub.until_details("why", |d| notices(d).contains("no space is left")).await;
    assert!(get(hub.public, "/").await.text().contains("not been recorded"), "{details:#}");
    assert_eq!(hub.metric("candor_ledger_recording").await, 0);

    // Checks go on, and are decided on, through several tries to record again.
    script.all(Does::Fail(Kind::ConnectRefused));
    let out = hub.until("an incident", |s| s["incidents"][0]["state"] == "investigating").await;
    let so_far = hub.metric("candor_ledger_unrecorded_total").await;
    eventually("unrecorded runs", async || hub.metric("candor_ledger_unrecorded_total").await > so_far + 4)
        .await;
    script.all(Does::Pass);
    hub.until("green, unrecorded", |s| measured(s, "shop") == "operational").await;

    disk.free();
    hub.until("no notice", |s| notices(s).is_empty()).await;
    assert_eq!(hub.metric("candor_ledger_recording").await, 1);
    assert_eq!(hub.metric("candor_ledger_waiting").await, 0);
    hub.stop().await;
    let runs = script.runs.load(std::sync::atomic::Ordering::Relaxed);
    check_chain(&ledger, runs);

    let hub = start(&folder.config(), &ledger, &script).await.unwrap();
    let after = hub.status().await;
    assert_eq!(after["incidents"][0]["id"], out["incidents"][0]["id"], "{after:#}");
    hub.stop().await;
}

fn check_chain(ledger: &Path, runs: u64) {
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
