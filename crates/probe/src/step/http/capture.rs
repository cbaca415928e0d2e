//! What later steps take from an answer, each value bounded.

use candor_core::fault::Kind;
use candor_core::model::{Capture, CaptureFrom, HttpStep};
use regex::Regex;
use scraper::{Html, Selector};
use serde_json::Value;
use serde_json_path::JsonPath;

use super::{Answer, html, json};
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
    let mut content = Content { answer, html: None, json: None };
    for capture in &step.captures {
        let value = content.take(capture, context)?;
        if value.len() > CAPTURE_MAX {
            let detail = format!("the capture {:?} is longer than {CAPTURE_MAX} bytes", capture.name);
            return Err(StepFailure::new(Kind::ContentMissingCapture, detail));
        }
        context.variables.capture(&capture.name, value);
    }
    Ok(())
}

/// An answer whose content is read once in each form, however much is taken from it.
struct Content<'a> {
    answer: &'a Answer,
    html: Option<Html>,
    json: Option<Value>,
}

impl Content<'_> {
    fn take(&mut self, capture: &Capture, context: &StepContext<'_>) -> Result<String, StepFailure> {
        let content = self.answer.content();
        let found = match &capture.from {
            CaptureFrom::Json(path) => {
                let json = match self.json.take() {
                    Some(json) => json,
                    None => json::read(content, Kind::ContentMissingCapture)?,
                };
                at_path(self.json.insert(json), context.patterns.path(path)?, path)
            }
            CaptureFrom::Css { selector, attribute } => {
                let html = match self.html.take() {
                    Some(html) => html,
                    None => html::read(content)?,
                };
                let compiled = context.patterns.selector(selector)?;
                css(self.html.insert(html), compiled, selector, attribute.as_deref())
            }
            CaptureFrom::Header(name) => {
                let value = self.answer.headers.get(name);
                let value = value.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
                value.ok_or_else(|| format!("the answer has no field {name:?}"))
            }
            CaptureFrom::Regex(pattern) => regex(content, context.patterns.regex(pattern)?),
        };
        found.map_err(|why| {
            StepFailure::new(
                Kind::ContentMissingCapture,
                format!("the capture {:?} is not there: {why}", capture.name),
            )
        })
    }
}

fn at_path(json: &Value, path: &JsonPath, text: &str) -> Result<String, String> {
    match path.query(json).first() {
        None | Some(Value::Null) => Err(format!("nothing stands at {text}")),
        Some(Value::String(value)) => Ok(value.clone()),
        Some(value) => Ok(value.to_string()),
    }
}

fn css(html: &Html, selector: &Selector, text: &str, attribute: Option<&str>) -> Result<String, String> {
    let element = html.select(selector).next().ok_or_else(|| format!("no element matches {text:?}"))?;
    match attribute {
        None => Ok(element.text().collect::<String>().trim().to_owned()),
        Some(name) => {
            let value = element.value().attr(name).map(str::to_owned);
            value.ok_or_else(|| format!("the element {text:?} has no attribute {name:?}"))
        }
    }
}

/// The first group of the first match, or the whole match.
fn regex(content: &[u8], pattern: &Regex) -> Result<String, String> {
    let content = String::from_utf8_lossy(content);
    let groups = pattern.captures(&content);
    let group = groups.as_ref().and_then(|groups| groups.get(1).or_else(|| groups.get(0)));
    group
        .map(|group| group.as_str().to_owned())
        .ok_or_else(|| format!("nothing matches {:?}", pattern.as_str()))
}
