//! The steps of journeys: one module for each verb, and what they share.
//!
//! `address` (hosts and ports), `client` (TLS and proxy), `json` (bodies), `http` with `expect` and `capture`, `dns`,
//! `tcp` (with `tls`), `smtp`, `ping`. To add a verb: write its module and enter it into [`VERBS`] and [`STEP`].

pub(crate) mod address;
pub(crate) mod capture;
pub(crate) mod client;
pub(crate) mod dns;
pub(crate) mod expect;
pub(crate) mod http;
pub(crate) mod json;
pub(crate) mod ping;
pub(crate) mod smtp;
pub(crate) mod tcp;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use candor_core::model::{JourneyStep, Place, Resolve, Step, StepWhen};
use candor_core::template::Template;

use self::client::Outfit;
use crate::field::{Field, Map, Section, Shape};
use crate::limits::{STEPS_MAX, TIMEOUT};
use crate::quantity::Words;
use crate::reader::{Given, Reader, near, quote};
use crate::section::policy::Settled;
use crate::section::resolve;
use crate::tree::{Entry, Node, NodeKind, Span};

/// Any step.
pub(crate) static STEP: Shape = Shape::AnyOf(&[
    Shape::Map(&http::HTTP),
    Shape::Map(&dns::DNS),
    Shape::Map(&tcp::TCP),
    Shape::Map(&tcp::TLS),
    Shape::Map(&smtp::SMTP),
    Shape::Map(&ping::PING),
    Shape::Map(&ALWAYS),
]);

/// What every verb takes.
pub(crate) const COMMON: &[Field] = &[
    Field::new("timeout", Shape::Duration(&TIMEOUT), "How long the step may take in all.")
        .preset("the `timeout` of the capability"),
    Field::new("resolve", resolve::SHAPE, "How it finds addresses.").preset("as the service does"),
];

static ALWAYS: Section = Section {
    name: "step always",
    doc: "Steps that run also after a failure, to clean up.",
    groups: &[&[Field::new("always", Shape::List(&STEP), "The steps.")
        .example("[{delete: \"https://shop.example/orders/{run}\"}]")]],
};

