//! Certificates made for one test: a CA of its own, and leaves that are good, old, soon old, or for another name.

use std::time::{Duration, SystemTime};

use candor_core::model::TlsClient;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

/// A certificate with its key.
pub struct Leaf {
    pub pem: String,
    pub key_pem: String,
}

/// A CA that the steps of a test may be told to trust.
pub struct Ca {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Ca {
    pub fn new() -> Self {
        Self::named("CA of these tests")
    }

    pub fn named(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    /// A client that trusts it.
    pub fn client(&self) -> TlsClient {
        TlsClient { ca_pem: vec![self.pem.as_str().into()], cert_pem: None, key_pem: None }
    }

    /// A certificate for `name`, from ten days ago until `left` from now, or that long ago.
    pub fn leaf(&self, name: &str, left: Result<Duration, Duration>) -> Leaf {
        let now = SystemTime::now();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = (now - 10 * DAY).into();
        params.not_after = left.map_or_else(|ago| now - ago, |left| now + left).into();
        let key = KeyPair::generate().unwrap();
        let pem = params.signed_by(&key, &self.issuer).unwrap().pem();
        Leaf { pem, key_pem: key.serialize_pem() }
    }

    /// One that is good for a year.
    pub fn good(&self, name: &str) -> Leaf {
        self.leaf(name, Ok(365 * DAY))
    }
}

pub const DAY: Duration = Duration::from_secs(86_400);
