//! A small tree in memory: a root, `test.`, and `shop.test.` on two servers; some of its servers may be made to answer
//! otherwise than any zone does.
#![allow(
    unreachable_pub,
    missing_docs,
    missing_debug_implementations,
    reason = "each test file uses a part of it, and nothing else does"
)]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use candor_core::Timestamp;
use candor_core::finding::Finding;
use candor_explain::{Known, judge, unused};
use candor_names::ask::{AskError, AskOptions, Exchange};
use candor_names::walk::{AskFuture, Bounds, Host, Net, Start, TreeInMemory};
use candor_names::{Question, Rcode, Record, WalkRequest, Zone, walk_in};
use candor_page::{Language, finding_words};

const ROOT: &str = "127.81.0.10";
const TEST: &str = "127.81.0.11";
const NS1: &str = "127.81.0.12";
const NS2: &str = "127.81.0.13";
const RESOLVER: &str = "127.81.0.53";

/// `shop.test.` with these lines more.
pub fn shop(serial: u32, lines: &str) -> String {
    format!(
        "$ORIGIN shop.test.\n$TTL 300\n@ SOA ns1 h {serial} 600 300 86400 60\n@ NS ns1\n@ NS ns2\nns1 A {NS1}\nns2 A {NS2}\n{lines}"
    )
}

/// What is expected of names.
pub fn known(list: &[&str]) -> Known {
    let mut known = Known::default();
    for text in list {
        known.expect(text).unwrap();
    }
    known
}

/// The sentence that users are told.
pub fn words(found: &Finding) -> String {
    finding_words(found, Language::English).words
}

/// How a server answers otherwise: a name, and what becomes of the answer.
#[derive(Debug, Clone)]
enum Twist {
    /// Of these addresses, a choice by chance.
    Chance(Arc<AtomicU64>, Vec<String>),
    /// The name does not exist, where it is asked for this type.
    Denies(String),
    /// An error, where it is asked for this type.
    Fails(String),
    /// Nothing, where it is asked for this type.
    Drops(String),
}

#[derive(Debug, Clone, Default)]
pub struct Tree {
    delegation: String,
    hosts: BTreeMap<String, Option<Vec<String>>>,
    twists: Vec<(Option<SocketAddr>, String, Twist)>,
    resolver: bool,
}

impl Tree {
    /// `test.` with these lines in it, and no server below.
    pub fn with_delegation(delegation: &str) -> Self {
        Self { delegation: delegation.to_owned(), ..Self::default() }
    }

    /// The whole tree, with this zone on both servers.
    pub fn with_shop(zone: &str) -> Self {
        let mut tree = Self::with_delegation(&format!(
            "shop NS ns1.shop\nshop NS ns2.shop\nns1.shop A {NS1}\nns2.shop A {NS2}\n"
        ));
        tree.serve(NS1, &[zone]);
        tree.serve(NS2, &[zone]);
        tree
    }

    /// More lines of `test.`.
    pub fn delegate(&mut self, lines: &str) {
        self.delegation.push_str(lines);
    }

    /// A server with these zones, which refuses all others.
    pub fn serve(&mut self, ip: &str, zones: &[&str]) {
        let zones = zones.iter().map(|zone| (*zone).to_owned()).collect();
        self.hosts.insert(ip.to_owned(), Some(zones));
    }

    /// A server that says nothing.
    pub fn silence(&mut self, ip: &str) {
        self.hosts.insert(ip.to_owned(), None);
    }

    /// Every server chooses one of these addresses by chance, whenever it is asked for the name's.
    pub fn by_chance(&mut self, seed: u64, name: &str, addresses: &[&str]) {
        let addresses = addresses.iter().map(|one| (*one).to_owned()).collect();
        let twist = Twist::Chance(Arc::new(AtomicU64::new(seed)), addresses);
        self.twists.push((None, name.to_owned(), twist));
    }

    /// This server denies the name where it is asked for this type.
    pub fn denies(&mut self, ip: &str, name: &str, rtype: &str) {
        self.twists.push((Some(at(ip)), name.to_owned(), Twist::Denies(rtype.to_owned())));
    }

    /// This server fails where it is asked for this type of the name.
    pub fn fails(&mut self, ip: &str, name: &str, rtype: &str) {
        self.twists.push((Some(at(ip)), name.to_owned(), Twist::Fails(rtype.to_owned())));
    }

    /// Every server says nothing where it is asked for this type of the name.
    pub fn drops(&mut self, name: &str, rtype: &str) {
        self.twists.push((None, name.to_owned(), Twist::Drops(rtype.to_owned())));
    }

    /// A resolver that fails for every name is compared with.
    pub fn compare_with_one_that_fails(&mut self) {
        self.resolver = true;
    }

