//! The door for fuzzing, there only under `cfg(fuzzing)`: what is private here and reads hostile bytes.
//!
//! Whole steps are fuzzed through [`crate::Runner`] over loopback; here is what is worth far more tries than that.
//! Absent: sockets, and anything that a step does not do itself.

use std::time::Duration;

use candor_core::Timestamp;
use candor_core::model::{Journey, JourneyStep, Resolve, Step, StepWhen, TcpStep};
use candor_core::observation::Evidence;
use candor_core::template::{Piece, Secret, Template};
use rustls_pki_types::CertificateDer;
use url::Url;

use crate::certificate;
use crate::cookies::CookieJar;
use crate::redact::Redactor;

/// What evidence and a demand of freshness say of a chain.
#[must_use]
pub fn chain(ders: &[&[u8]], now: Timestamp) -> Vec<String> {
    let chain: Vec<CertificateDer<'_>> = ders.iter().map(|der| CertificateDer::from(*der)).collect();
    let mut lines = certificate::lines(&chain);
    let fresh = certificate::expect_fresh(&chain, Duration::from_secs(14 * 86_400), now);
    lines.extend(fresh.err().map(|failure| failure.detail));
    lines
}

/// The field that goes to `to` after answers from these URLs set these cookies.
#[must_use]
pub fn cookies(set: &[(&str, &str)], to: &str) -> Option<String> {
    let mut jar = CookieJar::default();
    for (from, field) in set {
        jar.set(&Url::parse(from).ok()?, field);
    }
    jar.field(&Url::parse(to).ok()?)
}

/// Evidence without these secrets, as it leaves a run.
#[must_use]
pub fn redacted(secrets: &[&str], evidence: &Evidence) -> Evidence {
    let pieces = secrets.iter().map(|secret| Piece::Secret(Secret::new((*secret).to_owned())));
    let host = Template(pieces.collect());
    let step = Step::Tcp(TcpStep { host, port: 1, tls: None, within: None });
    let (when, timeout) = (StepWhen::Passing, Duration::from_secs(1));
    let steps = vec![JourneyStep { step, when, timeout, resolve: Resolve::Inherit }];
    let journey = Journey { steps, allow_hosts: <_>::default(), variables: <_>::default(), writes: false };
    Redactor::of(&journey).evidence(evidence)
}

/// The sequence of the echo that a packet answers.
#[must_use]
pub fn answered(packet: &[u8], token: [u8; 16], v6: bool, raw: bool) -> Option<u16> {
    crate::step::echo_answered(packet, token, v6, raw)
}
