//! Documents as pages: a list, one document with its versions, and text to write.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::Documents;
use super::store::{self, Version};
use crate::http::{Problem, page};

#[derive(Template)]
#[template(path = "service/documents.html")]
struct List {
    service: &'static str,
    who: Option<String>,
    rows: Vec<Version>,
}

pub(super) async fn front(
    State(documents): State<Arc<Documents>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let person = documents.callers.who(&headers).await?;
    let owner = person.user.clone();
    let rows = documents.database.run(move |db| store::list(db, &owner)).await?;
    Ok(page(StatusCode::OK, &List { service: "Documents", who: Some(person.user), rows }))
}

#[derive(Template)]
#[template(path = "service/document.html")]
struct Document {
    service: &'static str,
    who: Option<String>,
    row: Version,
    /// Its text, where it is text.
    text: Option<String>,
    versions: Vec<Version>,
}

pub(super) fn document(user: String, row: Version, content: &[u8], versions: Vec<Version>) -> Response {
    let text = std::str::from_utf8(content).ok().map(str::to_owned);
    page(StatusCode::OK, &Document { service: "Documents", who: Some(user), row, text, versions })
}
