//! The time a step has, and what to say when it runs out.

use std::time::Duration;

use candor_core::fault::Kind;
use tokio::time::{Instant, timeout_at};

use crate::failure::StepFailure;

/// The time a step has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    /// When the step began.
    pub(crate) started: Instant,
    /// When it must have ended.
    pub(crate) at: Instant,
    /// Whether that is the end of the whole journey.
    pub(crate) is_journeys: bool,
}

impl Deadline {
    /// Waits for `wait`. `doing` continues "… ran out while": "connecting to shop.example".
    ///
    /// # Errors
    /// `kind` where the step's own timeout ran out, [`Kind::DeadlineExceeded`] where the journey's deadline did.
    pub(crate) async fn within<T>(
        self,
        kind: Kind,
        doing: &str,
        wait: impl Future<Output = T>,
    ) -> Result<T, StepFailure> {
        timeout_at(self.at, wait).await.map_err(|_| self.ran_out(kind, doing))
    }

    /// The failure of a wait that ran out.
    pub(crate) fn ran_out(self, kind: Kind, doing: &str) -> StepFailure {
        let budget = seconds(self.at.saturating_duration_since(self.started));
        if self.is_journeys {
            let detail = format!("the journey's deadline ran out {budget} into this step, while {doing}");
            return StepFailure::new(Kind::DeadlineExceeded, detail);
        }
        StepFailure::new(kind, format!("the step's {budget} ran out while {doing}"))
    }

    /// Holds the step to its `within:`.
    ///
    /// # Errors
    /// [`Kind::DeadlineExceeded`] where it took longer.
    pub(crate) fn expect_within(self, within: Option<Duration>) -> Result<(), StepFailure> {
        let took = self.started.elapsed();
        match within {
            Some(allowed) if took > allowed => {
                let detail = format!("took {}, allowed {}", seconds(took), seconds(allowed));
                Err(StepFailure::new(Kind::DeadlineExceeded, detail))
            }
            _ => Ok(()),
        }
    }
}

/// A duration as people write it: "2.3 s", "850 ms".
pub(crate) fn seconds(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        return format!("{} ms", duration.as_millis());
    }
    let tenths = duration.as_millis() / 100;
    match tenths % 10 {
        0 => format!("{} s", tenths / 10),
        tenth => format!("{}.{tenth} s", tenths / 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_write_them() {
        let shown = [850, 1000, 2340, 61_000].map(|ms| seconds(Duration::from_millis(ms)));
        assert_eq!(shown, ["850 ms", "1 s", "2.3 s", "61 s"]);
    }
}
