//! Every server of a zone asked the same question, for comparison.
//!
//! The zone's servers are found through a resolver, as the name's users find them; what the parent says is the walk's
//! business. Absent: judgement; [`Authorities::disagreements`] says what differs, not who is right.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::ask::{AskError, AskOptions, Exchange, ask};
use crate::name;
use crate::question::Question;
use crate::record::{Rcode, Record};
use crate::resolve::{LookupError, Resolver, ServersResolver};

/// Most servers of a zone that are looked up; the root has 13.
const MAX_SERVERS: usize = 32;
/// Most addresses that are asked.
const MAX_ADDRESSES: usize = 64;
/// The port of authoritative servers.
const DNS_PORT: u16 = 53;

/// The servers of the zone that a name lies in, and what each answered.
#[derive(Debug)]
pub struct Authorities {
    /// The zone's apex, with its last dot; empty where the servers were given.
    pub zone: String,
    /// One per server and address, ordered by name and address.
    pub servers: Vec<Authority>,
}

/// One server of the zone.
#[derive(Debug)]
pub struct Authority {
    /// Its name, with the last dot; its address where it was given without a name.
    pub name: String,
    /// The address asked; none when its name has no address.
    pub address: Option<IpAddr>,
    /// What it answered.
    pub answer: Result<Exchange, AuthorityError>,
}

/// Why a server of the zone gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// Its name has no address.
    #[error(transparent)]
    NoAddress(#[from] LookupError),
    /// It was asked in vain.
    #[error(transparent)]
    Silent(#[from] AskError),
}

/// Why the servers of a zone cannot be found.
#[derive(Debug, thiserror::Error)]
pub enum AuthoritiesError {
    /// No resolver gave an answer.
    #[error("the servers of {name} cannot be found: {source}")]
    Ask {
        /// The name.
        name: String,
        /// Why the last resolver gave none.
        source: AskError,
    },
    /// No zone with name servers was found at or above the name.
    #[error("no zone with name servers was found at or above {name}: {why}")]
    NoZone {
        /// The name.
        name: String,
        /// What the resolver said.
        why: String,
    },
}

impl Authorities {
    /// What differs between the servers that answered, in words; empty when all agree. Response code, AA and the
    /// answer's data count; TTLs and the order of records do not.
    #[must_use]
    pub fn disagreements(&self) -> Vec<String> {
        let mut views: Vec<(String, Vec<String>)> = Vec::new();
        for server in &self.servers {
            let Ok(answer) = &server.answer else { continue };
            let (said, who) = (in_words(answer), server.to_string());
            match views.iter_mut().find(|(view, _)| *view == said) {
                Some((_, speakers)) => speakers.push(who),
                None => views.push((said, vec![who])),
            }
        }
        if views.len() < 2 {
            return Vec::new();
        }
        views.into_iter().map(|(said, who)| format!("{}: {said}", who.join(", "))).collect()
    }
}

impl std::fmt::Display for Authority {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.address {
            Some(address) if self.name == address.to_string() => out.write_str(&self.name),
            Some(address) => write!(out, "{} ({address})", self.name),
            None => out.write_str(&self.name),
        }
    }
}

fn in_words(answer: &Exchange) -> String {
    let records: BTreeSet<String> =
        answer.answer.iter().map(|record| format!("{} {}", record.rtype, record.data)).collect();
    let list = records.into_iter().collect::<Vec<_>>().join(", ");
    let authority =
        if answer.flags.aa || answer.rcode == Rcode::REFUSED { "" } else { ", not authoritative" };
    if list.is_empty() {
        format!("{}{authority}", answer.rcode)
    } else {
        format!("{}{authority}: {list}", answer.rcode)
    }
}

/// Finds the NS set of the zone that the question's name lies in through `resolvers`, and asks each of its
/// servers the question, without RD.
///
/// # Errors
/// When the zone's servers cannot be found; a server that gives no answer is in the list with its fault.
pub async fn authorities(
    question: &Question,
    resolvers: &[SocketAddr],
    deadline: Duration,
) -> Result<Authorities, AuthoritiesError> {
    authorities_at(question, resolvers, DNS_PORT, deadline).await
}

/// As [`authorities()`], for a private tree whose servers listen on another port.
///
/// # Errors
/// As [`authorities()`].
pub async fn authorities_at(
    question: &Question,
    resolvers: &[SocketAddr],
    port: u16,
    deadline: Duration,
) -> Result<Authorities, AuthoritiesError> {
    let end = Instant::now() + deadline;
    // Each of the three stages gets at most half of what is left, so that silence in one is not taken for another's.
    let (zone, hosts) = find_servers(question, resolvers, deadline / 2).await?;
    let addresses = look_up(hosts, resolvers, left(end) / 2).await;
    let mut asked = JoinSet::new();
    let mut servers = Vec::new();
    for (host, found) in addresses {
        match found {
            Ok(list) => {
                for address in list.into_iter().take(MAX_ADDRESSES.saturating_sub(asked.len())) {
                    let (host, question) = (host.clone(), question.clone());
                    let deadline = left(end);
                    asked.spawn(async move {
                        one(host, SocketAddr::new(address, port), &question, deadline).await
                    });
                }
            }
            Err(fault) => servers.push(Authority { name: host, address: None, answer: Err(fault.into()) }),
        }
    }
    servers.append(&mut gather(asked).await);
    servers.sort_by(|one, two| (&one.name, one.address).cmp(&(&two.name, two.address)));
    Ok(Authorities { zone, servers })
}

