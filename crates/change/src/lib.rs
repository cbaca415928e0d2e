//! A DNS change: planned before it is published.
//!
//! * [`required()`]: the names of a zone that must go on leading somewhere, learned from what is watched.
//! * [`Plan`]: what a change does and what speaks against it, bound to the version that it was made for.
//!
//! Failure policy: a plan that could not look at something says so; it never passes for having looked. Absent yet: publishing,
//! one server first, and the way back.

mod plan;
mod required;

pub use plan::{Broken, Difference, Finding, Journeys, Plan, Records, Set, Version};
pub use required::required;
