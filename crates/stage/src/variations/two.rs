//! Two faults at once, of different kinds: one among the stores, one among the rest, so that each has cells of its own.
//!
//! At most one of them is published, since what mends a publication puts back the whole zone before it.

use super::Dice;
use super::dns::{STORES, front};
use super::others::page;

/// Services beside the stores: the host that customers ask for, and the role behind it.
const REST: &[(&str, &str)] = &[
    ("mail", "mail"),
    ("docs", "documents"),
    ("connect", "connect"),
    ("testflight", "testflight"),
    ("support", "support"),
];

/// The second begins so much later at most, in seconds.
const LATER_S: u64 = 60;

/// A kind of fault, in both halves of the estate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    Gone,
    Emptied,
    WrongAddress,
    Dot,
    Killed,
    Halted,
    Page,
    Certificate,
    Disk,
}

const PUBLISHED: &[Half] = &[Half::Gone, Half::Emptied, Half::WrongAddress, Half::Dot];
const OTHERS: &[Half] = &[Half::Killed, Half::Halted, Half::Page, Half::Certificate, Half::Disk];

pub(super) fn items(dice: &mut Dice) -> Vec<String> {
    let one = half(dice, OTHERS, None);
    let other = match dice.between(0, 2) {
        0 => half(dice, OTHERS, Some(one)),
        _ => half(dice, PUBLISHED, None),
    };
    let (among_stores, among_rest) = if dice.between(0, 1) == 0 { (one, other) } else { (other, one) };
    let (stores, rest) = (stores(dice, among_stores), rest(dice, among_rest));
    let later_s = dice.between(0, LATER_S);
    let (from_s, for_s) = (dice.from_s, dice.for_s);
    vec![dice.fault(&stores), dice.lasting(from_s + later_s, for_s - later_s, &rest)]
}

fn half(dice: &mut Dice, of: &[Half], but: Option<Half>) -> Half {
    let left: Vec<Half> = of.iter().copied().filter(|half| Some(*half) != but).collect();
    let at = dice.between(0, left.len().saturating_sub(1) as u64);
    left.get(super::index(at)).copied().unwrap_or(Half::Killed)
}

/// A fault that only stores have.
fn stores(dice: &mut Dice, half: Half) -> String {
    let inner = dice.one(&["details.internal", "buy.internal"]).to_owned();
    let name = match dice.between(0, 2) {
        0 => front(dice),
        1 => "cdn".to_owned(),
        _ => inner,
    };
    match half {
        Half::Killed => format!("kill: {}", dice.one(&["music", "details", "commerce", "delivery"])),
        Half::Halted => format!("pause: {}", dice.one(&["books", "details", "delivery"])),
        Half::Page => page(dice, STORES),
        Half::Certificate => format!("expire-certificate: {}", front(dice)),
        Half::Disk => format!("fill-disk: {}", dice.one(STORES)),
        Half::Gone | Half::Emptied | Half::WrongAddress | Half::Dot => published(half, &name, "buy"),
    }
}

/// A fault that only one of the rest has.
fn rest(dice: &mut Dice, half: Half) -> String {
    let hosts: Vec<&str> = REST.iter().map(|(host, _)| *host).collect();
    let host = dice.one(&hosts);
    let role = REST.iter().find(|(other, _)| *other == host).map_or("mail", |(_, role)| *role);
    match half {
        Half::Killed => format!("kill: {role}"),
        Half::Halted => format!("pause: {role}"),
        Half::Page => page(dice, &[role]),
        Half::Certificate => format!("expire-certificate: {host}"),
        // Of the rest, these write.
        Half::Disk => format!("fill-disk: {}", dice.one(&["mail", "connect", "support"])),
        Half::Gone | Half::Emptied | Half::WrongAddress | Half::Dot => published(half, host, "id"),
    }
}

fn published(half: Half, name: &str, other: &str) -> String {
    match half {
        Half::Emptied => format!("publish: {{empty: [{name}]}}"),
        Half::WrongAddress => format!("publish: {{set: [\"{name} IN A 127.9.9.9\"]}}"),
        Half::Dot => format!("publish: {{set: [\"{name} IN CNAME {other}.shop.example\"]}}"),
        _ => format!("publish: {{remove: [{name}]}}"),
    }
}
