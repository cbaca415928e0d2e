//! The zones in force, each with the versions before it, switched as one.
//!
//! Failure policy: who publishes a version that was not made from the one in force is refused, whoever was first; a version
//! that cannot be kept is not put in force.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use domain::base::Rtype;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::by_name::{ByName, Path};
use crate::name::Name;
use crate::store::{StoreError, Versions, ZoneStore};
use crate::zone::{Zone, serial};

/// Zones by apex.
pub(super) type Zones = ByName<Entry>;

/// A zone of the catalog.
#[derive(Debug, Clone, Default)]
pub(super) struct Entry {
    /// Nothing where a copy was never fetched.
    pub(super) versions: Option<Arc<Versions>>,
    /// A copy that is too old is held, and not served.
    expired: bool,
}

impl Entry {
    /// What may be served.
    pub(super) fn served(&self) -> Option<&Arc<Versions>> {
        self.versions.as_ref().filter(|_| !self.expired)
    }
}

/// What all sockets of a server answer from; a switch is seen by the next question.
#[derive(Debug)]
pub(super) struct Catalog {
    zones: ArcSwap<Zones>,
    /// Zones that are copies of another server's.
    copies: BTreeSet<Name>,
    store: Option<Arc<dyn ZoneStore>>,
    /// One publisher at a time.
    publishing: Mutex<()>,
    changes: watch::Sender<()>,
    /// When each copy was last known to be current.
    refreshed: Mutex<ByName<Instant>>,
}

impl Catalog {
    pub(super) fn new(copies: BTreeSet<Name>, store: Option<Arc<dyn ZoneStore>>) -> Self {
        let all: Zones = copies.iter().map(|apex| (apex.clone(), Entry::default())).collect();
        let (changes, _) = watch::channel(());
        Self {
            zones: ArcSwap::from_pointee(all),
            copies,
            store,
            publishing: Mutex::new(()),
            changes,
            refreshed: Mutex::default(),
        }
    }

    pub(super) fn now(&self) -> arc_swap::Guard<Arc<Zones>> {
        self.zones.load()
    }

    /// Tells when something was put in force.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// What is held of a zone, served or not.
    pub(super) fn versions(&self, apex: &Name) -> Option<Arc<Versions>> {
        self.now().get(apex).and_then(|entry| entry.versions.clone())
    }

    /// Puts a zone in force, if the version held has the serial that `base` says; blocks while it is kept.
    pub(super) fn publish(&self, base: Base, zone: Zone) -> Result<(), StoreError> {
        let _one = self.publishing.lock().unwrap_or_else(PoisonError::into_inner);
        let held = self.versions(zone.apex());
        let serial = held.as_ref().map(|held| held.zone.serial());
        if let Base::Is(expected) = base
            && serial != expected
        {
            return Err(StoreError::Moved { held: serial, expected });
        }
        let versions = self.keep(zone)?;
        let mut zones = Zones::clone(&self.zones.load());
        self.enter(&mut zones, versions);
        self.switch(zones);
        Ok(())
    }

    /// Puts these zones in force in place of all that are not copies; blocks while they are kept. What cannot be kept is
    /// named, and stays as it was.
    pub(super) fn replace(&self, zones: Vec<Zone>) -> Vec<(String, StoreError)> {
        let _one = self.publishing.lock().unwrap_or_else(PoisonError::into_inner);
        let held = self.zones.load_full();
        let mut all: Zones = Zones::clone(&held);
        all.retain(|apex| self.copies.contains(apex));
        let mut faults = Vec::new();
        for zone in zones {
            let apex = zone.apex().clone();
            match self.keep(zone) {
                Ok(versions) => self.enter(&mut all, versions),
                Err(fault) => {
                    faults.push((crate::name::show(&apex), fault));
                    if let Some(entry) = held.get(&apex) {
                        all.insert(apex, entry.clone());
                    }
                }
            }
        }
        self.switch(all);
        faults
    }

