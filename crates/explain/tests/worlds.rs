//! The judge over seeded trees in memory: whatever the tree, one that is well is never accused; one fault in it is named, with
//! its class and its zone. A seed that fails is printed, and makes the same tree again.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says by a panic what it missed; helpers outside of its function too"
)]

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use candor_core::Timestamp;
use candor_core::finding::{Finding, What};
use candor_explain::{Known, judge};
use candor_names::ask::{AskError, AskOptions};
use candor_names::walk::{AskFuture, Bounds, Host, Net, Start, TreeInMemory};
use candor_names::{Question, WalkRequest, Zone, walk_in};

/// Trees of each kind that are tried.
const TREES: u64 = 400;

/// Chance, the same for a seed (SplitMix64).
#[derive(Debug)]
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// A zone in the making: its servers, and its lines.
#[derive(Debug, Clone)]
struct Making {
    apex: String,
    servers: Vec<(String, Ipv4Addr)>,
    serial: u32,
    lines: Vec<String>,
    /// What a server has instead of the zone as it is, by its place.
    otherwise: BTreeMap<usize, Otherwise>,
}

#[derive(Debug, Clone)]
enum Otherwise {
    Zone(String),
    Silent,
    Refuses,
    Fails,
}

impl Making {
    fn text(&self) -> String {
        let first = &self.servers[0].0;
        let mut text = format!(
            "$ORIGIN {}\n$TTL 300\n@ SOA {first} h.{first} {} 600 300 86400 60\n",
            self.apex, self.serial
        );
        for (name, ip) in &self.servers {
            text.push_str(&format!("@ NS {name}\n"));
            if name.ends_with(&format!(".{}", self.apex)) || self.apex == "." {
                text.push_str(&format!("{name} A {ip}\n"));
            }
        }
        text.push_str(&self.lines.concat());
        text
    }

    /// What the zone above says of it.
    fn delegation(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (name, ip) in &self.servers {
            lines.push(format!("{} NS {name}\n", self.apex));
            if name.ends_with(&format!(".{}", self.apex)) {
                lines.push(format!("{name} A {ip}\n"));
            }
        }
        lines
    }
}

/// A root, a top-level domain, a zone in it and at times one below; a host under several names in the last.
struct World {
    zones: Vec<Making>,
    /// Names that are well, with what they lead to.
    names: Vec<(String, String)>,
    alias: (String, String),
}

fn world(chance: &mut Chance) -> World {
    let mut apexes = vec![".".to_owned(), "test.".to_owned(), "shop.test.".to_owned()];
    if chance.one_in(3) {
        apexes.push("eu.shop.test.".to_owned());
    }
    let mut zones: Vec<Making> = Vec::new();
    for (depth, apex) in apexes.iter().enumerate() {
        let count = 1 + chance.below(4);
        let label = |n: u64| if apex == "." { format!("r{n}.root.") } else { format!("ns{n}.{apex}") };
        let ip = |n: u64| Ipv4Addr::new(127, 80, u8::try_from(depth).unwrap(), u8::try_from(n).unwrap() + 1);
        let servers = (0..count).map(|n| (label(n), ip(n))).collect();
        let serial = 1 + u32::try_from(chance.below(1_000_000)).unwrap();
        zones.push(Making {
            apex: apex.clone(),
            servers,
            serial,
            lines: Vec::new(),
            otherwise: BTreeMap::new(),
        });
    }
    let last = apexes.last().unwrap().clone();
    let mut names = Vec::new();
    for n in 0..6 + chance.below(20) {
        let name = format!("h{n:02}.{last}");
        let data = format!("192.0.2.{}", n + 1);
        zones.last_mut().unwrap().lines.push(format!("{name} A {data}\n"));
        names.push((name, data));
    }
    let alias = (format!("login.{last}"), names[0].0.clone());
    let lines = &mut zones.last_mut().unwrap().lines;
    lines.push(format!("{} CNAME {}\n", alias.0, alias.1));
    lines.push(format!("@ MX 10 {}\n@ MX 20 {}\n_s._tcp SRV 0 0 443 {}\n", names[0].0, alias.0, names[1].0));
    World { zones, names, alias }
}

fn at(ip: Ipv4Addr) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(ip), 53)
}

