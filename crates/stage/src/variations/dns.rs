//! Faults of the DNS: what is published, who has it, and who answers.

use super::{Dice, Kind};

/// Hosts that customers ask for, beside the storefronts.
const HOSTS: &[&str] = &["id", "cdn", "mx", "mail", "docs", "connect", "testflight", "support"];

/// Names that roles ask for.
const INNER: &[&str] = &["details.internal", "id.internal", "buy.internal", "connect.internal"];

/// Names, each with another that leads to the same role.
const TWINS: &[(&str, &str)] = &[
    ("id", "id.internal"),
    ("cdn", "cdn.internal"),
    ("mail", "mail.internal"),
    ("docs", "docs.internal"),
    ("connect", "connect.internal"),
    ("support", "support.internal"),
    ("testflight", "testflight.internal"),
    ("buy.internal", "buy"),
    ("id.internal", "id"),
];

/// Stores, by the names of their storefronts.
pub(super) const STORES: &[&str] = &["apps", "macapps", "music", "books"];

/// The copies that are asked.
const ASKED: &[&str] = &["ns2", "ns3", "ns4"];

/// The copies that the customers of every variation ask.
const ASKED_EVERYWHERE: &[&str] = &["ns2", "ns4"];

/// Where nobody listens: told so at once, or met with silence.
const NOBODY: &[&str] = &["127.9.9.9", "127.9.9.17", "198.51.100.66", "203.0.113.9"];

/// The zone file's lines up to the addresses of its name servers, without which some servers load no zone.
const HEAD_LINES: u64 = 13;

/// A name that somebody asks for.
fn name(dice: &mut Dice) -> String {
    match dice.between(0, 2) {
        0 => dice.one(INNER).to_owned(),
        1 => front(dice),
        _ => dice.one(HOSTS).to_owned(),
    }
}

pub(super) fn front(dice: &mut Dice) -> String {
    let place = dice.place();
    format!("{place}.{}", dice.one(STORES))
}

pub(super) fn items(kind: Kind, dice: &mut Dice) -> Vec<String> {
    match kind {
        Kind::NameGone => {
            let name = name(dice);
            vec![dice.fault(&format!("publish: {{remove: [{name}]}}"))]
        }
        Kind::NamesGone => {
            let names = names(dice);
            vec![dice.fault(&format!("publish: {{remove: [{names}]}}"))]
        }
        Kind::Emptied => {
            let name = name(dice);
            vec![dice.fault(&format!("publish: {{empty: [{name}]}}"))]
        }
        Kind::ZoneCut => {
            let lines = dice.between(HEAD_LINES, HEAD_LINES + 16);
            vec![dice.fault(&format!("publish: {{cut-after: {lines}}}"))]
        }
        Kind::AliasBroken => alias_broken(dice),
        Kind::DotMissing => {
            let (name, twin) = twins(dice);
            vec![dice.fault(&set(&format!("{name} IN CNAME {twin}.shop.example")))]
        }
        Kind::Wildcard => wildcard(dice),
        Kind::WrongAddress => {
            let (name, address) = (name(dice), dice.one(NOBODY));
            vec![dice.fault(&set(&format!("{name} IN A {address}")))]
        }
        Kind::CopyOld => copy_old(dice),
        Kind::CopyExpired => copy_expired(dice),
        Kind::ServersSilent => {
            let verb = dice.one(&["pause", "kill", "stop"]);
            ["ns1", "ns2", "ns3", "ns4"]
                .iter()
                .map(|server| dice.fault(&format!("{verb}: {server}")))
                .collect()
        }
        _ => {
            let (verb, server) = (dice.one(&["pause", "kill"]), dice.one(ASKED));
            vec![dice.fault(&format!("{verb}: {server}"))]
        }
    }
}

fn set(line: &str) -> String {
    format!("publish: {{set: [\"{line}\"]}}")
}

fn twins(dice: &mut Dice) -> (&'static str, &'static str) {
    let names: Vec<&str> = TWINS.iter().map(|(name, _)| *name).collect();
    let name = dice.one(&names);
    TWINS.iter().find(|(other, _)| *other == name).copied().unwrap_or(("id", "id.internal"))
}

/// Three to six names, each once.
fn names(dice: &mut Dice) -> String {
    let most = index_of(dice.between(3, 6));
    let mut names: Vec<&str> = Vec::new();
    while names.len() < most {
        let name = if dice.between(0, 3) == 0 { dice.one(INNER) } else { dice.one(HOSTS) };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(", ")
}

fn index_of(number: u64) -> usize {
    super::index(number)
}

/// An alias to nowhere, one whose middle goes, or one that leads in a circle.
fn alias_broken(dice: &mut Dice) -> Vec<String> {
    let (name, twin) = twins(dice);
    match dice.between(0, 2) {
        0 => {
            let gone = dice.one(&["retired", "legacy", "old-front"]);
            vec![dice.fault(&set(&format!("{name} IN CNAME {gone}.shop.example.")))]
        }
        1 => vec![
            dice.always(&format!(
                "publish: {{set: [\"{name} IN CNAME link.shop.example.\", \"link IN CNAME {twin}.shop.example.\"]}}"
            )),
            dice.fault("publish: {remove: [link]}"),
        ],
        _ => vec![dice.fault(&format!(
            "publish: {{set: [\"{name} IN CNAME link.shop.example.\", \"link IN CNAME {name}.shop.example.\"]}}"
        ))],
    }
}

/// A name goes that an old wildcard covers.
fn wildcard(dice: &mut Dice) -> Vec<String> {
    let address = dice.one(NOBODY);
    let (covers, name) = if dice.between(0, 1) == 0 {
        ("internal", dice.one(INNER).to_owned())
    } else {
        let (place, store) = (dice.place(), dice.one(STORES));
        (store, format!("{place}.{store}"))
    };
    vec![
        dice.always(&set(&format!("*.{covers} IN A {address}"))),
        dice.fault(&format!("publish: {{remove: [{name}]}}")),
    ]
}

/// One copy, and the primary that nobody asks, have another zone than the rest.
fn copy_old(dice: &mut Dice) -> Vec<String> {
    let (hit, name) = (dice.one(ASKED_EVERYWHERE), dice.one(HOSTS));
    let rest: Vec<&str> = ASKED.iter().copied().filter(|copy| *copy != hit).collect();
    let change = match dice.between(0, 2) {
        0 => format!("remove: [{name}]"),
        1 => format!("empty: [{name}]"),
        _ => format!("set: [\"{name} IN A {}\"]", dice.one(NOBODY)),
    };
    vec![dice.fault(&format!("publish: {{{change}, withhold: [{}]}}", rest.join(", ")))]
}

/// One copy hears of the primary no more, or none does.
fn copy_expired(dice: &mut Dice) -> Vec<String> {
    let expire_s = dice.between(60, 120);
    let always = dice.always(&format!("publish: {{refresh: 20s, retry: 5s, expire: {expire_s}s}}"));
    // It goes on well for as long as the zone allows.
    dice.for_s += expire_s;
    let cause = if dice.between(0, 2) == 0 {
        format!("{}: ns1", dice.one(&["stop", "kill", "pause"]))
    } else {
        format!("link: {{copy: {}, cut: true}}", dice.one(ASKED))
    };
    vec![always, dice.fault(&cause)]
}
