//! Every way in which the ledger can fail, sorted by who must act; each message names the way out.
//!
//! [`OpenError`] is met once, at the start, by a person. [`LedgerError`] is met while the hub runs: `Full`, `ReadOnly`
//! and `Io` are the machine's and pass when the machine is mended (the ledger stays usable); `Corrupt` needs a
//! restore; `Busy` is another process; `Refused` is our own bug. [`Broken`] is what an auditor must know.

use std::fmt;
use std::path::{Path, PathBuf};

use rusqlite::{ErrorCode, ffi};
use thiserror::Error;

/// Why a ledger could not be opened. Nothing was changed on disk.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The folder that should hold it does not exist.
    #[error("the folder {} for the ledger does not exist; create it, or name another place", .0.display())]
    NoFolder(PathBuf),
    /// There is no ledger at this path (only where one must exist already).
    #[error("there is no ledger at {}", .0.display())]
    Missing(PathBuf),
    /// There is none, and something beside it says that there was one.
    #[error(
        "the ledger {} is gone, and {} says that there was one: put it back, `candor ledger restore` a backup to its place, or move what is left away to begin a new one",
        .path.display(), .left.display()
    )]
    Gone {
        /// Where it should be.
        path: PathBuf,
        /// What it left behind.
        left: PathBuf,
    },
    /// Its chain does not hold.
    #[error(
        "the chain of the ledger {} does not hold ({broken}); it was left alone: look at it with `candor ledger verify`, then move it away and `candor ledger restore` a backup to its place, or begin a new one",
        .path.display()
    )]
    Broken {
        /// The file.
        path: PathBuf,
        /// What does not hold.
        broken: Broken,
    },
    /// The file is something else.
    #[error(
        "{} is not a Candor ledger (or its beginning is damaged); it was left alone: name another path, or restore a backup",
        .0.display()
    )]
    Foreign(PathBuf),
    /// The file is a ledger, and damaged.
    #[error(
        "the ledger {} is damaged ({why}); it was left alone: move it away, then `candor ledger restore` a backup to its place",
        .path.display()
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        why: String,
    },
    /// A newer Candor wrote it.
    #[error(
        "the ledger {} has layout {found}, and this Candor knows {known}: use the newer Candor that wrote it, or restore the backup made before its upgrade",
        .path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its layout.
        found: u32,
        /// The newest layout known here.
        known: u32,
    },
    /// An older Candor wrote it.
    #[error(
        "the ledger {} has the older layout {found} (this Candor writes {known}): run `candor ledger migrate {}`, which makes a copy of it first",
        .path.display(), .path.display()
    )]
    Older {
        /// The file.
        path: PathBuf,
        /// Its layout.
        found: u32,
        /// The layout written here.
        known: u32,
    },
    /// Bringing an older layout forward failed; the file is as it was.
    #[error(
        "the ledger {} could not be brought from layout {from} to {to} ({why}); it is as it was, and a copy lies at {}",
        .path.display(), .backup.display()
    )]
    Migration {
        /// The file.
        path: PathBuf,
        /// From this layout.
        from: u32,
        /// To this one.
        to: u32,
        /// The copy made before.
        backup: PathBuf,
        /// What failed.
        why: String,
    },
    /// The file or its folder cannot be written.
    #[error("the ledger {} cannot be written: make the file and its folder writable for the user that runs Candor", .0.display())]
    ReadOnly(PathBuf),
    /// Another Candor has it open.
    #[error(
        "the ledger {} is in use by another Candor{}: stop that one, or give this one a ledger of its own",
        .path.display(), .by.map(|pid| format!(" (process {pid})")).unwrap_or_default()
    )]
    Locked {
        /// The file.
        path: PathBuf,
        /// The other process, where it said so.
        by: Option<u32>,
    },
    /// The signing key cannot be used.
    #[error("the signing key {} cannot be used ({why}): put the right key back, or move it away and a new one is made", .path.display())]
    Key {
        /// The key's file.
        path: PathBuf,
        /// What is wrong with it; never the key itself.
        why: String,
    },
    /// No space is left.
    #[error("no space is left for the ledger {}: free some", .0.display())]
    Full(PathBuf),
    /// The machine failed otherwise.
    #[error("the ledger {} could not be opened: {why}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
}

