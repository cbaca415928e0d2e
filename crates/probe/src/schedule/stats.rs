//! The schedule's own figures, for `/metrics` and for those who wonder why a page is late.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the classes into which delays of starts are counted.
pub const LATE_CLASSES: [Duration; 5] = [
    Duration::from_millis(1),
    Duration::from_millis(10),
    Duration::from_millis(100),
    Duration::from_secs(1),
    Duration::from_secs(10),
];

/// Counters and gauges, shared between the schedule and its readers. Each is right by itself; no two belong to the
/// same instant.
#[derive(Debug, Default)]
pub struct ScheduleStats {
    started: AtomicU64,
    skipped: AtomicU64,
    hung: AtomicU64,
    panicked: AtomicU64,
    in_flight: AtomicU64,
    undelivered: AtomicU64,
    late_max_us: AtomicU64,
    late_lately_us: AtomicU64,
    stood_lately_us: AtomicU64,
    late_sum_us: AtomicU64,
    /// Starts by the class of their delay; what is later than the last one stands only in `started`.
    late: [AtomicU64; LATE_CLASSES.len()],
}

/// The figures at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScheduleFigures {
    /// Runs started since the beginning.
    pub started: u64,
    /// Planned starts that did not happen, because the run before them was not over or no slot was free.
    pub skipped: u64,
    /// Runs that the watchdog cut.
    pub hung: u64,
    /// Runs that ended in a panic of ours.
    pub panicked: u64,
    /// Runs in flight now.
    pub in_flight: u64,
    /// Results that wait for the hub to take them now.
    pub undelivered: u64,
    /// The longest delay between a planned start and its start since the beginning.
    pub late_max: Duration,
    /// The delays of all starts, added up.
    pub late_sum: Duration,
    /// So many starts were late by no more than the class of [`LATE_CLASSES`] at the same place.
    pub late_within: [u64; LATE_CLASSES.len()],
}

impl ScheduleStats {
    /// Reads all figures, without resetting any.
    #[must_use]
    pub fn figures(&self) -> ScheduleFigures {
        let of = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
        let mut so_far = 0;
        let late_within = self.late.each_ref().map(|class| {
            so_far += of(class);
            so_far
        });
        ScheduleFigures {
            late_sum: Duration::from_micros(of(&self.late_sum_us)),
            late_within,
            started: of(&self.started),
            skipped: of(&self.skipped),
            hung: of(&self.hung),
            panicked: of(&self.panicked),
            in_flight: of(&self.in_flight),
            undelivered: of(&self.undelivered),
            late_max: Duration::from_micros(of(&self.late_max_us)),
        }
    }

    /// Takes the longest delay of a start since it was last taken. For one taker alone.
    #[must_use]
    pub fn take_late(&self) -> Duration {
        Duration::from_micros(self.late_lately_us.swap(0, Ordering::Relaxed))
    }

    /// Takes the longest time for which the schedule stood still, with runs in flight, since it was last taken. For one
    /// taker alone.
    #[must_use]
    pub fn take_standstill(&self) -> Duration {
        Duration::from_micros(self.stood_lately_us.swap(0, Ordering::Relaxed))
    }

    pub(super) fn count_start(&self, late: Duration) {
        self.started.fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(late.as_micros()).unwrap_or(u64::MAX);
        self.late_max_us.fetch_max(micros, Ordering::Relaxed);
        self.late_lately_us.fetch_max(micros, Ordering::Relaxed);
        self.late_sum_us.fetch_add(micros, Ordering::Relaxed);
        if let Some((_, class)) = LATE_CLASSES.iter().zip(&self.late).find(|(most, _)| late <= **most) {
            class.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn note_standstill(&self, stood: Duration) {
        let micros = u64::try_from(stood.as_micros()).unwrap_or(u64::MAX);
        self.stood_lately_us.fetch_max(micros, Ordering::Relaxed);
    }

    pub(super) fn count_hung(&self) {
        self.hung.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_panic(&self) {
        self.panicked.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn show(&self, in_flight: usize, undelivered: usize, skipped: u64) {
        let gauge = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        self.in_flight.store(gauge(in_flight), Ordering::Relaxed);
        self.undelivered.store(gauge(undelivered), Ordering::Relaxed);
        self.skipped.store(skipped, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_of_starts_are_counted_by_class() {
        let stats = ScheduleStats::default();
        for millis in [0, 1, 2, 100, 101, 60_000] {
            stats.count_start(Duration::from_millis(millis));
        }
        let figures = stats.figures();
        assert_eq!(figures.late_within, [2, 3, 4, 5, 5]);
        assert_eq!((figures.started, figures.late_sum), (6, Duration::from_millis(60_204)));
    }
}
