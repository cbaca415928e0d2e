//! What must hold of every truth and every page.

use proptest::prelude::*;

use super::{Bounds, Scores, score};
use crate::Ms;
use crate::scenario::Watch;
use crate::seen::{Said, Seen, Verdict};
use crate::truth::{Can, CellName, Fares, Layer, Truth};

const LASTS_MS: Ms = 3_600_000;

fn said(cell: &CellName, verdict: Verdict, layer: Option<Layer>) -> Said {
    Said { verdict, maintenance: false, layer, words: format!("{cell}: {}", verdict.word()) }
}

fn cell(n: usize) -> CellName {
    CellName::new("apps", "buy", Some(&format!("p{n}")))
}

fn verdict_of(can: Can) -> Verdict {
    match can {
        Can::Yes => Verdict::Operational,
        Can::Mostly | Can::Partly => Verdict::Degraded,
        Can::No => Verdict::Outage,
    }
}

/// A truth of some cells: lengths of time, with how it is in each.
fn truth_of(cells: &[Vec<(Ms, Fares)>]) -> Truth {
    let mut truth = Truth::default();
    for (n, spans) in cells.iter().enumerate() {
        let mut at = 0;
        for (length, fares) in spans {
            truth.note(&cell(n), at, *fares);
            at += length;
        }
    }
    truth.end(LASTS_MS);
    truth
}

/// The page that says the truth.
fn honest(truth: &Truth) -> Seen {
    let mut seen = Seen::default();
    for (cell, spans) in &truth.cells {
        for span in spans {
            seen.note(cell, span.from_ms, &said(cell, verdict_of(span.fares.can), span.fares.layer));
        }
    }
    seen.end(truth.lasts_ms);
    seen
}

/// A page that always says one thing.
fn stubborn(truth: &Truth, verdict: Verdict) -> Seen {
    let mut seen = Seen::default();
    for cell in truth.cells.keys() {
        seen.note(cell, 0, &said(cell, verdict, None));
    }
    seen.end(truth.lasts_ms);
    seen
}

fn scored(truth: &Truth, seen: &Seen) -> Scores {
    score(truth, seen, &Bounds::of(Watch::default()))
}

fn longest(truth: &Truth, can: Can) -> f64 {
    let spans = truth.cells.values().flatten().filter(|span| span.fares.can == can);
    let ms = spans.map(|span| span.until_ms - span.from_ms).max().unwrap_or(0);
    f64::from(u32::try_from(ms).unwrap()) / 1000.0
}

fn fares() -> impl Strategy<Value = Fares> {
    prop_oneof![
        3 => Just(Fares::WELL),
        2 => Just(Fares::fails(Layer::Dns)),
        1 => Just(Fares::waits(Layer::Transfer)),
        1 => Just(Fares { can: Can::Partly, layer: Some(Layer::Deadline), at_once: false }),
    ]
}

fn truths() -> impl Strategy<Value = Truth> {
    let spans = proptest::collection::vec((1_000..600_000_u64, fares()), 1..12);
    proptest::collection::vec(spans, 1..5).prop_map(|cells| truth_of(&cells))
}

proptest! {
    #[test]
    fn a_page_that_equals_the_truth_scores_nothing(truth in truths()) {
        let scores = scored(&truth, &honest(&truth));
        prop_assert_eq!((scores.false_green_s, scores.false_red_s, scores.unknown_s), (0.0, 0.0, 0.0));
        prop_assert!(scores.detected_s.unwrap_or(0.0) == 0.0 && scores.recovered_s.unwrap_or(0.0) == 0.0);
        prop_assert!(scores.passed() && scores.scope_right, "{:?}", scores.broken);
        prop_assert_ne!(scores.layer_right, Some(false));
    }

    #[test]
    fn a_page_that_is_always_green_is_wrong_for_exactly_the_longest_outage(truth in truths()) {
        let scores = scored(&truth, &stubborn(&truth, Verdict::Operational));
        prop_assert_eq!(scores.false_green_s, longest(&truth, Can::No));
        prop_assert_eq!((scores.false_red_s, scores.detected_s), (0.0, None));
    }

    #[test]
    fn a_page_that_is_always_red_is_wrong_for_exactly_the_longest_health(truth in truths()) {
        let scores = scored(&truth, &stubborn(&truth, Verdict::Outage));
        prop_assert_eq!((scores.false_red_s, scores.false_green_s), (longest(&truth, Can::Yes), 0.0));
    }

    #[test]
    fn unknown_is_never_false_and_always_counted(truth in truths()) {
        let scores = scored(&truth, &stubborn(&truth, Verdict::Unknown));
        prop_assert_eq!((scores.false_green_s, scores.false_red_s), (0.0, 0.0));
        prop_assert_eq!(scores.unknown_s, 3600.0);
    }

    #[test]
    fn a_page_that_does_not_answer_is_unknown(truth in truths()) {
        let scores = scored(&truth, &Seen::default());
        prop_assert_eq!((scores.false_green_s, scores.unknown_s), (0.0, 3600.0));
    }
}

