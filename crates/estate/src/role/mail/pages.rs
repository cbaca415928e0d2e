//! The mailbox as pages.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::Mail;
use super::boxes::{self, Line, Opened};
use crate::http::{Problem, page};

#[derive(Template)]
#[template(path = "service/mailbox.html")]
struct Mailbox {
    service: &'static str,
    who: Option<String>,
    letters: Vec<Line>,
}

pub(super) async fn front(State(mail): State<Arc<Mail>>, headers: HeaderMap) -> Result<Response, Problem> {
    let person = mail.callers.who(&headers).await?;
    let owner = person.user.clone();
    let letters = mail.database.run(move |db| boxes::list(db, &owner)).await?;
    Ok(page(StatusCode::OK, &Mailbox { service: "Mail", who: Some(person.user), letters }))
}

#[derive(Template)]
#[template(path = "service/letter.html")]
struct LetterPage {
    service: &'static str,
    who: Option<String>,
    letter: Opened,
}

pub(super) fn letter(user: String, letter: Opened) -> Response {
    page(StatusCode::OK, &LetterPage { service: "Mail", who: Some(user), letter })
}
