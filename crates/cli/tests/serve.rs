//! `candor serve` as a process: it tells, it stops in good order, it survives being killed without ever claiming what
//! it does not know, and it takes a changed file.

mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use candor_core::Timestamp;
use serde_json::Value;
use support::candor::{Running, candor, finish, run};
use support::http::{get, list, status, text};
use support::normal::{PORT, PROCESS, normal};
use support::origin::{Mood, Origin};
use support::wait_for;

/// How long a hub may take to decide.
const DECIDES: Duration = Duration::from_secs(30);

/// A site asked every second: a green is good for three.
fn config(folder: &Path, services: &[(&str, &Origin)]) {
    let mut text =
        "page: {title: Shop status, listen: \"127.0.0.1:0\"}\noperate: {listen: \"127.0.0.1:0\"}\n\
                    defaults: {every: 1s, timeout: 1s, deadline: 1s}\nservices:\n"
            .to_owned();
    for (id, origin) in services {
        let journey = format!("[{{get: \"{}\", expect: {{text: Top charts}}}}]", origin.url());
        text.push_str(&format!("  - id: {id}\n    capabilities: {{open: {{journey: {journey}}}}}\n"));
    }
    std::fs::write(folder.join("candor.yaml"), text).expect("a config can be written");
}

/// A hub with its default config, and the port of its page.
fn serve(folder: &Path) -> (Running, u16) {
    let mut hub = Running::start(candor(folder).arg("serve"));
    let port = hub.port_after("Status page ");
    (hub, port)
}

fn until(port: u16, overall: &str) -> Value {
    wait_for(&format!("the page says {overall}"), DECIDES, || {
        status(port).filter(|seen| text(seen, "/overall") == overall)
    })
}

fn time(value: &Value, pointer: &str) -> Option<Timestamp> {
    text(value, pointer).parse().ok()
}

