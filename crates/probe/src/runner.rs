//! Runs journeys: the steps of a check in order, under its deadline, ending in a [`Run`].
//!
//! The first failure is the fault of the run. Steps that are `always` run after it as well, each with at most
//! [`CLEANUP_BUDGET`], and all of them over by the journey's deadline and that budget; a failure of theirs is the
//! fault only where nothing failed before. `took_ms` counts to the end of the last step that is not one of them.
//! Everything said in a run passes the redactor here, once.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use candor_core::fault::{DETAIL_MAX, Fault, Kind};
use candor_core::id::CheckId;
use candor_core::model::{JourneyStep, Plan, StepWhen};
use candor_core::observation::{Evidence, Observation, Phases, Run, StepReport};
use candor_names::Resolver;
use data_encoding::BASE32_DNSSEC;
use tokio::time::{Instant, timeout_at};

use crate::clock;
use crate::failure::StepFailure;
use crate::patterns::Patterns;
use crate::prepared::{self, Prepared};
use crate::schedule::{BoxFuture, CheckSchedule, Probe};
use crate::session::Session;
use crate::step::{self, StepContext};
use crate::tls::TlsClients;

/// How long a step that cleans up may take, and how far all of them together may run over the journey's deadline.
pub const CLEANUP_BUDGET: Duration = Duration::from_secs(5);

/// How much longer than its deadline a step is left alone before it is cut from outside.
const STEP_SLACK: Duration = Duration::from_millis(500);

/// Longest time that any plan can give a step or a journey: beyond it, sums of times could leave the clock's range.
const LONGEST: Duration = Duration::from_secs(86_400);

/// Longest target of a report, in bytes.
const TARGET_MAX: usize = 300;

/// Runs the journeys of one plan. Cheap to clone; a new plan needs a new runner.
#[derive(Debug, Clone)]
pub struct Runner(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    checks: HashMap<CheckId, Prepared>,
    patterns: Patterns,
    tls: TlsClients,
    user_agent: String,
}

impl Runner {
    /// A runner that resolves as the plan says: by step, else service, else vantage, else the plan as a whole.
    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers hold plans in an Arc, and the runner may come to keep it"
    )]
    pub fn new(plan: Arc<Plan>) -> Self {
        Self::build(&plan, None)
    }

    /// A runner whose every step resolves by `resolver`: a zone that is not published yet, say.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "as `new`")]
    pub fn with_resolver(plan: Arc<Plan>, resolver: Arc<dyn Resolver>) -> Self {
        Self::build(&plan, Some(&resolver))
    }

    fn build(plan: &Plan, over: Option<&Arc<dyn Resolver>>) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        let user_agent = match &plan.page.url {
            Some(url) => format!("candor/{version} (+{url})"),
            None => format!("candor/{version}"),
        };
        Self(Arc::new(Inner {
            checks: prepared::checks(plan, over),
            patterns: Patterns::of(plan),
            tls: TlsClients::new(),
            user_agent,
        }))
    }

    /// Every check of the plan, in no order that means anything.
    pub fn checks(&self) -> impl Iterator<Item = CheckId> {
        self.0.checks.keys().copied()
    }

    /// Runs the journey of `check` once. Ends by itself within the deadline of the journey and [`CLEANUP_BUDGET`].
    ///
    /// Never an error: what we cannot do is a fault of ours in the observation.
    pub async fn run(&self, check: CheckId) -> Run {
        self.read(check).await.0
    }

    /// As [`Runner::run`], with the content of the last page that was read, decoded and cut to its step's `body_max`: for who
    /// wants to know what was said there, whatever the verdict on it.
    pub async fn read(&self, check: CheckId) -> (Run, Option<Bytes>) {
        let Some(prepared) = self.0.checks.get(&check) else {
            let fault = Fault::new(Kind::VantageConfig, 0, "the plan has no such check");
            return (ended(check, Duration::ZERO, Some(fault), Vec::new(), None), None);
        };
        let mut passage = Passage::new(&self.0, prepared);
        for (index, step) in prepared.journey.steps.iter().enumerate() {
            if step.when == StepWhen::Always || passage.failed.is_none() {
                passage.take(index, step).await;
            }
        }
        let page = passage.context.session.page.take().map(|page| page.content);
        (passage.end(check), page)
    }
}

impl Probe for Runner {
    fn checks(&self) -> Vec<CheckSchedule> {
        self.0.checks.iter().map(|(&id, prepared)| prepared.schedule(id)).collect()
    }

    fn run(&self, check: CheckId) -> BoxFuture<'static, Run> {
        let runner = self.clone();
        Box::pin(async move { Self::run(&runner, check).await })
    }
}

/// One run on its way through the steps.
struct Passage<'r> {
    prepared: &'r Prepared,
    context: StepContext<'r>,
    begun: Instant,
    /// When the last step that does not clean up had ended.
    measured: Instant,
    reports: Vec<StepReport>,
    failed: Option<(u16, StepFailure)>,
}