fn parsed(text: &str) -> Zone {
    Zone::parse(text, None, "world.zone").unwrap_or_else(|faults| panic!("{faults:?}\n{text}"))
}

/// The tree as it answers.
fn tree(world: &World) -> TreeInMemory {
    let mut tree = TreeInMemory::default();
    let mut texts: Vec<String> = world.zones.iter().map(Making::text).collect();
    for (index, zone) in world.zones.iter().enumerate().skip(1) {
        texts[index - 1].push_str(&zone.delegation().concat());
    }
    for (zone, text) in world.zones.iter().zip(&texts) {
        for (place, (_, ip)) in zone.servers.iter().enumerate() {
            let host = match zone.otherwise.get(&place) {
                None => Host::Serves(vec![parsed(text)]),
                Some(Otherwise::Zone(other)) => Host::Serves(vec![parsed(other)]),
                Some(Otherwise::Silent) => Host::Silent,
                Some(Otherwise::Refuses) => Host::Serves(Vec::new()),
                Some(Otherwise::Fails) => Host::Fails,
            };
            tree.put(at(*ip), host);
        }
    }
    tree
}

/// A tree on the way to which answers are lost, by chance.
#[derive(Debug)]
struct Lossy {
    tree: TreeInMemory,
    chance: Mutex<Chance>,
    one_in: u64,
}

impl Net for Lossy {
    fn ask<'a>(
        &'a self,
        server: SocketAddr,
        question: &'a Question,
        options: &'a AskOptions,
    ) -> AskFuture<'a> {
        if self.chance.lock().unwrap().one_in(self.one_in) {
            let lost = AskError::Timeout { server, deadline: options.deadline };
            return Box::pin(std::future::ready(Err(lost)));
        }
        self.tree.ask(server, question, options)
    }
}

/// What is found of a name, or a name and a type.
async fn explained(world: &World, name: &str, known: &Known) -> Finding {
    explained_over(Arc::new(tree(world)), world, name, known).await
}

async fn explained_over(net: Arc<dyn Net>, world: &World, name: &str, known: &Known) -> Finding {
    let (name, types) = match name.split_once('/') {
        Some((name, rtype)) => (name, vec![rtype]),
        None => (name, vec!["A", "AAAA"]),
    };
    let mut hints = String::new();
    for (name, ip) in &world.zones[0].servers {
        hints.push_str(&format!(". NS {name}\n{name} A {ip}\n"));
    }
    let question = |name: &str, rtype: &str| Question::parse(name, rtype).unwrap();
    let request = WalkRequest {
        questions: types.into_iter().map(|rtype| question(name, rtype)).collect(),
        resolvers: Vec::new(),
        neighbours: known
            .names
            .iter()
            .filter(|other| other.name != name)
            .map(|other| question(&other.name, "A"))
            .collect(),
        former: Vec::new(),
        bounds: Bounds::default(),
    };
    let walked = walk_in(net, &Start::hints(&hints).unwrap(), &request, &|_| {}).await;
    judge(&walked, known, Timestamp::UNIX_EPOCH)
}

fn all_known(world: &World) -> Known {
    let mut known = Known::default();
    for (name, data) in &world.names {
        known.add(name, "A", data.clone());
    }
    known
}

#[tokio::test]
async fn a_tree_that_is_well_is_never_accused() {
    for seed in 0..TREES {
        let mut chance = Chance(seed);
        let world = world(&mut chance);
        let (name, _) = &world.names[usize::try_from(chance.below(6)).unwrap()];
        let apex = &world.zones.last().unwrap().apex;
        let others = [format!("{apex}/MX"), format!("_s._tcp.{apex}/SRV")];
        let others = others.iter().filter(|_| seed % 5 == 0);
        for name in [name, &world.alias.0].into_iter().chain(others) {
            let found = explained(&world, name, &all_known(&world)).await;
            assert_eq!(
                (found.what.class(), found.asides.len()),
                ("healthy", 0),
                "seed {seed}, {name}: {found:?}"
            );
        }
    }
}

