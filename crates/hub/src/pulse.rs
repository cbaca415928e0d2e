//! The pulse of a loop: when it last went round. Cheap to give, and to feel from anywhere.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// See the module.
#[derive(Debug)]
pub(crate) struct Pulse {
    begun: Instant,
    last_ms: AtomicU64,
}

impl Pulse {
    /// One that has just beaten.
    pub(crate) fn new() -> Self {
        Self { begun: Instant::now(), last_ms: AtomicU64::new(0) }
    }

    /// The loop goes round.
    pub(crate) fn beat(&self) {
        self.last_ms.store(self.now_ms(), Ordering::Release);
    }

    /// How long ago it last did.
    pub(crate) fn age(&self) -> Duration {
        Duration::from_millis(self.now_ms().saturating_sub(self.last_ms.load(Ordering::Acquire)))
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_that_stands_still_grows_old() {
        let pulse = Pulse::new();
        while pulse.age() < Duration::from_millis(5) {
            std::thread::yield_now();
        }
        pulse.beat();
        assert!(pulse.age() < Duration::from_secs(60));
    }
}
