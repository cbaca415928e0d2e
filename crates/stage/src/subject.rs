//! Whoever watches, as the simulated mode meets it: it says what it wants to look at, is told what it saw, and shows a
//! page. It is never told a cause, and never the truth.

use crate::Ms;
use crate::seen::{Said, SeenIncident};
use crate::truth::{CellName, Layer};

/// A check: a cell looked at from somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Its number, the subject's own.
    pub id: u64,
    /// What is looked at.
    pub cell: CellName,
    /// The place from which.
    pub from: String,
}

/// What the subject will do, as far as the stage must know.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Looks {
    /// Every check.
    pub checks: Vec<Check>,
}

/// What the subject wants done now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Run this check.
    Run(u64),
    /// See whether anything at all can be reached from this place: not the estate, but the world beside it.
    LookAround(String),
}

/// What a run met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Met {
    /// How long it took.
    pub took_ms: Ms,
    /// What went wrong, if anything did.
    pub trouble: Option<Trouble>,
}

/// What went wrong in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trouble {
    /// At which layer.
    pub layer: Layer,
    /// What, in the word that the layer's own texts use: `nxdomain`, `refused`, `expired`, `stalled`.
    pub kind: &'static str,
    /// At which step, counted from 0.
    pub step: u16,
}

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// Each cell.
    pub cells: Vec<(CellName, Said)>,
    /// Its incidents.
    pub incidents: Vec<SeenIncident>,
}

/// Announced downtime, as an operator enters it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// Its name for readers.
    pub name: String,
    /// The services.
    pub services: Vec<String>,
    /// From then.
    pub from_ms: Ms,
    /// Until then.
    pub until_ms: Ms,
}

/// Whoever watches. Times are the stage's: milliseconds since the scenario began.
pub trait Subject {
    /// What it will look at.
    fn looks(&self) -> Looks;

    /// When it wants to be called next: to look, or because something of it is due.
    fn wake_ms(&self) -> Ms;

    /// What it wants done at `now_ms`. What ran before is told first.
    fn due(&mut self, now_ms: Ms) -> Vec<Ask>;

    /// A check that began earlier ended now.
    fn observe(&mut self, now_ms: Ms, check: u64, met: &Met);

    /// Whether anything could be reached from a place.
    fn looked_around(&mut self, now_ms: Ms, place: &str, sees: bool);

    /// An operator announces downtime.
    fn announce(&mut self, now_ms: Ms, what: &Announcement);

    /// The clock of its machine was stepped.
    fn clock_stepped(&mut self, now_ms: Ms, by_ms: i64);

    /// The page, where it changed since it was last asked for.
    fn page(&mut self, now_ms: Ms) -> Option<Page>;
}
