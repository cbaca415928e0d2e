//! Roles over HTTP/1.1: heads, interim answers, contents, codings, resets, silences, markup.

use std::io::Write;

use candor_core::fault::Kind;

use crate::peer::Peer;
use crate::role::{BODY_MAX, Role, play_all, role};

/// A status line and no field yet.
const OK: &str = "HTTP/1.1 200 OK\r\n";

/// Markup and script that would like to run on our page.
pub(crate) const MARKUP: &str = "</pre></script><script>alert(1)</script><img src=x onerror=alert(1)>";

/// Sends `bytes` in answer to a request, then ends the connection.
pub(crate) fn says(bytes: impl Into<Vec<u8>>) -> impl Fn(Peer) -> BoxedPlay + Send + Sync + 'static {
    let bytes = std::sync::Arc::new(bytes.into());
    move |mut peer| {
        let bytes = bytes.clone();
        Box::pin(async move {
            peer.request().await;
            peer.send(bytes.as_slice()).await;
            peer.close().await;
        })
    }
}

/// A role on its way.
pub(crate) type BoxedPlay = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

/// Sends `head` in answer to a request, then the same over and over.
pub(crate) fn floods(head: String, piece: Vec<u8>) -> impl Fn(Peer) -> BoxedPlay + Send + Sync + 'static {
    move |mut peer| {
        let (head, piece) = (head.clone(), piece.clone());
        Box::pin(async move {
            peer.request().await;
            peer.send(head).await;
            peer.flood(piece).await;
        })
    }
}

fn heads() -> Vec<Role> {
    use Kind::HttpMalformed as Malformed;
    let cookies = |count: usize, size: usize| {
        let line = format!("set-cookie: c={}; Domain=bank.example\r\n", "x".repeat(size));
        format!("{OK}{}content-length: 0\r\n\r\n", line.repeat(count))
    };
    vec![
        role("endless header fields", Malformed, "too large", floods(OK.into(), b"x: y\r\n".to_vec())),
        role("an endless header field", Malformed, "too large", floods(format!("{OK}x: "), b"y".to_vec())),
        role("an endless field name", Malformed, "too large", floods(OK.into(), b"x".to_vec())),
        role("an endless status line", Malformed, "too large", floods("HTTP/1.1 200 ".into(), b"x".to_vec())),
        role(
            "endless interim answers",
            Malformed,
            "more than 16 interim answers",
            floods(String::new(), b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n".to_vec()),
        ),
        role("ten thousand cookies", Malformed, "too large", says(cookies(10_000, 10))),
        role("cookies of sixty kilobytes", Kind::ContentAssertion, "is not there", says(cookies(1, 60_000))),
        role("cookies for somebody else", Kind::ContentAssertion, "is not there", says(cookies(90, 600))),
        role("NUL in the head", Malformed, "invalid", says(format!("{OK}x: a\0b\r\n\r\n"))),
        role(
            "a bare CR in the head",
            Malformed,
            "invalid",
            says(format!("{OK}x: a\rset-cookie: b=c\r\n\r\n")),
        ),
        role("HTTP/0.9", Malformed, "invalid", says("<html><title>hello</title>")),
        role("another protocol", Malformed, "invalid", says("220 mail.example ESMTP\r\n")),
        role("a version from elsewhere", Malformed, "invalid", says("HTTP/9.9 200 OK\r\n\r\n")),
        role("a status of four digits", Malformed, "invalid", says("HTTP/1.1 2000 OK\r\n\r\n")),
        role(
            "a switch of protocols that nobody asked for",
            Kind::HttpStatus,
            "101",
            says("HTTP/1.1 101 Go\r\n\r\n"),
        ),
        role(
            "a second answer behind the first",
            Kind::HttpStatus,
            "503",
            says(format!(
                "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n{OK}content-length: 29\r\n\r\n{}",
                crate::role::HEALTHY
            )),
        ),
        role(
            "markup in reason and fields",
            Kind::HttpStatus,
            "500",
            says(format!("HTTP/1.1 500 {MARKUP}\r\nx: {MARKUP}\r\ncontent-length: 0\r\n\r\n")),
        ),
    ]
}

fn silences() -> Vec<Role> {
    let stops = |said: &'static str| {
        move |mut peer: Peer| async move {
            peer.request().await;
            peer.send(said).await;
            peer.hang().await;
        }
    };
    let drips = |said: &'static str| {
        move |mut peer: Peer| async move {
            peer.request().await;
            peer.send(said).await;
            peer.drip("x").await;
        }
    };
    let resets = |said: &'static str| {
        move |mut peer: Peer| async move {
            peer.request().await;
            peer.send(said).await;
            peer.reset().await;
        }
    };
    vec![
        role("silence", Kind::DeadlineExceeded, "waiting for the answer", stops("")).endless(),
        role("half a head", Kind::DeadlineExceeded, "waiting for the answer", stops("HTTP/1.1 200"))
            .endless(),
        role(
            "a head byte by byte",
            Kind::DeadlineExceeded,
            "waiting for the answer",
            drips("HTTP/1.1 200 OK\r\nx: "),
        )
        .endless(),
        role(
            "a content byte by byte",
            Kind::TransferTooSlow,
            "content was still coming",
            drips("HTTP/1.1 200 OK\r\n\r\n"),
        )
        .endless(),
        role(
            "a content that stops",
            Kind::TransferStalled,
            "no byte for",
            stops("HTTP/1.1 200 OK\r\n\r\nhalf"),
        )
        .asked(|step| step.expect.stall = crate::role::SHORT / 4),
        role("a reset before the head", Kind::ConnectReset, "", resets("")),
        role("a reset in the head", Kind::ConnectReset, "", resets("HTTP/1.1 200 OK\r\nx: ")),
        role(
            "a reset in the content",
            Kind::TransferTruncated,
            "broke off after 4 bytes",
            resets("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"),
        ),
        role("an end before the head", Kind::ConnectReset, "closed before the answer", says("")),
        role(
            "an end in the head",
            Kind::ConnectReset,
            "closed before the answer",
            says("HTTP/1.1 200 OK\r\nx: "),
        ),
    ]
}

