//! The kinds of step, one file each, and what all of them are given.
//!
//! A step takes its [`StepContext`], writes what it measured into `context.report`, and ends in `Ok` or in a
//! [`StepFailure`]. It keeps within `context.deadline` by running every wait through [`StepContext::within`], which
//! gives a wait that runs out the kind of its phase. Texts need no redaction here: the runner does it for all.
//! A new kind is a file in this folder and a line in [`run`].

use std::sync::Arc;
use std::time::Duration;

use candor_core::fault::Kind;
use candor_core::model::{Resolve, Step};
use candor_core::observation::StepReport;
use candor_core::template::Template;
use candor_names::Resolver;
use tokio::time::{Instant, timeout_at};

use crate::failure::StepFailure;
use crate::guard::AllowedHosts;
use crate::patterns::Patterns;
use crate::session::Session;
use crate::tls::TlsClients;
use crate::variables::Variables;

/// What a step is given, and what it leaves to the next.
#[derive(Debug)]
pub(crate) struct StepContext<'a> {
    /// What fills its holes; captures go in here.
    pub(crate) variables: Variables<'a>,
    /// How it finds addresses.
    pub(crate) resolver: Arc<dyn Resolver>,
    /// The same as data, for steps that ask the servers themselves; never [`Resolve::Inherit`].
    pub(crate) resolve: &'a Resolve,
    /// When it began.
    pub(crate) started: Instant,
    /// When it must have ended: its own timeout or the journey's deadline, whichever comes first.
    pub(crate) deadline: Instant,
    /// Whether that is the journey's.
    pub(crate) deadline_is_journeys: bool,
    /// Hosts that the configuration names: these alone may have private addresses.
    pub(crate) allowed: AllowedHosts,
    /// What HTTP steps keep for each other.
    pub(crate) session: Session,
    /// Patterns, paths and selectors of the plan, compiled.
    pub(crate) patterns: &'a Patterns,
    /// TLS configurations, made once.
    pub(crate) tls: &'a TlsClients,
    /// The report on this step: the runner makes a fresh one for each and keeps it.
    pub(crate) report: StepReport,
}

impl StepContext<'_> {
    /// Fills `template` for sending.
    ///
    /// # Errors
    /// A fault of the configuration where nothing fills a hole.
    pub(crate) fn fill(&self, template: &Template) -> Result<String, StepFailure> {
        self.variables.fill(template)
    }

    /// How much time is left.
    pub(crate) fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Whether none is left.
    pub(crate) fn deadline_passed(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// Waits for `wait` until the deadline. `doing` continues "… ran out while": "connecting to shop.example".
    ///
    /// # Errors
    /// `kind` where the step's own timeout ran out, [`Kind::DeadlineExceeded`] where the journey's deadline did.
    pub(crate) async fn within<T>(
        &self,
        kind: Kind,
        doing: &str,
        wait: impl Future<Output = T>,
    ) -> Result<T, StepFailure> {
        timeout_at(self.deadline, wait).await.map_err(|_| self.ran_out(kind, doing))
    }

    /// The failure of a wait that ran out.
    pub(crate) fn ran_out(&self, kind: Kind, doing: &str) -> StepFailure {
        let budget = seconds(self.deadline.saturating_duration_since(self.started));
        if self.deadline_is_journeys {
            let detail = format!("the journey's deadline ran out {budget} into this step, while {doing}");
            return StepFailure::new(Kind::DeadlineExceeded, detail);
        }
        StepFailure::new(kind, format!("the step's {budget} ran out while {doing}"))
    }

    /// Holds the step to its `within:`.
    ///
    /// # Errors
    /// [`Kind::DeadlineExceeded`] where it took longer.
    pub(crate) fn expect_within(&self, within: Option<Duration>) -> Result<(), StepFailure> {
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

/// Runs one step.
///
/// # Errors
/// Its failure.
pub(crate) async fn run(step: &Step, context: &mut StepContext<'_>) -> Result<(), StepFailure> {
    match step {
        Step::Http(_) | Step::Dns(_) | Step::Tcp(_) | Step::Tls(_) | Step::Smtp(_) | Step::Ping(_) => {
            let _ = context;
            Err(StepFailure::config("this kind of step does not exist yet"))
        }
    }
}

/// Microseconds since `begun`, as reports hold them.
pub(crate) fn micros(begun: Instant) -> u32 {
    u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX)
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
