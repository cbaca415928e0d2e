//! One cell: what its page said, held against its truth.

use super::{Bounds, clock};
use crate::Ms;
use crate::seen::{Seen, SeenSpan, Verdict};
use crate::truth::{Can, CellName, Layer, Span, Truth, Window};

/// The scores of a cell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct CellScore {
    pub(super) detected_ms: Option<Ms>,
    pub(super) false_green_ms: Ms,
    pub(super) false_red_ms: Ms,
    pub(super) unknown_ms: Ms,
    pub(super) recovered_ms: Option<Ms>,
    pub(super) scope_right: bool,
    pub(super) layer_right: Option<bool>,
    pub(super) broken: Vec<String>,
}

/// A cell with all that is known of it.
struct Case<'a> {
    name: &'a CellName,
    truth: &'a [Span],
    seen: &'a [SeenSpan],
    blind: &'a [Window],
    bounds: &'a Bounds,
    lasts_ms: Ms,
}

pub(super) fn score(name: &CellName, truth: &Truth, seen: &Seen, bounds: &Bounds) -> CellScore {
    let case = Case {
        name,
        truth: truth.cells.get(name).map_or(&[], Vec::as_slice),
        seen: seen.cells.get(name).map_or(&[], Vec::as_slice),
        blind: truth.blind.get(name).map_or(&[], Vec::as_slice),
        bounds,
        lasts_ms: truth.lasts_ms,
    };
    let mut score = CellScore { scope_right: true, ..CellScore::default() };
    for span in case.truth {
        match span.fares.can {
            Can::No => case.fault(span, &mut score),
            Can::Partly => case.trouble(span, &mut score),
            Can::Mostly => {}
            Can::Yes => case.health(span, &mut score),
        }
    }
    case.blindness(&mut score);
    score.unknown_ms = case.unknown();
    case.settled(&mut score);
    score
}