pub(crate) fn contents() -> Vec<Role> {
    let missing = |name, bytes: Vec<u8>| role(name, Kind::ContentAssertion, "is not there", says(bytes));
    let page = |field: &str, content: &[u8]| {
        [format!("{OK}{field}\r\ncontent-length: {}\r\n\r\n", content.len()).as_bytes(), content].concat()
    };
    let gigabyte = format!("{OK}content-length: {}\r\n\r\n", 1 << 30);
    vec![
        role("a gigabyte", Kind::ContentAssertion, "body_max", floods(gigabyte, vec![b'x'; 4096])),
        role(
            "an endless content",
            Kind::ContentAssertion,
            "body_max",
            floods(format!("{OK}\r\n"), vec![b'x'; 4096]),
        ),
        missing(
            "bytes that are no UTF-8",
            page("content-type: text/html", &[0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80]),
        ),
        missing("NUL in the content", page("content-type: text/plain", &[0; 4096])),
        missing(
            "a charset that nobody knows",
            page("content-type: text/html; charset=x-none", "Ærlig".as_bytes()),
        ),
        missing("markup", page("content-type: text/html", MARKUP.repeat(100).as_bytes())),
    ]
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn brotli(content: &[u8], large_window: bool) -> Vec<u8> {
    let lgwin = if large_window { 30 } else { 22 };
    let params = brotli::enc::BrotliEncoderParams { quality: 2, lgwin, large_window, ..Default::default() };
    let mut coded = Vec::new();
    brotli::BrotliCompress(&mut &*content, &mut coded, &params).unwrap();
    coded
}

pub(crate) fn codings() -> Vec<Role> {
    let coded = |coding: &str, content: &[u8]| {
        let head = format!("{OK}content-encoding: {coding}\r\ncontent-length: {}\r\n\r\n", content.len());
        says([head.as_bytes(), content].concat())
    };
    let zeros = vec![0; 8 * BODY_MAX as usize];
    let once = gzip(&zeros);
    let mut bare = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    bare.write_all(&zeros).unwrap();
    let cut = |name, play| role(name, Kind::ContentAssertion, "body_max", play);
    vec![
        cut("a gzip bomb", coded("gzip", &once)),
        cut("a gzip bomb in a gzip bomb", coded("gzip, gzip", &gzip(&once))),
        cut("a deflate bomb", coded("deflate", &bare.finish().unwrap())),
        cut("a brotli bomb", coded("br", &brotli(&zeros, false))),
        cut("a brotli bomb in a gzip bomb", coded("br, gzip", &gzip(&brotli(&zeros, false)))),
        role(
            "brotli with a window of a gigabyte",
            Kind::HttpMalformed,
            "window",
            coded("br", &brotli(b"x", true)),
        ),
        role(
            "codings upon codings",
            Kind::HttpMalformed,
            "codings on top",
            coded(&["gzip"; 500].join(","), &once),
        ),
        role("a coding that nobody asked for", Kind::HttpMalformed, "not asked for", coded("x-none", b"x")),
        role("a coding that is a lie", Kind::HttpMalformed, "coding", coded("gzip", b"plain text")),
    ]
}

/// Every role of this file.
pub(crate) fn cast() -> Vec<Role> {
    [heads(), silences(), contents(), codings()].concat()
}

#[tokio::test]
async fn each_misbehaviour_in_heads_gets_its_own_fault_in_bounds() {
    play_all(heads()).await;
}

#[tokio::test]
async fn each_silence_and_each_break_gets_its_own_fault_in_time() {
    play_all(silences()).await;
}

#[tokio::test]
async fn each_misbehaviour_in_contents_gets_its_own_fault_in_bounds() {
    play_all(contents()).await;
}

#[tokio::test]
async fn each_bomb_and_each_false_coding_gets_its_own_fault_in_bounds() {
    play_all(codings()).await;
}
