//! How many runs may be in flight at once: in all, and against one host.
//!
//! The bound over all runs follows from the descriptors this process may open, because that is what a run that
//! hangs really holds. The bounds for a host are there so that no plan, recheck or wake-up from suspension turns
//! into a flood; they delay that host's checks and nobody else's. Nothing here does I/O but
//! [`Bounds::of_this_process`], which reads one file of the kernel's and falls back to [`DESCRIPTORS_ASSUMED`].

use std::time::Duration;

/// Descriptors kept back for the ledger, the listeners and the readers of the page.
pub const DESCRIPTORS_RESERVED: u64 = 256;
/// Descriptors that one run may hold: two racing connection attempts and a DNS socket.
pub const DESCRIPTORS_PER_RUN: u64 = 3;
/// What is assumed where the kernel does not say: the usual soft limit.
pub const DESCRIPTORS_ASSUMED: u64 = 1_024;
/// Fewest runs in flight, however low the limit; a lower one would stop measuring.
pub const IN_FLIGHT_MIN: usize = 16;
/// Most runs in flight, however high the limit: beyond it, memory would be the next thing to run out.
pub const IN_FLIGHT_MAX: usize = 20_000;
/// Most runs in flight against one host, and never more than half of all. It is no pace ([`HOST_STARTS_PER_SECOND`] is):
/// a host behind which thousands of services stand may hang, and holds as many runs as start within their timeout. A
/// lower bound would skip most of them, and leave a page at "unknown" that could say "outage".
pub const HOST_IN_FLIGHT: usize = 5_000;
/// Most starts a second against one host.
pub const HOST_STARTS_PER_SECOND: u32 = 1_000;
/// Starts against one host that may come at the same moment.
pub const HOST_BURST: u32 = 100;

/// The bounds of a [`super::Planner`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Most runs in flight; at least 1.
    pub in_flight: usize,
    /// So many of them are kept for hosts that have nothing in flight: as long as there are no more hosts than
    /// this, no host ever waits for another.
    pub reserve: usize,
    /// Most runs in flight against one host; at least 1.
    pub host_in_flight: usize,
    /// Least mean time between two starts against one host.
    pub host_gap: Duration,
    /// Starts against one host that may come at the same moment; at least 1.
    pub host_burst: u32,
}

impl Bounds {
    /// The bounds that go with so many descriptors.
    #[must_use]
    pub fn for_descriptors(descriptors: u64) -> Self {
        let runs = descriptors.saturating_sub(DESCRIPTORS_RESERVED) / DESCRIPTORS_PER_RUN;
        let in_flight = usize::try_from(runs).unwrap_or(IN_FLIGHT_MAX).clamp(IN_FLIGHT_MIN, IN_FLIGHT_MAX);
        Self {
            in_flight,
            reserve: in_flight / 4,
            host_in_flight: HOST_IN_FLIGHT.min(in_flight / 2),
            host_gap: Duration::from_secs(1) / HOST_STARTS_PER_SECOND,
            host_burst: HOST_BURST,
        }
    }

    /// The bounds that go with this process's own limit on open files (`RLIMIT_NOFILE`).
    #[must_use]
    pub fn of_this_process() -> Self {
        let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
        Self::for_descriptors(soft_limit(&limits).unwrap_or(DESCRIPTORS_ASSUMED))
    }

    /// How many runs there may already be where one more starts against a host that has `load` in flight.
    pub(super) fn room_for(&self, load: usize) -> usize {
        if load == 0 { self.in_flight.max(1) } else { self.in_flight.saturating_sub(self.reserve).max(1) }
    }

    /// How far a host may run ahead of its mean rate.
    pub(super) fn host_slack(&self) -> Duration {
        self.host_gap.saturating_mul(self.host_burst.saturating_sub(1))
    }
}

/// The soft limit in the text of `/proc/self/limits`.
fn soft_limit(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_is_read_from_the_kernels_table() {
        let table = "Limit  Soft Limit Hard Limit Units\nMax open files            20000                30000                files     \n";
        assert_eq!(soft_limit(table), Some(20_000));
        assert_eq!(soft_limit("Max open files unlimited unlimited files"), Some(u64::MAX));
        assert_eq!(soft_limit("nothing of the kind"), None);
    }

    #[test]
    fn bounds_follow_the_descriptors_within_reason() {
        assert_eq!(Bounds::for_descriptors(1_024).in_flight, 256);
        assert_eq!(Bounds::for_descriptors(0).in_flight, IN_FLIGHT_MIN);
        assert_eq!(Bounds::for_descriptors(u64::MAX).in_flight, IN_FLIGHT_MAX);
        assert!(Bounds::of_this_process().in_flight >= IN_FLIGHT_MIN);
    }
}
