//! What the ledger must say after a kill: everything that was acknowledged, nothing twice, nothing that did not happen.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::Path;

use candor_core::Timestamp;
use candor_core::entry::{Entry, Event};
use candor_ledger::{Expected, Ledger, Logged};

use super::DEADLINE;
use super::round::MOMENTS;
use super::site::{Facts, Truth};
use super::watch::Seen;

/// What is known of the ledger from the rounds before.
#[derive(Debug, Default)]
pub(super) struct Books {
    watermark: u64,
    head: Option<(u64, String)>,
    entries: usize,
    incidents: usize,
    outages: usize,
}

impl Books {
    pub(super) fn line(&self, moments: &[u64]) -> String {
        let moments = MOMENTS.iter().zip(moments).map(|(moment, kills)| format!("{moment:?} {kills}"));
        format!(
            "{} observations, {} entries, {} outages of services, {} incidents; killed while: {}",
            self.watermark,
            self.entries,
            self.outages,
            self.incidents,
            moments.collect::<Vec<_>>().join(", ")
        )
    }

    /// Checks the ledger that a killed hub left.
    pub(super) fn check(&mut self, path: &Path, seen: &Seen, truth: &Truth) {
        let reader = Ledger::open_to_read(path).expect("a killed hub leaves a ledger that can be read");
        for head in [self.head.clone(), seen.head.clone()].into_iter().flatten() {
            let expected = Expected { key: None, head: Some(head.clone()) };
            let verified = reader.verify_expecting(&expected);
            assert!(verified.is_ok(), "the head {head:?} was acknowledged: {verified:?}");
        }
        let watermark = reader.watermark().expect("a ledger knows its last observation");
        let kept = self.watermark + seen.kept;
        assert!(watermark >= kept, "{kept} runs were said to be kept, and {watermark} are");
        let mut entries = Vec::new();
        let replayed = reader.replay(0, 0, |logged| {
            if let Logged::Entry(_, entry) = logged {
                entries.push(*entry);
            }
            ControlFlow::Continue(())
        });
        replayed.expect("a ledger can be read to its end");
        let truth = truth.lock().expect("no thread panics").clone();
        assert_nothing_twice(&entries);
        assert_nothing_invented(&entries, &truth);
        self.incidents = assert_one_incident_for_each_outage(&entries, &truth);
        self.watermark = watermark;
        self.head = seen.head.clone().or(self.head.take());
        self.entries = entries.len();
        self.outages = truth.values().map(|facts| facts.bad.len()).sum();
    }

    /// A copy that was made beside the hub is a whole ledger of its own.
    pub(super) fn check_copy(&self, path: &Path) {
        let reader = Ledger::open_to_read(path).expect("a copy can be read");
        let verified = reader.verify().expect("a copy is whole");
        assert!(verified.head.is_some(), "a copy of a ledger with entries has some");
    }
}

/// What the engine decides is numbered, and so are incidents: no number is there twice or goes back.
fn assert_nothing_twice(entries: &[Entry]) {
    let (mut last, mut incidents) = (0, BTreeSet::new());
    for entry in entries {
        if entry.ordinal > 0 {
            assert!(entry.ordinal > last, "number {} after {last}: {entry:?}", entry.ordinal);
            last = entry.ordinal;
        }
        if let Event::IncidentOpened { incident, .. } = &entry.what {
            assert!(incidents.insert(*incident), "a second incident of that number: {entry:?}");
        }
    }
}

/// A cell fails only where its service did, and began to when that did.
fn assert_nothing_invented(entries: &[Entry], truth: &BTreeMap<String, Facts>) {
    for entry in entries {
        let Event::VerdictChanged { cell, to, since, .. } = &entry.what else { continue };
        if !to.is_failing() {
            continue;
        }
        let facts = truth.get(cell.service.as_str()).expect("a service of this site");
        assert!(
            outage(facts, *since).is_some(),
            "{} did not fail then: {entry:?}, {:?}",
            cell.service,
            facts.bad
        );
    }
}

/// The outage of a service that a failure seen at a moment belongs to. A run may have begun before its end.
fn outage(facts: &Facts, at: Timestamp) -> Option<usize> {
    facts
        .bad
        .iter()
        .rposition(|&(from, until)| at >= from && until.is_none_or(|until| at <= until + DEADLINE))
}

/// However often the hub dies in an outage, it is one incident.
fn assert_one_incident_for_each_outage(entries: &[Entry], truth: &BTreeMap<String, Facts>) -> usize {
    let mut of_outage = BTreeMap::new();
    let mut began = BTreeMap::new();
    for entry in entries {
        let (incident, cells) = match &entry.what {
            Event::VerdictChanged { cell, to, since, .. } if to.is_failing() => {
                began.insert(cell.to_string(), *since);
                continue;
            }
            Event::IncidentOpened { incident, cells } | Event::IncidentGrew { incident, cells } => {
                (incident, cells)
            }
            _ => continue,
        };
        for cell in cells {
            let since = began.get(&cell.to_string()).expect("a verdict comes before its incident");
            let outage = outage(&truth[cell.service.as_str()], *since);
            let first = of_outage.entry((cell.to_string(), outage)).or_insert(*incident);
            assert_eq!(first, incident, "a second incident for one outage of {cell}: {entry:?}");
        }
    }
    of_outage.values().collect::<BTreeSet<_>>().len()
}
