//! How fast the engine replays a log: prints observations a second, on one core.
//!
//! The log is made first: 240 checks (20 capabilities in 4 places from 3 vantages), every 30 s, one run in a hundred
//! failing, so that verdicts change, rechecks are asked for and incidents come and go. Only the engine is timed.
//! `cargo xtask bench P13` runs this; the first argument is the number of observations (default 1,000,000).
#![expect(clippy::print_stdout, reason = "the number is the product")]

use std::time::Instant;

use candor_core::Timestamp;
use candor_core::engine::{Engine, Input};
use candor_core::fault::Kind;
use candor_core::id::CheckId;
use candor_core::observation::Observation;

#[path = "../tests/support/mod.rs"]
mod support;

const OBSERVATIONS: u32 = 1_000_000;
const EVERY_MS: i64 = 30_000;

fn main() {
    let wanted = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(OBSERVATIONS);
    let shape = support::Shape {
        services: SERVICES.iter().map(|service| (*service, vec!["browse", "buy"])).collect(),
        places: vec!["gb", "us", "ca", "in"],
        ..support::Shape::default()
    };
    let plan = support::plan(&shape);
    let checks: Vec<CheckId> =
        plan.cells().flat_map(|(_, _, cell)| cell.checks.iter().map(|check| check.id)).collect();
    let log = log(&checks, wanted);
    let mut engine = Engine::new(plan, support::at(0));
    let begun = Instant::now();
    let mut actions = 0_u64;
    for (seq, (now, seen)) in (1..).zip(log) {
        engine.handle(now, Input::Observation(seq, seen));
        while engine.poll().is_some() {
            actions += 1;
        }
    }
    let took = begun.elapsed().as_secs_f64();
    println!("{wanted} observations, {actions} actions, {took:.3} s");
    println!("{:.0}", f64::from(wanted) / took);
}

const SERVICES: &[&str] =
    &["apps", "music", "books", "films", "news", "mail", "files", "games", "maps", "photos"];

/// Every check in turn, spread over the interval; each hundredth run fails, in runs of two so that some are confirmed.
fn log(checks: &[CheckId], wanted: u32) -> Vec<(Timestamp, Observation)> {
    let count = i64::try_from(checks.len()).unwrap_or(i64::MAX);
    checks
        .iter()
        .cycle()
        .zip(0..i64::from(wanted))
        .map(|(check, n)| {
            let when = support::at(n * EVERY_MS / count);
            let round = n / count;
            let fails = (n % count + round / 2) % 100 == 0;
            (
                when,
                if fails {
                    support::fail(*check, when, Kind::ConnectRefused)
                } else {
                    support::pass(*check, when)
                },
            )
        })
        .collect()
}
