//! `dns`: a DNS question and what the answer must be.

use std::time::Duration;

use candor_core::model::{DnsExpect, DnsStep, Flag, Step};

use super::address::{is_name, sample};
use super::{COMMON, Scope};
use crate::field::{Field, Map, Section, Shape};
use crate::limits::WITHIN;
use crate::reader::{Given, Reader, near, quote};
use crate::section::resolve::server;
use crate::tree::Node;

pub(crate) static DNS: Section = Section {
    name: "step dns",
    doc: "A DNS question (RFC 1034, 1035).",
    groups: &[
        &[
            Field::new(
                "dns",
                Shape::Written("name [type]"),
                "The name asked for, and the record type (A unless written).",
            )
            .required()
            .example("shop.example MX"),
            Field::new("servers", Shape::List(&Shape::Written("address[:port]")), "Servers asked directly.")
                .preset("those of `resolve`"),
            Field::new("expect", Shape::Map(&EXPECT), "What the answer must be."),
        ],
        COMMON,
    ],
};

static EXPECT: Section = Section {
    name: "expect dns",
    doc: "What a DNS answer must be.",
    groups: &[&[
        Field::new("rcode", Shape::Word(RCODES), "The response code.").preset("NOERROR"),
        Field::new(
            "answer",
            Shape::Many(&Shape::Template),
            "The data of the answer in presentation form, as a set.",
        )
        .preset("any that is not empty")
        .example("[\"10 mx1.shop.example.\"]"),
        Field::new(
            "flags",
            Shape::List(&Shape::Word(&["aa", "ad", "ra", "tc"])),
            "Header flags that must be set.",
        ),
        Field::new(
            "authorities",
            Shape::Word(&["agree"]),
            "Every authoritative server must give the same answer.",
        ),
        Field::new("within", Shape::Duration(&WITHIN), "How long the step may take before it is a failure."),
        Field::later("dnssec"),
    ]],
};

const RCODES: &[&str] = &["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "NOTAUTH"];

/// Record types by their mnemonics (IANA, DNS parameters), those in use.
const TYPES: &[&str] = &[
    "A",
    "AAAA",
    "AFSDB",
    "CAA",
    "CDNSKEY",
    "CDS",
    "CERT",
    "CNAME",
    "CSYNC",
    "DNAME",
    "DNSKEY",
    "DS",
    "HINFO",
    "HTTPS",
    "LOC",
    "MX",
    "NAPTR",
    "NS",
    "NSEC",
    "NSEC3",
    "NSEC3PARAM",
    "OPENPGPKEY",
    "PTR",
    "RP",
    "RRSIG",
    "SMIMEA",
    "SOA",
    "SPF",
    "SRV",
    "SSHFP",
    "SVCB",
    "TLSA",
    "TXT",
    "URI",
    "ZONEMD",
];

pub(crate) fn read(scope: &mut Scope<'_, '_>, map: &Map<'_>) -> Option<(Step, Option<Given<Duration>>)> {
    let reader = scope.reader;
    let question = map.get("dns").and_then(|n| question(scope, n));
    let servers = map.get("servers").map_or(&[][..], |n| reader.list(n));
    let servers = servers.iter().filter_map(|n| server(reader, n)).collect();
    let (expect, within) = expect(scope, map.get("expect").map(|n| &**n))?;
    let (name, rtype) = question?;
    Some((Step::Dns(DnsStep { name, rtype, servers, expect }), within))
}

fn question(scope: &Scope<'_, '_>, node: &Node) -> Option<(candor_core::template::Template, String)> {
    let reader = scope.reader;
    let text = reader.text(node)?;
    let mut parts = text.split_whitespace();
    let name = parts.next().unwrap_or("");
    let rtype = parts.next().unwrap_or("A").to_ascii_uppercase();
    if parts.next().is_some() {
        reader.refuse_hint(
            node.span,
            format!("{} is not a name and a type", quote(text)),
            "such as `shop.example MX`",
        );
        return None;
    }
    let numbered = rtype.strip_prefix("TYPE").is_some_and(|n| n.parse::<u16>().is_ok());
    if !numbered && !TYPES.contains(&rtype.as_str()) {
        let hint = match near(&rtype, TYPES.iter().copied()) {
            Some(word) => format!("did you mean {word}?"),
            None => "a mnemonic such as A, AAAA, MX, TXT, or TYPE65 (RFC 3597)".to_owned(),
        };
        reader.refuse_hint(node.span, format!("{} is not a record type", quote(&rtype)), hint);
        return None;
    }
    let name = scope.template_of(name, node.span)?;
    let filled = sample(&name, "x");
    if filled != "." && !is_name(filled.strip_suffix('.').unwrap_or(&filled)) {
        reader.refuse_hint(
            node.span,
            format!("{} is not a domain name", quote(text)),
            "such as `shop.example MX`",
        );
        return None;
    }
    Some((name, rtype))
}

fn expect(scope: &Scope<'_, '_>, node: Option<&Node>) -> Option<(DnsExpect, Option<Given<Duration>>)> {
    let reader = scope.reader;
    let map = match node {
        Some(node) => Some(Map::open(reader, node, &EXPECT)?),
        None => None,
    };
    let get = |key| map.and_then(|m| m.get(key));
    let rcodes: Vec<_> = RCODES.iter().map(|r| (*r, *r)).collect();
    let rcode = get("rcode").and_then(|n| reader.word(n, &rcodes)).unwrap_or("NOERROR");
    let answer: Option<Vec<_>> =
        get("answer").map(|n| reader.one_or_many(n).into_iter().filter_map(|n| scope.template(n)).collect());
    if let Some(node) =
        get("answer").filter(|_| rcode != "NOERROR" && answer.as_ref().is_some_and(|a| !a.is_empty()))
    {
        reader.refuse_hint(
            node.head(),
            format!("an answer with {rcode} holds no such data"),
            "expect one of `rcode` and `answer`",
        );
    }
    let flags =
        get("flags").map_or(&[][..], |n| reader.list(n)).iter().filter_map(|n| flag(reader, n)).collect();
    let authorities_agree =
        get("authorities").and_then(|n| reader.word(n, &[("agree", true)])).unwrap_or(false);
    let within = get("within").and_then(|n| reader.duration(n, &WITHIN));
    let expect =
        DnsExpect { rcode: rcode.into(), answer, flags, authorities_agree, within: within.map(|g| g.value) };
    Some((expect, within))
}

fn flag(reader: &Reader<'_>, node: &Node) -> Option<Flag> {
    reader.word(node, &[("aa", Flag::Aa), ("ad", Flag::Ad), ("ra", Flag::Ra), ("tc", Flag::Tc)])
}
