//! A private authority, made at the start, and the certificates of hosts: good, or expired.

use std::fmt;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};

use crate::http::{certificate_file, key_file};
use crate::layout::full;

/// The file of the authority's own certificate, which clients trust.
pub(super) const CA_FILE: &str = "ca.pem";

/// Signs certificates that nobody beyond this machine trusts.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

impl Authority {
    pub(super) fn new() -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "The shop's own authority");
        let certificate = params.self_signed(&key)?.pem();
        Ok(Self { issuer: Issuer::new(params, key), certificate })
    }

    /// Writes the authority's own certificate.
    pub(super) fn publish(&self, dir: &Path) -> io::Result<()> {
        std::fs::write(dir.join(CA_FILE), &self.certificate)
    }

    /// Writes a certificate for a host, with its key; an expired one ended on a day in March.
    pub(super) fn certify(&self, dir: &Path, host: &str, expired: bool) -> io::Result<()> {
        let (names, key) = self.signed(full(host), expired).map_err(io::Error::other)?;
        std::fs::write(dir.join(certificate_file(host)), names)?;
        private(&dir.join(key_file(host)), &key)
    }

    fn signed(&self, name: String, expired: bool) -> Result<(String, String), rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(vec![name.clone()])?;
        params.not_before = date_time_ymd(2014, 3, 11);
        params.not_after = if expired { date_time_ymd(2015, 3, 11) } else { date_time_ymd(2100, 1, 1) };
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.signed_by(&key, &self.issuer)?.pem();
        Ok((certificate, key.serialize_pem()))
    }
}

/// Writes a file that its owner alone reads.
pub(super) fn private(file: &Path, text: &str) -> io::Result<()> {
    let opened = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file);
    opened?.write_all(text.as_bytes())
}
