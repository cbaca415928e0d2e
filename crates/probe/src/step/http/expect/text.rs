//! `text:` and `not_text:`, and pages that say sorry.

use candor_core::fault::Kind;
use candor_core::model::HttpStep;
use hyper::header::CONTENT_TYPE;

use super::super::{Answer, apology};
use crate::failure::StepFailure;
use crate::step::StepContext;

/// Looks for the texts that must and must not be there.
///
/// # Errors
/// [`Kind::ContentAssertion`], or [`Kind::ContentApologyPage`] where the page says sorry with a status of success.
pub(super) fn expect(step: &HttpStep, context: &StepContext<'_>, answer: &Answer) -> Result<(), StepFailure> {
    let (wanted, unwanted) = (&step.expect.text, &step.expect.not_text);
    let success = answer.status.is_success();
    if wanted.is_empty() && success && is_html(answer) {
        sorry(apology::in_title(answer.content()))?;
    }
    if wanted.is_empty() && unwanted.is_empty() {
        return Ok(());
    }
    let page = String::from_utf8_lossy(answer.content());
    for template in unwanted {
        let text = context.fill(template)?;
        if page.contains(&text) {
            let kind = if success { Kind::ContentApologyPage } else { Kind::ContentAssertion };
            return Err(StepFailure::new(
                kind,
                format!("the page says {:?}", context.variables.show(template)),
            ));
        }
    }
    for template in wanted {
        if !page.contains(&context.fill(template)?) {
            if success {
                sorry(apology::anywhere_near_the_top(answer.content()))?;
            }
            let cut = if answer.received.cut { " (only the beginning was read: body_max)" } else { "" };
            let detail = format!("{:?} is not there{cut}", context.variables.show(template));
            return Err(StepFailure::new(Kind::ContentAssertion, detail));
        }
    }
    Ok(())
}

fn sorry(phrase: Option<&str>) -> Result<(), StepFailure> {
    match phrase {
        None => Ok(()),
        Some(phrase) => {
            let detail = format!("the status says success, the page says {phrase:?}");
            Err(StepFailure::new(Kind::ContentApologyPage, detail))
        }
    }
}

fn is_html(answer: &Answer) -> bool {
    let Some(media_type) = answer.headers.get(CONTENT_TYPE) else { return false };
    let media_type = media_type.as_bytes().to_ascii_lowercase();
    media_type.starts_with(b"text/html") || media_type.starts_with(b"application/xhtml")
}
