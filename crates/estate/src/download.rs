//! A file as an HTTP answer: whole or a range of it (RFC 9110, section 14), with a validator, in pieces, and able
//! to stall.

use std::convert::Infallible;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::{BufMut, Bytes, BytesMut};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::{mpsc, watch};

use crate::role::Faults;

/// How much is handed to the connection at once, in bytes.
const PIECE: usize = 64 * 1024;

/// A file to hand out.
#[derive(Debug)]
pub(crate) struct Download {
    pub(crate) content: Bytes,
    /// A strong validator, with its quotes.
    pub(crate) etag: String,
    pub(crate) name: &'static str,
}

/// Which part of a file is asked for.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Whole,
    Some(Range<usize>),
    Beyond,
}

impl Download {
    /// Answers a request with these header fields.
    pub(crate) fn answer(self, asked: &HeaderMap, faults: watch::Receiver<Faults>) -> Response {
        let field = |name: HeaderName| asked.get(name).and_then(|value| value.to_str().ok());
        let size = self.content.len();
        if field(header::IF_NONE_MATCH).is_some_and(|tags| tags == "*" || tags.contains(&self.etag)) {
            return self.dressed(StatusCode::NOT_MODIFIED, Body::empty().into_response());
        }
        let unchanged = field(header::IF_RANGE).is_none_or(|tag| tag == self.etag);
        match field(header::RANGE).filter(|_| unchanged).map_or(Part::Whole, |range| part(range, size)) {
            Part::Whole => {
                let body = flow(self.content.clone(), faults);
                self.dressed(StatusCode::OK, body.into_response())
            }
            Part::Some(range) => {
                let says = format!("bytes {}-{}/{size}", range.start, range.end.saturating_sub(1));
                let body = flow(self.content.slice(range), faults);
                self.dressed(
                    StatusCode::PARTIAL_CONTENT,
                    with(body.into_response(), header::CONTENT_RANGE, &says),
                )
            }
            Part::Beyond => {
                let says = format!("bytes */{size}");
                let empty = with(Body::empty().into_response(), header::CONTENT_RANGE, &says);
                self.dressed(StatusCode::RANGE_NOT_SATISFIABLE, empty)
            }
        }
    }

    fn dressed(&self, status: StatusCode, mut response: Response) -> Response {
        *response.status_mut() = status;
        let response = with(response, header::ETAG, &self.etag);
        let response = with(response, header::ACCEPT_RANGES, "bytes");
        let response = with(response, header::CONTENT_TYPE, "application/octet-stream");
        with(response, header::CONTENT_DISPOSITION, &format!("attachment; filename=\"{}\"", self.name))
    }
}

fn with(mut response: Response, name: HeaderName, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}

/// Reads `bytes=FIRST-LAST`, `bytes=FIRST-` or `bytes=-SUFFIX`. What cannot be read, and several ranges at once, are
/// answered with the whole, as a server may (RFC 9110, section 14.2).
fn part(field: &str, size: usize) -> Part {
    let Some((first, last)) = field.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Part::Whole;
    };
    let range = match (first.trim().parse::<usize>(), last.trim().parse::<usize>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Ok(first), Err(_)) if last.trim().is_empty() => first..size,
        (Err(_), Ok(suffix)) if first.trim().is_empty() => size.saturating_sub(suffix)..size,
        _ => return Part::Whole,
    };
    if range.is_empty() { Part::Beyond } else { Part::Some(range) }
}

/// A body that comes in pieces, and stops after its first fifth while a stall is in force.
fn flow(content: Bytes, mut faults: watch::Receiver<Faults>) -> Body {
    let size = content.len();
    let (send, pieces) = mpsc::channel(1);
    tokio::spawn(async move {
        let mut rest = content;
        while !rest.is_empty() {
            if size - rest.len() >= size / 5 {
                tokio::select! {
                    over = faults.wait_for(|faults| !faults.stall) => if over.is_err() { return },
                    () = send.closed() => return,
                }
            }
            let until_stall = (size / 5).saturating_sub(size - rest.len());
            let piece = if until_stall == 0 { PIECE } else { until_stall.min(PIECE) };
            if send.send(rest.split_to(piece.min(rest.len()))).await.is_err() {
                return;
            }
        }
    });
    Body::new(Flow { pieces, left: size })
}

#[derive(Debug)]
struct Flow {
    pieces: mpsc::Receiver<Bytes>,
    left: usize,
}

impl HttpBody for Flow {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.pieces.poll_recv(cx).map(|piece| {
            let piece = piece?;
            self.left = self.left.saturating_sub(piece.len());
            Some(Ok(Frame::data(piece)))
        })
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left as u64)
    }
}

/// `size` bytes that look like noise and are always the same for a seed (SplitMix64).
pub(crate) fn pseudorandom(seed: u64, size: usize) -> Bytes {
    let mut bytes = BytesMut::with_capacity(size + 8);
    let mut state = seed;
    while bytes.len() < size {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bytes.put_u64(mixed ^ (mixed >> 31));
    }
    bytes.truncate(size);
    bytes.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_rfc_9110_says() {
        assert_eq!(part("bytes=0-9", 100), Part::Some(0..10));
        assert_eq!(part("bytes=90-", 100), Part::Some(90..100));
        assert_eq!(part("bytes=90-4000", 100), Part::Some(90..100));
        assert_eq!(part("bytes=-5", 100), Part::Some(95..100));
        assert_eq!(part("bytes=-500", 100), Part::Some(0..100));
        assert_eq!(part("bytes=100-", 100), Part::Beyond);
        assert_eq!(part("bytes=-0", 100), Part::Beyond);
        for odd in
            ["bytes=9-0", "bytes=0-1,5-6", "lines=1-2", "bytes=a-b", "bytes=", "bytes=-", "bytes=+1--1"]
        {
            assert_eq!(part(odd, 100), Part::Whole, "{odd}");
        }
        assert_eq!(part("bytes=18446744073709551615-18446744073709551615", 100), Part::Beyond);
    }
}
