//! What is asked of who names causes, and what breaks a run.

use super::{Bounds, Scores, score};
use crate::Ms;
use crate::fault::{Accepted, Fault, NOT_DNS, Root};
use crate::scenario::Watch;
use crate::seen::{Said, Seen, SeenCause, SeenIncident, Verdict};
use crate::truth::{CellName, Fares, Layer, Span, Truth, Window};

const LASTS_MS: Ms = 900_000;
const FROM_MS: Ms = 120_000;
const UNTIL_MS: Ms = 300_000;
const FOUND_MS: Ms = 128_000;

fn cell(service: &str) -> CellName {
    CellName::new(service, "buy", Some("gb"))
}

fn zone() -> Root {
    Root::Zone(2)
}

fn role() -> Root {
    Root::Role("mail".into())
}

/// Two cells; each of these fails for its root, from two minutes on, for so long.
fn truth(faults: &[(&str, Root, &[&'static str])], until_ms: Ms) -> Truth {
    let mut truth = Truth::default();
    for service in ["apps", "mail"] {
        truth.note(&cell(service), 0, Fares::WELL);
    }
    for (service, root, classes) in faults {
        let fares = Fares::fails(Layer::Dns);
        truth.note(&cell(service), FROM_MS, fares);
        truth.note(&cell(service), until_ms, Fares::WELL);
        let spans = vec![Span { from_ms: FROM_MS, until_ms, fares }];
        let classes = classes.iter().copied().collect();
        let accepted = vec![Accepted { from_ms: FROM_MS, classes, subject: "id".into() }];
        truth.faults.push(Fault { root: root.clone(), cells: [(cell(service), spans)].into(), accepted });
    }
    truth.end(LASTS_MS);
    truth
}

/// The page turns red at once, and green when it is over.
fn seen(truth: &Truth, incidents: Vec<SeenIncident>) -> Seen {
    let mut seen = Seen::default();
    for (cell, spans) in &truth.cells {
        for span in spans {
            let fails = span.fares != Fares::WELL;
            let verdict = if fails { Verdict::Outage } else { Verdict::Operational };
            let at = if fails { FOUND_MS } else { span.from_ms };
            let words = format!("{cell} {}", verdict.word());
            seen.note(cell, at, &Said { verdict, maintenance: false, layer: span.fares.layer, words });
        }
    }
    for incident in incidents {
        seen.note_incident(incident);
    }
    seen.end(LASTS_MS);
    seen
}

fn incident(id: &str, services: &[&str], cause: Option<(&str, Ms)>) -> SeenIncident {
    SeenIncident {
        id: id.into(),
        opened_ms: FOUND_MS,
        resolved_ms: Some(UNTIL_MS + 20_000),
        title: "Buying fails".into(),
        cells: services.len(),
        members: services.iter().map(|service| cell(service)).collect(),
        cause: cause.map(|(class, at_ms)| SeenCause {
            class: class.into(),
            subject: None,
            at_ms,
            picture: None,
        }),
    }
}

fn scored(truth: &Truth, incidents: Vec<SeenIncident>) -> Scores {
    score(truth, &seen(truth, incidents), &Bounds::of(Watch::default()))
}

fn name_gone() -> Truth {
    truth(&[("apps", zone(), &["F1"])], UNTIL_MS)
}

#[test]
fn a_cause_that_is_named_right_and_in_time_is_right() {
    let scores = scored(&name_gone(), vec![incident("1", &["apps"], Some(("F1", FOUND_MS + 5_000)))]);
    assert_eq!((scores.cause_right, scores.cause_s), (Some(true), Some(5.0)));
    assert!(scores.passed(), "{:?}", scores.broken);
    assert_eq!(scores.causes[0].class.as_deref(), Some("F1"));
}

#[test]
fn a_cause_that_comes_late_breaks_the_run_and_is_right_still() {
    let scores = scored(&name_gone(), vec![incident("1", &["apps"], Some(("F1", FOUND_MS + 5_001)))]);
    assert_eq!((scores.cause_right, scores.cause_s), (Some(true), Some(5.001)));
    let late = "the zone with serial 2 (id), from 0:02:00: 5.001 s from detection until the cause was named, at most 5 s (P11)";
    assert_eq!(scores.broken, [late]);
}

#[test]
fn another_class_than_the_evidence_shows_is_wrong() {
    for class in ["F2", "F10", "could_not_tell", NOT_DNS] {
        let scores = scored(&name_gone(), vec![incident("1", &["apps"], Some((class, FOUND_MS)))]);
        assert_eq!((scores.cause_right, scores.wrong_accusations), (Some(false), 0), "{class}");
        let wrong =
            format!("the zone with serial 2 (id), from 0:02:00: named {class} at first, F1 is right (P11)");
        assert_eq!(scores.broken, [wrong]);
    }
}

#[test]
fn who_accuses_the_dns_where_nothing_is_wrong_with_it_fails() {
    let truth = truth(&[("mail", role(), &[NOT_DNS])], UNTIL_MS);
    let scores = scored(&truth, vec![incident("1", &["mail"], Some(("F16", FOUND_MS)))]);
    assert_eq!((scores.cause_right, scores.wrong_accusations), (Some(false), 1));
    assert!(scores.broken.join(" ").contains("nothing was wrong with the DNS"), "{:?}", scores.broken);
    let fair = scored(&truth, vec![incident("1", &["mail"], Some((NOT_DNS, FOUND_MS)))]);
    assert_eq!((fair.cause_right, fair.passed()), (Some(true), true));
}

#[test]
fn a_fault_of_other_cells_is_no_reason_to_accuse() {
    let both = truth(&[("apps", zone(), &["F1"]), ("mail", role(), &[NOT_DNS])], UNTIL_MS);
    let first = incident("1", &["apps"], Some(("F1", FOUND_MS)));
    let right = scored(&both, vec![first.clone(), incident("2", &["mail"], Some((NOT_DNS, FOUND_MS)))]);
    assert_eq!((right.cause_right, right.passed()), (Some(true), true), "{:?}", right.broken);
    let wrong = scored(&both, vec![first, incident("2", &["mail"], Some(("F1", FOUND_MS)))]);
    assert_eq!((wrong.cause_right, wrong.wrong_accusations), (Some(false), 1));
}

#[test]
fn two_faults_at_once_are_two_incidents() {
    let both = truth(&[("apps", zone(), &["F1"]), ("mail", role(), &[NOT_DNS])], UNTIL_MS);
    let scores = scored(&both, vec![incident("1", &["apps", "mail"], Some(("F1", FOUND_MS)))]);
    let broken = scores.broken.join("\n");
    assert!(broken.contains("the zone with serial 2 and mail were one incident (P11)"), "{broken}");
}

#[test]
fn who_parts_two_faults_later_is_late_with_the_second() {
    let both = truth(&[("apps", zone(), &["F1"]), ("mail", role(), &[NOT_DNS])], UNTIL_MS);
    let first = incident("1", &["apps", "mail"], Some(("F1", FOUND_MS)));
    let named_ms = FOUND_MS + 20_000;
    let parted = SeenIncident { opened_ms: named_ms, ..incident("2", &["mail"], Some((NOT_DNS, named_ms))) };
    let scores = scored(&both, vec![first, parted]);
    assert_eq!((scores.cause_right, scores.cause_s), (Some(true), Some(20.0)));
    assert!(!scores.passed());
}

#[test]
fn an_incident_without_a_cause_beside_one_with_is_wrong_and_none_at_all_is_not_scored() {
    let both = truth(&[("apps", zone(), &["F1"]), ("mail", role(), &[NOT_DNS])], UNTIL_MS);
    let one = incident("1", &["apps"], Some(("F1", FOUND_MS)));
    let scores = scored(&both, vec![one, incident("2", &["mail"], None)]);
    assert_eq!(scores.cause_right, Some(false));
    assert!(scores.broken.join(" ").contains("no cause was named, not_dns is right"), "{:?}", scores.broken);
    let silent = scored(&both, vec![incident("1", &["apps"], None), incident("2", &["mail"], None)]);
    assert_eq!((silent.cause_right, silent.passed()), (None, true));
}

#[test]
fn what_is_too_short_announced_or_unseen_need_not_be_named() {
    let wrong = vec![incident("1", &["apps"], Some((NOT_DNS, FOUND_MS)))];
    assert_eq!(
        scored(&truth(&[("apps", zone(), &["F1"])], FROM_MS + 18_000), wrong.clone()).cause_right,
        None
    );
    assert_eq!(
        scored(&truth(&[("apps", zone(), &["F1"])], FROM_MS + 18_001), wrong.clone()).cause_right,
        Some(false)
    );
    let mut announced = name_gone();
    announced.announced.push(("apps".into(), Window { from_ms: FROM_MS, until_ms: UNTIL_MS }));
    assert_eq!(scored(&announced, wrong.clone()).cause_right, None);
    let mut blind = name_gone();
    blind.blind.insert(cell("apps"), vec![Window { from_ms: FROM_MS, until_ms: FROM_MS + 1 }]);
    assert_eq!(scored(&blind, wrong).cause_right, None);
}

#[test]
fn an_accusation_right_after_the_repair_is_no_wrong_one_and_a_late_one_is() {
    let truth = name_gone();
    let at = |at_ms| scored(&truth, vec![incident("1", &["apps"], Some(("F1", at_ms)))]).wrong_accusations;
    let grace = Bounds::of(Watch::default()).recovery_ms();
    assert_eq!((at(UNTIL_MS + grace), at(UNTIL_MS + grace + 6_001)), (0, 1));
}

#[test]
fn where_the_page_does_not_say_which_cells_time_decides() {
    let mut one = incident("1", &[], Some(("F1", FOUND_MS)));
    one.cells = 1;
    assert_eq!(scored(&name_gone(), vec![one.clone()]).cause_right, Some(true));
    one.cause = Some(SeenCause { class: "F3".into(), subject: None, at_ms: FOUND_MS, picture: None });
    assert_eq!(scored(&name_gone(), vec![one]).cause_right, Some(false));
}
