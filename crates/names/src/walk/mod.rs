//! The walk: from the roots down to a name, every server at every cut asked itself.
//!
//! A resolver's SERVFAIL names nothing; what each server says, beside what its parent and its peers say, does. The walk
//! gathers that evidence and judges nothing.
//!
//! * [`Start`]: where it begins: the root's servers, or servers that are known of a zone.
//! * [`Net`]: where its questions go: to sockets, or to a tree in memory.
//! * [`Walk`]: what was heard: [`ZoneSeen`] with its servers and what the parent says of it, the [`Link`]s from the name
//!   along its aliases, and what resolvers say of the same name.
//!
//! Failure policy: a server that is silent, lies, or leads in circles costs its questions and no more; the whole is
//! bounded in questions, time and depth, and says which bound it came to. Absent: judgement.

mod asker;
mod cut;
mod down;
mod hosts;
mod inspect;
mod links;
mod net;
mod read;
mod start;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use self::asker::{Ask, Asker, How};
pub use self::asker::{Heard, Unheard};
use self::down::Walker;
pub use self::net::{AskFuture, Host, Net, Sockets, TreeInMemory};
pub use self::read::{Lame, Says, Standing};
pub use self::start::{KnownServer, Start, StartError};
use crate::name;
use crate::question::Question;
use crate::record::Record;

/// Bounds of a walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    /// Questions in all.
    pub questions: u32,
    /// Questions at once.
    pub at_once: usize,
    /// Time for one question, its second try included.
    pub question: Duration,
    /// Time in all.
    pub time: Duration,
}

impl Default for Bounds {
    /// 1,500 questions, 32 at once, 2 s for each, 20 s in all: enough for the root, a large top-level domain and a zone of
    /// eight servers, some of them silent.
    fn default() -> Self {
        Self {
            questions: 1_500,
            at_once: 32,
            question: Duration::from_secs(2),
            time: Duration::from_secs(20),
        }
    }
}

/// The bound that a walk came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CutShort {
    /// So many questions were put.
    Questions(u32),
    /// The time was over.
    Time,
}

impl std::fmt::Display for CutShort {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Questions(count) => write!(out, "{count} questions were put, and no more are"),
            Self::Time => out.write_str("the time for the walk was over"),
        }
    }
}

/// What is walked.
#[derive(Debug, Clone)]
pub struct WalkRequest {
    /// The name and, for a walk about one type, that type.
    pub questions: Vec<Question>,
    /// Resolvers that are asked the same, as customers ask them.
    pub resolvers: Vec<SocketAddr>,
    /// Other names of the same zone that used to exist: the servers of the zone are asked for them too.
    pub neighbours: Vec<Question>,
    /// Servers that a zone is known to have had: they are asked where the walk does not come to that zone any more.
    pub former: Vec<(String, KnownServer)>,
    /// Bounds.
    pub bounds: Bounds,
}

/// What a walk heard.
#[derive(Debug)]
pub struct Walk {
    /// The zones from the first to the last cut, in the order in which they were come to; aliases may add more.
    pub zones: Vec<ZoneSeen>,
    /// The name, then each name that it is an alias of.
    pub links: Vec<Link>,
    /// Hosts that the data of the name sends others to: those in its MX and SRV records.
    pub targets: Vec<Target>,
    /// What resolvers said.
    pub resolvers: Vec<ResolverSeen>,
    /// What the servers of the name's zone said of other names of it.
    pub neighbours: Vec<Reply>,
    /// Servers of old of a zone that the walk did not come to, and what they say of its SOA.
    pub former: Vec<FormerSeen>,
    /// Questions put.
    pub asked: u32,
    /// How long it took.
    pub took: Duration,
    /// The bound that it came to, if any.
    pub cut_short: Option<CutShort>,
}

/// A host that the data of the name sends others to, looked up in passing.
#[derive(Debug)]
pub struct Target {
    /// The type of the record that names it: MX or SRV.
    pub rtype: String,
    /// The host, with the last dot.
    pub name: String,
    /// The host, then each name that it is an alias of, asked for their addresses.
    pub links: Vec<Link>,
}

/// A server that a zone is known to have had.
#[derive(Debug)]
pub struct FormerSeen {
    /// The zone's apex.
    pub zone: String,
    /// The server.
    pub server: KnownServer,
    /// Whether it still has the zone.
    pub serves: bool,
}

