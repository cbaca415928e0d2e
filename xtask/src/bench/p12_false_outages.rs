//! P12: outages that were none, over a simulated healthy year in bad weather: 73 days from each of five seeds.
//!
//! The world is that of `crates/core/examples/year.rs`, where the weather is described.

use std::time::Duration;

use super::row::{Bench, Goal, Measured, Row};
use super::stand::example;
use crate::run::quietly;

/// The row.
pub(super) const ROW: Row = Row {
    id: "P12",
    title: "false outages over a simulated year",
    peers: "none",
    needs: &[],
    profile: None,
    measure,
};

const DAYS: &str = "73";
const SEEDS: [&str; 5] = ["1", "7", "42", "2015", "90210"];
const RUN_LIMIT: Duration = Duration::from_secs(10 * 60);

fn measure(bench: &Bench<'_>) -> Result<Vec<Measured>, String> {
    let year = example(bench.root, "year")?;
    let program = year.display().to_string();
    let mut sum = 0.0;
    for seed in SEEDS {
        println!("    seed {seed}");
        let run = quietly(bench.root, &program, &[DAYS, seed], RUN_LIMIT);
        let found =
            run.output.lines().find_map(|line| line.strip_prefix("false_outages ")?.parse::<f64>().ok());
        sum += found.filter(|_| run.ok).ok_or_else(|| format!("seed {seed}: {}", run.output))?;
    }
    let what = "false outages, 100 cells from 3 vantages, one of them broken for a week".into();
    Ok(vec![Measured { what, unit: "a year", samples: vec![sum], goal: Goal::AtMost(0.0) }])
}
