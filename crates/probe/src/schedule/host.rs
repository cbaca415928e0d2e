//! What the planner knows of one target host: its runs, its queue and its pace.
//!
//! The pace is a leaky bucket kept as one number (the "theoretical arrival time" of GCRA): no refill, no timer of
//! its own. Pure: time comes in as an argument.

use std::collections::VecDeque;
use std::time::Duration;

use candor_core::id::CheckId;

use super::bounds::Bounds;

/// One target host.
#[derive(Debug, Default)]
pub(super) struct Host {
    /// Checks whose time has come, first come first. May hold checks that have gone since; who takes one looks.
    pub(super) queue: VecDeque<CheckId>,
    /// Its runs in flight.
    pub(super) in_flight: usize,
    /// Its key in the planner's order of hosts that may start a run now.
    pub(super) listed: Option<(usize, u64)>,
    /// When the planner looks at it again, because its pace held it up.
    pub(super) alarm: Option<Duration>,
    /// When the next start would be due at the mean rate.
    paced_to: Duration,
}

/// Why a host cannot start a run now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// Nothing waits.
    Empty,
    /// As many runs as it may have are in flight.
    Full,
    /// It would be too fast; not before this.
    Until(Duration),
}

impl Host {
    /// Whether it may start a run at `now`, and if not, why.
    pub(super) fn may_start(&self, bounds: &Bounds, now: Duration) -> Result<(), Held> {
        if self.queue.is_empty() {
            return Err(Held::Empty);
        }
        if self.in_flight >= bounds.host_in_flight.max(1) {
            return Err(Held::Full);
        }
        let free = self.paced_to.saturating_sub(bounds.host_slack());
        if now < free { Err(Held::Until(free)) } else { Ok(()) }
    }

    /// Counts a run that starts at `now`.
    pub(super) fn started(&mut self, bounds: &Bounds, now: Duration) {
        self.in_flight += 1;
        self.paced_to = self.paced_to.max(now).saturating_add(bounds.host_gap);
    }

    /// Whether nothing would be lost by forgetting it.
    pub(super) fn is_forgettable(&self) -> bool {
        self.in_flight == 0 && self.queue.is_empty() && self.listed.is_none()
    }
}
