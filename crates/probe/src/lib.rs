//! Journeys run against the world.
//!
//! * [`Runner`]: runs the journey of a check and says what it saw. Start at `runner`, then `step/`.
//! * `step/`: one file (or folder) for each kind of step; `connect`, `tls`, `guard` are what they share.
//! * `schedule/`: which check runs when, with a watchdog over each run.
//! * [`anchors`]: whether the vantage itself can be believed.
//!
//! Failure policy: the fault of a target is a [`candor_core::fault::Fault`], never an error; what we cannot do is a
//! fault of ours, in the same place. Nothing read from a network may panic, and all of it is bounded in size and time.
//! Absent: deciding what a fault means (core), and keeping observations (ledger).

pub mod anchors;
mod aside;
mod certificate;
mod clock;
mod connect;
mod cookies;
mod deadline;
mod failure;
#[cfg(fuzzing)]
pub mod fuzzing;
mod guard;
mod patterns;
mod prepared;
mod redact;
mod runner;
mod schedule;
mod session;
mod step;
mod tls;
mod variables;
mod verifier;

pub use runner::{CLEANUP_BUDGET, Runner};
pub use schedule::*;
