//! Incidents: opened and closed from evidence, with cells that fail together in one.
//!
//! A failing cell joins an incident that is going on and grew within the joining time, or one of the same service and
//! the same kind of fault; else it opens its own.
//! When all its cells work again an incident is *monitoring* for its hold; a relapse within that time goes on in the
//! same incident (flapping makes one incident, not twenty), and only the end of the hold resolves it.

use alloc::collections::{BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::voter::after;
use crate::cause::Feature;
use crate::fault::Kind;
use crate::id::{CellKey, IncidentId};
use crate::incident::{Affected, Cause, Incident, IncidentState};

/// Cells that fail within two intervals of each other are taken to fail together; this is the least time for that.
pub(crate) const JOIN_MIN: Duration = Duration::from_secs(10);
/// And the most.
pub(crate) const JOIN_MAX: Duration = Duration::from_secs(120);
/// An incident is first said this long after it began: long enough for the cells that fail with the first.
pub(crate) const FIRST_SAY: Duration = Duration::from_secs(2);
/// A scope that grew is said again after this long.
pub(crate) const SETTLE: Duration = Duration::from_secs(10);
/// Shortest hold between "works again" and "resolved"; the hold is three intervals of its slowest cell.
pub(crate) const HOLD_MIN: Duration = Duration::from_secs(15);
/// Longest hold.
pub(crate) const HOLD_MAX: Duration = Duration::from_secs(15 * 60);
/// A new scope is looked into this long after it: long enough for the cells that fail with the first.
pub(crate) const LOOK_AFTER: Duration = Duration::from_secs(1);
/// A scope that goes on growing is looked into no more often than this.
pub(crate) const LOOK_APART: Duration = Duration::from_secs(5);
/// What is looked into is looked into again after this; each time after twice as long.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_secs(10);
/// So often it doubles at most: past that nobody waits for the answer.
const DOUBLINGS: u32 = 20;
/// Resolved incidents kept in the state; the ledger has them all.
pub(crate) const PAST_MAX: usize = 200;

/// The incidents of a hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Incidents {
    open: Vec<Open>,
    past: VecDeque<Incident>,
    next: u64,
}

/// An open incident and what is pending on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Open {
    incident: Incident,
    grew_at: Timestamp,
    /// Since when cells of it are unsaid.
    unsaid_from: Option<Timestamp>,
    /// How many of its cells have been said.
    said: usize,
    hold: Duration,
    resolve_at: Option<Timestamp>,
    /// When its cause is looked for next.
    #[serde(default)]
    look_at: Option<Timestamp>,
    /// When it was looked for last.
    #[serde(default)]
    looked_at: Option<Timestamp>,
    /// How often it was looked for since its scope last changed.
    #[serde(default)]
    looks: u32,
}

/// A cell that begins to fail.
#[derive(Debug)]
pub(crate) struct Failing<'a> {
    pub(crate) key: &'a CellKey,
    pub(crate) kind: Kind,
    pub(crate) since: Timestamp,
    pub(crate) every: Duration,
    /// What it has, up to the step that fails.
    pub(crate) features: &'a [Feature],
}

impl Failing<'_> {
    fn affected(&self, from: Timestamp) -> Affected {
        Affected {
            cell: self.key.clone(),
            from,
            until: None,
            kind: self.kind,
            spell_from: from,
            earlier: Duration::ZERO,
        }
    }
}

/// A failing cell's part in an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// It was not in it before.
    New,
    /// It had recovered, and fails again.
    Again,
    /// It was failing in it already.
    Known,
}

/// What happened to an incident; the engine words it and keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It began with this cell.
    Opened(IncidentId, CellKey),
    /// This cell joined.
    Grew(IncidentId, CellKey),
    /// Its scope or state is to be said.
    Say(IncidentId, IncidentState),
    /// Its cause is to be looked for.
    Look(IncidentId),
}

impl Incidents {
    pub(crate) const fn new() -> Self {
        Self { open: Vec::new(), past: VecDeque::new(), next: 1 }
    }

    /// A cell begins to fail, or its fault changed while failing.
    pub(crate) fn fails(&mut self, now: Timestamp, cell: &Failing<'_>) -> Vec<Turn> {
        let hold = (cell.every * 3).clamp(HOLD_MIN, HOLD_MAX);
        let home = self
            .open
            .iter_mut()
            .find(|open| open.incident.cells.iter().any(|a| a.cell == *cell.key))
            .map(|open| open.incident.id)
            .or_else(|| self.open.iter().find(|open| open.takes(cell, now)).map(|open| open.incident.id));
        let Some(open) = home.and_then(|id| self.open.iter_mut().find(|open| open.incident.id == id)) else {
            return alloc::vec![self.begin(now, cell, hold)];
        };
        open.hold = open.hold.max(hold);
        let mut turns = Vec::new();
        let part = open.affect(cell, now);
        if part != Part::Known {
            open.grew_at = now;
            open.unsaid_from.get_or_insert(now);
            open.look_soon(now);
        }
        if part == Part::New {
            turns.push(Turn::Grew(open.incident.id, cell.key.clone()));
        }
        if open.resolve_at.take().is_some() {
            open.note_said();
            turns.push(Turn::Say(open.incident.id, IncidentState::Investigating));
        }
        turns
    }

