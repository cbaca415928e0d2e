//! The answer as one JSON object, in the shape that others build on.

use candor_core::finding::Finding;
use candor_explain::answer_of;
use candor_names::Walk;
use candor_names::walk::{Heard, Link, ServerSeen};
use candor_page::{Language, Told, finding_words};
use serde::Serialize;

#[derive(Serialize)]
struct Answer<'a> {
    name: &'a str,
    class: &'static str,
    #[serde(rename = "where")]
    place: Option<String>,
    seen: Option<String>,
    expected: Option<String>,
    since: Option<String>,
    act: Option<&'static str>,
    words: String,
    next: Option<String>,
    asides: Vec<Aside>,
    notes: &'a [String],
    servers: Vec<Asked>,
    resolvers: Vec<Compared>,
    questions: u32,
    took_ms: u64,
}

#[derive(Serialize)]
struct Aside {
    class: &'static str,
    words: String,
}

/// A server, and what it said of the name; of the zones above, of the zone itself.
#[derive(Serialize)]
struct Asked {
    zone: String,
    server: String,
    address: String,
    rcode: Option<String>,
    aa: Option<bool>,
    serial: Option<u32>,
    answer: Vec<String>,
    fault: Option<String>,
    took_ms: Option<f64>,
}

#[derive(Serialize)]
struct Compared {
    address: String,
    rcode: Option<String>,
    answer: Vec<String>,
    fault: Option<String>,
}

pub(crate) fn text(finding: &Finding, walk: &Walk, notes: &[String]) -> Result<String, serde_json::Error> {
    let Told { words, place, seen, expected, since, next, .. } = finding_words(finding, Language::English);
    let aside = |what: &candor_core::finding::What| Aside {
        class: what.class(),
        words: finding_words(
            &Finding { what: what.clone(), was: None, ..finding.clone() },
            Language::English,
        )
        .words,
    };
    let answer = Answer {
        name: &finding.name,
        class: finding.what.class(),
        place: some(place),
        seen: some(seen),
        expected: some(expected),
        since: some(since),
        act: finding.what.act().map(candor_core::fault::Act::word),
        words,
        next: some(next),
        asides: finding.asides.iter().map(aside).collect(),
        notes,
        servers: servers(walk),
        resolvers: walk.resolvers.iter().map(compared).collect(),
        questions: walk.asked,
        took_ms: u64::try_from(walk.took.as_millis()).unwrap_or(u64::MAX),
    };
    serde_json::to_string_pretty(&answer)
}

/// What there is nothing to say of is null.
fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn servers(walk: &Walk) -> Vec<Asked> {
    let mut list = Vec::new();
    for (index, zone) in walk.zones.iter().enumerate() {
        let link = walk.links.iter().find(|link| link.reach.zone() == Some(index));
        for (at, server) in zone.servers.iter().enumerate() {
            list.push(asked(&zone.apex, at, server, link));
        }
    }
    list
}

fn asked(zone: &str, at: usize, server: &ServerSeen, link: Option<&Link>) -> Asked {
    let replies: Vec<&Heard> = link
        .into_iter()
        .flat_map(|link| &link.replies)
        .filter(|reply| reply.server == at)
        .map(|reply| &reply.heard)
        .collect();
    let best = replies
        .iter()
        .copied()
        .find(|heard| heard.as_ref().as_ref().is_ok_and(|answer| !answer.answer.is_empty()));
    let heard = best.or_else(|| replies.first().copied()).unwrap_or(&server.soa);
    let exchange = heard.as_ref().as_ref().ok();
    Asked {
        zone: zone.to_owned(),
        server: server.name.clone(),
        address: server.address.ip().to_string(),
        rcode: exchange.map(|exchange| exchange.rcode.to_string()),
        aa: exchange.map(|exchange| exchange.flags.aa),
        serial: server.serial(),
        answer: replies.iter().filter_map(|heard| heard.as_ref().as_ref().ok()).flat_map(answer_of).collect(),
        fault: heard.as_ref().as_ref().err().map(ToString::to_string),
        took_ms: exchange.map(|exchange| (exchange.took.as_secs_f64() * 1e6).round() / 1e3),
    }
}

fn compared(resolver: &candor_names::walk::ResolverSeen) -> Compared {
    let heard: Vec<&Heard> = resolver.heard.iter().map(|(_, heard)| heard).collect();
    let answers = || heard.iter().filter_map(|heard| heard.as_ref().as_ref().ok());
    Compared {
        address: resolver.address.to_string(),
        rcode: answers().next().map(|exchange| exchange.rcode.to_string()),
        answer: answers().flat_map(answer_of).collect(),
        fault: heard.iter().find_map(|heard| heard.as_ref().as_ref().err()).map(ToString::to_string),
    }
}
