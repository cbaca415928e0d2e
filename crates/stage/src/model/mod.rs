//! The world of the simulated mode: the estate as data, with a clock of its own.
//!
//! In reading order: `zone` (names), `estate` (which journey needs which roles and names), `luck` (the seed), `copies`
//! (how a zone spreads, is kept and expires), `world` (what is wrong now), `walk` (a journey through it), `surface` (what
//! anybody can ask of it), `faults` (what is really the matter), `called` (by which class),
//! `money`.
//!
//! It is written from the estate's own documents and imports nothing of Candor: the truth of a simulated run is its own.
//! Absent: load. A role answers at once unless a cause says otherwise.

mod called;
mod copies;
mod estate;
mod faults;
pub(crate) mod luck;
mod money;
mod surface;
mod walk;
mod world;
pub mod zone;

pub use faults::{Faults, faults};
pub use world::{Effect, World};

use std::net::IpAddr;

use crate::scenario::Scenario;
use crate::truth::{CellName, NotTaken, Truth};

/// The hosts of a journey, step by step, relative to the zone: what whoever watches asks one after the other.
#[must_use]
pub fn hosts(cell: &CellName) -> Vec<String> {
    estate::journey(cell).into_iter().map(|step| step.host).collect()
}

/// The names that a service's roles ask for while they answer, relative to the zone: what its owner knows that it needs.
#[must_use]
pub fn needs(service: &str) -> Vec<&'static str> {
    estate::needs(service)
}

/// The name servers of the zone, by their names relative to it.
#[must_use]
pub fn name_servers() -> Vec<(&'static str, IpAddr)> {
    estate::Map::of(&[]).servers
}

/// Money really not taken in a run: by those of the scenario's customers who came to buy while they could not.
#[must_use]
pub fn not_taken(scenario: &Scenario, truth: &Truth) -> Vec<NotTaken> {
    money::not_taken(scenario, truth)
}
