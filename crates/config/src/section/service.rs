//! `services` and `templates`: what customers know by name, and what several of them share.

use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

use candor_core::id::{PlaceId, ServiceId};
use candor_core::model::{Place, Resolve, Service, Vantage};

use super::capability::{self, CAPABILITY};
use super::place::{VARIABLES, read_texts, read_variables};
use super::policy::{self, PolicyWords};
use super::resolve;
use super::vantage::{MeasureFrom, read_places};
use crate::field::{Field, Map, Section, Shape};
use crate::reader::{Reader, near, quote};
use crate::step::address::{is_host, is_name};
use crate::step::client::{self, Outfit};
use crate::tree::{Entry, Node, NodeKind, Span};
use crate::words;

pub(crate) static SERVICE: Section = Section {
    name: "service",
    doc: "Something that customers know by name.",
    groups: &[IDENTITY, BODY, policy::FIELDS, client::SHARED],
};

pub(crate) static TEMPLATE: Section = Section {
    name: "template",
    doc: "A service without an id. A service that names it says what differs; capabilities, labels and variables add up.",
    groups: &[BODY, policy::FIELDS, client::SHARED],
};

const IDENTITY: &[Field] = &[
    Field::new("id", Shape::Id, "Its stable id: a rename keeps its history. This or `ids`.")
        .example("app-store"),
    Field::new(
        "ids",
        Shape::List(&Shape::Id),
        "Several services that differ by their id alone; `{id}` tells them apart.",
    )
    .example("[wiki, blog]"),
    Field::new("template", Shape::Id, "The template it starts from.").example("web"),
];

const BODY: &[Field] = &[
    Field::new("name", Shape::Text, "Its name for readers.").preset("from the id").example("App Store"),
    Field::new("group", Shape::Text, "The heading under which the page lists it.").example("Stores"),
    Field::new("labels", Shape::Table(&Shape::Text), "Labels.").example("{tier: \"1\", team: store}"),
    Field::new("needs", Shape::List(&Shape::Written("domain name")), "Names it depends on inside.")
        .example("[db.internal.shop.example]"),
    Field::new(
        "places",
        Shape::AnyOf(&[Shape::Word(&["all", "none"]), Shape::List(&Shape::Id)]),
        "The places it has; with `none`, one cell for each capability.",
    )
    .preset("all")
    .example("[gb, us]"),
    Field::new("resolve", resolve::SHAPE, "How its journeys find addresses.").preset("as the vantage does"),
    Field::new("variables", VARIABLES, "What `{name}` holes stand for; those of a place come on top.")
        .example("{shop: main}"),
    Field::new(
        "allow_hosts",
        Shape::List(&Shape::Written("host")),
        "Hosts that an answer may point to although they are private, loopback or link-local.",
    )
    .example("[intranet.example]"),
    Field::new("capabilities", CAPABILITIES, "What customers can do with it, by id; at least one."),
    Field::later("revenue"),
    Field::later("targets"),
];

const CAPABILITIES: Shape = Shape::Table(&Shape::Map(&CAPABILITY));

/// What surrounds a service.
pub(crate) struct Surroundings<'a> {
    pub(crate) places: &'a [Place],
    pub(crate) vantages: &'a [Vantage],
    /// The vantages that lie in each place.
    pub(crate) near: &'a BTreeMap<PlaceId, Vec<&'a Vantage>>,
    pub(crate) measure: MeasureFrom,
    pub(crate) policy: PolicyWords,
    pub(crate) outfit: Outfit,
}

/// What surrounds a capability.
pub(crate) struct ServiceScope<'a> {
    pub(crate) around: &'a Surroundings<'a>,
    pub(crate) id: ServiceId,
    pub(crate) places: Vec<&'a Place>,
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) allow_hosts: Vec<String>,
    pub(crate) policy: PolicyWords,
    pub(crate) outfit: Outfit,
}

