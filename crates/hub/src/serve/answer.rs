//! From a request to its answer. What is made already is answered at once; what is not is waited for, on the renderer.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{
    ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH,
    RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use hyper::service::Service;
use hyper::{Method, Request, Response, StatusCode};

use super::Door;
use super::host::{HostFault, for_operators, host};
use crate::packed::{Codings, Packed};
use crate::publish::Sites;
use crate::site::{Found, Site};

type Reply = Response<Full<Bytes>>;

/// What answers the requests of one listener.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) door: Door,
    pub(super) sites: Arc<Sites>,
}

/// One connection's way to the desk.
#[derive(Debug, Clone)]
pub(super) struct Clerk(pub(super) Arc<Desk>);

/// An answer that is there, or one that is waited for.
pub(super) enum Answer {
    Ready(Option<Reply>),
    Waiting(Pin<Box<dyn Future<Output = Reply> + Send>>),
}

impl Future for Answer {
    type Output = Result<Reply, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::Ready(reply) => {
                Poll::Ready(Ok(reply.take().unwrap_or_else(|| bare(StatusCode::INTERNAL_SERVER_ERROR))))
            }
            Self::Waiting(reply) => reply.as_mut().poll(context).map(Ok),
        }
    }
}

impl Service<Request<Incoming>> for Clerk {
    type Response = Reply;
    type Error = Infallible;
    type Future = Answer;

    fn call(&self, request: Request<Incoming>) -> Answer {
        match self.0.at_once(&request) {
            Ok(reply) => Answer::Ready(Some(reply)),
            Err(slow) => Answer::Waiting(Box::pin(Arc::clone(&self.0).later(request, slow))),
        }
    }
}

/// What cannot be answered at once.
enum Slow {
    Page(Arc<Site>, String, StatusCode),
    Metrics,
}

impl Desk {
    fn at_once<B>(&self, request: &Request<B>) -> Result<Reply, Slow> {
        if let Some(refused) = self.refused(request) {
            return Ok(refused);
        }
        let path = request.uri().path();
        let site = match &self.door {
            Door::Public => self.sites.public.load(),
            Door::Operators(health, _) => match path {
                "/metrics" => return Err(Slow::Metrics),
                "/healthz" => {
                    return Ok(match health.ill() {
                        None => text(StatusCode::OK, PLAIN, "candor is running\n"),
                        Some(part) => {
                            let told = format!("{part} does not work any more: restart candor.\n");
                            text(StatusCode::SERVICE_UNAVAILABLE, PLAIN, told)
                        }
                    });
                }
                _ => self.sites.operators.load(),
            },
        };
        if !site.is_ready() {
            return Ok(again("Nothing is known yet; ask again.\n"));
        }
        let (coding, bare) = (coding(request), path.strip_suffix('/').filter(|bare| !bare.is_empty()));
        // A trailing slash makes no difference.
        let ways = [(Some(path), StatusCode::OK), (bare, StatusCode::OK), (MISSING, StatusCode::NOT_FOUND)];
        for (path, status) in ways {
            let Some(path) = path else { continue };
            match site.find(path, coding) {
                Found::Here(page) => return Ok(deliver(request, status, &page)),
                Found::Unmade(site) => return Err(Slow::Page(site, path.to_owned(), status)),
                Found::Missing => {}
            }
        }
        Ok(text(StatusCode::NOT_FOUND, PLAIN, "There is no such page.\n"))
    }

    async fn later<B>(self: Arc<Self>, request: Request<B>, slow: Slow) -> Reply {
        match slow {
            Slow::Metrics => self.metrics().await,
            Slow::Page(site, path, status) => {
                match site.make(&path, coding(&request), &self.sites.renderer).await {
                    Ok(page) => deliver(&request, status, &page),
                    Err(_) => again("Too many pages are being made; ask again.\n"),
                }
            }
        }
    }

    /// Written on the renderer: with thousands of cells it is long, and no reader should wait for it.
    async fn metrics(&self) -> Reply {
        let Door::Operators(_, metrics) = &self.door else { return bare(StatusCode::NOT_FOUND) };
        let metrics = Arc::clone(metrics);
        match self.sites.renderer.run(move || metrics.text()).await {
            Some(told) => text(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", told),
            None => bare(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }

    /// What is answered whatever is asked for.
    fn refused<B>(&self, request: &Request<B>) -> Option<Reply> {
        let known = host(request.version(), request.headers()).and_then(|host| match self.door {
            Door::Public => Ok(()),
            Door::Operators(..) => for_operators(host),
        });
        match known {
            Ok(()) if matches!(*request.method(), Method::GET | Method::HEAD) => None,
            Ok(()) => {
                let told = "This address only answers GET and HEAD.\n";
                let refused = text(StatusCode::METHOD_NOT_ALLOWED, PLAIN, told);
                Some(with(refused, ALLOW, "GET, HEAD"))
            }
            Err(HostFault::Malformed) => {
                Some(text(StatusCode::BAD_REQUEST, PLAIN, "The request names no host, or not well.\n"))
            }
            Err(HostFault::Strange) => {
                let told = "This site answers to its address, to localhost and to names without a dot.\n";
                Some(text(StatusCode::MISDIRECTED_REQUEST, PLAIN, told))
            }
        }
    }
}

const PLAIN: &str = "text/plain; charset=utf-8";
const MISSING: Option<&str> = Some(candor_page::MISSING_PATH);

fn coding<B>(request: &Request<B>) -> Codings {
    Codings::best(request.headers().get(ACCEPT_ENCODING))
}

fn deliver<B>(request: &Request<B>, status: StatusCode, page: &Packed) -> Reply {
    let body = page.body(coding(request));
    let tags = request.headers().get_all(IF_NONE_MATCH);
    let known = status == StatusCode::OK && tags.iter().any(|tags| names(tags, &page.etag));
    let (status, bytes) =
        if known { (StatusCode::NOT_MODIFIED, Bytes::new()) } else { (status, body.bytes.clone()) };
    reply(status, body.fields.clone(), bytes)
}

/// Whether a list of entity tags names `etag`, by the weak comparison (RFC 9110, section 13.1.2).
fn names(tags: &HeaderValue, etag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let tags = tags.to_str().unwrap_or_default();
    tags.trim() == "*" || tags.split(',').any(|tag| opaque(tag) == opaque(etag))
}

fn again(body: &'static str) -> Reply {
    with(text(StatusCode::SERVICE_UNAVAILABLE, PLAIN, body), RETRY_AFTER, "1")
}

fn text(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Reply {
    let fields = HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ]);
    reply(status, fields, body.into())
}

fn with(mut reply: Reply, name: HeaderName, value: &'static str) -> Reply {
    reply.headers_mut().insert(name, HeaderValue::from_static(value));
    reply
}

fn bare(status: StatusCode) -> Reply {
    reply(status, HeaderMap::new(), Bytes::new())
}

fn reply(status: StatusCode, fields: HeaderMap, body: Bytes) -> Reply {
    let mut reply = Response::new(Full::new(body));
    *reply.status_mut() = status;
    *reply.headers_mut() = fields;
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_known_in_any_list_and_strength() {
        let names = |tags: &'static str| names(&HeaderValue::from_static(tags), "W/\"abc\"");
        assert!(names("\"x\", \"abc\"") && names("W/\"abc\"") && names("*"));
        assert!(!names("\"abcd\"") && !names(""));
    }
}
