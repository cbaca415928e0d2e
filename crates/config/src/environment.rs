//! Where secrets come from: variables and files, behind a trait, so that resolving a plan reads nothing by itself.

use std::io::{self, Read};
use std::path::Path;

use crate::source::open_regular;

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
        let too_large = || io::Error::new(io::ErrorKind::FileTooLarge, "larger than 1 MiB");
        let file = open_regular(path, SECRET_MAX).map_err(|error| match error.kind() {
            io::ErrorKind::FileTooLarge => too_large(),
            _ => error,
        })?;
        let mut bytes = Vec::new();
        // It may grow while it is read.
        file.take(SECRET_MAX + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > SECRET_MAX {
            return Err(too_large());
        }
        String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "not UTF-8"))
    }
}