/// Two minutes of health, three of outage, health again.
fn outage(fares: Fares) -> Truth {
    truth_of(&[vec![(120_000, Fares::WELL), (180_000, fares), (1, Fares::WELL)]])
}

/// The page of an outage that turns red and green again so late, and names the layer.
fn late(truth: &Truth, red_ms: Ms, green_ms: Ms) -> Scores {
    let layer = truth.at(&cell(0), 120_000).and_then(|fares| fares.layer);
    scored(truth, &page_of(truth, (red_ms, green_ms), layer))
}

fn page_of(truth: &Truth, (red_ms, green_ms): (Ms, Ms), layer: Option<Layer>) -> Seen {
    let mut seen = stubborn(truth, Verdict::Operational);
    let spans: Vec<(Ms, Verdict)> = vec![
        (0, Verdict::Operational),
        (120_000 + red_ms, Verdict::Outage),
        (300_000 + green_ms, Verdict::Operational),
    ];
    seen.cells.clear();
    for (at, verdict) in spans {
        seen.note(&cell(0), at, &said(&cell(0), verdict, layer));
    }
    seen.end(LASTS_MS);
    seen
}

#[test]
fn detection_is_measured_and_held_to_its_bound() {
    let truth = outage(Fares::fails(Layer::Dns));
    let kept = late(&truth, 12_000, 5_000);
    assert_eq!((kept.detected_s, kept.false_green_s, kept.recovered_s), (Some(12.0), 12.0, Some(5.0)));
    assert_eq!((kept.false_red_s, kept.layer_right, kept.passed()), (5.0, Some(true), true));
    let missed = late(&truth, 12_001, 5_000);
    assert!(!missed.passed() && missed.broken.join(" ").contains("P9"), "{:?}", missed.broken);
}

#[test]
fn a_fault_that_must_be_waited_for_has_two_timeouts_more() {
    let truth = outage(Fares::waits(Layer::Transfer));
    assert!(late(&truth, 18_000, 5_000).passed());
    assert!(!late(&truth, 18_001, 5_000).passed());
}

#[test]
fn red_that_stays_after_the_repair_is_out_of_scope() {
    let truth = outage(Fares::fails(Layer::Dns));
    assert!(late(&truth, 5_000, 30_000).scope_right);
    assert!(!late(&truth, 5_000, 30_001).scope_right);
}

#[test]
fn green_beyond_the_lease_while_nothing_is_seen_is_false() {
    let mut truth = truth_of(&[vec![(1, Fares::WELL)]]);
    truth.note_blind(&cell(0), 100_000, true);
    truth.note_blind(&cell(0), 300_000, false);
    truth.end(LASTS_MS);
    let scores = scored(&truth, &stubborn(&truth, Verdict::Operational));
    assert_eq!(scores.false_green_s, 172.0, "200 s, less a lease of 28 s");
    assert!(!scores.passed());
}

#[test]
fn not_to_know_what_could_be_known_is_a_failure_too() {
    let truth = truth_of(&[vec![(1, Fares::WELL)]]);
    let scores = scored(&truth, &stubborn(&truth, Verdict::Unknown));
    assert!(!scores.scope_right && !scores.passed());
}

#[test]
fn another_layer_than_the_customers_is_wrong() {
    let truth = outage(Fares::fails(Layer::Http));
    let scores = scored(&truth, &page_of(&truth, (5_000, 5_000), Some(Layer::Dns)));
    assert_eq!((scores.layer_right, scores.passed()), (Some(false), false));
    assert_eq!(
        scores.broken,
        ["apps buy in p0, from 0:02:00: the page named the layer dns, customers failed at http (layer)"]
    );
}

#[test]
fn a_sentence_that_does_not_say_of_what_or_how_it_fares_is_wrong() {
    let truth = truth_of(&[vec![(1, Fares::WELL)], vec![(1, Fares::WELL)]]);
    let page = |words: [(&str, Verdict); 2]| {
        let mut seen = Seen::default();
        for (n, (words, verdict)) in words.into_iter().enumerate() {
            let said = Said { words: words.into(), ..said(&cell(0), verdict, None) };
            seen.note(&cell(n), 0, &said);
        }
        seen.end(LASTS_MS);
        scored(&truth, &seen)
    };
    let green = Verdict::Operational;
    assert!(page([("It works here.", green), ("It works there.", green)]).words_right);
    for (words, why) in [
        (
            [("It works.", green), ("It works.", green)],
            "apps buy in p0 and apps buy in p1 share \"It works.\" (words)",
        ),
        ([("It works.", green), (" ", green)], "apps buy in p1 was operational without a word (words)"),
    ] {
        let scores = page(words);
        assert_eq!((scores.words_right, scores.broken.as_slice()), (false, [why.to_owned()].as_slice()));
    }
    let mut seen = stubborn(&truth, green);
    seen.note(&cell(0), 60_000, &Said { verdict: Verdict::Unknown, ..said(&cell(0), green, None) });
    seen.end(LASTS_MS);
    let broken = scored(&truth, &seen).broken.join("\n");
    let why = "apps buy in p0 was operational and unknown with \"apps buy in p0: operational\" (words)";
    assert!(broken.contains(why), "{broken}");
}
