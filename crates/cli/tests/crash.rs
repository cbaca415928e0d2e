//! The hub is killed (`kill -9`) again and again, at moments that a seed chooses: while it starts, decides, takes a
//! config, writes a snapshot or is being backed up. After each kill the books are checked from outside: nothing that was
//! acknowledged is lost, the chain is whole, nothing is green without evidence, no incident is lost or told twice.
//!
//! `cargo xtask soak` runs the same loop for longer, by the environment: `CANDOR_SOAK_KILLS`, `CANDOR_SOAK_MINUTES`,
//! `CANDOR_SOAK_SEED`. A failure names its seed; the same seed makes the same choices again.
#![expect(clippy::indexing_slicing, reason = "in a test a panic is the message")]

mod crash_loop;
mod support;

use std::time::Duration;

use crash_loop::Plan;

/// Kills where nobody says otherwise: what fits into a test.
const KILLS: u64 = 25;

fn said(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a whole number, not {text:?}")))
}

#[test]
fn a_hub_killed_at_any_moment_loses_nothing_acknowledged_and_invents_nothing() {
    let minutes = said("CANDOR_SOAK_MINUTES");
    let kills = said("CANDOR_SOAK_KILLS").unwrap_or(if minutes.is_some() { u64::MAX } else { KILLS });
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seed = said("CANDOR_SOAK_SEED").unwrap_or_else(|| now.map_or(1, |now| now.as_secs()));
    let limit = minutes.map(|minutes| Duration::from_secs(minutes * 60));
    crash_loop::run(&Plan { seed, kills, limit });
}
