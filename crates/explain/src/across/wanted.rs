//! What is asked for while all is well, and when what was heard is kept.

use std::collections::BTreeMap;

use candor_core::Timestamp;
use candor_core::engine::Testimony;
use candor_core::id::{CheckId, VantageId};
use candor_core::model::hosts::{aims, canonical};
use candor_core::model::{Check, Plan, WatchedZone};
use candor_names::Question;

use super::memory::{Memory, lies_in};
use super::questions;

/// Most names that are asked for in a round.
const MAX_NAMES: usize = 1_024;

/// A name that is asked for.
#[derive(Debug)]
pub struct Wanted<'p> {
    /// The name.
    pub host: String,
    /// What is asked of it.
    pub questions: Vec<Question>,
    /// The watched zone that it lies in, whose servers are asked.
    pub zone: &'p WatchedZone,
    /// For what a service needs inside: from where it is looked at, and the port that the service itself listens on.
    pub contact: Option<(VantageId, u16)>,
}

#[derive(Debug, Default)]
struct Named {
    record: Option<String>,
    contact: Option<(VantageId, u16)>,
}

/// Keeps what was heard of the names whose users have all passed since, in runs that began after it was heard.
pub fn settle(plan: &Plan, testimony: &[Testimony], memory: &mut Memory, now: Timestamp) {
    let said: BTreeMap<CheckId, &Testimony> = testimony.iter().map(|said| (said.check, said)).collect();
    let mut well: BTreeMap<String, Option<Timestamp>> = BTreeMap::new();
    for (service, capability, cell) in plan.cells() {
        let passed =
            |check: &Check| said.get(&check.id).filter(|s| s.fails.is_none()).and_then(|s| s.pass_began);
        let all = cell.checks.iter().map(passed).collect::<Option<Vec<_>>>();
        let since = all.and_then(|all| all.into_iter().min());
        let aims = aims(&capability.journey, cell).into_iter().flatten().map(|aim| aim.host);
        for host in aims.chain(service.needs.iter().map(|need| canonical(need))) {
            well.entry(host).and_modify(|other| *other = (*other).min(since)).or_insert(since);
        }
    }
    memory.settle(now, |host| well.get(host).copied().flatten());
}

/// The names of watched zones that journeys go to and that services need.
#[must_use]
pub fn wanted_names(plan: &Plan) -> Vec<Wanted<'_>> {
    let made = named(plan).into_iter().filter_map(|(host, named)| {
        let zones = plan.zones.iter().filter(|zone| lies_in(&host, &zone.zone) && !zone.servers.is_empty());
        let zone = zones.max_by_key(|zone| zone.zone.len())?;
        let questions = questions(&host, named.record.as_deref());
        Some(Wanted { host, questions, zone, contact: named.contact })
    });
    made.collect()
}

fn named(plan: &Plan) -> BTreeMap<String, Named> {
    let mut wanted: BTreeMap<String, Named> = BTreeMap::new();
    for (service, capability, cell) in plan.cells() {
        let aims = aims(&capability.journey, cell);
        let port = aims.iter().flatten().find_map(|aim| aim.port);
        for aim in aims.into_iter().flatten() {
            if wanted.len() < MAX_NAMES || wanted.contains_key(&aim.host) {
                wanted.entry(aim.host).or_default().record = aim.record;
            }
        }
        let from = cell.checks.first().map(|check| check.vantage.clone());
        for need in service.needs.iter().take(MAX_NAMES.saturating_sub(wanted.len())) {
            let entry = wanted.entry(canonical(need)).or_default();
            entry.contact = entry.contact.take().or_else(|| from.clone().zip(port));
        }
    }
    wanted
}
