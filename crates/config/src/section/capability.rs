//! `capabilities`: what customers can do with a service, the journey that measures it, and its cells.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use candor_core::id::{CapabilityId, CellId, CellKey, CheckId};
use candor_core::model::{Capability, Cell, Check, Journey, Place, Vantage};

use super::place::{VARIABLES, read_variables};
use super::policy::{self, PolicyWords};
use super::relation;
use super::service::{ServiceScope, read_hosts};
use super::vantage::MeasureFrom;
use crate::field::{Field, Map, Section, Shape};
use crate::reader::Reader;
use crate::step::{self, STEP, Scope};
use crate::tree::{Node, NodeKind, Span};
use crate::words;

pub(crate) static CAPABILITY: Section =
    Section { name: "capability", doc: "Something that customers can do.", groups: &[OWN, policy::FIELDS] };

const OWN: &[Field] = &[
    Field::new("journey", Shape::List(&STEP), "The steps of one customer doing it, in order.")
        .required()
        .example("[{get: https://shop.example/}]"),
    Field::new("name", Shape::Text, "Its name as a heading.").preset("from the id").example("Sign in"),
    Field::new("words", Shape::Map(&WORDS), "How sentences speak of it.").preset("from the id"),
    Field::new("writes", Shape::Bool, "Whether a run leaves traces in the service.")
        .preset("true with post, put or delete"),
    Field::new("variables", VARIABLES, "What `{name}` holes stand for, besides those of the service."),
    Field::new(
        "allow_hosts",
        Shape::List(&Shape::Written("host")),
        "Hosts that an answer may point to, besides those of the service.",
    ),
    Field::later("loses"),
];

static WORDS: Section = Section {
    name: "words",
    doc: "How sentences speak of a capability.",
    groups: &[&[
        Field::new("can", Shape::Text, "After \"You can\".").preset("from the id").example("sign in"),
        Field::new("doing", Shape::Text, "As a subject.").preset("from the id").example("signing in"),
    ]],
};

pub(crate) fn read_all(reader: &Reader<'_>, node: &Node, service: &ServiceScope<'_>) -> Vec<Capability> {
    let NodeKind::Map(entries) = &node.kind else {
        let hint = "such as `browse: {journey: [{get: https://shop.example/}]}`";
        reader.refuse_hint(node.head(), "a map of capabilities belongs here", hint);
        return Vec::new();
    };
    if entries.is_empty() {
        reader.refuse(node.span, "a service needs at least one capability");
    }
    let read = entries.iter().take_while(|_| !reader.is_spent()).filter_map(|entry| {
        let id = reader.id_of(&entry.key, entry.at, CapabilityId::new);
        if entry.value.is_nothing() {
            reader.refuse_hint(
                entry.at,
                "`journey` is missing (capability)",
                "such as `journey: [{get: https://shop.example/}]`",
            );
            return None;
        }
        if let NodeKind::List(_) = entry.value.kind {
            let hint = "its steps stand under `journey:`";
            reader.refuse_hint(entry.value.head(), "a map belongs here (capability), not a list", hint);
            return None;
        }
        let map = Map::open(reader, &entry.value, &CAPABILITY)?;
        let sound = id.is_some();
        let capability = capability(reader, &map, id.or_else(|| CapabilityId::new("unnamed").ok())?, service);
        sound.then_some(capability).flatten()
    });
    tight(read.collect())
}

/// A list without the room that it grew in: a plan stays for long, and thousands of services each have several.
fn tight<T>(mut list: Vec<T>) -> Vec<T> {
    list.shrink_to_fit();
    list
}