/// A zone and its servers.
#[derive(Debug)]
pub struct ZoneSeen {
    /// Its apex, with the last dot.
    pub apex: String,
    /// The zone above, in [`Walk::zones`]; none where the walk began here.
    pub parent: Option<usize>,
    /// What each server of the zone above said when it was asked for this apex, and for its DS.
    pub delegation: Option<Delegation>,
    /// The hosts that the parent or the zone itself name as its servers.
    pub hosts: Vec<HostSeen>,
    /// One per host and address, in the order of hosts.
    pub servers: Vec<ServerSeen>,
    /// Whether every server was asked everything; the zones of servers' own names are looked at in passing.
    pub(crate) thorough: bool,
}

/// What the servers of the zone above say of a zone.
#[derive(Debug)]
pub struct Delegation {
    /// Per server of the parent, in [`ZoneSeen::servers`] there: its answer for the apex.
    pub said: Vec<(usize, Heard)>,
    /// Per server of the parent: its answer for the DS.
    pub ds: Vec<(usize, Heard)>,
    /// The names of servers in referrals, each once.
    pub names: Vec<String>,
    /// Addresses that came with referrals.
    pub glue: Vec<Record>,
    /// Servers of the parent that say that the zone does not exist, where others delegate it.
    pub denied_by: Vec<usize>,
    /// Whether the servers of the parent serve the zone too, so that no referral can be seen.
    pub same_servers: bool,
}

/// A host that is named as a server of a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostSeen {
    /// Its name, with the last dot.
    pub name: String,
    /// Whether the parent names it.
    pub by_parent: bool,
    /// Whether the zone itself names it.
    pub by_zone: bool,
    /// Its addresses, as they were found; empty with a fault.
    pub addresses: Vec<IpAddr>,
    /// Why it has no address.
    pub fault: Option<HostFault>,
    /// Addresses that the zone itself gives a host of its own, where it was asked.
    pub own: Vec<IpAddr>,
}

/// Why a server's name leads to no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostFault {
    /// It lies in the zone that it serves, and the parent gives no address for it (RFC 9471).
    NoGlue,
    /// It does not exist: servers of this zone deny this name.
    Denied {
        /// Who denies it.
        zone: String,
        /// The name denied: the host, or a name above it.
        at: String,
    },
    /// It exists without an address.
    Empty {
        /// The zone that it lies in.
        zone: String,
    },
    /// No server of this zone, which it lies in or below, gives an answer.
    Stuck {
        /// The zone.
        zone: String,
    },
    /// It is an alias, which a server's name may not be (RFC 2181, section 10.3).
    Alias,
    /// Its address can only be had from itself.
    Circular,
    /// It was not looked up: a bound of the walk.
    NotAsked,
}

/// A server of a zone, at one address.
#[derive(Debug)]
pub struct ServerSeen {
    /// Its name, with the last dot.
    pub name: String,
    /// Where it was asked.
    pub address: SocketAddr,
    /// Whether the parent names it.
    pub by_parent: bool,
    /// Whether the zone itself names it.
    pub by_zone: bool,
    /// The zone's SOA, over UDP.
    pub soa: Heard,
    /// The zone's SOA, over TCP; where the server was asked so.
    pub tcp: Option<Heard>,
    /// The zone's NS set.
    pub ns: Option<Heard>,
    /// The zone's keys.
    pub dnskey: Option<Heard>,
}

/// One name on the way, and what the servers of its zone say of it.
#[derive(Debug)]
pub struct Link {
    /// The name, with the last dot.
    pub name: String,
    /// How far the walk came.
    pub reach: Reach,
    /// What each server said to each question.
    pub replies: Vec<Reply>,
    /// What each said to the same questions for a name that nobody can have meant, where the name has data.
    pub stranger: Vec<Reply>,
    /// The name below which strangers have data too, where that one has: a wildcard lies there.
    pub encloser: Option<String>,
    /// What each said when it was asked again, round by round, because not all said the same.
    pub again: Vec<Vec<Reply>>,
    /// The name that it is an alias of, by most of the servers.
    pub alias: Option<String>,
    /// Why the alias is not followed, if it is not.
    pub endless: Option<Endless>,
}

/// Why an alias is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endless {
    /// It leads back to a name before it.
    Circle,
    /// The chain is longer than resolvers follow.
    TooLong,
}

/// How far a walk came towards a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// To the zone that it lies in.
    Zone(usize),
    /// To a zone whose servers all deny this name, which it lies at or below.
    Denied {
        /// The zone.
        zone: usize,
        /// The name denied.
        at: String,
    },
    /// To a zone of which no server gives an authoritative answer.
    Stuck(usize),
    /// Nowhere: no server was known to begin with.
    Nowhere,
}

/// What a server said to a question.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The server, in [`ZoneSeen::servers`] of the zone.
    pub server: usize,
    /// What it was asked.
    pub question: Question,
    /// What it said.
    pub heard: Heard,
}

