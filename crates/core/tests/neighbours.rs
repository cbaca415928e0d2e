//! Neighbours that go out together confirm each other; told as stories, with all that must not be taken for it.

#![expect(clippy::indexing_slicing, reason = "five places, known by their numbers")]

mod support;

use candor_core::engine::{Action, Input};
use candor_core::fault::Kind::{self, ConnectTimeout, DnsNxdomain, HttpStatus};
use candor_core::id::{CellKey, VantageId};
use candor_core::verdict::Verdict::{self, Degraded, Operational, Outage, Unknown};
use support::{Shape, Story, at, fail, key, pass, plan};

const S: i64 = 1_000;
const PLACES: [&str; 5] = ["gb", "us", "ca", "in", "fr"];

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

/// All places pass within an interval, and then these are seen to fail: which, how many seconds after, and how.
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

fn verdicts(story: &Story) -> [Verdict; 5] {
    core::array::from_fn(|place| story.verdict(&buy(place)))
}

#[test]
fn most_places_that_fall_alike_one_after_the_other_are_out_and_the_next_needs_no_recheck() {
    let mut story = story(&shape(), &[(0, 0, DnsNxdomain), (1, 2, DnsNxdomain)]);
    assert_eq!(verdicts(&story), [Operational; 5], "two of five are no majority");
    see(&mut story, &[(2, 4, DnsNxdomain)]);
    assert_eq!(verdicts(&story), [Outage, Outage, Outage, Operational, Operational]);
    story.actions.clear();
    see(&mut story, &[(3, 6, DnsNxdomain)]);
    assert_eq!(verdicts(&story), [Outage, Outage, Outage, Outage, Operational]);
    assert!(!story.actions.iter().any(|action| matches!(action, Action::Recheck { .. })));
}

#[test]
fn one_that_fails_alone_in_its_way_is_looked_at_by_itself() {
    let fell = [(0, 0, DnsNxdomain), (1, 2, DnsNxdomain), (2, 4, DnsNxdomain), (3, 6, HttpStatus)];
    let story = story(&shape(), &fell);
    assert_eq!(verdicts(&story), [Outage, Outage, Outage, Operational, Operational]);
}

#[test]
fn a_burst_is_one_moment_and_confirms_nothing() {
    let story = story(&shape(), &[0, 1, 2, 3, 4].map(|place| (place, i64::from(place > 2), ConnectTimeout)));
    assert_eq!(verdicts(&story), [Operational; 5]);
}

#[test]
fn a_pass_among_neighbours_ends_it() {
    let mut story = story(&shape(), &[(0, 0, DnsNxdomain), (1, 2, DnsNxdomain)]);
    story.all(&buy(4), at(34 * S), None);
    see(&mut story, &[(2, 4, DnsNxdomain), (3, 6, DnsNxdomain)]);
    assert_eq!(verdicts(&story), [Operational; 5], "two have fallen since it passed");
}

#[test]
fn a_pass_that_began_before_they_fell_is_none_since() {
    let mut story = story(&shape(), &[(0, 0, DnsNxdomain), (1, 2, DnsNxdomain)]);
    let mut long = pass(story.checks(&buy(4))[0], at(34 * S));
    long.took_ms = 5_000;
    story.see(long);
    see(&mut story, &[(2, 4, DnsNxdomain)]);
    assert_eq!(verdicts(&story)[..3], [Outage; 3]);
}

#[test]
fn neighbours_that_have_long_been_out_say_nothing_of_one_that_fails_now() {
    let mut story = story(&shape(), &[]);
    for n in 0..8 {
        see(&mut story, &[0, 1, 2].map(|place| (place, n * 30 + place as i64 * 2, ConnectTimeout)));
        story.all(&buy(3), at((31 + n * 30) * S), None);
        story.all(&buy(4), at((31 + n * 30) * S), None);
    }
    see(&mut story, &[(3, 240, ConnectTimeout)]);
    assert_eq!(verdicts(&story), [Outage, Outage, Outage, Operational, Operational]);
}

#[test]
fn a_broken_vantage_is_not_believed_because_it_fails_everywhere() {
    let shape = Shape { vantages: vec!["london", "mumbai", "ottawa"], ..shape() };
    let mut story = story(&shape, &[]);
    for place in 0..5 {
        let [london, mumbai, ottawa] = story.checks(&buy(place))[..] else { panic!("three vantages") };
        let when = at((31 + place as i64 * 2) * S);
        story.see(fail(london, when, ConnectTimeout));
        story.see(pass(mumbai, when));
        story.see(pass(ottawa, when));
    }
    assert_eq!(verdicts(&story), [Degraded; 5], "one of three fails, confirmed, and the others see it pass");
}

#[test]
fn a_blind_vantage_accuses_nobody_because_it_fails_everywhere() {
    let shape = Shape { anchored: true, ..shape() };
    let mut story = story(&shape, &[0, 1, 2, 3, 4].map(|place| (place, place as i64 * 2, ConnectTimeout)));
    let here = VantageId::new("here").unwrap();
    assert!(story.actions.contains(&Action::AskVantage(here.clone())));
    assert_eq!(verdicts(&story), [Unknown; 5], "it was not asked yet");
    story.handle(at(41 * S), Input::VantageHeartbeat { vantage: here, sees: false });
    story.handle(at(90 * S), Input::Tick);
    assert_eq!(verdicts(&story), [Unknown; 5]);
}

#[test]
fn a_wrong_confirmation_is_taken_back_by_passes() {
    let mut story = story(&shape(), &[(0, 0, DnsNxdomain), (1, 2, DnsNxdomain), (2, 4, DnsNxdomain)]);
    for s in [40, 42] {
        story.everything_passes(at(s * S));
    }
    assert_eq!(verdicts(&story), [Operational; 5]);
}
