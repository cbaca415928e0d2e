//! `maintenance`: intended downtime, once or by the calendar.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::rc::Rc;

use candor_core::id::ServiceId;
use candor_core::model::{Maintenance, Service, When};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::calendar::Calendar;
use crate::field::{Field, Map, Section, Shape};
use crate::limits::{MAINTENANCE_FOR, MAINTENANCE_MAX};
use crate::reader::{Reader, near, quote};
use crate::tree::Node;

pub(crate) static MAINTENANCE: Section = Section {
    name: "maintenance",
    doc: "Intended downtime. Measuring goes on beneath it.",
    groups: &[&[
        Field::new("name", Shape::Text, "Its name for readers.").required().example("Launch"),
        Field::new("services", Shape::List(&Shape::Id), "The services it covers.")
            .preset("all")
            .example("[app-store]"),
        Field::new("from", Shape::Written("date and time"), "When it begins, if it is once.")
            .example("2027-03-09T08:00Z"),
        Field::new(
            "on_calendar",
            Shape::Written("days and a time"),
            "When it begins, if it is often: `Sun 02:00`, `Mon..Fri 22:30`, `daily 03:00`, `*-*-01 04:00`.",
        )
        .example("\"Sun 02:00\""),
        Field::new("for", Shape::Duration(&MAINTENANCE_FOR), "How long it lasts.").required().example("4h"),
        Field::new(
            "timezone",
            Shape::Written("IANA time zone"),
            "Where `on_calendar`, or a `from` without an offset, is read.",
        )
        .preset("UTC")
        .example("Europe/London"),
    ]],
};

/// Years of windows.
const YEARS: RangeInclusive<i16> = 1970..=2200;

pub(crate) fn read(reader: &Reader<'_>, node: Option<&Rc<Node>>, services: &[Service]) -> Vec<Maintenance> {
    let items = node.map_or(&[][..], |n| reader.list(n));
    if let Some(node) = node.filter(|n| !reader.at_most(n.head(), items.len(), MAINTENANCE_MAX, "windows")) {
        reader.refuse_if_silent(node.head());
        return Vec::new();
    }
    let known: BTreeMap<&str, &ServiceId> = services.iter().map(|s| (s.id.as_str(), &s.id)).collect();
    let read = |n: &Rc<Node>| {
        let window = window(reader, n, &known);
        if window.is_none() {
            reader.refuse_if_silent(n.head());
        }
        window
    };
    items.iter().filter_map(read).collect()
}

fn window(reader: &Reader<'_>, node: &Node, known: &BTreeMap<&str, &ServiceId>) -> Option<Maintenance> {
    let map = Map::open(reader, node, &MAINTENANCE)?;
    let name = map.get("name").and_then(|n| reader.name(n));
    let lasts = map.get("for").and_then(|n| reader.duration(n, &MAINTENANCE_FOR));
    let zone = map.get("timezone").map(|n| zone(reader, n));
    let mut services = Vec::new();
    for item in map.get("services").map_or(&[][..], |n| reader.list(n)) {
        if reader.is_spent() {
            break;
        }
        let Some(text) = reader.text(item) else { continue };
        match known.get(text) {
            Some(service) => services.push(ServiceId::clone(service)),
            None => {
                let hint = match near(text, known.keys().copied()) {
                    Some(word) => format!("did you mean `{word}`?"),
                    None => "the ids stand under `services:`".to_owned(),
                };
                reader.refuse_hint(item.span, format!("there is no service {}", quote(text)), hint);
            }
        }
    }
    let when = when(reader, &map, zone)?;
    Some(Maintenance { name: name?.to_owned(), services, when, lasts: lasts?.value })
}

/// `zone`: not written, or wrong, or right.
fn when(reader: &Reader<'_>, map: &Map<'_>, zone: Option<Option<TimeZone>>) -> Option<When> {
    match (map.get("from"), map.get("on_calendar")) {
        (Some(from), None) => from_once(reader, from, zone).map(When::At),
        (None, Some(node)) => {
            let text = reader.text(node)?;
            let Some(calendar) = Calendar::parse(text) else {
                let hint = "such as `Sun 02:00`, `Mon..Fri 22:30`, `daily 03:00` or `*-*-01 04:00`";
                reader.refuse_hint(node.span, format!("{} is not a calendar expression", quote(text)), hint);
                return None;
            };
            let zone = zone.unwrap_or(Some(TimeZone::UTC))?;
            let words = format!("{text} {}", zone.iana_name().unwrap_or("UTC"));
            Some(When::Often { words, starts: calendar.starts(reader.now, &zone) })
        }
        _ => {
            reader.refuse_hint(
                map.head(),
                "a maintenance needs one of `from` and `on_calendar`",
                "`from: 2027-03-09T08:00Z` for once, `on_calendar: \"Sun 02:00\"` for often",
            );
            None
        }
    }
}

fn from_once(reader: &Reader<'_>, node: &Node, zone: Option<Option<TimeZone>>) -> Option<Timestamp> {
    let text = reader.text(node)?;
    if let Ok(at) = text.parse::<Timestamp>() {
        return near_enough(reader, node, at);
    }
    match (text.parse::<DateTime>(), zone) {
        (Ok(local), Some(zone)) => {
            local.to_zoned(zone?).ok().and_then(|z| near_enough(reader, node, z.timestamp()))
        }
        (Ok(_), None) => {
            let hint = format!("write {}Z for UTC, or add `timezone: Europe/London`", text.trim());
            reader.refuse_hint(node.span, format!("{} says no time zone", quote(text)), hint);
            None
        }
        (Err(_), _) => {
            reader.refuse_hint(
                node.span,
                format!("{} is not a date and time", quote(text)),
                "such as 2027-03-09T08:00Z",
            );
            None
        }
    }
}

/// A time that a window can have: a slip in the year would be a window that nobody sees.
fn near_enough(reader: &Reader<'_>, node: &Node, at: Timestamp) -> Option<Timestamp> {
    let year = at.to_zoned(TimeZone::UTC).year();
    if !YEARS.contains(&year) {
        let hint = format!("a year from {} to {}", YEARS.start(), YEARS.end());
        reader.refuse_hint(node.span, format!("the year {year} is out of bounds"), hint);
        return None;
    }
    Some(at)
}

fn zone(reader: &Reader<'_>, node: &Node) -> Option<TimeZone> {
    let text = reader.text(node)?;
    let zone = TimeZone::get(text).ok();
    if zone.is_none() {
        reader.refuse_hint(
            node.span,
            format!("{} is not a time zone", quote(text)),
            "IANA names, such as Europe/London or UTC",
        );
    }
    zone
}
