//! What a role answers when it cannot do what was asked: a status, a word for programs, a sentence for people.

use std::fmt;

use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::CallError;

/// `{"error": WORD, "message": SENTENCE}` with a status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    #[serde(skip)]
    pub(crate) status: StatusCode,
    pub(crate) error: &'static str,
    pub(crate) message: String,
}

impl Problem {
    /// The client's fault, or the state of what it asked for.
    pub(crate) fn new(status: StatusCode, error: &'static str, message: impl Into<String>) -> Self {
        Self { status, error, message: message.into() }
    }

    /// What was sent can be read and is not fit to be taken (RFC 9110, section 15.5.21).
    pub(crate) fn unfit(error: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, error, message)
    }

    /// There is nothing of that name here.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// The role's own fault; the reason is for its log alone.
    pub(crate) fn broken(error: &dyn fmt::Display) -> Self {
        tracing::error!("broken: {error}");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "something broke here; the log of this role says what",
        )
    }

    /// Another role that is needed cannot be had; the reason is for the log alone.
    pub(crate) fn missing(who: &'static str, error: &CallError) -> Self {
        tracing::warn!("cannot reach {who}: {error}");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, who, "temporarily unavailable, please try again later")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(&self)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
        }
        // So that a service's site can say the same as a page.
        response.extensions_mut().insert(self);
        response
    }
}

/// A JSON body of the shape `T`, or a problem that says what is wrong with it.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or_default();
        if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
            let words = "send JSON, with content-type: application/json";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", words));
        }
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|error| Problem::new(error.status(), "body", error.body_text()))?;
        serde_json::from_slice(&body).map(Self).map_err(|error| {
            let status = match error.is_data() {
                true => StatusCode::UNPROCESSABLE_ENTITY,
                false => StatusCode::BAD_REQUEST,
            };
            Problem::new(status, "body", format!("the body cannot be read: {error}"))
        })
    }
}

/// The token of `Authorization: Bearer TOKEN` (RFC 6750, section 2.1), if there is one.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}
