//! How long the driver was kept from waking when it wanted to: a measure of how far this machine is behind.
//!
//! A timeout is a statement about the target only where somebody listened while it ran. On a machine that has no
//! processor for us, answers lie unread until their time is over. Where that was so for a quarter of a run's time, a
//! failure by time says nothing of the target. Short delays are every machine's and are not counted.

use std::time::Duration;

use candor_core::fault::{Fault, Kind};
use candor_core::observation::Run;

/// A wake later than this was held up; the timer alone is late by a millisecond or two.
const COUNTS_FROM: Duration = Duration::from_millis(20);
/// A run is held up where all its delays together are at least this part of its time.
const PART: u32 = 4;

/// Delays, added up since the driver began.
#[derive(Debug, Default)]
pub(super) struct Lag {
    wake_at: Option<Duration>,
    in_all: Duration,
}

impl Lag {
    /// The driver sleeps until then, or until something happens.
    pub(super) fn sleeps_until(&mut self, at: Option<Duration>) {
        self.wake_at = at;
    }

    /// The driver is awake.
    pub(super) fn wakes(&mut self, now: Duration) {
        let late = self.wake_at.take().map_or(Duration::ZERO, |at| now.saturating_sub(at));
        if late >= COUNTS_FROM {
            self.in_all = self.in_all.saturating_add(late);
        }
    }

    /// All delays so far; the difference between two moments is what lay between them.
    pub(super) fn in_all(&self) -> Duration {
        self.in_all
    }
}

/// What a run says that took `took`, of which the process was held up for `behind`.
pub(super) fn judged(mut run: Run, took: Duration, behind: Duration) -> Run {
    let by_time = run.observation.fault.as_ref().is_some_and(|fault| fault.kind.is_of_time());
    if by_time && behind.saturating_mul(PART) >= took {
        let (behind, took) = (behind.as_millis(), took.as_millis());
        let detail = format!("this machine was too busy: the run was held up for {behind} of its {took} ms");
        run.observation.fault = Some(Fault::new(Kind::VantageUnable, 0, &detail));
        run.evidence = None;
    }
    run
}
