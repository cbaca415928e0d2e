//! What a step asks: a URL, or the first link of the last page that a selector matches.

use candor_core::fault::Kind;
use candor_core::model::{HttpStep, Target};
use scraper::Selector;
use url::Url;

use super::{hop, html};
use crate::aside::aside;
use crate::failure::StepFailure;
use crate::step::StepContext;

/// The URL that `step` asks; the report says what it is aimed at.
///
/// # Errors
/// A fault of the configuration where the URL is none, or [`Kind::ContentMissingCapture`] where the link is not there.
pub(super) fn target(step: &HttpStep, context: &mut StepContext<'_>) -> Result<Url, StepFailure> {
    match &step.target {
        Target::Url(template) => {
            context.report.target = context.variables.show(template);
            let text = context.fill(template)?;
            let captured = template.holes().any(|hole| context.variables.captures().contains_key(hole));
            let kind = if captured { Kind::HttpMalformed } else { Kind::VantageConfig };
            web_url(&text).map_err(|why| StepFailure::new(kind, why))
        }
        Target::FirstLink(selector) => {
            context.report.target = format!("first link {selector:?}");
            let bytes = context.session.page.as_ref().map_or(0, |page| page.content.len());
            let url = aside(bytes, || first_link(selector, context))?;
            context.report.target = url.to_string();
            Ok(url)
        }
    }
}

fn web_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("{text:?} is no URL: {error}"))?;
    hop::within_bounds(&url)?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        scheme => Err(format!("a step can ask http and https, not {scheme}")),
    }
}

fn first_link(text: &str, context: &StepContext<'_>) -> Result<Url, StepFailure> {
    let Some(page) = &context.session.page else {
        return Err(StepFailure::config("first_link needs a step before it that reads a page"));
    };
    let missing = |detail: String| StepFailure::new(Kind::ContentMissingCapture, detail);
    let selector = context.patterns.selector(text)?;
    let html = html::read(&page.content)?;
    let href = html.select(selector).find_map(|element| element.value().attr("href").map(str::trim));
    let href = href.ok_or_else(|| missing(format!("no link on {} matches {text:?}", page.url)))?;
    let base = Selector::parse("base[href]").ok().and_then(|base| {
        let href = html.select(&base).next()?.value().attr("href")?;
        page.url.join(href).ok()
    });
    let url = base.as_ref().unwrap_or(&page.url).join(href);
    let url =
        url.map_err(|error| missing(format!("the link {href:?} on {} is no URL: {error}", page.url)))?;
    hop::within_bounds(&url).map_err(|why| missing(format!("the link on {} is {why}", page.url)))?;
    if matches!(url.scheme(), "http" | "https") {
        Ok(url)
    } else {
        Err(missing(format!("the link {href:?} on {} leads out of HTTP", page.url)))
    }
}
