//! Who calls: a service asks identity, found by name, whose token a request carries.
//!
//! A token comes as `Authorization: Bearer TOKEN`, or in the cookie that `POST /session` sets for people's browsers.
//! What identity said is remembered for a second, so that a page with many requests asks once; a session that was ended is
//! good for that long. When identity cannot be found, the answer is 503: a service guesses nobody.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use hyper::body::Incoming;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::RoleArgs;
use crate::http::{Answer, Call, CallError, Finder, Problem, Sent, bearer};
use crate::layout::full;

/// How long identity's word is remembered.
const REMEMBERED: Duration = Duration::from_secs(1);
/// How many tokens are remembered.
const REMEMBERED_MAX: usize = 4096;
/// The longest token that is passed on, in bytes.
const TOKEN_MAX: usize = 200;

/// What an account may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// Buys, writes, keeps, asks.
    Customer,
    /// Also uploads builds and invites testers.
    Developer,
    /// Answers customers for the shop.
    Desk,
}

/// Somebody with an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Person {
    pub(crate) user: String,
    pub(crate) kind: Kind,
}

/// Asks identity who calls, and others what they know.
#[derive(Debug)]
pub(crate) struct Callers {
    finder: Finder,
    known: Mutex<HashMap<String, (Instant, Person)>>,
}

impl Callers {
    pub(crate) fn of(args: &RoleArgs) -> Arc<Self> {
        let finder = Finder::new(args.dns, args.listen.port());
        Arc::new(Self { finder, known: Mutex::default() })
    }

    /// Whose request this is.
    pub(crate) async fn who(&self, headers: &HeaderMap) -> Result<Person, Problem> {
        let token = token(headers).ok_or_else(not_signed_in)?;
        if let Some(person) = self.remembered(token) {
            return Ok(person);
        }
        let answer = self.ask("identity", "id.internal", Call::get("/verify").with_token(token)).await?;
        match (answer.status, serde_json::from_slice::<Person>(&answer.body)) {
            (StatusCode::OK, Ok(person)) => {
                let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
                if known.len() >= REMEMBERED_MAX {
                    known.clear();
                }
                known.insert(token.to_owned(), (Instant::now(), person.clone()));
                Ok(person)
            }
            (StatusCode::UNAUTHORIZED, _) => Err(not_signed_in()),
            (status, _) => Err(unexpected("identity", "id.internal", status)),
        }
    }

    fn remembered(&self, token: &str) -> Option<Person> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(token).filter(|(at, _)| at.elapsed() < REMEMBERED).map(|(_, person)| person.clone())
    }

    /// Whether there is such an account.
    pub(crate) async fn exists(&self, user: &str) -> Result<bool, Problem> {
        let path = format!("/accounts/{user}");
        match self.ask("identity", "id.internal", Call::get(&path)).await?.status {
            StatusCode::OK => Ok(true),
            StatusCode::NOT_FOUND => Ok(false),
            status => Err(unexpected("identity", "id.internal", status)),
        }
    }

    /// Asks `host` of the zone; `role` is what its absence is called.
    pub(crate) async fn ask(
        &self,
        role: &'static str,
        host: &str,
        call: Call<'_>,
    ) -> Result<Answer, Problem> {
        let answer = self.finder.call(&full(host), call).await;
        answer.map_err(|error| Problem::missing(role, &error))
    }

    /// The same, with content that comes piece by piece.
    pub(crate) async fn open(
        &self,
        role: &'static str,
        host: &str,
        call: Call<'_>,
    ) -> Result<hyper::Response<Incoming>, Problem> {
        let answer = self.finder.open(&full(host), call).await;
        answer.map_err(|error| Problem::missing(role, &error))
    }
}

/// `role` was found and answered what it should not.
pub(crate) fn unexpected(role: &'static str, host: &str, status: StatusCode) -> Problem {
    Problem::missing(role, &CallError::Unexpected { host: full(host), status })
}

fn not_signed_in() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "token", "sign in first")
}

/// The token of a request, from its field or its cookie.
pub(crate) fn token(headers: &HeaderMap) -> Option<&str> {
    let cookies = || {
        let all = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        all.flat_map(|line| line.split(';')).find_map(|pair| pair.trim().strip_prefix("token="))
    };
    // An empty one is nobody's, and not worth asking about.
    let fits = |token: &&str| {
        (1..=TOKEN_MAX).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    bearer(headers).or_else(cookies).filter(fits)
}

/// Whether a request came by a service's name for other services; what is for them alone is not found otherwise.
///
/// It keeps mistakes out, not attackers: a name in a request is whatever its sender wrote.
#[derive(Debug)]
pub(crate) struct Inside;

impl<S: Sync> FromRequestParts<S> for Inside {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let label = host.split('.').nth(1).unwrap_or_default();
        match label {
            "internal" => Ok(Self),
            _ => Err(Problem::not_found(format!("there is nothing at {}", parts.uri.path()))),
        }
    }
}

/// `POST /session` and `POST /session/end`: people sign in at any service; identity does it.
pub(crate) fn sessions(callers: Arc<Callers>) -> Router {
    Router::new().route("/session", post(begin)).route("/session/end", post(end)).with_state(callers)
}

#[derive(Deserialize)]
struct Credentials {
    user: String,
    password: String,
}

async fn begin(
    State(callers): State<Arc<Callers>>,
    Sent(given): Sent<Credentials>,
) -> Result<Response, Problem> {
    let given = json!({ "user": given.user, "password": given.password });
    let answer = callers.ask("identity", "id.internal", Call::post("/sign-in", given)).await?;
    match (answer.status, answer.text("token")) {
        (StatusCode::OK, Some(token)) => Ok(with_cookie(&token)),
        (StatusCode::UNAUTHORIZED, _) => {
            let words = "the user or the password is wrong";
            Err(Problem::new(StatusCode::UNAUTHORIZED, "credentials", words))
        }
        (StatusCode::TOO_MANY_REQUESTS, _) => Err(Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "failures",
            "too many failed sign-ins; wait a few minutes",
        )),
        (status, _) => Err(unexpected("identity", "id.internal", status)),
    }
}

/// Gives a browser its token and leads it to the front page.
pub(super) fn with_cookie(token: &str) -> Response {
    let cookie = format!("token={token}; HttpOnly; SameSite=Strict; Path=/; Max-Age=3600");
    ([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response()
}

async fn end() -> Response {
    let cookie = "token=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0";
    ([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response()
}
