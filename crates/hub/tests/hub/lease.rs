//! Silence becomes unknown when the lease ends; what hangs is a fault of ours.

use candor_core::fault::Kind;

use crate::support::{Does, Folder, SHOP, Script, eventually, get, measured};

#[tokio::test(flavor = "multi_thread")]
async fn silence_turns_the_page_to_unknown_at_the_leases_end() {
    let folder = Folder::new(SHOP);
    let script = Script::new(Does::Pass);
    let hub = folder.start(&script).await;
    hub.until("green", |s| s["overall"] == "operational").await;
    script.all(Does::Stay);
    let dark = hub.until("unknown", |s| s["overall"] != "operational").await;
    assert_eq!((dark["overall"].as_str(), measured(&dark, "shop")), (Some("unknown"), "unknown"));
    assert!(dark["cells"][0]["valid_until"].is_null(), "{dark:#}");
    let page = get(hub.public, "/").await.text();
    assert!(page.contains("<html lang=\"en\" data-v=\"unknown\">"), "{page}");
    assert!(page.contains("<article class=\"service\" data-v=\"unknown\""), "{page}");
    let details = hub.until_details("silence", |d| d["cells"][0]["votes"][0]["vote"] == "silent").await;
    assert!(details["cells"][0]["fault"].is_null(), "silence accuses nobody: {details:#}");
    script.all(Does::Pass);
    hub.until("green again", |s| s["overall"] == "operational").await;
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_is_green_past_its_own_time() {
    let folder = Folder::new(SHOP);
    let script = Script::new(Does::Pass);
    let hub = folder.start(&script).await;
    hub.until("green", |s| s["overall"] == "operational").await;
    script.all(Does::Stay);
    // Every answer on the way into the dark is looked at, as often as this machine can.
    loop {
        let asked = candor_core::Timestamp::now();
        let status = hub.status().await;
        if status["overall"] != "operational" {
            break;
        }
        let until: candor_core::Timestamp = status["valid_until"].as_str().unwrap().parse().unwrap();
        assert!(asked < until, "asked at {asked}, and was green: {status:#}");
    }
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_no_answer_is_green_without_fresh_evidence() {
    let folder = Folder::new(SHOP);
    let script = Script::new(Does::Pass);
    let hub = folder.start(&script).await;
    let green = hub.until("green", |s| s["overall"] == "operational").await;
    script.all(Does::Stay);
    hub.until("unknown", |s| s["overall"] == "unknown").await;
    hub.stop().await;
    let hub = folder.start(&script).await;
    let first = hub.status().await;
    assert_eq!(first["overall"], "unknown", "{first:#}");
    let seen = |status: &serde_json::Value| status["cells"][0]["observed_at"].as_str().map(str::to_owned);
    assert!(seen(&first) >= seen(&green), "what was measured before is still known: {first:#}");
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hung_probe_is_a_fault_of_ours_and_accuses_nobody() {
    let folder = Folder::new(SHOP);
    let script = Script::watched(Does::Stay);
    let hub = folder.start(&script).await;
    let details = hub.until_details("a blind vote", |d| d["cells"][0]["votes"][0]["vote"] == "blind").await;
    assert_eq!(measured(&details, "shop"), "unknown", "{details:#}");
    assert!(details["incidents"].as_array().unwrap().is_empty(), "{details:#}");
    eventually("a run that was cut", async || hub.metric("candor_runs_hung_total").await > 0).await;
    let kept = candor_ledger::Ledger::open_to_read(&folder.ledger()).unwrap();
    let (_, run) = kept.recent_runs(1).unwrap().remove(0);
    assert_eq!(run.observation.fault.unwrap().kind, Kind::VantageHung);
    script.all(Does::Pass);
    hub.until("green", |s| s["overall"] == "operational").await;
    hub.stop().await;
}
