//! How time in each verdict becomes history.
//!
//! A cell's verdict holds from the moment it was decided until the next change. Spans are handed to the ledger at each
//! change, at the change's own moment (which may lie in the past: a hub that was paused decides then what came due),
//! and for all cells every [`report_every`], so that a crash loses little.

use std::collections::BTreeMap;
use std::time::Duration;

use candor_core::Timestamp;
use candor_core::id::CellKey;
use candor_core::verdict::Verdict;
use candor_ledger::Span;

/// Time between two reports of all cells, for each [`REPORTED`] cells and what is left of them.
const REPORT_EVERY: Duration = Duration::from_secs(20);
const REPORTED: u32 = 5_000;

/// Time between two reports of so many cells: a report costs by the cell, so that its part of the time stays the same.
pub(crate) fn report_every(cells: usize) -> Duration {
    REPORT_EVERY * u32::try_from(cells).unwrap_or(u32::MAX).div_ceil(REPORTED).max(1)
}

/// From the start of a hub to its first report.
pub(crate) const FIRST_REPORT: Duration = Duration::from_secs(4);

/// Since when each cell holds its verdict, as far as history does not know yet.
#[derive(Debug, Default)]
pub(crate) struct Spans {
    cells: BTreeMap<CellKey, (Verdict, bool, Timestamp)>,
    ready: Vec<Span>,
}

impl Spans {
    /// Notes what each cell is now. What changed ends its span at `at`; cells that are gone end theirs too.
    pub(crate) fn note<'v>(
        &mut self,
        at: Timestamp,
        verdicts: impl Iterator<Item = (&'v CellKey, Verdict, bool)>,
    ) {
        let mut gone = std::mem::take(&mut self.cells);
        for (key, verdict, covered) in verdicts {
            let begun = match gone.remove(key) {
                Some(held) if (held.0, held.1) == (verdict, covered) => held.2,
                Some(held) => {
                    self.end(key, held, at);
                    at
                }
                None => at,
            };
            self.cells.insert(key.clone(), (verdict, covered, begun));
        }
        for (key, held) in gone {
            self.end(&key, held, at);
        }
    }

    /// A single cell changed, at its own moment.
    pub(crate) fn changed(&mut self, at: Timestamp, key: &CellKey, to: Verdict) {
        if let Some((verdict, covered, begun)) = self.cells.get(key).copied() {
            self.end(key, (verdict, covered, begun), at);
            self.cells.insert(key.clone(), (to, covered, at.max(begun)));
        }
    }

    /// Intended downtime began or ended; what is measured beneath it stays.
    pub(crate) fn cover<'v>(
        &mut self,
        at: Timestamp,
        verdicts: impl Iterator<Item = (&'v CellKey, Verdict, bool)>,
    ) {
        for (key, _, covered) in verdicts {
            if let Some(held) = self.cells.get(key).copied().filter(|held| held.1 != covered) {
                self.end(key, held, at);
                self.cells.insert(key.clone(), (held.0, covered, at.max(held.2)));
            }
        }
    }

    /// All spans up to `at`, for the ledger.
    pub(crate) fn take(&mut self, at: Timestamp) -> Vec<Span> {
        let keys: Vec<CellKey> = self.cells.keys().cloned().collect();
        for key in keys {
            if let Some(held) = self.cells.get(&key).copied() {
                self.end(&key, held, at);
                self.cells.insert(key, (held.0, held.1, at.max(held.2)));
            }
        }
        std::mem::take(&mut self.ready)
    }

    /// The clock was stepped: what lies before is let go, history begins again at `at`.
    pub(crate) fn restart(&mut self, at: Timestamp) {
        for held in self.cells.values_mut() {
            held.2 = at;
        }
    }

    fn end(
        &mut self,
        key: &CellKey,
        (verdict, under_maintenance, from): (Verdict, bool, Timestamp),
        to: Timestamp,
    ) {
        let length_ms = to.as_millisecond().saturating_sub(from.as_millisecond());
        // Who slept longer than the ledger takes was not watching: that stays a gap.
        if from < to && length_ms <= candor_ledger::SPAN_MAX_MS {
            self.ready.push(Span { cell: key.clone(), verdict, under_maintenance, from, to });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candor_core::id::{CapabilityId, ServiceId};

    fn key() -> CellKey {
        CellKey {
            service: ServiceId::new("shop").unwrap(),
            capability: CapabilityId::new("buy").unwrap(),
            place: None,
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_change_ends_a_span_at_its_own_moment() {
        let mut spans = Spans::default();
        let key = key();
        spans.note(at(0), std::iter::once((&key, Verdict::Operational, false)));
        spans.changed(at(50), &key, Verdict::Unknown);
        let taken: Vec<_> = spans.take(at(3_600)).into_iter().map(|s| (s.verdict, s.from, s.to)).collect();
        assert_eq!(taken, [(Verdict::Operational, at(0), at(50)), (Verdict::Unknown, at(50), at(3_600))]);
    }

    #[test]
    fn who_was_paused_reports_green_only_up_to_the_lease_s_end() {
        let mut spans = Spans::default();
        let key = key();
        spans.note(at(0), std::iter::once((&key, Verdict::Operational, false)));
        // Stopped at second 10; the engine, an hour later, first decides what came due.
        spans.changed(at(90), &key, Verdict::Unknown);
        spans.note(at(3_610), std::iter::once((&key, Verdict::Unknown, false)));
        let green = |s: &Span| s.verdict == Verdict::Operational;
        let taken = spans.take(at(3_610));
        let ends: Vec<_> = taken.iter().filter(|s| green(s)).map(|s| (s.from, s.to)).collect();
        assert_eq!(ends, [(at(0), at(90))]);
    }

    #[test]
    fn time_under_intended_downtime_ends_when_that_ends() {
        let mut spans = Spans::default();
        let key = key();
        spans.note(at(0), std::iter::once((&key, Verdict::Operational, true)));
        spans.cover(at(7), std::iter::once((&key, Verdict::Operational, false)));
        let taken: Vec<_> = spans.take(at(20)).iter().map(|s| (s.under_maintenance, s.from, s.to)).collect();
        assert_eq!(taken, [(true, at(0), at(7)), (false, at(7), at(20))]);
    }

    #[test]
    fn a_sleep_longer_than_the_ledger_takes_is_a_gap() {
        let mut spans = Spans::default();
        let key = key();
        spans.note(at(0), std::iter::once((&key, Verdict::Outage, false)));
        assert_eq!(spans.take(at(3 * 86_400)), []);
        assert_eq!(spans.take(at(3 * 86_400 + 5)).len(), 1);
    }

    #[test]
    fn many_cells_are_reported_as_often_as_they_cost() {
        let seconds = [0, 1, 5_000, 5_001, 50_000].map(|cells| report_every(cells).as_secs());
        assert_eq!(seconds, [20, 20, 20, 40, 200]);
    }

    #[test]
    fn nothing_is_reported_across_a_clock_step() {
        let mut spans = Spans::default();
        let key = key();
        spans.note(at(7_200), std::iter::once((&key, Verdict::Operational, false)));
        spans.restart(at(0));
        let taken = spans.take(at(10));
        assert_eq!(taken.len(), 1);
        assert_eq!((taken[0].from, taken[0].to), (at(0), at(10)));
    }
}
