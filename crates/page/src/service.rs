//! A service: as a card on the front page, and as a page of its own with every place and every measured day.

use askama::Template;
use candor_core::saying::{Fares, PlaceScope};
use candor_core::verdict::Verdict;
use candor_core::view::{CapabilityView, CellView, Day, Overlay, ServiceView};
use jiff::{SignedDuration, Timestamp};

use crate::days::{Bars, bars};
use crate::operators::{VoteRow, votes};
use crate::scene::{Frame, Here, Mark, Scene, When, claim, fares};
use crate::words::Around;

/// Up to so many places are named in full; beyond that by their codes.
const NAMED: usize = 8;

/// What begins within this time is told as one.
const TOGETHER: SignedDuration = SignedDuration::from_mins(2);

/// The card of a service on the front page.
pub(crate) struct Card {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) mark: Mark,
    pub(crate) say: String,
    pub(crate) downtime: Option<String>,
    pub(crate) rows: Vec<Row>,
    pub(crate) chips: Vec<Chip>,
    pub(crate) places: String,
    pub(crate) each: Vec<Tile>,
    pub(crate) history: History,
}

/// A capability with trouble: one line for each group of places that fare alike.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) mark: Mark,
    pub(crate) lines: Vec<Line>,
    pub(crate) tiles: Vec<Tile>,
}

/// Places that fare alike.
pub(crate) struct Line {
    pub(crate) mark: Mark,
    pub(crate) place: String,
    pub(crate) since: Option<When>,
    pub(crate) lasted: Option<String>,
    pub(crate) why: String,
    pub(crate) fault: Option<String>,
}

/// A capability that works everywhere.
pub(crate) struct Chip {
    pub(crate) name: String,
    pub(crate) mark: Mark,
}

/// A place, small.
pub(crate) struct Tile {
    pub(crate) id: String,
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) mark: Mark,
}

/// 90 days, drawn and in words.
pub(crate) struct History {
    pub(crate) bars: Bars,
    pub(crate) summary: String,
}

/// The page of a service.
#[derive(Template)]
#[template(path = "service.html")]
pub(crate) struct ServicePage {
    frame: Frame,
    name: String,
    mark: Mark,
    say: String,
    downtime: Option<String>,
    capabilities: Vec<Section>,
    days: Vec<DayRow>,
}

struct Section {
    name: String,
    mark: Mark,
    history: History,
    cells: Vec<CellRow>,
}

struct CellRow {
    id: String,
    place: String,
    mark: Mark,
    why: String,
    fault: Option<String>,
    downtime: Option<String>,
    since: Option<When>,
    measured: Option<When>,
    votes: Vec<VoteRow>,
}

impl CellRow {
    /// Whether the word of its verdict is all that there is to say of it.
    const fn plain(&self) -> bool {
        self.why.is_empty() && self.fault.is_none() && self.downtime.is_none() && self.votes.is_empty()
    }
}

struct DayRow {
    day: When,
    mark: Mark,
    words: String,
}

/// Its days, and what `now` adds to them: history is some seconds behind, and a share of time that was whole until a
/// moment ago is not whole beside a failure.
pub(crate) fn history(scene: &Scene<'_>, days: &[Day], now: Verdict) -> History {
    let mut bars = bars(days, scene.view.today);
    bars.measured.known_s += u64::from(now.is_failing());
    let summary = scene.speech.measured(bars.measured);
    History { bars, summary }
}

