//! The one place of this crate that reads the wall clock. Durations are measured by the monotonic clock instead.

use jiff::Timestamp;

/// The time now, by this machine's clock.
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}
