//! The view after its time: what is shown when no newer one came before its greens ran out.
//!
//! Every green becomes unknown, since its own lease ended; what was failing or unknown stays as it was last measured.
//! Serving a view past its time is the last line of defence: the engine's own turn to unknown normally comes first.

use crate::saying::{Claim, Fares, Saying, UnknownWhy};
use crate::verdict::Verdict;
use crate::view::{CellView, View};
use jiff::Timestamp;

impl View {
    /// This view with every green turned to unknown.
    #[must_use]
    pub fn expired(&self) -> Self {
        let mut view = self.clone();
        let at = self.valid_until;
        view.overall = turned(view.overall);
        turn_saying(&mut view.saying, at);
        for service in &mut view.services {
            service.verdict = turned(service.verdict);
            turn_saying(&mut service.saying, at);
            for capability in &mut service.capabilities {
                capability.verdict = turned(capability.verdict);
                capability.cells.iter_mut().for_each(turn_cell);
            }
        }
        view.as_of = view.as_of.max(at);
        view.valid_until = None;
        view
    }
}

const fn turned(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Operational => Verdict::Unknown,
        other => other,
    }
}

fn turn_cell(cell: &mut CellView) {
    if cell.measured != Verdict::Operational {
        return;
    }
    let at = cell.valid_until.take();
    cell.measured = Verdict::Unknown;
    cell.since = at.or(cell.since);
    turn_saying(&mut cell.saying, at);
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
