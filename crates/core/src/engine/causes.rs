//! What an incident comes from: what is known to whoever looks into it, and what is made of what they found.
//!
//! The engine names no cause itself: a diagnosis needs the network. It says when one is wanted, hands out the testimony of
//! every check, and takes the findings in. Those are inputs, and kept as such: a replay comes to the same state.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::time::Duration;

use jiff::Timestamp;

use super::Engine;
use super::slot::Slot;
use super::voter::after;
use crate::cause::Feature;
use crate::entry::Event;
use crate::fault::Kind;
use crate::id::{CellKey, CheckId, IncidentId};
use crate::incident::{By, Cause, Found, IncidentState, Update, UpdateText};
use crate::model::hosts;
use crate::view::Vote;

/// A step of which only is known that none fails after it.
pub const LAST: u16 = u16::MAX;

/// What is known to whoever looks into an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Which incident.
    pub incident: IncidentId,
    /// Since when the first of its cells fails: what passed in a run that began before, says nothing of it.
    pub since: Timestamp,
    /// What every check says that says something.
    pub testimony: Vec<Testimony>,
}

/// What a check says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Testimony {
    /// Which.
    pub check: CheckId,
    /// The fault and the step at which it fails, counted from 0, [`LAST`] where that is not known; nothing where it passes.
    pub fails: Option<(Kind, u16)>,
    /// Whether its cell is one of the incident's, and failing.
    pub involved: bool,
    /// When the run began that passed last.
    pub pass_began: Option<Timestamp>,
}

/// How long a name that was wrong is still the cause after it is right again: memories of it run out one by one.
const REMEMBERED: Duration = Duration::from_secs(300);

/// What a finding is, beside what is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    /// The same again, or less.
    Nothing,
    /// The same cause, known better.
    Kept,
    /// Another cause.
    Said,
}

/// `since` is when the first of the cells that fail now began to.
fn news(known: &Cause, now_found: &Cause, now: Timestamp, since: Option<Timestamp>) -> News {
    let (old, new) = (&known.finding.what, &now_found.finding.what);
    let before = since.is_none_or(|since| since <= known.at);
    let mended = old.is_dns() && !new.is_dns() && before && now < after(known.at, REMEMBERED);
    if !new.is_fault()
        || mended
        || (old, &known.also) == (new, &now_found.also) && known.explains >= now_found.explains
    {
        News::Nothing
    } else if old.class() == new.class() && (!new.is_dns() || old.subject() == new.subject()) {
        News::Kept
    } else {
        News::Said
    }
}

impl Engine {
    /// What is known of an open incident and of everything beside it.
    #[must_use]
    pub fn case(&self, incident: IncidentId) -> Option<Case> {
        let failing = self.incidents.still_failing(incident);
        if failing.is_empty() {
            return None;
        }
        let since = self.incidents.failing_since(incident)?;
        Some(Case { incident, since, testimony: self.testimony_on(&failing) })
    }

    /// What every check says that says something.
    #[must_use]
    pub fn testimony(&self) -> Vec<Testimony> {
        self.testimony_on(&[])
    }

    fn testimony_on(&self, failing: &[CellKey]) -> Vec<Testimony> {
        let failing: BTreeSet<&CellKey> = failing.iter().collect();
        let anchored = !self.plan.anchors.is_empty();
        let mut testimony = Vec::new();
        for slot in self.slots.cells.iter().filter(|slot| !slot.memory.covered) {
            let involved = slot.memory.verdict.is_failing() && failing.contains(&slot.key);
            let voters = slot.checks.iter().zip(&slot.voters).zip(slot.sights(&self.eyes, anchored));
            for ((check, voter), sight) in voters {
                let fails = match voter.vote(self.now, slot.policy.lease, sight) {
                    // It passes too slowly, or not often enough.
                    Vote::Passing if involved && voter.is_slow() => Some((Kind::DeadlineExceeded, LAST)),
                    Vote::Passing if involved => {
                        let often = voter.too_often(slot.policy.degraded.failing).is_some();
                        voter.failure.as_ref().filter(|_| often).map(|fault| (fault.kind, fault.step))
                    }
                    Vote::Passing => None,
                    Vote::Failing => voter.failure.as_ref().map(|fault| (fault.kind, fault.step)),
                    // It was seen to fail, whatever it says at this moment.
                    Vote::Wavering if involved => voter.fault().map(|fault| (fault.kind, fault.step)),
                    Vote::Wavering | Vote::Silent | Vote::Blind => continue,
                };
                let (involved, pass_began) = (involved && fails.is_some(), voter.pass_began());
                testimony.push(Testimony { check: *check, fails, involved, pass_began });
            }
        }
        testimony
    }

