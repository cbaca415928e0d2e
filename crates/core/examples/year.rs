//! A healthy stretch in bad weather: how many outages the engine calls that were none. Row P12 of the measures.
//!
//! 100 cells (25 capabilities in 4 places), 3 vantages, an interval of 30 s; half a percent of attempts are lost by
//! themselves, each vantage has a burst of two seconds about every hour, and one is broken for the second week. The
//! first argument is the number of days (default 365), the second the seed (default 2015).
#![expect(clippy::print_stdout, reason = "the number is the product")]

use support::world::{Weather, World};

#[path = "../tests/support/mod.rs"]
mod support;

const DAY_MS: i64 = 86_400_000;

fn main() {
    let mut words = std::env::args().skip(1);
    let mut number = |default| words.next().and_then(|word| word.parse().ok()).unwrap_or(default);
    let (days, seed) = (number(365_i64), number(2015));
    let shape = support::Shape {
        services: ["a", "b", "c", "d", "e"].into_iter().map(|s| (s, vec!["v", "w", "x", "y", "z"])).collect(),
        places: vec!["gb", "us", "ca", "in"],
        ..support::Shape::default()
    };
    let weather = Weather { partitions: vec![(1, 7 * DAY_MS, 14 * DAY_MS)], ..Weather::default() };
    let mut world = World::new(support::plan(&shape), weather, seed.unsigned_abs());
    for day in 1..=days {
        world.run_until(day * DAY_MS);
    }
    let report = &world.report;
    println!("days {days}");
    println!("runs {}", report.runs);
    println!("rechecks {}", report.rechecks);
    println!("false_outages {}", report.false_outages.len());
    for (at, cell) in &report.false_outages {
        println!("  day {}: {cell}", at / DAY_MS);
    }
}
