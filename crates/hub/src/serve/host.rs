//! The `Host` of a request: who must have one, and which one the operators' site answers to.
//!
//! The public site answers to any name, so that it survives under another one. The operators' site answers to addresses,
//! `localhost` and names without a dot: a page of a stranger whose name was made to point here (DNS rebinding) is none of
//! these.

use std::net::{IpAddr, Ipv6Addr};

use hyper::header::HOST;
use hyper::{HeaderMap, Version};

/// What is wrong with a request's host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HostFault {
    /// There is none, more than one, or it is none (RFC 9112, section 3.2): 400.
    Malformed,
    /// Not one that this site answers to: 421.
    Strange,
}

/// The host of a request, without its port; `None` where it may go without.
///
/// # Errors
/// [`HostFault::Malformed`].
pub(super) fn host(version: Version, fields: &HeaderMap) -> Result<Option<&str>, HostFault> {
    let mut all = fields.get_all(HOST).iter();
    match (all.next(), all.next()) {
        (None, _) if version < Version::HTTP_11 => Ok(None),
        (Some(value), None) => {
            let text = value.to_str().map_err(|_| HostFault::Malformed)?;
            name_of(text).map(Some).ok_or(HostFault::Malformed)
        }
        _ => Err(HostFault::Malformed),
    }
}

/// Whether the operators' site answers to it.
///
/// # Errors
/// [`HostFault::Strange`] where it does not.
pub(super) fn for_operators(host: Option<&str>) -> Result<(), HostFault> {
    let Some(name) = host else { return Ok(()) };
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    let known = !name.contains('.') || bare.parse::<IpAddr>().is_ok() || ends_with(name, ".localhost");
    if known { Ok(()) } else { Err(HostFault::Strange) }
}

fn ends_with(name: &str, end: &str) -> bool {
    name.len() >= end.len()
        && name.bytes().rev().zip(end.bytes().rev()).all(|(a, b)| a.eq_ignore_ascii_case(&b))
}

/// `uri-host [ ":" port ]` (RFC 9110, section 7.2; RFC 3986, section 3.2.2), without the port.
fn name_of(text: &str) -> Option<&str> {
    let split = match text.strip_prefix('[') {
        Some(rest) => text.split_at_checked(rest.find(']')? + 2)?,
        None => text.split_at_checked(text.find(':').unwrap_or(text.len()))?,
    };
    let (name, port) = split;
    let port = port.strip_prefix(':').unwrap_or(port);
    let literal = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let named = literal.map_or_else(|| registered(name), |address| address.parse::<Ipv6Addr>().is_ok());
    (named && port.bytes().all(|b| b.is_ascii_digit()) && port.len() <= 5).then_some(name)
}

/// `reg-name`, which is also the form of an IPv4 address.
fn registered(name: &str) -> bool {
    let mut bytes = name.bytes();
    while let Some(byte) = bytes.next() {
        let fits = match byte {
            b'%' => [bytes.next(), bytes.next()].iter().all(|b| b.is_some_and(|b| b.is_ascii_hexdigit())),
            _ => byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte),
        };
        if !fits {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(hosts: &[&'static str]) -> HeaderMap {
        hosts.iter().map(|host| (HOST, hyper::header::HeaderValue::from_static(host))).collect()
    }

    #[test]
    fn a_host_is_named_once_and_well() {
        let of =
            |hosts: &[&'static str]| host(Version::HTTP_11, &fields(hosts)).map(|h| h.map(str::to_owned));
        for (good, name) in [
            ("status.example", "status.example"),
            ("status.example:8080", "status.example"),
            ("192.0.2.7:80", "192.0.2.7"),
            ("[2001:db8::1]:80", "[2001:db8::1]"),
            ("", ""),
            ("a%2Db.example", "a%2Db.example"),
        ] {
            assert_eq!(of(&[good]), Ok(Some(name.to_owned())), "{good}");
        }
        for bad in [
            "a b", "a/b", "a@b", "a:b", "a:80:80", "[::1", "[x]", "[::1]x", "a%2", "a:123456", "http://a",
            "<a>",
        ] {
            assert_eq!(of(&[bad]), Err(HostFault::Malformed), "{bad}");
        }
        assert_eq!(of(&[]), Err(HostFault::Malformed));
        assert_eq!(of(&["a.example", "a.example"]), Err(HostFault::Malformed));
        assert_eq!(host(Version::HTTP_10, &fields(&[])), Ok(None));
        assert_eq!(host(Version::HTTP_10, &fields(&["a", "a"])), Err(HostFault::Malformed));
    }

    #[test]
    fn operators_answer_to_addresses_and_names_that_no_stranger_can_own() {
        for known in ["127.0.0.1", "[::1]", "192.0.2.7", "localhost", "candor", "ops.localhost", ""] {
            assert_eq!(for_operators(Some(known)), Ok(()), "{known}");
        }
        for strange in ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "[::1].example"] {
            assert_eq!(for_operators(Some(strange)), Err(HostFault::Strange), "{strange}");
        }
    }
}
