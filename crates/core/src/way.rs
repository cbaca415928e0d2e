//! The way to a name, as a walk saw it: the zones from the top down with their servers, for pictures. Bounded.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

/// Servers that are kept of one zone; the rest is counted.
pub const SERVERS_MAX: usize = 8;
/// Zones that are kept.
pub const ZONES_MAX: usize = 12;

/// The zones on the way, from the top down.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Way {
    /// At most [`ZONES_MAX`].
    pub zones: Vec<ZoneOnWay>,
}

/// A zone, its servers, and the names on the way that lie in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneOnWay {
    /// Its apex, with the last dot.
    pub apex: String,
    /// At most [`SERVERS_MAX`].
    pub servers: Vec<ServerOnWay>,
    /// How many more it has.
    pub more: u32,
    /// Hosts that are named as its servers and have no address.
    pub unusable: Vec<String>,
    /// Names on the way, each with what it is an alias of.
    pub names: Vec<(String, Option<String>)>,
}

/// A server of a zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerOnWay {
    /// Its name, with the last dot.
    pub name: String,
    /// Its address.
    pub address: String,
    /// How it does.
    pub does: Does,
}

/// How a server does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Does {
    /// It has the zone, with this serial; what it says of the name, and whether that is a denial.
    Answers {
        /// The serial of its copy.
        serial: u32,
        /// `A 192.0.2.1`, `NXDOMAIN`.
        said: Option<String>,
        /// Whether it denies the name or its data.
        denies: bool,
    },
    /// It does not answer.
    Silent,
    /// Nobody listens there.
    Closed,
    /// No way leads there from here, or it was not asked.
    Unreached,
    /// It does not serve the zone.
    Lame,
}
