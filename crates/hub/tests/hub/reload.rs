//! A changed config, taken or refused without a restart.

use candor_core::entry::Event;
use candor_core::fault::Kind;
use candor_ledger::{Ledger, Logged};

use crate::support::{Does, Folder, MAIL, SHOP, Script, measured, notices};

pub(crate) fn count(folder: &Folder, of: impl Fn(&Event) -> bool) -> usize {
    let mut n = 0;
    let reader = Ledger::open_to_read(&folder.ledger()).unwrap();
    reader
        .replay(0, 0, |logged| {
            n += usize::from(matches!(logged, Logged::Entry(_, entry) if of(&entry.what)));
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    n
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_config_is_in_force_without_a_restart_and_old_cells_keep_their_state() {
    let folder = Folder::new(SHOP);
    let script = Script::new(Does::Pass);
    script.service("shop", Does::Fail(Kind::ConnectRefused));
    let hub = folder.start(&script).await;
    let before = hub.until("an incident", |s| s["incidents"][0]["state"] == "investigating").await;
    folder.write(&format!("{SHOP}{MAIL}"));
    let after = hub.until("mail is green", |s| measured(s, "mail") == "operational").await;
    assert_eq!(measured(&after, "shop"), "outage");
    assert_eq!(after["cells"][0]["since"], before["cells"][0]["since"]);
    assert_eq!(after["incidents"][0]["id"], before["incidents"][0]["id"]);
    folder.write(SHOP);
    hub.until("mail is gone", |s| measured(s, "mail") == "none").await;
    hub.stop().await;
    assert_eq!(count(&folder, |event| matches!(event, Event::PlanAccepted { .. })), 3);
    let kept = Ledger::open_to_read(&folder.ledger()).unwrap().last_config().unwrap().unwrap();
    assert_eq!(kept.files[0].1, SHOP);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_change_is_refused_and_said_and_the_old_config_stays_in_force() {
    let folder = Folder::new(SHOP);
    let hub = folder.start(&Script::new(Does::Pass)).await;
    hub.until("green", |s| measured(s, "shop") == "operational").await;
    folder.write(&format!("{SHOP}{MAIL}    oops: 1\n"));
    let details = hub.until_details("the refusal", |d| notices(d).contains("refused")).await;
    assert!(notices(&details).contains("oops"), "{details:#}");
    assert_eq!((measured(&details, "shop"), measured(&details, "mail")), ("operational", "none"));
    assert_eq!(notices(&hub.status().await), "");
    folder.write(&format!("{SHOP}{MAIL}"));
    let details = hub.until_details("no refusal", |d| notices(d).is_empty()).await;
    assert_ne!(measured(&details, "mail"), "none");
    hub.stop().await;
    assert_eq!(count(&folder, |event| matches!(event, Event::PlanRefused { faults: 1, .. })), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_config_that_is_taken_away_is_said_and_stays_in_force() {
    let folder = Folder::new(SHOP);
    let hub = folder.start(&Script::new(Does::Pass)).await;
    hub.until("green", |s| measured(s, "shop") == "operational").await;
    std::fs::remove_file(folder.config()).unwrap();
    let details = hub.until_details("the refusal", |d| notices(d).contains("candor.yaml")).await;
    assert_eq!(measured(&details, "shop"), "operational");
    folder.write(SHOP);
    hub.until_details("no refusal", |d| notices(d).is_empty()).await;
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_secret_is_a_changed_config() {
    let folder = Folder::new("");
    std::fs::write(folder.path().join("token"), "one").unwrap();
    let secret = SHOP.replace(
        "{tcp: \"192.0.2.2:80\"}",
        "{get: \"https://shop.example/\", headers: {authorization: \"${file:token}\"}}",
    );
    folder.write(&secret);
    let hub = folder.start(&Script::new(Does::Pass)).await;
    hub.until("green", |s| measured(s, "shop") == "operational").await;
    std::fs::remove_file(folder.path().join("token")).unwrap();
    hub.until_details("the refusal", |d| notices(d).contains("token")).await;
    std::fs::write(folder.path().join("token"), "two").unwrap();
    hub.until_details("no refusal", |d| notices(d).is_empty()).await;
    let details = hub.details().await;
    assert_eq!(measured(&details, "shop"), "operational");
    assert!(!details.to_string().contains("two"));
    hub.stop().await;
    assert_eq!(count(&folder, |event| matches!(event, Event::PlanAccepted { .. })), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_files_is_watched_as_one() {
    let folder = Folder::new(SHOP);
    let script = Script::new(Does::Pass);
    let configs = folder.path().join("conf.d");
    std::fs::create_dir(&configs).unwrap();
    std::fs::write(configs.join("10-shop.yaml"), SHOP).unwrap();
    let hub = crate::support::start(&configs, &folder.ledger(), &script).await.unwrap();
    hub.until("green", |s| measured(s, "shop") == "operational").await;
    std::fs::write(configs.join("20-mail.yaml"), format!("services:\n{MAIL}")).unwrap();
    hub.until("mail is green", |s| measured(s, "mail") == "operational").await;
    std::fs::remove_file(configs.join("20-mail.yaml")).unwrap();
    hub.until("mail is gone", |s| measured(s, "mail") == "none").await;
    hub.stop().await;
}
