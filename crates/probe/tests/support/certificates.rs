//! A private authority and the certificates it signs, made anew for each test.

use std::sync::Arc;

use candor_core::model::TlsClient;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// A certificate and its key, in PEM.
pub(crate) struct Signed {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

/// A private authority.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
}

impl Authority {
    /// A new one, with a new key.
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "Example Private CA");
        let certificate = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    /// A client that trusts it.
    pub(crate) fn trusted(&self) -> TlsClient {
        TlsClient { ca_pem: vec![self.certificate.as_str().into()], cert_pem: None, key_pem: None }
    }

    /// Its own certificate.
    pub(crate) fn certificate(&self) -> &str {
        &self.certificate
    }

    /// A certificate for `name`, good for centuries.
    pub(crate) fn sign(&self, name: &str) -> Signed {
        self.sign_until(name, 4000)
    }

    /// A certificate for `name`, good until the year `end`.
    pub(crate) fn sign_until(&self, name: &str, end: i32) -> Signed {
        self.sign_between(&[name.to_owned()], 1990, end, "rcgen self signed cert")
    }

    /// A certificate for `names` and a subject, good from the year `begin` until the year `end`.
    pub(crate) fn sign_between(&self, names: &[String], begin: i32, end: i32, subject: &str) -> Signed {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(names).unwrap();
        params.not_before = date_time_ymd(begin, 1, 1);
        params.not_after = date_time_ymd(end, 1, 1);
        params.distinguished_name.push(DnType::CommonName, subject);
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Signed { certificate, key: key.serialize_pem() }
    }
}

impl Signed {
    /// A server that shows it.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        let chain = CertificateDer::pem_slice_iter(self.certificate.as_bytes()).map(Result::unwrap).collect();
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}
