//! Incidents: cells that fail together, what was said of them, and how they ended.

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::fault::Kind;
use crate::id::{CellKey, IncidentId};
use crate::saying::Saying;

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

    /// It fails again, from `now`.
    pub(crate) fn relapse(&mut self, now: Timestamp) {
        self.earlier = self.failing_time(now);
        self.spell_from = now;
        self.until = None;
    }
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
}

impl Incident {
    /// What it has cost customers so far, in cell-time: the sum of its cells' times of failing. The prices of a later
    /// day are made from it.
    #[must_use]
    pub fn failing_time(&self, now: Timestamp) -> Duration {
        self.cells.iter().map(|cell| cell.failing_time(now)).sum()
    }
}
