//! Files beside the database, put in place at once and durably.
//!
//! A file appears whole or not at all, also after a power cut: it is written under another name, synced, renamed, and
//! the folder is synced.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// `PATH` with `.SUFFIX` added.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
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
