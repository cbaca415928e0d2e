//! Where versions of zones are kept, so that transfers by difference and a way back outlive a restart.
//!
//! Names and texts alone cross this line, so that a keeper needs no DNS library. The newest version is kept whole; older ones
//! as the differences that lead to it. Failure policy: a version is kept whole or not at all; one that is not made from
//! the version kept is refused, whoever was first. Absent: files; those who keep on disk implement [`ZoneStore`].

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::zone::{DiffError, Zone, ZoneDiff, ZoneFault};

/// How many differences are kept for a zone where nothing else is said.
pub const DIFFS_KEPT: usize = 64;

/// A version for keeping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewVersion {
    /// Its serial.
    pub serial: u32,
    /// The zone whole, as a zone file.
    pub zone: String,
    /// What makes it of the version kept, as [`ZoneDiff::to_text`] writes it; without it, older versions are dropped:
    /// they do not lead here.
    pub diff: Option<String>,
}

/// What is kept of a zone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeptZone {
    /// The newest version whole, as a zone file.
    pub zone: String,
    /// The differences that lead to it, oldest first.
    pub diffs: Vec<String>,
    /// When a secondary last knew that it is current, in seconds since 1970.
    pub checked_at: Option<u64>,
}

/// Why a version is not kept, or cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Somebody was first: the version kept is not the one that the new one was made from.
    #[error("the version kept has serial {}, not {}", serial(.held), serial(.expected))]
    Moved {
        /// The serial of the version kept, if there is one.
        held: Option<u32>,
        /// The serial that was expected.
        expected: Option<u32>,
    },
    /// The keeper failed.
    #[error("cannot be kept: {0}")]
    Failed(String),
    /// What is kept cannot be read.
    #[error("what is kept cannot be read: {0}")]
    Damaged(String),
}

fn serial(serial: &Option<u32>) -> String {
    serial.map_or_else(|| "none".to_owned(), |serial| serial.to_string())
}

/// Keeps versions of zones. Calls may block; they are made on threads where that is allowed.
pub trait ZoneStore: Send + Sync + fmt::Debug {
    /// What is kept of the zone with this apex (in lower case, with its last dot).
    ///
    /// # Errors
    /// When it cannot be read.
    fn load(&self, apex: &str) -> Result<Option<KeptZone>, StoreError>;

    /// Keeps a version in place of the one with serial `base`, or as the first where `base` is `None`: whole or not at all.
    ///
    /// # Errors
    /// [`StoreError::Moved`] when another version is kept; [`StoreError::Failed`] when the keeper failed.
    fn keep(&self, apex: &str, base: Option<u32>, new: &NewVersion) -> Result<(), StoreError>;

    /// Notes that the version kept was current at `at`, in seconds since 1970.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when the keeper failed.
    fn checked(&self, apex: &str, at: u64) -> Result<(), StoreError>;
}

/// The versions of a zone, as a server holds them: the newest, and what led to it.
#[derive(Debug, Clone)]
pub struct Versions {
    /// The newest.
    pub(crate) zone: Arc<Zone>,
    /// The differences that lead to it, oldest first, without a gap.
    pub(crate) diffs: Vec<Arc<ZoneDiff>>,
}

impl Versions {
    /// A zone without a past.
    #[must_use]
    pub fn of(zone: Zone) -> Self {
        Self { zone: Arc::new(zone), diffs: Vec::new() }
    }

    /// The newest version.
    #[must_use]
    pub fn newest(&self) -> &Zone {
        &self.zone
    }

    /// The serials of all versions, oldest first.
    #[must_use]
    pub fn serials(&self) -> Vec<u32> {
        self.diffs.iter().map(|diff| diff.base()).chain([self.zone.serial()]).collect()
    }

    /// What changed from each version to the next, oldest first.
    pub fn changes(&self) -> impl DoubleEndedIterator<Item = &ZoneDiff> {
        self.diffs.iter().map(AsRef::as_ref)
    }

    /// The version with this serial, made from the newest by the way back.
    ///
    /// # Errors
    /// When what is kept does not lead there.
    pub fn version(&self, serial: u32) -> Result<Option<Zone>, DiffError> {
        if self.zone.serial() == serial {
            return Ok(Some(Zone::clone(&self.zone)));
        }
        let Some(at) = self.diffs.iter().rposition(|diff| diff.base() == serial) else { return Ok(None) };
        let back: Vec<ZoneDiff> = self.diffs.iter().skip(at).rev().map(|diff| diff.reversed()).collect();
        self.zone.apply_all(&back).map(Some)
    }

    /// The differences from a serial to the newest version, if they are all here.
    pub(crate) fn since(&self, serial: u32) -> Option<&[Arc<ZoneDiff>]> {
        let at = self.diffs.iter().rposition(|diff| diff.base() == serial)?;
        self.diffs.get(at..)
    }

    /// The versions with `zone` as the newest. What led here is kept where it leads on: at most [`DIFFS_KEPT`]
    /// differences, and not more records than the zone itself has twice over (RFC 1995, section 5).
    pub(crate) fn followed_by(&self, zone: Zone) -> Self {
        let newer = crate::zone::serial::is_newer(zone.serial(), self.zone.serial());
        let Some(diff) = self.zone.diff(&zone).ok().filter(|_| newer) else { return Self::of(zone) };
        let mut room = zone.len().saturating_mul(2).max(1_000);
        let mut diffs = vec![Arc::new(diff)];
        for diff in self.diffs.iter().rev().take(DIFFS_KEPT - 1) {
            let Some(left) = room.checked_sub(diff.len() + 2) else { break };
            room = left;
            diffs.push(Arc::clone(diff));
        }
        diffs.reverse();
        Self { zone: Arc::new(zone), diffs }
    }

