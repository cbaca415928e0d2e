//! Days of the simulated year, with a trouble of each kind and form thrown in hour by hour: each is found within its
//! promise, none is invented, and all that is over is closed. `cargo run --release -p candor-core --example year -- --faults`
//! takes the whole year.

mod support;

use std::time::Duration;

use candor_core::fault::Kind;
use support::world::trouble::{Form, Trouble};
use support::world::{DAY_MS, Weather, World};
use support::{Shape, key, plan, policy};

const HOUR: i64 = 3_600_000;

fn eight_cells() -> Shape {
    let mut policy = policy();
    policy.degraded.within = Some(Duration::from_secs(1));
    let services =
        vec![("app-store", vec!["browse", "buy"]), ("mail", vec!["send"]), ("id", vec!["sign-in"])];
    Shape { services, policy, ..Shape::default() }
}

fn calm() -> Weather {
    Weather { loss_ppm: 0, burst_every_ms: i64::MAX / 4, ..Weather::default() }
}

#[test]
fn every_trouble_is_found_in_time_and_none_is_invented() {
    for seed in [1, 2015] {
        let weather =
            Weather { storms: true, partitions: vec![(1, DAY_MS / 2, DAY_MS)], ..Weather::default() };
        let mut world = World::new(plan(&eight_cells()), weather, seed);
        world.run_until(DAY_MS + 8 * HOUR);
        let report = world.report();
        assert!(
            report.broken.is_empty(),
            "seed {seed}: {} broken, the first: {}",
            report.broken.len(),
            report.broken[0]
        );
        assert!(report.found > 20, "seed {seed}: {} of {} found", report.found, report.lasting);
        assert_eq!(report.unlucky, 0, "seed {seed}: an outage called by one vantage and the weather");
        assert_eq!(report.green_late_ms, 0, "seed {seed}: read green past the promise");
    }
}

/// So many places that neighbours confirm each other, and so many cells that their services lack rechecks.
#[test]
fn in_many_places_every_trouble_is_found_in_time_and_none_is_invented() {
    let mut policy = policy();
    policy.degraded.within = Some(Duration::from_secs(1));
    let places =
        ["ae", "at", "au", "be", "br", "ca", "ch", "cn", "de", "es", "fr", "gb", "in", "it", "jp", "us"];
    let services = vec![("app-store", vec!["browse", "buy"]), ("mail", vec!["send"])];
    let shape = Shape { services, places: places.to_vec(), policy, ..Shape::default() };
    let weather =
        Weather { storms: true, partitions: vec![(1, DAY_MS / 4, DAY_MS / 2)], ..Weather::default() };
    let mut world = World::new(plan(&shape), weather, 2015);
    world.run_until(DAY_MS);
    let report = world.report();
    assert!(report.broken.is_empty(), "{} broken, the first: {}", report.broken.len(), report.broken[0]);
    assert!(report.found > 20, "{} of {} found", report.found, report.lasting);
    assert_eq!((report.unlucky, report.green_late_ms), (0, 0), "{report:?}");
}

#[test]
fn one_vantage_alone_is_found_and_is_no_outage() {
    let mut world = World::new(plan(&eight_cells()), calm(), 5);
    let trouble = Trouble {
        cells: vec![3],
        kind: Kind::TlsExpired,
        form: Form::OneVantage(2),
        from: HOUR,
        to: 2 * HOUR,
    };
    world.throw(trouble);
    world.run_until(4 * HOUR);
    let report = world.report();
    assert_eq!(
        (report.found, report.opened, report.closed, report.false_outages.len()),
        (1, 1, 1, 0),
        "{report:?}"
    );
    assert!(report.broken.is_empty(), "{}", report.broken[0]);
}

#[test]
fn a_judge_notes_what_is_found_too_late() {
    let mut slow = eight_cells();
    slow.policy.confirm.down = 40;
    let mut world = World::new(plan(&slow), calm(), 5);
    world.throw(Trouble {
        cells: vec![0],
        kind: Kind::HttpStatus,
        form: Form::Whole,
        from: HOUR,
        to: 2 * HOUR,
    });
    world.run_until(4 * HOUR);
    assert!(world.report().broken.iter().any(|said| said.contains("not found within its promise")));
}

#[test]
fn a_judge_notes_what_is_invented() {
    let weather = Weather { partitions: vec![(0, HOUR, 2 * HOUR), (1, HOUR, 2 * HOUR)], ..calm() };
    let mut world = World::new(plan(&eight_cells()), weather, 5);
    world.run_until(2 * HOUR);
    assert!(world.report().broken.iter().any(|said| said.contains("there is none")));
}

#[test]
fn a_judge_notes_what_is_never_closed() {
    let mut stubborn = eight_cells();
    stubborn.policy.confirm.up = u16::MAX;
    let mut world = World::new(plan(&stubborn), calm(), 5);
    world.throw(Trouble {
        cells: vec![0],
        kind: Kind::HttpStatus,
        form: Form::Whole,
        from: HOUR,
        to: 2 * HOUR,
    });
    world.run_until(6 * HOUR);
    let report = world.report();
    assert!(report.broken.iter().any(|said| said.contains("is still open")), "{:?}", report.broken);
}

#[test]
fn a_day_is_the_same_whether_or_not_the_days_before_it_are() {
    let weather = || Weather { storms: true, ..Weather::default() };
    let cell = key("mail", "send", Some("in"));
    let verdict = |world: &World| world.engine.verdicts().find(|(k, ..)| **k == cell).map(|(_, v, _)| v);
    let mut whole = World::new(plan(&eight_cells()), weather(), 9);
    whole.run_until(DAY_MS + DAY_MS / 4);
    let mut late = World::from_day(plan(&eight_cells()), weather(), 9, 1);
    late.run_until(DAY_MS + DAY_MS / 4);
    assert_eq!(verdict(&whole), verdict(&late));
    assert!(late.report().thrown > 0 && late.report().runs < whole.report().runs);
}
