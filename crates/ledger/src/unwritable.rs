//! Reading a ledger that cannot be written at the moment: on a full disk, or on one that is read-only.
//!
//! SQLite's usual way to read needs a file for the shared index of the write-ahead log, and so a disk that takes writes.
//! Here the index is kept in memory, and locks are left out; where there is no log, nothing but the file is looked at.
//! Not a byte is written. Whoever could write meanwhile would not be noticed: this is for a start alone, which then
//! waits until it can open the ledger as usual, and compares.

use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::error::OpenError;
use crate::files::{check_file, followed, log_of};
use crate::open::{Ledger, Older, Reader, examine, missing};
use crate::schema::STEPS;

impl Ledger {
    /// Reads the ledger at `path` without writing anything, where [`open`](Self::open) said [`OpenError::Full`] or
    /// [`OpenError::ReadOnly`].
    ///
    /// # Errors
    /// [`OpenError`]; also where there is none.
    pub fn open_unwritable(path: &Path) -> Result<Reader, OpenError> {
        let path = followed(path)?;
        let sqlite = |error| OpenError::sqlite(&path, error);
        check_file(&path)?.ok_or_else(|| missing(&path))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = if log_of(&path).is_some() {
            let conn = Connection::open_with_flags_and_vfs(&path, flags, "unix-none").map_err(sqlite)?;
            conn.query_row("PRAGMA locking_mode = EXCLUSIVE", [], |_| Ok(())).map_err(sqlite)?;
            conn
        } else {
            Connection::open_with_flags(unchanging(&path), flags | OpenFlags::SQLITE_OPEN_URI)
                .map_err(sqlite)?
        };
        examine(&conn, &path, STEPS, Older::Refused)?;
        conn.pragma_update(None, "query_only", true).map_err(sqlite)?;
        let reader = Reader { conn, path: path.clone() };
        reader.verify_tail().map_err(|error| OpenError::verify(&path, error))?;
        Ok(reader)
    }
}

/// The address by which SQLite takes a file for one that nobody changes.
fn unchanging(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/.-_~".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            write!(uri, "%{byte:02X}").expect("it cannot fail, because a text takes all that is written");
        }
    }
    uri + "?mode=ro&immutable=1"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_any_bytes_is_one_address() {
        let path = Path::new("/srv/a b?c#d%e/\u{e9}.db");
        assert_eq!(unchanging(path), "file:/srv/a%20b%3Fc%23d%25e/%C3%A9.db?mode=ro&immutable=1");
    }
}
