//! Incidents: cells that fail together, what was said of them, and how they ended.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::cause::Feature;
use crate::fault::Kind;
use crate::finding::Finding;
use crate::id::{CellKey, IncidentId};
use crate::saying::Saying;
use crate::way::Way;

/// Where an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentState {
    /// Something fails; why is not known.
    Investigating,
    /// The cause is known.
    Identified,
    /// All of it is measured working again; it is being watched.
    Monitoring,
    /// Over.
    Resolved,
    /// Over, and written up.
    Postmortem,
}

impl IncidentState {
    /// The word used in JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Investigating => "investigating",
            Self::Identified => "identified",
            Self::Monitoring => "monitoring",
            Self::Resolved => "resolved",
            Self::Postmortem => "postmortem",
        }
    }

    /// Whether it is still going on.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Investigating | Self::Identified | Self::Monitoring)
    }
}

/// Who said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Candor, from evidence.
    Candor,
    /// A person.
    Operator,
}

/// The text of an update.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpdateText {
    /// Said from evidence.
    Said(Saying),
    /// A person's words: hostile text until escaped.
    Words(String),
    /// A diagnosis named the cause.
    Found(Box<Cause>),
}

/// One entry of an incident's timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update {
    /// When.
    pub at: Timestamp,
    /// The state from then on.
    pub state: IncidentState,
    /// Who says so.
    pub by: By,
    /// What is said.
    pub text: UpdateText,
    /// Cells that were measured failing when somebody claimed more than was measured; empty otherwise.
    pub contradicted_by: Vec<CellKey>,
}

/// A cell's part in an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Affected {
    /// Which.
    pub cell: CellKey,
    /// When its failing began.
    pub from: Timestamp,
    /// When it was measured working again; `None` while it is not.
    pub until: Option<Timestamp>,
    /// What failed, at first.
    pub kind: Kind,
    /// When the last spell of failing began; `from`, unless it relapsed.
    pub spell_from: Timestamp,
    /// Time failing in the spells before that.
    pub earlier: Duration,
}

impl Affected {
    /// How long it has failed in this incident, up to `now`. Never less at a later `now`.
    #[must_use]
    pub fn failing_time(&self, now: Timestamp) -> Duration {
        let until = self.until.unwrap_or(now).max(self.spell_from);
        let spell = until.duration_since(self.spell_from);
        self.earlier.saturating_add(Duration::try_from(spell).unwrap_or_default())
    }

    /// What another incident held of its failing belongs to this one.
    pub(crate) fn go_on(&mut self, other: Self, now: Timestamp) {
        let earlier = self.failing_time(now);
        let from = self.from.min(other.from);
        *self = Self { from, earlier: other.earlier.saturating_add(earlier), ..other };
    }

    /// It fails again, from `now`.
    pub(crate) fn relapse(&mut self, now: Timestamp) {
        self.earlier = self.failing_time(now);
        self.spell_from = now;
        self.until = None;
    }
}

/// What an incident comes from, with what speaks for it and against it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// What was found.
    pub finding: Finding,
    /// Other names of which the same is true: of the same zone, or of the same service.
    pub also: Vec<String>,
    /// How many of the failing cells it explains.
    pub explains: u32,
    /// How many cells that pass speak against it.
    pub contradicts: u32,
    /// By what a cell that fails later belongs to it.
    pub covers: Vec<Feature>,
    /// What failing cells share as well, and was ruled out.
    pub ruled_out: Vec<RuledOut>,
    /// The way to the name that is wrong, or is right, for a picture.
    #[serde(default)]
    pub way: Option<Box<Way>>,
    /// When it was found.
    pub at: Timestamp,
}

impl Cause {
    /// Whether both are the same: of one class, about the same, whatever was counted.
    #[must_use]
    pub fn is_of(&self, other: &Self) -> bool {
        let mine = self.finding.what.is_fault() && self.finding.what.class() == other.finding.what.class();
        mine && (self.finding.name == other.finding.name || self.covers(&other.covers))
    }

    /// Whether a cell that has these belongs to it.
    #[must_use]
    pub fn covers(&self, features: &[Feature]) -> bool {
        self.finding.what.is_fault() && self.covers.iter().any(|feature| features.contains(feature))
    }
}

/// Something that failing cells share, and that is not their cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuledOut {
    /// What.
    pub feature: Feature,
    /// Why not.
    pub why: WhyNot,
}

/// Why something is not the cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyNot {
    /// So many checks that have it pass.
    Passes(u32),
    /// It was looked at, and is well.
    Healthy,
    /// It is wrong too, and explains none of what fails.
    ExplainsNothing,
}

/// A cause, and the cells of an incident that it explains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The cause.
    pub cause: Cause,
    /// The cells.
    pub cells: Vec<CellKey>,
}

/// An incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Its number.
    pub id: IncidentId,
    /// Where it stands.
    pub state: IncidentState,
    /// When the first of its cells began to fail.
    pub opened_at: Timestamp,
    /// When it was over.
    pub resolved_at: Option<Timestamp>,
    /// Its cells, in the order in which they failed.
    pub cells: Vec<Affected>,
    /// What was said, oldest first.
    pub updates: Vec<Update>,
    /// What it comes from, as far as that is known.
    #[serde(default)]
    pub cause: Option<Box<Cause>>,
}

impl Incident {
    /// What it has cost customers so far, in cell-time: the sum of its cells' times of failing. The prices of a later
    /// day are made from it.
    #[must_use]
    pub fn failing_time(&self, now: Timestamp) -> Duration {
        self.cells.iter().map(|cell| cell.failing_time(now)).sum()
    }
}
