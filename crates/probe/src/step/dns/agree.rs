//! `authorities: agree`: every authoritative server of the zone gives the same answer.
//!
//! Compared are the response code and the answer section as a set, without TTLs and signatures. Where they differ, the
//! fault names the servers that stand apart, with the serial each of them has. A server that answers without authority
//! is lame; one that is silent fails the step too, unless only our own lack of a route to its family stands between.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use candor_core::fault::Kind;
use candor_names::{AskOptions, Exchange, Question, Rcode, ask};
use tokio::task::JoinSet;

use super::{Asked, StepContext, answer, lines};
use crate::failure::StepFailure;

/// Servers of the greater part that are named beside those that stand apart.
const OTHERS_SHOWN: usize = 2;

/// A response code, and the records that came with it.
type Said = (String, BTreeSet<String>);
/// The servers that say the same.
type Camp<'a> = Vec<(&'a str, &'a Exchange)>;

/// Demands that all of `asked` say the same with authority.
///
/// # Errors
/// [`Kind::DnsDisagreement`], or the fault of the first server that says nothing or nothing of weight.
pub(super) async fn demand(
    question: &Question,
    asked: &[Asked],
    context: &StepContext<'_>,
) -> Result<(), StepFailure> {
    let mut camps: BTreeMap<Said, Camp<'_>> = BTreeMap::new();
    let mut fallen = Vec::new();
    for one in asked {
        match said(one) {
            Ok(exchange) => camps.entry(key(exchange)).or_default().push((&one.server, exchange)),
            Err((kind, why)) => fallen.push((one, kind, why)),
        }
    }
    if camps.len() > 1 {
        let serials = serials(question, asked, context).await;
        let detail = disagreement(question, camps.into_values().collect(), &serials);
        return Err(StepFailure::new(Kind::DnsDisagreement, detail).with_lines(asked.iter().flat_map(lines)));
    }
    let spared = |one: &Asked| !camps.is_empty() && one.outcome.as_ref().is_err_and(|none| none.no_route);
    match fallen.into_iter().find(|(one, ..)| !spared(one)) {
        Some((one, kind, why)) => Err(StepFailure::new(kind, why).with_lines(lines(one))),
        None => Ok(()),
    }
}

/// Who says what: first the smaller camps, then some of the greatest.
fn disagreement(
    question: &Question,
    mut camps: Vec<Camp<'_>>,
    serials: &BTreeMap<SocketAddr, String>,
) -> String {
    let say = |(server, exchange): &(&str, &Exchange)| {
        let serial =
            serials.get(&exchange.server).map_or_else(String::new, |serial| format!(" (serial {serial})"));
        format!("{server}{serial} says {}", words(exchange))
    };
    camps.sort_by_key(Vec::len);
    let greatest = camps.pop().unwrap_or_default();
    let apart = camps.iter().flatten().map(say);
    let said: Vec<_> = apart.chain(greatest.iter().take(OTHERS_SHOWN).map(say)).collect();
    format!("the authorities of {} disagree: {}", question.name(), said.join("; "))
}

/// What a server says with authority, or why it says nothing of weight.
fn said(asked: &Asked) -> Result<&Exchange, (Kind, String)> {
    let exchange = match &asked.outcome {
        Ok(exchange) => exchange,
        Err(none) => return Err((none.kind, format!("{} did not answer: {}", asked.server, none.why))),
    };
    match exchange.rcode {
        Rcode::NOERROR | Rcode::NXDOMAIN if exchange.flags.aa => Ok(exchange),
        Rcode::NOERROR | Rcode::NXDOMAIN | Rcode::REFUSED => {
            let why =
                format!("{} does not serve the zone: {} without authority", asked.server, exchange.rcode);
            Err((Kind::DnsLame, why))
        }
        code => Err((Kind::DnsServfail, format!("{} answers {code}", asked.server))),
    }
}

fn key(exchange: &Exchange) -> Said {
    let records = exchange.answer.iter().filter(|record| record.rtype != "RRSIG");
    let data = |record: &candor_names::Record| {
        let name = record.name.to_ascii_lowercase();
        format!("{name} {} {}", record.rtype, answer::canonical(&record.rtype, &record.data))
    };
    (exchange.rcode.to_string(), records.map(data).collect())
}

fn words(exchange: &Exchange) -> String {
    let data: Vec<_> =
        exchange.answer.iter().filter(|r| r.rtype != "RRSIG").map(|r| r.data.as_str()).take(3).collect();
    match (exchange.rcode, data.is_empty()) {
        (Rcode::NOERROR, true) => "nothing of that type".to_owned(),
        (Rcode::NOERROR, false) => data.join(" "),
        (code, _) => code.to_string(),
    }
}

/// The serial that each server has of the zone: of the SOA it gives for the name, or beside it (RFC 2308, section 3).
async fn serials(
    question: &Question,
    asked: &[Asked],
    context: &StepContext<'_>,
) -> BTreeMap<SocketAddr, String> {
    let Ok(question) = Question::parse(&question.name(), "SOA") else { return BTreeMap::new() };
    let options =
        AskOptions { deadline: context.remaining(), recursion_desired: false, ..AskOptions::default() };
    let mut asking = JoinSet::new();
    for server in asked.iter().filter_map(|one| one.outcome.as_ref().ok()).map(|exchange| exchange.server) {
        let (question, options) = (question.clone(), options.clone());
        asking.spawn(async move { (server, ask(server, &question, &options).await) });
    }
    let answers = asking.join_all().await.into_iter();
    answers.filter_map(|(server, outcome)| Some((server, serial(&outcome.ok()?)?))).collect()
}

fn serial(exchange: &Exchange) -> Option<String> {
    let soa = exchange.answer.iter().chain(&exchange.authority).find(|record| record.rtype == "SOA")?;
    soa.data.split_whitespace().nth(2).map(str::to_owned)
}
