//! The engine's tables: one slot for each cell of the plan, one for each vantage, and the ways between them.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::judge::{Judgement, judge};
use super::neighbours::Seat;
use super::recheck::Budget;
use super::voter::{Sight, Stance, Voter};
use crate::id::{CellId, CellKey, CheckId, VantageId};
use crate::model::{Plan, Policy};
use crate::saying::{Fares, UnknownWhy};
use crate::verdict::Verdict;

/// A cell at work.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) key: CellKey,
    pub(crate) policy: Policy,
    pub(crate) checks: Vec<CheckId>,
    /// For each check, the place of its vantage among the engine's vantages.
    pub(crate) vantages: Vec<usize>,
    pub(crate) voters: Vec<Voter>,
    /// For each voter, its neighbours' place among the tables' groups.
    pub(crate) groups: Vec<usize>,
    /// The place of its service.
    pub(crate) service: usize,
    pub(crate) memory: CellMemory,
    /// The earliest timer that is set for it.
    pub(crate) armed: Option<Timestamp>,
}

/// What is remembered of a cell's verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CellMemory {
    pub(crate) verdict: Verdict,
    pub(crate) fares: Fares,
    pub(crate) since: Option<Timestamp>,
    /// Whether intended downtime lies over it.
    pub(crate) covered: bool,
}

/// A vantage's own sight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Eye {
    pub(crate) id: VantageId,
    /// The last answer of its anchors, and when it was given.
    pub(crate) heard: Option<(bool, Timestamp)>,
    /// Since when it is blind.
    pub(crate) blind_since: Option<Timestamp>,
    /// Since when it sees again, after it was blind.
    #[serde(default)]
    pub(crate) sees_since: Option<Timestamp>,
}

/// What the cells of a service share.
#[derive(Debug)]
pub(crate) struct AtService {
    /// Its rechecks.
    pub(crate) budget: Budget,
    /// The number of the last touch of one of its cells.
    pub(crate) touched: u64,
}

/// All tables, made from a plan.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    pub(crate) cells: Vec<Slot>,
    /// Where a check is: its cell and its place in it.
    pub(crate) by_check: BTreeMap<CheckId, (usize, usize)>,
    pub(crate) by_cell: BTreeMap<CellId, usize>,
    /// For each capability and vantage, all that it looks at there.
    pub(crate) groups: Vec<Vec<Seat>>,
    /// In the order of the plan.
    pub(crate) services: Vec<AtService>,
    touches: u64,
    /// Tells these tables from others: what was made from those is not known here.
    pub(crate) identity: Arc<()>,
}

impl CellMemory {
    pub(crate) const fn new() -> Self {
        Self {
            verdict: Verdict::Unknown,
            fares: Fares::Unknown(UnknownWhy::NeverMeasured),
            since: None,
            covered: false,
        }
    }
}

impl Slots {
    /// Empty slots for every cell of `plan`.
    pub(crate) fn new(plan: &Plan) -> Self {
        let mut slots = Self::default();
        let place_of = |id: &VantageId| plan.vantages.iter().position(|v| v.id == *id).unwrap_or(usize::MAX);
        for (at, service) in plan.services.iter().enumerate() {
            let checks =
                service.capabilities.iter().flat_map(|c| &c.cells).map(|cell| cell.checks.len()).sum();
            slots.services.push(AtService { budget: Budget::for_checks(checks), touched: 0 });
            for capability in &service.capabilities {
                let mut groups: BTreeMap<usize, usize> = BTreeMap::new();
                for cell in &capability.cells {
                    let index = slots.cells.len();
                    let vantages: Vec<usize> =
                        cell.checks.iter().map(|check| place_of(&check.vantage)).collect();
                    for (voter, check) in cell.checks.iter().enumerate() {
                        slots.by_check.insert(check.id, (index, voter));
                    }
                    let sit =
                        |(voter, vantage): (usize, &usize)| slots.sit(&mut groups, *vantage, (index, voter));
                    let groups = vantages.iter().enumerate().map(sit).collect();
                    slots.by_cell.insert(cell.id, index);
                    slots.cells.push(Slot {
                        key: cell.key.clone(),
                        policy: capability.policy.clone(),
                        checks: cell.checks.iter().map(|check| check.id).collect(),
                        vantages,
                        voters: cell.checks.iter().map(|_| Voter::new()).collect(),
                        groups,
                        service: at,
                        memory: CellMemory::new(),
                        armed: None,
                    });
                }
            }
        }
        slots
    }

