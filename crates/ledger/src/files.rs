//! The database as a file, and the files beside it: looked at, locked, put in place at once and durably.
//!
//! A path that is a link means what it leads to: SQLite keeps its log beside that, and so do the lock and the key.
//! A file appears whole or not at all, also after a power cut: it is written under another name, synced, renamed, and
//! the folder is synced.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::error::{LedgerError, OpenError};

/// Every SQLite database begins so.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// `PATH` with `.SUFFIX` added.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}

/// What SQLite keeps beside the database at `path`: `journal`, `wal`, `shm`.
pub(crate) fn beside_by_sqlite(path: &Path, kind: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-");
    name.push(kind);
    PathBuf::from(name)
}

/// Makes what `path` names and its folder's entry for it durable.
pub(crate) fn sync_with_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()?;
    File::open(folder(path))?.sync_all()
}

/// The folder that holds `path`.
pub(crate) fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

/// Puts a file in place at once and durably, with these permissions.
pub(crate) fn put(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let part = beside(path, "part");
    match fs::remove_file(&part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&part)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    File::open(folder(path))?.sync_all()
}

/// The folder must exist: making one would hide a mistake in a path.
pub(crate) fn check_folder(path: &Path) -> Result<(), OpenError> {
    let folder = folder(path);
    if folder.is_dir() { Ok(()) } else { Err(OpenError::NoFolder(folder.to_path_buf())) }
}

/// The ledger's own path, where `path` is a link to it. A link that leads nowhere is a disk that is not there.
pub(crate) fn followed(path: &Path) -> Result<PathBuf, OpenError> {
    if !fs::symlink_metadata(path).is_ok_and(|meta| meta.is_symlink()) {
        return Ok(path.to_path_buf());
    }
    match fs::canonicalize(path) {
        Ok(real) => Ok(real),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let left = fs::read_link(path).unwrap_or_else(|_| path.to_path_buf());
            Err(OpenError::Gone { path: left, left: path.to_path_buf() })
        }
        Err(error) => Err(OpenError::io(path, &error)),
    }
}

/// The lock of a ledger: it ends with the process, at the latest.
#[derive(Debug)]
pub(crate) struct Lock {
    /// Held, not read.
    _file: File,
    path: PathBuf,
}

impl Lock {
    /// Gives it up and leaves no trace.
    pub(crate) fn remove(self) {
        // A leftover is harmless: the lock is the process, not the file.
        let _ = fs::remove_file(&self.path);
    }
}

/// Takes the lock of the ledger at `path`: one process at a time.
pub(crate) fn lock(path: &Path) -> Result<Lock, OpenError> {
    let lock_path = beside(path, "lock");
    loop {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&lock_path)
            .map_err(|error| OpenError::io(path, &error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut by = String::new();
                let read = file.take(20).read_to_string(&mut by);
                let by = read.ok().and_then(|_| by.trim().parse().ok());
                return Err(OpenError::Locked { path: path.to_path_buf(), by });
            }
            Err(TryLockError::Error(error)) => return Err(OpenError::io(path, &error)),
        }
        // Who had it before may have removed it meanwhile: then it is nobody's lock.
        let mine = file.metadata().map(|meta| Identity::of(&meta));
        if mine.ok() != Identity::at(&lock_path).ok() {
            continue;
        }
        // The number is for people; a disk too full to hold it must not keep the hub from coming up.
        let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        return Ok(Lock { _file: file, path: lock_path });
    }
}

/// Which file it is, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    device: u64,
    number: u64,
}

impl Identity {
    fn of(meta: &fs::Metadata) -> Self {
        Self { device: meta.dev(), number: meta.ino() }
    }

    /// By name alone: opening and closing a database beside SQLite would let go of SQLite's own locks.
    fn at(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|meta| Self::of(&meta))
    }
}

/// The files of a ledger that is open for writing, as they were when it was opened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    database: Identity,
    log: Identity,
}

impl Place {
    /// As they are now.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        Ok(Self { database: Identity::at(path)?, log: Identity::at(&beside_by_sqlite(path, "wal"))? })
    }

    /// Whether they are still the same.
    pub(crate) fn check(&self, path: &Path) -> Result<(), LedgerError> {
        for (path, known) in [(path, self.database), (&beside_by_sqlite(path, "wal"), self.log)] {
            match Identity::at(path) {
                Ok(now) if now == known => {}
                Ok(_) => return Err(LedgerError::Gone),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(LedgerError::Gone),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// Looks at the file itself, before SQLite does: `None` where there is nothing yet. What is no file is not opened: a
/// pipe would wait for ever.
pub(crate) fn check_file(path: &Path) -> Result<Option<()>, OpenError> {
    let meta = match fs::metadata(path) {
        Ok(meta) => meta,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(OpenError::io(path, &error)),
    };
    if !meta.is_file() {
        return Err(OpenError::Foreign(path.to_path_buf()));
    }
    if meta.len() == 0 {
        return if what_is_left(path).is_some() {
            Err(OpenError::Corrupt { path: path.to_path_buf(), why: "it is empty, and was not".to_owned() })
        } else {
            Ok(None)
        };
    }
    let (mut magic, mut page) = ([0; MAGIC.len()], [0; 2]);
    let read = File::open(path).and_then(|mut file| {
        file.read_exact(&mut magic)?;
        file.read_exact(&mut page)
    });
    match read {
        Ok(()) if magic == *MAGIC && is_cut(meta.len(), page) && log_of(path).is_none() => {
            let why = "its last page is not whole: the file was cut off".to_owned();
            Err(OpenError::Corrupt { path: path.to_path_buf(), why })
        }
        Ok(()) if magic == *MAGIC => Ok(Some(())),
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(OpenError::io(path, &error)),
        _ => Err(OpenError::Foreign(path.to_path_buf())),
    }
}

/// The log beside a database, where it holds anything.
pub(crate) fn log_of(path: &Path) -> Option<PathBuf> {
    let logs = ["wal", "journal"].map(|kind| beside_by_sqlite(path, kind));
    logs.into_iter().find(|log| fs::metadata(log).is_ok_and(|meta| meta.len() > 0))
}

/// Whether a database of this length ends within a page; SQLite would take what is missing for zeros. The size of a
/// page is two bytes of its header, and 65,536 is written as 1.
fn is_cut(length: u64, page: [u8; 2]) -> bool {
    let page = match u64::from(u16::from_be_bytes(page)) {
        1 => 65_536,
        page => page.max(1),
    };
    !length.is_multiple_of(page)
}

/// What a ledger that is not there has left behind. A log beside a new file would be read into it.
pub(crate) fn what_is_left(path: &Path) -> Option<PathBuf> {
    log_of(path).or_else(|| Some(beside(path, "key")).filter(|key| key.exists()))
}
