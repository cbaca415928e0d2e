//! `json:`, paths of RFC 9535 and what stands there.

use candor_core::fault::Kind;
use candor_core::model::{HttpStep, JsonMatch};
use serde_json::Value;

use super::super::{Answer, hop, json};
use crate::failure::StepFailure;
use crate::step::StepContext;

/// Longest value quoted in a detail, in characters.
const QUOTED_MAX: usize = 60;

/// Holds every path to its match: it must lead somewhere, and everything it leads to must match.
///
/// # Errors
/// [`Kind::ContentAssertion`]
pub(super) fn expect(step: &HttpStep, context: &StepContext<'_>, answer: &Answer) -> Result<(), StepFailure> {
    if step.expect.json.is_empty() {
        return Ok(());
    }
    let failed = |detail: String| StepFailure::new(Kind::ContentAssertion, detail);
    let json = json::read(answer.content(), Kind::ContentAssertion)?;
    for (path, wanted) in &step.expect.json {
        let found = context.patterns.path(path)?.query(&json).all();
        if found.is_empty() {
            return Err(failed(format!("nothing stands at {path}")));
        }
        for value in found {
            if let Some(wanted) = mismatch(wanted, value, context)? {
                return Err(failed(format!("{path} is {}, expected {wanted}", quoted(value))));
            }
        }
    }
    Ok(())
}

/// What was wanted instead of `value`, if it does not match.
fn mismatch(
    wanted: &JsonMatch,
    value: &Value,
    context: &StepContext<'_>,
) -> Result<Option<String>, StepFailure> {
    let (matches, wanted) = match wanted {
        JsonMatch::Exists => (true, String::new()),
        JsonMatch::Equals(template) => {
            let wanted = hop::value(template, context)?;
            (same(&wanted, value), quoted(&wanted))
        }
        JsonMatch::AtLeast(least) => {
            (value.as_f64().is_some_and(|number| number >= *least), format!("at least {least}"))
        }
        JsonMatch::AtMost(most) => {
            (value.as_f64().is_some_and(|number| number <= *most), format!("at most {most}"))
        }
        JsonMatch::Matches(pattern) => {
            let compiled = context.patterns.regex(pattern)?;
            (value.as_str().is_some_and(|text| compiled.is_match(text)), format!("a match of {pattern:?}"))
        }
    };
    Ok((!matches).then_some(wanted))
}

/// Equality in which 1 and 1.0 are one number, as JSON has it.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}

fn quoted(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(QUOTED_MAX) {
        None => text,
        Some((at, _)) => format!("{}…", text.split_at_checked(at).map_or("", |(head, _)| head)),
    }
}
