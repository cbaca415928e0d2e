//! What the public page of whoever watches said, folded into spans of time.
//!
//! A pure type: the live mode makes it from samples of `/api/v1/status`, the simulated one from each change of the page.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::Ms;
use crate::truth::{CellName, Layer, as_list};

/// The four words of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It works.
    Operational,
    /// It is not known.
    Unknown,
    /// It works for some, sometimes, or slowly.
    Degraded,
    /// It does not work.
    Outage,
}

impl Verdict {
    /// The verdict of a word of the page; another word than the four is `None`.
    #[must_use]
    pub fn find(word: &str) -> Option<Self> {
        [Self::Operational, Self::Unknown, Self::Degraded, Self::Outage]
            .into_iter()
            .find(|v| v.word() == word)
    }

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Operational => "operational",
            Self::Unknown => "unknown",
            Self::Degraded => "degraded",
            Self::Outage => "outage",
        }
    }

    /// Whether it says that customers suffer.
    #[must_use]
    pub const fn is_failing(self) -> bool {
        matches!(self, Self::Degraded | Self::Outage)
    }
}

/// What the page said of a cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// What is measured, whatever lies over it.
    pub verdict: Verdict,
    /// Whether announced downtime lies over it.
    pub maintenance: bool,
    /// The layer of the fault that it names.
    pub layer: Option<Layer>,
    /// Its sentence.
    pub words: String,
}

/// A time in which the page said one thing of a cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeenSpan {
    /// From then.
    pub from_ms: Ms,
    /// Until then, not with it.
    pub until_ms: Ms,
    /// What.
    #[serde(flatten)]
    pub said: Said,
}

/// An incident, as the page had it at last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeenIncident {
    /// Its id.
    pub id: String,
    /// When it first stood there.
    pub opened_ms: Ms,
    /// When it was said to be over.
    pub resolved_ms: Option<Ms>,
    /// Its title.
    pub title: String,
    /// How many cells it covers.
    pub cells: usize,
    /// All the cells that it covered at any time; empty where the page does not say which.
    pub members: Vec<CellName>,
    /// The cause that it names first.
    pub cause: Option<SeenCause>,
}

/// A cause, as the page named it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeenCause {
    /// Its class: `F1` to `F16`, `not_dns`, `could_not_tell`.
    pub class: String,
    /// What it is about, where the page says so.
    pub subject: Option<String>,
    /// When.
    pub at_ms: Ms,
    /// A picture of it as SVG, where whoever watches has drawn one.
    #[serde(skip)]
    pub picture: Option<String>,
}

/// All that the page said.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Seen {
    /// Each cell's spans, in order. Before the first, and between spans, the page did not answer.
    #[serde(serialize_with = "as_list")]
    pub cells: BTreeMap<CellName, Vec<SeenSpan>>,
    /// Incidents, in the order in which they stood there.
    pub incidents: Vec<SeenIncident>,
}

impl Seen {
    /// Notes what the page says of a cell from `at_ms` on. Call in the order of time, then [`Seen::end`].
    pub fn note(&mut self, cell: &CellName, at_ms: Ms, said: &Said) {
        let spans = match self.cells.get_mut(cell) {
            Some(spans) => spans,
            None => self.cells.entry(cell.clone()).or_default(),
        };
        match spans.last_mut() {
            Some(last) if last.until_ms == Ms::MAX && last.said == *said => return,
            Some(last) if last.from_ms >= at_ms => {
                last.said = said.clone();
                return;
            }
            Some(last) => last.until_ms = last.until_ms.min(at_ms),
            None => {}
        }
        spans.push(SeenSpan { from_ms: at_ms, until_ms: Ms::MAX, said: said.clone() });
    }

    /// Notes that the page did not answer from `at_ms` on.
    pub fn note_silence(&mut self, at_ms: Ms) {
        for last in self.cells.values_mut().filter_map(|spans| spans.last_mut()) {
            last.until_ms = last.until_ms.min(at_ms);
        }
    }

    /// Notes an incident as it stands on the page now.
    pub fn note_incident(&mut self, incident: SeenIncident) {
        match self.incidents.iter_mut().find(|known| known.id == incident.id) {
            Some(known) => {
                known.resolved_ms = incident.resolved_ms;
                known.title = incident.title;
                known.cells = known.cells.max(incident.cells);
                known.members.extend(incident.members);
                known.members.sort_unstable();
                known.members.dedup();
                if known.cause.is_none() {
                    known.cause = incident.cause;
                }
            }
            None => self.incidents.push(incident),
        }
    }

    /// Closes what is open.
    pub fn end(&mut self, at_ms: Ms) {
        for spans in self.cells.values_mut() {
            spans.retain(|span| span.from_ms < at_ms);
            if let Some(last) = spans.last_mut() {
                last.until_ms = last.until_ms.min(at_ms);
            }
        }
    }

    /// What the page said of a cell at a moment.
    #[must_use]
    pub fn at(&self, cell: &CellName, at_ms: Ms) -> Option<&Said> {
        let spans = self.cells.get(cell)?;
        spans.iter().find(|span| span.from_ms <= at_ms && at_ms < span.until_ms).map(|span| &span.said)
    }
}
