//! The journeys of a config, tried with the names of a zone that is not published.
//!
//! Each runs with the proposed zone; one that fails runs with the live zone too, so that the change is held responsible only
//! for what it breaks. Names outside of the zone are asked of this host's resolvers.

use std::collections::BTreeSet;
use std::sync::Arc;

use candor_change::{Broken, Journeys};
use candor_core::id::CheckId;
use candor_core::model::Plan;
use candor_names::{Resolver, SystemResolver, Zone, ZoneResolver};
use candor_probe::Runner;

use crate::check::{self, Checked};

/// Tries them all; those that write only where that is wanted.
pub(super) async fn tried(plan: &Arc<Plan>, live: Zone, proposed: Zone, with_writes: bool) -> Journeys {
    let (mut wanted, mut left_out) = (BTreeSet::new(), 0);
    for (_, capability, cell) in plan.cells() {
        // One look is enough: every vantage would ask the same zone.
        let Some(check) = cell.checks.first() else { continue };
        if capability.journey.writes && !with_writes {
            left_out += 1;
        } else {
            wanted.insert(check.id);
        }
    }
    let with_proposed = run(plan, proposed, &wanted).await;
    let failed = |checked: &Checked| checked.run.observation.fault.is_some();
    let again: BTreeSet<CheckId> = with_proposed
        .iter()
        .filter(|checked| failed(checked))
        .map(|checked| checked.run.observation.check)
        .collect();
    let with_live = if again.is_empty() { Vec::new() } else { run(plan, live, &again).await };
    let passes_live: BTreeSet<CheckId> = with_live
        .iter()
        .filter(|checked| !failed(checked))
        .map(|checked| checked.run.observation.check)
        .collect();
    let is_broken = |checked: &&Checked| passes_live.contains(&checked.run.observation.check);
    Journeys {
        tried: with_proposed.len(),
        passed: with_proposed.iter().filter(|checked| !failed(checked)).count(),
        failing_already: again.len() - passes_live.len(),
        left_out,
        broken: with_proposed.iter().filter(is_broken).map(broken).collect(),
    }
}

async fn run(plan: &Arc<Plan>, zone: Zone, wanted: &BTreeSet<CheckId>) -> Vec<Checked> {
    let elsewhere: Arc<dyn Resolver> = Arc::new(SystemResolver::new());
    let resolver: Arc<dyn Resolver> = Arc::new(ZoneResolver::new(Arc::new(zone)).with_elsewhere(elsewhere));
    let runner = Runner::with_resolver(Arc::clone(plan), resolver);
    check::run_with(&runner, plan, &|_, check| wanted.contains(&check)).await.checks
}

fn broken(checked: &Checked) -> Broken {
    let fault = checked.run.observation.fault.as_ref();
    Broken {
        service: checked.key.service.to_string(),
        capability: checked.key.capability.to_string(),
        place: checked.key.place.as_ref().map(ToString::to_string),
        fault: fault.map_or_else(String::new, |fault| {
            format!("{}.{}: {}", fault.kind.layer().word(), fault.kind.word(), fault.detail)
        }),
    }
}
