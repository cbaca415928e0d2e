//! Causes: what each incident named first, held against what was really the matter (P11).
//!
//! A fault must be named where customers failed for long enough to find it and to look into it, whoever watches could see
//! it, and its cells read well before. What is named of shorter ones is not asked; but nobody may accuse the DNS at a time
//! and of cells where nothing was wrong with it. Who names no cause at all is not scored.

use serde::Serialize;

use super::{Bounds, seconds};
use crate::Ms;
use crate::fault::{Fault, Root};
use crate::seen::{Seen, SeenIncident};
use crate::truth::{Can, CellName, Span, Truth};

/// A fault that had to be named, and what was.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Named {
    /// What it really was, in words.
    pub fault: String,
    /// What it was about: names, servers, a role, a place.
    pub about: String,
    /// What it may be called: `F1 or F3`.
    pub called: String,
    /// The class that was named first.
    pub class: Option<String>,
    /// What that was said to be about.
    pub subject: Option<String>,
    /// Whether it is right.
    pub right: bool,
    /// How long after detection.
    pub after_s: Option<f64>,
    /// The picture of it, as SVG, where there is one.
    #[serde(skip)]
    pub picture: Option<String>,
}

/// The score of all causes.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Causes {
    pub(super) named: Vec<Named>,
    pub(super) accusations: usize,
    pub(super) broken: Vec<String>,
}

impl Causes {
    /// Whether all is right; `None` where nothing had to be said and nothing wrong was.
    pub(super) fn right(&self) -> Option<bool> {
        let judged = !self.named.is_empty() || self.accusations > 0;
        judged.then(|| self.accusations == 0 && self.named.iter().all(|named| named.right))
    }
}

/// A fault that must be named.
struct Asked<'a> {
    fault: &'a Fault,
    /// Its cells that read well before it.
    cells: Vec<&'a CellName>,
    began_ms: Ms,
    /// When the page first called one of them failing.
    called_ms: Ms,
}

pub(super) fn score(truth: &Truth, seen: &Seen, bounds: &Bounds) -> Causes {
    let mut causes = Causes::default();
    if seen.incidents.iter().all(|incident| incident.cause.is_none()) {
        return causes;
    }
    let case = Case { truth, seen, bounds };
    let asked: Vec<Asked<'_>> = truth.faults.iter().filter_map(|fault| case.asked(fault)).collect();
    let answers: Vec<Option<&SeenIncident>> = asked.iter().map(|asked| case.incident(asked)).collect();
    for (asked, incident) in asked.iter().zip(&answers) {
        case.judge(asked, *incident, &mut causes);
    }
    case.together(&asked, &answers, &mut causes);
    for incident in &seen.incidents {
        case.accusation(incident, &mut causes);
    }
    causes
}

struct Case<'a> {
    truth: &'a Truth,
    seen: &'a Seen,
    bounds: &'a Bounds,
}

