//! Roles in TLS: certificates of every wrong kind, handshakes that never end, and records that say nothing.

use std::sync::Arc;

use candor_core::fault::Kind;
use candor_core::model::HttpVersion;
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::certificates::{Authority, Signed};
use crate::http1::BoxedPlay;
use crate::http2::{END_HEADERS, HEADERS, OK, PING, frame, opened};
use crate::peer::Peer;
use crate::role::{HEALTHY, Role, play_all, role};

/// A record (RFC 8446, section 5.1).
fn record(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u16).to_be_bytes();
    [&[kind, 3, 3][..], &length, payload].concat()
}

/// Alerts: of the grade warning and fatal.
fn alert(grade: u8, what: u8) -> Vec<u8> {
    record(21, &[grade, what])
}

/// A server that shakes hands with these certificates, and then does the rest.
fn tls(
    chain: &[String],
    key: &str,
    change: impl Fn(&mut ServerConfig),
    then: impl Fn(Peer) -> BoxedPlay + Send + Sync + 'static,
) -> Play {
    let chain: Vec<_> =
        chain.iter().map(|pem| CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).collect();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    // Not looked at: some of these certificates no honest server could show.
    let shown = CertifiedKey::new(chain, provider.key_provider.load_private_key(key).unwrap());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(shown)));
    change(&mut config);
    let (acceptor, then) = (TlsAcceptor::from(Arc::new(config)), Arc::new(then));
    Box::new(move |peer| {
        let (acceptor, then) = (acceptor.clone(), then.clone());
        Box::pin(async move {
            let (line, twin, sent) = peer.into_line();
            let Ok(stream) = acceptor.accept(line).await else { return };
            then(Peer::over(Box::new(stream), twin, sent)).await;
        })
    })
}

/// What a server does with a connection.
type Play = Box<dyn Fn(Peer) -> BoxedPlay + Send + Sync>;

fn healthy() -> impl Fn(Peer) -> BoxedPlay + Send + Sync + 'static {
    crate::http1::says(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{HEALTHY}", HEALTHY.len()))
}

fn shown(signed: &Signed) -> Play {
    tls(std::slice::from_ref(&signed.certificate), &signed.key, |_| (), healthy())
}

/// A certificate that nobody else vouches for.
fn by_itself(is_ca: IsCa) -> Signed {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["shop.example".to_owned()]).unwrap();
    params.is_ca = is_ca;
    Signed { certificate: params.self_signed(&key).unwrap().pem(), key: key.serialize_pem() }
}

fn certificates() -> Vec<Role> {
    let authority = Authority::new();
    let other = Authority::new();
    let trusted = authority.trusted();
    let good = authority.sign("shop.example");
    let chain = |signed: &Signed, count: usize| {
        [vec![signed.certificate.clone()], vec![other.certificate().to_owned(); count]].concat()
    };
    let with_chain = |count: usize| {
        let signed = other.sign("shop.example");
        tls(&chain(&signed, count), &signed.key, |_| (), healthy())
    };
    let names: Vec<String> = (0..1500).map(|at| format!("a-rather-long-name-{at}.other.example")).collect();
    let too_many: Vec<String> =
        (0..4000).map(|at| format!("a-rather-long-name-{at}.other.example")).collect();
    let refused = |name, kind, says, play: Play| {
        let trusted = trusted.clone();
        role(name, kind, says, play).over_tls().asked(move |step| step.tls = trusted.clone())
    };
    vec![
        refused(
            "an expired certificate",
            Kind::TlsExpired,
            "ran out at 2001-01-01",
            shown(&authority.sign_until("shop.example", 2001)),
        ),
        refused(
            "a certificate of the future",
            Kind::TlsExpired,
            "is not valid before 3900-01-01",
            shown(&authority.sign_between(&["shop.example".to_owned()], 3900, 4000, "x")),
        ),
        refused(
            "a certificate for another name",
            Kind::TlsWrongName,
            "is for: other.example",
            shown(&authority.sign("other.example")),
        ),
        refused(
            "a certificate of a namesake of the authority",
            Kind::TlsUntrusted,
            "is not signed by",
            shown(&other.sign("shop.example")),
        ),
        refused(
            "a certificate that vouches for itself",
            Kind::TlsUntrusted,
            "unknown issuer",
            shown(&by_itself(IsCa::NoCa)),
        ),
        refused(
            "a certificate of an authority as the server's",
            Kind::TlsUntrusted,
            "cannot be trusted",
            shown(&by_itself(IsCa::Ca(BasicConstraints::Unconstrained))),
        ),
        refused(
            "a chain of a hundred",
            Kind::TlsUntrusted,
            "cannot be trusted: MaximumSignatureChecksExceeded",
            with_chain(100),
        ),
        refused("a chain of a thousand", Kind::TlsHandshake, "", with_chain(1000)),
        refused(
            "a certificate for a thousand names",
            Kind::TlsWrongName,
            "is for: ",
            shown(&authority.sign_between(&names, 1990, 4000, "x")),
        ),
        refused(
            "a certificate of a hundred kilobytes",
            Kind::TlsHandshake,
            "",
            shown(&authority.sign_between(&too_many, 1990, 4000, "x")),
        ),
        markup_in_a_certificate(),
        refused(
            "HTTP/1.1 where HTTP/2 is demanded",
            Kind::TlsHandshake,
            "",
            tls(
                std::slice::from_ref(&good.certificate),
                &good.key,
                |config| config.alpn_protocols = vec![b"http/1.1".to_vec()],
                healthy(),
            ),
        )
        .asked({
            let trusted = trusted.clone();
            move |step| {
                step.tls = trusted.clone();
                step.version = HttpVersion::Http2;
            }
        }),
        refused(
            "ten thousand tickets",
            Kind::HttpMalformed,
            "buffer full",
            tls(
                std::slice::from_ref(&good.certificate),
                &good.key,
                |config| config.send_tls13_tickets = 10_000,
                healthy(),
            ),
        ),
        refused(
            "a flood of PING in TLS",
            Kind::HttpMalformed,
            "more than",
            tls(
                std::slice::from_ref(&good.certificate),
                &good.key,
                |config| config.alpn_protocols = vec![b"h2".to_vec()],
                |mut peer| {
                    Box::pin(async move {
                        opened(&mut peer).await;
                        peer.send(frame(HEADERS, END_HEADERS, 1, &OK)).await;
                        peer.flood(frame(PING, 0, 0, &[0; 8])).await;
                    })
                },
            ),
        ),
    ]
}

