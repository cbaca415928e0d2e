//! Time in each verdict becomes days of history: what was watched, and no more.

use candor_core::Timestamp;
use candor_core::fault::Kind;
use candor_core::view::Day;
use candor_ledger::Ledger;

use crate::support::{Does, Folder, MAIL, SHOP, Script, measured};

/// The days of every cell, as kept.
fn days(folder: &Folder) -> Vec<Vec<Day>> {
    let today = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let ledger = Ledger::open_to_read(&folder.ledger()).unwrap();
    ledger.history(90, today).unwrap().into_values().collect()
}

fn sums(days: &[Day]) -> (u32, u32, u32) {
    let sum = |of: fn(&Day) -> u32| days.iter().map(of).sum::<u32>();
    (sum(|d| d.operational_s), sum(|d| d.degraded_s + d.outage_s), sum(|d| d.unknown_s))
}

#[tokio::test(flavor = "multi_thread")]
async fn verdicts_become_history_that_sums_to_the_time_watched() {
    let folder = Folder::new(&format!("{SHOP}{MAIL}"));
    let script = Script::new(Does::Pass);
    let begun = Timestamp::now();
    let hub = folder.start(&script).await;
    hub.until("green", |s| s["overall"] == "operational").await;
    script.service("mail", Does::Fail(Kind::ConnectRefused));
    hub.until("mail fails", |s| measured(s, "mail") == "outage").await;
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    hub.stop().await;
    let watched = Timestamp::now().duration_since(begun).as_secs();
    let mut all: Vec<_> = days(&folder).iter().map(|days| sums(days)).collect();
    all.sort_by_key(|sums| sums.1);
    assert_eq!(all.len(), 2, "{all:?}");
    let [shop, mail] = [all[0], all[1]];
    assert!(shop.0 > 0 && shop.1 == 0, "the shop worked all along: {all:?}");
    assert!(mail.1 > 0, "mail failed: {all:?}");
    for (good, bad, unknown) in all {
        let sum = i64::from(good + bad + unknown);
        assert!(sum <= watched + 1, "{sum} s of {watched} s");
        assert!(sum + 5 >= watched, "{sum} s of {watched} s: only start and stop are not watched");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn time_while_no_hub_ran_stays_a_gap() {
    let folder = Folder::new(SHOP);
    let script = Script::new(Does::Pass);
    let begun = Timestamp::now();
    for _ in 0..2 {
        let hub = folder.start(&script).await;
        hub.until("green", |s| s["overall"] == "operational").await;
        hub.stop().await;
        // Time passes, and nobody watches.
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    }
    let watched = Timestamp::now().duration_since(begun).as_secs();
    let (good, bad, unknown) = sums(&days(&folder).concat());
    assert_eq!(bad, 0);
    assert!(i64::from(good + unknown) <= watched - 5, "{good} + {unknown} s of {watched} s");
}