pub(crate) fn card(scene: &Scene<'_>, service: &ServiceView) -> Card {
    let calm = |c: &&CapabilityView| c.cells.iter().all(|cell| cell.measured == Verdict::Operational);
    let (chips, mut troubled): (Vec<_>, Vec<_>) = service.capabilities.iter().partition(calm);
    troubled.sort_by_key(|c| std::cmp::Reverse(worst(&c.cells)));
    let mut rows: Vec<Row> = troubled.iter().map(|c| row(scene, c)).collect();
    let told = one_story(&rows);
    let struck: Vec<Chip> =
        rows.iter().filter(|_| told).map(|r| Chip { name: r.name.clone(), mark: r.mark }).collect();
    if told {
        rows.clear();
    }
    let well = |c: &CapabilityView| Chip { name: c.name.clone(), mark: scene.mark(Verdict::Operational) };
    let mixed = rows.iter().any(|row| !row.tiles.is_empty());
    let each = if mixed { Vec::new() } else { each_place(scene, service) };
    Card {
        id: service.id.to_string(),
        name: service.name.clone(),
        mark: mark(scene, service),
        say: said(scene, service, if rows.is_empty() { Around::Service } else { Around::Card }),
        downtime: downtime(scene, service).filter(|_| !covered(service)),
        chips: struck.into_iter().chain(chips.into_iter().map(well)).collect(),
        rows,
        places: scene.speech.each_place(each.len()),
        each,
        history: history(scene, &service.history, service.verdict),
    }
}

/// Whether the service's sentence tells all that its rows would: every place fares alike, for one reason.
fn one_story(rows: &[Row]) -> bool {
    let first = rows.first().and_then(|row| row.lines.first()).map(|line| &line.why);
    rows.iter().all(|row| {
        let line = row.lines.first();
        let alone = row.lines.len() == 1 && row.tiles.is_empty();
        alone && line.map(|l| &l.why) == first && line.is_some_and(|l| l.fault.is_none())
    })
}

/// What is said of a service; where intended downtime covers all of it, that is said. What works everywhere but where
/// it fails need not be told beside the failing.
fn said(scene: &Scene<'_>, service: &ServiceView, around: Around) -> String {
    if let Some(over) = downtime(scene, service).filter(|_| covered(service)) {
        return format!("{over}. {}", scene.speech.labels().maintenance_beneath);
    }
    let mut saying = service.saying.clone();
    let claims = &service.saying.claims;
    let troubled =
        |deed: &candor_core::saying::Deed| claims.iter().any(|c| c.deed == *deed && c.fares != Fares::Works);
    saying.claims.retain(|c| c.fares != Fares::Works || !troubled(&c.deed));
    scene.speech.sentence(&saying, scene.view.as_of, around)
}

/// Whether intended downtime covers all of it.
fn covered(service: &ServiceView) -> bool {
    service.capabilities.iter().flat_map(|c| &c.cells).all(|cell| cell.maintenance.is_some())
}

/// The intended downtime that covers all of it, where that is one and the same.
fn shared(service: &ServiceView) -> Option<&Overlay> {
    let mut overs = service.capabilities.iter().flat_map(|c| &c.cells).map(|cell| cell.maintenance.as_ref());
    let first = overs.next()??;
    overs.all(|over| over == Some(first)).then_some(first)
}

/// The mark of a service: its verdict, or that it is down on purpose.
pub(crate) fn mark(scene: &Scene<'_>, service: &ServiceView) -> Mark {
    if covered(service) && downtime(scene, service).is_some() {
        return Mark { v: "downtime", word: scene.speech.labels().maintenance };
    }
    scene.mark(service.verdict)
}

fn downtime(scene: &Scene<'_>, service: &ServiceView) -> Option<String> {
    let cells = service.capabilities.iter().flat_map(|c| &c.cells);
    let over = cells.filter_map(|cell| cell.maintenance.as_ref()).max_by_key(|m| m.until)?;
    Some(scene.speech.downtime(&over.name, over.until, scene.view.as_of))
}

