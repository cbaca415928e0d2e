//! Which names of a zone are required: those that journeys go to, and those that services need inside.

use std::collections::BTreeMap;

use candor_core::model::Plan;
use candor_core::model::hosts::{aims, canonical};
use candor_names::guard::Required;

/// Most reasons that are told of one name.
const TOLD: usize = 3;

/// The names of `zone` that the plan's journeys and needs are seen to use, each once, with why.
#[must_use]
pub fn required(plan: &Plan, zone: &str) -> Vec<Required> {
    let apex = canonical(zone);
    let mut why: BTreeMap<(String, Option<String>), Vec<String>> = BTreeMap::new();
    let mut note = |host: String, rtype: Option<String>, reason: String| {
        if lies_in(&host, &apex) {
            let reasons = why.entry((host, rtype)).or_default();
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
    };
    for (service, capability, cell) in plan.cells() {
        for aim in aims(&capability.journey, cell).into_iter().flatten() {
            note(aim.host, aim.record, format!("{} {} goes there", service.id, cell.key.capability));
        }
        for need in &service.needs {
            note(canonical(need), None, format!("{} needs it", service.id));
        }
    }
    let of = |((host, rtype), reasons): (_, Vec<String>)| -> Option<Required> {
        let (host, rtype): (String, Option<String>) = (host, rtype);
        let text = rtype.map_or_else(|| format!("{host}."), |rtype| format!("{host}. {rtype}"));
        Required::parse(&text, zone, &told(&reasons)).ok().map(Required::learned)
    };
    why.into_iter().filter_map(of).collect()
}

fn told(reasons: &[String]) -> String {
    let some: Vec<&str> = reasons.iter().take(TOLD).map(String::as_str).collect();
    match reasons.len().saturating_sub(TOLD) {
        0 => some.join(", "),
        more => format!("{}, and {more} more", some.join(", ")),
    }
}

/// Whether a host lies in a zone, both in lower case without their last dot.
fn lies_in(host: &str, apex: &str) -> bool {
    host == apex || host.strip_suffix(apex).is_some_and(|rest| rest.ends_with('.')) || apex.is_empty()
}
