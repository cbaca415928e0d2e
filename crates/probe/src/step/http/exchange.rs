//! One request over one connection: connect, shake hands, send, wait for the head, read the content.
//!
//! The connection is driven from the same task as the request, so an exchange over HTTP/1.1 costs no task of its own.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;

use bytes::Bytes;
use candor_core::fault::Kind;
use candor_core::model::{HttpStep, HttpVersion};
use candor_core::observation::Phases;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper::{Request, Response, Version};
use hyper_util::rt::TokioIo;
use tokio::time::Instant;
use url::Url;

use super::content::{self, Limits, Received};
use super::evidence::Broken;
use super::hop::{self, Hop};
use super::meter::{Meter, Metered};
use super::proxy;
use super::request;
use super::wire::{Tether, Wire};
use super::{Answer, evidence};
use crate::connect::connect;
use crate::deadline::Deadline;
use crate::failure::StepFailure;
use crate::guard;
use crate::step::{StepContext, add_phase};
use crate::tls::{self, Alpn};

/// Bounds of the head of an answer: bytes and fields.
const HEAD_MAX: usize = 64 << 10;
const FIELDS_MAX: usize = 100;

/// Interim answers (1xx) taken before the real one, at most.
const INTERIM_MAX: u32 = 16;

/// Sends `hop` and reads the answer, but not the content of one that redirects.
///
/// # Errors
/// The fault of the phase that failed; one in the content gives way to a status that does not pass.
pub(super) async fn exchange(
    step: &HttpStep,
    context: &mut StepContext<'_>,
    hop: &Hop,
) -> Result<Answer, StepFailure> {
    let wire = open(step, context, &hop.url).await?;
    let http2 = match step.version {
        HttpVersion::Http1 => false,
        HttpVersion::Auto => wire.agreed_on_http2(),
        HttpVersion::Http2 => matches!(wire, Wire::Plain(_)) || wire.agreed_on_http2(),
    };
    let http2 = http2 && !request::goes_in_the_clear_by_proxy(step, &hop.url);
    if step.version == HttpVersion::Http2 && !http2 {
        let detail = "HTTP/2 is demanded, and the server does not agree to it";
        return Err(StepFailure::new(Kind::HttpMalformed, detail));
    }
    let interim = Arc::new(AtomicU32::new(0));
    let request = request::build(step, context, hop, http2, &interim)?;
    let deadline = context.deadline();
    let phases = &mut context.report.phases;
    let (head, received) = match http2 {
        true => talk_http2(step, wire, request, deadline, phases).await?,
        false => talk_http1(step, wire, request, deadline, phases, &interim).await?,
    };
    let (parts, ()) = head.into_parts();
    let url = hop.url.clone();
    let answer =
        Answer { url, version: parts.version, status: parts.status, headers: parts.headers, received };
    content::check_transfer(step, answer)
}

/// Connects, through the proxy where there is one, and shakes hands where the scheme demands it.
async fn open(step: &HttpStep, context: &mut StepContext<'_>, url: &Url) -> Result<Wire, StepFailure> {
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or(443);
    let stream = match &step.proxy {
        None => connect(context, host, port).await?,
        Some(proxy) => {
            if !context.allowed.contains(host) {
                guard::judge_text(host)?;
            }
            let mut stream = connect(context, &proxy.host, proxy.port).await?;
            if url.scheme() == "https" {
                let begun = Instant::now();
                let opened = proxy::tunnel(&mut stream, proxy, host, port, context.deadline()).await;
                add_phase(&mut context.report.phases.connect_us, begun);
                opened?;
            }
            stream
        }
    };
    let stream = Metered::new(stream);
    if url.scheme() != "https" {
        return Ok(Wire::Plain(stream));
    }
    let alpn = match step.version {
        HttpVersion::Auto => Alpn::Either,
        HttpVersion::Http1 => Alpn::Http1,
        HttpVersion::Http2 => Alpn::Http2,
    };
    let config = context.tls.config(&step.tls, alpn)?;
    Ok(Wire::Tls(Box::new(tls::handshake(context, stream, host, config).await?)))
}

type Talked = Result<(Response<()>, Received), StepFailure>;

