//! Rounds: while all is well, each name of a watched zone that anything uses is asked for, so that it is known what was right.
//!
//! A round asks one server of the zone (the next one where that is silent), and connects to what services need inside. What
//! it hears becomes good only by what passes later: see [`Memory`].

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use candor_core::Timestamp;
use candor_core::engine::Testimony;
use candor_core::id::{CheckId, VantageId};
use candor_core::model::hosts::{aims, canonical};
use candor_core::model::{Check, Plan};
use candor_names::walk::Net;
use candor_names::{AskOptions, Exchange, Question};
use tokio::task::JoinSet;

use super::contacts::Reach;
use super::memory::{Answer, Memory, lies_in};
use super::questions;

/// How long a question or a connection may take.
const WITHIN: Duration = Duration::from_secs(1);
/// Most names that are asked for in a round.
const MAX_NAMES: usize = 1_024;
/// Names that are asked for at once: a round is no load that anybody would notice.
const AT_ONCE: usize = 8;

/// Keeps what was heard of the names whose users have all passed since, in runs that began after it was heard.
pub fn settle(plan: &Plan, testimony: &[Testimony], memory: &mut Memory, now: Timestamp) {
    let said: BTreeMap<CheckId, &Testimony> = testimony.iter().map(|said| (said.check, said)).collect();
    let mut well: BTreeMap<String, Option<Timestamp>> = BTreeMap::new();
    for (service, capability, cell) in plan.cells() {
        let passed =
            |check: &Check| said.get(&check.id).filter(|s| s.fails.is_none()).and_then(|s| s.pass_began);
        let all = cell.checks.iter().map(passed).collect::<Option<Vec<_>>>();
        let since = all.and_then(|all| all.into_iter().min());
        let aims = aims(&capability.journey, cell).into_iter().flatten().map(|aim| aim.host);
        for host in aims.chain(service.needs.iter().map(|need| canonical(need))) {
            well.entry(host).and_modify(|other| *other = (*other).min(since)).or_insert(since);
        }
    }
    memory.settle(now, |host| well.get(host).copied().flatten());
}

/// What is asked for.
#[derive(Debug, Default)]
struct Wanted {
    record: Option<String>,
    /// For what a service needs inside: from where it is looked at, and the port that the service itself listens on.
    contact: Option<(VantageId, u16)>,
}

/// Asks for every name of the watched zones that anything uses, and keeps what is heard in `memory`.
pub async fn round(
    plan: &Plan,
    memory: &mut Memory,
    net: &Arc<dyn Net>,
    reach: &Arc<dyn Reach>,
    now: Timestamp,
) {
    let mut serials: BTreeMap<&str, Option<u32>> = BTreeMap::new();
    for zone in plan.zones.iter().filter(|zone| !zone.servers.is_empty()) {
        let servers = servers(zone);
        serials.insert(&zone.zone, serial(net, &servers, &zone.zone).await);
    }
    let mut wanted = wanted(plan).into_iter();
    let mut under_way = JoinSet::new();
    loop {
        while under_way.len() < AT_ONCE
            && let Some((host, wanted)) = wanted.next()
        {
            let zones =
                plan.zones.iter().filter(|zone| lies_in(&host, &zone.zone) && !zone.servers.is_empty());
            let Some(zone) = zones.max_by_key(|zone| zone.zone.len()) else { continue };
            let serial = serials.get(zone.zone.as_str()).copied().flatten();
            under_way.spawn(look(
                host,
                wanted,
                servers(zone),
                serial,
                (Arc::clone(net), Arc::clone(reach)),
                now,
            ));
        }
        let Some(done) = under_way.join_next().await else { return };
        let Ok((host, answer, port)) = done else { continue };
        if let Some(answer) = answer {
            memory.hear(&host, answer);
        }
        if let Some(port) = port {
            memory.answers(&host, port);
        }
    }
}

fn servers(zone: &candor_core::model::WatchedZone) -> Vec<SocketAddr> {
    zone.servers.iter().map(|server| server.address).collect()
}

/// The names that journeys go to and that services need.
fn wanted(plan: &Plan) -> BTreeMap<String, Wanted> {
    let mut wanted: BTreeMap<String, Wanted> = BTreeMap::new();
    for (service, capability, cell) in plan.cells() {
        let aims = aims(&capability.journey, cell);
        let port = aims.iter().flatten().find_map(|aim| aim.port);
        for aim in aims.into_iter().flatten() {
            if wanted.len() < MAX_NAMES || wanted.contains_key(&aim.host) {
                wanted.entry(aim.host).or_default().record = aim.record;
            }
        }
        let from = cell.checks.first().map(|check| check.vantage.clone());
        for need in service.needs.iter().take(MAX_NAMES.saturating_sub(wanted.len())) {
            let entry = wanted.entry(canonical(need)).or_default();
            entry.contact = entry.contact.take().or_else(|| from.clone().zip(port));
        }
    }
    wanted
}

type World = (Arc<dyn Net>, Arc<dyn Reach>);

/// Asks for a name, and connects to it where that is wanted.
async fn look(
    host: String,
    wanted: Wanted,
    servers: Vec<SocketAddr>,
    serial: Option<u32>,
    (net, reach): World,
    now: Timestamp,
) -> (String, Option<Answer>, Option<u16>) {
    let mut data: BTreeSet<(String, String, String)> = BTreeSet::new();
    let mut heard = false;
    for question in questions(&host, wanted.record.as_deref()) {
        let Some(exchange) = ask(&net, &servers, &question).await else { continue };
        heard |= exchange.rcode.0 == 0;
        let records = exchange.answer.into_iter().filter(|record| record.rtype != "RRSIG");
        data.extend(records.map(|record| (record.name, record.rtype, record.data)));
    }
    let address = data.iter().find_map(|(_, _, data)| data.parse::<IpAddr>().ok());
    let mut answers = None;
    if let (Some((from, port)), Some(ip)) = (&wanted.contact, address) {
        let met = reach.connect(from, SocketAddr::new(ip, *port), &host, WITHIN).await;
        answers = met.is_ok().then_some(*port);
    }
    let answer = heard.then(|| Answer { data: data.into_iter().collect(), serial, at: now });
    (host, answer, answers)
}

async fn serial(net: &Arc<dyn Net>, servers: &[SocketAddr], zone: &str) -> Option<u32> {
    let question = Question::parse(zone, "SOA").ok()?;
    let soa = ask(net, servers, &question).await?.answer.into_iter().find(|record| record.rtype == "SOA")?;
    soa.data.split_ascii_whitespace().nth(2)?.parse().ok()
}

/// Asks the servers one after the other until one says something.
async fn ask(net: &Arc<dyn Net>, servers: &[SocketAddr], question: &Question) -> Option<Exchange> {
    let options = AskOptions { deadline: WITHIN, recursion_desired: false, ..AskOptions::default() };
    for server in servers.iter().take(3) {
        match net.ask(*server, question, &options).await {
            Ok(exchange) if matches!(exchange.rcode.0, 0 | 3) => return Some(exchange),
            _ => {}
        }
    }
    None
}
