//! `expect` of an HTTP step: what the answer must be.

use std::time::Duration;

use candor_core::model::{HttpExpect, JsonMatch, SizeMatch, StatusRange, TextMatch};
use candor_core::template::Template;
use regex::RegexBuilder;

use super::Scope;
use super::capture::check_json_path;
use super::http::is_header_name;
use super::json::{self, MATCH};
use crate::budget::Wrong;
use crate::field::{Field, Map, Section, Shape};
use crate::limits::{HEADERS_MAX, PATTERN_CHEAP, PATTERN_COMPILED, PATTERN_MAX, RATE, SIZE, STALL, WITHIN};
use crate::quantity::whole;
use crate::reader::{Given, Reader, quote};
use crate::tree::{Node, NodeKind};

pub(crate) static EXPECT: Section = Section {
    name: "expect http",
    doc: "What an HTTP answer must be.",
    groups: &[&[
        Field::new(
            "status",
            Shape::Many(&Shape::Written("200, 2xx or 200..=299")),
            "Status codes that pass; any of these.",
        )
        .preset("2xx"),
        Field::new("text", Shape::Many(&Shape::Template), "Texts that must be there; all of them.")
            .example("Top charts"),
        Field::new(
            "not_text",
            Shape::Many(&Shape::Template),
            "Texts that must not be there. With a status that passes they make an apology page.",
        )
        .example("[temporarily unavailable]"),
        Field::new(
            "json",
            Shape::Table(&Shape::AnyOf(&[Shape::Map(&MATCH), Shape::Json])),
            "JSON paths (RFC 9535) and what stands there.",
        )
        .example("{$.state: paid}"),
        Field::new(
            "headers",
            Shape::Table(&Shape::AnyOf(&[Shape::Map(&TEXT_MATCH), Shape::Template])),
            "Header fields; a text alone must be held by the field.",
        )
        .example("{content-type: text/html}"),
        Field::new(
            "size",
            Shape::Written("5MB, \">= 1MB\", \"<= 1MB\" or 1MB..2MB"),
            "The length of the content.",
        )
        .example("5MB"),
        Field::new("sha256", Shape::Written("64 hex digits"), "SHA-256 of the content."),
        Field::new("within", Shape::Duration(&WITHIN), "How long the step may take before it is a failure.")
            .example("2s"),
        Field::new("rate", Shape::Written("\">= 1MB/s\""), "Slowest transfer of the content.")
            .example("\">= 1MB/s\""),
        Field::new("stall", Shape::Duration(&STALL), "Longest time without a byte of content.").bound(),
    ]],
};

static TEXT_MATCH: Section = Section {
    name: "expect headers",
    doc: "What a header field holds; one of these.",
    groups: &[&[
        Field::new("exists", Shape::Word(&["true"]), "It is there."),
        Field::new("contains", Shape::Template, "It holds this."),
        Field::new("equals", Shape::Template, "It is this."),
        Field::new("matches", Shape::Written("pattern"), "This pattern matches."),
    ]],
};

/// A plain success.
pub(crate) const SUCCESS: StatusRange = StatusRange { first: 200, last: 299 };

/// The demands, and where `within` was written.
pub(crate) fn read(
    scope: &Scope<'_, '_>,
    node: Option<&Node>,
) -> Option<(HttpExpect, Option<Given<Duration>>)> {
    let reader = scope.reader;
    let map = match node {
        Some(node) => Some(Map::open(reader, node, &EXPECT)?),
        None => None,
    };
    let get = |key| map.and_then(|m| m.get(key));
    let within = get("within").and_then(|n| reader.duration(n, &WITHIN));
    let texts = |key| -> Vec<Template> {
        get(key)
            .map(|n| reader.one_or_many(n))
            .unwrap_or_default()
            .into_iter()
            .filter_map(|n| scope.template(n))
            .collect()
    };
    let status = get("status").map(|n| reader.one_or_many(n)).unwrap_or_default();
    let mut status: Vec<_> = status.into_iter().filter_map(|n| read_status(reader, n)).collect();
    if status.is_empty() {
        status.push(SUCCESS);
    }
    let expect = HttpExpect {
        status,
        text: texts("text"),
        not_text: texts("not_text"),
        json: get("json").map(|n| read_json(scope, n)).unwrap_or_default(),
        headers: get("headers").map(|n| read_headers(scope, n)).unwrap_or_default(),
        size: get("size").and_then(|n| read_size(reader, n)),
        sha256: get("sha256").and_then(|n| read_sha256(reader, n)),
        within: within.map(|g| g.value),
        rate: get("rate").and_then(|n| reader.rate(n, &RATE)),
        stall: get("stall").and_then(|n| reader.duration(n, &STALL)).map_or(STALL.default, |g| g.value),
    };
    Some((expect, within))
}

/// `200`, `2xx`, `200..=299`.
fn read_status(reader: &Reader<'_>, node: &Node) -> Option<StatusRange> {
    let text = reader.text(node)?;
    let code = |t: &str| whole::<u16>(t.trim()).filter(|c| (100..=599).contains(c));
    let class = text.strip_suffix("xx").and_then(whole::<u16>).filter(|c| (1..=5).contains(c));
    let range = match (class, text.split_once("..=")) {
        (Some(class), _) => Some(StatusRange { first: class * 100, last: class * 100 + 99 }),
        (None, Some((first, last))) => {
            code(first).zip(code(last)).map(|(first, last)| StatusRange { first, last })
        }
        (None, None) => code(text).map(|c| StatusRange { first: c, last: c }),
    };
    let range = range.filter(|r| r.first <= r.last);
    if range.is_none() {
        let hint = "a code (200), a class (2xx), a range (200..=299), or a list of such";
        reader.refuse_hint(node.span, format!("{} is not a status", quote(text)), hint);
    }
    range
}

