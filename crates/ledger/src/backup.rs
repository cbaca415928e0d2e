//! Backup and restore: copies made while a hub runs, read back before they count.
//!
//! A copy is one file, mode 0600, with the public keys inside and beside it, and without the secret one. It appears
//! under its name only when its chain was verified. Nothing is ever overwritten.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use crate::error::{CopyError, LedgerError, OpenError};
use crate::files::{beside, beside_by_sqlite, check_folder, lock, log_of, put, sync_with_folder};
use crate::key::public_file;
use crate::open::{Ledger, Reader, flags, fold_at_close};
use crate::verify::Verified;

impl Reader {
    /// Copies the ledger to `to`, as it stands at one moment, and verifies the copy.
    ///
    /// # Errors
    /// [`CopyError`]; then nothing lies at `to`.
    pub fn backup(&self, to: &Path) -> Result<Verified, CopyError> {
        check_folder(to)?;
        absent(to)?;
        let part = beside(to, "part");
        let made = self.copy_under(&part).and_then(|verified| {
            if let Some((public, _)) = verified.keys.last() {
                put(&beside(to, "pub"), &public_file(public), 0o644)?;
            }
            // Last, so that what lies at `to` is whole, also in what lies beside it.
            fs::rename(&part, to)?;
            sync_with_folder(to)?;
            Ok(verified)
        });
        if made.is_err() {
            // What is wrong is said; a leftover that cannot be removed either says nothing more.
            for left in [&part, &beside_by_sqlite(&part, "journal"), &beside(&beside(to, "pub"), "part")] {
                let _ = fs::remove_file(left);
            }
        }
        made
    }

    /// Copies to `part`, and reads the copy back.
    fn copy_under(&self, part: &Path) -> Result<Verified, CopyError> {
        copy_database(&self.conn, part)?;
        let copy = Ledger::open_to_read(part)?;
        copy.integrity()?;
        Ok(copy.verify()?)
    }

    /// Reads every page and index of the database.
    ///
    /// # Errors
    /// [`LedgerError::Corrupt`] with the first thing found.
    pub fn integrity(&self) -> Result<(), LedgerError> {
        let found: String = self.conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if found == "ok" {
            return Ok(());
        }
        fold_at_close(&self.conn, false)?;
        Err(LedgerError::Corrupt(found.trim().replace('\n', ": ")))
    }
}

impl Ledger {
    /// Puts the backup at `from` in place at `to`, where no ledger may be. The signing key is not in a backup: where
    /// `TO.key` is not there either, the next start makes a new one.
    ///
    /// # Errors
    /// [`CopyError`]; then nothing lies at `to`.
    pub fn restore(from: &Path, to: &Path) -> Result<Verified, CopyError> {
        check_folder(to)?;
        absent(to)?;
        let source = Self::open_to_read(from)?;
        source.integrity()?;
        source.verify()?;
        let lock = lock(to)?;
        // A log of what was there before must not be read into what comes now.
        let restored = match log_of(to) {
            Some(log) => Err(CopyError::Exists(log)),
            None => source.backup(to),
        };
        lock.remove();
        restored
    }
}

fn absent(path: &Path) -> Result<(), CopyError> {
    match path.try_exists() {
        Ok(false) => Ok(()),
        Ok(true) => Err(CopyError::Exists(path.to_path_buf())),
        Err(error) => Err(CopyError::Open(OpenError::io(path, &error))),
    }
}

/// Copies a database to a new file of one piece, durably.
pub(crate) fn copy_database(from: &Connection, to: &Path) -> Result<(), CopyError> {
    // A journal that a crash left of an earlier try would be played back into this one.
    for stale in [to, &beside_by_sqlite(to, "journal")] {
        if let Err(error) = fs::remove_file(stale)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            return Err(error.into());
        }
    }
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    let mut target = Connection::open_with_flags(to, flags())?;
    let everything = Backup::new(from, &mut target)?;
    // In one step, within one view of the source: a hub that writes meanwhile does not make it begin anew.
    let done = everything.step(-1)? == StepResult::Done;
    drop(everything);
    if !done {
        return Err(LedgerError::Busy.into());
    }
    // One file, without a log beside it.
    target.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
    target.close().map_err(|(_, error)| error)?;
    Ok(sync_with_folder(to)?)
}
