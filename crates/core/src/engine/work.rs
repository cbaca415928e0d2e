//! The engine at work: what each input and each due moment changes.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use jiff::Timestamp;

use super::incidents::{Failing, Turn};
use super::slot::Slots;
use super::voter::{Wants, after};
use super::{Action, Engine, eyes_of, neighbours, recheck, say};
use crate::entry::Event;
use crate::fault::Kind;
use crate::id::{CellId, CellKey, IncidentId, VantageId};
use crate::incident::{By, Update, UpdateText};
use crate::model::Plan;
use crate::observation::Observation;
use crate::saying::Fares;
use crate::verdict::Verdict;

impl Engine {
    /// Decides everything that is due up to `now`, each thing at its own moment.
    pub(super) fn advance(&mut self, now: Timestamp) {
        while let Some(due) = self.wake_at().filter(|at| *at <= now) {
            self.now = self.now.max(due);
            self.decide_due();
        }
        self.now = self.now.max(now);
    }

    fn decide_due(&mut self) {
        while let Some((at, cell)) = self.timers.first().copied().filter(|(at, _)| *at <= self.now) {
            self.timers.remove(&(at, cell));
            if let Some(slot) = self.slots.cells.get_mut(cell) {
                slot.armed = None;
            }
            self.review(cell);
        }
        if self.windows_at.is_some_and(|at| at <= self.now) {
            self.turn_windows();
        }
        let turns = self.incidents.due(self.now);
        self.take_turns(turns);
    }

    pub(super) fn observe(&mut self, seq: u64, seen: &Observation) {
        self.watermark = self.watermark.max(seq);
        let Some(&(cell, voter)) = self.slots.by_check.get(&seen.check) else { return };
        if self.began_blind(seen, cell, voter) {
            return;
        }
        let Some(slot) = self.slots.cells.get_mut(cell) else { return };
        let Some(wants) = slot.voters.get_mut(voter).map(|v| v.take(seen, &slot.policy)) else { return };
        self.changed_at = self.changed_at.max(Some(seen.fresh_from()));
        let known = seen.fault.is_some() && self.confirm_by_neighbours(cell, voter);
        self.review(cell);
        match wants {
            Wants::Confirmation if known => {}
            Wants::Confirmation => self.confirm(cell, voter),
            Wants::AnotherLook if self.stands_alone(cell) => self.confirm(cell, voter),
            Wants::AnotherLook | Wants::Nothing => {}
        }
        if seen.fault.is_some() && !self.plan.anchors.is_empty() {
            self.ask_vantage(cell, voter);
        }
    }

    /// Whether a failure comes from a run that began before its vantage saw again: it accuses nobody, as those that came
    /// in before that moment do not.
    fn began_blind(&self, seen: &Observation, cell: usize, voter: usize) -> bool {
        let eye = self.slots.cells.get(cell).and_then(|slot| slot.vantages.get(voter));
        let sees_since = eye.and_then(|eye| self.eyes.get(*eye)).and_then(|eye| eye.sees_since);
        let began = seen.fresh_from().checked_sub(Duration::from_millis(u64::from(seen.took_ms)));
        seen.fault.is_some() && sees_since.is_some_and(|since| began.is_ok_and(|began| began < since))
    }

    /// Confirms what neighbours that went out together know of each other. Whether this voter's failure was among it.
    fn confirm_by_neighbours(&mut self, cell: usize, voter: usize) -> bool {
        let group = self.slots.cells.get(cell).and_then(|slot| slot.groups.get(voter));
        let Some(group) = group.and_then(|group| self.slots.groups.get(*group)) else { return false };
        let confirmed = neighbours::confirmed(group, &self.slots.cells, (cell, voter));
        for &(cell, voter) in &confirmed {
            let seat = self.slots.cells.get_mut(cell).and_then(|slot| slot.voters.get_mut(voter));
            seat.into_iter().for_each(super::voter::Voter::confirm);
            self.review(cell);
        }
        confirmed.contains(&(cell, voter))
    }

    /// Asks for a recheck of the voter, and of the cell's other voters where it is the first to waver.
    fn confirm(&mut self, cell: usize, voter: usize) {
        let Some(slot) = self.slots.cells.get(cell) else { return };
        let first = slot.memory.verdict == Verdict::Operational;
        for (at, &check) in slot.checks.iter().enumerate() {
            if at != voter && !first {
                continue;
            }
            let Some(service) = self.slots.services.get_mut(slot.service) else { return };
            if !service.budget.take(self.now) {
                return;
            }
            let at = after(self.now, recheck::delay(check, self.watermark, slot.checks.len()));
            self.actions.push_back(Action::Recheck { check, at });
        }
    }

    /// Whether a confirmed failure does not make an outage: then one more look soon tells weather from a broken vantage,
    /// and a vote that was wrong is taken back in seconds instead of an interval.
    fn stands_alone(&self, cell: usize) -> bool {
        self.slots.cells.get(cell).is_some_and(|slot| slot.memory.verdict != Verdict::Outage)
    }

