//! Roles that send us elsewhere: for ever, in a circle, into our own network, out of HTTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use candor_core::fault::Kind;

use crate::peer::Peer;
use crate::role::{Role, play_all, role};

/// Redirects to where `place` says, given how many requests came before.
fn leads(
    place: impl Fn(u64) -> String + Send + Sync + 'static,
) -> impl Fn(Peer) -> crate::http1::BoxedPlay + Send + Sync {
    let (place, asked) = (Arc::new(place), Arc::new(AtomicU64::new(0)));
    move |mut peer| {
        let (place, asked) = (place.clone(), asked.clone());
        Box::pin(async move {
            peer.request().await;
            let to = place(asked.fetch_add(1, Ordering::Relaxed));
            peer.send(format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n")).await;
            peer.close().await;
        })
    }
}

/// Every role of this file.
pub(crate) fn cast() -> Vec<Role> {
    use Kind::HttpMalformed as Malformed;
    let to = |place: &'static str| leads(move |_| place.to_owned());
    vec![
        role(
            "redirects without end",
            Kind::HttpRedirectLoop,
            "more than 5 times",
            leads(|at| format!("/{at}")),
        ),
        role("redirects in a circle", Kind::HttpRedirectLoop, "more than 5 times", to("/")),
        role("a redirect to loopback", Malformed, "a loopback address", to("http://127.1.2.3/")),
        role("a redirect to a private address", Malformed, "a private address", to("http://10.0.0.1/")),
        role(
            "a redirect to a link-local address",
            Malformed,
            "a link-local address",
            to("http://169.254.7.7/"),
        ),
        role(
            "a redirect to a metadata service",
            Malformed,
            "a metadata address",
            to("http://169.254.169.254/latest/"),
        ),
        role("a redirect to an address in octal", Malformed, "a loopback address", to("http://0177.0.0.1/")),
        role(
            "a redirect to an address in an address",
            Malformed,
            "a private address",
            to("http://[::ffff:10.0.0.1]/"),
        ),
        role(
            "a redirect by a name into our network",
            Malformed,
            "at 127.0.0.1, a loopback address",
            to("http://evil.example/"),
        ),
        role("a redirect to a file", Malformed, "leads out of HTTP", to("file:///etc/passwd")),
        role("a redirect to a script", Malformed, "leads out of HTTP", to("javascript:alert(1)")),
        role("a redirect to content", Malformed, "leads out of HTTP", to("data:text/html,hello")),
        role("a redirect to no URL", Malformed, "is no URL", to("http://[bad/")),
        role(
            "a redirect to a name that is none",
            Malformed,
            "",
            leads(|_| format!("http://{}.example/", "x".repeat(300))),
        ),
        role(
            "a redirect that grows as it is written",
            Malformed,
            "bytes",
            leads(|_| format!("/{}", "\"".repeat(30_000))),
        ),
        role(
            "a redirect with a user to it",
            Kind::ConnectRefused,
            "127.0.0.1:1",
            to("//root:secret@shop.example:1/"),
        ),
        role(
            "a redirect with bytes that are no UTF-8",
            Kind::HttpRedirectLoop,
            "",
            leads(|_| "/\u{fffd}\u{202e}".to_owned()),
        ),
    ]
}

#[tokio::test]
async fn each_redirect_that_must_not_be_followed_is_not() {
    play_all(cast()).await;
}
