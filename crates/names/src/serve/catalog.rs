//! The zones in force, switched as one.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use domain::base::Rtype;

use crate::name::Name;
use crate::question::Question;
use crate::zone::{Zone, serial};

/// Zones by apex.
pub(super) type Zones = BTreeMap<Name, Arc<Zone>>;

/// What all sockets of a server answer from; a switch is seen by the next question.
#[derive(Debug, Clone, Default)]
pub(super) struct Catalog(Arc<ArcSwap<Zones>>);

impl Catalog {
    pub(super) fn new(zones: Vec<Zone>) -> Self {
        let catalog = Self::default();
        catalog.replace(zones);
        catalog
    }

    pub(super) fn now(&self) -> arc_swap::Guard<Arc<Zones>> {
        self.0.load()
    }

    /// Puts one zone in force beside the others.
    pub(super) fn publish(&self, zone: Zone) {
        let zone = Arc::new(zone);
        let held = self.0.rcu(|zones| {
            let mut zones = Zones::clone(zones);
            zones.insert(zone.apex().clone(), Arc::clone(&zone));
            zones
        });
        announce(&held, &zone);
    }

    /// Puts these zones in force in place of all.
    pub(super) fn replace(&self, zones: Vec<Zone>) {
        let zones: Zones = zones.into_iter().map(|zone| (zone.apex().clone(), Arc::new(zone))).collect();
        let held = self.0.swap(Arc::new(zones.clone()));
        zones.values().for_each(|zone| announce(&held, zone));
    }
}

fn announce(held: &Zones, zone: &Zone) {
    let (origin, new) = (zone.origin(), zone.serial());
    tracing::info!(zone = origin, serial = new, records = zone.len(), "zone in force");
    let old = held.get(zone.apex()).filter(|old| ***old != *zone).map(|old| old.serial());
    if let Some(old) = old.filter(|old| !serial::is_newer(new, *old)) {
        tracing::warn!(zone = origin, old, new, "the zone changed, but its serial is not newer (RFC 1982)");
    }
    if zone.is_signed() {
        tracing::warn!(
            zone = origin,
            "signed: no proofs of denial are given, validators will not accept its NXDOMAIN"
        );
    }
}

/// The zone that is the authority for a question: the longest apex above its name; for DS the one above (RFC 4035,
/// section 3.1.4.1).
pub(super) fn find<'z>(zones: &'z Zones, question: &Question) -> Option<&'z Zone> {
    let name = question.wire_name();
    let mut found = name.iter_suffixes().filter_map(|suffix: Name| zones.get(&suffix)).map(Arc::as_ref);
    let first = found.next()?;
    if question.wire_type() == Rtype::DS && first.apex() == name {
        return found.next().or(Some(first));
    }
    Some(first)
}
