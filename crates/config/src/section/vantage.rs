//! `vantages` and `measure`: where checks run from, and which of them measure a place.

use std::rc::Rc;

use candor_core::id::{PlaceId, VantageId};
use candor_core::model::{Place, Resolve, Vantage};

use super::resolve;
use crate::field::{Field, Map, Section, Shape};
use crate::limits::VANTAGES_MAX;
use crate::reader::{Reader, near, quote};
use crate::tree::{Node, NodeKind};
use crate::words;

pub(crate) static VANTAGE: Section = Section {
    name: "vantage",
    doc: "A vantage by its id.",
    groups: &[&[
        Field::new("in", Shape::Many(&Shape::Id), "The place or places it lies in.").example("gb"),
        Field::new("name", Shape::Text, "Its name for readers.").preset("from the id").example("London"),
        Field::new("resolve", resolve::SHAPE, "How it finds addresses.")
            .preset("as `resolve` of the whole says"),
    ]],
};

pub(crate) static MEASURE: Section = Section {
    name: "measure",
    doc: "Which vantages measure a place.",
    groups: &[&[
        Field::new("from", Shape::Word(&["near", "all"]), "Those that lie in it, or all.").preset("near"),
        Field::new(
            "else",
            Shape::Word(&["all"]),
            "Where none lies in it; the page then says where it was measured from.",
        )
        .preset("all"),
    ]],
};

/// Whether a place is measured by the vantages in it alone, where there are some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MeasureFrom {
    Near,
    All,
}

pub(crate) fn read_measure(reader: &Reader<'_>, node: Option<&Rc<Node>>) -> MeasureFrom {
    let Some(map) = node.and_then(|n| Map::open(reader, n, &MEASURE)) else { return MeasureFrom::Near };
    if let Some(node) = map.get("else") {
        reader.word(node, &[("all", ())]);
    }
    let words = [("near", MeasureFrom::Near), ("all", MeasureFrom::All)];
    map.get("from").and_then(|n| reader.word(n, &words)).unwrap_or(MeasureFrom::Near)
}

/// The vantages; one of them, this host, where none is written.
pub(crate) fn read(reader: &Reader<'_>, node: Option<&Rc<Node>>, places: &[Place]) -> Vec<Vantage> {
    let mut vantages = Vec::new();
    if let Some(node) = node {
        let NodeKind::Map(entries) = &node.kind else {
            reader.refuse_hint(node.head(), "a map of vantages belongs here", "such as `london: {in: gb}`");
            return vantages;
        };
        if !reader.at_most(node.head(), entries.len(), VANTAGES_MAX, "vantages") {
            return vantages;
        }
        for entry in entries {
            if let Some(id) = reader.id_of(&entry.key, entry.at, VantageId::new) {
                vantages.extend(vantage(reader, id, &entry.value, places));
            }
        }
    }
    if vantages.is_empty() {
        let here = VantageId::new("here").ok();
        vantages.extend(here.map(|id| Vantage {
            id,
            name: "this host".into(),
            lies_in: Vec::new(),
            resolve: Resolve::Inherit,
        }));
    }
    vantages
}

fn vantage(reader: &Reader<'_>, id: VantageId, node: &Node, places: &[Place]) -> Option<Vantage> {
    let map = Map::open(reader, node, &VANTAGE)?;
    let name =
        map.get("name").and_then(|n| reader.name(n)).map_or_else(|| words::title(id.as_str()), str::to_owned);
    let lies_in = map.get("in").map(|n| read_places(reader, n, places)).unwrap_or_default();
    let resolve = resolve::read(reader, map.get("resolve")).unwrap_or(Resolve::Inherit);
    Some(Vantage { id, name, lies_in, resolve })
}

/// Ids of places that exist.
pub(crate) fn read_places(reader: &Reader<'_>, node: &Rc<Node>, places: &[Place]) -> Vec<PlaceId> {
    let mut ids = Vec::new();
    for item in reader.one_or_many(node) {
        if reader.is_spent() {
            break;
        }
        let Some(text) = reader.text(item) else { continue };
        match places.iter().find(|p| p.id.as_str() == text) {
            Some(place) if ids.contains(&place.id) => {
                reader.refuse(item.span, format!("{} is listed twice", quote(text)));
            }
            Some(place) => ids.push(place.id.clone()),
            None => {
                let known = || places.iter().map(|p| p.id.as_str());
                let hint = match near(text, known()) {
                    Some(word) => format!("did you mean `{word}`?"),
                    None if places.is_empty() => "list it under `places:` first".to_owned(),
                    None => format!(
                        "list it under `places:`; known are {}",
                        known().take(8).collect::<Vec<_>>().join(", ")
                    ),
                };
                reader.refuse_hint(item.span, format!("there is no place {}", quote(text)), hint);
            }
        }
    }
    ids
}
