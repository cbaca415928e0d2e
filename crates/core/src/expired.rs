//! The view after its time: what is shown when no newer one came before its greens ran out.
//!
//! Every green whose lease is over becomes unknown, and with it whatever was said to work on its account; what was
//! failing or unknown stays as it was last measured. Serving a view past its time is the last line of defence: the
//! engine's own turn to unknown normally comes first.

use alloc::sync::Arc;

use crate::saying::{Claim, Fares, Saying, UnknownWhy};
use crate::verdict::Verdict;
use crate::view::{CellView, ServiceView, View};
use jiff::Timestamp;

impl View {
    /// This view as it must be shown at `now`: every green that has run out is unknown.
    ///
    /// A service, and the whole, are said to work only where all of it still does; which of the claims about them still
    /// hold cannot be known from here.
    #[must_use]
    pub fn expired(&self, now: Timestamp) -> Self {
        let mut view = self.clone();
        let mut turned_at = None;
        let due =
            |s: &ServiceView| s.capabilities.iter().flat_map(|c| &c.cells).any(|cell| is_over(cell, now));
        for service in view.services.iter_mut().filter(|service| due(service)) {
            let service = Arc::make_mut(service);
            let mut service_at = None;
            for capability in &mut service.capabilities {
                let at = capability.cells.iter_mut().filter_map(|cell| turn_cell(cell, now)).max();
                if at.is_some() {
                    capability.verdict = turned(capability.verdict);
                    service_at = service_at.max(at);
                }
            }
            if service_at.is_some() {
                service.verdict = turned(service.verdict);
                turn_saying(&mut service.saying, service_at);
                turned_at = turned_at.max(service_at);
            }
        }
        if turned_at.is_some() {
            view.overall = turned(view.overall);
            turn_saying(&mut view.saying, turned_at);
        }
        let cells = view.services.iter().flat_map(|s| s.capabilities.iter().flat_map(|c| &c.cells));
        view.valid_until = cells.filter_map(|cell| cell.valid_until).min();
        view.as_of = view.as_of.max(turned_at);
        view
    }
}

const fn turned(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Operational => Verdict::Unknown,
        other => other,
    }
}

/// Whether a green has run out.
fn is_over(cell: &CellView, now: Timestamp) -> bool {
    cell.measured == Verdict::Operational && cell.valid_until.is_none_or(|until| now >= until)
}

/// Turns a cell that has run out; says when it did.
fn turn_cell(cell: &mut CellView, now: Timestamp) -> Option<Timestamp> {
    if !is_over(cell, now) {
        return None;
    }
    let at = cell.valid_until.take().unwrap_or(now);
    cell.measured = Verdict::Unknown;
    cell.since = Some(at);
    turn_saying(&mut cell.saying, Some(at));
    Some(at)
}

fn turn_saying(saying: &mut Saying, at: Option<Timestamp>) {
    saying.verdict = turned(saying.verdict);
    for claim in &mut saying.claims {
        turn_claim(claim, at);
    }
}

fn turn_claim(claim: &mut Claim, at: Option<Timestamp>) {
    if claim.fares == Fares::Works {
        claim.fares = Fares::Unknown(UnknownWhy::Silent);
        claim.since = at.or(claim.since);
    }
}
