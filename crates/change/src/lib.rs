//! A DNS change: planned before it is published.
//!
//! * [`required()`]: the names of a zone that must go on leading somewhere, learned from what is watched.
//! * [`look_around()`]: what the zone's servers say, and names outside of it that required ones lead to.
//! * [`Plan`]: what a change does and what speaks against it, bound to the version that it was made for.
//!
//! Failure policy: a plan that could not look at something says so; it never passes for having looked. Absent yet: publishing,
//! one server first, and the way back.

mod around;
mod plan;
mod required;

pub use around::{ServerToAsk, ask_nobody, look_around};
pub use plan::{Broken, Difference, Finding, Journeys, Plan, Records, Set, Version};
pub use required::required;