impl<'r> Passage<'r> {
    fn new(inner: &'r Inner, prepared: &'r Prepared) -> Self {
        let begun = Instant::now();
        let variables = prepared.variables(run_id());
        let allowed = prepared.allowed(&variables);
        let nobody = || -> Arc<dyn Resolver> { Arc::new(candor_names::PinnedResolver::default()) };
        let context = StepContext {
            variables,
            resolver: prepared.routes.first().map_or_else(nobody, |route| route.resolver.clone()),
            resolve: &candor_core::model::Resolve::System,
            started: begun,
            deadline: begun,
            deadline_is_journeys: false,
            allowed,
            session: Session::default(),
            patterns: &inner.patterns,
            user_agent: &inner.user_agent,
            tls: &inner.tls,
            report: fresh_report(""),
        };
        Self { prepared, context, begun, measured: begun, reports: Vec::new(), failed: None }
    }

    /// Runs one step and keeps what it reports.
    async fn take(&mut self, index: usize, step: &JourneyStep) {
        let cleans_up = step.when == StepWhen::Always;
        let started = if index == 0 { self.begun } else { Instant::now() };
        let (timeout, journeys_end) = match cleans_up {
            true => (
                step.timeout.min(CLEANUP_BUDGET),
                self.begun + self.prepared.deadline.min(LONGEST) + CLEANUP_BUDGET,
            ),
            false => (step.timeout.min(LONGEST), self.begun + self.prepared.deadline.min(LONGEST)),
        };
        let own_end = started + timeout;
        if let Some(route) = self.prepared.routes.get(index) {
            self.context.resolver = route.resolver.clone();
            self.context.resolve = &route.resolve;
        }
        self.context.started = started;
        self.context.deadline = own_end.min(journeys_end);
        self.context.deadline_is_journeys = journeys_end < own_end;
        self.context.report = fresh_report(step.step.verb());
        let cut = self.context.deadline + STEP_SLACK;
        let ended = timeout_at(cut, Box::pin(step::run(&step.step, &mut self.context))).await;
        let ended = ended.unwrap_or_else(|_| {
            Err(self.context.deadline().ran_out(Kind::DeadlineExceeded, "running the step"))
        });
        if !cleans_up {
            self.measured = Instant::now();
        }
        let mut report = std::mem::replace(&mut self.context.report, fresh_report(""));
        report.passed = ended.is_ok();
        self.reports.push(report);
        if let Err(failure) = ended
            && self.failed.is_none()
        {
            self.failed = Some((u16::try_from(index).unwrap_or(u16::MAX), failure));
        }
    }

    fn end(self, check: CheckId) -> Run {
        let took = self.measured.saturating_duration_since(self.begun);
        let captured = self.context.variables.captures().values().map(String::as_str);
        let learned = captured.chain(self.context.session.cookies.values());
        let redactor = self.prepared.redactor.with_learned(learned);
        let mut reports = self.reports;
        for report in &mut reports {
            report.target = redactor.line(&report.target, TARGET_MAX);
        }
        let Some((step, failure)) = self.failed else { return ended(check, took, None, reports, None) };
        let detail = redactor.line(&failure.detail, DETAIL_MAX + '…'.len_utf8());
        let fault = Fault::new(failure.kind, step, &detail);
        let evidence = failure.evidence.map(|evidence| redactor.evidence(&evidence));
        ended(check, took, Some(fault), reports, evidence)
    }
}

fn fresh_report(verb: &str) -> StepReport {
    StepReport {
        step: verb.to_owned(),
        target: String::new(),
        passed: false,
        phases: Phases::default(),
        address: None,
        certificate: None,
    }
}

fn ended(
    check: CheckId,
    took: Duration,
    fault: Option<Fault>,
    steps: Vec<StepReport>,
    evidence: Option<Evidence>,
) -> Run {
    let now = clock::now();
    let took_ms = u32::try_from(took.as_millis()).unwrap_or(u32::MAX);
    let observation = Observation { check, observed_at: now, received_at: now, took_ms, fault };
    Run { observation, steps, evidence }
}

/// The value of `{run}`: the time, then chance, as 26 letters and digits that sort by time.
fn run_id() -> String {
    let millis = u64::try_from(clock::now().as_millisecond()).unwrap_or(0).to_be_bytes();
    let [_, _, time @ ..] = millis;
    // Each `RandomState` has keys of its own, drawn from the system's randomness.
    let chance = [(); 2].map(|()| RandomState::new().build_hasher().finish());
    let [first, second] = chance.map(u64::to_be_bytes);
    let [a, b, ..] = second;
    let mut bytes = Vec::with_capacity(16);
    bytes.extend_from_slice(&time);
    bytes.extend_from_slice(&first);
    bytes.extend_from_slice(&[a, b]);
    BASE32_DNSSEC.encode(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn run_numbers_are_unique_and_short_enough_for_any_key() {
        let made: BTreeSet<String> = (0..1000).map(|_| run_id()).collect();
        assert_eq!(made.len(), 1000);
        assert!(made.iter().all(|id| id.len() == 26 && id.chars().all(|c| c.is_ascii_alphanumeric())));
    }
}
