//! The whole plan: what is watched, from where, how it is judged, and where it is told.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::journey::Journey;
use super::place::{Anchor, Place, Resolve, ServerAddress, Vantage};
use super::policy::Policy;
use crate::id::{CapabilityId, CellId, CellKey, CheckId, ServiceId, VantageId};

/// Everything that a config says, resolved.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// The public page.
    pub page: Page,
    /// The operators' site.
    pub operate: Operate,
    /// All places that any service names.
    pub places: Vec<Place>,
    /// Where checks run from; at least one.
    pub vantages: Vec<Vantage>,
    /// What a vantage must reach to be believed; where empty, no vantage is ever called blind.
    pub anchors: Vec<Anchor>,
    /// How addresses are found where nothing narrower says.
    pub resolve: Resolve,
    /// What is watched, in the order of the page.
    pub services: Vec<Service>,
    /// Zones that are watched.
    pub zones: Vec<WatchedZone>,
    /// Intended downtime.
    pub maintenance: Vec<Maintenance>,
    /// Where the logs are kept.
    pub ledger: LedgerPlace,
    /// For how long.
    pub keep: Keep,
}

/// The public page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page {
    /// Its title.
    pub title: String,
    /// Where readers find it, if that is known.
    pub url: Option<String>,
    /// Where it listens.
    pub listen: SocketAddr,
    /// How much of a fault the public sees.
    pub show: ShowFaults,
}

/// How much of a fault the public sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ShowFaults {
    /// A sentence.
    Words,
    /// Layer and kind as well.
    Kinds,
    /// The detail too.
    Details,
}

/// The operators' site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Operate {
    /// Where it listens; never the public address.
    pub listen: SocketAddr,
}

/// Something that customers know by name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Service {
    /// Its stable id.
    pub id: ServiceId,
    /// Its name for readers.
    pub name: String,
    /// The heading under which the page lists it, if any.
    pub group: Option<String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Names it depends on inside.
    pub needs: Vec<String>,
    /// How its journeys find addresses.
    pub resolve: Resolve,
    /// What customers can do with it; at least one.
    pub capabilities: Vec<Capability>,
}

/// Something that customers can do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Capability {
    /// Its stable id: `buy`.
    pub id: CapabilityId,
    /// As a column heading: "Buy".
    pub name: String,
    /// After "You can": "buy".
    pub can: String,
    /// As the subject of a sentence: "buying".
    pub doing: String,
    /// How it is judged.
    pub policy: Policy,
    /// How it is measured.
    pub journey: Arc<Journey>,
    /// One cell for each place of the service, or a single one.
    pub cells: Vec<Cell>,
}

/// A cell and the checks that measure it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cell {
    /// Service, capability, place.
    pub key: CellKey,
    /// The number of the key.
    pub id: CellId,
    /// What the holes of the journey are filled with here: `place`, `id` and the place's variables.
    pub variables: BTreeMap<String, String>,
    /// One for each vantage that measures it; at least one.
    pub checks: Vec<Check>,
    /// Whether a vantage lies in the place. Where none does, the words name where it was measured from.
    pub near: bool,
}

/// A cell seen from a vantage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The number of cell and vantage.
    pub id: CheckId,
    /// From where.
    pub vantage: VantageId,
}

/// A zone that is watched: the page must not lie in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WatchedZone {
    /// Its origin, in lower case, without the trailing dot.
    pub zone: String,
    /// Its servers, where the user named them.
    pub servers: Vec<ServerAddress>,
    /// Names that are required of it, besides those that are seen in use, as they were written: `www A`, `@ MX`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub require: Vec<String>,
    /// How far a change of it may go.
    pub limits: ZoneLimits,
}

/// How far a change of a zone may go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ZoneLimits {
    /// The share of its sets of records that may vanish at once, in hundredths of a percent.
    #[serde(serialize_with = "as_share")]
    pub removed: u32,
    /// How many names may vanish at once.
    pub removed_names: u64,
    /// The longest time for which a denial may be remembered.
    pub negative_ttl: Duration,
    /// The longest time for which a new record may be remembered.
    pub ttl: Duration,
    /// The networks that its addresses lie in, as they were written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub owned: Vec<String>,
    /// The last line of its file, where it is whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_line: Option<String>,
    /// Rules that weigh otherwise than by themselves, by their numbers: `R7`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rules: BTreeMap<String, RuleWeight>,
}

