//! What every role's router has around it: a health endpoint, bounds, plain 404 and 405, a log line for each
//! request, and the faults that any role can have: slowness, hanging, a page in front of everything.

use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{Method, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use tokio::sync::watch;

use super::Problem;
use crate::role::{Faults, ServedPage};

/// The largest body that a role takes, in bytes.
const BODY_MAX: usize = 16 * 1024;
/// How long a request may take to arrive and be answered, but for the content of the answer: a body that drips would
/// keep its place for ever.
const HANDLED_MAX: Duration = Duration::from_secs(15);

/// Puts the shell around a role's routes.
pub(crate) fn shell(router: Router, faults: watch::Receiver<Faults>) -> Router {
    router
        .route("/healthz", get(async || "ok\n"))
        .fallback(nothing_here)
        .method_not_allowed_fallback(not_that_way)
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(middleware::from_fn_with_state(faults, around))
}

/// A constant answer of the given kind, for style sheets and pictures.
pub(crate) fn asset(kind: &'static str, body: impl IntoResponse) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "max-age=60")], body).into_response()
}

/// A page that stands in front of everything that a role is.
fn served(page: &ServedPage) -> Response {
    let status = StatusCode::from_u16(page.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let text = page.text.replace('&', "&amp;").replace('<', "&lt;");
    let html = format!("<!doctype html><html lang=\"en\"><title>{text}</title><h1>{text}</h1></html>\n");
    (status, Html(html)).into_response()
}

async fn nothing_here(uri: Uri) -> Problem {
    Problem::not_found(format!("there is nothing at {}", uri.path()))
}

async fn not_that_way(method: Method, uri: Uri) -> Problem {
    let words = format!("{} does not take {method}", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", words)
}

async fn around(State(faults): State<watch::Receiver<Faults>>, request: Request, next: Next) -> Response {
    let (method, path, begun) = (request.method().clone(), request.uri().path().to_owned(), Instant::now());
    let slow_ms = faults.borrow().slow_ms;
    if let Some(ms) = slow_ms {
        tokio::time::sleep(Duration::from_millis(ms.into())).await;
    }
    // It ends when the hanging ends, or when the client has gone.
    let hangs = faults.borrow().hang;
    if hangs && faults.clone().wait_for(|faults| !faults.hang).await.is_err() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let page = faults.borrow().page.clone();
    if let Some(page) = page {
        return served(&page);
    }
    let response = match tokio::time::timeout(HANDLED_MAX, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let words = format!("this took longer than {} seconds", HANDLED_MAX.as_secs());
            Problem::new(StatusCode::REQUEST_TIMEOUT, "slow", words).into_response()
        }
    };
    tracing::info!("{method} {path} {} {} ms", response.status().as_u16(), begun.elapsed().as_millis());
    response
}
