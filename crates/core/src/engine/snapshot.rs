//! The engine's state as a value: what a snapshot in the ledger holds.
//!
//! Everything that is not here follows from the plan. Cells and checks are found again by their keys, so a snapshot
//! fits a changed plan as far as the two have cells in common.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Engine;
use super::incidents::Incidents;
use super::slot::{CellMemory, Eye};
use super::voter::Voter;
use crate::id::{CellKey, CheckId};
use crate::model::Plan;

/// The form of a snapshot. One of another form is not read; the log is folded from its beginning instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SnapshotVersion {
    /// The first form.
    V1,
}

/// The engine's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    version: SnapshotVersion,
    now: Timestamp,
    changed_at: Option<Timestamp>,
    watermark: u64,
    ordinal: u64,
    cells: Vec<(CellKey, CellMemory)>,
    voters: Vec<(CheckId, Voter)>,
    eyes: Vec<Eye>,
    incidents: Incidents,
    windows: BTreeSet<(String, Timestamp)>,
}

impl Snapshot {
    /// The number of the last observation in it.
    #[must_use]
    pub const fn watermark(&self) -> u64 {
        self.watermark
    }

    /// How many entries the engine had decided on.
    #[must_use]
    pub const fn ordinal(&self) -> u64 {
        self.ordinal
    }

    /// The moment it was taken at, by the engine's clock.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }
}

impl Engine {
    /// The state as a value.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let voters =
            self.slots.cells.iter().flat_map(|s| s.checks.iter().copied().zip(s.voters.iter().cloned()));
        Snapshot {
            version: SnapshotVersion::V1,
            now: self.now,
            changed_at: self.changed_at,
            watermark: self.watermark,
            ordinal: self.ordinal,
            cells: self.slots.cells.iter().map(|slot| (slot.key.clone(), slot.memory.clone())).collect(),
            voters: voters.collect(),
            eyes: self.eyes.clone(),
            incidents: self.incidents.clone(),
            windows: self.windows.clone(),
        }
    }

    /// An engine that goes on from `snapshot`. Feed it the rest of the log, then the present.
    #[must_use]
    pub fn restore(plan: Arc<Plan>, snapshot: &Snapshot) -> Self {
        let mut engine = Self::new(plan, snapshot.now);
        engine.actions.clear();
        engine.ordinal = snapshot.ordinal;
        engine.watermark = snapshot.watermark;
        engine.changed_at = snapshot.changed_at;
        engine.incidents = snapshot.incidents.clone();
        engine.windows.clone_from(&snapshot.windows);
        engine.adopt(snapshot);
        engine.leave_incidents();
        engine.turn_windows();
        engine.review_all();
        engine
    }

    /// Takes over what `snapshot` knows of the cells, checks and vantages that the plan has.
    pub(super) fn adopt(&mut self, snapshot: &Snapshot) {
        for (key, memory) in &snapshot.cells {
            let at = self.slots.by_cell.get(&crate::id::CellId::of(key)).copied();
            if let Some(slot) = at.and_then(|at| self.slots.cells.get_mut(at)) {
                slot.memory = memory.clone();
            }
        }
        for (check, voter) in &snapshot.voters {
            let Some(&(cell, at)) = self.slots.by_check.get(check) else { continue };
            if let Some(place) = self.slots.cells.get_mut(cell).and_then(|slot| slot.voters.get_mut(at)) {
                *place = voter.clone();
            }
        }
        for eye in &snapshot.eyes {
            if let Some(place) = self.eyes.iter_mut().find(|place| place.id == eye.id) {
                *place = eye.clone();
            }
        }
    }
}
