//! Hosts and ports: what may stand as a name, and `host:port` with holes.

use std::net::{IpAddr, Ipv6Addr};

use candor_core::template::{Piece, Template};

use super::Scope;
use crate::quantity::whole;
use crate::reader::quote;
use crate::tree::Node;

/// Whether a text is a domain name without its last dot: labels of 1 to 63 characters, 253 in all (RFC 1035, 2.3.4).
/// Underscores are accepted: service names have them (RFC 8552).
pub(crate) fn is_name(text: &str) -> bool {
    let label = |l: &str| {
        (1..=63).contains(&l.len())
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !l.starts_with('-')
            && !l.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

/// Whether a text is a domain name or an IP address.
pub(crate) fn is_host(text: &str) -> bool {
    // A last label of digits alone makes it an address, or nothing at all.
    let numeric = text.rsplit('.').next().is_some_and(|l| l.bytes().all(|b| b.is_ascii_digit()));
    text.parse::<IpAddr>().is_ok() || (is_name(text) && !numeric)
}

/// `host:port` or `[v6]:port`, apart.
pub(crate) fn split_port(text: &str) -> Option<(&str, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let port = whole(port).filter(|p| *p != 0)?;
    let bare = match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').filter(|v6| v6.parse::<Ipv6Addr>().is_ok())?,
        None if host.contains(':') => return None,
        None => host,
    };
    (!bare.is_empty()).then_some((bare, port))
}

/// What a template looks like with every hole filled by `hole`, and no secret in it.
pub(crate) fn sample(template: &Template, hole: &str) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Secret(_) => "s".to_owned(),
        Piece::Hole(_) => hole.to_owned(),
    };
    template.0.iter().map(piece).collect()
}

/// `host:port` with holes in the host; the port may be left out where there is a usual one.
pub(crate) fn read(scope: &Scope<'_, '_>, node: &Node, usual: Option<u16>) -> Option<(Template, u16)> {
    let reader = scope.reader;
    let text = reader.text(node)?;
    let (host, port) = match (split_port(text), usual) {
        (Some((host, port)), _) => (host, port),
        (None, Some(port)) if !text.contains(':') || text.parse::<Ipv6Addr>().is_ok() => (text, port),
        _ => {
            let hint = "host:port, such as mail.shop.example:993 or [2001:db8::1]:993";
            reader.refuse_hint(node.span, format!("{} is not a host and port", quote(text)), hint);
            return None;
        }
    };
    Some((host_of(scope, node, host)?, port))
}

/// A host with holes.
pub(crate) fn host_of(scope: &Scope<'_, '_>, node: &Node, text: &str) -> Option<Template> {
    let host = scope.template_of(text, node.span)?;
    if !is_host(&sample(&host, "x")) {
        let hint = "a domain name or an IP address, without scheme and path";
        scope.reader.refuse_hint(node.span, format!("{} is not a host", quote(text)), hint);
        return None;
    }
    Some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address() {
        for good in [
            "shop.example",
            "_dmarc.shop.example",
            "192.0.2.1",
            "2001:db8::1",
            "localhost",
            "xn--bcher-kva.example",
        ] {
            assert!(is_host(good), "{good}");
        }
        for bad in [
            "",
            "a..b",
            "-a.example",
            "shop example",
            "https://shop.example",
            "192.0.2.999",
            "bücher.example",
            "shop.example.",
        ] {
            assert!(!is_host(bad), "{bad}");
        }
    }

    #[test]
    fn a_port_is_parted_from_its_host() {
        assert_eq!(split_port("mail.example:993"), Some(("mail.example", 993)));
        assert_eq!(split_port("[2001:db8::1]:993"), Some(("2001:db8::1", 993)));
        for bad in ["mail.example", "mail.example:0", "mail.example:70000", "2001:db8::1", "[x]:1", ":993"] {
            assert_eq!(split_port(bad), None, "{bad}");
        }
    }
}