impl OpenError {
    pub(crate) fn io(path: &Path, error: &std::io::Error) -> Self {
        use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem, StorageFull};
        let path = path.to_path_buf();
        match error.kind() {
            PermissionDenied | ReadOnlyFilesystem => Self::ReadOnly(path),
            StorageFull => Self::Full(path),
            _ => Self::Io { path, why: error.to_string() },
        }
    }

    pub(crate) fn ledger(path: &Path, error: LedgerError) -> Self {
        let path = path.to_path_buf();
        match error {
            LedgerError::Full => Self::Full(path),
            LedgerError::ReadOnly => Self::ReadOnly(path),
            LedgerError::Corrupt(why) => Self::Corrupt { path, why },
            LedgerError::Busy => Self::Locked { path, by: None },
            other @ (LedgerError::Io(_) | LedgerError::Refused(_) | LedgerError::Gone) => {
                Self::Io { path, why: other.to_string() }
            }
        }
    }

    pub(crate) fn sqlite(path: &Path, error: rusqlite::Error) -> Self {
        if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) {
            return Self::Foreign(path.to_path_buf());
        }
        Self::ledger(path, error.into())
    }

    pub(crate) fn verify(path: &Path, error: VerifyError) -> Self {
        match error {
            VerifyError::Broken(broken) => Self::Broken { path: path.to_path_buf(), broken },
            VerifyError::Ledger(error) => Self::ledger(path, error),
        }
    }
}

/// Why something could not be kept or read. What was acknowledged before is untouched.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LedgerError {
    /// No space is left; the group was not kept, and the next may be once there is space again.
    #[error("no space is left for the ledger")]
    Full,
    /// The file or its file system became read-only.
    #[error("the ledger cannot be written: it or its file system is read-only")]
    ReadOnly,
    /// Another process holds the database for longer than we wait.
    #[error("the ledger is held by another process")]
    Busy,
    /// The machine failed: the disk, the file system, memory.
    #[error("the ledger failed: {0}")]
    Io(String),
    /// What is stored cannot be read.
    #[error("the ledger is damaged: {0}; restore a backup")]
    Corrupt(String),
    /// Its files are not where they were when it was opened: what is written now, nobody would find again.
    #[error(
        "the ledger's file, or the write-ahead log beside it, was moved, deleted or replaced: put it back, or restore a backup and start anew"
    )]
    Gone,
    /// Our bug: what was given cannot be kept as it is.
    #[error("refused by the ledger: {0}")]
    Refused(String),
}

impl From<rusqlite::Error> for LedgerError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error as E;
        if let E::FromSqlConversionFailure(..)
        | E::InvalidColumnType(..)
        | E::IntegralValueOutOfRange(..)
        | E::Utf8Error(..) = error
        {
            return Self::Corrupt(error.to_string());
        }
        match error.sqlite_extended_error_code() {
            // The wal-index could not grow: the file system is full.
            Some(ffi::SQLITE_IOERR_SHMSIZE) => return Self::Full,
            // A quota, or a limit to the size of files: SQLite takes only ENOSPC for a full disk.
            Some(ffi::SQLITE_IOERR_WRITE) => {
                return Self::Io(
                    "a write was refused: a quota, a limit to the size of files, or the disk itself".into(),
                );
            }
            _ => {}
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt(error.to_string()),
            Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::OutOfMemory) => {
                Self::Io(error.to_string())
            }
            _ => Self::Refused(error.to_string()),
        }
    }
}

impl From<std::io::Error> for LedgerError {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem, StorageFull};
        match error.kind() {
            StorageFull => Self::Full,
            PermissionDenied | ReadOnlyFilesystem => Self::ReadOnly,
            _ => Self::Io(error.to_string()),
        }
    }
}

/// The ledger does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct Broken {
    /// The first entry that does not hold; 0 where it is not one entry.
    pub seq: u64,
    /// What about it.
    pub why: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.seq > 0 {
            write!(f, "entry {}: ", self.seq)?;
        }
        f.write_str(&self.why)
    }
}

/// Why a ledger could not be verified.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum VerifyError {
    /// It was read, and does not hold.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// It could not be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl From<rusqlite::Error> for VerifyError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Ledger(error.into())
    }
}

/// Why an export ended early.
#[derive(Debug, Error)]
pub enum ExportError {
    /// The ledger could not be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// What it is written to does not take it; a reader that left is [`std::io::ErrorKind::BrokenPipe`].
    #[error("the export could not be written: {0}")]
    Write(#[from] std::io::Error),
}

impl From<rusqlite::Error> for ExportError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Ledger(error.into())
    }
}

/// Why a copy could not be made or put in place.
#[derive(Debug, Error)]
pub enum CopyError {
    /// Something lies at the target already; it was left alone.
    #[error("{} exists already and is never overwritten; move it away or name another place", .0.display())]
    Exists(PathBuf),
    /// The source or the target could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The source could not be read, or the target not written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The copy was read back, and its chain does not hold.
    #[error("the copy does not hold: {0}")]
    Broken(#[from] Broken),
}

impl From<VerifyError> for CopyError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Broken(broken) => Self::Broken(broken),
            VerifyError::Ledger(error) => Self::Ledger(error),
        }
    }
}

impl From<rusqlite::Error> for CopyError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Ledger(error.into())
    }
}

impl From<std::io::Error> for CopyError {
    fn from(error: std::io::Error) -> Self {
        Self::Ledger(error.into())
    }
}
