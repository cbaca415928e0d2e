//! The view: everything that the page may show, and nothing else.
//!
//! It is made from the engine's state, the plan and the rollups. Times in it come from evidence and decisions, never
//! from the clock of the moment, so the same state gives the same bytes.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::entry::LedgerHead;
use crate::fault::Fault;
use crate::id::{CapabilityId, CellKey, PlaceId, ServiceId, VantageId};
use crate::incident::Incident;
use crate::model::ShowFaults;
use crate::observation::{Evidence, Phases};
use crate::saying::Saying;
use crate::verdict::Verdict;

/// Everything that the page may show.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// The page's title.
    pub title: String,
    /// Where readers find it, if that is known.
    pub url: Option<String>,
    /// How much of a fault the public sees.
    pub show: ShowFaults,
    /// The newest evidence or decision in this view; `None` before the first.
    pub as_of: Option<Timestamp>,
    /// When the first green of this view runs out unless it is renewed; `None` where nothing is green.
    pub valid_until: Option<Timestamp>,
    /// The verdict on the whole.
    pub overall: Verdict,
    /// The answer, for the first line.
    pub saying: Saying,
    /// The places that any service has, in the order of the plan.
    pub places: Vec<PlaceView>,
    /// The services, in the order of the plan; those of one group stand together. What did not change from one view to
    /// the next is shared between them.
    pub services: Vec<Arc<ServiceView>>,
    /// Open incidents first, then past ones; newest first in both.
    pub incidents: Vec<Incident>,
    /// Intended downtime: now, next, and lately over.
    pub maintenance: Vec<MaintenanceView>,
    /// What a reader must know about Candor itself.
    pub notices: Vec<Notice>,
    /// The end of the ledger's chain, where there is one.
    pub ledger_head: Option<LedgerHead>,
    /// The last day of every history in this view; bars end here.
    pub today: Option<Date>,
}

/// A place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceView {
    /// Its id.
    pub id: PlaceId,
    /// Its name for readers.
    pub name: String,
}

/// A service.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceView {
    /// Its id.
    pub id: ServiceId,
    /// Its name for readers.
    pub name: String,
    /// Its heading, if any.
    pub group: Option<String>,
    /// The verdict on it.
    pub verdict: Verdict,
    /// What is said of it.
    pub saying: Saying,
    /// What customers do with it.
    pub capabilities: Vec<CapabilityView>,
    /// Up to 90 days, oldest first; days without a row are gaps.
    pub history: Arc<Vec<Day>>,
}

/// A capability of a service.
#[derive(Debug, Clone, PartialEq)]
pub struct CapabilityView {
    /// Its id.
    pub id: CapabilityId,
    /// Its heading: "Buy".
    pub name: String,
    /// The verdict on it.
    pub verdict: Verdict,
    /// Its cells: one, or one for each place of the service in the order of the plan.
    pub cells: Vec<CellView>,
    /// Up to 90 days, oldest first; days without a row are gaps.
    pub history: Arc<Vec<Day>>,
}

/// A cell.
#[derive(Debug, Clone, PartialEq)]
pub struct CellView {
    /// Which.
    pub key: CellKey,
    /// The name of its place.
    pub place_name: Option<String>,
    /// What is measured.
    pub measured: Verdict,
    /// The intended downtime that lies over it.
    pub maintenance: Option<Overlay>,
    /// Since when it is measured so; `None` before the first evidence.
    pub since: Option<Timestamp>,
    /// When it was last measured.
    pub observed_at: Option<Timestamp>,
    /// When its green runs out; `None` where it is not green.
    pub valid_until: Option<Timestamp>,
    /// The newest quorum's commonest fault, where it is failing.
    pub fault: Option<Fault>,
    /// What is said of it.
    pub saying: Saying,
    /// For operators: each vantage's part.
    pub votes: Vec<VoteView>,
}

/// Intended downtime over a cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overlay {
    /// Its name.
    pub name: String,
    /// Until when.
    pub until: Timestamp,
}

/// A vantage's part in a cell, for operators.
#[derive(Debug, Clone, PartialEq)]
pub struct VoteView {
    /// Which.
    pub vantage: VantageId,
    /// What it votes.
    pub vote: Vote,
    /// Its last run.
    pub observed_at: Option<Timestamp>,
    /// How long that took, in milliseconds.
    pub took_ms: Option<u32>,
    /// Its fault.
    pub fault: Option<Fault>,
    /// The last step that ran: what it was aimed at, the address, its phases.
    pub last_step: Option<Arc<LastStep>>,
    /// What the failing step saw.
    pub evidence: Option<Arc<Evidence>>,
}

/// The last step that a vantage ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastStep {
    /// Its verb.
    pub step: String,
    /// What it was aimed at.
    pub target: String,
    /// The address that answered.
    pub address: Option<String>,
    /// Its phases.
    pub phases: Phases,
}

/// What a vantage votes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Vote {
    /// A fresh pass.
    Passing,
    /// Confirmed failing, fresh.
    Failing,
    /// Fresh, but between the two: a first failure, or a first pass after failures.
    Wavering,
    /// No fresh evidence.
    Silent,
    /// Blind, or failing by itself.
    Blind,
}

/// Intended downtime.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaintenanceView {
    /// Its name.
    pub name: String,
    /// The names of the services it covers; empty for all.
    pub services: Vec<String>,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Whether it is now.
    pub now: bool,
}

/// What a reader must know about Candor itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// History is not being recorded, since then; the page is still true.
    NotRecording {
        /// Since when.
        since: Timestamp,
        /// Why, for operators.
        why: String,
    },
    /// A changed config was refused; the one before it stays in force. For operators.
    ConfigRefused {
        /// When.
        at: Timestamp,
        /// The first fault, and how many there are.
        first: String,
        /// How many faults.
        faults: u32,
    },
    /// Vantages that cannot see.
    Blind {
        /// Their names.
        vantages: Vec<String>,
        /// Since when.
        since: Timestamp,
    },
    /// A part of Candor itself is close to a limit, in the operators' words. For operators.
    Strained {
        /// Which, and how.
        what: String,
        /// Since when.
        since: Timestamp,
    },
    /// A part of Candor itself is ill, in the operators' words.
    Ill {
        /// Which, and how.
        what: String,
        /// Since when.
        since: Timestamp,
    },
}

/// A day of history: seconds spent in each verdict. What is missing to a whole day was not watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// The day, in UTC.
    pub date: Date,
    /// Seconds operational.
    pub operational_s: u32,
    /// Seconds degraded.
    pub degraded_s: u32,
    /// Seconds in outage.
    pub outage_s: u32,
    /// Seconds unknown although it was being watched.
    pub unknown_s: u32,
    /// Of all these, seconds under intended downtime.
    pub maintenance_s: u32,
}
