//! One canonical zone.

use std::fmt;

use crate::question::Question;
use crate::record::{Rcode, Record};

/// A zone: owner names in canonical order, each with its RRsets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {}

/// A fault in a zone file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneFault {
    /// The file as it was named to the reader.
    pub file: String,
    /// Line from 1; 0 where the fault is of the whole file.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for ZoneFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(out, "{}: {}", self.file, self.message),
            line => write!(out, "{}:{line}: {}", self.file, self.message),
        }
    }
}

impl std::error::Error for ZoneFault {}

/// What a zone answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneAnswer {
    /// Response code.
    pub rcode: Rcode,
    /// Authoritative answer.
    pub aa: bool,
    /// Answer section.
    pub answer: Vec<Record>,
    /// Authority section.
    pub authority: Vec<Record>,
    /// Additional section.
    pub additional: Vec<Record>,
}

impl Zone {
    /// Reads a zone file (RFC 1035, section 5). The origin comes from `origin`, else `$ORIGIN`, else the SOA's owner.
    ///
    /// # Errors
    /// All faults that can be found in one go.
    pub fn parse(text: &str, origin: Option<&str>, file: &str) -> Result<Self, Vec<ZoneFault>> {
        let _ = (text, origin);
        Err(vec![ZoneFault { file: file.to_owned(), line: 0, message: "not read yet".to_owned() }])
    }

    /// The serial of its SOA.
    #[must_use]
    pub fn serial(&self) -> u32 {
        0
    }

    /// Its apex, with the last dot.
    #[must_use]
    pub fn origin(&self) -> String {
        ".".to_owned()
    }

    /// All records in canonical order, the SOA first.
    pub fn records(&self) -> impl Iterator<Item = Record> + '_ {
        std::iter::empty()
    }

    /// How many records it has.
    #[must_use]
    pub fn len(&self) -> usize {
        0
    }

    /// Whether it has no record; a zone that was read always has.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The zone without every record owned by `name`, its serial one higher (RFC 1982).
    ///
    /// # Errors
    /// When `name` is not a name of the zone, is its apex, or owns nothing.
    pub fn without(&self, name: &str) -> Result<Self, String> {
        Err(name.to_owned())
    }

    /// The zone with one record more, its serial one higher (RFC 1982).
    ///
    /// # Errors
    /// When the record cannot be read or cannot stand beside what is there.
    pub fn with(&self, record: &Record) -> Result<Self, String> {
        Err(record.to_string())
    }

    /// The zone as a zone file that reads back as the same zone.
    #[must_use]
    pub fn to_zone_file(&self) -> String {
        String::new()
    }

    /// What the zone answers (RFC 1034, section 4.3.2).
    #[must_use]
    pub fn answer(&self, question: &Question, dnssec_ok: bool) -> ZoneAnswer {
        let _ = (question, dnssec_ok);
        ZoneAnswer {
            rcode: Rcode::REFUSED,
            aa: false,
            answer: Vec::new(),
            authority: Vec::new(),
            additional: Vec::new(),
        }
    }
}
