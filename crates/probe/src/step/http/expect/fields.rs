//! `headers:`, fields of the answer and what they hold.

use candor_core::fault::Kind;
use candor_core::model::{HttpStep, TextMatch};

use super::super::Answer;
use crate::failure::StepFailure;
use crate::redact::SECRET_FIELDS;
use crate::step::StepContext;

/// Holds every field to its match; where a field comes more than once, one of them must match.
///
/// # Errors
/// [`Kind::ContentAssertion`]
pub(super) fn expect(step: &HttpStep, context: &StepContext<'_>, answer: &Answer) -> Result<(), StepFailure> {
    for (name, wanted) in &step.expect.headers {
        let mut shown = None;
        let mut matched = false;
        for value in answer.headers.get_all(name) {
            let value = String::from_utf8_lossy(value.as_bytes());
            matched |= matches(wanted, &value, context)?;
            shown.get_or_insert_with(|| value.into_owned());
        }
        if !matched {
            let failed = |detail: String| Err(StepFailure::new(Kind::ContentAssertion, detail));
            return match shown {
                None => failed(format!("the answer has no field {name:?}")),
                Some(_) if SECRET_FIELDS.contains(&name.to_ascii_lowercase().as_str()) => {
                    failed(format!("the field {name:?} does not hold what is expected"))
                }
                Some(value) => failed(format!("the field {name:?} holds {value:?}, not what is expected")),
            };
        }
    }
    Ok(())
}

fn matches(wanted: &TextMatch, value: &str, context: &StepContext<'_>) -> Result<bool, StepFailure> {
    Ok(match wanted {
        TextMatch::Exists => true,
        TextMatch::Contains(part) => value.contains(&context.fill(part)?),
        TextMatch::Equals(whole) => value == context.fill(whole)?,
        TextMatch::Matches(pattern) => context.patterns.regex(pattern)?.is_match(value),
    })
}
