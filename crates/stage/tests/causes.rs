//! What is really the matter in each scenario of the repository, and by which classes it may be called.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the message")]

use std::collections::BTreeSet;
use std::path::Path;

use candor_stage::fault::{Fault, Root};
use candor_stage::model::faults;
use candor_stage::scenario::{Scenario, read};

fn scenario(name: &str) -> Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../scenarios/{name}.yaml"));
    read(name, &std::fs::read_to_string(path).unwrap()).unwrap_or_else(|faults| panic!("{faults}"))
}

fn of(timeline: &str) -> Vec<Fault> {
    let text = format!("scenario: Mine\nlasts: 15m\ntimeline:\n{timeline}");
    faults(&read("mine.yaml", &text).unwrap_or_else(|faults| panic!("{faults}")), 1)
}

/// The classes of a fault once it has spread.
fn settled(fault: &Fault) -> Vec<&'static str> {
    let (from, until) = fault.extent();
    let at = (from + 10_000).min(until - 1);
    let now = fault.accepted.iter().rev().find(|what| what.from_ms <= at).unwrap();
    now.classes.iter().copied().collect()
}

#[test]
fn each_scenario_has_its_cause() {
    let expected: &[(&str, &[&str])] = &[
        ("addresses-emptied", &["the zone with serial 2: F2 (details.internal)"]),
        ("alias-broken", &["the zone with serial 3: F6 (buy.internal)"]),
        ("apology-page", &["music: not_dns (music)"]),
        ("certificate-expired", &["the certificate of us.apps: not_dns (us.apps)"]),
        ("clock-stepped", &["commerce: not_dns (commerce)"]),
        ("commerce-halted", &["commerce: not_dns (commerce)"]),
        ("commerce-killed", &["commerce: not_dns (commerce)"]),
        ("delivery-stalls", &["delivery: not_dns (delivery)"]),
        ("disk-full", &["books: not_dns (books)"]),
        ("every-name-gone", &["the zone with serial 2: F3"]),
        ("final-dot-missing", &["the zone with serial 2: F4 (id)"]),
        ("flapping", &["details: not_dns (details)"]),
        ("maintenance-with-outage", &["music: not_dns (music)", "commerce: not_dns (commerce)"]),
        ("name-deleted", &["the zone with serial 2: F1 (buy.internal)"]),
        ("name-servers-silent", &["name servers that do not answer: F11 (ns1, ns2, ns3, ns4)"]),
        ("one-server-silent", &["name servers that do not answer: F11/F16 (ns4)"]),
        ("one-server-old", &["the zone with serial 2: F1/F12/F5 (id)"]),
        ("packet-loss", &["the link to in: could_not_tell/not_dns (in)"]),
        ("place-cut", &["the link to in: not_dns (in)"]),
        ("primary-lost", &["copies of the zone that are too old: F11/F12 (ns2, ns3, ns4)"]),
        ("secondary-expired", &["copies of the zone that are too old: F12 (ns4)"]),
        ("sign-in-killed", &["identity: not_dns (identity)"]),
        ("slow-disk", &["commerce: not_dns (commerce)"]),
        ("two-at-once", &["the zone with serial 2: F1 (cdn)", "mail: not_dns (mail)"]),
        ("watcher-cut", &[]),
        ("watcher-cut-in-one-place", &[]),
        ("wildcard-answers", &["the zone with serial 3: F7 (buy.internal)"]),
        ("wrong-address", &["the zone with serial 2: F8 (id)"]),
        ("zone-truncated", &["the zone with serial 2: F3"]),
    ];
    for (name, causes) in expected {
        let found: Vec<String> = faults(&scenario(name), 1)
            .iter()
            .map(|fault| {
                let subject = &fault.accepted.last().unwrap().subject;
                let listed = if subject.len() < 30 { format!(" ({subject})") } else { String::new() };
                format!("{}: {}{listed}", fault.root, settled(fault).join("/"))
            })
            .collect();
        assert_eq!(found, *causes, "{name}");
    }
}

#[test]
fn a_fault_has_the_cells_that_fail_for_it_and_no_others() {
    let all =
        of("  - {at: 2m, for: 3m, kill: details}\n  - {at: 2m, for: 3m, publish: {remove: [id.internal]}}\n");
    let deeds = |fault: &Fault| {
        fault
            .cells
            .keys()
            .map(|cell| cell.capability.clone())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
    };
    let found: Vec<_> = all.iter().map(|fault| (fault.root.to_string(), deeds(fault).join(" "))).collect();
    assert_eq!(found[0], ("details".to_owned(), "view".to_owned()));
    assert_eq!(
        found[1],
        ("the zone with serial 2".to_owned(), "ask buy install open read upload".to_owned())
    );
    assert_eq!(found.len(), 2);
    let (from, until) = all[0].extent();
    assert_eq!((from, until), (120_000, 300_300), "it is started, and takes a moment");
}

#[test]
fn many_names_that_go_at_once_are_one_name_or_a_loss_and_one_alone_is_not() {
    let called =
        |names: &str| settled(&of(&format!("  - {{at: 2m, for: 3m, publish: {{remove: [{names}]}}}}\n"))[0]);
    assert_eq!(called("id"), ["F1"]);
    assert_eq!(called("id, cdn, mail, docs"), ["F1", "F3"]);
}

#[test]
fn a_copy_that_has_not_heard_of_the_repair_is_old_and_nothing_else() {
    let timeline = "  - at: 5s\n    publish: {remove: [cdn], withhold: [ns2, ns3, ns4]}\n  - at: 10s\n    \
                    publish: {restore: true, withhold: [ns2, ns3]}\n";
    assert!(of(timeline).is_empty(), "who has the error is asked by nobody");
    let timeline = "  - at: 1m\n    publish: {remove: [cdn]}\n  - at: 3m\n    publish: {bring-back: [cdn], withhold: [ns4]}\n";
    let all = of(timeline);
    assert_eq!((all.len(), &all[0].root), (1, &Root::Zone(2)), "it is the same fault, in India alone");
    assert_eq!(all[0].accepted.last().unwrap().classes.iter().copied().collect::<Vec<_>>(), ["F12", "F5"]);
}

#[test]
fn one_server_of_four_is_missing_to_those_who_ask_it() {
    let all = of("  - {at: 2m, for: 3m, kill: ns4}\n");
    assert_eq!((settled(&all[0]), all.len()), (vec!["F11", "F16"], 1));
    assert!(all[0].cells.keys().all(|cell| cell.place.as_deref().is_none_or(|place| place == "in")));
}

#[test]
fn what_is_remembered_of_an_error_is_the_same_fault_still() {
    let timeline = "  - {at: 5s, publish: {ttl: 2m, denial: 2m}}\n  - {at: 2m, for: 4m, publish: {remove: [buy.internal]}}\n";
    let all = of(timeline);
    assert_eq!(all.len(), 1);
    let last = all[0].accepted.last().unwrap();
    assert!(last.classes.contains("F15") && last.classes.contains("F1"), "{last:?}");
    assert!(all[0].extent().1 > 6 * 60_000, "beyond the repair");
}

#[test]
fn the_same_some_minutes_later_is_another_fault() {
    let all = of("  - {at: 1m, for: 1m, kill: mail}\n  - {at: 9m, for: 1m, kill: mail}\n");
    assert_eq!(all.len(), 2);
    let flaps = of("  - {at: 1m, for: 20s, repeat: {every: 40s, times: 6}, kill: mail}\n");
    assert_eq!(flaps.len(), 1);
}
