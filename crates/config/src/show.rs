//! The resolved plan as YAML, for people: durations in words, secrets as stars, certificates by their length.

use std::fmt::Write;
use std::time::Duration;

use candor_core::model::Plan;
use serde_json::Value;

use crate::quantity::{Words, parse_duration};
use crate::unseen::is_unseen;

/// The resolved form of a plan. It is for reading; keys are those of the plan, not of the language.
#[must_use]
pub fn show(plan: &Plan) -> String {
    let mut out = String::new();
    match serde_json::to_value(plan) {
        Ok(value) => write_value(&mut out, &tidy(value), 0, false),
        Err(error) => {
            let _ = write!(out, "# the plan cannot be shown: {error}");
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// Durations as the language writes them, PEM texts by their length.
fn tidy(value: Value) -> Value {
    match value {
        Value::Object(map) => match duration(&map) {
            Some(words) => Value::String(words),
            None => Value::Object(map.into_iter().map(|(key, value)| (key, tidy(value))).collect()),
        },
        Value::Array(items) => match pairs(&items) {
            Some(map) => tidy(Value::Object(map)),
            None => Value::Array(items.into_iter().map(tidy).collect()),
        },
        Value::String(text) if text.contains("-----BEGIN") => {
            Value::String(format!("(PEM, {} bytes)", text.len()))
        }
        other => other,
    }
}

/// Names and values in order (header fields, JSON members) as the map that they are.
fn pairs(items: &[Value]) -> Option<serde_json::Map<String, Value>> {
    let pair = |item: &Value| match item.as_array()?.as_slice() {
        [Value::String(name), value] => Some((name.clone(), value.clone())),
        _ => None,
    };
    if items.is_empty() { None } else { items.iter().map(pair).collect() }
}

fn duration(map: &serde_json::Map<String, Value>) -> Option<String> {
    let (secs, nanos) = (map.get("secs")?.as_u64()?, map.get("nanos")?.as_u64()?);
    (map.len() == 2).then(|| Words(Duration::new(secs, u32::try_from(nanos).unwrap_or(0))).to_string())
}

fn write_value(out: &mut String, value: &Value, depth: usize, in_list: bool) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (n, (key, value)) in map.iter().enumerate() {
                if n > 0 || !in_list {
                    indent(out, depth);
                }
                out.push_str(&scalar(key));
                out.push(':');
                below(out, value, depth);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                indent(out, depth);
                out.push('-');
                match item {
                    Value::Object(map) if !map.is_empty() => {
                        out.push(' ');
                        write_value(out, item, depth + 1, true);
                    }
                    _ => below(out, item, depth),
                }
            }
        }
        other => {
            out.push_str(&leaf(other));
            out.push('\n');
        }
    }
}

/// A value after its key: beside it where it is short, else on lines of its own.
fn below(out: &mut String, value: &Value, depth: usize) {
    let nested = match value {
        Value::Object(map) => !map.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    };
    if nested {
        out.push('\n');
        write_value(out, value, depth + 1, false);
    } else {
        out.push(' ');
        out.push_str(&leaf(value));
        out.push('\n');
    }
}

fn indent(out: &mut String, depth: usize) {
    for _ in 0..depth {
        out.push_str("  ");
    }
}

fn leaf(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        Value::Object(_) => "{}".into(),
        Value::Array(_) => "[]".into(),
        other => other.to_string(),
    }
}

/// A text without quotes where no YAML reader takes it for anything else.
fn scalar(text: &str) -> String {
    let starts = text.chars().next().is_some_and(|c| c.is_alphabetic() || c == '/' || c == '•');
    let inside = text.chars().all(|c| c.is_alphanumeric() || "-_./@•%+ ".contains(c))
        || text.contains("://") && !text.contains([' ', '#', '{', '}', '"', '\'']);
    let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    if parse_duration(text).is_ok()
        || starts && inside && !text.ends_with(' ') && !words.contains(&text.to_lowercase().as_str())
    {
        text.into()
    } else {
        let quoted = Value::String(text.into()).to_string();
        // What nobody sees is written by its number, as YAML and JSON both read it.
        quoted.chars().fold(String::new(), |mut out, c| {
            if is_unseen(c) {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            } else {
                out.push(c);
            }
            out
        })
    }
}