/// A verb, its section, and what reads it.
type Verb = (
    &'static str,
    &'static Section,
    fn(&mut Scope<'_, '_>, &Map<'_>) -> Option<(Step, Option<Given<Duration>>)>,
);

static VERBS: &[Verb] = &[
    ("get", &http::HTTP, http::read),
    ("head", &http::HTTP, http::read),
    ("post", &http::HTTP, http::read),
    ("put", &http::HTTP, http::read),
    ("delete", &http::HTTP, http::read),
    ("dns", &dns::DNS, dns::read),
    ("tcp", &tcp::TCP, tcp::read),
    ("tls", &tcp::TLS, tcp::read_tls),
    ("smtp", &smtp::SMTP, smtp::read),
    ("ping", &ping::PING, ping::read),
];

/// What a step can refer to.
pub(crate) struct Scope<'r, 's> {
    pub(crate) reader: &'r Reader<'s>,
    pub(crate) outfit: &'r Outfit,
    /// Whether an earlier step read a page, for `first_link`.
    pub(crate) page_read: bool,
    has_places: bool,
    /// Holes that are filled so far.
    filled: BTreeSet<String>,
    /// Variables that only some places have, with one that does not.
    partial: BTreeMap<String, String>,
    /// Captures of the whole journey, for a hint.
    captured_later: BTreeSet<String>,
}

/// A step before its capability's policy is known.
pub(crate) struct Draft {
    step: Step,
    when: StepWhen,
    timeout: Option<Given<Duration>>,
    within: Option<Given<Duration>>,
    resolve: Resolve,
}

impl<'r, 's> Scope<'r, 's> {
    pub(crate) fn new(
        reader: &'r Reader<'s>,
        places: &[&Place],
        variables: &BTreeMap<String, String>,
        outfit: &'r Outfit,
    ) -> Self {
        let mut filled: BTreeSet<String> = variables.keys().cloned().collect();
        filled.extend(["run".to_owned(), "id".to_owned()]);
        let mut partial = BTreeMap::new();
        if !places.is_empty() {
            filled.insert("place".into());
            let names: BTreeSet<&String> = places.iter().flat_map(|p| p.variables.keys()).collect();
            for name in names {
                match places.iter().find(|p| !p.variables.contains_key(name)) {
                    None => drop(filled.insert(name.clone())),
                    Some(place) => drop(partial.insert(name.clone(), place.id.to_string())),
                }
            }
        }
        let has_places = !places.is_empty();
        Self {
            reader,
            outfit,
            page_read: false,
            has_places,
            filled,
            partial,
            captured_later: BTreeSet::new(),
        }
    }

    /// A text whose holes something fills.
    pub(crate) fn template(&self, node: &Node) -> Option<Template> {
        let template = self.reader.template(node)?;
        self.check_holes(&template, node.span);
        Some(template)
    }

    /// The same for a part of a value.
    pub(crate) fn template_of(&self, text: &str, at: Span) -> Option<Template> {
        let template = self.reader.template_of(text, at)?;
        self.check_holes(&template, at);
        Some(template)
    }

    fn check_holes(&self, template: &Template, at: Span) {
        // A text with more unknown holes than this is no text with holes.
        for name in template.holes().filter(|name| !self.filled.contains(*name)).take(20) {
            let at = self.reader.within(at, &format!("{{{name}}}"));
            let hint = if let Some(place) = self.partial.get(name) {
                format!("the place {} has no variable {}", quote(place), quote(name))
            } else if self.captured_later.contains(name) {
                "it is captured only by this or a later step".to_owned()
            } else if name == "place" && !self.has_places {
                "the service has no places; list them under `places:`".to_owned()
            } else {
                match near(name, self.filled.iter().map(String::as_str)) {
                    Some(word) => format!("did you mean {{{word}}}?"),
                    None => {
                        format!("known here: {}", self.filled.iter().cloned().collect::<Vec<_>>().join(", "))
                    }
                }
            };
            self.reader.refuse_hint(at, format!("nothing fills {{{name}}}"), hint);
        }
    }

    /// Takes note of a capture, for the steps after this one.
    pub(crate) fn capture(&mut self, name: &str, at: Span) {
        if !self.filled.insert(name.to_owned()) {
            let hint =
                "a capture needs a name of its own; place, run, id, variables and earlier captures are taken";
            self.reader.refuse_hint(at, format!("{} is filled already", quote(name)), hint);
        }
    }
}

/// The steps of a journey.
pub(crate) fn read_journey(scope: &mut Scope<'_, '_>, node: &Node) -> Vec<Draft> {
    scope.captured_later = capture_names(node);
    let items = scope.reader.list(node);
    if items.is_empty() && matches!(node.kind, NodeKind::List(_)) {
        scope.reader.refuse_hint(
            node.span,
            "a journey needs at least one step",
            "such as {get: https://shop.example/}",
        );
    }
    let mut steps = Vec::new();
    for item in items {
        if scope.reader.is_spent() {
            break;
        }
        read_step(scope, item, StepWhen::Passing, &mut steps);
    }
    if steps.len() > STEPS_MAX {
        scope
            .reader
            .refuse(node.head(), format!("a journey has at most {STEPS_MAX} steps, not {}", steps.len()));
    }
    steps
}

fn capture_names(node: &Node) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let NodeKind::List(items) = &node.kind else { return names };
    for item in items {
        names
            .extend(item.child("capture").map_or(&[][..], |n| n.entries()).iter().map(|e| e.key.to_string()));
        if let Some(inner) = item.child("always") {
            names.extend(capture_names(inner));
        }
    }
    names
}