    fn begin(&mut self, now: Timestamp, cell: &Failing<'_>, hold: Duration) -> Turn {
        let id = IncidentId(self.next);
        self.next += 1;
        self.open.push(Open::of(id, now, alloc::vec![cell.affected(cell.since)], hold));
        Turn::Opened(id, cell.key.clone())
    }

    /// A cell is measured working again, or is no longer watched, or lies under intended downtime from now on.
    pub(crate) fn recovers(&mut self, now: Timestamp, key: &CellKey) -> Vec<Turn> {
        let mut turns = Vec::new();
        for open in &mut self.open {
            for affected in open.incident.cells.iter_mut().filter(|a| a.cell == *key && a.until.is_none()) {
                affected.until = Some(now);
            }
            if open.resolve_at.is_none() && open.incident.cells.iter().all(|a| a.until.is_some()) {
                open.resolve_at = Some(after(now, open.hold));
                open.look_at = None;
                open.note_said();
                turns.push(Turn::Say(open.incident.id, IncidentState::Monitoring));
            }
        }
        turns
    }

    /// What has come due at `now`.
    pub(crate) fn due(&mut self, now: Timestamp) -> Vec<Turn> {
        let mut turns = Vec::new();
        for open in &mut self.open {
            if open.look_at.is_some_and(|at| at <= now) {
                open.look_later(now);
                turns.push(Turn::Look(open.incident.id));
            }
            if open.resolve_at.is_some_and(|at| at <= now) {
                turns.push(Turn::Say(open.incident.id, IncidentState::Resolved));
            } else if open.says_at().is_some_and(|at| at <= now) {
                open.note_said();
                turns.push(Turn::Say(open.incident.id, open.incident.state));
            }
        }
        turns
    }

    /// Since when the oldest open one fails.
    pub(crate) fn open_since(&self) -> Option<Timestamp> {
        self.open.iter().map(|open| open.incident.opened_at).min()
    }

    /// When something comes due next.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.open.iter().flat_map(|open| [open.resolve_at, open.says_at(), open.look_at]).flatten().min()
    }

    /// The incident, open or past.
    pub(crate) fn get_mut(&mut self, id: IncidentId) -> Option<&mut Incident> {
        let open = self.open.iter_mut().map(|open| &mut open.incident);
        open.chain(self.past.iter_mut()).find(|incident| incident.id == id)
    }

    /// The cells of an open incident that are not measured working.
    pub(crate) fn still_failing(&self, id: IncidentId) -> Vec<CellKey> {
        let open = self.open.iter().filter(|open| open.incident.id == id);
        open.flat_map(|open| open.incident.cells.iter().filter(|a| a.until.is_none()).map(|a| a.cell.clone()))
            .collect()
    }

    /// Since when the first of those fails.
    pub(crate) fn failing_since(&self, id: IncidentId) -> Option<Timestamp> {
        let open = self.open.iter().find(|open| open.incident.id == id)?;
        open.incident.cells.iter().filter(|a| a.until.is_none()).map(|a| a.spell_from).min()
    }

    /// Moves an incident whose state says that it is over among the past ones.
    pub(crate) fn file(&mut self, id: IncidentId) {
        let Some(at) =
            self.open.iter().position(|open| open.incident.id == id && !open.incident.state.is_open())
        else {
            return;
        };
        self.past.push_back(self.open.remove(at).incident);
        while self.past.len() > PAST_MAX {
            self.past.pop_front();
        }
    }

    /// The clock was stepped: what is pending is counted from `now`.
    pub(crate) fn step_clock(&mut self, now: Timestamp) {
        for open in &mut self.open {
            open.grew_at = open.grew_at.min(now);
            open.unsaid_from = open.unsaid_from.map(|from| from.min(now));
            for cell in &mut open.incident.cells {
                cell.from = cell.from.min(now);
                cell.spell_from = cell.spell_from.min(now);
                cell.until = cell.until.map(|until| until.min(now));
            }
            open.resolve_at = open.resolve_at.map(|_| after(now, open.hold));
            open.look_at = open.look_at.map(|_| after(now, LOOK_AGAIN));
        }
    }

    /// Whether the cause of any open incident is known.
    pub(crate) fn any_cause(&self) -> bool {
        self.open.iter().any(|open| open.incident.cause.is_some())
    }

    /// An open incident.
    pub(crate) fn open_mut(&mut self, id: IncidentId) -> Option<&mut Incident> {
        self.open.iter_mut().map(|open| &mut open.incident).find(|incident| incident.id == id)
    }

    /// The open incident with this cause, if there is one.
    pub(crate) fn of_cause(&self, cause: &Cause) -> Option<IncidentId> {
        let same = |open: &&Open| open.incident.cause.as_ref().is_some_and(|known| known.is_of(cause));
        self.open.iter().find(same).map(|open| open.incident.id)
    }

    /// Takes failing cells out of an open incident, into another one or, without one, into one of their own. Nothing where
    /// it has none of them. At least one cell stays.
    pub(crate) fn part(
        &mut self,
        now: Timestamp,
        from: IncidentId,
        cells: &[CellKey],
        into: Option<IncidentId>,
    ) -> Option<(IncidentId, Vec<CellKey>)> {
        let open = self.open.iter_mut().find(|open| open.incident.id == from)?;
        let (hold, resolve_at) = (open.hold, open.resolve_at);
        let cells: BTreeSet<&CellKey> = cells.iter().collect();
        let (gone, kept): (Vec<Affected>, Vec<Affected>) = core::mem::take(&mut open.incident.cells)
            .into_iter()
            .partition(|affected| affected.until.is_none() && cells.contains(&affected.cell));
        if gone.is_empty() || kept.is_empty() || resolve_at.is_some() {
            open.incident.cells = kept.into_iter().chain(gone).collect();
            return None;
        }
        open.incident.cells = kept;
        open.note_said();
        let keys = gone.iter().map(|affected| affected.cell.clone()).collect();
        if let Some(home) = into.and_then(|id| self.open.iter_mut().find(|open| open.incident.id == id)) {
            home.take_in(now, gone, hold);
            return Some((home.incident.id, keys));
        }
        let id = IncidentId(self.next);
        self.next += 1;
        self.open.push(Open::of(id, now, gone, hold));
        Some((id, keys))
    }

    /// All of them: open ones first, newest first in both parts.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &Incident> {
        self.open.iter().rev().map(|open| &open.incident).chain(self.past.iter().rev())
    }

    /// Keys of all cells that open incidents hold as failing.
    pub(crate) fn failing_cells(&self) -> impl Iterator<Item = &CellKey> {
        self.open.iter().flat_map(|o| o.incident.cells.iter().filter(|a| a.until.is_none()).map(|a| &a.cell))
    }
}