/// Asks each of the given servers the question, without RD.
pub async fn ask_each(question: &Question, servers: &[SocketAddr], deadline: Duration) -> Authorities {
    let mut asked = JoinSet::new();
    for server in servers.iter().copied().take(MAX_ADDRESSES) {
        let question = question.clone();
        asked.spawn(async move { one(server.ip().to_string(), server, &question, deadline).await });
    }
    let mut servers = gather(asked).await;
    servers.sort_by(|one, two| (&one.name, one.address).cmp(&(&two.name, two.address)));
    Authorities { zone: String::new(), servers }
}

async fn one(name: String, server: SocketAddr, question: &Question, deadline: Duration) -> Authority {
    let options = AskOptions { deadline, recursion_desired: false, ..AskOptions::default() };
    let answer = ask(server, question, &options).await.map_err(AuthorityError::from);
    Authority { name, address: Some(server.ip()), answer }
}

fn left(end: Instant) -> Duration {
    end.saturating_duration_since(Instant::now())
}

/// Climbs from the name until a name with an NS set is found; an SOA in a denial shows the way.
async fn find_servers(
    question: &Question,
    resolvers: &[SocketAddr],
    deadline: Duration,
) -> Result<(String, Vec<String>), AuthoritiesError> {
    let end = Instant::now() + deadline;
    let mut why = String::from("nothing was asked");
    let mut current = Some(question.name());
    while let Some(at) = current {
        let exchange = ask_any(&at, resolvers, left(end)).await?;
        if let Some(found) = servers_in(&at, &exchange) {
            return Ok(found);
        }
        why = format!("{} for {at} NS", exchange.rcode);
        current = above(&at, &exchange);
    }
    Err(AuthoritiesError::NoZone { name: question.name(), why })
}

/// The zone and servers that an answer to `at NS` names: its own, or those it refers to.
fn servers_in(at: &str, exchange: &Exchange) -> Option<(String, Vec<String>)> {
    let named = |list: &[Record], owner: &str| -> Vec<String> {
        let ours = |record: &&Record| record.rtype == "NS" && record.name.eq_ignore_ascii_case(owner);
        list.iter().filter(ours).map(|record| record.data.clone()).take(MAX_SERVERS).collect()
    };
    let own = named(&exchange.answer, at);
    if !own.is_empty() {
        return Some((at.to_owned(), own));
    }
    let referral =
        exchange.authority.iter().find(|record| record.rtype == "NS" && is_within(at, &record.name))?;
    // The root above everything is where a server points that knows nothing.
    if referral.name == "." {
        return None;
    }
    Some((referral.name.clone(), named(&exchange.authority, &referral.name)))
}

/// Where to look next: the apex that a denial names, else one label up.
fn above(at: &str, exchange: &Exchange) -> Option<String> {
    let apex =
        exchange.authority.iter().find(|record| record.rtype == "SOA").map(|record| record.name.clone());
    if let Some(apex) = apex.filter(|apex| is_within(at, apex) && !apex.eq_ignore_ascii_case(at)) {
        return Some(apex);
    }
    let wire = name::parse(at).ok()?;
    let parent = wire.parent()?;
    Some(name::show(&parent))
}

fn is_within(name: &str, apex: &str) -> bool {
    match (name::parse(name), name::parse(apex)) {
        (Ok(name), Ok(apex)) => name.ends_with(&apex),
        _ => false,
    }
}

/// The first resolver that answers; one that fails or refuses gives way to the next.
async fn ask_any(
    at: &str,
    resolvers: &[SocketAddr],
    deadline: Duration,
) -> Result<Exchange, AuthoritiesError> {
    let no_zone = |why: String| AuthoritiesError::NoZone { name: at.to_owned(), why };
    let question = Question::parse(at, "NS").map_err(|fault| no_zone(fault.to_string()))?;
    let share = deadline / u32::try_from(resolvers.len()).unwrap_or(u32::MAX).max(1);
    let options = AskOptions { deadline: share, ..AskOptions::default() };
    let mut last = Err(no_zone("no resolver is configured".to_owned()));
    for server in resolvers {
        match ask(*server, &question, &options).await {
            Ok(found) if found.rcode == Rcode::NOERROR || found.rcode == Rcode::NXDOMAIN => return Ok(found),
            Ok(found) => last = Ok(found),
            Err(source) if last.is_err() => {
                last = Err(AuthoritiesError::Ask { name: at.to_owned(), source });
            }
            Err(_) => {}
        }
    }
    last
}

/// The results of all tasks, in the order in which they end.
async fn gather<T: 'static>(mut tasks: JoinSet<T>) -> Vec<T> {
    let mut list = Vec::new();
    while let Some(done) = tasks.join_next().await {
        list.extend(done);
    }
    list
}

type Looked = (String, Result<Vec<IpAddr>, LookupError>);

async fn look_up(hosts: Vec<String>, resolvers: &[SocketAddr], deadline: Duration) -> Vec<Looked> {
    let mut lookups = JoinSet::new();
    for host in hosts {
        let resolver = ServersResolver::new(resolvers.to_vec());
        lookups.spawn(async move {
            let found = resolver.lookup(&host, deadline).await.map(|found| found.addresses);
            (host, found)
        });
    }
    gather(lookups).await
}
