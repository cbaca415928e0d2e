//! How many connections each site may have at once, and how long a visit may last.
//!
//! Seats follow from the descriptors that this process may open beside its probes, so readers cannot keep the hub from
//! measuring. The last of them are for short visits only.

use std::time::Duration;

use candor_probe::{Bounds, DESCRIPTORS_PER_RUN};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Connections of one site at once, however many descriptors there are; and however few.
const CONNECTIONS: (u64, u64) = (16, 16_384);
/// Descriptors for the ledger, the listeners, the log and what the system opens.
const DESCRIPTORS_OWN: u64 = 64;
/// Longest time for a whole request head.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// Longest life of a connection, however it is used.
const CONNECTION_WITHIN: Duration = Duration::from_secs(300);
/// The same two where fewer than a quarter of the seats are free: for short visits only, so that those who sit and say
/// nothing cannot keep everyone else out.
const SHORT_VISIT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(5));

/// How many connections each site may have at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seats {
    pub(crate) public: usize,
    pub(crate) operators: usize,
}

impl Seats {
    /// Those that go with the descriptors of this process; first it takes as many of them as it may have.
    pub(crate) fn of_this_process(checks: usize) -> Self {
        let limit = getrlimit(Resource::Nofile);
        let more = Rlimit { current: limit.maximum, maximum: limit.maximum };
        // Where the system says no, what there is must do.
        let descriptors =
            if setrlimit(Resource::Nofile, more).is_ok() { limit.maximum } else { limit.current };
        Self::for_descriptors(descriptors.unwrap_or(u64::MAX), checks)
    }

    /// Of each check one run is in flight at most; a plan may come to have twice as many.
    fn for_descriptors(descriptors: u64, checks: usize) -> Self {
        let in_flight = Bounds::for_descriptors(descriptors).in_flight.min(checks.saturating_mul(2));
        let runs = in_flight as u64 * DESCRIPTORS_PER_RUN;
        let free = descriptors.saturating_sub(runs).saturating_sub(DESCRIPTORS_OWN);
        let seats = |n: u64| usize::try_from(n.clamp(CONNECTIONS.0, CONNECTIONS.1)).unwrap_or(usize::MAX);
        Self { public: seats(free - free / 4), operators: seats(free / 4) }
    }
}

/// How long a head may take and a connection may last, where so many seats are free.
pub(super) const fn visit(free: usize, seats: usize) -> (Duration, Duration) {
    if free < seats / 4 { SHORT_VISIT } else { (HEAD_WITHIN, CONNECTION_WITHIN) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_leave_descriptors_to_the_probes() {
        let seats = |descriptors, checks| {
            let seats = Seats::for_descriptors(descriptors, checks);
            (seats.public, seats.operators)
        };
        assert_eq!(seats(1_024, 100_000), (144, 48));
        assert_eq!(seats(1_024, 10), (675, 225));
        assert_eq!(seats(u64::MAX, 200_000), (16_384, 16_384));
        assert_eq!(seats(10, 10), (16, 16));
    }

    #[test]
    fn the_last_seats_are_for_short_visits() {
        assert_eq!(visit(100, 100).0, HEAD_WITHIN);
        assert_eq!(visit(25, 100).1, CONNECTION_WITHIN);
        assert_eq!(visit(24, 100), SHORT_VISIT);
        assert_eq!(visit(0, 16), SHORT_VISIT);
    }
}
