//! From single attempts to how a cell fares.
//!
//! Two failures in a row are an end: customers cannot, from the beginning of the first. Two successes in a row are an end
//! of that. Where both come and go, customers can partly, until [`RUN`] in a row agree. Where a link is rough, failures in a
//! row are chance: it takes so many of them as chance alone, by how often attempts fail over this link, would not make once
//! in a thousand times, and never fewer than [`RUN`].

use std::collections::VecDeque;

use super::client::Trouble;
use crate::Ms;
use crate::truth::{Can, Fares, Layer};

/// Attempts in a row that end a mixture.
const RUN: usize = 8;
/// How unlikely a run of failures must be, if it were chance, to be more than that.
const CHANCE: f64 = 0.001;
/// Attempts that are remembered; the longest run that chance can ask for is one shorter.
const REMEMBERED: usize = 64;
/// Of these, how many are looked at for whether it comes and goes.
const LOOKED_AT: usize = 12;
/// Failures that say where it fails.
const FAILURES: usize = 5;

/// An attempt and its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Attempt {
    pub(super) began_ms: Ms,
    pub(super) ended_ms: Ms,
    /// How it failed: the layer, and whether that was told at once.
    pub(super) failed: Option<(Layer, bool)>,
}

impl Attempt {
    pub(super) fn new(began_ms: Ms, ended_ms: Ms, outcome: &Result<(), Trouble>) -> Self {
        let failed = outcome.as_ref().err().map(|trouble| (trouble.layer, trouble.at_once));
        Self { began_ms, ended_ms, failed }
    }
}

/// The attempts of one cell at one place.
#[derive(Debug, Default)]
pub(super) struct Fold {
    last: VecDeque<Attempt>,
    fares: Option<Fares>,
    /// Attempts over a link while it was rough: how many, and how many of them failed.
    rough: (u32, u32),
}

impl Fold {
    /// Takes an attempt, over a link that is rough or not; says how the cell fares from when on, where that changed.
    pub(super) fn take(&mut self, attempt: Attempt, rough: bool) -> Option<(Ms, Fares)> {
        self.last.push_back(attempt);
        if self.last.len() > REMEMBERED {
            self.last.pop_front();
        }
        self.rough = match (rough, attempt.failed) {
            (false, _) => (0, 0),
            (true, failed) => (self.rough.0 + 1, self.rough.1 + u32::from(failed.is_some())),
        };
        let now = self.judge(rough);
        if self.fares == Some(now) {
            return None;
        }
        let since = self.since(now.can);
        self.fares = Some(now);
        Some((since, now))
    }

    /// How it fares.
    pub(super) const fn fares(&self) -> Option<Fares> {
        self.fares
    }

    fn judge(&self, rough: bool) -> Fares {
        let (failed, run) = self.run();
        let end = if rough { self.more_than_chance() } else { 2 };
        let was = self.fares.map_or(Can::Yes, |fares| fares.can);
        let can = match (was, failed) {
            (Can::Yes, true) if run >= end => Can::No,
            // A failure that stands alone, and another not long before it.
            (Can::Yes, true) if self.fares.is_some() && self.failures() >= 2 => Can::Partly,
            (Can::No, false) if rough || run >= 2 && self.alternates() => Can::Partly,
            (Can::No, false) if run >= 2 => Can::Yes,
            (Can::Partly, false) if run >= RUN => Can::Yes,
            (Can::Partly, true) if run >= end.max(RUN) => Can::No,
            (was, _) => was,
        };
        match can {
            Can::Yes => Fares::WELL,
            // Over a rough link it is chance where an attempt fails.
            Can::Mostly | Can::Partly | Can::No if rough => Fares { can, layer: None, at_once: false },
            Can::Mostly | Can::Partly | Can::No => self.how(can),
        }
    }

    /// How many failures in a row are more than chance over a rough link, by how often attempts failed there before them.
    fn more_than_chance(&self) -> usize {
        let (failed, run) = self.run();
        let run = if failed { u32::try_from(run).unwrap_or(u32::MAX) } else { 0 };
        let (all, failures) = (self.rough.0.saturating_sub(run), self.rough.1.saturating_sub(run));
        // Of what was never tried, nine of ten: over a rough link, a journey of many steps nearly always fails.
        let share = f64::from(failures + 9) / f64::from(all + 10);
        let mut chance = 1.0;
        let longest = REMEMBERED - 1;
        let asked = (1..=longest).find(|_| {
            chance *= share;
            chance < CHANCE
        });
        asked.unwrap_or(longest).max(RUN)
    }

    /// Whether the last attempt failed, and how many in a row were like it.
    fn run(&self) -> (bool, usize) {
        let failed = self.last.back().is_some_and(|attempt| attempt.failed.is_some());
        (failed, self.last.iter().rev().take_while(|a| a.failed.is_some() == failed).count())
    }

    fn failures(&self) -> usize {
        self.looked_at().filter(|attempt| attempt.failed.is_some()).count()
    }

    /// The newest of what is remembered, the oldest of them first.
    fn looked_at(&self) -> impl Iterator<Item = &Attempt> + Clone {
        self.last.iter().skip(self.last.len().saturating_sub(LOOKED_AT))
    }

    /// Whether it went back and forth among what is remembered, more than once.
    fn alternates(&self) -> bool {
        let turns = self.looked_at().zip(self.looked_at().skip(1));
        turns.filter(|(a, b)| a.failed.is_some() != b.failed.is_some()).count() > 2
    }

