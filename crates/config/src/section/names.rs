//! `names`: zones that are watched.

use std::collections::HashSet;
use std::rc::Rc;

use candor_core::model::WatchedZone;

use super::resolve::named_server;
use super::zone_limits;
use crate::field::{Field, Map, Section, Shape};
use crate::reader::{Reader, quote};
use crate::step::address::is_name;
use crate::tree::Node;

pub(crate) static ZONE: Section = Section {
    name: "zone",
    doc: "A zone that is watched.",
    groups: &[&[
        Field::new("zone", Shape::Written("domain name"), "Its origin.").required().example("shop.example"),
        Field::new(
            "servers",
            Shape::List(&Shape::Written("name@address[:port]")),
            "Its servers, where they are not to be found from the root.",
        )
        .example("[ns1.shop.example@192.0.2.1]"),
        Field::new(
            "require",
            Shape::List(&Shape::Written("name and type")),
            "Names that a change must not break, besides those that journeys go to and services need.",
        )
        .example("[www A, \"@ MX\"]"),
        Field::new("limits", Shape::Map(&zone_limits::LIMITS), "How far a change of it may go."),
        Field::later("primary"),
    ]],
};

pub(crate) fn read(reader: &Reader<'_>, node: Option<&Rc<Node>>) -> Vec<WatchedZone> {
    let mut zones: Vec<WatchedZone> = Vec::new();
    let mut known = HashSet::new();
    for item in node.map_or(&[][..], |n| reader.list(n)) {
        if reader.is_spent() {
            break;
        }
        let Some(map) = Map::open(reader, item, &ZONE) else { continue };
        let servers = map.get("servers").map_or(&[][..], |n| reader.list(n));
        let servers = servers.iter().filter_map(|n| named_server(reader, n)).collect();
        let Some((node, text)) = map.get("zone").and_then(|n| Some((n, reader.text(n)?))) else { continue };
        let zone = text.trim_end_matches('.').to_ascii_lowercase();
        if !is_name(&zone) {
            reader.refuse_hint(
                node.span,
                format!("{} is not the name of a zone", quote(text)),
                "such as shop.example",
            );
        } else if !known.insert(zone.clone()) {
            reader.refuse(node.span, format!("the zone {} is listed twice", quote(text)));
        } else {
            let require = map.get("require").map_or_else(Vec::new, |n| zone_limits::require(reader, n));
            let limits = zone_limits::read(reader, map.get("limits"));
            zones.push(WatchedZone { zone, servers, require, limits });
        }
    }
    zones
}
