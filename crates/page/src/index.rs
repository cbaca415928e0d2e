//! The front page: the answer first, then what is going on, then every service, then what is planned and past.
//!
//! Its size is bounded, however many services there are: beyond [`ALL_MAX`] of them only those with trouble are shown
//! in full, up to [`CARDS_MAX`], others by name, up to [`NAMES_MAX`]; a page of its own has them all.

use askama::Template;
use candor_core::incident::{Incident, IncidentState};
use candor_core::verdict::Verdict;
use candor_core::view::{CellView, MaintenanceView, ServiceView};
use jiff::Timestamp;

use crate::incident::{Brief, brief};
use crate::operators::{VoteRow, votes};
use crate::scene::{Frame, Here, Scene, When};
use crate::service::{Card, card};
use crate::services::{Named, headings, named};

/// Past incidents are shown on the front page for so many days.
const LATELY_S: i64 = 14 * 86_400;
/// Cells whose evidence operators see on the front page; the others are on the pages of their services.
const EVIDENCE_MAX: usize = 24;

/// Up to so many services are all shown in full.
const ALL_MAX: usize = 100;
/// Where there are more: those in full.
const CARDS_MAX: usize = 50;
/// Where there are more: those by name.
const NAMES_MAX: usize = 500;
/// Incidents of each kind that are listed; the History page has them all.
const INCIDENTS_MAX: usize = 50;

#[derive(Template)]
#[template(path = "index.html")]
pub(crate) struct Index {
    frame: Frame,
    headline: String,
    further: Option<String>,
    notices: Vec<String>,
    open: Vec<Brief>,
    watched: Vec<Brief>,
    groups: Vec<Group>,
    all: Option<String>,
    maintenance: Vec<Window>,
    past: Vec<Brief>,
    evidence: Vec<Cell>,
    legend: [(&'static str, &'static str); 4],
}

/// Services under one heading.
struct Group {
    name: Option<String>,
    cards: Vec<Card>,
    names: Vec<Named>,
    more: Option<String>,
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
    // What is measured working again is not "going on", though it is not over either.
    let (watched, open): (Vec<_>, Vec<_>) =
        open.into_iter().partition(|i| i.state == IncidentState::Monitoring);
    let lately = |at: Timestamp| view.as_of.is_none_or(|now| now.duration_since(at).as_secs() <= LATELY_S);
    let past = past.into_iter().filter(|i| lately(i.resolved_at.unwrap_or(i.opened_at)));
    let notices = view.notices.iter();
    let briefs = |of: Vec<&Incident>| of.into_iter().take(INCIDENTS_MAX).map(|i| brief(scene, i)).collect();
    Index {
        frame: scene.frame(scene.speech.overall(view.overall), headline.clone(), Here::Now),
        headline: unbroken(&headline),
        further: further.filter(|_| view.saying.more > 0),
        notices: notices.filter_map(|n| scene.speech.notice(n, view.as_of, scene.operators())).collect(),
        open: briefs(open),
        watched: briefs(watched),
        groups: groups(scene),
        all: (view.services.len() > ALL_MAX).then(|| scene.speech.all_services(view.services.len())),
        maintenance: view.maintenance.iter().map(|m| window(scene, m)).collect(),
        past: briefs(past.collect()),
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

/// The services under their headings, as many in full and by name as there is room for.
fn groups(scene: &Scene<'_>) -> Vec<Group> {
    let roomy = scene.view.services.len() <= ALL_MAX;
    let (mut cards, mut names) = if roomy { (ALL_MAX, 0) } else { (CARDS_MAX, NAMES_MAX) };
    let mut shown = Vec::new();
    for heading in headings(scene) {
        let full = |s: &&&ServiceView| roomy || s.verdict != Verdict::Operational;
        let full = heading.services.iter().take_while(full).take(cards).count();
        cards -= full;
        let (in_full, rest) = heading.services.split_at_checked(full).unwrap_or_default();
        let brief = rest.len().min(names);
        names -= brief;
        shown.push(Group {
            name: heading.name,
            cards: in_full.iter().map(|s| card(scene, s)).collect(),
            names: rest.iter().take(brief).map(|s| named(scene, s)).collect(),
            more: (rest.len() > brief).then(|| scene.speech.more_services(rest.len() - brief)),
        });
    }
    shown
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