pub(crate) fn read_all(reader: &Reader<'_>, root: &Map<'_>, around: &Surroundings<'_>) -> Vec<Service> {
    let templates = root.get("templates");
    let mut services: Vec<Service> = Vec::new();
    let mut taken = HashSet::new();
    let mut used: HashSet<&str> = HashSet::new();
    let known = templates.map_or(&[][..], |n| n.entries());
    let known: BTreeMap<&str, &Entry> = known.iter().map(|e| (&*e.key, e)).collect();
    let items = root.get("services").map_or(&[][..], |n| reader.list(n));
    if let Some(node) =
        root.get("services").filter(|n| matches!(&n.kind, NodeKind::List(items) if items.is_empty()))
    {
        reader.refuse(node.span, "a plan without any service watches nothing");
    }
    for item in items {
        if reader.is_spent() {
            break;
        }
        let template = template_of(reader, item, &known);
        used.extend(template.map(|e| &*e.key));
        let whole = template.map_or_else(|| Rc::clone(item), |e| overlay(item, &e.value));
        let Some(map) = Map::open(reader, &whole, &SERVICE) else { continue };
        let ids = ids(reader, &map);
        // Each of them is read anew: all that the service says but the ids themselves.
        let weight = whole.weight.saturating_sub(ids.len());
        if ids.is_empty() {
            // What else is wrong with it is worth knowing, whatever its name will be.
            service(reader, &map, ServiceId::new("unnamed").ok(), around);
        }
        for (id, at) in ids {
            if reader.is_spent() || !reader.spend_values(at, weight) {
                break;
            }
            let known = !taken.insert(id.clone());
            if known {
                let hint = "an id names one service, for ever";
                reader.refuse_hint(at, format!("the service {} is listed twice", quote(id.as_str())), hint);
            }
            services.extend(service(reader, &map, Some(id), around).filter(|_| !known));
        }
    }
    for entry in templates.map_or(&[][..], |n| n.entries()) {
        check_template(reader, entry, around, used.contains(&*entry.key));
    }
    services
}

/// A template is checked for itself, also where no service uses it.
fn check_template(reader: &Reader<'_>, entry: &Entry, around: &Surroundings<'_>, used: bool) {
    if reader.is_spent() {
        return;
    }
    reader.id_of(&entry.key, entry.at, ServiceId::new);
    let Some(map) = Map::open(reader, &entry.value, &TEMPLATE) else { return };
    if !used {
        reader.warn(
            entry.at,
            format!("no service uses the template {}", quote(&entry.key)),
            format!("a service says `template: {}`", entry.key),
        );
        if map.get("capabilities").is_some() {
            service(reader, &map, ServiceId::new("unnamed").ok(), around);
        }
    }
}

fn template_of<'t>(reader: &Reader<'_>, item: &Node, known: &BTreeMap<&str, &'t Entry>) -> Option<&'t Entry> {
    let node = item.child("template")?;
    let name = reader.text(node)?;
    let found = known.get(name).copied();
    if found.is_none() {
        let hint = match near(name, known.keys().copied()) {
            Some(word) => format!("did you mean `{word}`?"),
            None => "templates stand under `templates:`".to_owned(),
        };
        reader.refuse_hint(node.span, format!("there is no template {}", quote(name)), hint);
    }
    found
}

/// What a service says over what its template says: tables add up, anything else is replaced.
fn overlay(service: &Rc<Node>, template: &Rc<Node>) -> Rc<Node> {
    let mut entries = service.entries().to_vec();
    for base in template.entries() {
        match entries.iter_mut().find(|e| e.key == base.key) {
            None => entries.push(base.clone()),
            Some(own) if matches!(&*base.key, "capabilities" | "labels" | "variables") => {
                let mut table = own.value.entries().to_vec();
                let said: HashSet<&str> = own.value.entries().iter().map(|e| &*e.key).collect();
                table.extend(base.value.entries().iter().filter(|b| !said.contains(&*b.key)).cloned());
                own.value = Rc::new(Node::new(own.value.span, NodeKind::Map(table)));
            }
            Some(_) => {}
        }
    }
    Rc::new(Node::new(service.span, NodeKind::Map(entries)))
}