    /// Seats a voter in the group of its vantage, among the `groups` of its capability.
    fn sit(&mut self, groups: &mut BTreeMap<usize, usize>, vantage: usize, seat: Seat) -> usize {
        let group = *groups.entry(vantage).or_insert(self.groups.len());
        if group == self.groups.len() {
            self.groups.push(Vec::new());
        }
        self.groups.get_mut(group).into_iter().for_each(|seats| seats.push(seat));
        group
    }

    /// Something may be shown otherwise of a cell's service.
    pub(crate) fn touch(&mut self, cell: usize) {
        self.touches += 1;
        let service = self.cells.get(cell).map(|slot| slot.service);
        if let Some(service) = service.and_then(|at| self.services.get_mut(at)) {
            service.touched = self.touches;
        }
    }

    /// Something may be shown otherwise of every service.
    pub(crate) fn touch_all(&mut self) {
        self.touches += 1;
        self.services.iter_mut().for_each(|service| service.touched = self.touches);
    }
}

impl Slot {
    /// What is known of each voter's sight.
    pub(crate) fn sights(&self, eyes: &[Eye], anchored: bool) -> Vec<Sight> {
        self.voters
            .iter()
            .zip(&self.vantages)
            .map(|(voter, eye)| sight(voter, eyes.get(*eye), anchored))
            .collect()
    }

    /// The judgement at `now`.
    pub(crate) fn judge(&self, eyes: &[Eye], anchored: bool, now: Timestamp) -> Judgement {
        // Without anchors nobody is blind; most cells have few voters, so this stays on the stack.
        const CLEAR: [Sight; 8] = [Sight::Clear; 8];
        match CLEAR.get(..self.voters.len()) {
            Some(clear) if !anchored => judge(&self.voters, clear, &self.policy, now),
            _ => judge(&self.voters, &self.sights(eyes, anchored), &self.policy, now),
        }
    }

    /// The next moment after `now` at which its judgement may change without new evidence.
    pub(crate) fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let lease = self.policy.lease;
        let ends = |v: &Voter| {
            let fresh = v.last.as_ref().map(|last| super::voter::after(last.fresh_from, lease));
            let ours = v.ours_at.map(|at| super::voter::after(at, lease));
            [v.passing_until(lease), v.failing_until(lease), fresh, ours]
        };
        self.voters.iter().flat_map(ends).flatten().filter(|at| *at > now).min()
    }

    /// When the present verdict began, as evidence has it.
    pub(crate) fn began(&self, verdict: Verdict, now: Timestamp) -> Timestamp {
        let of = |stance: Stance| self.voters.iter().filter(move |v| v.stance == stance);
        let from = match verdict {
            Verdict::Outage | Verdict::Degraded => of(Stance::Failing).filter_map(Voter::failing_from).min(),
            Verdict::Operational => of(Stance::Passing).filter_map(|v| v.streak_from).min(),
            Verdict::Unknown => None,
        };
        // Failures in a row that nobody could see for a while are one failing still: it began with the first of them.
        let unbroken = self.memory.verdict == Verdict::Unknown && verdict.is_failing();
        let earliest = self.memory.since.filter(|_| !unbroken).unwrap_or(Timestamp::MIN);
        from.map_or(now, |from| from.max(earliest).min(now))
    }

    /// When it was last measured.
    pub(crate) fn observed_at(&self) -> Option<Timestamp> {
        self.voters.iter().filter_map(|v| v.last.as_ref().map(|last| last.observed_at)).max()
    }

    /// Until when it stays green at least, if it is green: when steady passes fall below the quorum.
    pub(crate) fn green_until(&self) -> Option<Timestamp> {
        if self.memory.verdict != Verdict::Operational {
            return None;
        }
        let steady = self.voters.iter().filter(|v| v.is_steady(&self.policy));
        let mut ends: Vec<Timestamp> = steady.filter_map(|v| v.passing_until(self.policy.lease)).collect();
        ends.sort_unstable();
        let spare = ends.len().checked_sub(self.policy.quorum.needed(self.voters.len()))?;
        ends.get(spare).copied()
    }
}

fn sight(voter: &Voter, eye: Option<&Eye>, anchored: bool) -> Sight {
    if !anchored {
        return Sight::Clear;
    }
    match eye.and_then(|eye| eye.heard) {
        Some((false, _)) => Sight::Blind,
        Some((true, at)) if voter.fault().is_none() || voter.streak_from.is_none_or(|from| from <= at) => {
            Sight::Clear
        }
        Some((true, _)) => Sight::Unasked,
        None if voter.fault().is_none() => Sight::Clear,
        None => Sight::Unasked,
    }
}