fn row(scene: &Scene<'_>, capability: &CapabilityView) -> Row {
    let mut groups: Vec<Vec<&CellView>> = Vec::new();
    for cell in &capability.cells {
        match groups.iter_mut().find(|g| g.first().is_some_and(|first| alike(first, cell))) {
            Some(group) => group.push(cell),
            None => groups.push(vec![cell]),
        }
    }
    groups.sort_by_key(|g| std::cmp::Reverse(g.first().map(|c| (c.measured, g.len()))));
    let of = capability.cells.len();
    // A drawing of places that all look the same says nothing.
    let whole = capability.cells.iter().all(|cell| cell.measured == worst(&capability.cells));
    Row {
        name: capability.name.clone(),
        mark: scene.mark(worst(&capability.cells)),
        // Where every place is drawn, words are for the trouble.
        lines: groups.iter().filter(|g| whole || troubled(g)).filter_map(|g| line(scene, g, of)).collect(),
        tiles: if whole {
            Vec::new()
        } else {
            capability.cells.iter().filter_map(|c| tile(scene, c, of)).collect()
        },
    }
}

fn troubled(group: &[&CellView]) -> bool {
    group.first().is_some_and(|cell| cell.measured != Verdict::Operational)
}

fn worst(cells: &[CellView]) -> Verdict {
    cells.iter().map(|c| c.measured).max().unwrap_or(Verdict::Unknown)
}

/// Whether two cells are told in one line: they fare alike, and began to within what it takes to look at all of them.
fn alike(a: &CellView, b: &CellView) -> bool {
    let together = match (troubled_since(a), troubled_since(b)) {
        (Some(a), Some(b)) => a.duration_since(b).abs() <= TOGETHER,
        (a, b) => a == b,
    };
    a.measured == b.measured && together && fares(a) == fares(b)
}

fn troubled_since(cell: &CellView) -> Option<Timestamp> {
    cell.since.filter(|_| cell.measured != Verdict::Operational)
}

fn line(scene: &Scene<'_>, group: &[&CellView], of: usize) -> Option<Line> {
    let first = *group.first()?;
    let names: Vec<String> = group.iter().filter_map(|c| c.place_name.clone()).collect();
    let scope = match names.len() {
        0 => PlaceScope::Whole,
        n if n == of => PlaceScope::All(names),
        _ => PlaceScope::Some(names, u32::try_from(of).unwrap_or(u32::MAX)),
    };
    let troubled = group.iter().filter_map(|c| troubled_since(c)).min();
    Some(Line {
        mark: scene.mark(first.measured),
        place: scene.speech.places(&scope),
        since: troubled.map(|at| scene.moment(at)),
        lasted: troubled.and_then(|at| scene.lasted(at)),
        why: why(scene, first),
        fault: scene.fault_label(first.fault.as_ref()),
    })
}

/// How a cell fares, in a few words. A failing cell is explained by the fault that is shown beside it.
fn why(scene: &Scene<'_>, cell: &CellView) -> String {
    match (fares(cell), &cell.fault) {
        (Some(Fares::Fails(_)) | None, Some(fault)) => scene.speech.kind(fault.kind).to_owned(),
        (Some(fares), _) => scene.speech.brief(fares),
        (None, None) => String::new(),
    }
}

fn tile(scene: &Scene<'_>, cell: &CellView, of: usize) -> Option<Tile> {
    let id = cell.key.place.as_ref()?.to_string();
    let name = cell.place_name.clone().unwrap_or_else(|| id.clone());
    Some(Tile { code: code(&id, &name, of), id, name, mark: scene.mark(cell.measured) })
}

fn code(id: &str, name: &str, of: usize) -> String {
    match of {
        0..=NAMED => name.to_owned(),
        _ if id.len() <= 3 => id.to_uppercase(),
        _ => name.to_owned(),
    }
}

/// Each place of a service with the worst that is measured there.
fn each_place(scene: &Scene<'_>, service: &ServiceView) -> Vec<Tile> {
    let mut tiles: Vec<(Tile, Verdict)> = Vec::new();
    let of = service.capabilities.iter().map(|c| c.cells.len()).max().unwrap_or(0);
    for cell in service.capabilities.iter().flat_map(|c| &c.cells) {
        let Some(fresh) = tile(scene, cell, of) else { continue };
        match tiles.iter_mut().find(|(tile, _)| tile.id == fresh.id) {
            Some((tile, worst)) if cell.measured > *worst => (*tile, *worst) = (fresh, cell.measured),
            Some(_) => {}
            None => tiles.push((fresh, cell.measured)),
        }
    }
    if tiles.len() < 2 { Vec::new() } else { tiles.into_iter().map(|(tile, _)| tile).collect() }
}

