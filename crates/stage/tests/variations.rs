//! What is made from a seed is in the language, comes in all kinds, and has a cause that can be named.

use std::collections::{BTreeMap, BTreeSet};

use candor_stage::fault::NOT_DNS;
use candor_stage::model::faults;
use candor_stage::scenario::read;
use candor_stage::score::Bounds;
use candor_stage::variations::{Kind, text, variation};

const SEEDS: u64 = 200;

#[test]
fn every_seed_is_a_scenario_of_ten_to_twenty_minutes() {
    for seed in 0..5_000 {
        let text = text(seed);
        let scenario = read("variation.yaml", &text).unwrap_or_else(|faults| panic!("{faults}\n{text}"));
        assert!((600_000..=1_200_000).contains(&scenario.lasts_ms), "{text}");
    }
}

#[test]
fn kinds_take_turns_a_third_is_not_dns_and_a_sixth_are_two() {
    let mut kinds: BTreeMap<Kind, u64> = BTreeMap::new();
    for seed in 0..SEEDS {
        *kinds.entry(Kind::of(seed)).or_default() += 1;
    }
    let two = kinds.remove(&Kind::Two).unwrap();
    let others: u64 = kinds.iter().filter(|(kind, _)| !kind.is_dns()).map(|(_, n)| n).sum();
    assert!(6 * two >= SEEDS && 3 * others >= SEEDS, "{two} {others}");
    assert_eq!(kinds.len(), 21);
    let (least, most) = (kinds.values().min().unwrap(), kinds.values().max().unwrap());
    assert!(most - least <= 1, "{kinds:?}");
}

#[test]
fn the_same_seed_is_the_same_text_and_another_is_another() {
    assert_eq!(text(17), text(17));
    let all: BTreeSet<String> = (0..SEEDS).map(text).collect();
    assert_eq!(all.len(), usize::try_from(SEEDS).unwrap());
}

#[test]
fn every_seed_has_faults_that_can_be_named_two_of_two_kinds_with_cells_of_their_own() {
    let mut classes: BTreeSet<&str> = BTreeSet::new();
    for seed in 0..SEEDS {
        let scenario = variation(seed);
        let found = faults(&scenario, seed);
        let two = Kind::of(seed) == Kind::Two;
        assert_eq!(found.len(), if two { 2 } else { 1 }, "{}\n{found:?}", text(seed));
        let bounds = Bounds::of(scenario.watch);
        for fault in &found {
            let spans = fault.cells.values().flatten();
            let long = |span: &candor_stage::truth::Span| {
                let found = bounds.must_call_after_ms(&span.fares);
                span.until_ms - span.from_ms > found.saturating_add(bounds.look_ms())
            };
            assert!(spans.into_iter().any(long), "too short\n{}", text(seed));
            assert!(fault.extent().1 + 120_000 < scenario.lasts_ms, "no health follows\n{}", text(seed));
            assert!(fault.accepted.iter().all(|what| !what.classes.is_empty() && !what.subject.is_empty()));
            classes.extend(fault.accepted.iter().flat_map(|what| what.classes.iter()));
        }
        if let [one, other] = found.as_slice() {
            assert!(one.cells.keys().all(|cell| !other.cells.contains_key(cell)), "{}", text(seed));
        }
        let dns = found.iter().all(|fault| fault.root.is_dns());
        assert!(two || dns == Kind::of(seed).is_dns(), "{}", text(seed));
    }
    for class in ["F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F11", "F12", NOT_DNS] {
        assert!(classes.contains(class), "{class} is missing in {classes:?}");
    }
}
