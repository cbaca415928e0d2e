//! The two listeners: the public page, and the operators' site. They share nothing but code.
//!
//! Public: the files of the site, nothing else. Operators: the same in full, `/metrics` (Prometheus text) and
//! `/healthz`. GET and HEAD only. Every connection has deadlines and bounds: a slow reader costs a small buffer, a
//! reader that never sends a whole request is cut, and past its [`Seats`] new ones wait in the kernel. Seats follow
//! from the descriptors that this process may open beside its probes, so readers cannot keep the hub from measuring.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use candor_probe::{Bounds, DESCRIPTORS_PER_RUN};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{
    ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    HeaderValue, IF_NONE_MATCH, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use hyper::http::response::Builder;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;

use crate::metrics::Metrics;
use crate::publish::Sites;
use crate::site::{Packed, Site};

/// Connections of one site at once, however many descriptors there are; and however few.
const CONNECTIONS: (u64, u64) = (16, 16_384);
/// Descriptors for the ledger, the listeners, the log and what the system opens.
const DESCRIPTORS_OWN: u64 = 64;
/// Longest time for a whole request head.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// Longest life of a connection, however it is used.
const CONNECTION_WITHIN: Duration = Duration::from_secs(300);
/// The same two where fewer than a quarter of the seats are free: for short visits only, so that those who sit and say
/// nothing cannot keep everyone else out.
const SHORT_VISIT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(5));
/// Largest request head.
const HEAD_MAX: usize = 16 * 1024;
/// How long answers that have begun may take to end when the hub stops.
const GOODBYE: Duration = Duration::from_secs(2);
/// Connections that cannot be accepted are said in the log so often at most.
const SAY_EVERY: Duration = Duration::from_secs(60);

/// How many connections each site may have at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seats {
    pub(crate) public: usize,
    pub(crate) operators: usize,
}

impl Seats {
    /// Those that go with the descriptors of this process; first it takes as many of them as it may have.
    pub(crate) fn of_this_process(checks: usize) -> Self {
        let limit = getrlimit(Resource::Nofile);
        let more = Rlimit { current: limit.maximum, maximum: limit.maximum };
        // Where the system says no, what there is must do.
        let descriptors =
            if setrlimit(Resource::Nofile, more).is_ok() { limit.maximum } else { limit.current };
        Self::for_descriptors(descriptors.unwrap_or(u64::MAX), checks)
    }

    /// Of each check one run is in flight at most; a plan may come to have twice as many.
    fn for_descriptors(descriptors: u64, checks: usize) -> Self {
        let in_flight = Bounds::for_descriptors(descriptors).in_flight.min(checks.saturating_mul(2));
        let runs = in_flight as u64 * DESCRIPTORS_PER_RUN;
        let free = descriptors.saturating_sub(runs).saturating_sub(DESCRIPTORS_OWN);
        let seats = |n: u64| usize::try_from(n.clamp(CONNECTIONS.0, CONNECTIONS.1)).unwrap_or(usize::MAX);
        Self { public: seats(free - free / 4), operators: seats(free / 4) }
    }
}

/// Which site a listener serves.
#[derive(Debug, Clone)]
pub(crate) enum Door {
    /// The public one.
    Public,
    /// The operators', with the figures.
    Operators(Arc<Metrics>),
}

