//! What later steps take from an answer, each value bounded.

use candor_core::fault::Kind;
use candor_core::model::{Capture, CaptureFrom, HttpStep};
use serde_json::Value;

use super::{Answer, link};
use crate::failure::StepFailure;
use crate::step::StepContext;
use crate::variables::CAPTURE_MAX;

/// Takes everything that the step names.
///
/// # Errors
/// [`Kind::ContentMissingCapture`] names the first that is not there or too long.
pub(super) fn all(
    step: &HttpStep,
    context: &mut StepContext<'_>,
    answer: &Answer,
) -> Result<(), StepFailure> {
    for capture in &step.captures {
        let value = one(capture, context, answer)?;
        if value.len() > CAPTURE_MAX {
            let detail = format!("the capture {:?} is longer than {CAPTURE_MAX} bytes", capture.name);
            return Err(StepFailure::new(Kind::ContentMissingCapture, detail));
        }
        context.variables.capture(&capture.name, value);
    }
    Ok(())
}

fn one(capture: &Capture, context: &StepContext<'_>, answer: &Answer) -> Result<String, StepFailure> {
    let missing = |what: String| {
        StepFailure::new(
            Kind::ContentMissingCapture,
            format!("the capture {:?} is not there: {what}", capture.name),
        )
    };
    let content = answer.content();
    match &capture.from {
        CaptureFrom::Json(text) => {
            let path = context.patterns.path(text)?;
            let json: Value = serde_json::from_slice(content)
                .map_err(|error| missing(format!("the content is no JSON: {error}")))?;
            match path.query(&json).first() {
                None | Some(Value::Null) => Err(missing(format!("nothing stands at {text}"))),
                Some(Value::String(value)) => Ok(value.clone()),
                Some(value) => Ok(value.to_string()),
            }
        }
        CaptureFrom::Css { selector: text, attribute } => {
            let selector = context.patterns.selector(text)?;
            let html = link::html(content);
            let element = html.select(selector).next();
            let element = element.ok_or_else(|| missing(format!("no element matches {text:?}")))?;
            match attribute {
                None => Ok(element.text().collect::<String>().trim().to_owned()),
                Some(name) => {
                    let value = element.value().attr(name).map(str::to_owned);
                    value.ok_or_else(|| missing(format!("the element {text:?} has no attribute {name:?}")))
                }
            }
        }
        CaptureFrom::Header(name) => {
            let value =
                answer.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
            value.ok_or_else(|| missing(format!("the answer has no field {name:?}")))
        }
        CaptureFrom::Regex(text) => {
            let found = context.patterns.regex(text)?;
            let content = String::from_utf8_lossy(content);
            let groups =
                found.captures(&content).ok_or_else(|| missing(format!("nothing matches {text:?}")))?;
            let value = groups.get(1).or_else(|| groups.get(0)).map(|group| group.as_str().to_owned());
            value.ok_or_else(|| missing(format!("nothing matches {text:?}")))
        }
    }
}
