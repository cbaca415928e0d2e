//! `mail`: letters come in by SMTP and are read over HTTP.
//!
//! | endpoint | takes | answers |
//! |---|---|---|
//! | SMTP (RFC 5321) at `mx` | letters for people who have an account | 250 once it is on the disk · 451 · 452 · 550 · 552 |
//! | `GET /letters` | token | 200 `{"letters": [{"id", "from", "subject", "at", "seen"}]}`, newest first |
//! | `GET /letters/{id}` | token | 200 `{"id", "from", "to", "subject", "at", "text"}` · 404 |
//! | `POST /letters` | token, `{"to", "subject", "text", "key"?}` | 201 `{"id"}` · 422 · 507 |
//! | `DELETE /letters/{id}` | token | 204, gone or never there |
//!
//! The same by `GET /` for people. A letter that was acknowledged, by either way in, is committed. The same key from
//! the same sender is the same letter. Whether a recipient has an account is asked of identity at every letter; when it
//! cannot be found, SMTP answers 451 so that the sender keeps the letter, and HTTP answers 503.
//! Absent: sending to other domains, MIME beyond showing it, SMTP AUTH and TLS, folders.

mod boxes;
mod letter;
mod pages;
mod session;
mod smtp;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::callers::{Callers, sessions};
use super::control::Control;
use super::database::Database;
use super::{RoleArgs, RoleError, Sheet, key, serve};
use crate::http::{Manner, Problem, Sent, site};
use boxes::Kept;
use letter::Letter;

pub(super) const SHEET: Sheet = Sheet {
    word: "mail",
    about: "takes letters in and keeps them",
    octet: 20,
    hosts: &["mail", "mail.internal"],
};

/// The longest subject, in bytes.
const SUBJECT_MAX: usize = 200;

/// What both ways in share.
#[derive(Debug)]
struct Mail {
    database: Database,
    callers: Arc<Callers>,
}

pub(super) async fn run(args: RoleArgs, control: Control) -> Result<(), RoleError> {
    let database = Database::open(&args.state.join("mail.db"), boxes::SCHEMA, control.faults())?;
    let callers = Callers::of(&args);
    let mail = Arc::new(Mail { database, callers: Arc::clone(&callers) });
    let routes = Router::new()
        .route("/", get(pages::front))
        .route("/letters", get(list).post(send))
        .route("/letters/{id}", get(read).delete(discard))
        .route("/letters/{id}/delete", post(discard))
        .with_state(Arc::clone(&mail))
        .merge(sessions(callers));
    let listen = |address| move |source| RoleError::Listen { address, source };
    let _smtp = match args.smtp {
        Some(address) => Some(smtp::Post::open(address, mail).await.map_err(listen(address))?),
        None => None,
    };
    serve(args.listen, site("Mail", routes), control).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    to: String,
    subject: String,
    text: String,
    key: Option<String>,
}

type Shared = State<Arc<Mail>>;

async fn list(State(mail): Shared, manner: Manner, headers: HeaderMap) -> Result<Response, Problem> {
    let person = mail.callers.who(&headers).await?;
    if manner.html {
        return Ok(Redirect::to("/").into_response());
    }
    let letters = mail.database.run(move |db| boxes::list(db, &person.user)).await?;
    Ok(axum::Json(json!({ "letters": letters })).into_response())
}

async fn read(
    State(mail): Shared,
    manner: Manner,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let person = mail.callers.who(&headers).await?;
    let owner = person.user.clone();
    let found = mail.database.run(move |db| boxes::read(db, &owner, &id)).await?;
    let kept = found.ok_or_else(|| Problem::not_found("there is no such letter in this mailbox"))?;
    Ok(match manner.html {
        true => pages::letter(person.user, kept),
        false => axum::Json(kept).into_response(),
    })
}

async fn send(
    State(mail): Shared,
    manner: Manner,
    headers: HeaderMap,
    Sent(written): Sent<Written>,
) -> Result<Response, Problem> {
    let person = mail.callers.who(&headers).await?;
    let Written { to, subject, text, key } = written;
    if subject.len() > SUBJECT_MAX || subject.chars().any(char::is_control) {
        return Err(Problem::unfit("subject", "a subject is one line of at most 200 bytes"));
    }
    key::check(key.as_deref())?;
    let to = letter::local(&to)
        .ok_or_else(|| Problem::unfit("to", "letters go to addresses at shop.example alone"))?;
    if !mail.callers.exists(&to).await? {
        return Err(Problem::unfit("to", "nobody has this address"));
    }
    let letter = Letter::composed(&person.user, &to, &subject, &text);
    let kept = mail.database.run(move |db| boxes::keep(db, &letter, &[to], key.as_deref())).await?;
    match kept {
        Kept::Full => Err(Problem::new(StatusCode::INSUFFICIENT_STORAGE, "full", "this mailbox is full")),
        Kept::Yes(id) => Ok(manner.after("/", StatusCode::CREATED, json!({ "id": id }))),
    }
}

async fn discard(
    State(mail): Shared,
    manner: Manner,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let person = mail.callers.who(&headers).await?;
    mail.database.run(move |db| boxes::discard(db, &person.user, &id)).await?;
    Ok(manner.after("/", StatusCode::NO_CONTENT, Value::Null))
}
