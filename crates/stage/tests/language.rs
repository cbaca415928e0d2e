//! What is wrong in a scenario is said at its place, with a way out, all of it in one run.

use candor_stage::scenario::read;

fn faults(text: &str) -> String {
    match read("mine.yaml", text) {
        Ok(scenario) => format!("no fault: {scenario:?}"),
        Err(faults) => faults.render(text, false),
    }
}

const MISTAKES: &str = "\
scenario: Many mistakes
lasts: 10 minutes
places: [gb, zz, gb]
wach: {every: 10s}
timeline:
  - at: 2m
    kil: commerce
  - at: 2m
    kill: comerce
  - kill: commerce
  - at: 20s
    for: 1m
    start: commerce
  - at: 5
    stop: mail
    pause: docs
  - at: 1m
    link: {place: us, drop: 30}
  - at: 1m
    link: {place: in, cut: true}
  - at: 1m
    publish: {}
  - at: 1m
    publish: {remove: [Buy_Internal.], cut-after: 0}
  - at: 1m
    publish: {set: [\"id IN A 300.1.1.1\"], zone: \"nothing\"}
  - at: 1m
    maintenance: {name: Quiet, services: [musik]}
  - at: 1m
    repeat: {every: 10s}
    say-status: {system: apps, state: down}
";

#[test]
fn every_mistake_is_a_fault_at_its_place_with_a_way_out() {
    insta::assert_snapshot!(faults(MISTAKES));
}

#[test]
fn what_is_no_scenario_at_all_is_said_too() {
    let texts =
        ["", "- a\n- b\n", "scenario: [\n", "scenario: x\n\ttimeline: y\n", "scenario: &a x\nabout: *a\n"];
    let all: Vec<String> = texts.iter().map(|text| format!("{text:?}\n{}", faults(text))).collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn an_event_after_the_end_is_refused() {
    let text = "scenario: Late\nlasts: 2m\ntimeline:\n  - {at: 3m, kill: commerce}\n";
    assert!(faults(text).contains("after the end of the scenario"));
}

#[test]
fn what_ends_an_event_follows_it_in_time_and_names_it() {
    let text = "scenario: Two\nlasts: 10m\ntimeline:\n  - {at: 4m, for: 1m, pause: mail}\n  - {at: 1m, for: 5m, kill: commerce}\n";
    let scenario = read("two.yaml", text).unwrap();
    let words: Vec<String> = scenario
        .events
        .iter()
        .map(|event| format!("{} {}", event.at_ms / 1000, scenario.words(event)))
        .collect();
    assert_eq!(
        words,
        ["60 commerce is killed", "240 mail is halted", "300 mail goes on", "360 commerce is started"]
    );
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(?s).{0,400}") {
        let _ = read("any.yaml", &text);
    }

    #[test]
    fn no_shape_makes_it_panic(words in proptest::collection::vec("[a-z%:\\[\\]{}0-9 -]{0,12}", 0..24)) {
        let text = format!("scenario: x\nlasts: 10m\ntimeline:\n  - at: 1m\n    {}\n", words.join("\n    "));
        let _ = read("any.yaml", &text);
    }
}
