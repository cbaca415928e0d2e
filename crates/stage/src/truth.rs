//! The truth: what a customer with an empty cache at a place can really do, as spans of time.
//!
//! A pure type. Live customers make it from what they met, the model from the causes; nothing of whoever watches goes in.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::Ms;
use crate::fault::Fault;

/// Service, capability, place; of a service without places, no place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct CellName {
    /// `apps`.
    pub service: String,
    /// `buy`.
    pub capability: String,
    /// `in`.
    pub place: Option<String>,
}

impl CellName {
    /// A cell by its words.
    #[must_use]
    pub fn new(service: &str, capability: &str, place: Option<&str>) -> Self {
        Self { service: service.into(), capability: capability.into(), place: place.map(str::to_owned) }
    }
}

impl std::fmt::Display for CellName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.service, self.capability)?;
        self.place.as_ref().map_or(Ok(()), |place| write!(f, " in {place}"))
    }
}

/// Whether customers can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Can {
    /// They can.
    Yes,
    /// Nearly all can, nearly always: to call that working is right, and to call it degraded is right.
    Mostly,
    /// Some can, or sometimes, or so slowly that nobody would call it working.
    Partly,
    /// They cannot.
    No,
}

/// The layer at which a customer's journey fails. The words are those of every DNS, TLS and HTTP text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// Finding the name.
    Dns,
    /// Reaching the address.
    Connect,
    /// Proving who answers.
    Tls,
    /// The protocol spoken.
    Http,
    /// What was said.
    Content,
    /// How the bytes came.
    Transfer,
    /// No answer in time.
    Deadline,
}

impl Layer {
    /// Every layer.
    pub const ALL: [Self; 7] =
        [Self::Dns, Self::Connect, Self::Tls, Self::Http, Self::Content, Self::Transfer, Self::Deadline];

    /// Its word in JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Http => "http",
            Self::Content => "content",
            Self::Transfer => "transfer",
            Self::Deadline => "deadline",
        }
    }

    /// The layer of a word.
    #[must_use]
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layer| layer.word() == word)
    }
}

/// How a cell is at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Fares {
    /// Whether customers can.
    pub can: Can,
    /// Where they fail, if they do.
    pub layer: Option<Layer>,
    /// Whether they are told so at once: not by silence that must be waited out.
    pub at_once: bool,
}

impl Fares {
    /// They can.
    pub const WELL: Self = Self { can: Can::Yes, layer: None, at_once: true };

    /// They cannot, and are told so at once.
    #[must_use]
    pub const fn fails(layer: Layer) -> Self {
        Self { can: Can::No, layer: Some(layer), at_once: true }
    }

    /// They cannot, and wait for an answer that does not come.
    #[must_use]
    pub const fn waits(layer: Layer) -> Self {
        Self { can: Can::No, layer: Some(layer), at_once: false }
    }
}

/// A time in which a cell is one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Span {
    /// From then.
    pub from_ms: Ms,
    /// Until then, not with it.
    pub until_ms: Ms,
    /// How.
    #[serde(flatten)]
    pub fares: Fares,
}

/// A time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Window {
    /// From then.
    pub from_ms: Ms,
    /// Until then, not with it.
    pub until_ms: Ms,
}

impl Window {
    /// Whether it holds a moment.
    #[must_use]
    pub const fn holds(&self, at_ms: Ms) -> bool {
        self.from_ms <= at_ms && at_ms < self.until_ms
    }
}

/// Money really not taken.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NotTaken {
    /// By customers of this place.
    pub place: String,
    /// ISO 4217.
    pub currency: String,
    /// Decimal text.
    pub amount: String,
}

/// The truth of a whole run.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Truth {
    /// How long it is.
    pub lasts_ms: Ms,
    /// Each cell's spans: in order, without gaps from 0 to the end.
    #[serde(serialize_with = "as_list")]
    pub cells: BTreeMap<CellName, Vec<Span>>,
    /// Times in which whoever watches could not see a cell at all, because its own network was broken.
    #[serde(serialize_with = "as_list")]
    pub blind: BTreeMap<CellName, Vec<Window>>,
    /// Times in which downtime of a service was announced: (service, when).
    pub announced: Vec<(String, Window)>,
    /// What was really the matter.
    pub faults: Vec<Fault>,
    /// What was not taken.
    pub not_taken: Vec<NotTaken>,
}

