//! Where a running board is written down, so that `candor demo break NAME` finds it: a small JSON file, readable by
//! its owner alone, gone when the board is.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The largest handle file that is read, in bytes.
const SIZE_MAX: u64 = 4096;

/// `$XDG_RUNTIME_DIR/candor-demo-UID.json`, or the same in the directory for temporary files.
#[must_use]
pub fn default_handle_file() -> PathBuf {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|dir| dir.is_dir());
    let dir = runtime.unwrap_or_else(std::env::temp_dir);
    dir.join(format!("candor-demo-{}.json", own_uid()))
}

/// The user's number. Linux shows it as the owner of `/proc/self`; elsewhere the home directory's owner is it.
fn own_uid() -> u32 {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let owner = |path: &Path| fs::metadata(path).ok().map(|about| about.uid());
    owner(Path::new("/proc/self")).or_else(|| owner(&home?)).unwrap_or_default()
}

#[derive(Debug, Serialize, Deserialize)]
struct Written {
    levers: SocketAddr,
    pid: u32,
}

/// A handle file of ours; dropping it removes the file.
#[derive(Debug)]
pub(super) struct Handle {
    file: PathBuf,
}

impl Handle {
    /// Writes down where the board is, in place of a handle that leads nowhere any more.
    pub(super) fn write(file: PathBuf, levers: SocketAddr) -> io::Result<Self> {
        match fs::remove_file(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        // `create_new` follows no link that somebody else may have put there.
        let mut opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file)?;
        let handle = Self { file };
        let written = serde_json::to_string(&Written { levers, pid: std::process::id() })?;
        writeln!(opened, "{written}")?;
        Ok(handle)
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // Only what is ours: another demo may have replaced a handle that led nowhere for a moment.
        let ours = open(&self.file).is_ok_and(|written| written.pid == std::process::id());
        if ours {
            drop(fs::remove_file(&self.file));
        }
    }
}

/// Reads where a board is, from a file that nobody else can have written.
pub(super) fn read(file: &Path) -> io::Result<SocketAddr> {
    Ok(open(file)?.levers)
}

fn open(file: &Path) -> io::Result<Written> {
    let opened = fs::File::open(file)?;
    let about = opened.metadata()?;
    if about.uid() != own_uid() || about.permissions().mode() & 0o022 != 0 {
        return Err(io::Error::new(ErrorKind::PermissionDenied, "somebody else could have written it"));
    }
    let mut text = String::new();
    opened.take(SIZE_MAX).read_to_string(&mut text)?;
    let written: Written = serde_json::from_str(&text)?;
    if !written.levers.ip().is_loopback() {
        return Err(io::Error::new(ErrorKind::InvalidData, "it leads to another machine"));
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_private_and_goes_with_its_board() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("handle.json");
        let handle = Handle::write(file.clone(), "127.0.0.1:7781".parse().unwrap()).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read(&file).unwrap().to_string(), "127.0.0.1:7781");
        drop(handle);
        assert!(!file.exists());
    }

    #[test]
    fn a_handle_that_others_could_write_or_that_leads_away_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("handle.json");
        fs::write(&file, r#"{"levers":"127.0.0.1:1","pid":1}"#).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
        assert_eq!(read(&file).unwrap_err().kind(), ErrorKind::PermissionDenied);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(read(&file).is_ok());
        fs::write(&file, r#"{"levers":"192.0.2.1:1","pid":1}"#).unwrap();
        assert_eq!(read(&file).unwrap_err().kind(), ErrorKind::InvalidData);
        fs::write(&file, "]").unwrap();
        assert!(read(&file).is_err());
    }
}