    fn ask_vantage(&mut self, cell: usize, voter: usize) {
        let eye = self.slots.cells.get(cell).and_then(|slot| slot.vantages.get(voter));
        if let Some(eye) = eye.and_then(|eye| self.eyes.get(*eye)) {
            let ask = Action::AskVantage(eye.id.clone());
            if !self.actions.contains(&ask) {
                self.actions.push_back(ask);
            }
        }
    }

    pub(super) fn hear(&mut self, vantage: &VantageId, sees: bool) {
        let now = self.now;
        let Some(at) = self.eyes.iter().position(|eye| eye.id == *vantage) else { return };
        let Some(eye) = self.eyes.get_mut(at) else { return };
        eye.heard = Some((sees, now));
        let was_blind = eye.blind_since.is_some();
        if sees {
            eye.sees_since = eye.blind_since.take().map_or(eye.sees_since, |_| Some(now));
        } else if !was_blind {
            eye.blind_since = Some(now);
        }
        if was_blind == sees {
            let vantage = vantage.clone();
            self.record(if sees { Event::VantageSees { vantage } } else { Event::VantageBlind { vantage } });
        }
        let touched: Vec<usize> = self
            .slots
            .cells
            .iter()
            .enumerate()
            .filter(|(_, s)| s.vantages.contains(&at))
            .map(|(i, _)| i)
            .collect();
        for cell in touched {
            if was_blind && sees {
                self.forget_failures(cell, at);
            }
            self.review(cell);
        }
    }

    /// A vantage sees again: what it met while it was blind says nothing of a target.
    fn forget_failures(&mut self, cell: usize, eye: usize) {
        let Some(slot) = self.slots.cells.get_mut(cell) else { return };
        let voters = slot.voters.iter_mut().zip(&slot.vantages);
        voters.filter(|(_, vantage)| **vantage == eye).for_each(|(voter, _)| voter.forget_failures());
    }

    /// Judges a cell anew, and acts on what changed.
    fn review(&mut self, cell: usize) {
        let now = self.now;
        self.slots.touch(cell);
        let anchored = !self.plan.anchors.is_empty();
        let Some(slot) = self.slots.cells.get_mut(cell) else { return };
        let next = slot.judge(&self.eyes, anchored, now);
        if let Some(wake) = slot.next_change(now)
            && slot.armed.is_none_or(|armed| wake < armed)
        {
            if let Some(armed) = slot.armed.replace(wake) {
                self.timers.remove(&(armed, cell));
            }
            self.timers.insert((wake, cell));
        }
        let before = (slot.memory.verdict, slot.memory.fares);
        if before == (next.verdict, next.fares) {
            return;
        }
        slot.memory.fares = next.fares;
        if before.0 == next.verdict {
            self.touch();
            return;
        }
        let since = slot.began(next.verdict, now);
        slot.memory.verdict = next.verdict;
        slot.memory.since = Some(since);
        let key = slot.key.clone();
        let kind = kind_of(next.fares);
        self.record(Event::VerdictChanged { cell: key, from: before.0, to: next.verdict, since, kind });
        self.involve(cell, since);
    }

    /// Opens, joins or leaves incidents, as a cell's verdict and its cover demand.
    fn involve(&mut self, cell: usize, since: Timestamp) {
        let now = self.now;
        let Some(slot) = self.slots.cells.get(cell) else { return };
        let turns = if slot.memory.covered || slot.memory.verdict == Verdict::Operational {
            self.incidents.recovers(now, &slot.key)
        } else if slot.memory.verdict.is_failing() {
            let kind = kind_of(slot.memory.fares).unwrap_or(Kind::DeadlineExceeded);
            let features = self.features_of(slot);
            let (key, every) = (&slot.key, slot.policy.every);
            self.incidents.fails(now, &Failing { key, kind, since, every, features: &features })
        } else {
            return;
        };
        self.take_turns(turns);
    }

    pub(super) fn take_turns(&mut self, turns: Vec<Turn>) {
        for turn in turns {
            match turn {
                Turn::Opened(incident, cell) => {
                    self.record(Event::IncidentOpened { incident, cells: alloc::vec![cell] });
                }
                Turn::Grew(incident, cell) => {
                    self.record(Event::IncidentGrew { incident, cells: alloc::vec![cell] });
                }
                Turn::Look(incident) => {
                    let look = Action::Diagnose(incident);
                    if !self.actions.contains(&look) {
                        self.actions.push_back(look);
                    }
                }
                Turn::Say(id, state) => {
                    let saying = self.say_incident(id);
                    let update = Update {
                        at: self.now,
                        state,
                        by: By::Candor,
                        text: UpdateText::Said(saying),
                        contradicted_by: Vec::new(),
                    };
                    self.update_incident(id, update);
                }
            }
        }
    }

