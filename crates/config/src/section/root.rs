//! The whole: the sections at the top level, how several files become one, and the way to a plan.

use std::collections::BTreeMap;
use std::rc::Rc;

use candor_core::id::PlaceId;
use candor_core::model::{Plan, Resolve, Vantage};

use super::policy::{DEFAULTS, PolicyWords};
use super::service::Surroundings;
use super::{keep, maintenance, names, page, place, relation, resolve, service, vantage};
use crate::field::{Field, Map, Section, Shape};
use crate::reader::{Reader, quote};
use crate::step::client;
use crate::tree::{self, Entry, Node, NodeKind, Span};

pub(crate) static ROOT: Section = Section {
    name: "config",
    doc: "The whole. In a folder of files, lists and tables of several files are joined; any other key stands in one file only.",
    groups: &[&[
        Field::new("page", Shape::Map(&page::PAGE), "The public page."),
        Field::new("operate", Shape::Map(&page::OPERATE), "The operators' site."),
        Field::new(
            "places",
            place::SHAPE,
            "Markets or storefronts that customers belong to. Without any, each capability has one cell.",
        )
        .example("[gb, us, ca, in]"),
        Field::new("vantages", Shape::Table(&Shape::Map(&vantage::VANTAGE)), "Where checks run from.")
            .preset("one, `here`: this host")
            .example("{london: {in: gb}}"),
        Field::new("measure", Shape::Map(&vantage::MEASURE), "Which vantages measure a place."),
        Field::new(
            "anchors",
            Shape::List(&Shape::Written("dns://server/name or tcp://host:port")),
            "A vantage that can reach none of them is blind, and accuses nobody.",
        )
        .example("[\"dns://192.0.2.53/example.net\", \"tcp://198.51.100.7:443\"]"),
        Field::new("resolve", resolve::SHAPE, "How addresses are found.").preset("system"),
        Field::new(
            "defaults",
            Shape::Map(&DEFAULTS),
            "What holds for every service that does not say otherwise.",
        ),
        Field::new(
            "templates",
            Shape::Table(&Shape::Map(&service::TEMPLATE)),
            "Services without an id, for services to start from.",
        ),
        Field::new(
            "services",
            Shape::List(&Shape::Map(&service::SERVICE)),
            "What is watched, in the order of the page.",
        )
        .required(),
        Field::new("names", Shape::List(&Shape::Map(&names::ZONE)), "Zones that are watched."),
        Field::new("maintenance", Shape::List(&Shape::Map(&maintenance::MAINTENANCE)), "Intended downtime."),
        Field::new(
            "ledger",
            Shape::Written("sqlite:path"),
            "Where the logs are kept; the path starts from the folder of the config.",
        )
        .preset("sqlite:candor.db"),
        Field::new("keep", Shape::Map(&keep::KEEP), "How long history is kept."),
        Field::later("impact"),
        Field::later("reports"),
        Field::later("notify"),
        Field::later("heartbeat"),
        Field::later("operators"),
    ]],
};

/// Reads all files of the reader's source.
pub(crate) fn read(reader: &Reader<'_>) -> Option<Plan> {
    // Every file is parsed before any is given up: one that is not YAML would make all that refers to it look wrong.
    let files: Vec<_> = (0..reader.source.files.len()).map(|file| tree::parse(reader, file)).collect();
    let roots: Result<Vec<_>, _> = files.into_iter().collect();
    let roots: Vec<Rc<Node>> = roots.ok()?.into_iter().flatten().collect();
    plan(reader, &join(reader, roots))
}

