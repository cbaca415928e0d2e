//! The limits of a plan: the guard's own, then what the config says of the zone, then what the command line says.

use std::time::Duration;

use candor_core::model::{Plan, RuleWeight, WatchedZone};
use candor_names::Zone;
use candor_names::guard::{Limits, Severity, Share};

use crate::args::zone::ZonePlanArgs;
use crate::command::Failure;

pub(super) fn limits(args: &ZonePlanArgs, of: Option<&WatchedZone>) -> Result<Limits, Failure> {
    let mut limits = Limits::default();
    if let Some(zone) = of {
        of_config(&mut limits, zone)?;
    }
    limits.removed = args.removed.unwrap_or(limits.removed);
    limits.owned.extend(&args.owned);
    limits.last_line = args.last_line.clone().or(limits.last_line);
    for weight in &args.rule {
        limits.weigh(&weight.rule, weight.severity).map_err(Failure)?;
    }
    Ok(limits)
}

/// What the config says of the zone, where it has it.
pub(super) fn watched<'p>(plan: &'p Plan, zone: &Zone) -> Option<&'p WatchedZone> {
    let origin = zone.origin().trim_end_matches('.').to_ascii_lowercase();
    plan.zones.iter().find(|zone| zone.zone == origin)
}

fn of_config(limits: &mut Limits, zone: &WatchedZone) -> Result<(), Failure> {
    let given = &zone.limits;
    let seconds = |time: Duration| u32::try_from(time.as_secs()).unwrap_or(u32::MAX);
    limits.removed = Share::of_hundredths(given.removed).unwrap_or(limits.removed);
    limits.removed_names = usize::try_from(given.removed_names).unwrap_or(usize::MAX);
    limits.negative_ttl = seconds(given.negative_ttl);
    limits.ttl = seconds(given.ttl);
    for network in &given.owned {
        limits.owned.push(network.parse()?);
    }
    limits.last_line.clone_from(&given.last_line);
    for (rule, weight) in &given.rules {
        let severity = match weight {
            RuleWeight::Refuse => Some(Severity::Refuse),
            RuleWeight::Warn => Some(Severity::Warn),
            RuleWeight::Off => None,
        };
        limits.weigh(rule, severity).map_err(Failure)?;
    }
    Ok(())
}