    fn say_incident(&mut self, id: IncidentId) -> crate::saying::Saying {
        let keys: alloc::collections::BTreeSet<CellKey> = self
            .incidents
            .get_mut(id)
            .map(|i| i.cells.iter().map(|a| a.cell.clone()).collect())
            .unwrap_or_default();
        let facts = self.facts(|key| keys.contains(key));
        let verdict = say::roll_up(facts.iter().map(|fact| fact.verdict));
        say::of_incident(&facts, verdict)
    }

    pub(super) fn update_incident(&mut self, id: IncidentId, update: Update) {
        let now = self.now;
        let Some(incident) = self.incidents.get_mut(id) else { return };
        // Words cannot close what is measured failing: the claim stands, the state stays open.
        let holds = update.contradicted_by.is_empty();
        if holds {
            incident.state = update.state;
            if update.state.is_open() {
                incident.resolved_at = None;
            } else {
                incident.resolved_at.get_or_insert(now);
            }
        }
        incident.updates.push(update.clone());
        if holds && !update.state.is_open() {
            self.incidents.file(id);
        }
        self.record(Event::IncidentUpdated { incident: id, update });
    }

    /// Begins and ends intended downtime as the plan has it at this moment.
    pub(super) fn turn_windows(&mut self) {
        let now = self.now;
        let plan = Arc::clone(&self.plan);
        let mut on = alloc::collections::BTreeSet::new();
        let mut begun = Vec::new();
        for window in &plan.maintenance {
            let Some((start, until)) = window.window_at(now) else { continue };
            let key = (window.name.clone(), start);
            if !self.windows.contains(&key) {
                let (name, services) = (window.name.clone(), window.services.clone());
                begun.push(Event::MaintenanceBegan { name, services, until });
            }
            on.insert(key);
        }
        let ended: Vec<Event> = self
            .windows
            .difference(&on)
            .map(|(name, _)| Event::MaintenanceEnded { name: name.clone() })
            .collect();
        self.windows = on;
        self.windows_at = plan.maintenance.iter().filter_map(|w| w.next_change(now)).min();
        for event in ended.into_iter().chain(begun) {
            self.record(event);
        }
        self.cover();
    }

    fn cover(&mut self) {
        let now = self.now;
        self.slots.touch_all();
        let plan = Arc::clone(&self.plan);
        let on: Vec<_> = plan.maintenance.iter().filter(|w| w.window_at(now).is_some()).collect();
        for cell in 0..self.slots.cells.len() {
            let Some(slot) = self.slots.cells.get_mut(cell) else { continue };
            let covered = on.iter().any(|w| w.covers(&slot.key.service));
            if core::mem::replace(&mut slot.memory.covered, covered) != covered {
                self.touch();
                // What failed beneath intended downtime becomes an incident only when that ends, from then on.
                self.involve(cell, now);
            }
        }
    }

    /// A new plan: what stays keeps its state, what goes leaves its incidents.
    pub(super) fn load(&mut self, plan: Arc<Plan>) {
        let kept = self.snapshot();
        self.slots = Slots::new(&plan);
        self.eyes = eyes_of(&plan);
        self.plan = plan;
        self.timers.clear();
        self.adopt(&kept);
        self.leave_incidents();
        self.turn_windows();
        self.review_all();
        self.touch();
    }

    /// Cells that the plan no longer has leave the incidents that hold them as failing.
    pub(super) fn leave_incidents(&mut self) {
        let has = |key: &&CellKey| self.slots.by_cell.contains_key(&CellId::of(key));
        let gone: Vec<CellKey> = self.incidents.failing_cells().filter(|key| !has(key)).cloned().collect();
        for key in gone {
            let turns = self.incidents.recovers(self.now, &key);
            self.take_turns(turns);
        }
    }

    pub(super) fn review_all(&mut self) {
        for cell in 0..self.slots.cells.len() {
            self.review(cell);
        }
    }

    /// Lets go of everything fresh: it was seen by another clock.
    pub(super) fn step_clock(&mut self, now: Timestamp, by_ms: i64) {
        self.now = now;
        for slot in &mut self.slots.cells {
            slot.armed = None;
            slot.voters.iter_mut().for_each(super::voter::Voter::let_go);
            slot.memory.since = slot.memory.since.map(|since| since.min(now));
        }
        self.timers.clear();
        for eye in &mut self.eyes {
            eye.heard = None;
            eye.blind_since = eye.blind_since.map(|since| since.min(now));
            eye.sees_since = None;
        }
        self.changed_at = self.changed_at.min(Some(now));
        self.incidents.step_clock(now);
        self.record(Event::ClockStepped { by_ms });
        self.turn_windows();
        self.review_all();
        self.advance(now);
    }
}

const fn kind_of(fares: Fares) -> Option<Kind> {
    match fares {
        Fares::Fails(kind) | Fares::Sometimes(_, _, kind) | Fares::FromSome(_, _, kind) => Some(kind),
        Fares::Slow(..) => Some(Kind::DeadlineExceeded),
        Fares::Works | Fares::Unknown(_) => None,
    }
}