    /// The versions with `zone` as the newest, kept. Where none is held, what the store keeps is its past.
    fn keep(&self, zone: Zone) -> Result<Arc<Versions>, StoreError> {
        let apex = zone.apex().clone();
        let held = match self.versions(&apex) {
            Some(held) => Some(held),
            None => self.kept(&apex)?.map(|(versions, _)| Arc::new(versions)),
        };
        if let Some(held) = held.as_ref().filter(|held| *held.zone == zone) {
            return Ok(Arc::clone(held));
        }
        let versions = match &held {
            Some(held) => held.followed_by(zone),
            None => Versions::of(zone),
        };
        if let Some(store) = &self.store {
            store.keep(&key(&apex), held.map(|held| held.zone.serial()), &versions.to_keep())?;
        }
        Ok(Arc::new(versions))
    }

    /// What the store keeps of a zone, and when it was known to be current; blocks.
    pub(super) fn kept(&self, apex: &Name) -> Result<Option<(Versions, Option<u64>)>, StoreError> {
        let Some(store) = &self.store else { return Ok(None) };
        let Some(kept) = store.load(&key(apex))? else { return Ok(None) };
        let versions = Versions::read(&kept)?;
        if versions.zone.apex() != apex {
            return Err(StoreError::Damaged(format!("it is the zone {}", versions.zone.origin())));
        }
        Ok(Some((versions, kept.checked_at)))
    }

    /// Notes in the store that a zone is current; blocks.
    pub(super) fn checked(&self, apex: &Name, at: u64) -> Result<(), StoreError> {
        self.store.as_ref().map_or(Ok(()), |store| store.checked(&key(apex), at))
    }

    /// Holds what was kept of a copy, as it is.
    pub(super) fn restore(&self, versions: Versions) {
        let _one = self.publishing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut zones = Zones::clone(&self.zones.load());
        self.enter(&mut zones, Arc::new(versions));
        self.switch(zones);
    }

    /// Whether a copy is too old to be served.
    pub(super) fn set_expired(&self, apex: &Name, expired: bool) {
        let _one = self.publishing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut zones = Zones::clone(&self.zones.load());
        if let Some(entry) = zones.get_mut(apex).filter(|entry| entry.expired != expired) {
            entry.expired = expired;
            self.zones.store(Arc::new(zones));
        }
    }

    /// A copy was known to be current at `at`.
    pub(super) fn set_refreshed(&self, apex: &Name, at: Instant) {
        self.refreshed.lock().unwrap_or_else(PoisonError::into_inner).insert(apex.clone(), at);
    }

    pub(super) fn refreshed(&self, apex: &Name) -> Option<Instant> {
        self.refreshed.lock().unwrap_or_else(PoisonError::into_inner).get(apex).copied()
    }

    /// The zones that are copies of another server's.
    pub(super) fn copies(&self) -> &BTreeSet<Name> {
        &self.copies
    }

    fn enter(&self, zones: &mut Zones, versions: Arc<Versions>) {
        let apex = versions.zone.apex().clone();
        announce(self.versions(&apex).as_ref(), &versions);
        zones.insert(apex, Entry { versions: Some(versions), expired: false });
    }

    fn switch(&self, zones: Zones) {
        self.zones.store(Arc::new(zones));
        self.changes.send_replace(());
    }
}

/// What a publisher knows of the version in force.
#[derive(Debug, Clone, Copy)]
pub(super) enum Base {
    /// It does not matter.
    Any,
    /// Its serial, or that there is none.
    Is(Option<u32>),
}

/// How a store names a zone.
fn key(apex: &Name) -> String {
    crate::name::show(apex).to_ascii_lowercase()
}

fn announce(held: Option<&Arc<Versions>>, new: &Arc<Versions>) {
    if held.is_some_and(|held| Arc::ptr_eq(held, new)) {
        return;
    }
    let zone = &new.zone;
    let (origin, new) = (zone.origin(), zone.serial());
    tracing::info!(zone = origin, serial = new, records = zone.len(), "zone in force");
    if let Some(old) = held.map(|held| held.zone.serial()).filter(|old| !serial::is_newer(new, *old)) {
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
pub(super) fn find<'z>(zones: &'z Zones, path: &Path, rtype: Rtype) -> Option<&'z Entry> {
    let mut found = (0..=path.labels()).rev().filter_map(|labels| {
        let (_, entry) = zones.at(path.key(labels))?;
        Some((labels == path.labels(), entry))
    });
    let (is_apex, first) = found.next()?;
    if rtype == Rtype::DS && is_apex {
        return Some(found.next().map_or(first, |(_, above)| above));
    }
    Some(first)
}
