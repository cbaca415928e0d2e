//! What is allowed: rows P9, P10 and P11 of the measures, and how long a page may take to settle.

use serde::Serialize;

use crate::Ms;
use crate::scenario::Watch;
use crate::truth::{Can, Fares};

/// How long the page may take after the interval, beside what it must wait for.
const SLACK_MS: Ms = 2_000;

/// P11: how long after detection the cause must be named.
const CAUSE_MS: Ms = 5_000;

/// How many runs a page may remember: after trouble that came and went, it may call a cell degraded for so long.
const REMEMBERED_RUNS: Ms = 10;

/// What is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Bounds {
    /// How whoever watches looks.
    pub watch: Watch,
    /// How late a sample of the page may be; 0 where each change is seen.
    pub sample_ms: Ms,
}

impl Bounds {
    /// The bounds for whoever looks so.
    #[must_use]
    pub const fn of(watch: Watch) -> Self {
        Self { watch, sample_ms: 0 }
    }

    /// P9: from a fault until the page differs. A fault that answers at once is found after one interval; one that is
    /// waited for takes two deadlines of its step more.
    #[must_use]
    pub const fn detection_ms(&self, fares: &Fares) -> Ms {
        let waits = if fares.at_once { 0 } else { 2 * self.watch.timeout_ms };
        self.watch.every_ms + waits + SLACK_MS + self.sample_ms
    }

    /// P11: from detection until the cause is named.
    #[must_use]
    pub const fn cause_ms(&self) -> Ms {
        CAUSE_MS + self.sample_ms
    }

    /// How long ago whoever names a cause may have looked.
    #[must_use]
    pub const fn look_ms(&self) -> Ms {
        self.cause_ms() + 1_000
    }

    /// How long a page may still call a cell out after it works again: a first pass, and its confirmation.
    #[must_use]
    pub const fn recovery_ms(&self) -> Ms {
        2 * self.watch.every_ms + self.watch.deadline_ms + SLACK_MS + self.sample_ms
    }

    /// How long a page may still call a cell degraded after it works again.
    #[must_use]
    pub const fn memory_ms(&self) -> Ms {
        (REMEMBERED_RUNS + 1) * self.watch.every_ms + self.recovery_ms()
    }

    /// How long a page may not know, after anything changed: as long as a lease, and a run.
    #[must_use]
    pub const fn settling_ms(&self) -> Ms {
        self.watch.lease_ms() + self.watch.every_ms + SLACK_MS + self.sample_ms
    }

    /// How long trouble may be without anybody having to call it: what ends sooner than it is found, and what comes and
    /// goes for fewer runs than make a share.
    #[must_use]
    pub const fn must_call_after_ms(&self, fares: &Fares) -> Ms {
        match fares.can {
            Can::Yes | Can::Mostly => Ms::MAX,
            Can::No => self.detection_ms(fares),
            Can::Partly => REMEMBERED_RUNS * self.watch.every_ms + self.watch.lease_ms(),
        }
    }
}
