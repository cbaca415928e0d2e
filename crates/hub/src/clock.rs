//! Wall time, and when it was stepped.
//!
//! The wall clock is compared with the monotonic one every second. Where the two drift apart by more than
//! [`TOLERANCE`] between two looks, the clock was stepped (or the machine slept): what was fresh is no longer known to
//! be, and the engine is told.

use std::time::Duration;

use candor_core::Timestamp;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::decide::Control;

/// Drift between two looks that is taken for a step. Well above what time daemons slew in a second.
const TOLERANCE: Duration = Duration::from_secs(2);
/// Time between two looks.
const LOOK: Duration = Duration::from_secs(1);

/// The wall time of now.
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// Looks for steps until the engine is gone.
pub(crate) async fn watch(engine: mpsc::Sender<Control>) {
    let mut anchor = (Instant::now(), now());
    loop {
        tokio::time::sleep(LOOK).await;
        let look = (Instant::now(), now());
        let by_ms = step_between(look.0.duration_since(anchor.0), anchor.1, look.1);
        anchor = look;
        if let Some(by_ms) = by_ms {
            tracing::warn!(by_ms, "the wall clock was stepped; all evidence counts as old from here on");
            if engine.send(Control::ClockStepped(by_ms)).await.is_err() {
                return;
            }
        }
    }
}

/// The step, in milliseconds, between two looks that lie `elapsed` apart by the monotonic clock.
fn step_between(elapsed: Duration, before: Timestamp, after: Timestamp) -> Option<i64> {
    let wall_ms = after.as_millisecond().saturating_sub(before.as_millisecond());
    let by_ms = wall_ms.saturating_sub(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX));
    (by_ms.unsigned_abs() > TOLERANCE.as_millis().try_into().unwrap_or(u64::MAX)).then_some(by_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_what_the_two_clocks_disagree_by() {
        let start = Timestamp::UNIX_EPOCH;
        let later = |seconds| Timestamp::from_second(seconds).unwrap();
        assert_eq!(step_between(Duration::from_secs(1), start, later(1)), None);
        assert_eq!(step_between(Duration::from_secs(30), start, later(31)), None, "a slow look is no step");
        assert_eq!(step_between(Duration::from_secs(1), start, later(7_201)), Some(7_200_000));
        assert_eq!(step_between(Duration::from_secs(1), later(7_201), start), Some(-7_202_000));
    }
}
