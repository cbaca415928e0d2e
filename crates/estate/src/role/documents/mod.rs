//! `documents`: keeps what customers write, with its versions.
//!
//! | endpoint | takes | answers |
//! |---|---|---|
//! | `GET /documents` | token | 200 `{"documents": [{"name", "version", "size", "etag", "at"}]}` |
//! | `PUT /documents/{name}` | token, `If-Match` or `If-None-Match: *`, any body | 201 or 200 the row above · 412 · 413 · 507 |
//! | `GET /documents/{name}` | token, `?version=N`, `If-None-Match` | 200 the bytes, with `ETag` · 304 · 404 |
//! | `GET /documents/{name}/versions` | token | 200 `{"versions": [...]}`, newest first |
//! | `DELETE /documents/{name}` | token, `If-Match` | 204, gone or never there · 412 |
//!
//! The same by `GET /` for people, who write text. An entity tag is the hash of version and content (RFC 9110, section
//! 8.8.3). A version that was acknowledged is committed; the oldest of more than [`store::VERSIONS_MAX`] is forgotten.
//! Whose token it is, identity says; when it cannot be found the answer is 503.
//! Absent: sharing, folders, ranges.

mod pages;
mod store;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::json;

use super::callers::{Callers, sessions};
use super::control::Control;
use super::database::Database;
use super::{RoleArgs, RoleError, Sheet, serve};
use crate::http::{Manner, Problem, Sent, site};
use store::{Condition, Outcome, Put};

pub(super) const SHEET: Sheet = Sheet {
    word: "documents",
    about: "keeps documents and their versions",
    octet: 21,
    hosts: &["docs", "docs.internal"],
};

/// The largest document, in bytes.
const SIZE_MAX: usize = 1024 * 1024;
/// The longest name, in bytes.
const NAME_MAX: usize = 100;

#[derive(Debug)]
struct Documents {
    database: Database,
    callers: Arc<Callers>,
}

pub(super) async fn run(args: RoleArgs, control: Control) -> Result<(), RoleError> {
    let database = Database::open(&args.state.join("documents.db"), store::SCHEMA, control.faults())?;
    let callers = Callers::of(&args);
    let documents = Arc::new(Documents { database, callers: Arc::clone(&callers) });
    let routes = Router::new()
        .route("/", get(pages::front).post(write))
        .route("/documents", get(list))
        .route("/documents/{name}", get(read).put(keep).delete(discard))
        .route("/documents/{name}/delete", post(discard))
        .route("/documents/{name}/versions", get(versions))
        .with_state(documents)
        .merge(sessions(callers));
    serve(args.listen, site("Documents", routes), control).await
}

type Shared = State<Arc<Documents>>;

async fn list(State(documents): Shared, headers: HeaderMap) -> Result<Response, Problem> {
    let person = documents.callers.who(&headers).await?;
    let rows = documents.database.run(move |db| store::list(db, &person.user)).await?;
    Ok(axum::Json(json!({ "documents": rows })).into_response())
}

#[derive(Deserialize)]
struct Which {
    version: Option<u32>,
}

async fn read(
    State(documents): Shared,
    manner: Manner,
    Path(name): Path<String>,
    Query(which): Query<Which>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let person = documents.callers.who(&headers).await?;
    let (owner, asked) = (person.user.clone(), name.clone());
    let found = documents.database.run(move |db| store::read(db, &owner, &asked, which.version)).await?;
    let (row, content) = found.ok_or_else(nothing)?;
    if manner.html {
        let (owner, asked) = (person.user.clone(), name);
        let versions = documents.database.run(move |db| store::versions(db, &owner, &asked)).await?;
        return Ok(pages::document(person.user, row, &content, versions));
    }
    let unchanged = field(&headers, header::IF_NONE_MATCH).is_some_and(|tags| lists(tags, &row.etag));
    let mut response = match unchanged {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => Body::from(content).into_response(),
    };
    let fields = response.headers_mut();
    // What a customer keeps must not become a page of ours.
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    fields.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&row.etag) {
        fields.insert(header::ETAG, tag);
    }
    Ok(response)
}

async fn versions(
    State(documents): Shared,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let person = documents.callers.who(&headers).await?;
    let rows = documents.database.run(move |db| store::versions(db, &person.user, &name)).await?;
    if rows.is_empty() {
        return Err(nothing());
    }
    Ok(axum::Json(json!({ "versions": rows })).into_response())
}

async fn keep(
    State(documents): Shared,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let person = documents.callers.who(&headers).await?;
    let condition = condition(&headers);
    let content = axum::body::to_bytes(body, SIZE_MAX).await.map_err(|_| {
        let words = format!("a document has at most {SIZE_MAX} bytes");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body", words)
    })?;
    documents.put(person.user, name, content.to_vec(), condition).await
}

impl Documents {
    async fn put(
        &self,
        owner: String,
        name: String,
        content: Vec<u8>,
        condition: Condition,
    ) -> Result<Response, Problem> {
        let plain = |c: char| c.is_alphanumeric() || " -_()".contains(c) || c == '.';
        let fits =
            !name.is_empty() && name.len() <= NAME_MAX && !name.starts_with('.') && name.chars().all(plain);
        if !fits {
            let words = format!(
                "a name has 1 to {NAME_MAX} bytes: letters, digits, spaces, - _ . ( ), and begins with no dot"
            );
            return Err(Problem::unfit("name", words));
        }
        let put = Put { owner, name, content, condition };
        match self.database.run(move |db| store::put(db, put)).await? {
            Outcome::Kept(row) => {
                let status = if row.version == 1 { StatusCode::CREATED } else { StatusCode::OK };
                let tag = row.etag.clone();
                Ok((status, [(header::ETAG, tag)], axum::Json(row)).into_response())
            }
            Outcome::Changed => Err(changed()),
            Outcome::Full => Err(Problem::new(
                StatusCode::INSUFFICIENT_STORAGE,
                "full",
                "there is no room for more documents",
            )),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    name: String,
    text: String,
    etag: Option<String>,
}

/// A person writes text; over a document that is there only if it is still as it was shown.
async fn write(
    State(documents): Shared,
    headers: HeaderMap,
    Sent(text): Sent<Text>,
) -> Result<Response, Problem> {
    let person = documents.callers.who(&headers).await?;
    let condition = text.etag.map_or(Condition::New, Condition::Same);
    documents.put(person.user, text.name, text.text.into_bytes(), condition).await?;
    Ok(Redirect::to("/").into_response())
}

async fn discard(
    State(documents): Shared,
    manner: Manner,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let person = documents.callers.who(&headers).await?;
    let condition = condition(&headers);
    match documents.database.run(move |db| store::discard(db, &person.user, &name, &condition)).await? {
        true => Ok(manner.after("/", StatusCode::NO_CONTENT, ())),
        false => Err(changed()),
    }
}

fn condition(headers: &HeaderMap) -> Condition {
    match (field(headers, header::IF_MATCH), field(headers, header::IF_NONE_MATCH)) {
        (Some("*"), _) => Condition::There,
        (Some(tags), _) => Condition::Same(tags.to_owned()),
        (None, Some("*")) => Condition::New,
        (None, _) => Condition::None,
    }
}

/// Whether a list of entity tags has this one, by weak comparison (RFC 9110, section 13.1.2).
fn lists(tags: &str, etag: &str) -> bool {
    tags == "*" || tags.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag)
}

fn field(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn nothing() -> Problem {
    Problem::not_found("there is no such document")
}

fn changed() -> Problem {
    let words = "the document is not what you took it for; fetch it again";
    Problem::new(StatusCode::PRECONDITION_FAILED, "changed", words)
}
