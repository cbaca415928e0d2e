//! The page of levers, from `templates/levers.html`.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::Panel;
use crate::http::Problem;

#[derive(Template)]
#[template(path = "levers.html")]
struct Page<'a> {
    panel: &'a Panel,
    /// What went wrong with the last press.
    fault: Option<String>,
}

pub(super) fn page(status: StatusCode, panel: &Panel, fault: Option<String>) -> Response {
    const POLICY: &str =
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    match (Page { panel, fault }).render() {
        Ok(html) => {
            let fields = [(header::CONTENT_SECURITY_POLICY, POLICY), (header::CACHE_CONTROL, "no-store")];
            (status, fields, Html(html)).into_response()
        }
        Err(error) => Problem::broken(&error).into_response(),
    }
}
