//! Parts of sentences: names without their last dot, servers in a list, times.

use candor_core::finding::{Server, Servers};
use jiff::Timestamp;

pub(super) fn bare(name: &str) -> &str {
    if name == "." { "the root" } else { name.trim_end_matches('.') }
}

/// Data within a sentence, which has a full stop of its own.
pub(super) fn shown_data(data: &[String]) -> String {
    data.iter().map(|record| record.trim_end_matches('.')).collect::<Vec<_>>().join(", ")
}

pub(super) fn record_of(owner: &str, rtype: &str) -> String {
    if rtype == "CNAME" { bare(owner).to_owned() } else { format!("{rtype} of {}", bare(owner)) }
}

pub(super) fn at_serial(serial: Option<u32>) -> String {
    serial.map_or_else(String::new, |serial| format!(", zone serial {serial}"))
}

pub(super) fn counted(count: u32, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// "both of its name servers", "all 4 name servers".
pub(super) fn all_of(servers: &Servers) -> String {
    match (servers.these.len(), servers.of) {
        (1, 1) => "the only name server".to_owned(),
        (2, 2) => "both name servers".to_owned(),
        (some, of) if u32::try_from(some) == Ok(of) => format!("all {of} name servers"),
        (some, of) => format!("{some} of {of} name servers"),
    }
}

pub(super) fn some_of(servers: &Servers) -> String {
    match (servers.these.len(), servers.of) {
        (1, 1) => "The only name server".to_owned(),
        (2, 2) => "Both name servers".to_owned(),
        (some, of) if u32::try_from(some) == Ok(of) => format!("All {of} name servers"),
        (some, of) => format!("{some} of {}", counted(of, "name server")),
    }
}

pub(super) fn verb<'a>(servers: &Servers, one: &'a str, many: &'a str) -> &'a str {
    if servers.these.len() == 1 { one } else { many }
}

fn shown(server: &Server) -> String {
    let name = bare(&server.name);
    if name == server.address { name.to_owned() } else { format!("{name} ({})", server.address) }
}

/// Servers that are named in one sentence; there may be dozens.
const NAMED: usize = 4;

pub(super) fn each(servers: &Servers) -> String {
    let list: Vec<String> =
        servers.these.iter().take(NAMED).map(|server| format!("{} {}", shown(server), server.said)).collect();
    with_rest(&list, servers.these.len())
}

pub(super) fn list(servers: &Servers) -> String {
    let list: Vec<String> = servers.these.iter().take(NAMED).map(shown).collect();
    with_rest(&list, servers.these.len())
}

pub(super) fn names(hosts: &[String]) -> String {
    let list: Vec<String> = hosts.iter().take(NAMED).map(|host| bare(host).to_owned()).collect();
    with_rest(&list, hosts.len())
}

fn with_rest(list: &[String], all: usize) -> String {
    match all.saturating_sub(list.len()) {
        0 => list.join(", "),
        more => format!("{} and {more} more", list.join(", ")),
    }
}

pub(super) fn servers_named(hosts: &[String]) -> String {
    if hosts.len() == 1 { format!("server {}", names(hosts)) } else { format!("servers {}", names(hosts)) }
}

pub(super) fn named_by(parent: &str, servers: &Servers) -> String {
    if parent.is_empty() {
        verb(servers, "is given", "are given").to_owned()
    } else {
        format!("{} names", bare(parent))
    }
}

pub(super) fn parent_words(parent: &str) -> String {
    if parent.is_empty() { "the zone above".to_owned() } else { bare(parent).to_owned() }
}

pub(super) fn parent_place(parent: &str) -> String {
    format!("the parent {}", parent_words(parent))
}

pub(super) fn tags(tags: &[u16]) -> String {
    tags.iter().map(u16::to_string).collect::<Vec<_>>().join(", ")
}

/// A time in the future, rounded to what people plan with.
pub(super) fn lasting(seconds: u32) -> String {
    match seconds {
        0..=119 => counted(seconds, "second"),
        120..=7_199 => counted(seconds / 60, "minute"),
        7_200..=172_799 => counted(seconds / 3_600, "hour"),
        _ => counted(seconds / 86_400, "day"),
    }
}

pub(super) fn date(at: Timestamp) -> String {
    at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC").to_string()
}

pub(super) fn moment(at: Timestamp) -> String {
    date(at)
}
