//! Roles over HTTP/1.1 that lie about lengths: too short, too long, twice, negative, chunked nonsense (RFC 9112, 6 and 7).

use candor_core::fault::Kind;

use crate::http1::{floods, says};
use crate::role::{Role, play_all, role};

/// Every role of this file.
pub(crate) fn cast() -> Vec<Role> {
    [lengths(), chunks()].concat()
}

fn lengths() -> Vec<Role> {
    use Kind::HttpMalformed as Malformed;
    let lengths = |fields: &str, content: &str| says(format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n{content}"));
    vec![
        role(
            "shorter than said",
            Kind::TransferTruncated,
            "broke off after 4",
            lengths("content-length: 9", "half"),
        ),
        role(
            "longer than said",
            Kind::ContentAssertion,
            "is not there",
            lengths("content-length: 4", crate::role::HEALTHY),
        ),
        role(
            "two lengths that differ",
            Malformed,
            "content-length",
            lengths("content-length: 4\r\ncontent-length: 9", "half"),
        ),
        role(
            "two lengths in one field",
            Malformed,
            "content-length",
            lengths("content-length: 4, 9", "half"),
        ),
        role("a negative length", Malformed, "content-length", lengths("content-length: -4", "half")),
        role("a length with a sign", Malformed, "content-length", lengths("content-length: +4", "half")),
        role(
            "a length of 2^64",
            Malformed,
            "content-length",
            lengths("content-length: 18446744073709551616", "half"),
        ),
        role("a length of 2^64 - 1", Malformed, "", lengths("content-length: 18446744073709551615", "half")),
        role(
            "a length of 2^63",
            Kind::TransferTruncated,
            "broke off",
            lengths("content-length: 9223372036854775808", "half"),
        ),
        role(
            "a length that is no number",
            Malformed,
            "content-length",
            lengths("content-length: four", "half"),
        ),
        role("an empty length", Malformed, "content-length", lengths("content-length:", "half")),
        role(
            "a length and chunks",
            Kind::ContentAssertion,
            "is not there",
            lengths("content-length: 4\r\ntransfer-encoding: chunked", "4\r\nhalf\r\n0\r\n\r\n"),
        ),
        role(
            "a transfer coding that nobody knows",
            Malformed,
            "",
            lengths("transfer-encoding: x-none", "half"),
        ),
        role("chunks that are not last", Malformed, "", lengths("transfer-encoding: chunked, gzip", "half")),
    ]
}

fn chunks() -> Vec<Role> {
    use Kind::HttpMalformed as Malformed;
    const HEAD: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunks = |content: &str| says(format!("{HEAD}{content}"));
    let endless = |start: &str, piece: &str| floods(format!("{HEAD}{start}"), piece.as_bytes().to_vec());
    vec![
        role("a chunk of no size", Malformed, "not framed", chunks("\r\nhalf\r\n")),
        role("a chunk of a size that is no number", Malformed, "not framed", chunks("banana\r\nhalf\r\n")),
        role("a chunk of a negative size", Malformed, "not framed", chunks("-4\r\nhalf\r\n")),
        role("a chunk of 2^64 bytes", Malformed, "not framed", chunks("10000000000000000\r\nhalf\r\n")),
        role(
            "a chunk of 2^64 - 1 bytes",
            Kind::TransferTruncated,
            "broke off after 4",
            chunks("ffffffffffffffff\r\nhalf"),
        ),
        role("a chunk longer than said", Malformed, "not framed", chunks("2\r\nhalf\r\n0\r\n\r\n")),
        role("an end between chunks", Kind::TransferTruncated, "broke off after 4", chunks("4\r\nhalf\r\n")),
        role("an endless size", Malformed, "not framed", endless("", "0")),
        role("an endless chunk extension", Malformed, "not framed", endless("4;x=", "y")),
        role(
            "chunk extensions without end",
            Malformed,
            "not framed",
            endless("", "1;x=yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\nx\r\n"),
        ),
        role("an endless trailer", Malformed, "not framed", endless("0\r\n", "x: y\r\n")),
        role("endless chunks", Kind::ContentAssertion, "body_max", endless("", "4\r\nhalf\r\n"))
            .asked(|step| step.body_max = 80 << 10),
        // The bound of bytes on the wire comes well before the bound of content, whatever one read takes in.
        role("endless chunks of one byte", Malformed, "more than", endless("", "1\r\nx\r\n"))
            .asked(|step| step.body_max = 160 << 10),
    ]
}

#[tokio::test]
async fn each_false_length_gets_its_own_fault() {
    play_all(lengths()).await;
}

#[tokio::test]
async fn each_false_chunk_gets_its_own_fault() {
    play_all(chunks()).await;
}