fn read_json(scope: &Scope<'_, '_>, node: &Node) -> Vec<(String, JsonMatch)> {
    let NodeKind::Map(entries) = &node.kind else {
        scope.reader.refuse_hint(node.head(), "a map of JSON paths belongs here", "such as {$.state: paid}");
        return Vec::new();
    };
    let read = |e: &crate::tree::Entry| {
        if scope.reader.is_spent() || !scope.reader.spend_bytes(e.at, e.key.len()) {
            return None;
        }
        let sound = check_json_path(scope.reader, &e.key, e.at);
        let wanted = json::read_match(scope, &e.value)?;
        sound.then(|| (e.key.to_string(), wanted))
    };
    entries.iter().filter_map(read).collect()
}

fn read_headers(scope: &Scope<'_, '_>, node: &Node) -> Vec<(String, TextMatch)> {
    let NodeKind::Map(entries) = &node.kind else {
        scope.reader.refuse_hint(
            node.head(),
            "a map of header fields belongs here",
            "such as {content-type: text/html}",
        );
        return Vec::new();
    };
    let mut headers = Vec::new();
    scope.reader.at_most(node.head(), entries.len(), HEADERS_MAX, "header fields");
    for entry in entries.iter().take(HEADERS_MAX) {
        if !is_header_name(&entry.key) {
            scope.reader.refuse(entry.at, format!("{} is not the name of a header field", quote(&entry.key)));
        }
        if let Some(wanted) = read_text_match(scope, &entry.value) {
            headers.push((entry.key.to_ascii_lowercase(), wanted));
        }
    }
    headers
}

fn read_text_match(scope: &Scope<'_, '_>, node: &Node) -> Option<TextMatch> {
    let reader = scope.reader;
    if !matches!(node.kind, NodeKind::Map(_)) {
        return scope.template(node).map(TextMatch::Contains);
    }
    let map = Map::open(reader, node, &TEXT_MATCH)?;
    let found = [
        map.get("exists").map(|n| reader.word(n, &[("true", TextMatch::Exists)])),
        map.get("contains").map(|n| scope.template(n).map(TextMatch::Contains)),
        map.get("equals").map(|n| scope.template(n).map(TextMatch::Equals)),
        map.get("matches").map(|n| pattern(reader, n).map(TextMatch::Matches)),
    ];
    only(reader, node, found, "one demand for each header field", "exists, contains, equals or matches")
}

/// The only demand of those found in a map; none or several are refused.
pub(super) fn only<T, const N: usize>(
    reader: &Reader<'_>,
    node: &Node,
    found: [Option<Option<T>>; N],
    wanted: &str,
    keys: &str,
) -> Option<T> {
    let mut found = found.into_iter().flatten();
    if let (Some(only), None) = (found.next(), found.next()) {
        return only;
    }
    reader.refuse_hint(node.head(), wanted, keys);
    None
}

fn read_size(reader: &Reader<'_>, node: &Node) -> Option<SizeMatch> {
    let text = reader.text(node)?;
    let size = |text: &str| reader.size_of(node.span, text, &SIZE);
    let (min, max) = if let Some(rest) = text.strip_prefix(">=") {
        (size(rest)?, u64::MAX)
    } else if let Some(rest) = text.strip_prefix("<=") {
        (0, size(rest)?)
    } else if let Some((first, last)) = text.split_once("..") {
        (size(first)?, size(last.trim_start_matches('='))?)
    } else {
        let exact = size(text)?;
        (exact, exact)
    };
    if min > max {
        reader.refuse(node.span, format!("{} is an empty range", quote(text)));
        return None;
    }
    Some(SizeMatch { min, max })
}

fn read_sha256(reader: &Reader<'_>, node: &Node) -> Option<String> {
    let text = reader.text(node)?;
    if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        reader.refuse_hint(
            node.span,
            format!("{} is not a SHA-256", quote(text)),
            "64 hex digits, as `sha256sum` prints them",
        );
        return None;
    }
    Some(text.to_ascii_lowercase())
}

/// A pattern that compiles, bounded in what it compiles to.
pub(crate) fn pattern(reader: &Reader<'_>, node: &Node) -> Option<String> {
    let text = reader.scalar(node)?;
    reader.judged("pattern", text, node.span, || wrong_pattern(reader, node, text)).then(|| text.to_owned())
}

/// What is wrong with a pattern; it is compiled to find out.
fn wrong_pattern(reader: &Reader<'_>, node: &Node, text: &str) -> Option<Wrong> {
    const SYNTAX: &str =
        "the syntax of Rust's regex crate: no look-around, no back-references; quote it in YAML with '…'";
    const SMALLER: &str = "smaller counts, or ASCII classes such as [0-9a-z] in place of \\w";
    let build = |size| RegexBuilder::new(text).size_limit(size).build();
    if text.len() > PATTERN_MAX {
        return Some((format!("a pattern has at most {PATTERN_MAX} bytes, not {}", text.len()), SMALLER));
    }
    let mut built = build(PATTERN_CHEAP);
    if matches!(built, Err(regex::Error::CompiledTooBig(_))) {
        if !reader.spend_costly_pattern(node.span) {
            return None;
        }
        built = build(PATTERN_COMPILED);
    }
    match built {
        Ok(_) => None,
        Err(regex::Error::CompiledTooBig(_)) => {
            Some((format!("{} is too large when compiled", quote(text)), SMALLER))
        }
        Err(_) => Some((format!("{} is not a pattern", quote(text)), SYNTAX)),
    }
}
