//! What one run of a journey saw: the small part that is decided on, and the report that explains it.

use alloc::string::String;
use alloc::vec::Vec;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::id::CheckId;

/// The part of a run that verdicts are made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// Which cell, from which vantage.
    pub check: CheckId,
    /// When the run ended, by the vantage's clock.
    pub observed_at: Timestamp,
    /// When the hub got it, by the hub's clock. Freshness is the earlier of the two.
    pub received_at: Timestamp,
    /// How long the journey took, in milliseconds.
    pub took_ms: u32,
    /// `None` where every step passed.
    pub fault: Option<Fault>,
}

impl Observation {
    /// The time that freshness is counted from: evidence is never younger than its youngest witness.
    #[must_use]
    pub fn fresh_from(&self) -> Timestamp {
        self.observed_at.min(self.received_at)
    }

    /// Whether every step passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.fault.is_none()
    }
}

/// Times of the phases of a step, in microseconds, each measured apart. `None` where the phase did not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Phases {
    /// Finding the address.
    pub dns_us: Option<u32>,
    /// The transport handshake.
    pub connect_us: Option<u32>,
    /// The TLS handshake.
    pub tls_us: Option<u32>,
    /// From the request sent to the first byte of the answer.
    pub first_byte_us: Option<u32>,
    /// From the first byte to the last.
    pub body_us: Option<u32>,
}

/// What one step did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepReport {
    /// The step's verb: `get`, `dns`, `tls`.
    pub step: String,
    /// What it was aimed at, secrets redacted.
    pub target: String,
    /// Whether it passed.
    pub passed: bool,
    /// Phase times.
    pub phases: Phases,
    /// The address that answered, where there was one.
    pub address: Option<String>,
    /// The SHA-256 of the certificate that it showed, refused or not, where it showed one. The ledger does not keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
}

/// What a failing step saw: redacted, bounded, for operators only. Hostile text.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Evidence {
    /// Lines such as `HTTP/1.1 200 OK`, headers, the DNS answer: at most 40 of 200 bytes each.
    pub lines: Vec<String>,
    /// The beginning of the body as text, at most 2,048 bytes.
    pub body: String,
}

/// A whole run: the observation and what explains it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The part that is decided on.
    pub observation: Observation,
    /// The steps that ran, in order.
    pub steps: Vec<StepReport>,
    /// Where a step failed, what it saw.
    pub evidence: Option<Evidence>,
}