fn ids(reader: &Reader<'_>, map: &Map<'_>) -> Vec<(ServiceId, Span)> {
    let nodes: Vec<&Rc<Node>> = match (map.get("id"), map.get("ids")) {
        (Some(id), None) => vec![id],
        (None, Some(ids)) => reader.list(ids).iter().collect(),
        (Some(_), Some(ids)) => {
            reader.refuse(ids.head(), "a service has `id` or `ids`, not both");
            Vec::new()
        }
        (None, None) => {
            let hint = "a stable word that its history hangs on: `id: app-store`";
            reader.refuse_hint(map.head(), "`id` is missing (service)", hint);
            Vec::new()
        }
    };
    nodes.into_iter().filter_map(|n| Some((reader.id(n, ServiceId::new)?, n.span))).collect()
}

fn service(
    reader: &Reader<'_>,
    map: &Map<'_>,
    id: Option<ServiceId>,
    around: &Surroundings<'_>,
) -> Option<Service> {
    let id = id?;
    let name =
        map.get("name").and_then(|n| reader.name(n)).map_or_else(|| words::title(id.as_str()), str::to_owned);
    let group = map.get("group").and_then(|n| reader.name(n)).map(str::to_owned);
    let labels = read_texts(reader, map.get("labels"), "{team: store}");
    let seen = |(key, (text, at)): &(String, (String, Span))| {
        reader.check_name(key, *at) && reader.check_name(text, *at)
    };
    let labels = labels.into_iter().filter(seen).map(|(key, (text, _))| (key, text)).collect();
    let resolve = resolve::read(reader, map.get("resolve")).unwrap_or(Resolve::Inherit);
    let scope = ServiceScope {
        around,
        id: id.clone(),
        places: places(reader, map, around),
        variables: read_variables(reader, map.get("variables")),
        allow_hosts: read_hosts(reader, map.get("allow_hosts")),
        policy: PolicyWords::read(reader, map).close().or(&around.policy),
        outfit: client::read(reader, Some(map)).or(&around.outfit),
    };
    let capabilities = match map.get("capabilities") {
        Some(node) => capability::read_all(reader, node, &scope),
        None => {
            let hint = "say what customers can do: `capabilities: {open: {journey: [{get: https://shop.example/}]}}`";
            reader.refuse_hint(map.head(), "`capabilities` is missing (service)", hint);
            Vec::new()
        }
    };
    let needs = read_names(reader, map.get("needs"));
    Some(Service { id, name, group, labels, needs, resolve, capabilities })
}

fn places<'a>(reader: &Reader<'_>, map: &Map<'_>, around: &Surroundings<'a>) -> Vec<&'a Place> {
    let Some(node) = map.get("places") else { return around.places.iter().collect() };
    if let NodeKind::Scalar { .. } = node.kind {
        return match reader.word(node, &[("all", true), ("none", false)]) {
            Some(true) => around.places.iter().collect(),
            _ => Vec::new(),
        };
    }
    let wanted = read_places(reader, node, around.places);
    // In the order of the page's places, so that all services show them alike.
    around.places.iter().filter(|p| wanted.contains(&p.id)).collect()
}

/// Host names or addresses.
pub(crate) fn read_hosts(reader: &Reader<'_>, node: Option<&Rc<Node>>) -> Vec<String> {
    read_checked(reader, node, is_host, "a host name or address")
}

fn read_names(reader: &Reader<'_>, node: Option<&Rc<Node>>) -> Vec<String> {
    read_checked(reader, node, is_name, "a domain name")
}

fn read_checked(
    reader: &Reader<'_>,
    node: Option<&Rc<Node>>,
    check: fn(&str) -> bool,
    what: &str,
) -> Vec<String> {
    let mut texts = Vec::new();
    for item in node.map_or(&[][..], |n| reader.list(n)) {
        if reader.is_spent() {
            break;
        }
        let Some(text) = reader.text(item) else { continue };
        let name = text.trim_end_matches('.').to_ascii_lowercase();
        if check(&name) {
            texts.push(name);
        } else {
            reader.refuse(item.span, format!("{} is not {what}", quote(text)));
        }
    }
    texts
}