fn read_step(scope: &mut Scope<'_, '_>, node: &Rc<Node>, when: StepWhen, steps: &mut Vec<Draft>) {
    let reader = scope.reader;
    if !matches!(node.kind, NodeKind::Map(_)) {
        reader.refuse_hint(node.head(), "a step belongs here", "such as {get: https://shop.example/}");
        return;
    }
    if let Some(inner) = node.child("always") {
        if Map::open(reader, node, &ALWAYS).is_none() {
            return;
        }
        if when == StepWhen::Always {
            reader.refuse(node.head(), "`always` inside of `always` says it twice");
            return;
        }
        for item in reader.list(inner) {
            if reader.is_spent() {
                break;
            }
            read_step(scope, item, StepWhen::Always, steps);
        }
        return;
    }
    let Some((_, section, read)) = verb(reader, node) else { return };
    let Some(map) = Map::open(reader, node, section) else { return };
    let timeout = map.get("timeout").and_then(|n| reader.duration(n, &TIMEOUT));
    let resolve = resolve::read(reader, map.get("resolve")).unwrap_or(Resolve::Inherit);
    match read(scope, &map) {
        Some((step, within)) => steps.push(Draft { step, when, timeout, within, resolve }),
        None => reader.refuse_if_silent(node.head()),
    }
}

/// The one verb of a step. `tls` is a verb before an address, and a demand before a map.
fn verb(reader: &Reader<'_>, node: &Node) -> Option<&'static Verb> {
    let is_verb = |e: &&Entry| {
        let demand = &*e.key == "tls" && matches!(e.value.kind, NodeKind::Map(_));
        !demand && VERBS.iter().any(|(verb, ..)| *verb == &*e.key)
    };
    let mut found = node.entries().iter().filter(is_verb);
    let Some(first) = found.next() else {
        let verbs: Vec<&str> = VERBS.iter().map(|(verb, ..)| *verb).chain(["always"]).collect();
        let meant =
            node.entries().iter().find_map(|e| near(&e.key, verbs.iter().copied()).map(|word| (e, word)));
        match meant {
            Some((entry, word)) => {
                reader.refuse_hint(
                    entry.at,
                    format!("{} is not a step", quote(&entry.key)),
                    format!("did you mean `{word}`?"),
                );
            }
            None => reader.refuse_hint(
                node.head(),
                "a step needs a verb",
                format!("one of: {}", verbs.join(", ")),
            ),
        }
        return None;
    };
    if let Some(second) = found.next() {
        let message = format!("a step has one verb, not `{}` and `{}`", first.key, second.key);
        reader.refuse_hint(second.at, message, "make two steps of it");
        return None;
    }
    VERBS.iter().find(|(verb, ..)| *verb == &*first.key)
}

impl Draft {
    /// Whether it leaves traces in the service.
    pub(crate) fn writes(&self) -> bool {
        matches!(&self.step, Step::Http(http) if http.method.writes())
    }

    /// The step with its capability's timeout, and what must hold between the two.
    pub(crate) fn finish(self, reader: &Reader<'_>, settled: &Settled) -> JourneyStep {
        let deadline = settled.policy.deadline;
        let timeout = self.timeout.map_or(settled.timeout, |g| g.value);
        if let Some(given) = self.timeout.filter(|g| settled.sound && g.value > deadline) {
            let message = format!(
                "a timeout of {} is longer than the journey's deadline of {}",
                Words(given.value),
                Words(deadline)
            );
            reader.refuse_hint(
                given.at,
                message,
                "shorten `timeout`, or lengthen `deadline` (and `every`, which bounds it)",
            );
        }
        if let Some(given) = self.within.filter(|g| settled.sound && g.value > timeout) {
            let message = format!("no step takes longer than its timeout of {}", Words(timeout));
            reader.refuse_hint(given.at, message, "a `within` beyond the timeout can never be missed");
        }
        JourneyStep { step: self.step, when: self.when, timeout, resolve: self.resolve }
    }
}
