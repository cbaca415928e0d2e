//! `names: … limits` and `require`: what a change of a zone may do.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use candor_core::model::{RuleWeight, ZoneLimits};

use crate::field::{Field, Map, Section, Shape};
use crate::limits::{NEGATIVE_TTL, REMOVED_NAMES, TTL};
use crate::quantity::{Bounds, whole};
use crate::reader::{Reader, quote};
use crate::step::address::is_name;
use crate::tree::Node;

const WEIGHTS: &[(&str, RuleWeight)] =
    &[("refuse", RuleWeight::Refuse), ("warn", RuleWeight::Warn), ("off", RuleWeight::Off)];

pub(crate) static LIMITS: Section = Section {
    name: "zone limits",
    doc: "How far a change of a zone may go before it is refused ([guard.md](guard.md)).",
    groups: &[&[
        Field::new(
            "removed",
            Shape::Written("share, `5%`"),
            "The share of its sets of records that may vanish at once.",
        )
        .preset("5%"),
        Field::new("removed_names", Shape::Count(&REMOVED_NAMES), "How many names may vanish at once.")
            .bound(),
        Field::new(
            "negative_ttl",
            Shape::Duration(&NEGATIVE_TTL),
            "The longest time for which caches may remember that something does not exist.",
        )
        .bound(),
        Field::new(
            "ttl",
            Shape::Duration(&TTL),
            "The longest time for which caches may remember a new record.",
        )
        .bound(),
        Field::new(
            "owned",
            Shape::List(&Shape::Written("network")),
            "The networks that its addresses must lie in; anywhere where none is named.",
        )
        .example("[192.0.2.0/24, \"2001:db8::/32\"]"),
        Field::new("last_line", Shape::Text, "The last line of its file, where that is whole.")
            .example("\"; end\""),
        Field::new(
            "rules",
            Shape::Table(&Shape::Word(&["refuse", "warn", "off"])),
            "Rules that weigh otherwise than by themselves.",
        )
        .example("{R7: warn}"),
    ]],
};

/// What holds where nothing is written, in hundredths of a percent.
const REMOVED: u32 = 500;

pub(crate) fn read(reader: &Reader<'_>, node: Option<&Rc<Node>>) -> ZoneLimits {
    let map = node.and_then(|node| Map::open(reader, node, &LIMITS));
    let get = |key| map.and_then(|map| map.get(key));
    let duration = |key, bounds: &'static Bounds<Duration>| {
        get(key).and_then(|n| reader.duration(n, bounds)).map_or(bounds.default, |given| given.value)
    };
    let names = get("removed_names").and_then(|n| reader.count(n, &REMOVED_NAMES));
    ZoneLimits {
        removed: get("removed").and_then(|n| share(reader, n)).unwrap_or(REMOVED),
        removed_names: names.unwrap_or(REMOVED_NAMES.default),
        negative_ttl: duration("negative_ttl", &NEGATIVE_TTL),
        ttl: duration("ttl", &TTL),
        owned: get("owned").map_or_else(Vec::new, |n| owned(reader, n)),
        last_line: get("last_line").and_then(|n| reader.text(n)).map(str::to_owned),
        rules: get("rules").map_or_else(BTreeMap::new, |n| rules(reader, n)),
    }
}

/// Names that are required: `www A`, `@ MX`, `api`.
pub(crate) fn require(reader: &Reader<'_>, node: &Node) -> Vec<String> {
    let read = |item: &Rc<Node>| {
        let text = reader.text(item)?;
        let words: Vec<&str> = text.split_whitespace().collect();
        let is_type = |word: &str| {
            word.bytes().all(|b| b.is_ascii_alphanumeric()) && word.bytes().any(|b| b.is_ascii_alphabetic())
        };
        let (name, rtype) = match *words.as_slice() {
            [name] => (name, None),
            [name, rtype] => (name, Some(rtype)),
            _ => ("", None),
        };
        if (name == "@" || is_name(name.strip_suffix('.').unwrap_or(name))) && rtype.is_none_or(is_type) {
            return Some(text.to_owned());
        }
        let hint = "a name and a type, such as www A, or \"@ MX\" in quotes for the zone itself";
        reader.refuse_hint(item.span, format!("{} is no name to require", quote(text)), hint);
        None
    };
    reader.list(node).iter().filter_map(read).collect()
}

/// `5%`, in hundredths of a percent.
fn share(reader: &Reader<'_>, node: &Node) -> Option<u32> {
    let text = reader.text(node)?;
    let read = || {
        let (number, part) =
            text.strip_suffix('%').map(|n| n.trim_end().split_once('.').unwrap_or((n.trim_end(), "0")))?;
        if part.len() > 2 {
            return None;
        }
        let hundredths: u32 = whole(&format!("{part:0<2}"))?;
        let share = whole::<u32>(number)?.checked_mul(100)?.checked_add(hundredths)?;
        (share <= 10_000).then_some(share)
    };
    let share = read();
    if share.is_none() {
        reader.refuse_hint(
            node.span,
            format!("{} is no share", quote(text)),
            "such as 5% or 0.5%, up to 100%",
        );
    }
    share
}

fn owned(reader: &Reader<'_>, node: &Node) -> Vec<String> {
    let read = |item: &Rc<Node>| {
        let text = reader.text(item)?;
        let (address, bits) =
            text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let most = match address.parse::<IpAddr>() {
            Ok(IpAddr::V4(_)) => Some(32_u8),
            Ok(IpAddr::V6(_)) => Some(128),
            Err(_) => None,
        };
        let fits = most
            .is_some_and(|most| bits.is_none_or(|bits| whole::<u8>(bits).is_some_and(|bits| bits <= most)));
        if !fits {
            reader.refuse_hint(item.span, format!("{} is no network", quote(text)), "such as 192.0.2.0/24");
            return None;
        }
        Some(text.to_owned())
    };
    reader.list(node).iter().filter_map(read).collect()
}

fn rules(reader: &Reader<'_>, node: &Node) -> BTreeMap<String, RuleWeight> {
    let mut list = BTreeMap::new();
    for entry in node.entries() {
        let number = entry.key.strip_prefix('R').and_then(whole::<u8>);
        if number.is_none_or(|number| !(1..=17).contains(&number)) {
            let message = format!("{} is no rule", quote(&entry.key));
            reader.refuse_hint(entry.at, message, "R1 to R17, as docs/guard.md lists them");
        } else if let Some(weight) = reader.word(&entry.value, WEIGHTS) {
            list.insert(entry.key.to_string(), weight);
        }
    }
    list
}
