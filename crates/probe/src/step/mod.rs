//! The kinds of step, one file each, and what all of them are given.
//!
//! A step takes its [`StepContext`], writes what it measured into `context.report`, and ends in `Ok` or in a
//! [`StepFailure`]. It keeps within `context.deadline` by running every wait through [`StepContext::within`], which
//! gives a wait that runs out the kind of its phase. Texts need no redaction here: the runner does it for all.
//! A new kind is a file in this folder and a line in [`run`].

mod dns;
mod http;
mod ping;
mod smtp;
mod tcp;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use candor_core::fault::Kind;
use candor_core::model::{Resolve, Step};
use candor_core::observation::StepReport;
use candor_core::template::Template;
use candor_names::Resolver;
use tokio::time::Instant;

use crate::deadline::Deadline;
pub(crate) use crate::deadline::seconds;
use crate::failure::StepFailure;
use crate::guard::AllowedHosts;
use crate::patterns::Patterns;
use crate::session::Session;
use crate::tls::TlsClients;
use crate::variables::Variables;

#[cfg(fuzzing)]
pub(crate) use self::ping::echo_answered;

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
    pub(crate) allowed: Arc<AllowedHosts>,
    /// What HTTP steps keep for each other.
    pub(crate) session: Session,
    /// Patterns, paths and selectors of the plan, compiled.
    pub(crate) patterns: &'a Patterns,
    /// Who we say we are over HTTP.
    pub(crate) user_agent: &'a str,
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
        self.deadline().within(kind, doing, wait).await
    }

    /// The time it has, to take into a wait that also writes the report.
    pub(crate) fn deadline(&self) -> Deadline {
        Deadline { started: self.started, at: self.deadline, is_journeys: self.deadline_is_journeys }
    }

    /// Holds the step to its `within:`.
    ///
    /// # Errors
    /// [`Kind::DeadlineExceeded`] where it took longer.
    pub(crate) fn expect_within(&self, within: Option<Duration>) -> Result<(), StepFailure> {
        self.deadline().expect_within(within)
    }
}

/// Runs one step.
///
/// # Errors
/// Its failure.
pub(crate) async fn run(step: &Step, context: &mut StepContext<'_>) -> Result<(), StepFailure> {
    match step {
        Step::Http(step) => http::run(step, context).await,
        Step::Dns(step) => dns::run(step, context).await,
        Step::Tcp(step) => tcp::run(step, context).await,
        Step::Tls(step) => tls::run(step, context).await,
        Step::Smtp(step) => smtp::run(step, context).await,
        Step::Ping(step) => ping::run(step, context).await,
    }
}

/// Microseconds since `begun`, as reports hold them.
pub(crate) fn micros(begun: Instant) -> u32 {
    u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX)
}

/// Adds the time since `begun` to a phase: a step that is redirected passes through a phase more than once.
pub(crate) fn add_phase(phase: &mut Option<u32>, begun: Instant) {
    *phase = Some(phase.unwrap_or(0).saturating_add(micros(begun)));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the future of a step takes in memory.
    fn size<'a, S: 'a, F: Future>(_: impl FnOnce(&'a S, &'a mut StepContext<'a>) -> F) -> usize {
        size_of::<F>()
    }

    /// Thousands of runs hang at once when a network does, each with its future.
    #[test]
    fn a_step_that_hangs_holds_a_few_kilobytes() {
        let sizes = [
            ("http", size(|step, context| http::run(step, context))),
            ("dns", size(|step, context| dns::run(step, context))),
            ("tcp", size(|step, context| tcp::run(step, context))),
            ("tls", size(|step, context| tls::run(step, context))),
            ("smtp", size(|step, context| smtp::run(step, context))),
            ("ping", size(|step, context| ping::run(step, context))),
            ("any", size(|step, context| run(step, context))),
        ];
        assert!(sizes.iter().all(|(_, size)| *size <= 10 << 10), "{sizes:?}");
    }
}