#[tokio::test]
async fn of_lost_answers_nothing_but_silence_is_concluded() {
    for seed in 0..TREES {
        let mut chance = Chance(seed + 7_000_000);
        let world = world(&mut chance);
        let one_in = 2 + chance.below(8);
        let apex = world.zones.last().unwrap().apex.clone();
        for name in [world.names[0].0.clone(), world.alias.0.clone(), format!("{apex}/MX")] {
            let net = Lossy { tree: tree(&world), chance: Mutex::new(Chance(seed)), one_in };
            let found = explained_over(Arc::new(net), &world, &name, &all_known(&world)).await;
            let classes = std::iter::once(&found.what).chain(&found.asides).map(What::class);
            let allowed = ["healthy", "could_not_tell", "F11"];
            let strange: Vec<_> = classes.filter(|class| !allowed.contains(class)).collect();
            assert!(strange.is_empty(), "seed {seed}, one in {one_in}, {name}: {strange:?} {found:?}");
        }
    }
}

/// Takes one name out of the last zone.
fn remove(world: &mut World, name: &str) {
    let zone = world.zones.last_mut().unwrap();
    zone.serial += 1;
    zone.lines.retain(|line| !line.starts_with(&format!("{name} ")));
}

/// Breaks one thing; the name to ask for and the class to be found.
fn broken(world: &mut World, chance: &mut Chance) -> (String, &'static str) {
    let last = world.zones.len() - 1;
    let (name, data) = world.names[usize::try_from(chance.below(6)).unwrap()].clone();
    let servers = world.zones[last].servers.len();
    let one = usize::try_from(chance.below(servers as u64)).unwrap();
    match chance.below(13) {
        11 => {
            // One mail server leads to the name by an alias, the other is the name.
            let gone = world.alias.1.clone();
            remove(world, &gone);
            (format!("{}/MX", world.zones[last].apex), "F1")
        }
        12 => {
            let host = world.names[1].0.clone();
            remove(world, &host);
            world.zones[last].lines.push(format!("{host} TXT \"empty\"\n"));
            (format!("_s._tcp.{}/SRV", world.zones[last].apex), "F2")
        }
        0 => {
            remove(world, &name);
            (name, "F1")
        }
        1 => {
            remove(world, &name);
            world.zones[last].lines.push(format!("{name} TXT \"empty\"\n"));
            (name, "F2")
        }
        2 => {
            let zone = &mut world.zones[last];
            zone.serial += 1;
            zone.lines.retain(|line| line.starts_with("login") || line.starts_with("h05"));
            (if name.starts_with("h05") { world.names[1].0.clone() } else { name }, "F3")
        }
        3 => {
            let alias = world.alias.clone();
            remove(world, &alias.0);
            let apex = world.zones[last].apex.clone();
            world.zones[last].lines.push(format!("{} CNAME {}{apex}\n", alias.0, alias.1));
            (alias.0, "F4")
        }
        4 if servers > 1 => {
            let mut blank = world.zones[last].clone();
            blank.lines.clear();
            let blank = blank.text();
            world.zones[last].otherwise.insert(one, Otherwise::Zone(blank));
            (name, "F5")
        }
        5 => {
            let alias = world.alias.clone();
            remove(world, &alias.1);
            (alias.0, "F6")
        }
        6 => {
            remove(world, &name);
            let apex = world.zones[last].apex.clone();
            world.zones[last].lines.push(format!("*.{apex} A 198.51.100.99\n"));
            (name, "F7")
        }
        7 => {
            remove(world, &name);
            world.zones[last].lines.push(format!("{name} A 198.51.100.66\n"));
            (name, "F8")
        }
        8 => {
            for place in 0..servers {
                world.zones[last].otherwise.insert(place, Otherwise::Refuses);
            }
            (name, "F9")
        }
        9 => {
            for place in 0..servers {
                world.zones[last].otherwise.insert(place, Otherwise::Silent);
            }
            (name, "F11")
        }
        10 if servers > 1 => {
            if chance.one_in(2) {
                world.zones[last].otherwise.insert(one, Otherwise::Fails);
            } else {
                let mut old = world.zones[last].clone();
                old.serial = old.serial.wrapping_sub(1);
                let old = old.text().replace(&format!("{name} A {data}"), &format!("{name} A 192.0.2.200"));
                world.zones[last].otherwise.insert(one, Otherwise::Zone(old));
            }
            (name, "F12")
        }
        _ => {
            // The zone below the top-level domain is not in it any more.
            let gone = world.zones.iter().position(|zone| zone.apex == "shop.test.").unwrap();
            world.zones.truncate(gone);
            (name, "F10")
        }
    }
}

