//! The database as a file, and the files beside it: looked at, locked, put in place at once and durably.
//!
//! A file appears whole or not at all, also after a power cut: it is written under another name, synced, renamed, and
//! the folder is synced.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::error::OpenError;

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

/// Takes the lock of the ledger at `path`: one process at a time.
pub(crate) fn lock(path: &Path) -> Result<File, OpenError> {
    let lock_path = beside(path, "lock");
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
    // The number is for people; a disk too full to hold it must not keep the hub from coming up.
    let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
    Ok(file)
}

/// Looks at the file itself, before SQLite does: `None` where there is nothing yet.
pub(crate) fn check_file(path: &Path) -> Result<Option<()>, OpenError> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(OpenError::io(path, &error)),
    };
    let meta = file.metadata().map_err(|error| OpenError::io(path, &error))?;
    if !meta.is_file() {
        return Err(OpenError::Foreign(path.to_path_buf()));
    }
    if meta.len() == 0 {
        return if beside(path, "key").exists() {
            Err(OpenError::Corrupt { path: path.to_path_buf(), why: "it is empty, and was not".to_owned() })
        } else {
            Ok(None)
        };
    }
    let mut magic = [0; MAGIC.len()];
    match file.read_exact(&mut magic) {
        Ok(()) if magic == *MAGIC => Ok(Some(())),
        _ => Err(OpenError::Foreign(path.to_path_buf())),
    }
}