fn capability(
    reader: &Reader<'_>,
    map: &Map<'_>,
    id: CapabilityId,
    service: &ServiceScope<'_>,
) -> Option<Capability> {
    let derived = words::of_capability(id.as_str());
    let name = map.get("name").and_then(|n| reader.name(n)).map_or(derived.name, str::to_owned);
    let said = map.get("words").and_then(|n| Map::open(reader, n, &WORDS));
    let said = |key| said.and_then(|m| m.get(key)).and_then(|n| reader.name(n)).map(str::to_owned);
    let (can, doing) = (said("can").unwrap_or(derived.can), said("doing").unwrap_or(derived.doing));

    let texts = service.variables.iter().map(|(name, text)| name.len() + text.len()).sum();
    if !reader.spend_bytes(map.head(), texts) {
        return None;
    }
    let mut variables = service.variables.clone();
    variables.extend(read_variables(reader, map.get("variables")));
    let mut allow_hosts: BTreeSet<String> = service.allow_hosts.iter().cloned().collect();
    allow_hosts.extend(read_hosts(reader, map.get("allow_hosts")));

    let words = PolicyWords::read(reader, map).close().or(&service.policy);
    let writes = map.get("writes").and_then(|n| reader.boolean(n));
    let steps = steps(reader, map, service, &variables);
    let writes = writes.unwrap_or_else(|| steps.iter().any(step::Draft::writes));
    let settled = words.settle(reader, writes);
    let steps = tight(steps.into_iter().map(|s| s.finish(reader, &settled)).collect());
    let cells = tight(cells(reader, map.head(), &id, service)?);
    relation::quorum_can_be_met(reader, &settled, &cells);
    let journey = Arc::new(Journey { steps, allow_hosts, variables, writes });
    Some(Capability { id, name, can, doing, policy: settled.policy, journey, cells })
}

fn steps(
    reader: &Reader<'_>,
    map: &Map<'_>,
    service: &ServiceScope<'_>,
    variables: &BTreeMap<String, String>,
) -> Vec<step::Draft> {
    let Some(node) = map.get("journey") else { return Vec::new() };
    // The variables of every place are looked through.
    let work = service.places.iter().map(|place| place.variables.len() + 1).sum();
    if !reader.spend_values(node.head(), work) {
        return Vec::new();
    }
    let mut scope = Scope::new(reader, &service.places, variables, &service.outfit);
    step::read_journey(&mut scope, node)
}

/// One cell for each place, or a single one.
fn cells(
    reader: &Reader<'_>,
    at: Span,
    capability: &CapabilityId,
    service: &ServiceScope<'_>,
) -> Option<Vec<Cell>> {
    let places: Vec<Option<&Place>> = if service.places.is_empty() {
        vec![None]
    } else {
        service.places.iter().copied().map(Some).collect()
    };
    let cell = |place: Option<&Place>| {
        let (vantages, near) = measured_from(service, place);
        let texts = place.iter().flat_map(|p| &p.variables).map(|(name, text)| name.len() + text.len()).sum();
        // Counted before they are made: the product of four lists can be larger than any memory.
        let affordable = reader.spend_checks(at, vantages.len()) && reader.spend_bytes(at, texts);
        affordable.then(|| cell(capability, service, place, &vantages, near))
    };
    places.into_iter().map(cell).collect()
}

/// The vantages that measure a place, and whether they lie in it.
fn measured_from<'a>(service: &ServiceScope<'a>, place: Option<&Place>) -> (Vec<&'a Vantage>, bool) {
    let inside = place.and_then(|place| service.around.near.get(&place.id));
    match inside {
        Some(inside) if service.around.measure == MeasureFrom::Near => (inside.clone(), true),
        _ => (service.around.vantages.iter().collect(), inside.is_some()),
    }
}

fn cell(
    capability: &CapabilityId,
    service: &ServiceScope<'_>,
    place: Option<&Place>,
    vantages: &[&Vantage],
    near: bool,
) -> Cell {
    let key = CellKey {
        service: service.id.clone(),
        capability: capability.clone(),
        place: place.map(|p| p.id.clone()),
    };
    let mut variables = place.map(|p| p.variables.clone()).unwrap_or_default();
    variables.insert("id".into(), service.id.to_string());
    if let Some(place) = place {
        variables.insert("place".into(), place.id.to_string());
    }
    let checks =
        vantages.iter().map(|v| Check { id: CheckId::of(&key, &v.id), vantage: v.id.clone() }).collect();
    Cell { id: CellId::of(&key), key, variables, checks, near }
}
