//! Zones that come from another server: whole (AXFR, RFC 5936), or as what changed (IXFR, RFC 1995).
//!
//! `receive` reads the messages and knows no socket; `fetch` carries them. Failure policy: a transfer is taken whole or not
//! at all; one that is too large, too slow, signed wrong, cut short, or no zone leaves nothing behind.

mod fetch;
mod receive;

use std::io;

pub(crate) use fetch::fetch;
pub use fetch::fetch_zone;
pub(crate) use receive::{How, Receiver};

use crate::record::Rcode;

/// Why a zone could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The server cannot be reached, or the connection broke.
    #[error("the connection failed: {0}")]
    Connection(#[from] io::Error),
    /// It took too long.
    #[error("it took longer than {0} s")]
    Slow(u64),
    /// The server closed before the end.
    #[error("it ended before the zone did")]
    Short,
    /// The server answered with an error.
    #[error("the server answered {0}")]
    Refused(Rcode),
    /// The signature does not hold.
    #[error("its signature does not hold: {0}")]
    Signature(String),
    /// More than is taken.
    #[error("it is larger than {0} {1}")]
    Large(usize, &'static str),
    /// It does not follow the protocol.
    #[error("it is malformed: {0}")]
    Malformed(String),
    /// What came whole is no zone.
    #[error("what came is no zone: {0}")]
    NoZone(String),
}