/// `5%`, of hundredths of a percent.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn as_share<S: Serializer>(hundredths: &u32, to: S) -> Result<S::Ok, S::Error> {
    let (whole, part) = (hundredths / 100, hundredths % 100);
    match part {
        0 => to.collect_str(&format_args!("{whole}%")),
        part => to.collect_str(&format_args!("{whole}.{part:02}%")),
    }
}

/// How much a rule weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleWeight {
    /// What breaks it is not published.
    Refuse,
    /// What breaks it is warned about.
    Warn,
    /// It is not looked at.
    Off,
}

/// Intended downtime.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Maintenance {
    /// Its name for readers.
    pub name: String,
    /// The services it covers; empty for all.
    pub services: Vec<ServiceId>,
    /// When it is.
    pub when: When,
    /// How long it lasts.
    pub lasts: Duration,
}

/// When intended downtime begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Once.
    At(Timestamp),
    /// Many times: the beginnings, sorted, worked out by whoever loads the plan for at least a week back and 90 days ahead.
    Often {
        /// As the user wrote it: "Sun 02:00 Europe/London".
        words: String,
        /// The beginnings.
        starts: Vec<Timestamp>,
    },
}

/// Where the logs are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LedgerPlace {
    /// A SQLite database at this path.
    Sqlite(String),
}

/// How long history is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Keep {
    /// Raw observations.
    pub observations: Duration,
    /// Rollups by the minute.
    pub minutes: Duration,
    /// Rollups by the hour; those by the day are kept for good.
    pub hours: Duration,
}

impl Plan {
    /// Every cell with the service and capability it belongs to, in the order of the page.
    pub fn cells(&self) -> impl Iterator<Item = (&Service, &Capability, &Cell)> {
        self.services.iter().flat_map(|s| {
            s.capabilities.iter().flat_map(move |c| c.cells.iter().map(move |cell| (s, c, cell)))
        })
    }

    /// The place with this id, if the plan has it.
    #[must_use]
    pub fn place(&self, id: &crate::id::PlaceId) -> Option<&Place> {
        self.places.iter().find(|place| place.id == *id)
    }

    /// How a step of a service finds addresses from a vantage: as the narrowest of all says that says something.
    #[must_use]
    pub fn resolve_of<'p>(
        &'p self,
        step: &'p Resolve,
        service: &'p Service,
        vantage: &VantageId,
    ) -> &'p Resolve {
        let vantage = self.vantage(vantage).map(|vantage| &vantage.resolve);
        let all = [Some(step), Some(&service.resolve), vantage, Some(&self.resolve)].into_iter().flatten();
        all.into_iter().find(|resolve| !matches!(resolve, Resolve::Inherit)).unwrap_or(&Resolve::System)
    }

    /// The vantage with this id, if the plan has it.
    #[must_use]
    pub fn vantage(&self, id: &VantageId) -> Option<&Vantage> {
        self.vantages.iter().find(|vantage| vantage.id == *id)
    }
}

impl Maintenance {
    /// Whether it covers `service`.
    #[must_use]
    pub fn covers(&self, service: &ServiceId) -> bool {
        self.services.is_empty() || self.services.contains(service)
    }

    /// The window that `now` lies in, as (start, end); `None` outside of every window.
    #[must_use]
    pub fn window_at(&self, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
        self.starts().iter().rev().find_map(|&start| {
            let end = start.saturating_add(self.lasts).ok()?;
            (start <= now && now < end).then_some((start, end))
        })
    }

    /// The next moment after `now` at which a window begins or ends.
    #[must_use]
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        self.starts()
            .iter()
            .flat_map(|&start| [Some(start), start.saturating_add(self.lasts).ok()])
            .flatten()
            .filter(|&at| at > now)
            .min()
    }

    /// All its windows, as (start, end).
    pub fn windows(&self) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        self.starts().iter().filter_map(|&start| Some((start, start.saturating_add(self.lasts).ok()?)))
    }

    fn starts(&self) -> &[Timestamp] {
        match &self.when {
            When::At(start) => core::slice::from_ref(start),
            When::Often { starts, .. } => starts,
        }
    }
}
