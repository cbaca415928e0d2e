//! Neighbours that go out together confirm each other; told as stories, with all that must not be taken for it.

#![expect(clippy::indexing_slicing, reason = "nine places, known by their numbers")]

mod support;

use candor_core::engine::{Action, Input};
use candor_core::fault::Kind::{self, ConnectTimeout, DnsNxdomain, HttpStatus};
use candor_core::id::{CellKey, VantageId};
use candor_core::verdict::Verdict::{self, Degraded, Operational, Outage, Unknown};
use support::{Shape, Story, at, fail, key, pass, plan};

const S: i64 = 1_000;
const PLACES: [&str; 9] = ["gb", "us", "ca", "in", "fr", "de", "it", "jp", "au"];

fn shape() -> Shape {
    Shape {
        services: vec![("apps", vec!["buy"])],
        places: PLACES.to_vec(),
        vantages: vec!["here"],
        ..Shape::default()
    }
}

fn buy(place: usize) -> CellKey {
    key("apps", "buy", Some(PLACES[place]))
}

/// All places pass, and then these are seen to fail: which, how many seconds after, and how.
fn story(shape: &Shape, fails: &[(usize, i64, Kind)]) -> Story {
    let mut story = Story::new(plan(shape));
    story.everything_passes(at(S));
    see(&mut story, fails);
    story
}

fn see(story: &mut Story, fails: &[(usize, i64, Kind)]) {
    for (place, s, kind) in fails {
        story.all(&buy(*place), at(31 * S + s * S), Some(*kind));
    }
}

/// These places fall one after the other, two seconds apart, from `s` on.
fn fall(story: &mut Story, places: core::ops::Range<usize>, s: i64, kind: Kind) {
    for (nth, place) in places.enumerate() {
        see(story, &[(place, s + nth as i64 * 2, kind)]);
    }
}

fn verdicts(story: &Story) -> [Verdict; 9] {
    core::array::from_fn(|place| story.verdict(&buy(place)))
}

/// The first so many are out, and the others are said to work.
fn out(count: usize) -> [Verdict; 9] {
    core::array::from_fn(|place| if place < count { Outage } else { Operational })
}

#[test]
fn most_places_that_fall_alike_one_after_the_other_are_out_and_the_next_needs_no_recheck() {
    let mut story = story(&shape(), &[]);
    fall(&mut story, 0..4, 0, DnsNxdomain);
    assert_eq!(verdicts(&story), out(0), "four of nine are no majority");
    fall(&mut story, 4..5, 8, DnsNxdomain);
    assert_eq!(verdicts(&story), out(5));
    story.actions.clear();
    fall(&mut story, 5..6, 10, DnsNxdomain);
    assert_eq!(verdicts(&story), out(6));
    assert!(!story.actions.iter().any(|action| matches!(action, Action::Recheck { .. })));
}

#[test]
fn one_that_fails_alone_in_its_way_is_looked_at_by_itself() {
    let mut story = story(&shape(), &[]);
    fall(&mut story, 0..5, 0, DnsNxdomain);
    fall(&mut story, 5..6, 10, HttpStatus);
    assert_eq!(verdicts(&story), out(5));
}

#[test]
fn a_burst_is_too_few_moments_and_confirms_nothing() {
    let places = [0, 1, 2, 3, 4, 5, 6, 7, 8].map(|place| (place, place as i64 / 3, ConnectTimeout));
    assert_eq!(verdicts(&story(&shape(), &places)), out(0));
}

#[test]
fn a_pass_among_neighbours_ends_it() {
    let mut story = story(&shape(), &[]);
    fall(&mut story, 0..3, 0, DnsNxdomain);
    story.all(&buy(8), at(36 * S), None);
    fall(&mut story, 3..6, 6, DnsNxdomain);
    assert_eq!(verdicts(&story), out(0), "three have fallen since it passed");
}

#[test]
fn a_pass_that_began_before_they_fell_is_none_since() {
    let mut story = story(&shape(), &[]);
    fall(&mut story, 0..3, 0, DnsNxdomain);
    let mut long = pass(story.checks(&buy(8))[0], at(36 * S));
    long.took_ms = 6_000;
    story.see(long);
    fall(&mut story, 3..5, 6, DnsNxdomain);
    assert_eq!(verdicts(&story), out(5));
}

#[test]
fn neighbours_that_have_long_been_out_say_nothing_of_one_that_fails_now() {
    let mut story = story(&shape(), &[]);
    for n in 0..8 {
        for place in 5..9 {
            story.all(&buy(place), at((31 + n * 30) * S), None);
        }
        fall(&mut story, 0..5, n * 30 + 1, ConnectTimeout);
    }
    assert_eq!(verdicts(&story), out(5));
    see(&mut story, &[(5, 241, ConnectTimeout)]);
    assert_eq!(verdicts(&story), out(5));
}

#[test]
fn a_broken_vantage_is_not_believed_because_it_fails_everywhere() {
    let shape = Shape { vantages: vec!["london", "mumbai", "ottawa"], ..shape() };
    let mut story = story(&shape, &[]);
    for place in 0..9 {
        let [london, mumbai, ottawa] = story.checks(&buy(place))[..] else { panic!("three vantages") };
        let when = at((31 + place as i64 * 2) * S);
        story.see(fail(london, when, ConnectTimeout));
        story.see(pass(mumbai, when));
        story.see(pass(ottawa, when));
    }
    assert_eq!(verdicts(&story), [Degraded; 9], "one of three fails, confirmed, and the others see it pass");
}

#[test]
fn a_blind_vantage_accuses_nobody_because_it_fails_everywhere() {
    let shape = Shape { anchored: true, ..shape() };
    let mut story = story(&shape, &[]);
    fall(&mut story, 0..9, 0, ConnectTimeout);
    let here = VantageId::new("here").unwrap();
    assert!(story.actions.contains(&Action::AskVantage(here.clone())));
    assert_eq!(verdicts(&story), [Unknown; 9], "it was not asked yet");
    story.handle(at(49 * S), Input::VantageHeartbeat { vantage: here, sees: false });
    story.handle(at(90 * S), Input::Tick);
    assert_eq!(verdicts(&story), [Unknown; 9]);
}

#[test]
fn a_wrong_confirmation_is_taken_back_by_passes() {
    let mut story = story(&shape(), &[]);
    fall(&mut story, 0..5, 0, DnsNxdomain);
    assert_eq!(verdicts(&story), out(5));
    for s in [44, 46] {
        story.everything_passes(at(s * S));
    }
    assert_eq!(verdicts(&story), out(0));
}
