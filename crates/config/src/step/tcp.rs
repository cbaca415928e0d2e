//! `tcp` and `tls`: a connection, a handshake, and the certificate shown.

use std::rc::Rc;
use std::time::Duration;

use candor_core::model::{Step, TcpStep, TlsExpect, TlsStep};

use super::{COMMON, Scope, address, client};
use crate::field::{Field, Map, Section, Shape};
use crate::limits::{EXPIRES_IN, WITHIN};
use crate::reader::Given;
use crate::tree::Node;

pub(crate) static TCP: Section = Section {
    name: "step tcp",
    doc: "A TCP connection, with TLS over it where demanded.",
    groups: &[
        &[
            Field::new("tcp", Shape::Written("host:port"), "Where to.")
                .required()
                .example("mail.shop.example:993"),
            Field::new("tls", Shape::Map(&CERTIFICATE), "TLS over it, and what the certificate must be.")
                .example("{expires_in: \">= 14d\"}"),
            Field::new("expect", Shape::Map(&WITHIN_ONLY), "What must hold."),
        ],
        COMMON,
    ],
};

pub(crate) static TLS: Section = Section {
    name: "step tls",
    doc: "A TLS handshake. The certificate must be valid now, for the name, and vouched for.",
    groups: &[
        &[
            Field::new("tls", Shape::Written("host[:port]"), "Where to; the port is 443 unless written.")
                .required()
                .example("shop.example:443"),
            Field::new("expect", Shape::Map(&CERTIFICATE), "What the certificate must be."),
            client::CLIENT_FIELD,
        ],
        COMMON,
    ],
};

pub(crate) static CERTIFICATE: Section = Section {
    name: "certificate",
    doc: "What a certificate must be, besides valid now, for the name, and vouched for.",
    groups: &[&[
        Field::new(
            "expires_in",
            Shape::Duration(&EXPIRES_IN),
            "How long every certificate of the chain must still be good.",
        )
        .bound()
        .example("\">= 14d\""),
        Field::new("name", Shape::Template, "The name asked for and demanded.").preset("the host"),
    ]],
};

pub(crate) static WITHIN_ONLY: Section = Section {
    name: "expect time",
    doc: "What must hold.",
    groups: &[&[Field::new(
        "within",
        Shape::Duration(&WITHIN),
        "How long the step may take before it is a failure.",
    )]],
};

pub(crate) fn read(scope: &mut Scope<'_, '_>, map: &Map<'_>) -> Option<(Step, Option<Given<Duration>>)> {
    let address = map.get("tcp").and_then(|n| address::read(scope, n, None));
    let tls = map.entry("tls").and_then(|e| certificate(scope, Some(&e.value)));
    let within = within(scope, map);
    let (host, port) = address?;
    Some((Step::Tcp(TcpStep { host, port, tls, within: within.map(|g| g.value) }), within))
}

pub(crate) fn read_tls(scope: &mut Scope<'_, '_>, map: &Map<'_>) -> Option<(Step, Option<Given<Duration>>)> {
    let address = map.get("tls").and_then(|n| address::read(scope, n, Some(443)));
    let expect = certificate(scope, map.get("expect"));
    let client = client::of_step(scope, map);
    let (host, port) = address?;
    Some((Step::Tls(TlsStep { host, port, expect: expect?, client }), None))
}

/// What a certificate must be; the usual where nothing is written.
pub(crate) fn certificate(scope: &Scope<'_, '_>, node: Option<&Rc<Node>>) -> Option<TlsExpect> {
    let map = match node {
        Some(node) => Some(Map::open(scope.reader, node, &CERTIFICATE)?),
        None => None,
    };
    let get = |key| map.and_then(|m| m.get(key));
    let expires_in = get("expires_in")
        .and_then(|n| scope.reader.at_least(n, &EXPIRES_IN))
        .map_or(EXPIRES_IN.default, |g| g.value);
    let name = get("name").and_then(|n| address::host_of(scope, n, scope.reader.text(n)?));
    Some(TlsExpect { expires_in, name })
}

/// `expect: {within: …}` of the verbs that expect nothing else.
pub(crate) fn within(scope: &Scope<'_, '_>, map: &Map<'_>) -> Option<Given<Duration>> {
    let map = Map::open(scope.reader, map.get("expect")?, &WITHIN_ONLY)?;
    map.get("within").and_then(|n| scope.reader.duration(n, &WITHIN))
}
