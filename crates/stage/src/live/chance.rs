//! Seeded chance: the same seed, the same packets lost. Absent: any use where somebody could gain by guessing.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::splitmix;

/// A stream of chances that many may draw from.
#[derive(Debug)]
pub(super) struct Chance(AtomicU64);

impl Chance {
    pub(super) const fn of(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// The next number.
    pub(super) fn draw(&self) -> u64 {
        let before = self.0.fetch_add(splitmix::STEP, Ordering::Relaxed);
        splitmix::mixed(before.wrapping_add(splitmix::STEP))
    }

    /// True in `percent` of a hundred draws.
    pub(super) fn hits(&self, percent: u8) -> bool {
        percent > 0 && self.draw() % 100 < u64::from(percent)
    }

    /// One of `0..count`; 0 where there are none.
    pub(super) fn below(&self, count: usize) -> usize {
        let count = u64::try_from(count).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.draw() % count).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::Chance;

    #[test]
    fn a_seed_is_a_sequence_and_a_percentage_is_kept() {
        let draws = |seed| {
            let chance = Chance::of(seed);
            (0..2000).map(|_| chance.hits(30)).collect::<Vec<_>>()
        };
        assert_eq!(draws(1), draws(1));
        assert_ne!(draws(1), draws(2));
        let hits = draws(1).into_iter().filter(|hit| *hit).count();
        assert!((500..700).contains(&hits), "{hits} of 2000 at 30 percent");
        assert!(!(0..100).any(|_| Chance::of(3).hits(0)) && Chance::of(3).hits(100));
    }
}
