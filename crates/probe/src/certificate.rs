//! Reading the certificates that a server showed: names, issuers, and how long each is still good.
//!
//! Trust is decided by the handshake ([`crate::tls`]); this is for what journeys demand besides, and for evidence.
//! A certificate that cannot be read is said to be so, never skipped in silence.

use std::time::Duration;

use candor_core::fault::Kind;
use data_encoding::HEXLOWER;
use jiff::Timestamp;
use rustls_pki_types::CertificateDer;
use sha2::{Digest, Sha256};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::failure::StepFailure;
use crate::step::seconds;

/// Certificates of one chain looked at, at most.
const CHAIN_MAX: usize = 10;

/// Names of one certificate shown in evidence, at most.
const NAMES_MAX: usize = 8;

/// Demands that every certificate of `chain` is good for `expires_in` from `now`.
///
/// # Errors
/// [`Kind::TlsExpired`] names the first that is not, [`Kind::TlsHandshake`] one that cannot be read.
pub(crate) fn expect_fresh(
    chain: &[CertificateDer<'_>],
    expires_in: Duration,
    now: Timestamp,
) -> Result<(), StepFailure> {
    for der in chain.iter().take(CHAIN_MAX) {
        let Ok((_, certificate)) = X509Certificate::from_der(der) else {
            return Err(StepFailure::new(Kind::TlsHandshake, "a certificate of the chain cannot be read")
                .with_lines(lines(chain)));
        };
        let end = certificate.validity().not_after.timestamp();
        let left = u64::try_from(end.saturating_sub(now.as_second())).unwrap_or(0);
        if Duration::from_secs(left) < expires_in {
            let detail = format!(
                "the certificate of {} runs out at {}, in {}; demanded are {}",
                certificate.subject(),
                time(end),
                span(Duration::from_secs(left)),
                span(expires_in),
            );
            return Err(StepFailure::new(Kind::TlsExpired, detail).with_lines(lines(chain)));
        }
    }
    Ok(())
}

/// The SHA-256 of a certificate, in hexadecimal: the same wherever it is shown.
pub(crate) fn fingerprint(der: &CertificateDer<'_>) -> String {
    HEXLOWER.encode(&Sha256::digest(der))
}

/// A line of evidence for each certificate of `chain`.
pub(crate) fn lines(chain: &[CertificateDer<'_>]) -> Vec<String> {
    chain.iter().take(CHAIN_MAX).enumerate().map(|(at, der)| line(at, der)).collect()
}

fn line(at: usize, der: &CertificateDer<'_>) -> String {
    let Ok((_, certificate)) = X509Certificate::from_der(der) else {
        return format!("certificate {at}: {} bytes that cannot be read", der.len());
    };
    let names = names(&certificate).join(" ");
    format!(
        "certificate {at}: {} [{names}] until {}, issued by {}",
        certificate.subject(),
        time(certificate.validity().not_after.timestamp()),
        certificate.issuer(),
    )
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    let shown = extension.value.general_names.iter().filter_map(|name| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => Some(address(bytes)),
        _ => None,
    });
    shown.take(NAMES_MAX).collect()
}

fn address(bytes: &[u8]) -> String {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return std::net::Ipv4Addr::from(four).to_string();
    }
    match <[u8; 16]>::try_from(bytes) {
        Ok(six) => std::net::Ipv6Addr::from(six).to_string(),
        Err(_) => "?".to_owned(),
    }
}

/// A time of X.509 (seconds since 1970) as text.
pub(crate) fn time(second: i64) -> String {
    Timestamp::from_second(second).map_or_else(|_| "a time out of range".to_owned(), |at| at.to_string())
}

fn span(duration: Duration) -> String {
    match duration.as_secs() / 86_400 {
        0 => seconds(duration),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}
