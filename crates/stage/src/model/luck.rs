//! Chance from a seed: the same numbers for the same run, on any machine.

use crate::splitmix;

/// A stream of numbers.
#[derive(Debug, Clone)]
pub(crate) struct Luck {
    state: u64,
}

impl Luck {
    /// The stream of a seed and of what it is for.
    pub(crate) fn of(seed: u64, parts: &[u64]) -> Self {
        let mut luck = Self { state: seed };
        for part in parts {
            luck.state = luck.next() ^ part.wrapping_mul(0xff51_afd7_ed55_8ccd);
        }
        luck
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(splitmix::STEP);
        splitmix::mixed(self.state)
    }

    /// A number below `limit`; 0 where that is 0.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next().checked_rem(limit).unwrap_or(0)
    }

    /// Whether something of so many in a hundred happens.
    pub(crate) fn happens(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// A number for a word (FNV-1a).
pub(crate) fn number(word: &str) -> u64 {
    word.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
