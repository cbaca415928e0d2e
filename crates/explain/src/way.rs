//! A walk as a picture needs it, and what servers said in a few words.

use candor_core::way::{Does, SERVERS_MAX, ServerOnWay, Way, ZONES_MAX, ZoneOnWay};
use candor_names::walk::{Link, ServerSeen, Standing};
use candor_names::{Exchange, Rcode, Walk};

/// The way that a walk took.
#[must_use]
pub fn way(walk: &Walk) -> Way {
    let zones = walk.zones.iter().enumerate().take(ZONES_MAX).map(|(at, zone)| {
        let mut links = walk.links.iter().filter(|link| link.reach.zone() == Some(at)).peekable();
        let first = links.peek().copied();
        let servers = zone.servers.iter().enumerate().take(SERVERS_MAX);
        ZoneOnWay {
            apex: zone.apex.clone(),
            servers: servers.map(|(n, seen)| server(seen, first.and_then(|link| said_by(link, n)))).collect(),
            more: u32::try_from(zone.servers.len().saturating_sub(SERVERS_MAX)).unwrap_or(u32::MAX),
            unusable: zone.hosts.iter().filter(|h| h.fault.is_some()).map(|h| h.name.clone()).collect(),
            names: links.map(|link| (link.name.clone(), link.alias.clone())).collect(),
        }
    });
    Way { zones: zones.collect() }
}

fn server(seen: &ServerSeen, said: Option<String>) -> ServerOnWay {
    let does = match seen.standing() {
        Standing::Authoritative(serial) => {
            let denies = said.as_ref().is_some_and(|said| matches!(said.as_str(), "NXDOMAIN" | "NODATA"));
            Does::Answers { serial, said, denies }
        }
        Standing::Silent => Does::Silent,
        Standing::Closed => Does::Closed,
        Standing::NoRoute(_) | Standing::NotAsked => Does::Unreached,
        Standing::Lame(_) | Standing::Nonsense(_) => Does::Lame,
    };
    ServerOnWay { name: seen.name.clone(), address: seen.address.ip().to_string(), does }
}

/// What one server says of a name; nothing where nothing was heard.
#[must_use]
pub fn said_by(link: &Link, server: usize) -> Option<String> {
    let replies = link.replies.iter().filter(|reply| reply.server == server);
    let heard = replies.filter_map(|reply| reply.heard.as_ref().as_ref().ok());
    let mut list: Vec<String> = match &link.alias {
        Some(target) => heard.map(|exchange| alias_in_short(exchange, target)).collect(),
        None => heard.map(in_short).collect(),
    };
    list.dedup();
    if list.len() > 1 {
        list.retain(|text| text != "NODATA");
    }
    (!list.is_empty()).then(|| list.join(", "))
}

/// Of a name that is an alias, the alias alone: what it leads to stands below.
fn alias_in_short(exchange: &Exchange, target: &str) -> String {
    let is_alias = exchange.answer.iter().any(|record| record.rtype == "CNAME");
    if is_alias { format!("CNAME {target}") } else { in_short(exchange) }
}

/// What an answer says, in a few words: its data, `NODATA`, or its response code.
#[must_use]
pub fn in_short(exchange: &Exchange) -> String {
    let list = answer_of(exchange);
    if !list.is_empty() {
        return list.join(", ");
    }
    if exchange.rcode == Rcode::NOERROR { "NODATA".to_owned() } else { exchange.rcode.to_string() }
}

/// The data of an answer, without signatures: `A 192.0.2.1`.
#[must_use]
pub fn answer_of(exchange: &Exchange) -> Vec<String> {
    let list = exchange.answer.iter().filter(|record| record.rtype != "RRSIG");
    list.map(|record| format!("{} {}", record.rtype, record.data)).collect()
}
