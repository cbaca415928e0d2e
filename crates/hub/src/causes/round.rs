//! Rounds: while all is well, each name of a watched zone that anything uses is asked for, so that it is known what was right.
//!
//! A round asks one server of the zone (the next one where that is silent), and connects to what services need inside. What
//! it hears becomes good only by what passes later: see [`Memory`].

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use candor_core::Timestamp;
use candor_core::id::VantageId;
use candor_core::model::{Plan, WatchedZone};
use candor_explain::across::{Answer, Memory, Wanted, wanted_names};
use candor_names::walk::Net;
use candor_names::{AskOptions, Exchange, Question};
use tokio::task::JoinSet;

use super::reach::Reach;

/// How long a question or a connection may take.
const WITHIN: Duration = Duration::from_secs(1);
/// Names that are asked for at once: a round is no load that anybody would notice.
const AT_ONCE: usize = 8;
/// Servers that are tried one after the other.
const TRIED: usize = 3;

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
        serials.insert(&zone.zone, serial(net, &servers(zone), &zone.zone).await);
    }
    let mut wanted = wanted_names(plan).into_iter();
    let mut under_way = JoinSet::new();
    loop {
        while under_way.len() < AT_ONCE
            && let Some(Wanted { host, questions, zone, contact }) = wanted.next()
        {
            let serial = serials.get(zone.zone.as_str()).copied().flatten();
            let ask = Ask { host, questions, contact, servers: servers(zone), serial };
            under_way.spawn(look(ask, Arc::clone(net), Arc::clone(reach), now));
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

/// One name.
struct Ask {
    host: String,
    questions: Vec<Question>,
    contact: Option<(VantageId, u16)>,
    servers: Vec<SocketAddr>,
    serial: Option<u32>,
}

fn servers(zone: &WatchedZone) -> Vec<SocketAddr> {
    zone.servers.iter().map(|server| server.address).collect()
}

/// Asks for a name, and connects to it where that is wanted.
async fn look(
    asked: Ask,
    net: Arc<dyn Net>,
    reach: Arc<dyn Reach>,
    now: Timestamp,
) -> (String, Option<Answer>, Option<u16>) {
    let mut data: BTreeSet<(String, String, String)> = BTreeSet::new();
    let mut heard = false;
    for question in &asked.questions {
        let Some(exchange) = ask(&net, &asked.servers, question).await else { continue };
        heard |= exchange.rcode.0 == 0;
        let records = exchange.answer.into_iter().filter(|record| record.rtype != "RRSIG");
        data.extend(records.map(|record| (record.name, record.rtype, record.data)));
    }
    let address = data.iter().find_map(|(_, _, data)| data.parse::<IpAddr>().ok());
    let mut answers = None;
    if let (Some((from, port)), Some(ip)) = (&asked.contact, address) {
        let met = reach.connect(from, SocketAddr::new(ip, *port), &asked.host, WITHIN).await;
        answers = met.is_ok().then_some(*port);
    }
    let answer = heard.then(|| Answer { data: data.into_iter().collect(), serial: asked.serial, at: now });
    (asked.host, answer, answers)
}

async fn serial(net: &Arc<dyn Net>, servers: &[SocketAddr], zone: &str) -> Option<u32> {
    let question = Question::parse(zone, "SOA").ok()?;
    let soa = ask(net, servers, &question).await?.answer.into_iter().find(|record| record.rtype == "SOA")?;
    soa.data.split_ascii_whitespace().nth(2)?.parse().ok()
}

/// Asks the servers one after the other until one says something.
async fn ask(net: &Arc<dyn Net>, servers: &[SocketAddr], question: &Question) -> Option<Exchange> {
    let options = AskOptions { deadline: WITHIN, recursion_desired: false, ..AskOptions::default() };
    for server in servers.iter().take(TRIED) {
        match net.ask(*server, question, &options).await {
            Ok(exchange) if matches!(exchange.rcode.0, 0 | 3) => return Some(exchange),
            _ => {}
        }
    }
    None
}
