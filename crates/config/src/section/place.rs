//! `places`: the markets or storefronts that customers belong to, and the variables of each.

use std::collections::BTreeMap;
use std::rc::Rc;

use candor_core::id::PlaceId;
use candor_core::model::Place;

use crate::countries;
use crate::field::{Field, Map, Section, Shape};
use crate::limits::PLACES_MAX;
use crate::reader::{Reader, quote};
use crate::text::is_hole_name;
use crate::tree::{Node, NodeKind, Span};
use crate::words;

pub(crate) static PLACE: Section = Section {
    name: "place",
    doc: "A place by its id: an ISO 3166-1 code, or a word of your own.",
    groups: &[&[
        Field::new("name", Shape::Text, "Its name as it stands after \"in\".")
            .preset("from ISO 3166-1, else from the id")
            .example("the UK"),
        Field::new("variables", VARIABLES, "What `{name}` holes in journeys stand for here.")
            .example("{currency: GBP}"),
    ]],
};

pub(crate) const SHAPE: Shape = Shape::AnyOf(&[Shape::List(&Shape::Id), Shape::Table(&Shape::Map(&PLACE))]);

pub(crate) const VARIABLES: Shape = Shape::Table(&Shape::Text);

/// Holes that journeys fill by themselves.
pub(crate) const RESERVED: [&str; 3] = ["place", "run", "id"];

pub(crate) fn read(reader: &Reader<'_>, node: Option<&Rc<Node>>) -> Vec<Place> {
    let Some(node) = node else { return Vec::new() };
    if !reader.at_most(node.head(), node.len(), PLACES_MAX, "places") {
        return Vec::new();
    }
    let mut places: Vec<Place> = Vec::new();
    let mut add = |text: &str, at: Span, value: Option<&Node>| {
        let Some(id) = reader.id_of(text, at, PlaceId::new) else { return };
        if places.iter().any(|p| p.id == id) {
            reader.refuse(at, format!("the place {} is listed twice", quote(text)));
            return;
        }
        places.push(place(reader, id, value));
    };
    match &node.kind {
        NodeKind::Map(entries) => {
            for entry in entries {
                add(&entry.key, entry.at, Some(&*entry.value));
            }
        }
        _ => {
            for item in reader.list(node) {
                if let Some(text) = reader.text(item) {
                    add(text, item.span, None);
                }
            }
        }
    }
    places
}

fn place(reader: &Reader<'_>, id: PlaceId, node: Option<&Node>) -> Place {
    let map = node.and_then(|n| Map::open(reader, n, &PLACE));
    let get = |key| map.and_then(|m| m.get(key));
    let derived = || countries::name(id.as_str()).map_or_else(|| words::title(id.as_str()), str::to_owned);
    let name = get("name").and_then(|n| reader.name(n)).map_or_else(derived, str::to_owned);
    let variables = read_variables(reader, get("variables"));
    Place { id, name, variables }
}

/// Texts by name, for the holes of journeys.
pub(crate) fn read_variables(reader: &Reader<'_>, node: Option<&Rc<Node>>) -> BTreeMap<String, String> {
    let mut variables = read_texts(reader, node, "{currency: GBP}");
    variables.retain(|name, (_, at)| {
        let sound = is_hole_name(name) && !RESERVED.contains(&name.as_str());
        if !sound {
            let hint = "letters, digits, - and _; not place, run or id, which are always there";
            reader.refuse_hint(*at, format!("{} cannot name a variable", quote(name)), hint);
        }
        sound
    });
    variables.into_iter().map(|(name, (text, _))| (name, text)).collect()
}

/// A map of texts with keys of the user's own.
pub(crate) fn read_texts(
    reader: &Reader<'_>,
    node: Option<&Rc<Node>>,
    example: &str,
) -> BTreeMap<String, (String, Span)> {
    let mut texts = BTreeMap::new();
    let Some(node) = node else { return texts };
    let NodeKind::Map(entries) = &node.kind else {
        reader.refuse_hint(
            node.head(),
            "a map of words and texts belongs here",
            format!("such as {example}"),
        );
        return texts;
    };
    for entry in entries {
        if reader.is_spent() {
            break;
        }
        if let Some(text) = reader.passage(&entry.value) {
            texts.insert(entry.key.to_string(), (text.to_owned(), entry.at));
        }
    }
    texts
}
