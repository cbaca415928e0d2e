//! A tester's betas as a page.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::{Held, Testflight};
use crate::http::{Problem, page};

#[derive(Template)]
#[template(path = "service/testflight.html")]
struct Page {
    service: &'static str,
    who: Option<String>,
    betas: Vec<Held>,
}

pub(super) async fn front(
    State(testflight): State<Arc<Testflight>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let person = testflight.callers.who(&headers).await?;
    let betas = testflight.betas(person.user.clone()).await?;
    Ok(page(StatusCode::OK, &Page { service: "Testflight", who: Some(person.user), betas }))
}
