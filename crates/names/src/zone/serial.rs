//! Serial number arithmetic (RFC 1982): serials live on a circle.

/// The next serial.
#[must_use]
pub fn next(serial: u32) -> u32 {
    serial.wrapping_add(1)
}

/// Whether `new` is newer than `old`, as a secondary would judge it (RFC 1982, section 3.2).
#[must_use]
pub fn is_newer(new: u32, old: u32) -> bool {
    let ahead = new.wrapping_sub(old);
    ahead != 0 && ahead < 1 << 31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_circle_closes_at_the_largest_serial() {
        assert_eq!(next(u32::MAX), 0);
        assert!(is_newer(0, u32::MAX));
        assert!(!is_newer(u32::MAX, 0));
        assert!(!is_newer(7, 7));
    }

    #[test]
    fn half_the_circle_away_neither_is_newer() {
        assert!(!is_newer(1 << 31, 0));
        assert!(!is_newer(0, 1 << 31));
    }
}
