//! Wall time, and when it was stepped.
//!
//! Leases are counted by the wall clock, so a clock set back keeps a green alive for as long as it was set back by. It is
//! compared with the monotonic one all the time. Where the two drift apart by more than a tenth of the shortest lease
//! within that lease, or by more than [`TOLERANCE`] between two looks, the clock was stepped (or the machine slept):
//! what was fresh is no longer known to be, and the engine is told. What stays below lengthens no lease by more than a
//! tenth, and is left alone: time daemons slew, and steps of milliseconds should not cost a page its greens.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use candor_core::Timestamp;
use candor_core::model::Plan;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::decide::Control;

/// Drift between two looks that is a step however long leases are. Well above what time daemons slew in a second.
const TOLERANCE: Duration = Duration::from_secs(2);
/// Part of a lease by which it may be lengthened.
const PART: u32 = 10;
/// Bounds of the time between two looks; a tenth of the shortest lease in between.
const LOOK: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));
/// Two readings of the monotonic clock around one of the wall clock are no further apart.
const AT_ONCE: Duration = Duration::from_millis(10);
/// Tries at that, before a look is passed over.
const TRIES: u32 = 5;
/// Marks that are kept of one lease.
const MARKS: u32 = 16;

/// The wall time of now.
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// Looks for steps until the engine is gone.
pub(crate) async fn watch(engine: mpsc::Sender<Control>, plans: watch::Receiver<Arc<Plan>>) {
    let mut drift = Drift::default();
    loop {
        let lease = shortest_lease(&plans.borrow());
        tokio::time::sleep((lease / PART).clamp(LOOK.0, LOOK.1)).await;
        let Some(look) = both() else { continue };
        let Some(by_ms) = drift.look(look, lease) else {
            continue;
        };
        tracing::warn!(by_ms, "the wall clock was stepped; all evidence counts as old from here on");
        if engine.send(Control::ClockStepped(by_ms)).await.is_err() {
            return;
        }
    }
}

fn shortest_lease(plan: &Plan) -> Duration {
    let capabilities = plan.services.iter().flat_map(|service| &service.capabilities);
    capabilities.map(|capability| capability.policy.lease).min().unwrap_or(TOLERANCE * PART)
}

/// Both clocks at the same moment: a thread that is put aside between the two readings must not look like a step.
fn both() -> Option<(Instant, Timestamp)> {
    (0..TRIES).find_map(|_| {
        let (before, wall) = (Instant::now(), now());
        (before.elapsed() <= AT_ONCE).then_some((before, wall))
    })
}

/// How the two clocks stood to each other lately.
#[derive(Debug, Default)]
struct Drift {
    last: Option<(Instant, Timestamp)>,
    /// The last lease, oldest first, coarsely.
    marks: VecDeque<(Instant, Timestamp)>,
}

impl Drift {
    /// The step, in milliseconds, if there was one.
    fn look(&mut self, look: (Instant, Timestamp), lease: Duration) -> Option<i64> {
        while self.marks.front().is_some_and(|mark| look.0.duration_since(mark.0) > lease) {
            self.marks.pop_front();
        }
        let most = lease / PART;
        let at_once = self.last.replace(look).and_then(|last| apart(last, look, most.min(TOLERANCE)));
        let lately = self.marks.iter().find_map(|mark| apart(*mark, look, most));
        let by_ms = at_once.or(lately);
        if by_ms.is_some() {
            self.marks.clear();
        }
        if self.marks.back().is_none_or(|mark| look.0.duration_since(mark.0) >= lease / MARKS) {
            self.marks.push_back(look);
        }
        by_ms
    }
}

/// By how many milliseconds the wall clock went otherwise than the monotonic one, where that is more than `most`.
fn apart(from: (Instant, Timestamp), to: (Instant, Timestamp), most: Duration) -> Option<i64> {
    let wall_ms = to.1.as_millisecond().saturating_sub(from.1.as_millisecond());
    let elapsed_ms = i64::try_from(to.0.duration_since(from.0).as_millis()).unwrap_or(i64::MAX);
    let by_ms = wall_ms.saturating_sub(elapsed_ms);
    (u128::from(by_ms.unsigned_abs()) > most.as_millis()).then_some(by_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEASE: Duration = Duration::from_secs(60);

    /// Looks by a wall clock that stands at these milliseconds, each a second after the one before.
    fn steps(lease: Duration, wall_ms: impl IntoIterator<Item = i64>) -> Vec<i64> {
        let (begun, mut drift) = (Instant::now(), Drift::default());
        let looks = wall_ms.into_iter().enumerate().map(|(second, ms)| {
            let second = u64::try_from(second).unwrap();
            (begun + Duration::from_secs(second), Timestamp::from_millisecond(ms).unwrap())
        });
        looks.filter_map(|look| drift.look(look, lease)).collect()
    }

    #[test]
    fn a_step_is_what_the_two_clocks_disagree_by() {
        assert_eq!(steps(LEASE, [0, 1_000, 2_000, 3_100]), [] as [i64; 0]);
        assert_eq!(steps(LEASE, [0, 1_000, 7_202_000, 7_203_000]), [7_200_000]);
        assert_eq!(steps(LEASE, [7_200_000, 1_000, 2_000]), [-7_200_000]);
    }

    #[test]
    fn a_short_lease_makes_a_small_step_count() {
        let set_back = [0, 1_000, 500, 1_500, 2_500];
        assert_eq!(steps(Duration::from_secs(3), set_back), [-1_500]);
        assert_eq!(steps(LEASE, set_back), [] as [i64; 0], "a fortieth of a lease");
    }

    #[test]
    fn small_steps_add_up_within_a_lease_and_no_further() {
        let often = (0..24).map(|second| second * 1_000 - second / 2 * 1_500);
        assert_eq!(steps(LEASE, often).len(), 2, "each time that a tenth is passed");
        let seldom = (0..600).map(|second| second * 1_000 - second / 50 * 1_500);
        assert_eq!(steps(LEASE, seldom), [] as [i64; 0]);
    }

    #[test]
    fn drift_that_a_time_daemon_makes_is_no_step() {
        let fast = (0..600).map(|second| second * 1_080);
        assert_eq!(steps(LEASE, fast), [] as [i64; 0], "a twelfth");
    }
}
