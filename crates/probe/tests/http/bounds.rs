//! Everything a server sends is bounded: heads, interim answers, content, decoded content. Garbage is named.

use std::io::Write;

use candor_core::fault::Kind;
use candor_core::model::*;

use crate::support::plan::*;
use crate::support::stub::*;

#[tokio::test]
async fn what_is_not_http_is_malformed() {
    for garbage in
        ["garbage\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "\0\u{1}\u{2}\r\n\r\n", "HTTP/1.1 banana OK\r\n\r\n"]
    {
        let stub = Stub::start(move |_| vec![say(garbage)]).await;
        assert_eq!(
            kind(&run(vec![get(&stub.url("shop.example", "/"))]).await),
            Kind::HttpMalformed,
            "{garbage:?}"
        );
    }
}

#[tokio::test]
async fn a_huge_head_is_malformed() {
    let long = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "a".repeat(200_000));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: 1\r\n".repeat(1000));
    for head in [long, many] {
        let stub = Stub::start(move |_| vec![say(&head)]).await;
        assert_eq!(kind(&run(vec![get(&stub.url("shop.example", "/"))]).await), Kind::HttpMalformed);
    }
}

#[tokio::test]
async fn endless_interim_answers_are_malformed_and_a_few_are_not() {
    let interim = "HTTP/1.1 103 Early Hints\r\n\r\n";
    let stub = Stub::start(move |_| vec![say(&interim.repeat(100_000)), Act::Hang]).await;
    assert_eq!(kind(&run(vec![get(&stub.url("shop.example", "/"))]).await), Kind::HttpMalformed);
    let stub = Stub::start(move |_| [vec![say(&interim.repeat(3))], page("real")].concat()).await;
    assert_passed(&run(vec![get(&stub.url("shop.example", "/"))]).await);
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn coded(coding: &str, content: Vec<u8>) -> Vec<Act> {
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-encoding: {coding}\r\ncontent-length: {}\r\n\r\n", content.len());
    vec![say(&head), Act::Send(content)]
}

#[tokio::test]
async fn a_gzip_bomb_is_cut() {
    let bomb = gzip(&gzip(&vec![0; 64 << 20]));
    let stub = Stub::start(move |_| coded("gzip, gzip", bomb.clone())).await;
    let mut step = get(&stub.url("shop.example", "/"));
    step.body_max = 10_000;
    step.expect.size = Some(SizeMatch { min: 0, max: 10_000 });
    let run = run(vec![step]).await;
    assert_eq!(kind(&run), Kind::ContentAssertion);
    insta::assert_snapshot!(fault(&run).detail, @"more than 10000 bytes of content, expected at most 10000");
    assert!(run.evidence.unwrap().body.len() <= 2048);
}

#[tokio::test]
async fn a_longer_content_is_cut_and_judged_as_far_as_it_was_read() {
    let stub = Stub::start(|_| page(&format!("first {} last", "x".repeat(100_000)))).await;
    let cut = |text: &str| {
        let mut step = HttpStep { body_max: 1000, ..get(&stub.url("shop.example", "/")) };
        step.expect.text = vec![template(text)];
        step
    };
    assert_passed(&run(vec![cut("first")]).await);
    let missed = run(vec![cut("last")]).await;
    insta::assert_snapshot!(fault(&missed).detail, @r#""last" is not there (only the beginning was read: body_max)"#);
}

#[tokio::test]
async fn codings_that_were_offered_are_undone_and_others_are_malformed() {
    let mut brotli = Vec::new();
    brotli::CompressorWriter::new(&mut brotli, 4096, 5, 20).write_all(b"Top charts").unwrap();
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    zlib.write_all(b"Top charts").unwrap();
    let mut bare = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    bare.write_all(b"Top charts").unwrap();
    let good = [
        ("gzip", gzip(b"Top charts")),
        ("br", brotli),
        ("deflate", zlib.finish().unwrap()),
        ("deflate", bare.finish().unwrap()),
        ("identity", b"Top charts".to_vec()),
    ];
    for (coding, content) in good {
        let stub = Stub::start(move |_| coded(coding, content.clone())).await;
        let mut step = get(&stub.url("shop.example", "/"));
        step.expect.text = vec![template("Top charts")];
        assert_passed(&run(vec![step]).await);
    }
    for (coding, content) in
        [("zstd", b"x".to_vec()), ("gzip", b"no gzip".to_vec()), ("br, br, br, br", gzip(b""))]
    {
        let stub = Stub::start(move |_| coded(coding, content.clone())).await;
        assert_eq!(
            kind(&run(vec![get(&stub.url("shop.example", "/"))]).await),
            Kind::HttpMalformed,
            "{coding}"
        );
    }
}
