//! A fault in a zone, at its place.

use std::fmt;

/// What is wrong in a zone file, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ZoneFault {
    /// The file as it was named to the reader.
    pub file: String,
    /// Line from 1; 0 where the fault is of the whole file.
    pub line: usize,
    /// Column from 1, in bytes: the word that cannot be read, or where the record begins; 0 where the fault is of the
    /// whole file.
    pub column: usize,
    /// What is wrong, in a sentence without its full stop.
    pub message: String,
}

impl fmt::Display for ZoneFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(out, "{}: {}", self.file, self.message),
            line => write!(out, "{}:{line}:{}: {}", self.file, self.column, self.message),
        }
    }
}

impl std::error::Error for ZoneFault {}
