//! Where secrets come from: variables and files, behind a trait, so that resolving a plan reads nothing by itself.

use std::io::{self, Read};
use std::path::Path;

/// Longest file that is read for a secret or a certificate, in bytes.
pub const SECRET_MAX: u64 = 1024 * 1024;

/// What surrounds the configuration.
pub trait Environment {
    /// The value of an environment variable, if it is set and is text.
    fn variable(&self, name: &str) -> Option<String>;

    /// The text of a file.
    ///
    /// # Errors
    /// What the system says; also for a file that is too long or not UTF-8.
    fn read(&self, path: &Path) -> io::Result<String>;
}

/// The environment of this process.
#[derive(Debug, Clone, Copy, Default)]
pub struct Process;

impl Environment for Process {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn read(&self, path: &Path) -> io::Result<String> {
        // A pipe or a device could block or never end; opening a pipe alone can.
        if !std::fs::metadata(path)?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        let file = std::fs::File::open(path)?;
        let mut bytes = Vec::new();
        file.take(SECRET_MAX + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > SECRET_MAX {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than 1 MiB"));
        }
        String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "not UTF-8"))
    }
}
