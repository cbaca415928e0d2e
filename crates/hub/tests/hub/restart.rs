//! What survives a restart, in good order and by force.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use candor_core::Timestamp;
use candor_core::entry::Event;
use candor_core::fault::Kind;
use candor_hub::Origin;
use candor_ledger::{Expected, Ledger, Logged};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::{
    Does, Folder, SHOP, Script, Sites, eventually, get, measured, notices, start, start_from,
};

const BROKEN: &str = "services: [{id: shop, capabilities: {buy: {jorney: []}}}]\n";

fn entries(ledger: &Path) -> Vec<Event> {
    let mut entries = Vec::new();
    let reader = Ledger::open_to_read(ledger).unwrap();
    reader
        .replay(0, 0, |logged| {
            if let Logged::Entry(_, entry) = logged {
                entries.push(entry.what);
            }
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    entries
}

fn opened(ledger: &Path) -> usize {
    entries(ledger).iter().filter(|event| matches!(event, Event::IncidentOpened { .. })).count()
}

fn incident(status: &Value) -> (Value, Value) {
    (status["incidents"][0]["id"].clone(), status["incidents"][0]["opened_at"].clone())
}

fn is_out(status: &Value) -> bool {
    status["incidents"][0]["state"] == "investigating"
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_stays_open_over_a_restart_under_its_number() {
    let folder = Folder::new(SHOP);
    let script = Script::new(Does::Fail(Kind::ConnectRefused));
    let hub = folder.start(&script).await;
    let before = hub.until("an incident", is_out).await;
    hub.stop().await;
    let hub = folder.start(&script).await;
    let first = hub.status().await;
    assert_eq!(incident(&first), incident(&before), "{first:#}");
    let later = hub.until("fresh evidence", |s| measured(s, "shop") == "outage").await;
    assert_eq!(incident(&later), incident(&before));
    hub.stop().await;
    assert_eq!(opened(&folder.ledger()), 1);
    assert!(matches!(entries(&folder.ledger()).last(), Some(Event::Stopped)));
    Ledger::open_to_read(&folder.ledger()).unwrap().verify().unwrap();
}

/// Not a fact by itself: the process that the next tests stop and kill. It runs this binary again with this name.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "started by the tests below, which kill it"]
async fn a_hub_to_be_killed() {
    let Some(folder) = std::env::var_os("CANDOR_TEST_FOLDER").map(PathBuf::from) else { return };
    let fails = std::env::var_os("CANDOR_TEST_FAILS").is_some();
    let script = Script::new(if fails { Does::Fail(Kind::ConnectRefused) } else { Does::Pass });
    let hub = start(&folder.join("candor.yaml"), &folder.join("candor.db"), &script).await.unwrap();
    std::fs::write(folder.join("part"), format!("{} {}", hub.public, hub.operators)).unwrap();
    std::fs::rename(folder.join("part"), folder.join("addresses")).unwrap();
    std::future::pending::<()>().await;
}

/// Kills the process when the test ends early.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn hub_of_its_own(folder: &Folder, fails: bool) -> (Killed, Sites) {
    let addresses = folder.path().join("addresses");
    let _ = std::fs::remove_file(&addresses);
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["restart::a_hub_to_be_killed", "--exact", "--ignored", "--nocapture"])
        .env("CANDOR_TEST_FOLDER", folder.path())
        .envs(fails.then_some(("CANDOR_TEST_FAILS", "1")))
        .stdout(Stdio::null())
        .spawn();
    let child = Killed(child.unwrap());
    eventually("the other process's hub", async || addresses.exists()).await;
    let text = std::fs::read_to_string(&addresses).unwrap();
    let (public, operators) = text.split_once(' ').unwrap();
    (child, Sites { public: public.parse().unwrap(), operators: operators.parse().unwrap() })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_is_killed_loses_nothing_that_it_said() {
    let folder = Folder::new(SHOP);
    let mut head = (0, String::new());
    let mut first = (Value::Null, Value::Null);
    for round in 0..3 {
        let (child, sites) = hub_of_its_own(&folder, true).await;
        let said = sites.until("an incident, and a newer head", |s| {
            is_out(s) && s["ledger_head"]["seq"].as_u64() > Some(head.0)
        });
        let said = said.await;
        head = (
            said["ledger_head"]["seq"].as_u64().unwrap(),
            said["ledger_head"]["hash"].as_str().unwrap().into(),
        );
        drop(child);
        let reader = Ledger::open_to_read(&folder.ledger()).unwrap();
        reader.verify_expecting(&Expected { key: None, head: Some(head.clone()) }).unwrap();
        if round == 0 {
            first = incident(&said);
        }
        assert_eq!(incident(&said), first, "round {round}: {said:#}");
    }
    let hub = folder.start(&Script::new(Does::Fail(Kind::ConnectRefused))).await;
    let after = hub.status().await;
    assert_eq!(incident(&after), first, "{after:#}");
    hub.stop().await;
    assert_eq!(opened(&folder.ledger()), 1);
    Ledger::open_to_read(&folder.ledger()).unwrap().verify().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_was_stopped_for_a_while_is_not_green_by_what_it_saw_before() {
    let folder = Folder::new(SHOP);
    let (child, sites) = hub_of_its_own(&folder, false).await;
    sites.until("green", |s| s["overall"] == "operational").await;
    let pid = Pid::from_child(&child.0);
    kill_process(pid, Signal::STOP).unwrap();
    let stopped = Timestamp::now();
    // Longer than the lease of 3 s, whatever was seen last.
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    let continued = Timestamp::now();
    kill_process(pid, Signal::CONT).unwrap();
    for _ in 0..20 {
        let asked = Timestamp::now();
        let status = sites.status().await;
        if status["overall"] == "operational" {
            let until: Timestamp = status["valid_until"].as_str().unwrap().parse().unwrap();
            let seen: Timestamp = status["cells"][0]["observed_at"].as_str().unwrap().parse().unwrap();
            assert!(asked < until && seen >= continued, "stopped at {stopped}: {status:#}");
        }
    }
    sites.until("green again", |s| s["overall"] == "operational").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_with_a_bad_file_comes_up_on_the_last_accepted_config() {
    let folder = Folder::new(SHOP);
    let script = Script::new(Does::Pass);
    folder.start(&script).await.stop().await;
    folder.write(BROKEN);
    let hub = folder.start(&script).await;
    hub.until("green", |s| measured(s, "shop") == "operational").await;
    let details = hub.until_details("the refusal", |d| notices(d).contains("refused")).await;
    assert!(notices(&details).contains("jorney"), "{details:#}");
    assert!(get(hub.operators, "/").await.text().contains("jorney"));
    assert_eq!(notices(&hub.status().await), "");
    assert!(!get(hub.public, "/").await.text().contains("jorney"));
    folder.write(SHOP);
    hub.until_details("no refusal", |d| notices(d).is_empty()).await;
    hub.stop().await;
    let refusals = entries(&folder.ledger());
    assert_eq!(refusals.iter().filter(|event| matches!(event, Event::PlanRefused { .. })).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_without_its_file_comes_up_and_says_so() {
    let folder = Folder::new(SHOP);
    let script = Script::new(Does::Pass);
    folder.start(&script).await.stop().await;
    std::fs::remove_file(folder.config()).unwrap();
    let hub = folder.start(&script).await;
    hub.until("green", |s| measured(s, "shop") == "operational").await;
    hub.until_details("the refusal", |d| notices(d).contains("candor.yaml")).await;
    folder.write(SHOP);
    hub.until_details("no refusal", |d| notices(d).is_empty()).await;
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_with_a_bad_file_is_refused_with_the_place() {
    let folder = Folder::new(BROKEN);
    let Err(error) = folder.try_start(&Script::new(Does::Pass)).await else { panic!("it started") };
    assert!(error.to_string().contains("jorney"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hubs_cannot_have_one_ledger() {
    let folder = Folder::new(SHOP);
    let script = Script::new(Does::Pass);
    let hub = folder.start(&script).await;
    let Err(error) = folder.try_start(&script).await else { panic!("it started") };
    assert!(error.to_string().contains("in use by another Candor"), "{error}");
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_is_watched_without_a_file_also_after_a_restart() {
    let folder = Folder::new("");
    let script = Script::new(Does::Pass);
    let origin = Origin::Url("http://shop.example/".into());
    let hub = start_from(origin.clone(), &folder.ledger(), &script).await.unwrap();
    let before = hub.status().await;
    assert!(!before["cells"].as_array().unwrap().is_empty(), "{before:#}");
    hub.stop().await;
    let hub = start_from(origin, &folder.ledger(), &script).await.unwrap();
    assert_eq!(hub.status().await["cells"], before["cells"]);
    hub.stop().await;
    let accepted = |event: &&Event| matches!(event, Event::PlanAccepted { .. });
    assert_eq!(entries(&folder.ledger()).iter().filter(accepted).count(), 1);
}