    /// What is to be kept when these are the versions.
    pub(crate) fn to_keep(&self) -> NewVersion {
        let diff = self.diffs.last().map(|diff| diff.to_text());
        NewVersion { serial: self.zone.serial(), zone: self.zone.to_zone_file(), diff }
    }

    /// Reads what is kept.
    ///
    /// # Errors
    /// When the zone cannot be read, or the differences do not lead to it.
    pub fn read(kept: &KeptZone) -> Result<Self, StoreError> {
        let damaged = |why: &dyn fmt::Display| StoreError::Damaged(why.to_string());
        let first = |faults: Vec<ZoneFault>| {
            faults.first().map_or_else(|| damaged(&"no zone"), |fault| damaged(fault))
        };
        let zone = Zone::parse(&kept.zone, None, "zone kept").map_err(first)?;
        let mut diffs = Vec::new();
        let mut next = zone.serial();
        for text in kept.diffs.iter().rev() {
            let diff = ZoneDiff::parse(text).map_err(|why| damaged(&why))?;
            if diff.serial() != next {
                return Err(damaged(&format!("a difference leads to serial {}, not {next}", diff.serial())));
            }
            next = diff.base();
            diffs.push(Arc::new(diff));
        }
        diffs.reverse();
        Ok(Self { zone: Arc::new(zone), diffs })
    }
}

/// Keeps versions in memory alone: for tests, and where a restart may forget.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<BTreeMap<String, (u32, KeptZone)>>);

impl ZoneStore for MemoryStore {
    fn load(&self, apex: &str) -> Result<Option<KeptZone>, StoreError> {
        let zones = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(zones.get(apex).map(|(_, kept)| kept.clone()))
    }

    fn keep(&self, apex: &str, base: Option<u32>, new: &NewVersion) -> Result<(), StoreError> {
        let mut zones = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let held = zones.get(apex).map(|(serial, _)| *serial);
        if held != base {
            return Err(StoreError::Moved { held, expected: base });
        }
        let (serial, kept) = zones.entry(apex.to_owned()).or_default();
        match &new.diff {
            Some(diff) => kept.diffs.push(diff.clone()),
            None => kept.diffs.clear(),
        }
        let surplus = kept.diffs.len().saturating_sub(DIFFS_KEPT);
        kept.diffs.drain(..surplus);
        (*serial, kept.zone) = (new.serial, new.zone.clone());
        Ok(())
    }

    fn checked(&self, apex: &str, at: u64) -> Result<(), StoreError> {
        let mut zones = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, kept)) = zones.get_mut(apex) {
            kept.checked_at = Some(at);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(serial: u32, host: &str) -> Zone {
        let text = format!("$ORIGIN z.example.\n@ 60 SOA a b {serial} 2 3 4 5\n@ 60 NS a\na 60 A {host}\n");
        Zone::parse(&text, None, "z").unwrap()
    }

    #[test]
    fn every_version_can_be_had_again_also_from_what_was_kept() {
        let store = MemoryStore::default();
        let mut versions = Versions::of(zone(1, "192.0.2.1"));
        store.keep("z.example.", None, &versions.to_keep()).unwrap();
        for serial in 2..9 {
            let base = versions.newest().serial();
            versions = versions.followed_by(zone(serial, &format!("192.0.2.{serial}")));
            store.keep("z.example.", Some(base), &versions.to_keep()).unwrap();
        }
        let again = Versions::read(&store.load("z.example.").unwrap().unwrap()).unwrap();
        for versions in [versions, again] {
            assert_eq!(versions.serials(), (1..9).collect::<Vec<_>>());
            for serial in 1..9 {
                let wanted = zone(serial, &format!("192.0.2.{serial}"));
                assert_eq!(versions.version(serial).unwrap(), Some(wanted));
            }
            assert_eq!(versions.version(9).unwrap(), None);
        }
    }

    #[test]
    fn who_comes_second_is_refused() {
        let store = MemoryStore::default();
        let first = Versions::of(zone(1, "192.0.2.1")).to_keep();
        store.keep("z.example.", None, &first).unwrap();
        let moved = store.keep("z.example.", None, &first).unwrap_err();
        assert_eq!(moved, StoreError::Moved { held: Some(1), expected: None });
        assert_eq!(moved.to_string(), "the version kept has serial 1, not none");
    }

    #[test]
    fn a_serial_that_is_not_newer_ends_the_past() {
        let versions = Versions::of(zone(5, "192.0.2.1")).followed_by(zone(6, "192.0.2.2"));
        assert_eq!(versions.serials(), [5, 6]);
        assert_eq!(versions.followed_by(zone(6, "192.0.2.3")).serials(), [6]);
        assert_eq!(versions.followed_by(zone(4, "192.0.2.3")).serials(), [4]);
    }

    #[test]
    fn what_is_damaged_is_said_and_not_served() {
        let versions = Versions::of(zone(1, "192.0.2.1")).followed_by(zone(2, "192.0.2.2"));
        let whole = versions.to_keep();
        let kept = |zone: &str, diff: &str| KeptZone {
            zone: zone.to_owned(),
            diffs: vec![diff.to_owned()],
            checked_at: None,
        };
        let diff = whole.diff.unwrap();
        assert!(Versions::read(&kept(&whole.zone, &diff)).is_ok());
        assert!(Versions::read(&kept(&whole.zone.replace("192", "x"), &diff)).is_err());
        assert!(Versions::read(&kept(&whole.zone.replace(" 2 2 3", " 3 2 3"), &diff)).is_err());
        assert!(Versions::read(&kept(&whole.zone, "nonsense")).is_err());
    }
}