impl<'a> Case<'a> {
    /// What must be named of a fault, if it must.
    fn asked(&self, fault: &'a Fault) -> Option<Asked<'a>> {
        let fresh: Vec<(&CellName, Ms)> =
            fault.cells.iter().filter_map(|(cell, spans)| Some((cell, self.fresh(cell, spans)?))).collect();
        let began_ms = fresh.iter().map(|(_, from)| *from).min()?;
        let cells: Vec<&CellName> = fresh.iter().map(|(cell, _)| *cell).collect();
        let until = fault.extent().1;
        let called = |cell: &&CellName| {
            let mut spans = self.seen.cells.get(*cell)?.iter();
            let failing = |from: Ms, until_ms: Ms| from < until && until_ms > began_ms;
            spans.find(|s| s.said.verdict.is_failing() && failing(s.from_ms, s.until_ms)).map(|s| s.from_ms)
        };
        // What the page never called failing is a matter of detection.
        let called_ms = cells.iter().filter_map(called).min()?.max(began_ms);
        Some(Asked { fault, cells, began_ms, called_ms })
    }

    /// When a cell that read well began to suffer for long enough.
    fn fresh(&self, cell: &CellName, spans: &[Span]) -> Option<Ms> {
        let mut joined: Vec<(Ms, Ms, Ms)> = Vec::new();
        for span in spans.iter().filter(|span| span.fares.can >= Can::Partly) {
            let found = self.bounds.must_call_after_ms(&span.fares);
            match joined.last_mut() {
                Some(last) if last.1 == span.from_ms => *last = (last.0, span.until_ms, last.2.max(found)),
                _ => joined.push((span.from_ms, span.until_ms, found)),
            }
        }
        let long_enough = |(from, until, found): &(Ms, Ms, Ms)| until - from > found + self.bounds.look_ms();
        let fair = |(from, until, _): &(Ms, Ms, Ms)| self.is_fair(cell, *from, *until);
        joined.into_iter().filter(long_enough).find(fair).map(|(from, ..)| from)
    }

    /// Whether it could be seen, was not announced, and read well for long before.
    fn is_fair(&self, cell: &CellName, from: Ms, until: Ms) -> bool {
        let blind = self.truth.blind.get(cell).into_iter().flatten();
        let announced = self.truth.announced.iter().filter(|(service, _)| *service == cell.service);
        let mut away = blind.chain(announced.map(|(_, window)| window));
        let before = from.saturating_sub(self.bounds.memory_ms());
        let mut said = self.seen.cells.get(cell).into_iter().flatten();
        !away.any(|window| window.from_ms < until && from < window.until_ms)
            && !said.any(|s| s.said.verdict.is_failing() && s.from_ms < from && before < s.until_ms)
    }

    /// The incidents that cover something of a fault while it goes on, each with how many of its cells.
    fn covering(&self, asked: &Asked<'_>) -> Vec<(&'a SeenIncident, usize)> {
        let until = asked.fault.extent().1 + self.bounds.recovery_ms();
        let goes_on = |incident: &&SeenIncident| {
            incident.opened_ms <= until && incident.resolved_ms.is_none_or(|over| over > asked.began_ms)
        };
        let covers = |incident: &'a SeenIncident| {
            let covers = asked.cells.iter().filter(|cell| incident.members.contains(cell)).count();
            (covers > 0 || incident.members.is_empty()).then_some((incident, covers))
        };
        self.seen.incidents.iter().filter(goes_on).filter_map(covers).collect()
    }

