//! Roles over HTTP/2 (RFC 9113): floods of every frame, windows that stay shut, headers that grow, streams that are cut.
//!
//! Frames are built by hand, so that they can be wrong. Most roles speak in the clear with prior knowledge.

use candor_core::fault::Kind;
use candor_core::model::{Body, HttpVersion, Method};

use crate::peer::Peer;
use crate::plan::template;
use crate::role::{Role, play_all, role};

const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PUSH_PROMISE: u8 = 5;
pub(crate) const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// `:status: 200` and `:status: 103`, as HPACK writes them without its table (RFC 7541, 6.2.2).
pub(crate) const OK: [u8; 1] = [0x88];
const EARLY_HINTS: [u8; 5] = [0x08, 3, b'1', b'0', b'3'];

/// A frame (RFC 9113, section 4.1).
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, length @ ..] = (payload.len() as u32).to_be_bytes();
    [&length[..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Opens the connection and waits for a request: its stream is 1.
pub(crate) async fn opened(peer: &mut Peer) {
    peer.read(24).await;
    // The second says that we have read the settings of the other side: its windows are open from now on.
    peer.send([frame(SETTINGS, 0, 0, &[]), frame(SETTINGS, 1, 0, &[])].concat()).await;
    loop {
        let head = peer.read(9).await;
        let length = usize::from(head[1]) << 8 | usize::from(head[2]);
        peer.read(length).await;
        if head[3] == HEADERS || head == [0; 9] {
            return;
        }
    }
}

fn h2(name: &'static str, kind: Kind, says: &'static str, sent: &[Vec<u8>]) -> Role {
    let sent = sent.concat();
    speaks(name, kind, says, move |mut peer| {
        let sent = sent.clone();
        Box::pin(async move {
            opened(&mut peer).await;
            peer.send(sent).await;
            peer.hang().await;
        })
    })
}

/// Floods with `piece` after `first`.
fn flood(name: &'static str, kind: Kind, says: &'static str, first: Vec<u8>, piece: Vec<u8>) -> Role {
    speaks(name, kind, says, move |mut peer| {
        let (first, piece) = (first.clone(), piece.clone());
        Box::pin(async move {
            opened(&mut peer).await;
            peer.send(first).await;
            peer.flood(piece).await;
        })
    })
}

fn speaks(
    name: &'static str,
    kind: Kind,
    says: &'static str,
    play: impl Fn(Peer) -> crate::http1::BoxedPlay + Send + Sync + 'static,
) -> Role {
    role(name, kind, says, play).asked(|step| step.version = HttpVersion::Http2)
}

fn floods() -> Vec<Role> {
    use Kind::HttpMalformed as Malformed;
    let head = || frame(HEADERS, END_HEADERS, 1, &OK);
    let setting = frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0xff, 0xff]);
    let tiny_window = frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1]);
    // A field that goes into the table once, then is named by one byte again and again.
    let bomb = [&[0x40, 1, b'x', 0x7f, 0xe1, 0x1e][..], &[b'y'; 4064], &vec![0xbe; 12_000][..]].concat();
    vec![
        flood(
            "a flood of interim answers",
            Malformed,
            "more than",
            vec![],
            frame(HEADERS, END_HEADERS, 1, &EARLY_HINTS),
        ),
        flood(
            "a flood of CONTINUATION",
            Malformed,
            "",
            frame(HEADERS, 0, 1, &OK),
            frame(CONTINUATION, 0, 1, &[]),
        ),
        flood(
            "a flood of CONTINUATION with fields",
            Malformed,
            "",
            frame(HEADERS, 0, 1, &OK),
            frame(CONTINUATION, 0, 1, b"\x00\x01x\x01y"),
        ),
        flood("a flood of SETTINGS", Malformed, "more than", vec![], setting),
        flood("a flood of PING", Malformed, "more than", vec![], frame(PING, 0, 0, &[0; 8])),
        flood("a flood of PRIORITY", Malformed, "more than", vec![], frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 0])),
        flood("a flood of WINDOW_UPDATE", Malformed, "more than", vec![], tiny_window),
        flood(
            "a flood of frames that nobody knows",
            Malformed,
            "more than",
            vec![],
            frame(0xbb, 0, 0, &[0; 100]),
        ),
        flood("a flood of empty DATA", Malformed, "excessive load", head(), frame(DATA, 0, 1, &[])),
        flood(
            "a flood of padding",
            Malformed,
            "excessive load",
            head(),
            frame(DATA, 8, 1, &[&[255][..], &[0; 255]].concat()),
        ),
        flood("a flood of PING in the content", Malformed, "more than", head(), frame(PING, 0, 0, &[0; 8])),
        flood("a flood of resets", Kind::ConnectReset, "", vec![], frame(RST_STREAM, 0, 1, &[0, 0, 0, 8])),
        h2(
            "fields that unpack to fifty megabytes",
            Malformed,
            "",
            &[frame(HEADERS, END_HEADERS, 1, &[&OK[..], &bomb].concat())],
        ),
        flood(
            "an endless block of fields",
            Malformed,
            "",
            frame(HEADERS, 0, 1, &OK),
            frame(CONTINUATION, 0, 1, &[b'\x00'; 4096]),
        ),
    ]
}

