//! When evidence is enough: intervals, leases, quorum, confirmation, degradation.

use core::time::Duration;

use serde::Serialize;

/// How a cell is measured and judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Policy {
    /// Time between the planned starts of two runs of a check.
    pub every: Duration,
    /// How long a whole journey may take. Never longer than `every`.
    pub deadline: Duration,
    /// How long a pass counts: 2 x `every` + `deadline` unless told otherwise.
    pub lease: Duration,
    /// How many of a cell's vantages must pass, fresh, for green.
    pub quorum: Quorum,
    /// How many results in a row change the verdict.
    pub confirm: Confirm,
    /// What short of an outage is not green either.
    pub degraded: Degraded,
}

/// How many of a cell's vantages make a quorum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Quorum {
    /// More than half.
    Majority,
    /// All.
    All,
    /// This many; at least 1, at most as many as there are.
    AtLeast(u16),
}

impl Quorum {
    /// The number of vantages needed out of `of`; never below 1, never above `of` where `of` is not 0.
    #[must_use]
    pub fn needed(self, of: usize) -> usize {
        match self {
            Self::Majority => of / 2 + 1,
            Self::All => of.max(1),
            Self::AtLeast(n) => usize::from(n).clamp(1, of.max(1)),
        }
    }
}

/// How many results in a row change a vantage's vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Confirm {
    /// Failures in a row before a vantage votes "failing"; at least 1.
    pub down: u16,
    /// Passes in a row before it votes "passing" again; at least 1.
    pub up: u16,
}

/// What short of an outage is not green either. A minority of vantages failing always degrades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Degraded {
    /// So many failures among the last runs of a vantage.
    pub failing: Option<FailingOf>,
    /// A passing journey that takes longer than this.
    pub within: Option<Duration>,
}

/// `n of m`: `n` failures among the last `of` runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct FailingOf {
    /// Failures; at least 1, at most `of`.
    pub failing: u8,
    /// The last so many runs; at most 64.
    pub of: u8,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quorum_is_at_least_one_and_at_most_all() {
        assert_eq!(Quorum::Majority.needed(1), 1);
        assert_eq!(Quorum::Majority.needed(2), 2);
        assert_eq!(Quorum::Majority.needed(3), 2);
        assert_eq!(Quorum::All.needed(0), 1);
        assert_eq!(Quorum::AtLeast(9).needed(3), 3);
    }
}