impl Open {
    fn of(id: IncidentId, now: Timestamp, cells: Vec<Affected>, hold: Duration) -> Self {
        let incident = Incident {
            id,
            state: IncidentState::Investigating,
            opened_at: cells.iter().map(|affected| affected.from).min().unwrap_or(now),
            resolved_at: None,
            cells,
            updates: Vec::new(),
            cause: None,
        };
        Self {
            incident,
            grew_at: now,
            unsaid_from: Some(now),
            said: 0,
            hold,
            resolve_at: None,
            look_at: Some(after(now, LOOK_AFTER)),
            looked_at: None,
            looks: 0,
        }
    }

    fn take_in(&mut self, now: Timestamp, cells: Vec<Affected>, hold: Duration) {
        let opened = cells.iter().map(|affected| affected.from).min().unwrap_or(now);
        self.incident.opened_at = self.incident.opened_at.min(opened);
        for affected in cells {
            match self.incident.cells.iter_mut().find(|known| known.cell == affected.cell) {
                Some(known) => known.go_on(affected, now),
                None => self.incident.cells.push(affected),
            }
        }
        self.hold = self.hold.max(hold);
        self.resolve_at = None;
        self.grew_at = now;
        self.unsaid_from.get_or_insert(now);
    }

    /// Its scope changed: its cause is looked for soon.
    fn look_soon(&mut self, now: Timestamp) {
        self.looks = 0;
        let apart = self.looked_at.map(|at| after(at, LOOK_APART));
        let soon = after(now, LOOK_AFTER).max(apart.unwrap_or(now));
        self.look_at = Some(self.look_at.map_or(soon, |at| at.min(soon)));
    }

    fn look_later(&mut self, now: Timestamp) {
        let wait = LOOK_AGAIN * 2_u32.saturating_pow(self.looks.min(DOUBLINGS));
        self.looks += 1;
        self.looked_at = Some(now);
        self.look_at = Some(after(now, wait));
    }

    fn takes(&self, cell: &Failing<'_>, now: Timestamp) -> bool {
        let kin = |a: &Affected| a.cell.service == cell.key.service && a.kind == cell.kind;
        let together = (cell.every * 2).clamp(JOIN_MIN, JOIN_MAX);
        let going_on = self.resolve_at.is_none() && now < after(self.grew_at, together);
        let caused = || self.incident.cause.as_ref().is_some_and(|cause| cause.covers(cell.features));
        going_on || self.incident.cells.iter().any(kin) || caused()
    }

    fn note_said(&mut self) {
        self.said = self.incident.cells.len();
        self.unsaid_from = None;
    }

    fn affect(&mut self, cell: &Failing<'_>, now: Timestamp) -> Part {
        match self.incident.cells.iter_mut().find(|a| a.cell == *cell.key) {
            Some(affected) if affected.until.is_some() => {
                affected.relapse(now);
                Part::Again
            }
            Some(_) => Part::Known,
            None => {
                let from = cell.since.min(now);
                self.incident.cells.push(cell.affected(from));
                Part::New
            }
        }
    }

    fn says_at(&self) -> Option<Timestamp> {
        let from = self.unsaid_from.filter(|_| self.resolve_at.is_none())?;
        Some(after(from, if self.said == 0 { FIRST_SAY } else { SETTLE }))
    }
}
