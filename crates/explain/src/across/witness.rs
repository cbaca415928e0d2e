//! Witnesses: each check's testimony, with where its steps go.

use std::collections::{BTreeMap, BTreeSet};

use candor_core::engine::{LAST, Testimony};
use candor_core::fault::Kind;
use candor_core::id::{CheckId, VantageId};
use candor_core::model::hosts::{Aim, aims, canonical};
use candor_core::model::{Cell, Journey, Service};

use super::{Inquiry, Place};

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

/// Most witnesses of either side: thousands that say the same say no more than some of them, and all of them are weighed
/// within seconds.
const MAX_HEARD: usize = 5_000;

/// The testimony that is weighed: all of it, or of too much some from everywhere.
fn heard(testimony: &[Testimony]) -> BTreeMap<CheckId, &Testimony> {
    let side = |involved: bool| {
        let count = testimony.iter().filter(|said| said.involved == involved).count();
        let step = count.div_ceil(MAX_HEARD).max(1);
        testimony.iter().filter(move |said| said.involved == involved).step_by(step)
    };
    side(true).chain(side(false)).map(|said| (said.check, said)).collect()
}

/// Where the steps go: as the plan says, else as the last run that passed was seen to go.
fn seen(mut aims: Vec<Option<Aim>>, reached: Option<&Vec<Place>>) -> Vec<Option<Aim>> {
    let named = |place: &&Place| place.host.parse::<core::net::IpAddr>().is_err();
    for place in reached.into_iter().flatten().filter(named) {
        if let Some(aim @ None) = aims.get_mut(usize::from(place.step)) {
            let (host, port) = (place.host.clone(), Some(place.address.port()));
            *aim = Some(Aim { host, port, record: None });
        }
    }
    aims
}

/// All of them, in the order of the plan.
pub(super) fn all(inquiry: &Inquiry) -> Vec<Witness<'_>> {
    let said = heard(&inquiry.case.testimony);
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
                aims: seen(aims(&capability.journey, cell), inquiry.reached.get(&check.id)),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_too_many_some_are_heard_from_everywhere() {
        let said =
            |n: u64, involved| Testimony { check: CheckId(n), fails: None, involved, pass_began: None };
        let few: Vec<Testimony> = (0..9).map(|n| said(n, n % 2 == 0)).collect();
        assert_eq!(heard(&few).len(), 9);
        let many: Vec<Testimony> = (0..60_000).map(|n| said(n, n < 50_000)).collect();
        let heard = heard(&many);
        assert!(heard.len() <= 2 * MAX_HEARD, "{}", heard.len());
        let of = |from: u64, to: u64| heard.keys().filter(|check| (from..to).contains(&check.0)).count();
        assert_eq!((of(0, 25_000), of(25_000, 50_000), of(50_000, 60_000)), (2_500, 2_500, 5_000));
    }
}