/// Markup and escapes in the subject of a certificate, which evidence quotes.
pub(crate) fn markup_in_a_certificate() -> Role {
    let authority = Authority::new();
    let subject = "</pre><script>\u{1b}[2J\u{202e}\u{200b}";
    let shown = shown(&authority.sign_between(&["other.example".to_owned()], 1990, 4000, subject));
    let trusted = authority.trusted();
    role("markup and escapes in a certificate", Kind::TlsWrongName, "is for: other.example", shown)
        .over_tls()
        .asked(move |step| step.tls = trusted.clone())
}

fn handshakes() -> Vec<Role> {
    use Kind::TlsHandshake as Handshake;
    let flood = |name, piece: Vec<u8>| {
        role(name, Handshake, "shop.example", move |mut peer: Peer| {
            let piece = piece.clone();
            async move {
                peer.read(1).await;
                peer.flood(piece).await;
            }
        })
        .over_tls()
    };
    let sends = |name, bytes: Vec<u8>| {
        role(name, Handshake, "shop.example", move |mut peer: Peer| {
            let bytes = bytes.clone();
            async move {
                peer.read(1).await;
                peer.send(bytes).await;
                peer.hang().await;
            }
        })
        .over_tls()
    };
    // A ServerHello of TLS 1.0: version, 32 random bytes, no session, a cipher of its time, no compression.
    let hello = [&[2, 0, 0, 38, 3, 1][..], &[7; 32], &[0, 0, 0x2f, 0]].concat();
    vec![
        sends("a handshake that never begins", Vec::new()).endless(),
        sends("a handshake that stops", record(22, &[2, 0, 0, 38, 3, 3])).endless(),
        role(
            "a handshake byte by byte",
            Handshake,
            "ran out while shaking hands",
            |mut peer: Peer| async move {
                peer.send([22, 3, 3, 0x40, 0, 2, 0, 0x3f, 0]).await;
                peer.drip([0]).await;
            },
        )
        .over_tls()
        .endless(),
        role("a reset in the handshake", Handshake, "broke off", |mut peer: Peer| async move {
            peer.read(1).await;
            peer.reset().await;
        })
        .over_tls(),
        role("an end in the handshake", Handshake, "broke off", Peer::close).over_tls(),
        sends("HTTP where TLS should be", b"HTTP/1.1 400 Bad Request\r\n\r\nplain HTTP".to_vec()),
        flood("garbage where TLS should be", b"\xde\xad\xbe\xef".to_vec()),
        flood("a flood of empty records", record(22, &[])),
        flood("a flood of warnings", alert(1, 90)),
        flood("a flood of requests to begin anew", record(22, &[0, 0, 0, 0])),
        flood("a flood of changes of the cipher", record(20, &[1])),
        flood("a flood of unencrypted content", record(23, &[0; 1024])),
        flood(
            "a message of sixteen megabytes",
            [&[22, 3, 3, 0x40, 0, 2, 0xff, 0xff, 0xff][..], &[0; 0x3ffc]].concat(),
        ),
        sends("an alert", alert(2, 40)),
        sends("an alert that nobody knows", alert(2, 255)),
        sends("an ancient protocol", record(22, &hello)),
        sends("a refusal of what is not ancient", alert(2, 70)),
    ]
}

/// Every role of this file.
pub(crate) fn cast() -> Vec<Role> {
    [certificates(), handshakes()].concat()
}

#[tokio::test]
async fn each_certificate_that_is_not_good_gets_its_own_fault() {
    play_all(certificates()).await;
}

#[tokio::test]
async fn each_handshake_that_comes_to_nothing_is_a_fault_of_tls_in_time() {
    play_all(handshakes()).await;
}
