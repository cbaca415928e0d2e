//! Parts of sentences: names without their last dot, servers in a list, times.

use candor_core::finding::{Server, Servers};
use jiff::Timestamp;

pub(super) fn bare(name: &str) -> &str {
    if name == "." { "the root" } else { name.trim_end_matches('.') }
}

/// Letters of one record that are shown, and records of one list: data comes from anywhere, and is as long as it likes.
const LETTERS: usize = 160;
const RECORDS: usize = 6;

/// Data within a sentence, which has a full stop of its own.
pub(super) fn shown_data(data: &[String]) -> String {
    shown_list(&data.iter().map(|record| record.trim_end_matches('.').to_owned()).collect::<Vec<_>>())
}

/// Records in a list, cut to what can be read.
pub(super) fn shown_list(data: &[String]) -> String {
    let list: Vec<String> = data.iter().take(RECORDS).map(|record| cut(record)).collect();
    with_rest(&list, data.len())
}

fn cut(text: &str) -> String {
    let mut letters = text.chars();
    let mut short: String = letters.by_ref().take(LETTERS).collect();
    let more = letters.count();
    if more > 0 {
        short.push_str(&format!("\u{2026} and {more} letters more"));
    }
    short
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

/// How many hosts the servers are, some of which may have several addresses.
pub(super) fn hosts(servers: &Servers) -> u32 {
    if servers.hosts == 0 { servers.of } else { servers.hosts }
}

pub(super) fn counted_hosts(servers: &Servers) -> String {
    counted(hosts(servers), "name server")
}

/// "both name servers", "all 4 name servers".
pub(super) fn all_of(servers: &Servers) -> String {
    if u32::try_from(servers.these.len()) != Ok(servers.of) {
        return some_in(servers);
    }
    match hosts(servers) {
        1 => "the only name server".to_owned(),
        2 => "both name servers".to_owned(),
        of => format!("all {of} name servers"),
    }
}

pub(super) fn some_of(servers: &Servers) -> String {
    let text = all_of(servers);
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Some of them: by host, or where hosts have several addresses, by address.
fn some_in(servers: &Servers) -> String {
    let some = servers.these.len();
    if hosts(servers) == servers.of {
        format!("{some} of {}", counted(servers.of, "name server"))
    } else {
        format!("{some} of the {} addresses of the {}", servers.of, counted_hosts(servers))
    }
}

/// "2 of 2 servers", or by address where hosts have several.
pub(super) fn out_of(servers: &Servers) -> String {
    let some = servers.these.len();
    if hosts(servers) == servers.of {
        format!("{some} of {}", counted(servers.of, "server"))
    } else {
        format!("{some} of {} addresses of {}", servers.of, counted(hosts(servers), "server"))
    }
}

pub(super) fn verb<'a>(servers: &Servers, one: &'a str, many: &'a str) -> &'a str {
    let all_of_one = hosts(servers) == 1 && u32::try_from(servers.these.len()) == Ok(servers.of);
    if servers.these.len() == 1 || all_of_one { one } else { many }
}

fn shown(server: &Server) -> String {
    let name = bare(&server.name);
    if name == server.address { name.to_owned() } else { format!("{name} ({})", server.address) }
}

/// Servers that are named in one sentence; there may be dozens.
const NAMED: usize = 4;

pub(super) fn each(servers: &Servers) -> String {
    let list: Vec<String> = servers
        .these
        .iter()
        .take(NAMED)
        .map(|server| format!("{} {}", shown(server), cut(&server.said)))
        .collect();
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

/// Who names them, for which zone: the parent, or where only it does, the zone itself.
pub(super) fn named_by(zone: &str, parent: &str, servers: &Servers) -> String {
    let zone = bare(zone);
    if parent.is_empty() {
        format!("{} for {zone}", verb(servers, "is given", "are given"))
    } else if bare(parent) == zone {
        format!("{zone} names for itself")
    } else {
        format!("{} names for {zone}", bare(parent))
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
