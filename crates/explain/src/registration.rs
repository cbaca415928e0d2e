//! What a registry says of a domain, beside what the DNS does.

use core::time::Duration;

use candor_core::finding::{Finding, Registration, What};
use candor_names::Walk;

use crate::judge::{is_registry, path};
use crate::known::same_name;

/// From how long before its end a registration is worth a word.
const SOON: Duration = Duration::from_secs(30 * 86_400);

/// The domain that somebody registered, in which the name lies or on which it depends: that which is gone, else the first
/// zone on the way below one in which others register.
#[must_use]
pub fn registered(walk: &Walk, found: &What) -> Option<String> {
    match found {
        What::GoneAtParent { zone, .. } => return Some(zone.clone()),
        What::HostsGone { at, .. } => return Some(at.clone()),
        _ => {}
    }
    let apex = |at: usize| walk.zones.get(at).map(|zone| zone.apex.as_str());
    let way = path(walk, walk.links.first()?);
    let below = way.windows(2).find_map(|pair| match pair {
        [above, below] => Some((apex(*above)?, apex(*below)?))
            .filter(|(above, below)| is_registry(above) && !is_registry(below)),
        _ => None,
    });
    below.map(|(_, zone)| zone.to_owned())
}

/// Adds what the registry says of `domain`: the reason why it is gone, or that its registration is about to end.
pub fn with_registration(finding: &mut Finding, domain: &str, registration: Registration) {
    if let What::GoneAtParent { zone, registration: said, .. } = &mut finding.what
        && same_name(zone, domain)
    {
        *said = Some(registration);
        return;
    }
    let soon = finding.at.checked_add(SOON).unwrap_or(finding.at);
    if let Some(at) = registration.ends.filter(|ends| *ends <= soon) {
        finding.asides.push(What::RegistrationEnds { name: domain.to_owned(), at });
    }
}
