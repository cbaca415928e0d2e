//! A disk that is really full or read-only, while a hub runs and when it starts: the page goes on and says that history is
//! not being recorded, and what waited is kept when there is room again.
//!
//! A small tmpfs in a mount namespace of its own, which root may have and, on most machines, every user. A limit to the
//! size of files would work for all, but is another failure to SQLite. Where it cannot be mounted the test fails and says
//! so: one that passes without having looked shows nothing. Absent: a disk that turns read-only under open files, which
//! no remount brings about; the ledger's own tests provoke its error.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use candor_core::fault::Kind;
use candor_ledger::Ledger;
use serde_json::Value;

use crate::support::{Does, Folder, Running, SHOP, Script, eventually, get, measured, notices, start};
use crate::trouble::check_chain;

const FOLDER: &str = "CANDOR_TEST_SMALL_DISK";

/// Runs the ignored test `name` of this module with a file system of 4 MiB; fails as that fails.
fn run_on_a_small_disk(name: &str) {
    let folder = tempfile::TempDir::new().unwrap();
    let script = format!("mount -t tmpfs -o size=4m,mode=700 tmpfs \"${FOLDER}\" && exec \"$@\"");
    let output = Command::new("unshare")
        .args(["--mount", "--map-root-user", "sh", "-c", &script, "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", &format!("trouble_disk::{name}")])
        .env(FOLDER, folder.path())
        .output()
        .expect("unshare starts (Debian package util-linux)");
    let (said, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(
        said.contains("running 1 test"),
        "this test needs a small tmpfs in a mount namespace: run it as root, or allow users namespaces of their own \
         (sysctl kernel.unprivileged_userns_clone=1)\n{said}{error}"
    );
    assert!(output.status.success() && said.contains("1 passed"), "{said}{error}");
}

/// The file system that the parent mounted.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn of_the_parent() -> Self {
        Self(std::env::var_os(FOLDER).expect("the parent says where").into())
    }

    fn ledger(&self) -> PathBuf {
        self.0.join("candor.db")
    }

    fn fill(&self) {
        let mut file = File::create(self.0.join("ballast")).unwrap();
        for size in [65_536, 512] {
            while file.write_all(&vec![b'x'; size]).is_ok() {}
        }
    }

    fn free(&self) {
        std::fs::remove_file(self.0.join("ballast")).unwrap();
    }

    fn set_read_only(&self, read_only: bool) {
        let how = if read_only { "remount,ro" } else { "remount,rw" };
        let done = Command::new("mount").args(["-o", how]).arg(&self.0).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

fn is_out(status: &Value) -> bool {
    status["incidents"][0]["state"] == "investigating"
}

/// Leaves a ledger with an open incident, and gives its number.
async fn with_an_incident(folder: &Folder, ledger: &Path) -> Value {
    let hub = start(&folder.config(), ledger, &Script::new(Does::Fail(Kind::ConnectRefused))).await.unwrap();
    let out = hub.until("an incident", is_out).await;
    hub.stop().await;
    out["incidents"][0]["id"].clone()
}

/// What a hub must say that came up where nothing can be written.
async fn says_that_nothing_is_recorded(hub: &Running, why: &str, incident: &Value) {
    let first = hub.status().await;
    assert_eq!(first["incidents"][0]["id"], *incident, "what the ledger holds is known: {first:#}");
    assert_ne!(first["overall"], "operational", "{first:#}");
    hub.until("the notice", |s| notices(s).contains("not been recorded")).await;
    hub.until_details("why", |d| notices(d).contains(why)).await;
    assert_eq!(hub.metric("candor_ledger_recording").await, 0);
}

/// And what must be there in the end.
async fn is_caught_up(hub: Running, ledger: &Path, script: &Script, incident: &Value) {
    hub.until("no notice", |s| notices(s).is_empty()).await;
    assert_eq!(hub.metric("candor_ledger_waiting").await, 0);
    hub.stop().await;
    check_chain(ledger, script.runs.load(std::sync::atomic::Ordering::Relaxed));
    let text = {
        let mut out = Vec::new();
        Ledger::open_to_read(ledger).unwrap().export(&mut out, candor_ledger::Export::default()).unwrap();
        String::from_utf8(out).unwrap()
    };
    assert_eq!(text.matches("\"event\":\"incident_opened\"").count(), 1, "{incident}: {text}");
    assert_eq!(text.matches("\"event\":\"started\"").count(), 2, "{text}");
}

#[test]
fn a_full_disk_is_said_and_caught_up_with_while_the_page_goes_on() {
    run_on_a_small_disk("fills_up_while_a_hub_runs");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the child of a_full_disk_is_said_and_caught_up_with_while_the_page_goes_on"]
async fn fills_up_while_a_hub_runs() {
    let (folder, disk) = (Folder::new(SHOP), SmallDisk::of_the_parent());
    let ledger = disk.ledger();
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
    let out = hub.until("an incident", is_out).await;
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

#[test]
fn a_start_on_a_full_disk_comes_up_on_what_the_ledger_holds_and_catches_up() {
    run_on_a_small_disk("is_full_at_a_start");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the child of a_start_on_a_full_disk_comes_up_on_what_the_ledger_holds_and_catches_up"]
async fn is_full_at_a_start() {
    let (folder, disk) = (Folder::new(SHOP), SmallDisk::of_the_parent());
    let incident = with_an_incident(&folder, &disk.ledger()).await;
    disk.fill();
    let script = Script::new(Does::Fail(Kind::ConnectRefused));
    let hub = start(&folder.config(), &disk.ledger(), &script).await.unwrap();
    says_that_nothing_is_recorded(&hub, "no space is left", &incident).await;
    hub.until("fresh evidence", |s| measured(s, "shop") == "outage").await;
    script.all(Does::Pass);
    hub.until("green, unrecorded", |s| measured(s, "shop") == "operational").await;
    disk.free();
    is_caught_up(hub, &disk.ledger(), &script, &incident).await;
}

#[test]
fn a_start_on_a_read_only_disk_comes_up_on_what_the_ledger_holds_and_catches_up() {
    run_on_a_small_disk("is_read_only_at_a_start");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the child of a_start_on_a_read_only_disk_comes_up_on_what_the_ledger_holds_and_catches_up"]
async fn is_read_only_at_a_start() {
    let (folder, disk) = (Folder::new(SHOP), SmallDisk::of_the_parent());
    let incident = with_an_incident(&folder, &disk.ledger()).await;
    disk.set_read_only(true);
    let script = Script::new(Does::Fail(Kind::ConnectRefused));
    let hub = start(&folder.config(), &disk.ledger(), &script).await.unwrap();
    says_that_nothing_is_recorded(&hub, "read-only", &incident).await;
    hub.until("fresh evidence", |s| measured(s, "shop") == "outage").await;
    disk.set_read_only(false);
    is_caught_up(hub, &disk.ledger(), &script, &incident).await;
}

#[test]
fn a_first_start_on_a_full_disk_is_refused_with_why() {
    run_on_a_small_disk("is_full_at_the_first_start");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the child of a_first_start_on_a_full_disk_is_refused_with_why"]
async fn is_full_at_the_first_start() {
    let (folder, disk) = (Folder::new(SHOP), SmallDisk::of_the_parent());
    disk.fill();
    let Err(error) = start(&folder.config(), &disk.ledger(), &Script::new(Does::Pass)).await else {
        panic!("it started")
    };
    assert!(error.to_string().contains("no space is left"), "{error}");
    assert!(!disk.ledger().exists());
}
