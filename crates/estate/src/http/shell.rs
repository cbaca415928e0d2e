//! What every role's router has around it: a health endpoint, bounds, plain 404 and 405, a log line for each
//! request, and the fault of slowness.

use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{Method, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::sync::watch;

use super::Problem;
use crate::role::Faults;

/// The largest body that a role takes, in bytes.
const BODY_MAX: usize = 16 * 1024;
/// How long an answer of a slow role waits.
const SLOWNESS: Duration = Duration::from_secs(3);
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

async fn nothing_here(uri: Uri) -> Problem {
    Problem::not_found(format!("there is nothing at {}", uri.path()))
}

async fn not_that_way(method: Method, uri: Uri) -> Problem {
    let words = format!("{} does not take {method}", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", words)
}

async fn around(State(faults): State<watch::Receiver<Faults>>, request: Request, next: Next) -> Response {
    let (method, path, begun) = (request.method().clone(), request.uri().path().to_owned(), Instant::now());
    let slow = faults.borrow().slow;
    if slow {
        tokio::time::sleep(SLOWNESS).await;
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
