//! `smtp`: a greeting, STARTTLS, and signing in.

use std::time::Duration;

use candor_core::model::{SmtpStep, StartTls, Step};
use candor_core::template::Template;

use super::tcp::{CERTIFICATE, WITHIN_ONLY, certificate, within};
use super::{COMMON, Scope, address, client};
use crate::field::{Field, Map, Section, Shape};
use crate::reader::Given;

pub(crate) static SMTP: Section = Section {
    name: "step smtp",
    doc: "An SMTP dialogue up to the point where mail could be sent (RFC 5321, 3207, 4954). It sends none.",
    groups: &[
        &[
            Field::new("smtp", Shape::Written("host[:port]"), "Where to; the port is 25 unless written.")
                .required()
                .example("mail.shop.example:587"),
            Field::new(
                "starttls",
                Shape::Word(&["never", "offered", "required", "implicit"]),
                "Whether and how TLS is used.",
            )
            .preset("implicit on port 465, required where it signs in, else offered"),
            Field::new("tls", Shape::Map(&CERTIFICATE), "What the certificate must be, where TLS is used."),
            Field::new(
                "sign_in",
                Shape::Map(&SIGN_IN),
                "User and password for AUTH PLAIN; never sent in the clear.",
            ),
            Field::new("expect", Shape::Map(&WITHIN_ONLY), "What must hold."),
            client::CLIENT_FIELD,
        ],
        COMMON,
    ],
};

static SIGN_IN: Section = Section {
    name: "sign_in",
    doc: "User and password.",
    groups: &[&[
        Field::new("user", Shape::Template, "The user.").required().example("\"${PROBE_USER}\""),
        Field::new("password", Shape::Template, "The password.").required().example("\"${PROBE_PASSWORD}\""),
    ]],
};

/// Submission with TLS from the first byte (RFC 8314).
const IMPLICIT_PORT: u16 = 465;

pub(crate) fn read(scope: &mut Scope<'_, '_>, map: &Map<'_>) -> Option<(Step, Option<Given<Duration>>)> {
    let reader = scope.reader;
    let address = map.get("smtp").and_then(|n| address::read(scope, n, Some(25)));
    let words = [
        ("never", StartTls::Never),
        ("offered", StartTls::Offered),
        ("required", StartTls::Required),
        ("implicit", StartTls::Implicit),
    ];
    let written = map.get("starttls").and_then(|n| reader.word(n, &words));
    let sign_in = map.get("sign_in").map(|n| sign_in(scope, n));
    let usual = match (&address, &sign_in) {
        (Some((_, IMPLICIT_PORT)), _) => StartTls::Implicit,
        (_, Some(_)) => StartTls::Required,
        _ => StartTls::Offered,
    };
    let starttls = written.unwrap_or(usual);
    if let Some(entry) =
        map.entry("sign_in").filter(|_| matches!(starttls, StartTls::Never | StartTls::Offered))
    {
        let hint = "write `starttls: required` (or `implicit`)";
        reader.refuse_hint(entry.at, "a password is never sent in the clear", hint);
    }
    let client = client::of_step(scope, map);
    let tls = certificate(scope, map.get("tls"));
    let within = within(scope, map);
    let (host, port) = address?;
    let step = SmtpStep {
        host,
        port,
        starttls,
        client,
        tls: tls?,
        sign_in: sign_in.flatten(),
        within: within.map(|g| g.value),
    };
    Some((Step::Smtp(step), within))
}

fn sign_in(scope: &Scope<'_, '_>, node: &crate::tree::Node) -> Option<(Template, Template)> {
    let map = Map::open(scope.reader, node, &SIGN_IN)?;
    let user = map.get("user").and_then(|n| scope.template(n));
    let password = map.get("password").and_then(|n| scope.template(n));
    user.zip(password)
}