    fn net(&self) -> Twisted {
        let root = format!(
            "$ORIGIN .\n$TTL 300\n@ SOA a.root h.root 1 600 300 86400 60\n@ NS a.root\na.root A {ROOT}\ntest NS ns.test\nns.test A {TEST}\n"
        );
        let test = format!(
            "$ORIGIN test.\n$TTL 300\n@ SOA ns h 7 600 300 86400 60\n@ NS ns\nns A {TEST}\n{}",
            self.delegation
        );
        let mut tree = TreeInMemory::default();
        tree.put(at(ROOT), Host::Serves(vec![parsed(&root)]));
        tree.put(at(TEST), Host::Serves(vec![parsed(&test)]));
        tree.put(at(RESOLVER), Host::Fails);
        for (ip, zones) in &self.hosts {
            let host = zones
                .as_ref()
                .map_or(Host::Silent, |zones| Host::Serves(zones.iter().map(|zone| parsed(zone)).collect()));
            tree.put(at(ip), host);
        }
        Twisted { tree, twists: Mutex::new(self.twists.clone()) }
    }

    pub async fn explain(&self, name: &str) -> Finding {
        self.explain_with(name, &Known::default()).await.0
    }

    /// What is found, and what of the expectations could not be used.
    pub async fn explain_with(&self, name: &str, known: &Known) -> (Finding, Vec<String>) {
        let (name, types) = match name.split_once('/') {
            Some((name, rtype)) => (name, vec![rtype]),
            None => (name, vec!["A", "AAAA"]),
        };
        let questions: Vec<Question> = types.into_iter().map(|rtype| question(name, rtype)).collect();
        let others = known.names.iter().map(|other| question(&other.name, &other.rtype));
        let request = WalkRequest {
            neighbours: others.filter(|other| !questions.contains(other)).collect(),
            questions,
            resolvers: if self.resolver { vec![at(RESOLVER)] } else { Vec::new() },
            former: Vec::new(),
            bounds: Bounds::default(),
        };
        let start = Start::hints(&format!(". NS a.root.\na.root. A {ROOT}\n")).unwrap();
        let walked = walk_in(Arc::new(self.net()), &start, &request, &|_| {}).await;
        (judge(&walked, known, Timestamp::UNIX_EPOCH), unused(&walked, known))
    }

    /// What a server answers, for tests of the tree itself.
    pub async fn rcode(&self, ip: &str, name: &str) -> Option<Rcode> {
        let net = self.net();
        net.ask(at(ip), &question(name, "A"), &AskOptions::default()).await.ok().map(|said| said.rcode)
    }
}

fn question(name: &str, rtype: &str) -> Question {
    Question::parse(name, rtype).unwrap()
}

fn at(ip: &str) -> SocketAddr {
    SocketAddr::new(ip.parse().unwrap(), 53)
}

fn parsed(text: &str) -> Zone {
    Zone::parse(text, None, "tree.zone").unwrap_or_else(|faults| panic!("{faults:?}\n{text}"))
}

/// A tree whose answers are changed on the way.
#[derive(Debug)]
struct Twisted {
    tree: TreeInMemory,
    twists: Mutex<Vec<(Option<SocketAddr>, String, Twist)>>,
}

impl Net for Twisted {
    fn ask<'a>(
        &'a self,
        server: SocketAddr,
        question: &'a Question,
        options: &'a AskOptions,
    ) -> AskFuture<'a> {
        Box::pin(async move {
            let drops = |twist: &Twist| matches!(twist, Twist::Drops(rtype) if *rtype == question.rtype());
            if self
                .twists
                .lock()
                .unwrap()
                .iter()
                .any(|(_, name, twist)| question.name().eq_ignore_ascii_case(name) && drops(twist))
            {
                return Err(AskError::Timeout { server, deadline: options.deadline });
            }
            let mut said: Result<Exchange, AskError> = self.tree.ask(server, question, options).await;
            if let Ok(exchange) = &mut said {
                for (only, name, twist) in self.twists.lock().unwrap().iter() {
                    if only.is_none_or(|only| only == server) && question.name().eq_ignore_ascii_case(name) {
                        twisted(twist, &question.rtype(), exchange);
                    }
                }
            }
            said
        })
    }
}

fn twisted(twist: &Twist, rtype: &str, exchange: &mut Exchange) {
    match twist {
        Twist::Chance(state, addresses) if rtype == "A" => {
            // SplitMix64 over a counter.
            let turn = state.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
            let mut z = (turn ^ (turn >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            let chosen = usize::try_from((z ^ (z >> 31)) % addresses.len() as u64).unwrap();
            for record in exchange.answer.iter_mut().filter(|record: &&mut Record| record.rtype == "A") {
                record.data.clone_from(&addresses[chosen]);
            }
        }
        Twist::Denies(denied) if denied == rtype => {
            exchange.rcode = Rcode::NXDOMAIN;
            exchange.answer.clear();
        }
        Twist::Fails(failing) if failing == rtype => {
            exchange.rcode = Rcode::SERVFAIL;
            exchange.answer.clear();
        }
        _ => {}
    }
}
