//! Identity's page: people sign in, open an account, look at their sessions and end them.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::sessions::{self, Session};
use super::{Identity, token};
use crate::http::{Problem, page};

#[derive(Template)]
#[template(path = "service/account.html")]
struct Account {
    service: &'static str,
    who: Option<String>,
    sessions: Vec<Session>,
}

pub(super) async fn front(State(identity): State<Identity>, headers: HeaderMap) -> Result<Response, Problem> {
    let person = match identity.person(&headers).await {
        Ok(person) => Some(person),
        Err(problem) if problem.status == StatusCode::UNAUTHORIZED => None,
        Err(problem) => return Err(problem),
    };
    let (who, sessions) = match person {
        Some(person) => {
            let (user, own) = (person.user.clone(), token(&headers).unwrap_or_default().to_owned());
            let list = identity.database.run(move |db| sessions::list(db, &user, &own)).await?;
            (Some(person.user), list)
        }
        None => (None, Vec::new()),
    };
    Ok(page(StatusCode::OK, &Account { service: "Account", who, sessions }))
}
