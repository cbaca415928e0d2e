//! `client` and `proxy`: who is trusted, who we are, and what stands between. On `defaults`, a service, or a step.

use std::sync::Arc;

use candor_core::model::{Proxy, TlsClient};
use candor_core::template::Secret;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::Scope;
use super::address::{is_host, split_port};
use crate::field::{Field, Map, Section, Shape};
use crate::reader::{Reader, quote};
use crate::tree::{Node, NodeKind};

/// The fields of every scope that has them.
pub(crate) const SHARED: &[Field] = &[CLIENT_FIELD, PROXY_FIELD];

/// The TLS side alone.
pub(crate) const CLIENT_FIELD: Field =
    Field::new("client", Shape::Map(&CLIENT), "Who is trusted, and who we are, in TLS.")
        .example("{ca: internal-ca.pem}");

pub(crate) const PROXY_FIELD: Field = Field::new("proxy", PROXY_SHAPE, "An HTTP proxy between.")
    .preset("none")
    .example("proxy.corp.example:3128");

const PROXY_SHAPE: Shape =
    Shape::AnyOf(&[Shape::Word(&["none"]), Shape::Written("host:port"), Shape::Map(&PROXY)]);

static CLIENT: Section = Section {
    name: "client",
    doc: "Who is trusted, and who we are, in TLS. Each is a file, relative to the folder of the config, or PEM text from `${VARIABLE}`.",
    groups: &[&[
        Field::new(
            "ca",
            Shape::Many(&Shape::Written("PEM file")),
            "Certificates trusted besides the system's.",
        )
        .example("internal-ca.pem"),
        Field::new("cert", Shape::Written("PEM file"), "Our certificate chain, if the server asks for one."),
        Field::new("key", Shape::Written("PEM file"), "Its key."),
    ]],
};

static PROXY: Section = Section {
    name: "proxy",
    doc: "An HTTP proxy.",
    groups: &[&[
        Field::new("address", Shape::Written("host:port"), "Where it is.")
            .required()
            .example("proxy.corp.example:3128"),
        Field::new("user", Shape::Text, "For signing in."),
        Field::new("password", Shape::Template, "For signing in.").example("\"${PROXY_PASSWORD}\""),
    ]],
};

/// What a journey wears unless a step says otherwise.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outfit {
    pub(crate) client: Option<TlsClient>,
    /// The outer `None`: not said; the inner: no proxy.
    pub(crate) proxy: Option<Option<Proxy>>,
}

impl Outfit {
    pub(crate) fn or(self, wider: &Self) -> Self {
        Self {
            client: self.client.or_else(|| wider.client.clone()),
            proxy: self.proxy.or_else(|| wider.proxy.clone()),
        }
    }
}

/// The outfit of a scope that has both fields.
pub(crate) fn read(reader: &Reader<'_>, map: Option<&Map<'_>>) -> Outfit {
    let Some(map) = map else { return Outfit::default() };
    Outfit { client: read_client(reader, map), proxy: map.get("proxy").and_then(|n| read_proxy(reader, n)) }
}

/// What a step says, else what its capability wears.
pub(crate) fn of_step(scope: &Scope<'_, '_>, map: &Map<'_>) -> TlsClient {
    let client = read_client(scope.reader, map).or_else(|| scope.outfit.client.clone()).unwrap_or_default();
    // Each step has its own copy of these.
    let ours = client.cert_pem.as_ref().map_or(0, String::len);
    let key = client.key_pem.as_ref().map_or(0, |key| key.expose().len());
    if scope.reader.spend_bytes(map.head(), ours.saturating_add(key)) { client } else { TlsClient::default() }
}

fn read_client(reader: &Reader<'_>, map: &Map<'_>) -> Option<TlsClient> {
    let map = Map::open(reader, map.get("client")?, &CLIENT)?;
    let nodes = map.get("ca").map(|n| reader.one_or_many(n)).unwrap_or_default();
    let ca_pem = nodes.into_iter().filter_map(|n| certificates(reader, n)).map(Arc::from).collect();
    let cert_pem = map.get("cert").map(|n| certificates(reader, n));
    let key_pem = map.get("key").map(|n| key(reader, n));
    if cert_pem.is_some() != key_pem.is_some() {
        reader.refuse(map.head(), "`cert` and `key` come together");
    }
    Some(TlsClient { ca_pem, cert_pem: cert_pem.flatten(), key_pem: key_pem.flatten() })
}

fn certificates(reader: &Reader<'_>, node: &Node) -> Option<String> {
    let pem = pem(reader, node)?;
    let count = CertificateDer::pem_slice_iter(pem.expose().as_bytes())
        .try_fold(0_usize, |n, cert| cert.map(|_| n + 1));
    match count {
        Ok(n) if n > 0 => Some(pem.expose().to_owned()),
        _ => {
            let hint = "a PEM file has blocks of -----BEGIN CERTIFICATE-----";
            reader.refuse_hint(node.span, "no certificate can be read from this", hint);
            None
        }
    }
}

fn key(reader: &Reader<'_>, node: &Node) -> Option<Secret> {
    let pem = pem(reader, node)?;
    if PrivateKeyDer::from_pem_slice(pem.expose().as_bytes()).is_err() {
        let hint = "a PEM file with a block of -----BEGIN PRIVATE KEY-----, without a passphrase";
        reader.refuse_hint(node.span, "no private key can be read from this", hint);
        return None;
    }
    Some(pem)
}

/// PEM text from a file, or as it stands where it is PEM already.
fn pem(reader: &Reader<'_>, node: &Node) -> Option<Secret> {
    let text = reader.scalar(node)?;
    if text.contains("${") {
        return reader.secret(node);
    }
    if text.contains("-----BEGIN") {
        return Some(Secret::new(text.to_owned()));
    }
    let text = reader.read_file(text, || node.span)?;
    reader.spend_bytes(node.span, text.len()).then(|| Secret::new(text))
}

/// The inner `None` is the word `none`.
pub(crate) fn read_proxy(reader: &Reader<'_>, node: &Node) -> Option<Option<Proxy>> {
    if let NodeKind::Scalar { .. } = node.kind {
        if node.scalar() == Some("none") {
            return Some(None);
        }
        let (host, port) = proxy_address(reader, node)?;
        return Some(Some(Proxy { host, port, sign_in: None }));
    }
    let map = Map::open(reader, node, &PROXY)?;
    let address = map.get("address").and_then(|n| proxy_address(reader, n));
    let user = map.get("user").and_then(|n| reader.text(n)).map(str::to_owned);
    let password = map.get("password").map(|n| reader.secret(n));
    let sign_in = match (user, password) {
        (Some(user), Some(password)) => password.map(|p| (user, p)),
        (None, None) => None,
        _ => {
            reader.refuse(map.head(), "`user` and `password` come together");
            None
        }
    };
    let (host, port) = address?;
    Some(Some(Proxy { host, port, sign_in }))
}

fn proxy_address(reader: &Reader<'_>, node: &Node) -> Option<(String, u16)> {
    let text = reader.text(node)?;
    let bare = text.strip_prefix("http://").unwrap_or(text).trim_end_matches('/');
    match split_port(bare).filter(|(host, _)| is_host(host)) {
        Some((host, port)) => Some((host.to_ascii_lowercase(), port)),
        None => {
            let hint = "host:port; a user and password go into `user` and `password`";
            reader.refuse_hint(node.span, format!("{} is not the address of a proxy", quote(text)), hint);
            None
        }
    }
}
