//! `capture`: what later steps take from an answer.

use candor_core::model::{Capture, CaptureFrom};
use scraper::Selector;
use serde_json_path::JsonPath;

use super::Scope;
use super::expect::pattern;
use super::http::is_header_name;
use crate::budget::Wrong;
use crate::field::{Field, Map, Section, Shape};
use crate::limits::{PATH_DEPTH_MAX, PATTERN_MAX};
use crate::reader::{Reader, quote};
use crate::section::place::RESERVED;
use crate::text::is_hole_name;
use crate::tree::{Node, NodeKind};

pub(crate) static CAPTURE: Section = Section {
    name: "capture",
    doc: "Where a captured value is found; a text that starts with `$` is a JSON path.",
    groups: &[&[
        Field::new("json", Shape::Written("JSON path"), "A JSON path (RFC 9535).").example("$.token"),
        Field::new("css", Shape::Written("CSS selector"), "The first element that it selects.")
            .example("\"a.item\""),
        Field::new("attribute", Shape::Text, "With `css`: this attribute instead of the text.")
            .example("href"),
        Field::new("header", Shape::Written("header"), "A header field.").example("location"),
        Field::new(
            "regex",
            Shape::Written("pattern"),
            "A pattern on the content: its first group, or the whole match.",
        ),
    ]],
};

pub(crate) const SHAPE: Shape =
    Shape::Table(&Shape::AnyOf(&[Shape::Written("JSON path"), Shape::Map(&CAPTURE)]));

/// The captures of a step; they count for the steps after it.
pub(crate) fn read(scope: &mut Scope<'_, '_>, node: &Node) -> Vec<Capture> {
    let reader = scope.reader;
    let NodeKind::Map(entries) = &node.kind else {
        reader.refuse_hint(node.head(), "a map of captures belongs here", "such as {token: $.token}");
        return Vec::new();
    };
    let mut captures = Vec::new();
    for entry in entries {
        if reader.is_spent() {
            break;
        }
        let name = &*entry.key;
        if is_hole_name(name) && !RESERVED.contains(&name) {
            scope.capture(name, entry.at);
        } else {
            let hint = "letters, digits, - and _; not place, run or id";
            reader.refuse_hint(entry.at, format!("{} cannot name a capture", quote(name)), hint);
        }
        if let Some(from) = from(reader, &entry.value) {
            captures.push(Capture { name: name.into(), from });
        }
    }
    captures
}

fn from(reader: &Reader<'_>, node: &Node) -> Option<CaptureFrom> {
    if let NodeKind::Scalar { .. } = node.kind {
        return json_path(reader, node).map(CaptureFrom::Json);
    }
    let map = Map::open(reader, node, &CAPTURE)?;
    let attribute = map.get("attribute").map(|n| reader.text(n));
    if let Some(node) = map.get("attribute").filter(|_| map.get("css").is_none()) {
        reader.refuse(node.span, "`attribute` belongs to `css`");
    }
    let found = [
        map.get("json").map(|n| json_path(reader, n).map(CaptureFrom::Json)),
        map.get("css").map(|n| {
            let selector = selector(reader, n)?;
            let attribute = attribute.map(|a| a.map(str::to_owned));
            Some(CaptureFrom::Css { selector, attribute: attribute.flatten() })
        }),
        map.get("header").map(|n| header(reader, n).map(CaptureFrom::Header)),
        map.get("regex").map(|n| pattern(reader, n).map(CaptureFrom::Regex)),
    ];
    let mut found = found.into_iter().flatten();
    match (found.next(), found.next()) {
        (Some(only), None) => only,
        _ => {
            reader.refuse_hint(node.head(), "a capture comes from one place", "json, css, header or regex");
            None
        }
    }
}

fn header(reader: &Reader<'_>, node: &Node) -> Option<String> {
    let name = reader.text(node)?;
    if !is_header_name(name) {
        reader.refuse(node.span, format!("{} is not the name of a header field", quote(name)));
        return None;
    }
    Some(name.to_ascii_lowercase())
}

/// A JSON path that compiles. `$` is no secret here.
fn json_path(reader: &Reader<'_>, node: &Node) -> Option<String> {
    let text = reader.scalar(node)?;
    check_json_path(reader, text, node.span).then(|| text.to_owned())
}

pub(crate) fn check_json_path(reader: &Reader<'_>, text: &str, at: crate::tree::Span) -> bool {
    reader.judged("JSON path", text, at, || wrong_json_path(text))
}

fn wrong_json_path(text: &str) -> Option<Wrong> {
    const FORM: &str = "RFC 9535, such as $.token, $.items[0].id or $['odd key']";
    if text.len() > PATTERN_MAX {
        return Some((format!("a JSON path has at most {PATTERN_MAX} bytes, not {}", text.len()), FORM));
    }
    if depth(text) > PATH_DEPTH_MAX {
        return Some((
            format!("{} has brackets nested more than {PATH_DEPTH_MAX} deep", quote(text)),
            "take the value by a simpler path",
        ));
    }
    JsonPath::parse(text).is_err().then(|| (format!("{} is not a JSON path", quote(text)), FORM))
}

/// How deep brackets stand within brackets, in quotes or not: the parser calls itself for each.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for c in text.chars() {
        match c {
            '[' | '(' => depth += 1,
            ']' | ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// A CSS selector that compiles.
pub(crate) fn selector(reader: &Reader<'_>, node: &Node) -> Option<String> {
    let text = reader.text(node)?;
    let wrong = || {
        let sound = text.len() <= PATTERN_MAX && Selector::parse(text).is_ok();
        let message = || format!("{} is not a CSS selector", quote(text));
        (!sound).then(|| (message(), "such as \"a.item\" or \"#buy form\""))
    };
    reader.judged("CSS selector", text, node.span, wrong).then(|| text.to_owned())
}
