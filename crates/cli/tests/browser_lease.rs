//! A green is a lease, also in a page that has been open all along: when Candor dies, the page turns to unknown by
//! itself when the lease is over, and comes back with new evidence.

mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use candor_core::Timestamp;
use support::browser::{Browser, Scheme, Screen};
use support::candor::{Running, candor};
use support::http::{status, text};
use support::origin::Origin;
use support::wait_for;

/// How long things may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);
/// The page asks every five seconds; after this it has heard what is new.
const HEARD: Duration = Duration::from_secs(6);
/// How much too early a page may turn: the server's `Date` is cut to the second, and the page errs to the safe side.
const EARLY: Duration = Duration::from_millis(2_500);
/// How much too late the test may see it: the page looks every second, and the machine may be busy.
const LATE: Duration = Duration::from_secs(10);

/// What the page shows of a verdict, all in one.
const SHOWN: &str = "
const main = document.querySelector('main'), icon = main.querySelector('.answer > svg use').getAttribute('href');
return [document.documentElement.dataset.v, main.dataset.v, icon, document.title].join(' | ');";

/// Asked every eight seconds, with a lease of seventeen.
fn config(folder: &Path, origin: &Origin) {
    let text = format!(
        "page: {{title: Shop status, listen: \"127.0.0.1:0\"}}\noperate: {{listen: \"127.0.0.1:0\"}}\nplaces: [gb, in]\n\
         defaults: {{every: 8s, timeout: 1s, deadline: 1s}}\nservices:\n  - id: shop\n    name: Shop\n    capabilities:\n      \
         browse: {{journey: [{{get: \"{}\", expect: {{text: Top charts}}}}]}}\n",
        origin.url()
    );
    std::fs::write(folder.join("candor.yaml"), text).expect("a config can be written");
}

fn green(port: u16) -> Option<Timestamp> {
    let seen = status(port).filter(|seen| text(seen, "/overall") == "operational")?;
    text(&seen, "/valid_until").parse().ok()
}

/// The end of the lease once it has been the same for so long that an open page must have heard it.
fn heard_lease(port: u16) -> Timestamp {
    let mut since = (green(port), Instant::now());
    wait_for("a lease that the page has heard", LIMIT, || {
        let now = green(port);
        if now != since.0 {
            since = (now, Instant::now());
        }
        since.0.filter(|_| since.1.elapsed() >= HEARD)
    })
}

async fn shown(browser: &Browser) -> String {
    browser.run(SHOWN, Vec::new()).await.as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn an_open_page_turns_to_unknown_by_itself_and_comes_back() {
    let (folder, origin) = (tempfile::tempdir().unwrap(), Origin::start());
    config(folder.path(), &origin);
    let mut hub = Running::start(candor(folder.path()).arg("serve"));
    let port = hub.port_after("Status page ");
    wait_for("the site is known to work", LIMIT, || green(port));
    let browser = Browser::open(Scheme::Light, Screen::Desktop).await;
    browser.goto(&format!("http://127.0.0.1:{port}/")).await;
    browser.run("window.here_all_along = true;", Vec::new()).await;
    let before = (shown(&browser).await, browser.text("h1").await.unwrap_or_default());
    assert!(before.0.starts_with("operational | operational | #i-operational | "), "{before:?}");
    browser.screenshot("lease-1-green").await;

    let lease = heard_lease(port);
    hub.kill();
    assert!(shown(&browser).await.starts_with("operational"), "the lease has seconds to go");
    browser.wait_until("document.documentElement.dataset.v === 'unknown'", LIMIT).await;
    let turned = Timestamp::now();
    assert!(turned + EARLY >= lease, "turned at {turned}, and the lease was good until {lease}");
    assert!(turned <= lease + LATE, "turned at {turned}, and the lease was over at {lease}");
    assert_all_unknown(&browser, &before).await;
    browser.screenshot("lease-2-unknown").await;
    browser.wait_until("!document.querySelector('#offline').hidden", LIMIT).await;
    browser.screenshot("lease-3-offline").await;

    let address = format!("127.0.0.1:{port}");
    let _again = Running::start(candor(folder.path()).args(["serve", "--listen", &address]));
    browser.wait_until("document.documentElement.dataset.v === 'operational'", LIMIT).await;
    assert!(green(port).is_some(), "it comes back with new evidence alone");
    assert_eq!(shown(&browser).await, before.0);
    assert_eq!(browser.text("h1").await.unwrap_or_default(), before.1);
    browser.wait_until("document.querySelector('#offline').hidden", LIMIT).await;
    let same = browser.run("return window.here_all_along === true;", Vec::new()).await;
    assert_eq!(same, true, "the page was not loaded anew");
    browser.screenshot("lease-4-green-again").await;
    browser.close().await;
}

/// Nothing on the page says green any more: headline, icons, tiles, words, title.
async fn assert_all_unknown(browser: &Browser, before: &(String, String)) {
    let after = shown(browser).await;
    assert!(after.starts_with("unknown | unknown | #i-unknown | "), "{after}");
    assert_ne!(after.rsplit_once(" | ").map(|x| x.1), before.0.rsplit_once(" | ").map(|x| x.1), "the title");
    let headline = browser.text("h1").await.unwrap_or_default();
    assert_ne!(headline, before.1);
    assert!(headline.contains("last measured"), "it says since when: {headline}");
    // The legend explains the marks and claims nothing.
    assert_eq!(browser.count("main [data-v=operational]:not(.legend *)").await, 0);
    assert_eq!(browser.count("main use[href='#i-operational']:not(.legend *)").await, 0);
    let icon = browser.run("return document.querySelector('link[rel=icon]').href;", Vec::new()).await;
    assert!(icon.as_str().is_some_and(|icon| icon.contains("unknown")), "{icon}");
    let all = browser.text("main .group").await.unwrap_or_default();
    assert!(!all.contains("All works") && !all.contains("You can browse"), "{all}");
    assert_eq!(browser.count(".legend use[href='#i-operational']").await, 1, "the legend stays");
}