fn ends() -> Vec<Role> {
    use Kind::HttpMalformed as Malformed;
    let head = || frame(HEADERS, END_HEADERS, 1, &OK);
    let reset = |reason: u8| frame(RST_STREAM, 0, 1, &[0, 0, 0, reason]);
    let away = |last: u8, reason: u8| frame(GOAWAY, 0, 0, &[0, 0, 0, last, 0, 0, 0, reason]);
    let half = || frame(DATA, 0, 1, b"half");
    let long = [&OK[..], &[0x0f, 0x0d, 1, b'9']].concat();
    vec![
        h2("silence over HTTP/2", Kind::DeadlineExceeded, "waiting for the answer", &[]).endless(),
        h2(
            "a content beyond its bound over HTTP/2",
            Kind::ContentAssertion,
            "body_max",
            &[head(), frame(DATA, 0, 1, &[b'x'; 16 << 10]).repeat(96)],
        ),
        h2("a stream reset at once", Kind::ConnectReset, "", &[reset(2)]),
        h2("a stream refused", Kind::ConnectReset, "", &[reset(7)]),
        h2("GOAWAY at once", Kind::ConnectReset, "", &[away(0, 0)]),
        h2("GOAWAY for what we did", Kind::ConnectReset, "", &[away(0, 11)]),
        h2(
            "a stream reset in the content",
            Kind::TransferTruncated,
            "after 4 bytes",
            &[head(), half(), reset(2)],
        ),
        h2("GOAWAY in the content", Kind::TransferTruncated, "after 4 bytes", &[head(), half(), away(0, 2)]),
        h2(
            "a content that stops over HTTP/2",
            Kind::TransferTooSlow,
            "content was still coming",
            &[head(), half()],
        )
        .endless(),
        h2(
            "shorter than said over HTTP/2",
            Malformed,
            "",
            &[frame(HEADERS, END_HEADERS, 1, &long), frame(DATA, END_STREAM, 1, b"half")],
        ),
        h2(
            "a push that we forbade",
            Malformed,
            "",
            &[frame(PUSH_PROMISE, END_HEADERS, 1, &[0, 0, 0, 2, 0x82, 0x84, 0x87])],
        ),
        h2("a frame larger than agreed", Malformed, "", &[frame(DATA, 0, 1, &[0; 40_000])]),
        h2("content before the head", Malformed, "", &[half()]),
        h2("a stream that nobody opened", Malformed, "", &[frame(HEADERS, END_HEADERS, 9, &OK)]),
        h2(
            "a status that is none",
            Malformed,
            "",
            &[frame(HEADERS, END_HEADERS, 1, &[0x08, 3, b'x', b'y', b'z'])],
        ),
        h2("no status", Malformed, "", &[frame(HEADERS, END_HEADERS, 1, b"\x00\x01x\x01y")]),
        h2("fields that are no HPACK", Malformed, "", &[frame(HEADERS, END_HEADERS, 1, &[0xff; 20])]),
        h2(
            "SETTINGS that are none",
            Malformed,
            "",
            &[frame(SETTINGS, 0, 0, &[0, 4, 0xff, 0xff, 0xff, 0xff])],
        ),
        h2(
            "a window that overflows",
            Malformed,
            "",
            &[frame(WINDOW_UPDATE, 0, 0, &[0x7f, 0xff, 0xff, 0xff])],
        ),
        h2("an upper case field", Malformed, "", &[frame(HEADERS, END_HEADERS, 1, b"\x88\x00\x01X\x01y")]),
        speaks("HTTP/1.1 where HTTP/2 was agreed", Malformed, "", |mut peer| {
            Box::pin(async move {
                peer.read(24).await;
                peer.send("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
                peer.close().await;
            })
        }),
        speaks("a reset before HTTP/2", Kind::ConnectReset, "", |mut peer| {
            Box::pin(async move {
                peer.read(24).await;
                peer.reset().await;
            })
        }),
        speaks("an end before HTTP/2", Kind::ConnectReset, "", |peer| Box::pin(peer.close())),
        speaks("a reset in the content over HTTP/2", Kind::TransferTruncated, "after 4 bytes", |mut peer| {
            Box::pin(async move {
                opened(&mut peer).await;
                peer.send([frame(HEADERS, END_HEADERS, 1, &OK), frame(DATA, 0, 1, b"half")].concat()).await;
                peer.reset().await;
            })
        }),
        speaks("a window that stays shut", Kind::DeadlineExceeded, "waiting for the answer", |mut peer| {
            Box::pin(async move {
                peer.read(24).await;
                peer.send(frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0])).await;
                peer.hang().await;
            })
        })
        .asked(|step| {
            step.version = HttpVersion::Http2;
            step.method = Method::Post;
            step.body = Body::Text(template(&"x".repeat(100_000)));
        })
        .endless(),
    ]
}

/// Every role of this file.
pub(crate) fn cast() -> Vec<Role> {
    [floods(), ends()].concat()
}

#[tokio::test]
async fn each_flood_over_http2_is_ended_by_its_bound() {
    play_all(floods()).await;
}

#[tokio::test]
async fn each_break_and_each_false_frame_over_http2_gets_its_own_fault() {
    play_all(ends()).await;
}
