//! `candor replay`.

use std::path::PathBuf;

use clap::{Args as Group, ValueEnum};

/// `candor replay`
#[derive(Debug, Group)]
pub(crate) struct ReplayArgs {
    /// A scenario: scenarios/ has many, docs/scenarios.md says how to write one
    pub(crate) file: PathBuf,
    /// On real processes and packets
    #[arg(long, conflicts_with = "simulated")]
    pub(crate) live: bool,
    /// On the simulator: hours in seconds (default)
    #[arg(long)]
    pub(crate) simulated: bool,
    /// The seed of chance; the same seed makes the same run
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Play so many seeds, from --seed on
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) seeds: Option<u32>,
    /// How to print the results
    #[arg(long, value_enum, default_value_t = ReplayFormat::Human)]
    pub(crate) format: ReplayFormat,
    /// Write a report with its picture here
    #[arg(long, value_name = "FILE.html")]
    pub(crate) report: Option<PathBuf>,
}

/// How a run is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReplayFormat {
    /// A timeline and a picture, in 80 columns
    Human,
    /// One JSON object
    Json,
}