/// What a resolver said.
#[derive(Debug)]
pub struct ResolverSeen {
    /// Where it was asked.
    pub address: SocketAddr,
    /// Its answers, in the order of the questions.
    pub heard: Vec<(Question, Heard)>,
    /// Its answers where it was told not to validate; asked only where it failed.
    pub unchecked: Vec<(Question, Heard)>,
    /// What it holds as the zone's DS; asked only where it failed.
    pub ds: Option<Heard>,
}

impl Reach {
    /// The zone that was come to.
    #[must_use]
    pub fn zone(&self) -> Option<usize> {
        match self {
            Self::Zone(zone) | Self::Denied { zone, .. } | Self::Stuck(zone) => Some(*zone),
            Self::Nowhere => None,
        }
    }
}

impl Walk {
    /// The zone that the name itself lies in, as far as the walk came.
    #[must_use]
    pub fn zone_of(&self, link: &Link) -> Option<&ZoneSeen> {
        self.zones.get(link.reach.zone()?)
    }
}

/// What a walk is about to do, for who watches it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Asks the servers of a zone.
    Zone {
        /// Its apex.
        apex: String,
        /// How many servers, by address.
        servers: usize,
    },
    /// Follows an alias.
    Alias {
        /// The name.
        name: String,
        /// What it is an alias of.
        target: String,
    },
    /// Asks resolvers.
    Resolvers(usize),
}

/// Walks from `start` to the name of the request's questions, all of which are about one name.
pub async fn walk(start: &Start, request: &WalkRequest, watch: &(dyn Fn(Step) + Send + Sync)) -> Walk {
    walk_in(Arc::new(Sockets), start, request, watch).await
}

/// As [`walk()`], in another net than the network.
pub async fn walk_in(
    net: Arc<dyn Net>,
    start: &Start,
    request: &WalkRequest,
    watch: &(dyn Fn(Step) + Send + Sync),
) -> Walk {
    let begun = tokio::time::Instant::now();
    let asker = Asker::new(net, &request.bounds);
    let mut walker = Walker::new(Arc::clone(&asker), start, watch);
    let links = walker.links(&request.questions, true).await;
    let targets = walker.targets(links.last()).await;
    let neighbours = walker.neighbours(links.first(), &request.neighbours).await;
    let former = walker.former(links.first(), &request.former).await;
    let apex =
        links.first().and_then(|link| walker.zones.get(link.reach.zone()?)).map(|zone| zone.apex.clone());
    watch(Step::Resolvers(request.resolvers.len()));
    let resolvers = ask_resolvers(&asker, request, apex.as_deref()).await;
    Walk {
        zones: walker.zones,
        links,
        targets,
        resolvers,
        neighbours,
        former,
        asked: asker.asked(),
        took: begun.elapsed(),
        cut_short: asker.cut_short(),
    }
}

/// Asks each resolver as a host would; where one fails, also without validation, and for what it holds as the DS.
async fn ask_resolvers(asker: &Arc<Asker>, request: &WalkRequest, apex: Option<&str>) -> Vec<ResolverSeen> {
    let ask = |server: SocketAddr, how| {
        request.questions.iter().map(move |question| Ask { server, question: question.clone(), how })
    };
    let all = |how| request.resolvers.iter().flat_map(move |server| ask(*server, how)).collect::<Vec<_>>();
    let asked = all(How::Resolver);
    let heard = asker.all(asked.clone()).await;
    let mut list: Vec<ResolverSeen> = Vec::new();
    for address in &request.resolvers {
        let said = asked.iter().zip(&heard).filter(|(one, _)| one.server == *address);
        let heard: Vec<_> = said.map(|(one, heard)| (one.question.clone(), Arc::clone(heard))).collect();
        let mut seen = ResolverSeen { address: *address, heard, unchecked: Vec::new(), ds: None };
        if seen.heard.iter().any(|(_, heard)| read::failed(heard)) {
            let mut more: Vec<Ask> = ask(*address, How::Unchecked).collect();
            let ds = apex.filter(|apex| *apex != ".").and_then(|apex| name::parse(apex).ok());
            let ds = ds.map(|apex| Question::of(apex, domain::base::Rtype::DS));
            more.extend(ds.map(|question| Ask { server: *address, question, how: How::Unchecked }));
            let mut heard = asker.all(more.clone()).await;
            if more.len() > request.questions.len() {
                seen.ds = heard.pop();
            }
            seen.unchecked = request.questions.iter().cloned().zip(heard).collect();
        }
        list.push(seen);
    }
    list
}