    /// The incident that covers a fault: with most of its cells, and fewest others.
    fn incident(&self, asked: &Asked<'_>) -> Option<&'a SeenIncident> {
        let (mut best, mut most) = (None, None);
        for (incident, covers) in self.covering(asked) {
            let others = incident.members.len().saturating_sub(covers);
            // Where the page does not say which cells, one that names it right is meant.
            let right = incident.members.is_empty() && self.is_right(asked.fault, incident);
            let fits = (right, covers, usize::MAX - others);
            if most.is_none_or(|most| fits > most) {
                (best, most) = (Some(incident), Some(fits));
            }
        }
        best
    }

    fn is_right(&self, fault: &Fault, incident: &SeenIncident) -> bool {
        incident.cause.as_ref().is_some_and(|cause| {
            // One that was named before this fault began, and goes on, is named for it from its beginning.
            let at = cause.at_ms.max(fault.extent().0);
            fault.accepts(&cause.class, at.saturating_sub(self.bounds.look_ms()), at)
        })
    }

    fn judge(&self, asked: &Asked<'_>, incident: Option<&SeenIncident>, causes: &mut Causes) {
        let fault = asked.fault;
        let cause = incident.and_then(|incident| incident.cause.as_ref());
        // A part that was put into an incident of its own later was found with the one before.
        let opened = self.covering(asked).iter().map(|(incident, _)| incident.opened_ms).min();
        let detected = asked.called_ms.max(opened.unwrap_or(0));
        let after_ms = cause.map(|cause| cause.at_ms.saturating_sub(detected));
        let right = incident.is_some_and(|incident| self.is_right(fault, incident));
        let when = cause.map_or(detected, |cause| cause.at_ms).max(asked.began_ms);
        let called = fault.called(when.saturating_sub(self.bounds.look_ms()), when);
        let what = format!("{}, from {}", said(&fault.root, &about(fault)), super::clock(asked.began_ms));
        let bound = self.bounds.cause_ms();
        match (incident, cause, after_ms) {
            (None, ..) => causes.broken.push(format!("{what}: no incident covers it (P11)")),
            (_, None, _) => {
                causes.broken.push(format!("{what}: no cause was named, {called} is right (P11)"));
            }
            (_, Some(cause), _) if !right => {
                causes
                    .broken
                    .push(format!("{what}: named {} at first, {called} is right (P11)", cause.class));
            }
            (_, _, Some(after)) if after > bound => causes.broken.push(format!(
                "{what}: {} s from detection until the cause was named, at most {} s (P11)",
                seconds(after),
                seconds(bound)
            )),
            _ => {}
        }
        causes.named.push(Named {
            fault: fault.root.to_string(),
            about: about(fault),
            called,
            class: cause.map(|cause| cause.class.clone()),
            subject: cause.and_then(|cause| cause.subject.clone()),
            right,
            after_s: after_ms.map(seconds),
            picture: cause.and_then(|cause| cause.picture.clone()),
        });
    }

    /// Two faults at once are two incidents. What was published in one zone may be one.
    fn together(&self, asked: &[Asked<'_>], answers: &[Option<&SeenIncident>], causes: &mut Causes) {
        for (n, (one, incident)) in asked.iter().zip(answers).enumerate() {
            for (other, its) in asked.iter().zip(answers).skip(n + 1) {
                let (Some(incident), Some(its)) = (incident, its) else { continue };
                let same = incident.id == its.id && !incident.members.is_empty();
                let one_zone = one.fault.root.is_dns() && other.fault.root.is_dns();
                let (a, b) = (one.fault.extent(), other.fault.extent());
                let at_once = a.0 < b.1 && b.0 < a.1;
                let apart = one.cells.iter().all(|cell| !other.fault.cells.contains_key(*cell));
                if same && at_once && apart && !one_zone && one.fault.root != other.fault.root {
                    let (one, other) = (&one.fault.root, &other.fault.root);
                    causes.broken.push(format!("{one} and {other} were one incident (P11)"));
                }
            }
        }
    }

    /// Who accuses the DNS must have a reason in it, among the cells that are meant.
    fn accusation(&self, incident: &SeenIncident, causes: &mut Causes) {
        let Some(cause) = &incident.cause else { return };
        // Every class of the DNS is an F with its number.
        if !cause.class.starts_with('F') {
            return;
        }
        let from = cause.at_ms.saturating_sub(self.bounds.look_ms() + self.bounds.recovery_ms());
        let harms = |fault: &Fault| {
            fault.cells.iter().any(|(cell, spans)| {
                (incident.members.is_empty() || incident.members.contains(cell))
                    && spans.iter().any(|span| span.from_ms <= cause.at_ms && from < span.until_ms)
            })
        };
        if !self.truth.faults.iter().any(|fault| fault.root.is_dns() && harms(fault)) {
            causes.accusations += 1;
            let (title, at) = (&incident.title, super::clock(cause.at_ms));
            causes.broken.push(format!(
                "\"{title}\" was called {} at {at}, and nothing was wrong with the DNS (P11)",
                cause.class
            ));
        }
    }
}

/// A fault with what it was about.
pub(crate) fn said(root: &impl std::fmt::Display, about: &str) -> String {
    let root = root.to_string();
    if about.is_empty() || root.ends_with(about) { root } else { format!("{root} ({about})") }
}

/// What a fault was about: all of its names; servers as they were at first, since they come back one by one.
fn about(fault: &Fault) -> String {
    let names = matches!(fault.root, Root::Zone(_));
    let what = if names { fault.accepted.last() } else { fault.accepted.first() };
    what.map(|what| what.subject.clone()).unwrap_or_default()
}
