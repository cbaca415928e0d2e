//! JSON from YAML: what a step sends, and what it expects at a path.
//!
//! Plain `true`, `null` and numbers are what JSON takes them for; anything else, and all that is quoted, is text.

use candor_core::model::{JsonMatch, JsonTemplate};

use super::Scope;
use super::expect::{only, pattern};
use crate::field::{Field, Map, Section, Shape};
use crate::reader::quote;
use crate::tree::{Node, NodeKind};

/// JSON with holes in its texts.
pub(crate) fn read(scope: &Scope<'_, '_>, node: &Node) -> Option<JsonTemplate> {
    match &node.kind {
        NodeKind::Scalar { text, plain: true } if node.is_nothing() || &**text == "null" => {
            Some(JsonTemplate::Null)
        }
        NodeKind::Scalar { text, plain: true } => match literal(text) {
            Some(value) => Some(value),
            None => scope.template(node).map(JsonTemplate::Text),
        },
        NodeKind::Scalar { .. } => scope.template(node).map(JsonTemplate::Text),
        NodeKind::List(items) => {
            let unspent = items.iter().take_while(|_| !scope.reader.is_spent());
            let items: Vec<_> = unspent.map(|n| read(scope, n)).collect();
            items.into_iter().collect::<Option<Vec<_>>>().map(JsonTemplate::Array)
        }
        NodeKind::Map(entries) => {
            let unspent = entries.iter().take_while(|e| scope.reader.spend_bytes(e.at, e.key.len()));
            let members: Vec<_> =
                unspent.map(|e| Some((e.key.to_string(), read(scope, &e.value)?))).collect();
            members.into_iter().collect::<Option<Vec<_>>>().map(JsonTemplate::Object)
        }
    }
}

/// A number or truth value as JSON writes it (RFC 8259); `007` and `1e999` are texts.
fn literal(text: &str) -> Option<JsonTemplate> {
    match serde_json::from_str::<serde_json::Value>(text).ok()? {
        serde_json::Value::Bool(value) => Some(JsonTemplate::Bool(value)),
        serde_json::Value::Number(number) => {
            number.as_i64().map(JsonTemplate::Int).or_else(|| number.as_f64().map(JsonTemplate::Float))
        }
        _ => None,
    }
}

pub(crate) static MATCH: Section = Section {
    name: "expect json",
    doc: "What stands at a JSON path; one of these.",
    groups: &[&[
        Field::new("exists", Shape::Word(&["true"]), "Anything at all."),
        Field::new("equals", Shape::Json, "This value; for a value that is a map itself."),
        Field::new("at_least", Shape::Written("number"), "A number of at least this.").example("1"),
        Field::new("at_most", Shape::Written("number"), "A number of at most this."),
        Field::new("matches", Shape::Written("pattern"), "A string that this pattern matches.")
            .example("\"^ord-\""),
    ]],
};

/// What stands at a path: a value, or one of the demands of [`MATCH`].
pub(crate) fn read_match(scope: &Scope<'_, '_>, node: &Node) -> Option<JsonMatch> {
    if !matches!(node.kind, NodeKind::Map(_)) {
        return match node.scalar().and_then(bound) {
            Some(bound) => Some(bound),
            None => read(scope, node).map(JsonMatch::Equals),
        };
    }
    let reader = scope.reader;
    let map = Map::open(reader, node, &MATCH)?;
    let number = |key| map.get(key).map(|n| finite(scope, n));
    let found = [
        map.get("exists").map(|n| reader.word(n, &[("true", JsonMatch::Exists)])),
        map.entry("equals").map(|e| read(scope, &e.value).map(JsonMatch::Equals)),
        number("at_least").map(|n| n.map(JsonMatch::AtLeast)),
        number("at_most").map(|n| n.map(JsonMatch::AtMost)),
        map.get("matches").map(|n| pattern(reader, n).map(JsonMatch::Matches)),
    ];
    only(reader, node, found, "one demand for each path", "exists, equals, at_least, at_most or matches")
}

/// `>= 3` and `<= 3`.
fn bound(text: &str) -> Option<JsonMatch> {
    let number = |rest: &str| rest.trim().parse::<f64>().ok().filter(|n| n.is_finite());
    match (text.strip_prefix(">="), text.strip_prefix("<=")) {
        (Some(rest), _) => number(rest).map(JsonMatch::AtLeast),
        (_, Some(rest)) => number(rest).map(JsonMatch::AtMost),
        _ => None,
    }
}

fn finite(scope: &Scope<'_, '_>, node: &Node) -> Option<f64> {
    let text = scope.reader.text(node)?;
    let value = text.parse::<f64>().ok().filter(|n| n.is_finite());
    if value.is_none() {
        scope.reader.refuse(node.span, format!("{} is not a number", quote(text)));
    }
    value
}