impl Truth {
    /// Notes how a cell is from `at_ms` on. Call in the order of time, then [`Truth::end`].
    pub fn note(&mut self, cell: &CellName, at_ms: Ms, fares: Fares) {
        let spans = match self.cells.get_mut(cell) {
            Some(spans) => spans,
            None => self.cells.entry(cell.clone()).or_default(),
        };
        let from_ms = if spans.is_empty() { 0 } else { at_ms };
        match spans.last_mut() {
            Some(last) if last.fares == fares => return,
            Some(last) if last.from_ms >= at_ms => {
                last.fares = fares;
                return;
            }
            Some(last) => last.until_ms = at_ms,
            None => {}
        }
        spans.push(Span { from_ms, until_ms: Ms::MAX, fares });
    }

    /// Notes that a cell can, or cannot, be seen by whoever watches, from `at_ms` on.
    pub fn note_blind(&mut self, cell: &CellName, at_ms: Ms, blind: bool) {
        let windows = self.blind.entry(cell.clone()).or_default();
        let open = windows.last().is_some_and(|last| last.until_ms == Ms::MAX);
        match windows.last_mut() {
            Some(last) if open && !blind => last.until_ms = at_ms,
            _ if blind && !open => windows.push(Window { from_ms: at_ms, until_ms: Ms::MAX }),
            _ => {}
        }
    }

    /// Closes what is open: nothing is known after `at_ms`.
    pub fn end(&mut self, at_ms: Ms) {
        self.lasts_ms = at_ms;
        for spans in self.cells.values_mut() {
            spans.retain(|span| span.from_ms < at_ms);
            if let Some(last) = spans.last_mut() {
                last.until_ms = last.until_ms.min(at_ms);
            }
        }
        for window in self.blind.values_mut().flatten().chain(self.announced.iter_mut().map(|(_, w)| w)) {
            window.until_ms = window.until_ms.min(at_ms);
        }
        self.blind.retain(|_, windows| !windows.is_empty());
    }

    /// How a cell is at a moment; `None` where nothing is known of it.
    #[must_use]
    pub fn at(&self, cell: &CellName, at_ms: Ms) -> Option<Fares> {
        let spans = self.cells.get(cell)?;
        spans.iter().find(|span| span.from_ms <= at_ms && at_ms < span.until_ms).map(|span| span.fares)
    }
}

/// A map as a list of objects: `{"service", "capability", "place", "spans"}`.
pub(crate) fn as_list<V: Serialize, S: serde::Serializer>(
    map: &BTreeMap<CellName, V>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Row<'r, V> {
        #[serde(flatten)]
        cell: &'r CellName,
        spans: &'r V,
    }
    serializer.collect_seq(map.iter().map(|(cell, spans)| Row { cell, spans }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell() -> CellName {
        CellName::new("apps", "buy", Some("in"))
    }

    #[test]
    fn spans_follow_each_other_from_the_beginning_to_the_end() {
        let mut truth = Truth::default();
        truth.note(&cell(), 5, Fares::WELL);
        truth.note(&cell(), 1_000, Fares::WELL);
        truth.note(&cell(), 2_000, Fares::fails(Layer::Dns));
        truth.note(&cell(), 2_000, Fares::fails(Layer::Http));
        truth.note(&cell(), 3_000, Fares::WELL);
        truth.end(10_000);
        let spans: Vec<_> =
            truth.cells[&cell()].iter().map(|s| (s.from_ms, s.until_ms, s.fares.can)).collect();
        assert_eq!(spans, [(0, 2_000, Can::Yes), (2_000, 3_000, Can::No), (3_000, 10_000, Can::Yes)]);
        assert_eq!(truth.at(&cell(), 2_500).and_then(|f| f.layer), Some(Layer::Http));
        assert_eq!(truth.at(&cell(), 10_000), None);
    }

    #[test]
    fn blindness_is_windows() {
        let mut truth = Truth::default();
        for (at, blind) in [(0, false), (10, true), (20, true), (30, false), (40, true)] {
            truth.note_blind(&cell(), at, blind);
        }
        truth.end(50);
        let windows = [Window { from_ms: 10, until_ms: 30 }, Window { from_ms: 40, until_ms: 50 }];
        assert_eq!(truth.blind[&cell()], windows);
    }
}
