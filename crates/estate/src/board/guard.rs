//! Who may press: somebody at this machine, on this page or with a program; never another site's page.
//!
//! * The `Host` must be a loopback address or `localhost`: a name of somebody else's that resolves to us ("DNS
//!   rebinding") is refused.
//! * A press whose `Origin` is not our own, or whose `Sec-Fetch-Site` says that it comes from elsewhere, is refused.
//!   Browsers send at least one of them with every form; programs send neither.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::http::Problem;

pub(super) async fn guard(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    match check(request.headers(), reads) {
        Ok(()) => next.run(request).await,
        Err(words) => Problem::new(StatusCode::FORBIDDEN, "not_from_here", words).into_response(),
    }
}

fn check(headers: &HeaderMap, reads: bool) -> Result<(), &'static str> {
    let field = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = field(header::HOST.as_str()).unwrap_or_default();
    if !is_loopback(host) {
        return Err("levers answer on this machine's own addresses alone");
    }
    if reads {
        return Ok(());
    }
    let own = format!("http://{host}");
    if field(header::ORIGIN.as_str()).is_some_and(|origin| !origin.eq_ignore_ascii_case(&own)) {
        return Err("this press comes from another site");
    }
    if field("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none") {
        return Err("this press comes from another site");
    }
    Ok(())
}

/// Whether an authority (`HOST` or `HOST:PORT`) is loopback.
fn is_loopback(authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    };
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    bare.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(fields: &[(&'static str, &'static str)]) -> Result<(), &'static str> {
        let fields = fields.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        check(&fields.collect::<HeaderMap>(), false)
    }

    #[test]
    fn programs_and_our_own_page_may_press() {
        assert_eq!(press(&[("host", "127.0.0.1:7781")]), Ok(()));
        assert_eq!(press(&[("host", "[::1]:7781")]), Ok(()));
        assert_eq!(
            press(&[
                ("host", "localhost:1"),
                ("origin", "http://localhost:1"),
                ("sec-fetch-site", "same-origin")
            ]),
            Ok(())
        );
    }

    #[test]
    fn other_sites_may_not_press() {
        for fields in [
            &[("host", "levers.example:7781")][..],
            &[("host", "127.0.0.1.levers.example")],
            &[("host", "")],
            &[],
            &[("host", "localhost:1"), ("origin", "http://localhost:2")],
            &[("host", "localhost:1"), ("origin", "null")],
            &[("host", "localhost:1"), ("sec-fetch-site", "cross-site")],
            &[("host", "localhost:1"), ("sec-fetch-site", "same-site")],
        ] {
            assert!(press(fields).is_err(), "{fields:?}");
        }
    }
}
