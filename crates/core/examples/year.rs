//! A year of the engine in bad weather, with nothing wrong or with everything: rows P9, P10 and P12 of the measures.
//!
//! ```text
//! year [DAYS [SEED]]                              a healthy stretch: how many outages are called that are none
//! year --faults [--days D] [--seed N] [--from D]  the same with a trouble each hour, of each kind and in each form
//! ```
//!
//! 100 cells (25 capabilities in 4 places), 3 vantages, an interval of 30 s; half a percent of attempts are lost by
//! themselves, each vantage has a burst of two seconds about every hour, and one is broken for the second week.
//! The seed is printed, and makes the same year again. `--from` begins on a later day with an engine that knows nothing:
//! what happens is the same, what is remembered is not. Exit 1 where a promise was not kept, with the history around it.
#![expect(clippy::print_stdout, reason = "the figures are the product")]

use std::process::ExitCode;

use support::world::{DAY_MS, Report, Weather, World};

#[path = "../tests/support/mod.rs"]
mod support;

/// Broken promises that are told in full.
const TOLD: usize = 5;

/// Of so many troubles one may be made more of than it is by three lost attempts in a row.
const UNLUCKY_OF: u64 = 10_000;

struct Wish {
    faults: bool,
    days: i64,
    seed: i64,
    from: i64,
}

fn main() -> ExitCode {
    let Some(wish) = Wish::read(std::env::args().skip(1)) else {
        println!("year [DAYS [SEED]] | year --faults [--days D] [--seed N] [--from D]");
        return ExitCode::from(2);
    };
    let shape = support::Shape {
        services: ["a", "b", "c", "d", "e"].into_iter().map(|s| (s, vec!["v", "w", "x", "y", "z"])).collect(),
        places: vec!["gb", "us", "ca", "in"],
        ..support::Shape::default()
    };
    let weather = Weather { storms: wish.faults, ..Weather::of_a_year() };
    let mut policy = shape.policy.clone();
    policy.degraded.within = wish.faults.then(|| std::time::Duration::from_secs(1));
    let plan = support::plan(&support::Shape { policy, ..shape });
    let mut world = World::from_day(plan, weather, wish.seed.unsigned_abs(), wish.from);
    println!("seed {}", wish.seed);
    println!("days {}", wish.days);
    for day in wish.from + 1..=wish.from + wish.days {
        world.run_until(day * DAY_MS);
    }
    tell(world.report(), wish.faults);
    let report = world.report();
    let faultless = report.broken.is_empty() && report.unlucky * UNLUCKY_OF <= report.thrown;
    let kept = report.false_outages.is_empty() && (!wish.faults || faultless);
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn tell(report: &Report, faults: bool) {
    println!("runs {}", report.runs);
    println!("rechecks {}", report.rechecks);
    println!("false_outages {}", report.false_outages.len());
    for (at, cell) in &report.false_outages {
        println!("  day {}: {cell}", at / DAY_MS);
    }
    if !faults {
        return;
    }
    println!(
        "troubles {} (a cell each), {} of them longer than their promise",
        report.thrown, report.lasting
    );
    println!("found_in_time {}", report.found);
    println!("overstated {} (an outage called where one address of three was broken)", report.overstated);
    println!(
        "unlucky {} (one vantage truly failed, and another lost three attempts in a row)",
        report.unlucky
    );
    for (form, slowest) in &report.slowest_ms {
        println!("  slowest to be found, {form}: {:.1} s", *slowest as f64 / 1_000.0);
    }
    let seconds = |ms: i64| ms / 1_000;
    println!("outage_seconds {}", seconds(report.out_ms));
    println!("false_green_seconds {}", seconds(report.green_ms));
    println!("false_green_seconds_past_the_promise {}", seconds(report.green_late_ms));
    println!("incidents {} opened, {} closed", report.opened, report.closed);
    println!("broken_promises {}", report.broken.len());
    for broken in report.broken.iter().take(TOLD) {
        println!("\n{broken}");
    }
}

impl Wish {
    fn read(mut words: impl Iterator<Item = String>) -> Option<Self> {
        let mut wish = Self { faults: false, days: 365, seed: 2015, from: 0 };
        let mut placed = 0;
        while let Some(word) = words.next() {
            match (word.as_str(), placed) {
                ("--faults", _) => wish.faults = true,
                ("--days", _) => wish.days = words.next()?.parse().ok()?,
                ("--seed", _) => wish.seed = words.next()?.parse().ok()?,
                ("--from", _) => wish.from = words.next()?.parse().ok()?,
                (number, 0) => (wish.days, placed) = (number.parse().ok()?, 1),
                (number, 1) => (wish.seed, placed) = (number.parse().ok()?, 2),
                _ => return None,
            }
        }
        Some(wish)
    }
}
