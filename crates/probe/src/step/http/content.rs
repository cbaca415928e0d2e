//! The content of an answer: read to its end or its bound, watched for stalls, decoded within the same bound.
//!
//! Stalled, truncated and too slow are three faults: no byte for longer than a stall may last; an end before the
//! promised length; bytes that kept coming until the time was up.

use std::io::Read;
use std::pin::Pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use candor_core::fault::Kind;
use candor_core::model::HttpStep;
use hyper::HeaderMap;
use hyper::body::{Body, Frame, Incoming};
use hyper::header::{CONTENT_ENCODING, HeaderName, TRANSFER_ENCODING};
use tokio::time::{Instant, timeout_at};

use super::evidence::Broken;
use super::expect::status;
use super::{Answer, evidence};
use crate::aside::aside;
use crate::deadline::{Deadline, seconds};
use crate::failure::StepFailure;

/// Content codings undone one after another, at most.
const CODINGS_MAX: usize = 3;

/// How many times its size content is taken to have, once its coding is undone.
const SWELLS: usize = 16;

/// Longest silence that any plan can allow: beyond it, sums of times could leave the clock's range.
pub(super) const STALL_MAX: Duration = Duration::from_secs(86_400);

/// How much is made room for on the word of a server alone.
const ROOM_MAX: u64 = 1 << 20;

/// What is read at most, and how long a silence may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) max: u64,
    pub(super) stall: Duration,
}

/// What came.
#[derive(Debug, Default)]
pub(super) struct Received {
    /// The content with its codings undone, cut at the bound.
    pub(super) content: Bytes,
    /// Bytes that came over the wire.
    pub(super) bytes: u64,
    /// How long they took, from the head to the last.
    pub(super) took: Duration,
    /// Whether there was more than the bound allows.
    pub(super) cut: bool,
    /// Why the end was not reached, where it was not.
    pub(super) failure: Option<StepFailure>,
}

/// Reads the content.
pub(super) async fn read(
    mut body: Incoming,
    headers: &HeaderMap,
    limits: Limits,
    deadline: Deadline,
) -> Received {
    let begun = Instant::now();
    let mut last = begun;
    let mut raw = BytesMut::with_capacity(room(&body, limits));
    let mut received = Received::default();
    while !received.cut {
        let stalled_at = last + limits.stall;
        let Ok(frame) = timeout_at(stalled_at.min(deadline.at), next_frame(&mut body)).await else {
            received.failure =
                Some(silence(stalled_at <= deadline.at, last, received.bytes, limits, deadline));
            break;
        };
        match frame {
            None => break,
            Some(Err(error)) => {
                received.failure = Some(broken_off(&error, received.bytes));
                break;
            }
            Some(Ok(frame)) => {
                let Ok(bytes) = frame.into_data() else { continue };
                if !bytes.is_empty() {
                    last = Instant::now();
                }
                received.bytes += bytes.len() as u64;
                keep(&mut raw, &bytes, limits.max);
                received.cut = received.bytes > limits.max;
            }
        }
    }
    received.took = last.saturating_duration_since(begun);
    decode(raw.freeze(), headers, limits.max, &mut received);
    received
}

async fn next_frame(body: &mut Incoming) -> Option<hyper::Result<Frame<Bytes>>> {
    std::future::poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await
}

fn room(body: &Incoming, limits: Limits) -> usize {
    let promised = body.size_hint().exact().unwrap_or(0).min(limits.max).min(ROOM_MAX);
    usize::try_from(promised).unwrap_or(0)
}

fn keep(raw: &mut BytesMut, bytes: &Bytes, max: u64) {
    let left = usize::try_from(max).unwrap_or(usize::MAX).saturating_sub(raw.len());
    let (kept, _) = bytes.split_at_checked(left).unwrap_or((bytes, &[]));
    raw.extend_from_slice(kept);
}

fn silence(stalled: bool, last: Instant, bytes: u64, limits: Limits, deadline: Deadline) -> StepFailure {
    if stalled {
        let detail = format!("no byte for {} after {bytes} bytes of content", seconds(limits.stall));
        return StepFailure::new(Kind::TransferStalled, detail);
    }
    let quiet = seconds(last.elapsed());
    deadline.ran_out(
        Kind::TransferTooSlow,
        &format!("content was still coming ({bytes} bytes so far, the last of them {quiet} ago)"),
    )
}