/// Trouble first, among what customers do and among the places; otherwise the plan's order.
pub(crate) fn page(scene: &Scene<'_>, service: &ServiceView) -> ServicePage {
    let mark = mark(scene, service);
    let say = said(scene, service, Around::Service);
    let title = format!("{} · {}", mark.word, service.name);
    let over = shared(service);
    let mut capabilities: Vec<&CapabilityView> = service.capabilities.iter().collect();
    capabilities.sort_by_key(|c| std::cmp::Reverse(worst(&c.cells)));
    ServicePage {
        frame: scene.frame(&title, say.clone(), Here::Elsewhere),
        name: service.name.clone(),
        mark,
        say,
        downtime: downtime(scene, service).filter(|_| !covered(service)),
        capabilities: capabilities.into_iter().map(|c| section(scene, c, over)).collect(),
        days: service.history.iter().rev().filter_map(|day| day_row(scene, day)).collect(),
    }
}

fn section(scene: &Scene<'_>, capability: &CapabilityView, above: Option<&Overlay>) -> Section {
    let mut cells: Vec<&CellView> = capability.cells.iter().collect();
    cells.sort_by_key(|c| std::cmp::Reverse(c.measured));
    Section {
        name: capability.name.clone(),
        mark: scene.mark(worst(&capability.cells)),
        history: history(scene, &capability.history, worst(&capability.cells)),
        cells: cells.into_iter().map(|cell| cell_row(scene, cell, above)).collect(),
    }
}

/// A cell; the intended downtime that is told above for all of them is not told again.
fn cell_row(scene: &Scene<'_>, cell: &CellView, above: Option<&Overlay>) -> CellRow {
    let labels = scene.speech.labels();
    let from = claim(cell).map(|c| c.measured_from.as_slice()).unwrap_or_default();
    let why = why(scene, cell);
    let told = if from.is_empty() { why } else { scene.speech.measured_from(&why, from) };
    let over = cell.maintenance.as_ref().filter(|over| above != Some(*over));
    CellRow {
        id: cell.key.place.as_ref().map_or_else(String::new, ToString::to_string),
        place: cell.place_name.clone().unwrap_or_else(|| labels.everywhere.to_owned()),
        mark: scene.mark(cell.measured),
        why: told,
        fault: scene.fault_label(cell.fault.as_ref()),
        downtime: over.map(|m| scene.speech.downtime(&m.name, m.until, scene.view.as_of)),
        since: cell.since.map(|at| scene.moment(at)),
        measured: cell.observed_at.map(|at| scene.clock(at)),
        votes: if scene.operators() { votes(scene, cell) } else { Vec::new() },
    }
}

/// A day with trouble, in words.
fn day_row(scene: &Scene<'_>, day: &Day) -> Option<DayRow> {
    let parts: Vec<String> = [
        (Verdict::Outage, day.outage_s),
        (Verdict::Degraded, day.degraded_s),
        (Verdict::Unknown, day.unknown_s),
    ]
    .into_iter()
    .filter(|(_, seconds)| *seconds > 0)
    .map(|(v, seconds)| format!("{} {}", scene.speech.verdict(v), scene.speech.lasted(i64::from(seconds))))
    .collect();
    let worst = if day.outage_s > 0 {
        Verdict::Outage
    } else if day.degraded_s > 0 {
        Verdict::Degraded
    } else {
        Verdict::Unknown
    };
    let when = When { iso: day.date.to_string(), text: scene.speech.day(day.date) };
    (!parts.is_empty()).then(|| DayRow { day: when, mark: scene.mark(worst), words: parts.join(", ") })
}
