//! What the services' pages share: one style, one frame, and for each request whether a person or a program asks.
//!
//! Programs get JSON and problems as JSON; who asks for `text/html` gets the same as pages. A form is taken where JSON
//! is. Policy: no script, no third party, no framing.

use std::convert::Infallible;

use askama::Template;
use axum::Router;
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::de::DeserializeOwned;

use super::{Json, Problem, asset};

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";

/// Whether a person asks, with a browser, or a program.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    pub(crate) html: bool,
}

impl Manner {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Self { html: accept.contains("text/html") }
    }

    /// After a change: people are led to `path`, programs get what became of it.
    pub(crate) fn after(self, path: &str, status: StatusCode, said: impl serde::Serialize) -> Response {
        match self.html {
            true => Redirect::to(path).into_response(),
            false => (status, axum::Json(said)).into_response(),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Manner {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

/// What was sent, as JSON or by a form.
#[derive(Debug)]
pub(crate) struct Sent<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Sent<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        if kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
            let form = axum::Form::<T>::from_request(request, state).await;
            return form
                .map(|axum::Form(sent)| Self(sent))
                .map_err(|error| Problem::new(error.status(), "body", error.body_text()));
        }
        Json::<T>::from_request(request, state).await.map(|Json(sent)| Self(sent))
    }
}

/// Makes a site of a service's routes: its style, and problems as pages for people.
pub(crate) fn site(service: &'static str, routes: Router) -> Router {
    routes
        .route("/shop.css", get(async || asset(CSS, include_str!("../../assets/shop.css"))))
        .route("/service.css", get(async || asset(CSS, include_str!("../../assets/service.css"))))
        .layer(middleware::from_fn_with_state(service, for_people))
}

const CSS: &str = "text/css; charset=utf-8";

/// A page from a template.
pub(crate) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => {
            let fields = [(header::CONTENT_SECURITY_POLICY, POLICY), (header::CACHE_CONTROL, "no-store")];
            (status, fields, Html(html)).into_response()
        }
        Err(error) => Problem::broken(&error).into_response(),
    }
}

#[derive(Template)]
#[template(path = "service/trouble.html")]
struct Trouble<'a> {
    service: &'static str,
    who: Option<String>,
    title: &'static str,
    words: &'a str,
    sign_in: bool,
}

async fn for_people(State(service): State<&'static str>, request: Request, next: Next) -> Response {
    let manner = Manner::of(request.headers());
    let response = next.run(request).await;
    let Some(problem) = response.extensions().get::<Problem>().filter(|_| manner.html) else {
        return response;
    };
    let title = match problem.status {
        StatusCode::UNAUTHORIZED => "Sign in",
        StatusCode::NOT_FOUND => "There is nothing here",
        StatusCode::SERVICE_UNAVAILABLE => "Not available now",
        status if status.is_server_error() => "Something broke",
        _ => "That did not work",
    };
    let sign_in = problem.status == StatusCode::UNAUTHORIZED;
    page(problem.status, &Trouble { service, who: None, title, words: &problem.message, sign_in })
}
