//! The score: what a page said, held against the truth. Pure.
//!
//! *Detection* (P9): from the moment at which customers of a cell cannot, until the page says of that cell that it fails.
//! *False green* (P10): the page says operational while customers cannot, or beyond the lease while whoever watches could
//! see nothing. *False red*: the page says outage while customers can. *Unknown* is never false, but it is counted.
//! *Scope*: the page calls failing each cell that fails, and none that does not. *Words*: each sentence says one thing of
//! one cell. *Layer*: where customers fail, by what the page named for longest. *Cause* (P11): what an incident names first,
//! held against what is really the matter with its cells.
//!
//! In reading order: `bounds` (what is allowed), `cell` (one cell), `causes`, `words`, then the sum over cells here.

mod bounds;
#[cfg(test)]
mod cause_tests;
mod causes;
mod cell;
#[cfg(test)]
mod tests;
mod words;

use serde::Serialize;

pub use bounds::Bounds;
pub use causes::Named;
pub(crate) use causes::said;

use crate::Ms;
use crate::seen::Seen;
use crate::truth::{NotTaken, Truth};
use cell::CellScore;

/// The scores of a run. Seconds have three decimals.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scores {
    /// The longest time from a fault until the page said so; `None` where nothing failed that had to be found.
    pub detected_s: Option<f64>,
    /// The longest time in which a cell read operational while its truth was outage.
    pub false_green_s: f64,
    /// The longest time in which a cell read outage while its truth was that customers can.
    pub false_red_s: f64,
    /// The longest time in which a cell read unknown.
    pub unknown_s: f64,
    /// Whether each cause was named right at first, and nobody accused wrongly; `None` where no cause was named at all, or
    /// none had to be.
    pub cause_right: Option<bool>,
    /// The longest time from detection until the cause was named.
    pub cause_s: Option<f64>,
    /// What had to be named, and what was.
    pub causes: Vec<Named>,
    /// How many incidents accused the DNS while nothing was wrong with it there.
    pub wrong_accusations: usize,
    /// Whether what failed was called failing, and nothing else.
    pub scope_right: bool,
    /// The longest time from the end of a fault until the page said operational; `None` where nothing ended.
    pub recovered_s: Option<f64>,
    /// Whether the layer named is where customers failed.
    pub layer_right: Option<bool>,
    /// Whether each sentence said one thing of one cell.
    pub words_right: bool,
    /// How many incidents the page opened.
    pub incidents: usize,
    /// What was not taken, and what the page said of it (nothing, while nobody prices).
    pub impact: Impact,
    /// What broke a bound, in sentences; empty where the run passed.
    pub broken: Vec<String>,
}

/// Impact: the truth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Impact {
    /// Money really not taken.
    pub not_taken: Vec<NotTaken>,
}

impl Scores {
    /// Whether every bound was kept.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.broken.is_empty()
    }
}

/// Most sentences about what broke a bound; the first say enough.
const BROKEN_MAX: usize = 12;

/// Holds what a page said against the truth.
#[must_use]
pub fn score(truth: &Truth, seen: &Seen, bounds: &Bounds) -> Scores {
    let cells: Vec<CellScore> =
        truth.cells.keys().map(|cell| cell::score(cell, truth, seen, bounds)).collect();
    let longest = |pick: fn(&CellScore) -> u64| seconds(cells.iter().map(pick).max().unwrap_or(0));
    let latest = |pick: fn(&CellScore) -> Option<u64>| cells.iter().filter_map(pick).max().map(seconds);
    let layers: Vec<bool> = cells.iter().filter_map(|cell| cell.layer_right).collect();
    let words = words::wrong(seen);
    let causes = causes::score(truth, seen, bounds);
    // Of causes there are few; of cells there may be more than are shown.
    let mut broken = causes.broken.clone();
    broken.extend(cells.iter().flat_map(|cell| cell.broken.iter().cloned()));
    broken.extend(words.iter().cloned());
    let more = broken.len().saturating_sub(BROKEN_MAX);
    broken.truncate(BROKEN_MAX);
    if more > 0 {
        broken.push(format!("and {more} more"));
    }
    Scores {
        detected_s: latest(|cell| cell.detected_ms),
        false_green_s: longest(|cell| cell.false_green_ms),
        false_red_s: longest(|cell| cell.false_red_ms),
        unknown_s: longest(|cell| cell.unknown_ms),
        cause_right: causes.right(),
        cause_s: causes.named.iter().filter_map(|named| named.after_s).reduce(f64::max),
        wrong_accusations: causes.accusations,
        causes: causes.named,
        scope_right: cells.iter().all(|cell| cell.scope_right),
        recovered_s: latest(|cell| cell.recovered_ms),
        layer_right: (!layers.is_empty()).then(|| layers.iter().all(|right| *right)),
        words_right: words.is_empty(),
        incidents: seen.incidents.len(),
        impact: Impact { not_taken: truth.not_taken.clone() },
        broken,
    }
}

/// Milliseconds as seconds.
fn seconds(ms: u64) -> f64 {
    // Exact for every run that anybody can wait for.
    u32::try_from(ms).map_or(f64::INFINITY, |ms| f64::from(ms) / 1000.0)
}

/// A moment as `1:02:03`.
fn clock(ms: Ms) -> String {
    let s = ms / 1000;
    format!("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
}