    /// What a failing cell has, by which it may belong to a cause that is known.
    pub(super) fn features_of(&self, slot: &Slot) -> Vec<Feature> {
        if !self.incidents.any_cause() {
            return Vec::new();
        }
        let Some(service) = self.plan.services.get(slot.service) else { return Vec::new() };
        let cells = service.capabilities.iter().flat_map(|c| c.cells.iter().map(move |cell| (c, cell)));
        let Some((capability, cell)) = cells.into_iter().find(|(_, cell)| cell.key == slot.key) else {
            return Vec::new();
        };
        let aims = hosts::aims(&capability.journey, cell);
        let mut features = alloc::vec![Feature::Service(service.id.clone())];
        features.extend(cell.key.place.clone().map(Feature::Place));
        for (voter, check) in slot.voters.iter().zip(&cell.checks) {
            let Some(fault) = voter.fault() else { continue };
            features.push(Feature::Vantage(check.vantage.clone()));
            let aim = aims.get(usize::from(fault.step)).and_then(Option::as_ref);
            features.extend(aim.map(|aim| Feature::Name(aim.host.clone())));
            if fault.kind.is_answered() {
                features.extend(service.needs.iter().map(|need| Feature::Need(hosts::canonical(need))));
            }
        }
        features
    }

    /// Takes findings in. What names the same cause again says nothing new; what could not tell does not take the place of
    /// what could. What comes of another cause than the first goes into an incident of its own.
    pub(super) fn find(&mut self, id: IncidentId, found: Vec<Found>) {
        let since = self.incidents.failing_since(id);
        let Some(incident) = self.incidents.open_mut(id).filter(|i| i.state.is_open()) else { return };
        let Some(first) = found.first() else { return };
        let news = match incident.cause.as_deref() {
            None => News::Said,
            Some(known) => news(known, &first.cause, self.now, since),
        };
        if news == News::Nothing && found.len() == 1 {
            return;
        }
        self.record(Event::CauseFound { incident: id, found: found.clone() });
        let mut found = found.into_iter();
        let first = found.next();
        for other in found.filter(|other| other.cause.finding.what.is_fault()) {
            self.part(id, other);
        }
        match first.map(|first| first.cause) {
            Some(cause) if news == News::Said => self.name(id, cause),
            Some(cause) if news == News::Kept => self.keep_cause(id, cause),
            _ => {}
        }
    }

    /// The same cause, with what is known of it now.
    fn keep_cause(&mut self, id: IncidentId, cause: Cause) {
        if let Some(known) = self.incidents.open_mut(id).and_then(|incident| incident.cause.as_mut()) {
            **known = Cause { at: known.at, ..cause };
        }
    }

    /// Another cause: its cells leave the incident, for the one that has this cause already, or for one of their own.
    fn part(&mut self, id: IncidentId, other: Found) {
        let home = self.incidents.of_cause(&other.cause).filter(|home| *home != id);
        let Some((home, cells)) = self.incidents.part(self.now, id, &other.cells, home) else { return };
        if self.incidents.open_mut(home).is_some_and(|incident| incident.cause.is_some()) {
            return self.record(Event::IncidentGrew { incident: home, cells });
        }
        self.record(Event::IncidentOpened { incident: home, cells });
        self.name(home, other.cause);
    }

    fn name(&mut self, id: IncidentId, mut cause: Cause) {
        let now = self.now;
        cause.at = now;
        let Some(incident) = self.incidents.open_mut(id) else { return };
        let is_fault = cause.finding.what.is_fault();
        let state = match incident.state {
            IncidentState::Investigating if is_fault => IncidentState::Identified,
            state => state,
        };
        let text = UpdateText::Found(Box::new(cause.clone()));
        incident.cause = Some(Box::new(cause));
        self.update_incident(
            id,
            Update { at: now, state, by: By::Candor, text, contradicted_by: Vec::new() },
        );
    }
}
