//! The key with which a customer may send the same thing twice and have it once.

use crate::http::Problem;

const KEY_MAX: usize = 100;

/// Refuses a key that cannot be kept.
pub(super) fn check(key: Option<&str>) -> Result<(), Problem> {
    match key {
        Some(key) if key.is_empty() || key.len() > KEY_MAX => {
            Err(Problem::unfit("key", "a key has 1 to 100 bytes"))
        }
        Some(_) | None => Ok(()),
    }
}
