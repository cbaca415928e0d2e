//! `social`: a public timeline of customers and of the shop's support account.
//!
//! | endpoint | takes | answers |
//! |---|---|---|
//! | `GET /` | `?lang=`, `?before=ID` | the timeline for people; JSON if that is asked for |
//! | `GET /timeline.json` | the same | 200 `{"posts": [{"id", "author", "lang", "place", "text", "at"}]}`, newest first |
//! | `GET /timeline.rss` | the same | 200 RSS 2.0 |
//! | `POST /posts` | `{"author", "lang", "text", "place"?}` | 201 `{"id"}` · 401 · 422 · 429 |
//!
//! It stands for a network that is not the shop's: it asks nobody, so that customers can complain while everything else
//! is out. Authors name themselves (`customer-17`); the account of support is for who knows [`SUPPORT_KEY`], as
//! `Authorization: Bearer`. Bounded: 300 characters a post, 20 posts a minute for each author, 20,000 posts in all, the
//! oldest forgotten.
//! Absent: following, likes, pictures, deleting.

mod store;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::json;

use super::control::Control;
use super::database::Database;
use super::{RoleArgs, RoleError, Sheet, serve};
use crate::http::{Manner, Problem, Sent, bearer, page, site};
use crate::layout::full;
use crate::place::Place;
use store::{Asked, Post, Posted};

pub(super) const SHEET: Sheet =
    Sheet { word: "social", about: "shows what customers say in public", octet: 25, hosts: &["social"] };

/// The account of support, and what one must know to write as it: of no use beyond the loopback of one host.
pub const SUPPORT_AUTHOR: &str = "shop-support";
/// See [`SUPPORT_AUTHOR`].
pub const SUPPORT_KEY: &str = "open-sesame-social";

/// The longest text, in characters, and author, in bytes.
const TEXT_MAX: usize = 300;
const AUTHOR_MAX: usize = 30;

#[derive(Debug)]
struct Social {
    database: Database,
    port: u16,
}

pub(super) async fn run(args: RoleArgs, control: Control) -> Result<(), RoleError> {
    let database = Database::open(&args.state.join("social.db"), store::SCHEMA, control.faults())?;
    let social = Arc::new(Social { database, port: args.listen.port() });
    let routes = Router::new()
        .route("/", get(front))
        .route("/timeline.json", get(as_json))
        .route("/timeline.rss", get(as_rss))
        .route("/posts", post(write))
        .with_state(social);
    serve(args.listen, site("Timeline", routes), control).await
}

type Shared = State<Arc<Social>>;

impl Social {
    async fn posts(&self, asked: Asked) -> Result<Vec<Post>, Problem> {
        self.database.run(move |db| store::list(db, &asked)).await
    }
}

#[derive(Template)]
#[template(path = "service/timeline.html")]
struct Timeline {
    service: &'static str,
    who: Option<String>,
    posts: Vec<Post>,
    older: Option<i64>,
}

async fn front(
    State(social): Shared,
    manner: Manner,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let posts = social.posts(asked).await?;
    if !manner.html {
        return Ok(axum::Json(json!({ "posts": posts })).into_response());
    }
    let older = posts.last().map(|post| post.id).filter(|_| posts.len() >= store::SHOWN);
    Ok(page(StatusCode::OK, &Timeline { service: "Timeline", who: None, posts, older }))
}

async fn as_json(State(social): Shared, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let posts = social.posts(asked).await?;
    Ok(axum::Json(json!({ "posts": posts })).into_response())
}

#[derive(Template)]
#[template(path = "service/timeline.xml")]
struct Feed {
    home: String,
    posts: Vec<Post>,
}

async fn as_rss(State(social): Shared, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let posts = social.posts(asked).await?;
    let feed = Feed { home: format!("http://{}:{}/", full("social"), social.port), posts };
    let xml = feed.render().map_err(|error| Problem::broken(&error))?;
    let fields =
        [(header::CONTENT_TYPE, "application/rss+xml; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    Ok((fields, xml).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    author: String,
    lang: String,
    text: String,
    place: Option<String>,
}

async fn write(
    State(social): Shared,
    manner: Manner,
    headers: HeaderMap,
    Sent(written): Sent<Written>,
) -> Result<Response, Problem> {
    check(&written)?;
    if written.author == SUPPORT_AUTHOR && bearer(&headers) != Some(SUPPORT_KEY) {
        let words = "this account is the shop's";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "author", words));
    }
    let Written { author, lang, text, place } = written;
    let place = place.filter(|code| !code.is_empty());
    match social.database.run(move |db| store::post(db, &author, &lang, place.as_deref(), &text)).await? {
        Posted::Yes(id) => Ok(manner.after("/", StatusCode::CREATED, json!({ "id": id }))),
        Posted::TooFast => {
            let words = "this author posts too fast; wait a minute";
            Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "fast", words))
        }
    }
}

fn check(written: &Written) -> Result<(), Problem> {
    let (author, lang) = (written.author.as_bytes(), written.lang.as_bytes());
    let plain = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-';
    if author.is_empty() || author.len() > AUTHOR_MAX || !author.iter().all(plain) {
        return Err(Problem::unfit("author", "an author has 1 to 30 of a-z 0-9 -, such as customer-17"));
    }
    if !(2..=8).contains(&lang.len()) || !lang.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-') {
        return Err(Problem::unfit("lang", "lang is a language tag, such as en or pt-br"));
    }
    let length = written.text.chars().count();
    if written.text.trim().is_empty() || length > TEXT_MAX {
        return Err(Problem::unfit("text", "a post has 1 to 300 characters"));
    }
    if written.text.chars().any(|c| c.is_control() && c != '\n' && c != '\r') {
        return Err(Problem::unfit("text", "a post is text"));
    }
    match written.place.as_deref() {
        Some(code) if !code.is_empty() && Place::find(code).is_none() => {
            Err(Problem::unfit("place", "the shop does not know this place"))
        }
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(author: &str, lang: &str, text: &str, place: Option<&str>) -> Option<&'static str> {
        let place = place.map(str::to_owned);
        let written =
            Written { author: author.to_owned(), lang: lang.to_owned(), text: text.to_owned(), place };
        check(&written).err().map(|problem| problem.error)
    }

    #[test]
    fn a_post_is_checked() {
        assert_eq!(said("customer-17", "hi", "ऐप स्टोर काम नहीं कर रहा", Some("in")), None);
        assert_eq!(said("Customer", "en", "x", None), Some("author"));
        assert_eq!(said("customer-1", "e", "x", None), Some("lang"));
        assert_eq!(said("customer-1", "en", "  ", None), Some("text"));
        assert_eq!(said("customer-1", "en", &"x".repeat(301), None), Some("text"));
        assert_eq!(said("customer-1", "en", "a\u{1b}b", None), Some("text"));
        assert_eq!(said("customer-1", "en", "x", Some("atlantis")), Some("place"));
    }
}
