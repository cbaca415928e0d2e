//! A scenario: causes on a timeline, read from a YAML file.
//!
//! In reading order: `tree` (YAML with places), `fault` (what is wrong, where, and the way out), `sheet` (keys and plain
//! values), `events` and `zone` (the timeline), `read` (the whole). docs/scenarios.md teaches the language.
//!
//! Failure policy: all faults of a file are reported in one run, each at its place; half a scenario is never played.

mod events;
mod fault;
mod read;
mod sheet;
mod tree;
mod zone;

use serde::Serialize;

use crate::Ms;
use crate::cause::{Cause, Mend};
use crate::truth::CellName;

pub use fault::{Fault, Faults};
pub use read::{FILE_MAX, read};

/// The roles of the estate that causes may name, and the name servers with the copy of the zone that each has.
pub const ROLES: &[&str] = &[
    "apps",
    "macapps",
    "music",
    "books",
    "details",
    "identity",
    "commerce",
    "delivery",
    "mail",
    "documents",
    "connect",
    "testflight",
    "support",
    "social",
    "status",
    "ns1",
    "ns2",
    "ns3",
    "ns4",
];

/// The name servers: the primary, which nobody asks, and its copies for the west, for the east, and for India.
pub const COPIES: &[&str] = &["ns1", "ns2", "ns3", "ns4"];

/// Where a scenario happens unless it says otherwise.
pub const PLACES: &[&str] = &["gb", "us", "ca", "in"];

/// The stores, each watched in every place.
pub const STORES: &[&str] = &["apps", "macapps", "music", "books"];

/// What customers do in a store.
pub const STORE_DEEDS: &[&str] = &["browse", "view", "buy", "download"];

/// What is watched without places: (service, capability).
pub const ELSEWHERE: &[(&str, &str)] = &[
    ("account", "sign-in"),
    ("mail", "send"),
    ("mail", "read"),
    ("documents", "open"),
    ("connect", "upload"),
    ("testflight", "install"),
    ("support", "ask"),
];

/// Causes on a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Scenario {
    /// Its title, one line.
    pub name: String,
    /// What happens and what it teaches, in a few lines.
    pub about: String,
    /// The real case that it resembles.
    pub resembles: Option<String>,
    /// How long it is.
    pub lasts_ms: Ms,
    /// The places that take part.
    pub places: Vec<String>,
    /// How often whoever watches looks, and how long it waits.
    pub watch: Watch,
    /// How many customers come in a minute, all over the world.
    pub customers: u32,
    /// What happens, in the order of time; what mends an event is an event of its own.
    pub events: Vec<Event>,
}

/// How whoever watches is to look. Both modes give it this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Watch {
    /// Between two runs of a check.
    pub every_ms: Ms,
    /// How long a step may take.
    pub timeout_ms: Ms,
    /// How long a journey may take.
    pub deadline_ms: Ms,
}

impl Watch {
    /// How long a pass may count: two intervals and a deadline.
    #[must_use]
    pub const fn lease_ms(&self) -> Ms {
        2 * self.every_ms + self.deadline_ms
    }
}

impl Default for Watch {
    fn default() -> Self {
        Self { every_ms: 10_000, timeout_ms: 3_000, deadline_ms: 8_000 }
    }
}

/// Something that happens at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// When.
    pub at_ms: Ms,
    /// What.
    pub what: Happening,
    /// The writer's word on it.
    pub note: Option<String>,
    /// The line of the file that says so, counted from 1.
    pub line: usize,
}

/// A cause, or the end of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Happening {
    /// It happens.
    Cause(Cause),
    /// An earlier event is over, by its number in [`Scenario::events`].
    Over {
        /// The number of the event.
        event: usize,
        /// How it is mended.
        mend: Mend,
    },
}

impl Scenario {
    /// Every cell that is watched: the stores in each place, then the rest.
    #[must_use]
    pub fn cells(&self) -> Vec<CellName> {
        let mut cells = Vec::new();
        for store in STORES {
            for deed in STORE_DEEDS {
                cells.extend(self.places.iter().map(|place| CellName::new(store, deed, Some(place))));
            }
        }
        cells.extend(ELSEWHERE.iter().map(|(service, deed)| CellName::new(service, deed, None)));
        cells
    }

    /// An event in a line for the timeline.
    #[must_use]
    pub fn words(&self, event: &Event) -> String {
        match &event.what {
            Happening::Cause(cause) => cause.words(),
            Happening::Over { mend: Mend::By(cause), .. } => cause.words(),
            Happening::Over { event, .. } => match self.events.get(*event).map(|e| &e.what) {
                Some(Happening::Cause(Cause::Publish(_))) => {
                    "the zone before it is published again".to_owned()
                }
                Some(Happening::Cause(cause)) => format!("mended: {}", cause.words()),
                _ => "mended".to_owned(),
            },
        }
    }
}