#[test]
fn a_site_is_watched_told_and_left_in_good_order() {
    let (folder, origin) = (tempfile::tempdir().unwrap(), Origin::start());
    config(folder.path(), &[("shop", &origin)]);
    let (mut hub, port) = serve(folder.path());
    let operators = hub.port_after("Operators ");
    let good = until(port, "operational");
    assert_eq!(text(&good, "/title"), "Shop status");
    let page = get(port, "/").expect("the page answers");
    assert_eq!(page.status, 200);
    assert!(page.head.to_ascii_lowercase().contains("content-security-policy: default-src 'none'"));
    assert!(page.body.contains(text(&good, "/words")), "the page says what the status says");
    assert_eq!(get(port, "/metrics").expect("it answers").status, 404, "figures are for operators");
    assert!(get(operators, "/metrics").expect("it answers").body.contains("candor_cell_verdict{"));
    assert_eq!(get(operators, "/healthz").expect("it answers").status, 200);
    origin.be(Mood::Broken);
    let bad = until(port, "outage");
    assert_eq!((text(&bad, "/cells/0/fault/layer"), text(&bad, "/cells/0/fault/kind")), ("http", "status"));
    assert_eq!(list(&bad, "/incidents").len(), 1);
    assert_eq!(hub.stop().code(), Some(0));
    insta::assert_snapshot!(normal(&hub.noted(), &[PORT]), @r"
    Status page http://127.0.0.1:PORT/
    Operators   http://127.0.0.1:PORT/  (metrics at /metrics)
    Watching 1 cell with 1 check; history in ./candor.db.
    stopping: what was decided is being kept
    ");
    run(folder.path(), &["ledger", "verify"]).ended(0);
    let (mut again, port) = serve(folder.path());
    let recovered = until(port, "outage");
    assert_eq!(list(&recovered, "/incidents").len(), 1, "the incident goes on, there is no second one");
    assert_eq!(text(&recovered, "/incidents/0/opened_at"), text(&bad, "/incidents/0/opened_at"));
    assert_eq!(again.stop().code(), Some(0));
}

/// What a killed hub knew is old when it comes back: until there is new evidence, nothing is green.
#[test]
fn a_hub_that_was_killed_claims_nothing_before_it_has_measured_again() {
    let (folder, origin) = (tempfile::tempdir().unwrap(), Origin::start());
    config(folder.path(), &[("shop", &origin)]);
    let (mut hub, port) = serve(folder.path());
    let last = until(port, "operational");
    hub.kill();
    let lease = time(&last, "/valid_until").expect("a green has an end");
    wait_for("the last lease is over", DECIDES, || {
        (Timestamp::now() > lease + Duration::from_secs(2)).then_some(())
    });
    let restarted = Timestamp::now();
    let (_hub, port) = serve(folder.path());
    let (begun, mut told) = (Instant::now(), Vec::new());
    loop {
        let Some(seen) = status(port) else { continue };
        let overall = text(&seen, "/overall").to_owned();
        if told.last() != Some(&overall) {
            told.push(overall.clone());
        }
        if overall == "operational" {
            let observed = time(&seen, "/cells/0/observed_at").expect("a green was observed");
            assert!(observed >= restarted, "green by evidence of {observed}, before {restarted}: {told:?}");
            break;
        }
        assert!(begun.elapsed() < DECIDES, "never green again: {told:?}");
    }
    assert_eq!(told, ["unknown", "operational"]);
    run(folder.path(), &["ledger", "verify"]).ended(0);
}

/// As above, and the site is gone too: green never comes.
#[test]
fn a_hub_that_was_killed_with_its_site_is_never_green_again() {
    let (folder, origin) = (tempfile::tempdir().unwrap(), Origin::start());
    config(folder.path(), &[("shop", &origin)]);
    let (mut hub, port) = serve(folder.path());
    let last = until(port, "operational");
    origin.be(Mood::Silent);
    hub.kill();
    let lease = time(&last, "/valid_until").expect("a green has an end");
    let (_hub, port) = serve(folder.path());
    wait_for("the site is known to be out", DECIDES, || {
        let seen = status(port)?;
        let overall = text(&seen, "/overall");
        // What was measured before the kill holds as long as it would have without it, and no longer.
        let kept = Timestamp::now() < lease + Duration::from_secs(1);
        assert!(overall != "operational" || kept, "green after {lease}: {seen:#}");
        (overall == "outage").then_some(())
    });
    run(folder.path(), &["ledger", "verify"]).ended(0);
}

#[test]
fn a_changed_file_is_taken_and_a_bad_one_is_refused_and_said() {
    let (folder, origin) = (tempfile::tempdir().unwrap(), Origin::start());
    config(folder.path(), &[("shop", &origin)]);
    let (mut hub, port) = serve(folder.path());
    let operators = hub.port_after("Operators ");
    until(port, "operational");
    config(folder.path(), &[("shop", &origin), ("help", &origin)]);
    let two = wait_for("the new service is known to work", DECIDES, || {
        status(port).filter(|s| list(s, "/cells").len() == 2 && text(s, "/overall") == "operational")
    });
    assert_eq!(text(&two, "/cells/1/service"), "help");
    std::fs::write(folder.path().join("candor.yaml"), "services: [{id: Shop}]\n").unwrap();
    hub.after("a changed config is refused; the old one stays in force");
    let told = wait_for("operators are told", DECIDES, || {
        status(operators).filter(|seen| !list(seen, "/notices").is_empty())
    });
    assert!(told.pointer("/notices/0").is_some_and(|n| n.to_string().contains("candor.yaml")), "{told:#}");
    let public = status(port).expect("the page answers");
    assert_eq!(list(&public, "/cells").len(), 2, "the old one is in force");
    assert!(!public.to_string().contains("candor.yaml"), "what is wrong with a file is not for the public");
    config(folder.path(), &[("help", &origin)]);
    wait_for("the service that left is gone", DECIDES, || {
        status(port).filter(|s| list(s, "/cells").len() == 1)
    });
    assert_eq!(hub.stop().code(), Some(0));
}

#[test]
fn a_site_is_watched_with_no_file_at_all() {
    let (folder, origin) = (tempfile::tempdir().unwrap(), Origin::start());
    let words = ["serve", &origin.url(), "--listen", "127.0.0.1:0", "--operate-listen", "127.0.0.1:0"];
    let mut hub = Running::start(candor(folder.path()).args(words));
    let port = hub.port_after("Status page ");
    let seen = until(port, "operational");
    assert_eq!(text(&seen, "/cells/0/capability"), "front-page");
    assert_eq!(hub.stop().code(), Some(0));
}

#[test]
fn what_keeps_a_hub_from_starting_is_said_with_what_to_do() {
    let (folder, origin) = (tempfile::tempdir().unwrap(), Origin::start());
    config(folder.path(), &[("shop", &origin)]);
    let taken = format!("127.0.0.1:{}", origin.port);
    let said = finish(candor(folder.path()).args(["serve", "--listen", &taken]));
    insta::assert_snapshot!("taken_port", normal(&said.all(), &[PORT]));
    let (_hub, _) = serve(folder.path());
    let second = run(folder.path(), &["serve"]);
    insta::assert_snapshot!("two_hubs", normal(&second.all(), &[PROCESS]));
    let nowhere = tempfile::tempdir().unwrap();
    insta::assert_snapshot!("no_file", run(nowhere.path(), &["serve"]).all());
}
