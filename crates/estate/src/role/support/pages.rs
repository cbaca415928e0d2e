//! Support as pages: help for everyone, tickets for who signed in.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::Support;
use super::store::{self, Ticket, Whole};
use crate::http::{Problem, page};
use crate::role::callers::token;

#[derive(Template)]
#[template(path = "service/support.html")]
struct Front {
    service: &'static str,
    who: Option<String>,
    tickets: Vec<Ticket>,
}

pub(super) async fn front(
    State(support): State<Arc<Support>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    // Who comes without a token needs nobody; who comes with one wants their tickets, and those need identity.
    let asker = match token(&headers) {
        None => None,
        Some(_) => match support.asker(&headers).await {
            Ok(asker) => Some(asker),
            Err(problem) if problem.status == StatusCode::UNAUTHORIZED => None,
            Err(problem) => return Err(problem),
        },
    };
    let (who, tickets) = match asker {
        None => (None, Vec::new()),
        Some(asker) => {
            let who = asker.user.clone();
            (Some(who), support.database.run(move |db| store::list(db, &asker)).await?)
        }
    };
    Ok(page(StatusCode::OK, &Front { service: "Support", who, tickets }))
}

#[derive(Template)]
#[template(path = "service/ticket.html")]
struct TicketPage {
    service: &'static str,
    who: Option<String>,
    whole: Whole,
}

pub(super) fn ticket(user: String, whole: Whole) -> Response {
    page(StatusCode::OK, &TicketPage { service: "Support", who: Some(user), whole })
}
