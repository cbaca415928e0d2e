//! Entries: the few things that are kept for good, chained by the ledger.

use alloc::string::String;
use alloc::vec::Vec;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::fault::Kind;
use crate::id::{CellKey, IncidentId, ServiceId, VantageId};
use crate::incident::{Found, Update};
use crate::verdict::Verdict;

/// One entry, as the engine or the hub asks the ledger to keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When it was decided, by the hub's clock.
    pub at: Timestamp,
    /// The number of the last observation that was *decided on* before it; 0 where there was none. Never below that of
    /// the entry before it: the hub's own entries carry the engine's watermark, not the ledger's.
    pub watermark: u64,
    /// For what the engine decided: its running number, so that a replay knows what is kept already. 0 for the hub's.
    pub ordinal: u64,
    /// What.
    pub what: Event,
}

/// What an entry keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The hub came up.
    Started {
        /// Candor's version.
        version: String,
    },
    /// The hub went down in good order.
    Stopped,
    /// A plan came into force.
    PlanAccepted {
        /// BLAKE3 of its source, in hex.
        hash: String,
        /// Cells that it watches.
        cells: u32,
    },
    /// A changed config was refused; the plan before it stays in force.
    PlanRefused {
        /// BLAKE3 of its source, in hex.
        hash: String,
        /// How many faults it has.
        faults: u32,
    },
    /// A cell's verdict changed.
    VerdictChanged {
        /// Which cell.
        cell: CellKey,
        /// From what.
        from: Verdict,
        /// To what.
        to: Verdict,
        /// When the new state began, as evidence has it.
        since: Timestamp,
        /// Why, where it is a fault.
        kind: Option<Kind>,
    },
    /// An incident began.
    IncidentOpened {
        /// Its number.
        incident: IncidentId,
        /// The cells it began with.
        cells: Vec<CellKey>,
    },
    /// More cells joined an incident.
    IncidentGrew {
        /// Its number.
        incident: IncidentId,
        /// The cells that joined.
        cells: Vec<CellKey>,
    },
    /// Something was said of an incident; its state changed, or words were added.
    IncidentUpdated {
        /// Its number.
        incident: IncidentId,
        /// What.
        update: Update,
    },
    /// A diagnosis of an incident came to an end, and said something new.
    CauseFound {
        /// Its number.
        incident: IncidentId,
        /// What explains how much of it.
        found: Vec<Found>,
    },
    /// Intended downtime began.
    MaintenanceBegan {
        /// Its name.
        name: String,
        /// What it covers; empty for all.
        services: Vec<ServiceId>,
        /// Until when.
        until: Timestamp,
    },
    /// Intended downtime ended.
    MaintenanceEnded {
        /// Its name.
        name: String,
    },
    /// A vantage reaches none of its anchors.
    VantageBlind {
        /// Which.
        vantage: VantageId,
    },
    /// A vantage reaches its anchors again.
    VantageSees {
        /// Which.
        vantage: VantageId,
    },
    /// The hub's clock was stepped; everything fresh was let go.
    ClockStepped {
        /// By how much, in milliseconds; negative for backwards.
        by_ms: i64,
    },
    /// For a while nothing could be kept.
    Gap {
        /// From when.
        from: Timestamp,
        /// Until when.
        to: Timestamp,
        /// Observations and entries lost to history.
        lost: u64,
        /// Why, in one line.
        why: String,
    },
}

/// The end of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerHead {
    /// The number of the last entry, counted from 1.
    pub seq: u64,
    /// Its BLAKE3 hash, in hex.
    pub hash: String,
    /// The signature over `candor ledger head SEQ HASH`: base64 of a minisign signature file.
    pub signature: String,
}
