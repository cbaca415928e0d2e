//! Suspects: the names that failing checks go to, or that their services need; those that most of them share come first.

use std::collections::BTreeMap;

use candor_core::fault::Layer;
use candor_core::model::{Plan, Resolve};
use candor_names::Question;
use candor_names::walk::{KnownServer, Start};
use core::net::SocketAddr;

use super::memory::lies_in;
use super::witness::{self, Witness};
use super::{Inquiry, questions};
use crate::Known;

/// Most names that are walked to in one inquiry.
const MAX_WALKS: usize = 12;
/// Most resolvers that are asked for one name.
const MAX_RESOLVERS: usize = 4;
/// Names that no server of the internet knows (RFC 6761, RFC 6762, RFC 7686, RFC 8375, RFC 9476, and ICANN's `internal`).
const SPECIAL: &[&str] =
    &["alt", "example", "home.arpa", "internal", "invalid", "local", "localhost", "onion", "test"];

/// A name that is walked to.
#[derive(Debug)]
pub struct Suspect {
    /// The name.
    pub host: String,
    /// What is asked of it.
    pub questions: Vec<Question>,
    /// Other names of its zone that are asked for beside it.
    pub neighbours: Vec<Question>,
    /// Resolvers that failed to find it.
    pub resolvers: Vec<SocketAddr>,
    /// Where the walk begins.
    pub start: Start,
    /// What is known of it.
    pub known: Known,
}

/// A name before it is known whether it is walked to.
#[derive(Debug, Default)]
struct Named<'a> {
    /// How many failing checks it may explain.
    count: usize,
    /// Whether it was not found: what could not be found is looked at before what answered.
    unfound: bool,
    record: Option<&'a str>,
    resolvers: Vec<SocketAddr>,
    /// Whether this host's own resolvers are used for it, so that it is a name of the internet.
    public: bool,
}

/// The names, most telling first: those that could not be found, then those that most failing checks share.
#[must_use]
pub fn suspects(inquiry: &Inquiry) -> Vec<Suspect> {
    let witnesses = witness::all(inquiry);
    let mut named: BTreeMap<&str, Named<'_>> = BTreeMap::new();
    for witness in &witnesses {
        let Some(kind) = witness.accuses() else { continue };
        if let Some(aim) = witness.aim() {
            let entry = named.entry(&aim.host).or_default();
            entry.count += 2;
            entry.unfound |= kind.layer() == Layer::Dns;
            entry.record = aim.record.as_deref();
            match resolve(&inquiry.plan, witness) {
                Resolve::System => entry.public = true,
                // Asked only where they failed to find it: they may have a view of their own.
                Resolve::Servers(servers) if kind.layer() == Layer::Dns => {
                    let known = |server: &&SocketAddr| !entry.resolvers.contains(server);
                    let new: Vec<SocketAddr> = servers.iter().filter(known).copied().collect();
                    entry.resolvers.extend(new);
                }
                _ => {}
            }
        }
        if kind.is_answered() {
            witness.needs.iter().for_each(|need| named.entry(need).or_default().count += 1);
        }
    }
    let mut list: Vec<(&str, Named<'_>)> = named.into_iter().collect();
    list.sort_by_key(|(_, named)| std::cmp::Reverse((named.unfound, named.count)));
    list.truncate(MAX_WALKS);
    let made = list.into_iter().map(|(host, mut named)| {
        named.resolvers.truncate(MAX_RESOLVERS);
        let zone = zone_of(&inquiry.plan, host);
        Suspect {
            neighbours: inquiry.memory.neighbours(host, zone),
            known: inquiry.memory.known(host, zone),
            questions: questions(host, named.record),
            start: start(&inquiry.plan, host, named.public),
            resolvers: named.resolvers,
            host: host.to_owned(),
        }
    });
    made.filter(|suspect| !suspect.questions.is_empty()).collect()
}

pub(super) fn resolve<'a>(plan: &'a Plan, witness: &'a Witness<'_>) -> &'a Resolve {
    let step = witness.fails.and_then(|(_, step)| witness.journey.steps.get(usize::from(step)));
    let step = step.map_or(&Resolve::Inherit, |step| &step.resolve);
    plan.resolve_of(step, witness.service, witness.vantage)
}

/// Where a walk to the name begins: at the servers of a watched zone, else at the root of the internet, where the name is
/// one of the internet's.
fn start(plan: &Plan, host: &str, public: bool) -> Start {
    let mut start = if public && !is_special(host) { Start::internet() } else { Start::nowhere() };
    for zone in &plan.zones {
        for server in &zone.servers {
            let name =
                server.name.as_ref().map_or_else(|| server.address.ip().to_string(), |name| absolute(name));
            let known = KnownServer { name, address: server.address };
            // What the config has read is a zone's name; beyond what a walk takes there is enough already.
            if let Ok(more) = start.clone().with_stub(&zone.zone, known) {
                start = more;
            }
        }
    }
    start
}

/// The watched zone that a name lies in, the deepest of them; else the name above it.
pub(super) fn zone_of<'a>(plan: &'a Plan, host: &'a str) -> &'a str {
    let zones = plan.zones.iter().map(|zone| zone.zone.as_str());
    let above = host.split_once('.').map_or(host, |(_, above)| above);
    zones.filter(|zone| lies_in(host, zone)).max_by_key(|zone| zone.len()).unwrap_or(above)
}

fn absolute(name: &str) -> String {
    format!("{}.", name.trim_end_matches('.'))
}

/// Whether the name is one of those that only have a meaning where they are used.
fn is_special(host: &str) -> bool {
    !host.contains('.') || SPECIAL.iter().any(|zone| lies_in(host, zone))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_have_a_meaning_only_here_are_never_asked_for_on_the_internet() {
        for host in
            ["shop.example", "example", "a.test", "printer", "db.internal", "x.home.arpa", "localhost"]
        {
            assert!(is_special(host), "{host}");
        }
        for host in ["shop.example.org", "testing.net", "example.com", "myinternal.net"] {
            assert!(!is_special(host), "{host}");
        }
    }
}
