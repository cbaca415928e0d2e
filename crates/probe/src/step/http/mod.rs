//! An HTTP request, its redirects, and what the answer must be (RFC 9110).
//!
//! Read in this order: `hop` (what is sent, and what a redirect makes of it), `request`, `exchange` (one request over
//! one connection), `content` (the bytes of the answer), `expect/` (what they must be), `capture` (what later steps take).
//!
//! What a target can cost, whatever it sends (each bound is a constant beside the code that holds to it):
//!
//! | of | at most | by |
//! |---|---|---|
//! | bytes read before the head: TLS, interim answers, the head | 512 KiB | `meter` |
//! | bytes read after it | twice `body_max` and 256 KiB | `meter` |
//! | the head | 100 fields in 64 KiB; 16 interim answers before it | `exchange` |
//! | content, as it came and as it is decoded | `body_max` each, 3 codings, no brotli window over 16 MiB | `content` |
//! | redirects; a URL | `redirects` of the step; 16 KiB | `hop` |
//! | elements of a page | 60,000, 512 deep, in 2 MiB | `html` |
//! | values of JSON | 200,000 | `json` |
//! | certificates | 64 KiB in a handshake (`rustls`) | `crate::tls` |
//! | kept from step to step | the last page; 200 cookies and each capture of 4 KiB | `crate::cookies`, `crate::variables` |
//! | kept of a run | 300 bytes of detail; evidence of 40 lines and 2 KiB | `crate::redact` |
//!
//! Time is bounded by the deadlines of step and journey, and by `stall`.
//! Each exchange has a connection of its own: a probe that reuses
//! connections does not notice that no new ones are accepted.

mod apology;
mod capture;
mod content;
mod evidence;
mod exchange;
mod expect;
mod hop;
mod html;
mod json;
mod link;
mod meter;
mod proxy;
mod request;
mod wire;

use bytes::Bytes;
use candor_core::fault::Kind;
use candor_core::model::HttpStep;
use hyper::header::SET_COOKIE;
use hyper::{HeaderMap, StatusCode, Version};
use url::Url;

use self::content::Received;
use self::hop::Hop;
use super::StepContext;
use crate::aside::aside;
use crate::failure::StepFailure;
use crate::session::LastPage;

/// An answer, read to its end or as far as it came.
#[derive(Debug)]
struct Answer {
    /// What was asked, after redirects.
    url: Url,
    version: Version,
    status: StatusCode,
    headers: HeaderMap,
    received: Received,
}

impl Answer {
    fn content(&self) -> &Bytes {
        &self.received.content
    }
}

/// Runs the step.
///
/// # Errors
/// Its failure, with the answer as evidence where one came.
pub(super) async fn run(step: &HttpStep, context: &mut StepContext<'_>) -> Result<(), StepFailure> {
    let url = link::target(step, context)?;
    let answer = fetch(step, context, Hop::first(step, context, url)?).await?;
    let judged = aside(answer.content().len(), || match expect::judge(step, context, &answer) {
        Ok(()) => capture::all(step, context, &answer),
        Err(failure) => Err(failure),
    });
    let judged = judged.map_err(|failure| evidence::add(failure, &answer));
    context.session.page = Some(LastPage { url: answer.url, content: answer.received.content });
    judged
}

/// The answer at the end of the redirects.
async fn fetch(step: &HttpStep, context: &mut StepContext<'_>, mut hop: Hop) -> Result<Answer, StepFailure> {
    let mut followed = 0;
    loop {
        let answer = exchange::exchange(step, context, &hop).await?;
        for field in answer.headers.get_all(SET_COOKIE) {
            if let Ok(field) = field.to_str() {
                context.session.cookies.set(&answer.url, field);
            }
        }
        let Some(location) = hop::redirect(step, answer.status, &answer.headers) else { return Ok(answer) };
        if followed == step.redirects {
            let detail =
                format!("redirected more than {followed} times; the last answer points at {location:?}");
            return Err(evidence::add(StepFailure::new(Kind::HttpRedirectLoop, detail), &answer));
        }
        followed += 1;
        hop.follow(answer.status, &location).map_err(|failure| evidence::add(failure, &answer))?;
    }
}
