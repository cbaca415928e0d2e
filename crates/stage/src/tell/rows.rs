//! The rows of a picture: services with what customers do, each with its truth and its page in the same moments.

use std::collections::BTreeMap;

use crate::Ms;
use crate::play::Played;
use crate::seen::Verdict;
use crate::truth::{Can, CellName};

/// A row: the cells of one capability of a service.
pub(super) struct Row<'p> {
    pub(super) service: &'p str,
    pub(super) capability: &'p str,
    pub(super) cells: Vec<&'p CellName>,
}

/// How a moment is in a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shade {
    Good,
    Unknown,
    Some,
    Bad,
}

/// All rows, in the order of the scenario's services.
pub(super) fn rows(played: &Played) -> Vec<Row<'_>> {
    let mut rows: BTreeMap<(usize, &str, usize, &str), Row<'_>> = BTreeMap::new();
    let order = |service: &str| ORDER.iter().position(|known| *known == service).unwrap_or(ORDER.len());
    let deed = |deed: &str| crate::scenario::STORE_DEEDS.iter().position(|known| *known == deed).unwrap_or(0);
    for cell in played.truth.cells.keys() {
        let key =
            (order(&cell.service), cell.service.as_str(), deed(&cell.capability), cell.capability.as_str());
        let row = Row { service: &cell.service, capability: &cell.capability, cells: Vec::new() };
        rows.entry(key).or_insert(row).cells.push(cell);
    }
    rows.into_values().collect()
}

const ORDER: &[&str] = &[
    "apps",
    "macapps",
    "music",
    "books",
    "account",
    "mail",
    "documents",
    "connect",
    "testflight",
    "support",
];

/// The worst truth of these cells between two moments.
pub(super) fn truth(played: &Played, cells: &[&CellName], from: Ms, until: Ms) -> Shade {
    let spans = cells.iter().filter_map(|cell| played.truth.cells.get(*cell)).flatten();
    let within = spans.filter(|span| span.from_ms < until && from < span.until_ms);
    within.map(|span| of_truth(span.fares.can)).max().unwrap_or(Shade::Unknown)
}

/// The worst that the page said of these cells between two moments.
pub(super) fn page(played: &Played, cells: &[&CellName], from: Ms, until: Ms) -> Shade {
    let spans = cells.iter().filter_map(|cell| played.seen.cells.get(*cell)).flatten();
    let within = spans.filter(|span| span.from_ms < until && from < span.until_ms);
    within.map(|span| of_page(span.said.verdict)).max().unwrap_or(Shade::Unknown)
}

pub(super) const fn of_truth(can: Can) -> Shade {
    match can {
        Can::Yes => Shade::Good,
        Can::Mostly | Can::Partly => Shade::Some,
        Can::No => Shade::Bad,
    }
}

pub(super) const fn of_page(verdict: Verdict) -> Shade {
    match verdict {
        Verdict::Operational => Shade::Good,
        Verdict::Unknown => Shade::Unknown,
        Verdict::Degraded => Shade::Some,
        Verdict::Outage => Shade::Bad,
    }
}

/// Whether page and truth differ in a way that misleads.
pub(super) fn differ(truth: Shade, page: Shade) -> bool {
    matches!((truth, page), (Shade::Bad, Shade::Good) | (Shade::Good, Shade::Bad))
}