async fn talk_http1(
    step: &HttpStep,
    wire: Wire,
    request: Request<Full<Bytes>>,
    deadline: Deadline,
    phases: &mut Phases,
    interim: &AtomicU32,
) -> Talked {
    let meter = wire.meter();
    let opened = http1::Builder::new()
        .max_buf_size(HEAD_MAX)
        .max_header_size(HEAD_MAX)
        .max_headers(FIELDS_MAX)
        .handshake(TokioIo::new(wire))
        .await;
    let (mut sender, connection) = opened.map_err(|error| head_failure(&error))?;
    let talk = async {
        let begun = Instant::now();
        let head =
            deadline.within(Kind::DeadlineExceeded, "waiting for the answer", sender.send_request(request));
        let head = head.await;
        add_phase(&mut phases.first_byte_us, begun);
        take(step, head?, deadline, phases, &meter).await
    };
    driven(connection, talk, interim).await
}

async fn talk_http2(
    step: &HttpStep,
    wire: Wire,
    request: Request<Full<Bytes>>,
    deadline: Deadline,
    phases: &mut Phases,
) -> Talked {
    let (tether, meter) = (Tether::default(), wire.meter());
    let begun = Instant::now();
    let mut builder = http2::Builder::new(tether.executor());
    let opened = builder
        .max_header_list_size(u32::try_from(HEAD_MAX).unwrap_or(u32::MAX))
        .handshake(TokioIo::new(wire));
    let opened = deadline.within(Kind::DeadlineExceeded, "opening HTTP/2", opened).await?;
    let (mut sender, connection) = opened.map_err(|error| head_failure(&error))?;
    let talk = async {
        let head =
            deadline.within(Kind::DeadlineExceeded, "waiting for the answer", sender.send_request(request));
        let head = head.await;
        add_phase(&mut phases.first_byte_us, begun);
        take(step, head?, deadline, phases, &meter).await
    };
    driven(connection, talk, &AtomicU32::new(0)).await
}

/// Takes the head that came, and reads the content unless it redirects.
async fn take(
    step: &HttpStep,
    head: hyper::Result<Response<Incoming>>,
    deadline: Deadline,
    phases: &mut Phases,
    meter: &Meter,
) -> Talked {
    let (parts, body) = head.map_err(|error| head_failure(&error))?.into_parts();
    meter.head_came(step.body_max);
    if hop::redirect(step, parts.status, &parts.headers).is_some() {
        return Ok((Response::from_parts(parts, ()), Received::default()));
    }
    let begun = Instant::now();
    let limits = Limits { max: step.body_max, stall: step.expect.stall.min(content::STALL_MAX) };
    let received = content::read(body, &parts.headers, limits, deadline).await;
    add_phase(&mut phases.body_us, begun);
    Ok((Response::from_parts(parts, ()), received))
}

/// Drives the connection beside the exchange that goes over it, until the exchange has ended.
async fn driven(
    connection: impl Future,
    exchange: impl Future<Output = Talked>,
    interim: &AtomicU32,
) -> Talked {
    let mut connection = pin!(connection);
    let mut exchange = pin!(exchange);
    let mut open = true;
    std::future::poll_fn(|cx| {
        if let Poll::Ready(talked) = exchange.as_mut().poll(cx) {
            return Poll::Ready(talked);
        }
        if open && connection.as_mut().poll(cx).is_ready() {
            open = false;
        }
        if interim.load(Ordering::Relaxed) > INTERIM_MAX {
            let detail = format!("more than {INTERIM_MAX} interim answers (1xx) and no real one");
            return Poll::Ready(Err(StepFailure::new(Kind::HttpMalformed, detail)));
        }
        // What the connection has just done may be what the exchange waits for.
        exchange.as_mut().poll(cx)
    })
    .await
}

/// What an error before the end of the head says about the server.
fn head_failure(error: &hyper::Error) -> StepFailure {
    let said = evidence::chain(error);
    match evidence::broken(error) {
        Broken::Off => StepFailure::new(
            Kind::ConnectReset,
            format!("the connection was closed before the answer: {said}"),
        ),
        Broken::Rules => StepFailure::new(Kind::HttpMalformed, said),
        Broken::Tls => StepFailure::new(Kind::TlsHandshake, said),
        Broken::Socket(kind) => StepFailure::new(kind, said),
    }
}

/// The version as written in a status line.
pub(super) fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "HTTP/0.9",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2",
        Version::HTTP_3 => "HTTP/3",
        _ => "HTTP/1.1",
    }
}