fn plan(reader: &Reader<'_>, root: &Node) -> Option<Plan> {
    let map = Map::open(reader, root, &ROOT)?;
    let page_node = map.get("page").map(|n| &**n);
    let page = page::read_page(reader, page_node);
    let operate = page.as_ref().and_then(|(_, _, listen)| {
        page::read_operate(reader, map.get("operate").map(|n| &**n), *listen, page_node)
    });
    let places = place::read(reader, map.get("places"));
    let vantages = vantage::read(reader, map.get("vantages"), &places);
    let measure = vantage::read_measure(reader, map.get("measure"));
    let anchors = resolve::read_anchors(reader, map.get("anchors"));
    let resolve = resolve::read(reader, map.get("resolve")).unwrap_or(Resolve::System);
    let defaults = map.get("defaults").and_then(|n| Map::open(reader, n, &DEFAULTS));
    let mut near: BTreeMap<PlaceId, Vec<&Vantage>> = BTreeMap::new();
    for vantage in &vantages {
        for place in &vantage.lies_in {
            near.entry(place.clone()).or_default().push(vantage);
        }
    }
    let surroundings = Surroundings {
        places: &places,
        vantages: &vantages,
        near: &near,
        measure,
        policy: defaults.map(|m| PolicyWords::read(reader, &m)).unwrap_or_default(),
        outfit: client::read(reader, defaults.as_ref()),
    };
    // Defaults that no service uses are checked all the same.
    surroundings.policy.settle(reader, false);
    let services = service::read_all(reader, &map, &surroundings);
    let zones = names::read(reader, map.get("names"));
    let maintenance = maintenance::read(reader, map.get("maintenance"), &services);
    let ledger = keep::read_ledger(reader, map.get("ledger"));
    let keep = keep::read_keep(reader, map.get("keep"));
    let (page, page_host, _) = page?;
    relation::page_outside_of_zones(reader, page_host.as_ref(), &zones);
    relation::numbers_differ(reader, map.head(), &services);
    Some(Plan {
        page,
        operate: operate?,
        places,
        vantages,
        anchors,
        resolve,
        services,
        zones,
        maintenance,
        ledger,
        keep,
    })
}

/// Several files as one map: lists and tables joined, anything else once.
fn join(reader: &Reader<'_>, roots: Vec<Rc<Node>>) -> Rc<Node> {
    let mut joined: Vec<Entry> = Vec::new();
    let none = Span { file: 0, start: 0, end: 0 };
    if roots.len() < 2 {
        return roots
            .into_iter()
            .next()
            .unwrap_or_else(|| Rc::new(Node::new(none, NodeKind::Map(Vec::new()))));
    }
    for root in &roots {
        if !matches!(root.kind, NodeKind::Map(_)) && !root.is_nothing() {
            reader.refuse_hint(
                root.head(),
                "a map belongs here (config)",
                "keys such as services, page, places",
            );
        }
        for entry in root.entries() {
            match joined.iter_mut().find(|e| e.key == entry.key) {
                None => joined.push(entry.clone()),
                Some(first) => match both(reader, first, entry) {
                    Some(value) => first.value = Rc::new(value),
                    None => {
                        let hint =
                            format!("it stands {} already; one file says it for all", reader.place(first.at));
                        reader.refuse_hint(
                            entry.at,
                            format!("{} stands in two files", quote(&entry.key)),
                            hint,
                        );
                    }
                },
            }
        }
    }
    let span = roots.first().map_or(none, |n| n.span);
    Rc::new(Node::new(span, NodeKind::Map(joined)))
}

/// Two values of one key as one, where its shape is a list or a table.
fn both(reader: &Reader<'_>, first: &Entry, second: &Entry) -> Option<Node> {
    let shape = ROOT.field(&first.key)?.shape;
    match (&first.value.kind, &second.value.kind) {
        (NodeKind::List(a), NodeKind::List(b)) => {
            let items = a.iter().chain(b).map(Rc::clone).collect();
            Some(Node::new(first.value.span, NodeKind::List(items)))
        }
        (NodeKind::Map(a), NodeKind::Map(b)) if matches!(shape, Shape::Table(_) | Shape::AnyOf(_)) => {
            let mut entries = a.clone();
            for entry in b {
                match a.iter().find(|e| e.key == entry.key) {
                    None => entries.push(entry.clone()),
                    Some(known) => {
                        let hint = format!("the first is {}", reader.place(known.at));
                        reader.refuse_hint(
                            entry.at,
                            format!("{} stands here twice", quote(&entry.key)),
                            hint,
                        );
                    }
                }
            }
            Some(Node::new(first.value.span, NodeKind::Map(entries)))
        }
        _ => None,
    }
}
