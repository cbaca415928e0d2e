//! The schedule's own figures, for `/metrics` and for those who wonder why a page is late.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

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
    /// The longest delay between a planned start and its start since the figure was last taken.
    pub late_max: Duration,
}

impl ScheduleStats {
    /// Reads all figures, without resetting any.
    #[must_use]
    pub fn figures(&self) -> ScheduleFigures {
        let of = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
        ScheduleFigures {
            started: of(&self.started),
            skipped: of(&self.skipped),
            hung: of(&self.hung),
            panicked: of(&self.panicked),
            in_flight: of(&self.in_flight),
            undelivered: of(&self.undelivered),
            late_max: Duration::from_micros(of(&self.late_max_us)),
        }
    }

    /// Takes the longest delay and begins a new one.
    #[must_use]
    pub fn take_late_max(&self) -> Duration {
        Duration::from_micros(self.late_max_us.swap(0, Ordering::Relaxed))
    }

    pub(super) fn count_start(&self, late: Duration) {
        self.started.fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(late.as_micros()).unwrap_or(u64::MAX);
        self.late_max_us.fetch_max(micros, Ordering::Relaxed);
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