fn broken_off(error: &hyper::Error, bytes: u64) -> StepFailure {
    let said = evidence::chain(error);
    match evidence::broken(error) {
        Broken::Rules => StepFailure::new(
            Kind::HttpMalformed,
            format!("the content is not framed as HTTP demands: {said}"),
        ),
        Broken::Off | Broken::Tls | Broken::Socket(_) => StepFailure::new(
            Kind::TransferTruncated,
            format!("the content broke off after {bytes} bytes: {said}"),
        ),
    }
}

/// The answer, if its content came whole. A status that does not pass tells more than a content that broke off.
///
/// # Errors
/// Why it did not come whole, or the status.
pub(super) fn check_transfer(step: &HttpStep, mut answer: Answer) -> Result<Answer, StepFailure> {
    match answer.received.failure.take() {
        None => Ok(answer),
        Some(failure) => {
            let failure = status::expect(step, &answer).err().unwrap_or(failure);
            Err(evidence::add(failure, &answer))
        }
    }
}

/// Undoes the content codings, last applied first, within the bound (RFC 9110, section 8.4).
fn decode(raw: Bytes, headers: &HeaderMap, max: u64, received: &mut Received) {
    let codings = listed(headers, CONTENT_ENCODING);
    received.content = raw;
    if let Some(coding) =
        listed(headers, TRANSFER_ENCODING).iter().find(|c| !c.eq_ignore_ascii_case("chunked"))
    {
        let detail = format!("the transfer coding {coding:?} was not asked for");
        received.failure.get_or_insert(StepFailure::new(Kind::HttpMalformed, detail));
        return;
    }
    if received.content.is_empty() {
        return;
    }
    if codings.len() > CODINGS_MAX {
        let detail = format!("{} content codings on top of each other", codings.len());
        received.failure.get_or_insert(StepFailure::new(Kind::HttpMalformed, detail));
        return;
    }
    for coding in codings.iter().rev() {
        let whole = !received.cut && received.failure.is_none();
        let swelled = received.content.len().saturating_mul(SWELLS);
        match aside(swelled, || undo(coding, &received.content, max)) {
            Ok((content, cut)) => {
                received.content = content;
                received.cut |= cut;
            }
            // The end of what was cut is missing, which is no fault of the coding.
            Err((content, _)) if !whole => received.content = content,
            Err((content, why)) => {
                received.content = content;
                let detail = format!("the content is not what its coding {coding:?} says: {why}");
                received.failure = Some(StepFailure::new(Kind::HttpMalformed, detail));
            }
        }
    }
}

/// The codings that the fields of this name list, in order.
fn listed(headers: &HeaderMap, name: HeaderName) -> Vec<String> {
    let values = headers.get_all(name).into_iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    let values: Vec<_> = values.collect();
    values.iter().flat_map(|value| value.split(',')).map(|coding| coding.trim().to_owned()).collect()
}

type Undone = Result<(Bytes, bool), (Bytes, String)>;

fn undo(coding: &str, content: &Bytes, max: u64) -> Undone {
    let input = content.as_ref();
    match coding.to_ascii_lowercase().as_str() {
        "" | "identity" => Ok((content.clone(), false)),
        "gzip" | "x-gzip" => bounded(flate2::read::MultiGzDecoder::new(input), max),
        "deflate" if is_zlib(input) => bounded(flate2::read::ZlibDecoder::new(input), max),
        "deflate" => bounded(flate2::read::DeflateDecoder::new(input), max),
        "br" if wants_large_window(input) => {
            Err((Bytes::new(), "its window is larger than RFC 7932 allows".to_owned()))
        }
        "br" => bounded(brotli::Decompressor::new(input, 4096), max),
        _ => Err((content.clone(), "it was not asked for".to_owned())),
    }
}

/// Some servers send bare DEFLATE where RFC 9110, section 8.4.1.2, demands the zlib format around it.
fn is_zlib(input: &[u8]) -> bool {
    match input {
        [first, second, ..] => first & 0x0f == 8 && (u16::from(*first) << 8 | u16::from(*second)) % 31 == 0,
        _ => false,
    }
}

/// The mark of brotli beyond RFC 7932, section 9.1, which would have us make room for up to a gigabyte.
fn wants_large_window(input: &[u8]) -> bool {
    input.first().is_some_and(|first| first & 0x7f == 0x11)
}

/// Reads at most `max` bytes, and says whether there were more.
fn bounded(decoder: impl Read, max: u64) -> Undone {
    let mut out = Vec::new();
    let read = decoder.take(max.saturating_add(1)).read_to_end(&mut out);
    let max = usize::try_from(max).unwrap_or(usize::MAX);
    let cut = out.len() > max;
    out.truncate(max);
    match read {
        Err(error) if !cut => Err((out.into(), error.to_string())),
        _ => Ok((out.into(), cut)),
    }
}
