//! What is said, as typed values. `page` turns them into sentences; nothing here is a sentence.
//!
//! A [`Saying`] is a list of claims. For a cell it holds one; for a service one for each group of capabilities and
//! places that fare alike; for the whole at most one claim of what works beside the worst of what fails.

use alloc::string::String;
use alloc::vec::Vec;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::fault::Kind;
use crate::verdict::Verdict;

/// What is said about a cell, a service, or the whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saying {
    /// The verdict that the claims add up to.
    pub verdict: Verdict,
    /// What is claimed: worst first, what works last.
    pub claims: Vec<Claim>,
    /// How many further claims of trouble were left out.
    pub more: u32,
}

/// One claim: who can or cannot do what, where, since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// What customers do.
    pub deed: Deed,
    /// The names of the services it is said of; at least one.
    pub services: Vec<String>,
    /// Where.
    pub places: PlaceScope,
    /// How it fares.
    pub fares: Fares,
    /// Since when it fares so, as far as evidence goes.
    pub since: Option<Timestamp>,
    /// Names of the vantages it was measured from, where none of them lies in the place.
    pub measured_from: Vec<String>,
}

/// What customers do, in the forms that sentences need.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Deed {
    /// As a heading: "Buy".
    pub name: String,
    /// After "You can": "buy".
    pub can: String,
    /// As a subject: "buying".
    pub doing: String,
}

/// Where a claim holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PlaceScope {
    /// The service has no places.
    Whole,
    /// In all of its places; how many there are, and their names.
    All(Vec<String>),
    /// In some: their names, out of so many.
    Some(Vec<String>, u32),
}

/// How a deed fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Fares {
    /// It works.
    Works,
    /// It fails, and how.
    Fails(Kind),
    /// It works, but slower than it should: milliseconds taken, milliseconds allowed.
    Slow(u32, u32),
    /// So many of the last so many runs failed, and how.
    Sometimes(u32, u32, Kind),
    /// It fails from so many of so many vantages, and how.
    FromSome(u32, u32, Kind),
    /// It is not known.
    Unknown(UnknownWhy),
}

/// Why a thing is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum UnknownWhy {
    /// Nothing has been measured yet.
    NeverMeasured,
    /// Measurements stopped; the last one is older than its lease.
    Silent,
    /// Results are coming in, and there are not yet enough of them to say.
    TooFew,
    /// First failures were seen and are being confirmed.
    Confirming,
    /// Our own vantages cannot measure (blind, or failing by themselves).
    Ours,
}
