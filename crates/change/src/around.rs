//! What is asked of the world before a change is judged: the zone's servers, and names outside of it that required ones lead to.
//!
//! Bounded in time for each server; what gives no answer is told as such. Nothing is changed anywhere.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use candor_names::guard::{Around, Parent, Required, ServerSaid, outside, questions};
use candor_names::{AskOptions, Exchange, LookupError, Question, Rcode, Resolver, Zone, ask, secure};
use tokio::task::JoinSet;

/// Time for one question.
const WITHIN: Duration = Duration::from_secs(3);
/// Most required names that each server is asked for.
const ASKED: usize = 200;
/// Most names outside of the zone that are looked up.
const ELSEWHERE: usize = 200;

/// A server of the zone to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerToAsk {
    /// Its name or address.
    pub name: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// Whether the change makes it one of the zone's.
    pub is_new: bool,
}

/// Asks them, and a server of the zone above where one is named.
///
/// # Errors
/// Where the zone above was to be asked and gives no answer: what hangs on it would be guessed.
pub async fn look_around(
    live: &Zone,
    proposed: &Zone,
    required: &[Required],
    servers: Vec<ServerToAsk>,
    parent: Option<SocketAddr>,
    elsewhere: &dyn Resolver,
) -> Result<Around, String> {
    let mut expected: Vec<(Question, [BTreeSet<String>; 2])> = Vec::new();
    for need in required.iter().filter(|need| need.lies_in(live)).take(ASKED) {
        for question in questions(need) {
            let of = |zone: &Zone| data(&zone.answer(&question, false).answer);
            expected.push((question.clone(), [of(live), of(proposed)]));
        }
    }
    let mut asking = JoinSet::new();
    for (at, server) in servers.into_iter().enumerate() {
        let (expected, origin) = (expected.clone(), live.origin());
        asking.spawn(async move { (at, said(server, &origin, &expected).await) });
    }
    let mut told = asking.join_all().await;
    told.sort_by_key(|(at, _)| *at);
    let parent = match parent {
        Some(address) => Some(above(address, &live.origin()).await?),
        None => None,
    };
    let servers = told.into_iter().map(|(_, said)| said).collect();
    let mut around = Around { parent, servers, ..ask_nobody() };
    let names = outside(proposed, required);
    for (name, rtype) in
        names.into_iter().filter(|(_, rtype)| matches!(rtype.as_str(), "A" | "AAAA")).take(ELSEWHERE)
    {
        let six = rtype == "AAAA";
        match elsewhere.lookup(&name, WITHIN).await {
            Ok(found) => {
                let has = found.addresses.iter().any(|address| address.is_ipv6() == six);
                around.elsewhere.insert((name, rtype), has);
            }
            Err(
                LookupError::Nxdomain { .. } | LookupError::Nodata { .. } | LookupError::AliasBroken { .. },
            ) => {
                around.elsewhere.insert((name, rtype), false);
            }
            // Who gives no answer has said nothing.
            Err(_) => {}
        }
    }
    Ok(around)
}

/// What is known without asking anybody: the time.
#[must_use]
pub fn ask_nobody() -> Around {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Around { now, ..Around::default() }
}

/// What a server of the zone above says of this one.
async fn above(address: SocketAddr, origin: &str) -> Result<Parent, String> {
    let ask = async |rtype| {
        let question = Question::parse(origin, rtype).map_err(|why| why.to_string())?;
        let options = AskOptions {
            deadline: WITHIN,
            recursion_desired: false,
            dnssec_ok: true,
            ..AskOptions::default()
        };
        let heard = ask(address, &question, &options).await.map_err(|why| why.to_string())?;
        match heard.rcode {
            Rcode::NOERROR | Rcode::NXDOMAIN => Ok(heard),
            other => Err(format!("{address} answers {other} for {question}")),
        }
    };
    let delegation = ask("NS").await?;
    let records = delegation.answer.iter().chain(&delegation.authority);
    let of_zone = records.filter(|record| record.rtype == "NS" && record.name.eq_ignore_ascii_case(origin));
    let servers = of_zone.map(|record| record.data.to_ascii_lowercase()).collect();
    Ok(Parent { servers, ds: secure::ds(&ask("DS").await?) })
}

async fn said(
    server: ServerToAsk,
    origin: &str,
    expected: &[(Question, [BTreeSet<String>; 2])],
) -> ServerSaid {
    let ServerToAsk { name, address, is_new } = server;
    let serial = serial(address, origin).await;
    let mut otherwise = Vec::new();
    if serial.is_ok() {
        for (question, right) in expected {
            let said = match exchange(address, question).await {
                Ok(exchange) => {
                    let has = data(&exchange.answer);
                    if right.contains(&has) {
                        continue;
                    }
                    if has.is_empty() {
                        exchange.rcode.to_string()
                    } else {
                        has.into_iter().collect::<Vec<_>>().join(", ")
                    }
                }
                Err(why) => why,
            };
            otherwise.push((question.to_string(), said));
        }
    }
    ServerSaid { name, is_new, serial, otherwise }
}

/// The serial of the zone's SOA, from a server that is an authority for it.
async fn serial(address: SocketAddr, origin: &str) -> Result<u32, String> {
    let question = Question::parse(origin, "SOA").map_err(|why| why.to_string())?;
    let exchange = exchange(address, &question).await?;
    if exchange.rcode != Rcode::NOERROR {
        return Err(exchange.rcode.to_string());
    }
    if !exchange.flags.aa {
        return Err("it is no authority for it".to_owned());
    }
    let soa = exchange.answer.iter().find(|record| record.rtype == "SOA");
    let serial = soa.and_then(|soa| soa.data.split_whitespace().nth(2)?.parse().ok());
    serial.ok_or_else(|| "it gives no SOA".to_owned())
}

async fn exchange(address: SocketAddr, question: &Question) -> Result<Exchange, String> {
    let options = AskOptions { deadline: WITHIN, recursion_desired: false, ..AskOptions::default() };
    ask(address, question, &options).await.map_err(|why| why.to_string())
}

/// What an answer says, whatever the order and the TTLs.
fn data(records: &[candor_names::Record]) -> BTreeSet<String> {
    records.iter().map(|record| format!("{} {}", record.rtype, record.data.to_ascii_lowercase())).collect()
}
