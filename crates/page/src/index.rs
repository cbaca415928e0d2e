//! The front page: the answer first, then what is going on, then every service, then what is planned and past.

use askama::Template;
use candor_core::verdict::Verdict;
use candor_core::view::{CellView, MaintenanceView};
use jiff::Timestamp;

use crate::incident::{Brief, brief};
use crate::operators::{VoteRow, votes};
use crate::scene::{Frame, Here, Scene, When};
use crate::service::{Card, card};

/// Past incidents are shown on the front page for so many days.
const LATELY_S: i64 = 14 * 86_400;
/// Cells whose evidence operators see on the front page; the others are on the pages of their services.
const EVIDENCE_MAX: usize = 24;

#[derive(Template)]
#[template(path = "index.html")]
pub(crate) struct Index {
    frame: Frame,
    headline: String,
    further: Option<String>,
    notices: Vec<String>,
    open: Vec<Brief>,
    groups: Vec<Group>,
    maintenance: Vec<Window>,
    past: Vec<Brief>,
    evidence: Vec<Cell>,
    legend: [(&'static str, &'static str); 4],
}

/// Services under one heading.
struct Group {
    name: Option<String>,
    cards: Vec<Card>,
}

/// Intended downtime.
struct Window {
    name: String,
    services: String,
    from: When,
    until: When,
    now: bool,
    over: bool,
}

/// The evidence on one cell, for operators.
struct Cell {
    name: String,
    href: String,
    v: &'static str,
    word: &'static str,
    votes: Vec<VoteRow>,
}

pub(crate) fn page(scene: &Scene<'_>) -> Index {
    let (headline, further) = scene.speech.headline(scene.view);
    let view = scene.view;
    let (open, past): (Vec<_>, Vec<_>) = view.incidents.iter().partition(|i| i.state.is_open());
    let lately = |at: Timestamp| view.as_of.is_none_or(|now| now.duration_since(at).as_secs() <= LATELY_S);
    let past = past.into_iter().filter(|i| lately(i.resolved_at.unwrap_or(i.opened_at)));
    let notices = view.notices.iter();
    Index {
        frame: scene.frame(scene.speech.overall(view.overall), headline.clone(), Here::Now),
        headline: unbroken(&headline),
        further: further.filter(|_| view.saying.more > 0),
        notices: notices.filter_map(|n| scene.speech.notice(n, view.as_of, scene.operators())).collect(),
        open: open.into_iter().map(|i| brief(scene, i)).collect(),
        groups: groups(scene),
        maintenance: view.maintenance.iter().map(|m| window(scene, m)).collect(),
        past: past.map(|i| brief(scene, i)).collect(),
        evidence: if scene.operators() { evidence(scene) } else { Vec::new() },
        legend: Verdict::ALL.map(|v| (v.word(), scene.speech.verdict(v))),
    }
}

/// Numbers stay on the line of the word that they count.
fn unbroken(text: &str) -> String {
    let mut last = ' ';
    let held = text.chars().map(|c| {
        let held = if c == ' ' && last.is_ascii_digit() { '\u{a0}' } else { c };
        last = c;
        held
    });
    held.collect()
}

/// Services by their headings. Trouble comes first, among the headings and under each; otherwise the plan's order.
fn groups(scene: &Scene<'_>) -> Vec<Group> {
    let mut found: Vec<(Option<String>, Vec<&candor_core::view::ServiceView>)> = Vec::new();
    for service in &scene.view.services {
        match found.iter_mut().find(|(name, _)| *name == service.group) {
            Some((_, services)) => services.push(service),
            None => found.push((service.group.clone(), vec![service])),
        }
    }
    for (_, services) in &mut found {
        services.sort_by_key(|s| std::cmp::Reverse(s.verdict));
    }
    found.sort_by_key(|(_, services)| std::cmp::Reverse(services.iter().map(|s| s.verdict).max()));
    let titled = found.iter().any(|(name, _)| name.is_some());
    let named = |name: Option<String>| {
        name.or_else(|| titled.then(|| scene.speech.labels().other_services.to_owned()))
    };
    found
        .into_iter()
        .map(|(name, services)| Group {
            name: named(name),
            cards: services.into_iter().map(|s| card(scene, s)).collect(),
        })
        .collect()
}

fn window(scene: &Scene<'_>, m: &MaintenanceView) -> Window {
    let services = if m.services.is_empty() {
        scene.speech.labels().maintenance_all.to_owned()
    } else {
        scene.speech.list(&m.services)
    };
    let over = !m.now && scene.view.as_of.is_some_and(|now| m.until <= now);
    let (from, until) = (scene.moment(m.from), scene.moment(m.until));
    Window { name: m.name.clone(), services, from, until, now: m.now, over }
}

/// Cells that are not green, worst first.
fn evidence(scene: &Scene<'_>) -> Vec<Cell> {
    let mut cells: Vec<&CellView> = scene.cells().filter(|c| c.measured != Verdict::Operational).collect();
    cells.sort_by_key(|c| std::cmp::Reverse(c.measured));
    cells.truncate(EVIDENCE_MAX);
    let shown = |cell: &CellView| Cell {
        name: cell.key.to_string(),
        href: format!("/services/{}", cell.key.service),
        v: cell.measured.word(),
        word: scene.speech.verdict(cell.measured),
        votes: votes(scene, cell),
    };
    cells.into_iter().map(shown).collect()
}
