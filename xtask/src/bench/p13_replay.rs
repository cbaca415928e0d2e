//! P13: how fast a log is replayed into state, on one core.
//!
//! The engine is driven by an example of candor-core, built for release, which makes its observations first and then
//! times nothing but the engine; it prints one number, observations a second.

use std::time::Duration;

use super::row::{Bench, Goal, Measured, Row};
use super::stand::example;
use crate::run::quietly;

/// The row.
pub(super) const ROW: Row = Row {
    id: "P13",
    title: "replay of the log into state",
    peers: "none replays a log",
    needs: &[],
    profile: None,
    measure,
};

const GOAL: Goal = Goal::AtLeast(1_000_000.0);
const RUN_LIMIT: Duration = Duration::from_secs(5 * 60);

fn measure(bench: &Bench<'_>) -> Result<Vec<Measured>, String> {
    let replay = example(bench.root, "replay")?.display().to_string();
    let mut samples = Vec::new();
    bench.each_round(|| {
        let value = once(bench, &replay)?;
        samples.push(value);
        Ok(format!("{value:.0} observations/s"))
    })?;
    Ok(vec![Measured {
        what: "replay of the log into state".into(),
        unit: "observations/s/core",
        samples,
        goal: GOAL,
    }])
}

fn once(bench: &Bench<'_>, replay: &str) -> Result<f64, String> {
    let run = quietly(bench.root, replay, &[], RUN_LIMIT);
    let last = run.output.lines().last().unwrap_or("").trim();
    match last.parse() {
        Ok(value) if run.ok => Ok(value),
        _ => Err(format!("the example printed no number: {last}")),
    }
}