/// Listens, without serving yet: a taken port is found before anything else starts.
pub(crate) async fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Serves until `stop` turns true.
pub(crate) async fn work(
    listener: TcpListener,
    seats: usize,
    door: Door,
    sites: Arc<Sites>,
    mut stop: watch::Receiver<bool>,
) {
    let room = Arc::new(Semaphore::new(seats));
    let mut said = None;
    loop {
        let accepted = tokio::select! {
            accepted = next(&listener, &room) => accepted,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        match accepted {
            Ok((stream, seat)) => {
                let (door, sites, stop) = (door.clone(), Arc::clone(&sites), stop.clone());
                let (head_within, within) = visit(room.available_permits(), seats);
                tokio::spawn(async move {
                    // A connection that breaks or runs out of time is the reader's affair.
                    let talk = converse(stream, door, sites, head_within, stop);
                    let _ = tokio::time::timeout(within, talk).await;
                    drop(seat);
                });
            }
            Err(error) => {
                // Out of descriptors, most likely: those who are connected go on.
                if said.is_none_or(|at: Instant| at.elapsed() >= SAY_EVERY) {
                    tracing::warn!(%error, "connections cannot be accepted");
                    said = Some(Instant::now());
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// How long a head may take and a connection may last, where so many seats are free.
const fn visit(free: usize, seats: usize) -> (Duration, Duration) {
    if free < seats / 4 { SHORT_VISIT } else { (HEAD_WITHIN, CONNECTION_WITHIN) }
}

/// The next connection that there is a seat for.
async fn next(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let seat = Arc::clone(room).acquire_owned().await.map_err(std::io::Error::other)?;
    Ok((listener.accept().await?.0, seat))
}

async fn converse(
    stream: TcpStream,
    door: Door,
    sites: Arc<Sites>,
    head_within: Duration,
    mut stop: watch::Receiver<bool>,
) -> Result<(), hyper::Error> {
    // Small answers should not wait for more.
    let _ = stream.set_nodelay(true);
    let answer = service_fn(move |request: Request<Incoming>| {
        let response = respond(&request, &door, &sites);
        async move { Ok::<_, Infallible>(response) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_within)
        .max_buf_size(HEAD_MAX)
        .serve_connection(TokioIo::new(stream), answer);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return ended,
        _ = stop.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
    }
    tokio::time::timeout(GOODBYE, connection).await.unwrap_or(Ok(()))
}

fn respond<B>(request: &Request<B>, door: &Door, sites: &Sites) -> Response<Full<Bytes>> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let refused = plain(StatusCode::METHOD_NOT_ALLOWED, "This address only answers GET and HEAD.\n");
        return with(refused, ALLOW, "GET, HEAD");
    }
    let path = request.uri().path();
    let site = match door {
        Door::Public => sites.public.load(),
        Door::Operators(metrics) => match path {
            "/metrics" => {
                return text(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", metrics.text());
            }
            "/healthz" if metrics.is_alive() => return plain(StatusCode::OK, "candor is running\n"),
            "/healthz" => {
                return plain(StatusCode::SERVICE_UNAVAILABLE, "Nobody decides any more: restart candor.\n");
            }
            _ => sites.operators.load(),
        },
    };
    if !site.is_ready() {
        return with(
            plain(StatusCode::SERVICE_UNAVAILABLE, "Nothing is known yet; ask again.\n"),
            hyper::header::RETRY_AFTER,
            "1",
        );
    }
    match lookup(&site, path) {
        Some(file) => deliver(request, &file),
        None => match site.file(candor_page::MISSING_PATH) {
            Some(page) => {
                built(headed(Response::builder().status(StatusCode::NOT_FOUND), &page), page.plain.clone())
            }
            None => plain(StatusCode::NOT_FOUND, "There is no such page.\n"),
        },
    }
}

/// The file at a path; a trailing slash makes no difference.
fn lookup(site: &Site, path: &str) -> Option<Arc<Packed>> {
    site.file(path).or_else(|| path.strip_suffix('/').filter(|p| !p.is_empty()).and_then(|p| site.file(p)))
}

fn deliver<B>(request: &Request<B>, file: &Packed) -> Response<Full<Bytes>> {
    let builder = headed(Response::builder(), file);
    if request.headers().get_all(IF_NONE_MATCH).iter().any(|tags| names(tags, &file.etag)) {
        return built(builder.status(StatusCode::NOT_MODIFIED), Bytes::new());
    }
    let accepted = request.headers().get(ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or("");
    if let Some(body) = file.brotli.as_ref().filter(|_| accepts(accepted, "br")) {
        return built(builder.header(CONTENT_ENCODING, "br"), body.clone());
    }
    if let Some(body) = file.gzip.as_ref().filter(|_| accepts(accepted, "gzip")) {
        return built(builder.header(CONTENT_ENCODING, "gzip"), body.clone());
    }
    built(builder, file.plain.clone())
}

/// Whether a list of entity tags names `etag`, by the weak comparison (RFC 9110, section 13.1.2).
fn names(tags: &HeaderValue, etag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let tags = tags.to_str().unwrap_or_default();
    tags.trim() == "*" || tags.split(',').any(|tag| opaque(tag) == opaque(etag))
}

/// Whether `coding` is accepted: named, and not with a weight of zero (RFC 9110, section 12.5.3).
fn accepts(header: &str, coding: &str) -> bool {
    header.split(',').any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
        let refused = parts.any(|p| {
            p.strip_prefix(['q', 'Q'])
                .and_then(|p| p.strip_prefix('='))
                .is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q <= 0.0))
        });
        named && !refused
    })
}

fn headed(builder: Builder, file: &Packed) -> Builder {
    let cache = if file.immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    builder
        .header(CONTENT_TYPE, file.media_type)
        .header(CACHE_CONTROL, cache)
        .header(ETAG, &file.etag)
        .header(VARY, "accept-encoding")
        .header(CONTENT_SECURITY_POLICY, candor_page::CSP)
        .header(X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(X_FRAME_OPTIONS, "DENY")
        .header(REFERRER_POLICY, "no-referrer")
}

fn plain(status: StatusCode, body: &'static str) -> Response<Full<Bytes>> {
    text(status, "text/plain; charset=utf-8", body.to_string())
}

fn text(status: StatusCode, media_type: &'static str, body: String) -> Response<Full<Bytes>> {
    let builder = Response::builder().status(status).header(CONTENT_TYPE, media_type);
    built(
        builder.header(X_CONTENT_TYPE_OPTIONS, "nosniff").header(CACHE_CONTROL, "no-store"),
        Bytes::from(body),
    )
}

fn with(
    mut response: Response<Full<Bytes>>,
    name: hyper::header::HeaderName,
    value: &'static str,
) -> Response<Full<Bytes>> {
    response.headers_mut().insert(name, HeaderValue::from_static(value));
    response
}

/// Headers here are made of checked parts; were one not, the reader gets a bare 500 instead of nothing.
fn built(builder: Builder, body: Bytes) -> Response<Full<Bytes>> {
    builder.body(Full::new(body)).unwrap_or_else(|_| {
        let mut response = Response::new(Full::new(Bytes::new()));
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_leave_descriptors_to_the_probes() {
        let seats = |descriptors, checks| {
            let seats = Seats::for_descriptors(descriptors, checks);
            (seats.public, seats.operators)
        };
        assert_eq!(seats(1_024, 100_000), (144, 48));
        assert_eq!(seats(1_024, 10), (675, 225));
        assert_eq!(seats(u64::MAX, 200_000), (16_384, 16_384));
        assert_eq!(seats(10, 10), (16, 16));
    }

    #[test]
    fn the_last_seats_are_for_short_visits() {
        assert_eq!(visit(100, 100).0, HEAD_WITHIN);
        assert_eq!(visit(25, 100).1, CONNECTION_WITHIN);
        assert_eq!(visit(24, 100), SHORT_VISIT);
        assert_eq!(visit(0, 16), SHORT_VISIT);
    }

    #[test]
    fn a_tag_is_known_in_any_list_and_strength() {
        let names = |tags: &'static str| names(&HeaderValue::from_static(tags), "W/\"abc\"");
        assert!(names("\"x\", \"abc\"") && names("W/\"abc\"") && names("*"));
        assert!(!names("\"abcd\"") && !names(""));
    }

    #[test]
    fn a_coding_with_weight_zero_is_not_accepted() {
        assert!(accepts("gzip, deflate, br;q=0.9", "br"));
        assert!(!accepts("gzip, br;q=0", "br"));
        assert!(!accepts("", "gzip"));
    }
}
