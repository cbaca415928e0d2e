//! Every number that tidy holds the code to. They may be lowered; raising one needs a reason in the commit.

/// Half of the product's files are no longer than this, in lines.
pub(crate) const FILE_MEDIAN: usize = 200;
/// Nine in ten of the product's files are no longer than this.
pub(crate) const FILE_P90: usize = 500;
/// No file of the product is longer.
pub(crate) const FILE_MAX: usize = 800;

/// Nine in ten functions are no longer than this, from signature to closing brace.
pub(crate) const FUNCTION_P90: usize = 30;
/// A function longer than this is long ...
pub(crate) const FUNCTION_LONG: usize = 70;
/// ... and no more than this share of all functions is, in percent.
pub(crate) const FUNCTION_LONG_PERCENT: usize = 1;

/// The value that `percent` of the sorted values do not exceed (nearest rank); 0 for none.
pub(crate) fn percentile(sorted: &[usize], percent: usize) -> usize {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::percentile;

    #[test]
    fn percentiles_are_values_that_occur() {
        assert_eq!(percentile(&[1, 2, 3, 4], 50), 2);
        assert_eq!(percentile(&[1, 2, 3, 4], 90), 4);
        assert_eq!(percentile(&[], 90), 0);
    }
}
