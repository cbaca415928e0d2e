//! TLS: client configurations made once, handshakes timed, and every refusal given its kind.
//!
//! Resumption is off: each handshake shows and verifies the certificates anew, which is the point of a probe.
//! The verifier is that of `rustls`; ours only hands out the refused chain with the error, for evidence.
//! Trusted roots are the host's; where it has none, those of Mozilla's programme as compiled in.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use candor_core::fault::Kind;
use candor_core::model::TlsClient;
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::{CertificateError, ClientConfig, OtherError, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::certificate;
use crate::failure::StepFailure;
use crate::step::{StepContext, add_phase};
use crate::verifier::{RefusedChain, TellingVerifier};

/// Names of a certificate that are told, at most.
const NAMES_MAX: usize = 4;

/// The application protocols offered (RFC 7301).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alpn {
    /// None.
    None,
    /// HTTP/1.1 alone.
    Http1,
    /// HTTP/2 alone.
    Http2,
    /// HTTP/2, else HTTP/1.1.
    Either,
}

impl Alpn {
    fn protocols(self) -> Vec<Vec<u8>> {
        let names: &[&[u8]] = match self {
            Self::None => &[],
            Self::Http1 => &[b"http/1.1"],
            Self::Http2 => &[b"h2"],
            Self::Either => &[b"h2", b"http/1.1"],
        };
        names.iter().map(|name| name.to_vec()).collect()
    }
}

/// Client configurations, made at first use and kept.
pub(crate) struct TlsClients {
    provider: Arc<CryptoProvider>,
    system_roots: OnceLock<RootCertStore>,
    made: Mutex<Vec<(TlsClient, Alpn, Arc<ClientConfig>)>>,
}

impl fmt::Debug for TlsClients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsClients").finish_non_exhaustive()
    }
}

impl TlsClients {
    /// None made yet.
    pub(crate) fn new() -> Self {
        Self {
            provider: Arc::new(rustls::crypto::ring::default_provider()),
            system_roots: OnceLock::new(),
            made: Mutex::new(Vec::new()),
        }
    }

    /// The configuration for `client`.
    ///
    /// # Errors
    /// A fault of the configuration where a certificate or key cannot be used.
    pub(crate) fn config(&self, client: &TlsClient, alpn: Alpn) -> Result<Arc<ClientConfig>, StepFailure> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, _, config)) = made.iter().find(|(c, a, _)| *a == alpn && c == client) {
            return Ok(config.clone());
        }
        let config = Arc::new(self.make(client, alpn)?);
        made.push((client.clone(), alpn, config.clone()));
        Ok(config)
    }

    fn make(&self, client: &TlsClient, alpn: Alpn) -> Result<ClientConfig, StepFailure> {
        let unusable =
            |what: &str, why: &dyn fmt::Display| StepFailure::config(format!("{what} cannot be used: {why}"));
        let mut roots = self.system_roots.get_or_init(system_roots).clone();
        for pem in &client.ca_pem {
            for certificate in certificates(pem).map_err(|why| unusable("a certificate of `ca`", &why))? {
                roots.add(certificate).map_err(|why| unusable("a certificate of `ca`", &why))?;
            }
        }
        let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), self.provider.clone())
            .build()
            .map_err(|why| unusable("the set of trusted certificates", &why))?;
        let builder = ClientConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|why| unusable("TLS", &why))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(TellingVerifier { inner }));
        let mut config = match (&client.cert_pem, &client.key_pem) {
            (Some(chain), Some(key)) => {
                let chain = certificates(chain).map_err(|why| unusable("the client certificate", &why))?;
                let key = PrivateKeyDer::from_pem_slice(key.expose().as_bytes())
                    .map_err(|why| unusable("the client key", &why))?;
                builder
                    .with_client_auth_cert(chain, key)
                    .map_err(|why| unusable("the client certificate", &why))?
            }
            _ => builder.with_no_client_auth(),
        };
        config.alpn_protocols = alpn.protocols();
        config.resumption = Resumption::disabled();
        Ok(config)
    }
}

fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, rustls_pki_types::pem::Error> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>()?;
    if found.is_empty() { Err(rustls_pki_types::pem::Error::NoItemsFound) } else { Ok(found) }
}

fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    // Certificates that cannot be read are skipped, as every client of the host does.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
}

/// Shakes hands over `stream`, asking for and demanding `name`; the phase `tls` goes into the report.
/// The chain shown is `stream.get_ref().1.peer_certificates()`.
///
/// # Errors
/// The TLS fault, with the certificates shown as evidence.
pub(crate) async fn handshake<S>(
    context: &mut StepContext<'_>,
    stream: S,
    name: &str,
    config: Arc<ClientConfig>,
) -> Result<TlsStream<S>, StepFailure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let server = server_name(name, context.allowed.contains(name))?;
    let begun = Instant::now();
    let shake = TlsConnector::from(config).connect(server, stream);
    let ended = context.within(Kind::TlsHandshake, &format!("shaking hands with {name}"), shake).await;
    add_phase(&mut context.report.phases.tls_us, begun);
    let ended = ended?;
    let shown = match &ended {
        Ok(stream) => stream.get_ref().1.peer_certificates(),
        Err(error) => refused_chain(error).map(|refused| &*refused.chain),
    };
    context.report.certificate = shown.and_then(<[_]>::first).map(certificate::fingerprint);
    ended.map_err(|error| refusal(name, &error))
}

fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// The chain that our verifier refused, where it did.
fn refused_chain(error: &io::Error) -> Option<&RefusedChain> {
    match tls_error(error)? {
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) => inner.downcast_ref(),
        _ => None,
    }
}

/// The name demanded of a certificate.
///
/// # Errors
/// Where no certificate could be for it; that is a fault of the configuration only where that names it.
pub(crate) fn server_name(name: &str, by_config: bool) -> Result<ServerName<'static>, StepFailure> {
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    let bare = bare.strip_suffix('.').unwrap_or(bare);
    let kind = if by_config { Kind::VantageConfig } else { Kind::HttpMalformed };
    ServerName::try_from(bare.to_owned())
        .map_err(|_| StepFailure::new(kind, format!("{name} is no name that a certificate could be for")))
}

/// What a failed handshake says about the target.
fn refusal(name: &str, error: &io::Error) -> StepFailure {
    let refused = refused_chain(error);
    let Some(error) = tls_error(error) else {
        return StepFailure::new(Kind::TlsHandshake, format!("the handshake with {name} broke off: {error}"));
    };
    let rustls::Error::InvalidCertificate(why) = error else {
        return StepFailure::new(Kind::TlsHandshake, format!("{name}: {error}"));
    };
    let (why, lines) = match refused {
        Some(refused) => match &refused.error {
            rustls::Error::InvalidCertificate(why) => (why, certificate::lines(&refused.chain)),
            error => {
                let failure = StepFailure::new(Kind::TlsHandshake, format!("{name}: {error}"));
                return failure.with_lines(certificate::lines(&refused.chain));
            }
        },
        None => (why, Vec::new()),
    };
    let (kind, detail) = certificate_fault(name, why);
    StepFailure::new(kind, detail).with_lines(lines)
}

fn certificate_fault(name: &str, why: &CertificateError) -> (Kind, String) {
    use CertificateError as E;
    let day = |time: &UnixTime| certificate::time(i64::try_from(time.as_secs()).unwrap_or(i64::MAX));
    match why {
        E::ExpiredContext { not_after, .. } => {
            (Kind::TlsExpired, format!("the certificate of {name} ran out at {}", day(not_after)))
        }
        E::NotValidYetContext { not_before, .. } => {
            (Kind::TlsExpired, format!("the certificate of {name} is not valid before {}", day(not_before)))
        }
        E::Expired | E::NotValidYet => {
            (Kind::TlsExpired, format!("the certificate of {name} is not valid now"))
        }
        E::NotValidForNameContext { presented, .. } => {
            (Kind::TlsWrongName, format!("the certificate shown for {name} is for: {}", names(presented)))
        }
        E::NotValidForName => (Kind::TlsWrongName, format!("the certificate shown is not for {name}")),
        E::UnknownIssuer => (
            Kind::TlsUntrusted,
            format!("nobody we trust vouches for the certificate of {name} (unknown issuer)"),
        ),
        E::BadSignature => (
            Kind::TlsUntrusted,
            format!("the certificate of {name} is not signed by whom it names (bad signature)"),
        ),
        E::Other(OtherError(why)) => {
            (Kind::TlsUntrusted, format!("the certificate of {name} cannot be trusted: {why}"))
        }
        other => (Kind::TlsUntrusted, format!("the certificate of {name} cannot be trusted: {other}")),
    }
}

/// The names that a certificate is for, as `rustls` lists them: `DnsName("shop.example")`. A few of them will do.
fn names(presented: &[String]) -> String {
    let bare = |name: &String| {
        let inner = name.strip_prefix("DnsName(\"").and_then(|name| name.strip_suffix("\")"));
        inner.unwrap_or(name).to_owned()
    };
    let mut names: Vec<String> = presented.iter().take(NAMES_MAX).map(bare).collect();
    match presented.len().saturating_sub(NAMES_MAX) {
        0 => {}
        more => names.push(format!("{more} more")),
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_no_certificate_could_be_for_is_the_fault_of_who_named_it() {
        for (by_config, kind) in [(true, Kind::VantageConfig), (false, Kind::HttpMalformed)] {
            assert_eq!(server_name("-x-.evil.example", by_config).unwrap_err().kind, kind);
        }
        assert!(server_name("shop.example", false).is_ok());
    }

    #[test]
    fn the_names_of_a_certificate_are_told_as_people_write_them_and_not_all() {
        let presented: Vec<String> = (0..1000).map(|at| format!("DnsName(\"{at}.example\")")).collect();
        assert_eq!(names(&presented), "0.example, 1.example, 2.example, 3.example, 996 more");
    }
}
