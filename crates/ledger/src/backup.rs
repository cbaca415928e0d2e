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
use crate::files::{beside, beside_by_sqlite, check_folder, lock, put, sync_with_folder};
use crate::key::public_file;
use crate::open::{Ledger, Reader, flags};
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
        let made = copy_database(&self.conn, &part).and_then(|()| {
            let copy = Ledger::open_to_read(&part)?;
            copy.integrity()?;
            Ok(copy.verify()?)
        });
        let verified = match made {
            Ok(verified) => verified,
            Err(error) => {
                // What is wrong is said; a leftover that cannot be removed either says nothing more.
                let _ = fs::remove_file(&part);
                return Err(error);
            }
        };
        fs::rename(&part, to)?;
        sync_with_folder(to)?;
        if let Some((public, _)) = verified.keys.last() {
            put(&beside(to, "pub"), &public_file(public), 0o644)?;
        }
        Ok(verified)
    }

    /// Reads every page and index of the database.
    ///
    /// # Errors
    /// [`LedgerError::Corrupt`] with the first thing found.
    pub fn integrity(&self) -> Result<(), LedgerError> {
        let found: String = self.conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if found == "ok" { Ok(()) } else { Err(LedgerError::Corrupt(found)) }
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
        let _lock = lock(to)?;
        // A write-ahead log of what was there before must not be read into what comes now.
        for stale in ["wal", "shm"] {
            absent(&beside_by_sqlite(to, stale))?;
        }
        source.backup(to)
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
    if let Err(error) = fs::remove_file(to)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(error.into());
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