impl Case<'_> {
    /// How long `said` stood between two moments.
    fn stood(&self, from: Ms, until: Ms, said: impl Fn(&SeenSpan) -> bool) -> Ms {
        let spans = self.seen.iter().filter(|span| said(span));
        spans.map(|span| span.until_ms.min(until).saturating_sub(span.from_ms.max(from))).sum()
    }

    /// The first moment from `from` on, before `until`, at which the page said so.
    fn first(&self, from: Ms, until: Ms, said: impl Fn(&SeenSpan) -> bool) -> Option<Ms> {
        let mut spans =
            self.seen.iter().filter(|span| span.until_ms > from && span.from_ms < until && said(span));
        spans.next().map(|span| span.from_ms.max(from))
    }

    /// Customers cannot: the page must say so in time, and never again say that they can.
    fn fault(&self, span: &Span, score: &mut CellScore) {
        let bound = self.bounds.detection_ms(&span.fares);
        let length = span.until_ms - span.from_ms;
        let green = self.stood(span.from_ms, span.until_ms, |s| s.said.verdict == Verdict::Operational);
        score.false_green_ms = score.false_green_ms.max(green);
        if green > bound {
            score.broken.push(self.says(green, bound, span, "read operational in an outage (P10)"));
        }
        // What changes its form while it goes on was found when it began.
        let began = self.troubled_since(span);
        let found = self.first(began, span.until_ms, |s| s.said.verdict.is_failing());
        let seeable = !self.blind.iter().any(|w| w.from_ms < span.until_ms && span.from_ms < w.until_ms);
        match found {
            Some(at) => score.detected_ms = score.detected_ms.max(Some(at - began)),
            None if length > bound && seeable => {
                score.scope_right = false;
                score.broken.push(self.says(length, bound, span, "was never called failing (P9, scope)"));
            }
            None => {}
        }
        if let Some(late) =
            found.map(|at| at - began).filter(|late| *late > bound && seeable && began == span.from_ms)
        {
            score.broken.push(self.says(late, bound, span, "took to be called failing (P9)"));
        }
        self.layer(span, score);
    }

    /// Since when a span of trouble has had trouble before it without a break.
    fn troubled_since(&self, span: &Span) -> Ms {
        let mut since = span.from_ms;
        for before in self.truth.iter().rev().filter(|s| s.until_ms <= span.from_ms) {
            if before.until_ms != since || before.fares.can != Can::No {
                break;
            }
            since = before.from_ms;
        }
        since
    }

    /// Some can, or sometimes: whatever the page says is near enough, but green for all the time is not.
    fn trouble(&self, span: &Span, score: &mut CellScore) {
        let length = span.until_ms - span.from_ms;
        let called = self.first(span.from_ms, span.until_ms, |s| s.said.verdict.is_failing()).is_some();
        let bound = self.bounds.must_call_after_ms(&span.fares);
        if !called && length > bound {
            score.scope_right = false;
            score.broken.push(self.says(
                length,
                bound,
                span,
                "was in trouble and never called failing (scope)",
            ));
        }
    }

    /// Customers can: after a while to settle, the page must not say otherwise.
    fn health(&self, span: &Span, score: &mut CellScore) {
        let red = self.stood(span.from_ms, span.until_ms, |s| s.said.verdict == Verdict::Outage);
        score.false_red_ms = score.false_red_ms.max(red);
        let first = span.from_ms == 0;
        let out_from = span.from_ms + if first { 0 } else { self.bounds.recovery_ms() };
        let bad_from = span.from_ms + if first { 0 } else { self.bounds.memory_ms() };
        let out = self.stood(out_from, span.until_ms, |s| s.said.verdict == Verdict::Outage);
        let bad = self.stood(bad_from, span.until_ms, |s| s.said.verdict == Verdict::Degraded);
        if out + bad > 0 {
            score.scope_right = false;
            score.broken.push(self.says(
                out + bad,
                0,
                span,
                "was called failing while customers could (scope)",
            ));
        }
        if !first {
            let back = self.first(span.from_ms, span.until_ms, |s| s.said.verdict == Verdict::Operational);
            score.recovered_ms = score.recovered_ms.max(back.map(|at| at - span.from_ms));
        }
    }

    /// Whoever watches could see nothing: what it says beyond the lease is made up.
    fn blindness(&self, score: &mut CellScore) {
        for window in self.blind {
            let from = window.from_ms + self.bounds.watch.lease_ms() + self.bounds.sample_ms;
            let green = self.stood(from, window.until_ms, |s| s.said.verdict == Verdict::Operational);
            score.false_green_ms = score.false_green_ms.max(green);
            if green > 0 {
                let at = clock(window.from_ms);
                let green = green / 1000;
                score.broken.push(format!(
                    "{} read operational for {green} s beyond the lease, with nothing seen since {at} (P10)",
                    self.name
                ));
            }
        }
    }

    fn unknown(&self) -> Ms {
        let not_answering: Ms = self.lasts_ms.saturating_sub(self.stood(0, self.lasts_ms, |_| true));
        not_answering + self.stood(0, self.lasts_ms, |s| s.said.verdict == Verdict::Unknown)
    }

    /// Where nothing changed for long and whoever watches could see, it must know.
    fn settled(&self, score: &mut CellScore) {
        let settling = self.bounds.settling_ms();
        let mut moments: Vec<Ms> = self.truth.iter().map(|span| span.from_ms).collect();
        moments.extend(self.blind.iter().flat_map(|window| [window.from_ms, window.until_ms]));
        moments.push(self.lasts_ms);
        moments.sort_unstable();
        for (begun, until) in moments.iter().zip(moments.iter().skip(1)) {
            let from = begun + settling;
            let blind = self.blind.iter().any(|w| w.from_ms < *until && *begun < w.until_ms);
            if from >= *until || blind {
                continue;
            }
            let knows = self.stood(from, *until, |s| s.said.verdict != Verdict::Unknown);
            let ignorant = (until - from).saturating_sub(knows);
            if ignorant > settling {
                score.scope_right = false;
                let (ignorant, at) = (ignorant / 1000, clock(from));
                score.broken.push(format!(
                    "{} was unknown for {ignorant} s from {at} for no reason (scope)",
                    self.name
                ));
            }
        }
    }

    /// The layer that the page named longest while customers could not, against theirs.
    fn layer(&self, span: &Span, score: &mut CellScore) {
        let Some(truth) = span.fares.layer else { return };
        let from = span.from_ms + self.bounds.detection_ms(&span.fares) + self.bounds.watch.every_ms;
        let named = |layer: Layer| self.stood(from, span.until_ms, |s| s.said.layer == Some(layer));
        let longest =
            Layer::ALL.into_iter().max_by_key(|layer| named(*layer)).filter(|layer| named(*layer) > 0);
        if let Some(layer) = longest {
            score.layer_right = Some(score.layer_right.unwrap_or(true) && layer == truth);
            if layer != truth {
                let (name, from, said) = (self.name, clock(span.from_ms), layer.word());
                score.broken.push(format!(
                    "{name}, from {from}: the page named the layer {said}, customers failed at {} (layer)",
                    truth.word()
                ));
            }
        }
    }

    fn says(&self, ms: Ms, bound: Ms, span: &Span, what: &str) -> String {
        let seconds = |ms: Ms| format!("{}.{}", ms / 1000, ms % 1000 / 100);
        let (name, from) = (self.name, clock(span.from_ms));
        let allowed = if bound > 0 { format!(", at most {} s", seconds(bound)) } else { String::new() };
        format!("{name}, from {from}: {} s {what}{allowed}", seconds(ms))
    }
}