#[tokio::test]
async fn one_fault_in_a_tree_is_named() {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for seed in 0..TREES {
        let mut chance = Chance(seed + 1_000_000);
        let mut world = world(&mut chance);
        let known = all_known(&world);
        let (name, class) = broken(&mut world, &mut chance);
        let found = explained(&world, &name, &known).await;
        assert_eq!(found.what.class(), class, "seed {seed}, {name}: {found:?}");
        *counts.entry(class).or_default() += 1;
    }
    // Chance must have made each of them.
    assert_eq!(counts.len(), 12, "{counts:?}");
}

#[tokio::test]
async fn of_lost_answers_no_other_fault_is_made_than_the_one_that_is_there() {
    for seed in 0..TREES {
        let mut chance = Chance(seed + 11_000_000);
        let mut world = world(&mut chance);
        let known = all_known(&world);
        let (name, class) = broken(&mut world, &mut chance);
        let net = Lossy { tree: tree(&world), chance: Mutex::new(Chance(seed)), one_in: 3 + chance.below(8) };
        let found = explained_over(Arc::new(net), &world, &name, &known).await;
        let told = found.what.class();
        // Where only the server is heard that has another zone than the rest, that zone is what there is.
        let alone: &[&str] = match class {
            "F5" => &["F1", "F3", "F6"],
            "F12" => &["F5", "F8"],
            // Or where nothing was heard of the name beside it.
            "F7" => &["F8"],
            _ => &[],
        };
        let allowed = [class, "healthy", "could_not_tell", "F11"];
        assert!(allowed.contains(&told) || alone.contains(&told), "seed {seed}, {class}, {name}: {found:?}");
    }
}

#[tokio::test]
async fn one_server_of_a_top_level_domain_that_fails_is_nobodys_outage() {
    for seed in 0..50 {
        let mut chance = Chance(seed + 5_000_000);
        let mut world = world(&mut chance);
        let others = world.zones[1].servers.len() > 1;
        let faults = [Otherwise::Silent, Otherwise::Refuses, Otherwise::Fails];
        let fault = faults[usize::try_from(chance.below(3)).unwrap()].clone();
        world.zones[1].otherwise.insert(0, fault);
        let found = explained(&world, &world.names[0].0, &all_known(&world)).await;
        assert_eq!(found.what.class() == "healthy", others, "seed {seed}: {found:?}");
        assert_eq!(found.asides.len(), usize::from(others), "seed {seed}: {found:?}");
    }
}

#[tokio::test]
async fn in_a_zone_of_ones_own_a_name_that_is_gone_is_no_registrars_doing() {
    let mut tree = TreeInMemory::default();
    let address = at(Ipv4Addr::new(127, 80, 9, 1));
    let zone = "$ORIGIN corp.\n$TTL 300\n@ SOA ns.corp. h.corp. 1 600 300 86400 60\n@ NS ns.corp.\nns A 127.80.9.1\nwww A 192.0.2.1\n";
    tree.put(address, Host::Serves(vec![parsed(zone)]));
    let server = candor_names::KnownServer { name: "ns.corp.".to_owned(), address };
    let start = Start::nowhere().with_stub("corp", server).unwrap();
    let request = WalkRequest {
        questions: vec![Question::parse("nope.corp", "A").unwrap()],
        resolvers: Vec::new(),
        neighbours: Vec::new(),
        former: Vec::new(),
        bounds: Bounds::default(),
    };
    let walked = walk_in(Arc::new(tree), &start, &request, &|_| {}).await;
    assert_eq!(judge(&walked, &Known::default(), Timestamp::UNIX_EPOCH).what.class(), "F1");
}

#[tokio::test]
async fn one_server_of_a_parent_that_denies_the_zone_is_named() {
    for seed in 0..40 {
        let mut chance = Chance(seed + 9_000_000);
        let mut world = world(&mut chance);
        if world.zones[1].servers.len() < 2 {
            continue;
        }
        let blank = world.zones[1].text();
        world.zones[1].otherwise.insert(1, Otherwise::Zone(blank));
        let found = explained(&world, &world.names[0].0, &all_known(&world)).await;
        let What::Disagreement { zone, wrong, .. } = &found.what else { panic!("seed {seed}: {found:?}") };
        assert_eq!((zone.as_str(), wrong.these.len()), ("test.", 1), "seed {seed}");
    }
}
