//! The engine in seeded worlds: healthy ones in bad weather, and ones that really break.

mod support;

use candor_core::verdict::Verdict;
use support::world::{Weather, World};
use support::{Shape, key, plan};

const HOUR: i64 = 3_600_000;

fn ten_cells() -> Shape {
    Shape {
        services: vec![
            ("app-store", vec!["browse", "buy"]),
            ("mail", vec!["send"]),
            ("documents", vec!["read"]),
            ("support", vec!["ask"]),
        ],
        ..Shape::default()
    }
}

#[test]
fn bad_weather_alone_never_makes_an_outage() {
    for seed in [1, 7, 2015] {
        let weather = Weather { partitions: vec![(1, 5 * HOUR, 12 * HOUR)], ..Weather::default() };
        let mut world = World::new(plan(&ten_cells()), weather, seed);
        world.run_until(24 * HOUR);
        assert!(world.report().false_outages.is_empty(), "seed {seed}: {:?}", world.report().false_outages);
        assert!(world.report().rechecks > 0, "seed {seed}: the weather was bad enough to be noticed");
    }
}

#[test]
fn a_broken_vantage_degrades_and_does_not_condemn() {
    let weather = Weather {
        loss_ppm: 0,
        burst_every_ms: i64::MAX / 4,
        partitions: vec![(0, HOUR, 3 * HOUR)],
        ..Weather::default()
    };
    let mut world = World::new(plan(&ten_cells()), weather, 3);
    world.run_until(2 * HOUR);
    assert!(world.engine.verdicts().all(|(_, verdict, _)| verdict == Verdict::Degraded));
    world.run_until(4 * HOUR);
    assert!(world.engine.verdicts().all(|(_, verdict, _)| verdict == Verdict::Operational));
}

#[test]
fn a_real_outage_is_found_within_an_interval_and_its_confirmation() {
    for seed in [1, 7, 2015] {
        let buy = key("app-store", "buy", Some("in"));
        let weather = Weather { outages: vec![(buy.clone(), HOUR, 2 * HOUR)], ..Weather::default() };
        let mut world = World::new(plan(&ten_cells()), weather, seed);
        world.run_until(HOUR + HOUR / 2);
        let verdict = world.engine.verdicts().find(|(k, ..)| **k == buy).map(|(_, v, _)| v);
        assert_eq!(verdict, Some(Verdict::Outage), "seed {seed}");
        // An interval until the first failure, a second until its recheck, latency, and as much again for a lost vote.
        let green = world.report().false_green_ms.get(&buy).copied().unwrap_or(0);
        assert!(green <= 33_000, "seed {seed}: read green for {green} ms");
        world.run_until(2 * HOUR + HOUR / 2);
        assert!(
            world.engine.verdicts().all(|(_, verdict, _)| verdict == Verdict::Operational),
            "seed {seed}"
        );
    }
}

#[test]
fn clock_steps_restarts_and_reloads_make_no_outage_and_green_comes_back() {
    for seed in [1, 7, 2015] {
        let weather = Weather {
            clock_steps: vec![(HOUR, 2 * HOUR), (2 * HOUR, -2 * HOUR), (3 * HOUR, -7 * HOUR)],
            restarts: vec![HOUR / 2, HOUR + 5, 2 * HOUR + 40_000, 3 * HOUR + 1],
            reloads: vec![HOUR / 3, HOUR + 7, 2 * HOUR + 50_000],
            ..Weather::default()
        };
        let mut world = World::new(plan(&ten_cells()), weather, seed);
        world.run_until(4 * HOUR);
        assert!(world.report().false_outages.is_empty(), "seed {seed}: {:?}", world.report().false_outages);
        let green = world.engine.verdicts().filter(|(_, v, _)| *v == Verdict::Operational).count();
        assert!(green >= 8, "seed {seed}: {green} of 10 are green");
    }
}

#[test]
fn one_seed_makes_one_world() {
    let run = || {
        let mut world = World::new(plan(&ten_cells()), Weather::default(), 42);
        world.run_until(6 * HOUR);
        world.engine.snapshot()
    };
    assert_eq!(run(), run());
}
