//! Versions of zones in the ledger's keeping, as the name server asks for them.

use std::path::Path;

use candor_ledger::{LedgerError, OpenError, ZoneKept, ZoneVersions};
use candor_names::store::DIFFS_KEPT;
use candor_names::{KeptZone, NewVersion, StoreError, ZoneStore};

use crate::command::Failure;
use crate::print::quoted;

/// The file.
#[derive(Debug)]
pub(super) struct Disk(ZoneVersions);

impl Disk {
    /// The file, which must be there.
    pub(super) fn open_kept(path: &Path) -> Result<Self, Failure> {
        if path.try_exists()? {
            return Self::open(path);
        }
        let path = quoted(&path.to_string_lossy());
        Err(Failure(format!(
            "there is no store at {path}\n  name the file that `candor zone serve --store` has"
        )))
    }

    /// The zones of which something is kept.
    pub(super) fn apexes(&self) -> Result<Vec<String>, Failure> {
        Ok(self.0.apexes()?)
    }

    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let opened = ZoneVersions::open(path, u32::try_from(DIFFS_KEPT).unwrap_or(u32::MAX));
        opened.map(Self).map_err(|error| match error {
            OpenError::Foreign(path) => {
                let path = quoted(&path.to_string_lossy());
                Failure(format!("{path} is no store of zones; it was left alone: name another file"))
            }
            other => other.into(),
        })
    }
}

fn failed(error: LedgerError) -> StoreError {
    match error {
        LedgerError::Corrupt(why) => StoreError::Damaged(why),
        other => StoreError::Failed(other.to_string()),
    }
}

impl ZoneStore for Disk {
    fn load(&self, apex: &str) -> Result<Option<KeptZone>, StoreError> {
        let kept = self.0.load(apex).map_err(failed)?;
        Ok(kept.map(|kept| KeptZone { zone: kept.zone, diffs: kept.diffs, checked_at: kept.checked_at }))
    }

    fn keep(&self, apex: &str, base: Option<u32>, new: &NewVersion) -> Result<(), StoreError> {
        match self.0.keep(apex, base, new.serial, &new.zone, new.diff.as_deref()).map_err(failed)? {
            ZoneKept::Kept => Ok(()),
            ZoneKept::Moved(held) => Err(StoreError::Moved { held, expected: base }),
        }
    }

    fn checked(&self, apex: &str, at: u64) -> Result<(), StoreError> {
        self.0.checked(apex, at).map_err(failed)
    }
}
