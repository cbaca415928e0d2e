//! A file as an HTTP answer: whole or a range of it (RFC 9110, section 14), with a validator and a digest (RFC 9530),
//! in pieces, and able to stall.
//!
//! A file is noise that is made while it is sent: a seed and a size are all that is kept of it. Several ranges at once are
//! answered with the whole, as section 14.2 allows.

use std::convert::Infallible;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use data_encoding::{BASE64, HEXLOWER};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use sha2::{Digest, Sha256};
use tokio::sync::{mpsc, watch};

use crate::role::Faults;

/// How much is handed to the connection at once, in bytes.
const PIECE: usize = 64 * 1024;

/// What is in a file: bytes that look like noise and are always the same for a seed (SplitMix64).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Noise {
    pub(crate) seed: u64,
    pub(crate) size: usize,
}

impl Noise {
    /// The bytes of a range.
    fn piece(self, range: Range<usize>) -> Bytes {
        let (first, wanted) = (range.start / 8, range.len());
        let mut bytes = BytesMut::with_capacity(wanted + 16);
        let mut state = self.seed.wrapping_add(STEP.wrapping_mul(first as u64));
        while bytes.len() < wanted + range.start % 8 {
            state = state.wrapping_add(STEP);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            bytes.put_u64(mixed ^ (mixed >> 31));
        }
        bytes.advance(range.start % 8);
        bytes.truncate(wanted);
        bytes.freeze()
    }

    /// The SHA-256 of all of it. It takes a while: not for the runtime's threads.
    pub(crate) fn sha256(self) -> [u8; 32] {
        let mut digest = Sha256::new();
        for start in (0..self.size).step_by(PIECE) {
            digest.update(self.piece(start..self.size.min(start + PIECE)));
        }
        digest.finalize().into()
    }
}

/// How SplitMix64 goes on.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// A file to hand out.
#[derive(Debug)]
pub(crate) struct Download {
    pub(crate) content: Noise,
    pub(crate) sha256: [u8; 32],
    pub(crate) name: String,
}

/// Which part of a file is asked for.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Whole,
    Some(Range<usize>),
    Beyond,
}

impl Download {
    /// Its strong validator, with its quotes.
    fn etag(&self) -> String {
        format!("\"{}\"", HEXLOWER.encode(&self.sha256))
    }

    /// Answers a request of this method with these header fields.
    pub(crate) fn answer(
        &self,
        method: &Method,
        asked: &HeaderMap,
        faults: watch::Receiver<Faults>,
    ) -> Response {
        let field = |name: HeaderName| asked.get(name).and_then(|value| value.to_str().ok());
        let (size, etag) = (self.content.size, self.etag());
        if field(header::IF_NONE_MATCH).is_some_and(|tags| tags == "*" || tags.contains(&etag)) {
            return self.dressed(StatusCode::NOT_MODIFIED, Body::empty().into_response());
        }
        // Ranges are for GET alone (section 14.2); a weak tag or a date never stands for the same bytes (13.1.5).
        let unchanged = method == Method::GET && field(header::IF_RANGE).is_none_or(|tag| tag == etag);
        let range = field(header::RANGE).filter(|_| unchanged);
        match range.map_or(Part::Whole, |range| part(range, size)) {
            Part::Whole => {
                let body = flow(self.content, 0..size, faults);
                self.dressed(StatusCode::OK, body.into_response())
            }
            Part::Some(range) => {
                let says = format!("bytes {}-{}/{size}", range.start, range.end.saturating_sub(1));
                let body = flow(self.content, range, faults).into_response();
                self.dressed(StatusCode::PARTIAL_CONTENT, with(body, header::CONTENT_RANGE, &says))
            }
            Part::Beyond => {
                let says = format!("bytes */{size}");
                let mut empty = with(Body::empty().into_response(), header::CONTENT_RANGE, &says);
                *empty.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
                with(empty, header::ACCEPT_RANGES, "bytes")
            }
        }
    }

    fn dressed(&self, status: StatusCode, mut response: Response) -> Response {
        *response.status_mut() = status;
        let response = with(response, header::ETAG, &self.etag());
        let response = with(response, header::ACCEPT_RANGES, "bytes");
        let response = with(response, header::CONTENT_TYPE, "application/octet-stream");
        // Of the whole file, also where a part of it is sent (RFC 9530, section 3).
        let digest = format!("sha-256=:{}:", BASE64.encode(&self.sha256));
        let response = with(response, HeaderName::from_static("repr-digest"), &digest);
        with(response, header::CONTENT_DISPOSITION, &format!("attachment; filename=\"{}\"", self.name))
    }
}

fn with(mut response: Response, name: HeaderName, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}

/// Reads `bytes=FIRST-LAST`, `bytes=FIRST-` or `bytes=-SUFFIX`, the unit in any case. What cannot be read, and several
/// ranges at once, are answered with the whole, as a server may (RFC 9110, section 14.2).
fn part(field: &str, size: usize) -> Part {
    let range = field.split_once('=').filter(|(unit, _)| unit.eq_ignore_ascii_case("bytes"));
    let Some((first, last)) = range.and_then(|(_, range)| range.split_once('-')) else {
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

/// A range as a body that comes in pieces, and stops after its first fifth while a stall is in force.
fn flow(content: Noise, range: Range<usize>, mut faults: watch::Receiver<Faults>) -> Body {
    let size = range.len();
    let fifth = range.start + size / 5;
    let (send, pieces) = mpsc::channel(1);
    tokio::spawn(async move {
        let mut at = range.start;
        while at < range.end {
            if at >= fifth {
                tokio::select! {
                    over = faults.wait_for(|faults| !faults.stall) => if over.is_err() { return },
                    () = send.closed() => return,
                }
            }
            let until = if at < fifth { fifth } else { range.end };
            let end = until.min(at + PIECE);
            if send.send(content.piece(at..end)).await.is_err() {
                return;
            }
            at = end;
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
        assert_eq!(part("Bytes=0-0", 100), Part::Some(0..1));
        for odd in
            ["bytes=9-0", "bytes=0-1,5-6", "lines=1-2", "bytes=a-b", "bytes=", "bytes=-", "bytes=+1--1"]
        {
            assert_eq!(part(odd, 100), Part::Whole, "{odd}");
        }
        assert_eq!(part("bytes=18446744073709551615-18446744073709551615", 100), Part::Beyond);
    }
    #[test]
    fn a_part_of_a_file_is_that_part_of_the_whole_wherever_it_begins() {
        let noise = Noise { seed: 7, size: 1000 };
        let whole = noise.piece(0..1000);
        for (start, end) in [(0, 0), (0, 1), (3, 5), (8, 16), (7, 993), (999, 1000), (1000, 1000)] {
            assert_eq!(noise.piece(start..end), whole.slice(start..end), "{start}..{end}");
        }
    }
}