    /// Where its last failures were; what is said already stands until another is commoner.
    fn how(&self, can: Can) -> Fares {
        let failures = self.last.iter().rev().filter_map(|attempt| attempt.failed);
        let last: Vec<(Layer, bool)> = failures.take(FAILURES).collect();
        let said = self.fares.and_then(|fares| Some((fares.layer?, fares.at_once)));
        let count = |how: &(Layer, bool)| last.iter().filter(|other| *other == how).count();
        let most = last.iter().copied().chain(said).max_by_key(|how| (count(how), Some(*how) == said));
        let (layer, at_once) = most.map_or((None, true), |(layer, at_once)| (Some(layer), at_once));
        Fares { can, layer, at_once }
    }

    /// Since when: the beginning of the first failure of the run, the end of the first success; of what comes and goes
    /// after all was well, the first failure of those that show it.
    fn since(&self, can: Can) -> Ms {
        let was_well = self.fares.is_none_or(|fares| fares.can == Can::Yes);
        if can == Can::Partly && was_well {
            let first = self.looked_at().find(|attempt| attempt.failed.is_some());
            return first.map_or(0, |attempt| attempt.began_ms);
        }
        let (_, run) = self.run();
        let first = self.last.len().checked_sub(run).and_then(|at| self.last.get(at));
        let of = |attempt: &Attempt| match can {
            Can::Yes => attempt.ended_ms,
            Can::Mostly | Can::Partly | Can::No => attempt.began_ms,
        };
        first.map_or(0, of)
    }
}

/// A cell without places, from how it fares at each: it fails where all fail, and works where all work.
pub(super) fn together(places: &[Fares]) -> Fares {
    let of: Vec<&Fares> = places.iter().filter(|fares| fares.can != Can::Yes).collect();
    let count = |fares: &Fares| of.iter().filter(|other| **other == fares).count();
    let Some(most) = of.iter().max_by_key(|fares| count(fares)) else { return Fares::WELL };
    let all = places.iter().all(|fares| fares.can == Can::No);
    Fares { can: if all { Can::No } else { Can::Partly }, ..**most }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of attempts, one a second: `+` for success, a letter for a failure.
    fn told(attempts: &str) -> Vec<(Ms, Can, Option<Layer>)> {
        told_over(attempts, false)
    }

    fn told_over(attempts: &str, rough: bool) -> Vec<(Ms, Can, Option<Layer>)> {
        let mut fold = Fold::default();
        let layer = |c| match c {
            'd' => Some((Layer::Dns, true)),
            'h' => Some((Layer::Http, true)),
            _ => None,
        };
        let one = |(n, c)| {
            let began_ms = 1000 * u64::try_from(n).unwrap();
            fold.take(Attempt { began_ms, ended_ms: began_ms + 500, failed: layer(c) }, rough)
        };
        let changes = attempts.chars().enumerate().filter_map(one);
        changes.map(|(at, fares)| (at, fares.can, fares.layer)).collect()
    }

    #[test]
    fn two_failures_in_a_row_are_an_end_from_the_beginning_of_the_first() {
        let (well, out) = ((500, Can::Yes, None), (3000, Can::No, Some(Layer::Dns)));
        assert_eq!(told("+++ddddd++++"), [well, out, (8500, Can::Yes, None)]);
    }

    #[test]
    fn a_single_failure_is_nothing() {
        assert_eq!(told("++++++d++++++++++++"), [(500, Can::Yes, None)]);
    }

    #[test]
    fn what_comes_and_goes_is_neither() {
        let changes = told("++++d+d+d+dd+d++d+d++d+d++++++++");
        assert_eq!(changes.iter().map(|c| c.1).collect::<Vec<_>>(), [Can::Yes, Can::Partly, Can::Yes]);
    }

    #[test]
    fn over_a_rough_link_failures_in_a_row_are_chance_until_they_are_many() {
        let cans = |attempts| told_over(attempts, true).into_iter().map(|c| c.1).collect::<Vec<_>>();
        assert_eq!(cans("+++dd+ddd+dd+++dd+"), [Can::Yes, Can::Partly]);
        assert_eq!(cans("+++dddddddddddd+d"), [Can::Yes, Can::Partly]);
        let many = "d".repeat(20);
        assert_eq!(cans(&format!("+++{many}+d")), [Can::Yes, Can::Partly, Can::No, Can::Partly]);
    }

    #[test]
    fn over_a_rough_link_it_takes_the_more_failures_in_a_row_the_commoner_they_are() {
        let cans = |attempts: &str| told_over(attempts, true).into_iter().map(|c| c.1).collect::<Vec<_>>();
        // Two of three fail: eighteen in a row come once in a thousand times.
        let mixed = "dd+".repeat(20);
        assert_eq!(cans(&format!("+++{mixed}dddddddddddd+")), [Can::Yes, Can::Partly]);
        assert_eq!(cans(&format!("+++{mixed}{}", "d".repeat(20))), [Can::Yes, Can::Partly, Can::No]);
    }

    #[test]
    fn another_layer_is_said_when_it_is_commoner() {
        let layers: Vec<_> = told("++dddddhhhhh").into_iter().map(|c| c.2).collect();
        assert_eq!(layers, [None, Some(Layer::Dns), Some(Layer::Http)]);
    }

    #[test]
    fn a_cell_without_places_fails_where_all_fail() {
        let (well, out) = (Fares::WELL, Fares::fails(Layer::Connect));
        let partly = Fares { can: Can::Partly, ..out };
        assert_eq!(together(&[well, well]), well);
        assert_eq!(together(&[well, well, well, out]), partly);
        assert_eq!(together(&[out, partly, out]), partly);
        assert_eq!(together(&[out, out]), out);
    }
}
