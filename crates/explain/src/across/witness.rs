//! Witnesses: each check's testimony, with where its steps go.

use std::collections::{BTreeMap, BTreeSet};

use candor_core::engine::LAST;
use candor_core::fault::Kind;
use candor_core::id::{CheckId, VantageId};
use candor_core::model::hosts::{Aim, aims, canonical};
use candor_core::model::{Cell, Journey, Service};

use super::Inquiry;

/// A check that says something.
#[derive(Debug)]
pub(super) struct Witness<'a> {
    pub(super) check: CheckId,
    pub(super) service: &'a Service,
    pub(super) cell: &'a Cell,
    pub(super) journey: &'a Journey,
    pub(super) vantage: &'a VantageId,
    /// Where each step goes.
    pub(super) aims: Vec<Option<Aim>>,
    /// The fault, and the step that failed.
    pub(super) fails: Option<(Kind, u16)>,
    /// Whether it is one of those that the inquiry is about.
    pub(super) involved: bool,
    /// Whether it passed in a run that began after the first of those failed: only that speaks against a cause.
    pub(super) passes: bool,
    /// What the service needs inside; of one that passes, only where all of its service pass.
    pub(super) needs: Vec<String>,
}

impl Witness<'_> {
    /// Where the step goes that failed.
    pub(super) fn aim(&self) -> Option<&Aim> {
        match self.fails?.1 {
            LAST => self.aims.iter().rev().flatten().next(),
            step => self.aims.get(usize::from(step))?.as_ref(),
        }
    }

    /// What it fails with, where it is one of those that the inquiry is about.
    pub(super) fn accuses(&self) -> Option<Kind> {
        self.fails.filter(|_| self.involved).map(|(kind, _)| kind)
    }

    /// Whether any of its steps goes there.
    pub(super) fn goes_to(&self, host: &str) -> bool {
        self.aims.iter().flatten().any(|aim| aim.host == host)
    }
}

/// All of them, in the order of the plan.
pub(super) fn all(inquiry: &Inquiry) -> Vec<Witness<'_>> {
    let said: BTreeMap<CheckId, _> = inquiry.case.testimony.iter().map(|said| (said.check, said)).collect();
    let mut list = Vec::with_capacity(said.len());
    for (service, capability, cell) in inquiry.plan.cells() {
        for check in &cell.checks {
            let Some(said) = said.get(&check.id) else { continue };
            list.push(Witness {
                check: check.id,
                service,
                cell,
                journey: &capability.journey,
                vantage: &check.vantage,
                aims: aims(&capability.journey, cell),
                fails: said.fails,
                involved: said.involved,
                passes: said.fails.is_none() && said.pass_began.is_some_and(|at| at >= inquiry.case.since),
                needs: service.needs.iter().map(|need| canonical(need)).collect(),
            });
        }
    }
    // A service whose other deeds pass says nothing of what it needs for this one.
    let failing: BTreeSet<_> =
        list.iter().filter(|w| w.fails.is_some()).map(|w| w.service.id.clone()).collect();
    for witness in list.iter_mut().filter(|w| w.fails.is_none() && failing.contains(&w.service.id)) {
        witness.needs.clear();
    }
    list
}
