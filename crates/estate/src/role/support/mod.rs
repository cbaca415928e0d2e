//! `support`: customers open tickets, the desk answers them.
//!
//! | endpoint | takes | answers |
//! |---|---|---|
//! | `GET /` | | the help page; with a token also the caller's tickets, the desk's: all that wait |
//! | `POST /tickets` | token, `{"subject", "text", "key"?}` | 201 `{"ticket"}` · 422 · 429 |
//! | `GET /tickets` | token | 200 `{"tickets": [{"ticket", "user", "subject", "state", "at"}]}`, newest first |
//! | `GET /tickets/{ticket}` | token | 200 the row above and `"words": [{"author", "text", "at"}]` · 404 |
//! | `POST /tickets/{ticket}/replies` | token, `{"text"}` | 201 `{"state"}` · 404 |
//! | `POST /tickets/{ticket}/close` | token | 200 `{"state": "closed"}` · 404 |
//!
//! A ticket or a reply that was acknowledged is committed; the same key of the same customer is the same ticket. A
//! ticket is seen by who opened it and by the desk. Support stands on what it supports: whose ticket it is, identity
//! says, found by the same internal names; when they are gone only the help page is there, and all else is 503.
//! Absent: attachments, priorities, mail to the customer.

mod pages;
mod store;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::json;

use super::callers::{Callers, Kind, Person, sessions};
use super::control::Control;
use super::database::Database;
use super::{RoleArgs, RoleError, Sheet, key, serve};
use crate::http::{Manner, Problem, Sent, site};
use store::{Asker, Opened};

pub(super) const SHEET: Sheet = Sheet {
    word: "support",
    about: "answers customers who need help",
    octet: 24,
    hosts: &["support", "support.internal"],
};

/// The longest subject, text and key, in bytes.
const SUBJECT_MAX: usize = 200;
const TEXT_MAX: usize = 8000;

#[derive(Debug)]
struct Support {
    database: Database,
    callers: Arc<Callers>,
}

pub(super) async fn run(args: RoleArgs, control: Control) -> Result<(), RoleError> {
    let database = Database::open(&args.state.join("support.db"), store::SCHEMA, control.faults())?;
    let callers = Callers::of(&args);
    let support = Arc::new(Support { database, callers: Arc::clone(&callers) });
    let routes = Router::new()
        .route("/", get(pages::front))
        .route("/tickets", get(list).post(open))
        .route("/tickets/{ticket}", get(read))
        .route("/tickets/{ticket}/replies", post(reply))
        .route("/tickets/{ticket}/close", post(close))
        .with_state(support)
        .merge(sessions(callers));
    serve(args.listen, site("Support", routes), control).await
}

type Shared = State<Arc<Support>>;

impl Support {
    async fn asker(&self, headers: &HeaderMap) -> Result<Asker, Problem> {
        let Person { user, kind } = self.callers.who(headers).await?;
        Ok(Asker { user, desk: kind == Kind::Desk })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    subject: String,
    text: String,
    key: Option<String>,
}

async fn open(
    State(support): Shared,
    manner: Manner,
    headers: HeaderMap,
    Sent(asked): Sent<Asked>,
) -> Result<Response, Problem> {
    let asker = support.asker(&headers).await?;
    let Asked { subject, text, key } = asked;
    if subject.trim().is_empty() || subject.len() > SUBJECT_MAX || subject.chars().any(char::is_control) {
        return Err(Problem::unfit("subject", "a subject is one line of 1 to 200 bytes"));
    }
    key::check(key.as_deref())?;
    let text = worded(text)?;
    let opened =
        support.database.run(move |db| store::open(db, &asker.user, &subject, &text, key.as_deref()));
    match opened.await? {
        Opened::Yes(ticket) => {
            let path = format!("/tickets/{ticket}");
            Ok(manner.after(&path, StatusCode::CREATED, json!({ "ticket": ticket })))
        }
        Opened::TooMany => {
            let words = "you have many tickets that wait for us; please write in one of them";
            Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "many", words))
        }
    }
}

async fn list(State(support): Shared, headers: HeaderMap) -> Result<Response, Problem> {
    let asker = support.asker(&headers).await?;
    let tickets = support.database.run(move |db| store::list(db, &asker)).await?;
    Ok(axum::Json(json!({ "tickets": tickets })).into_response())
}

async fn read(
    State(support): Shared,
    manner: Manner,
    Path(ticket): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asker = support.asker(&headers).await?;
    let user = asker.user.clone();
    let found =
        support.database.run(move |db| store::read(db, &asker, &ticket)).await?.ok_or_else(nothing)?;
    Ok(match manner.html {
        true => pages::ticket(user, found),
        false => axum::Json(found).into_response(),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    text: String,
}

async fn reply(
    State(support): Shared,
    manner: Manner,
    Path(ticket): Path<String>,
    headers: HeaderMap,
    Sent(said): Sent<Said>,
) -> Result<Response, Problem> {
    let asker = support.asker(&headers).await?;
    let (text, path) = (worded(said.text)?, format!("/tickets/{ticket}"));
    let state = support.database.run(move |db| store::reply(db, &asker, &ticket, &text)).await?;
    let state = state.ok_or_else(nothing)?;
    Ok(manner.after(&path, StatusCode::CREATED, json!({ "state": state })))
}

async fn close(
    State(support): Shared,
    manner: Manner,
    Path(ticket): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asker = support.asker(&headers).await?;
    let path = format!("/tickets/{ticket}");
    match support.database.run(move |db| store::close(db, &asker, &ticket)).await? {
        true => Ok(manner.after(&path, StatusCode::OK, json!({ "state": "closed" }))),
        false => Err(nothing()),
    }
}

fn worded(text: String) -> Result<String, Problem> {
    match !text.trim().is_empty() && text.len() <= TEXT_MAX {
        true => Ok(text),
        false => Err(Problem::unfit("text", "a text has 1 to 8000 bytes")),
    }
}

fn nothing() -> Problem {
    Problem::not_found("you have no such ticket")
}
