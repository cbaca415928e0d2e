//! The budget of rechecks: a first failure is looked at again at once, but an outage must not be amplified.
//!
//! Each service has a bucket of tokens, as large as half of its checks and never below [`LEAST`]; it fills again over
//! [`REFILL`]. That is one for each cell of what is narrower than half of its places; what is wider needs none, because
//! neighbours confirm each other. A recheck without a token is not made: the next planned run confirms instead.

use core::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::CheckId;

/// Tokens that even the smallest service has: enough that one of four capabilities in four places, all out at once, is
/// confirmed at once in every cell. That many more requests within seconds amplify nothing.
pub(crate) const LEAST: u32 = 32;
/// Time in which an empty bucket fills.
pub(crate) const REFILL: Duration = Duration::from_secs(30);
/// Soonest a recheck starts after the failure it looks at, where the cell has a single vantage. Bursts of loss of a
/// second or two are the commonest weather: a recheck within one would confirm nothing. With its jitter it starts
/// within two seconds, because nobody else looks meanwhile.
pub(crate) const SOONEST_ALONE: Duration = Duration::from_millis(1_600);
/// The same where several vantages look: clear of such a burst altogether.
pub(crate) const SOONEST: Duration = Duration::from_millis(2_050);
/// Width of the jitter on top, in milliseconds.
pub(crate) const JITTER_MS: u64 = 250;

/// Tokens for rechecks of one service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Budget {
    size: u32,
    left: u32,
    /// From when the next token is counted.
    from: Option<Timestamp>,
}

impl Budget {
    pub(crate) fn for_checks(checks: usize) -> Self {
        let size = u32::try_from(checks.div_ceil(2)).unwrap_or(u32::MAX).max(LEAST);
        Self { size, left: size, from: None }
    }

    /// Takes a token, if one is left at `now`.
    pub(crate) fn take(&mut self, now: Timestamp) -> bool {
        self.refill(now);
        if self.left == 0 {
            return false;
        }
        if self.left == self.size {
            self.from = Some(now);
        }
        self.left -= 1;
        true
    }

    fn refill(&mut self, now: Timestamp) {
        let Some(from) = self.from else { return };
        let each_ms = (REFILL.as_millis() / u128::from(self.size)).max(1);
        let gone_ms = u128::try_from(now.duration_since(from).as_millis()).unwrap_or(0);
        let tokens = gone_ms / each_ms;
        if tokens == 0 {
            return;
        }
        self.left = self.size.min(self.left.saturating_add(u32::try_from(tokens).unwrap_or(u32::MAX)));
        let used_ms = u64::try_from(tokens.saturating_mul(each_ms)).unwrap_or(u64::MAX);
        self.from = Some(super::voter::after(from, Duration::from_millis(used_ms)));
    }
}

/// How long to wait before the recheck of `check`, in a cell of so many vantages: spread by its number, the same in
/// every replay.
pub(crate) fn delay(check: CheckId, turn: u64, vantages: usize) -> Duration {
    let mixed = (check.0 ^ turn.rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
    let soonest = if vantages > 1 { SOONEST } else { SOONEST_ALONE };
    soonest + Duration::from_millis(mixed % JITTER_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_budget_fills_again_over_its_time() {
        let mut budget = Budget::for_checks(4);
        let start = Timestamp::UNIX_EPOCH;
        for _ in 0..LEAST {
            assert!(budget.take(start));
        }
        assert!(!budget.take(start));
        let later = super::super::voter::after(start, REFILL);
        for _ in 0..LEAST {
            assert!(budget.take(later));
        }
        assert!(!budget.take(later));
    }

    #[test]
    fn rechecks_are_spread() {
        for (vantages, soonest) in [(1, SOONEST_ALONE), (3, SOONEST)] {
            let delays: alloc::collections::BTreeSet<_> =
                (0..50).map(|n| delay(CheckId(n), 0, vantages)).collect();
            assert!(delays.len() > 40, "{delays:?}");
            assert!(delays.iter().all(|d| *d >= soonest && *d < soonest + Duration::from_millis(JITTER_MS)));
        }
    }
}
