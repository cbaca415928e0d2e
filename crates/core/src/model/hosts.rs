//! The hosts that a journey goes to, as far as the plan alone says: what a run captures is not known before it.

use alloc::string::String;
use alloc::vec::Vec;

use super::journey::Journey;
use super::plan::Cell;
use super::step::{Step, Target};
use crate::template::{Piece, Template};

/// Where a step goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aim {
    /// The host, in lower case without its last dot.
    pub host: String,
    /// The TCP port, where it connects to one.
    pub port: Option<u16>,
    /// The type that it asks the DNS for, where that is not an address to go to.
    pub record: Option<String>,
}

/// Where each step of a journey goes in a cell; nothing where only a run knows it, or where it is an address.
#[must_use]
pub fn aims(journey: &Journey, cell: &Cell) -> Vec<Option<Aim>> {
    let mut last: Option<Aim> = None;
    let of = |template: &Template| fill(template, journey, cell);
    let mut list = Vec::with_capacity(journey.steps.len());
    for step in &journey.steps {
        let at = |host: Option<String>, port| Some(Aim { host: canonical(&host?), port, record: None });
        let aim = match &step.step {
            // A link usually stays on its site.
            Step::Http(http) => match &http.target {
                Target::FirstLink(_) => last.clone(),
                Target::Url(url) => of(url).and_then(|url| of_url(&url)),
            },
            Step::Dns(dns) => {
                at(of(&dns.name), None).map(|aim| Aim { record: Some(dns.rtype.clone()), ..aim })
            }
            Step::Tcp(tcp) => at(of(&tcp.host), Some(tcp.port)),
            Step::Tls(tls) => at(of(&tls.host), Some(tls.port)),
            Step::Smtp(smtp) => at(of(&smtp.host), Some(smtp.port)),
            Step::Ping(ping) => at(of(&ping.host), None),
        };
        last = aim.filter(|aim| is_name(&aim.host));
        list.push(last.clone());
    }
    list
}

/// A name in lower case without its last dot.
#[must_use]
pub fn canonical(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// What the plan says of a template, up to the first thing that only a run knows; nothing where that lies within the host.
fn fill(template: &Template, journey: &Journey, cell: &Cell) -> Option<String> {
    let mut out = String::new();
    for piece in &template.0 {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Hole(name) => match cell.variables.get(name).or_else(|| journey.variables.get(name)) {
                Some(text) => out.push_str(text),
                None if behind_host(&out) => break,
                None => return None,
            },
            Piece::Secret(_) if behind_host(&out) => break,
            Piece::Secret(_) => return None,
        }
    }
    Some(out)
}

/// Whether the host of a URL has ended.
fn behind_host(url: &str) -> bool {
    url.splitn(4, '/').count() == 4
}

/// The host and the port of a URL (RFC 3986, section 3.2).
fn of_url(url: &str) -> Option<Aim> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if host.starts_with('[') {
        return None;
    }
    let usual = if scheme.eq_ignore_ascii_case("http") { 80 } else { 443 };
    let (host, port) = match host.split_once(':') {
        Some((host, port)) => (host, port.parse().ok()),
        None => (host, Some(usual)),
    };
    Some(Aim { host: canonical(host), port, record: None })
}

/// Whether it is a name, and no address.
fn is_name(host: &str) -> bool {
    !host.is_empty() && host.parse::<core::net::IpAddr>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_a_host_and_a_port() {
        let of = |url: &str| of_url(url).map(|aim| (aim.host, aim.port));
        let is = |host: &str, port: u16| Some((String::from(host), Some(port)));
        assert_eq!(of("https://Shop.Example./in/"), is("shop.example", 443));
        assert_eq!(of("http://in.apps.shop.example:8080/a@b:9"), is("in.apps.shop.example", 8080));
        assert_eq!(of("http://user:word@shop.example"), is("shop.example", 80));
        assert_eq!(of("http://[2001:db8::1]/"), None);
        assert_eq!(of("no url"), None);
    }

    #[test]
    fn addresses_are_no_names() {
        assert!(is_name("shop.example") && !is_name("192.0.2.1") && !is_name("2001:db8::1") && !is_name(""));
    }
}
