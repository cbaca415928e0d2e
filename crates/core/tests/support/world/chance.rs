//! Chance from a seed: xorshift*, small and the same everywhere.

/// A stream of numbers that a seed decides.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        // Seeds lie close together; their first numbers should not.
        let mixed = (seed ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        Self((mixed ^ (mixed >> 29)) | 1)
    }

    /// The stream of a part of a whole: a day of a year.
    pub fn of_part(seed: u64, part: i64) -> Self {
        Self::new(seed.rotate_left(17) ^ (part as u64).wrapping_mul(0xd134_2543_de82_ef95))
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    /// Whether something happens that happens so often in a million.
    pub fn hits(&mut self, in_a_million: u64) -> bool {
        self.next() % 1_000_000 < in_a_million
    }

    /// A gap with this mean, in milliseconds.
    pub fn gap(&mut self, mean: i64) -> i64 {
        1 + (self.next() % (2 * mean.max(1)) as u64) as i64
    }

    /// A length between two, short ones more often: each doubling is as likely as any other.
    pub fn length(&mut self, least: i64, most: i64) -> i64 {
        let doublings = 64 - ((most / least.max(1)).max(1) as u64).leading_zeros() as usize;
        let floor = least << self.below(doublings);
        (floor + (self.next() % floor.max(1) as u64) as i64).min(most)
    }
}
