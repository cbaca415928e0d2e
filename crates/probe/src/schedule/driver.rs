//! Carries the plan out: a task for each run, a watchdog over each, and delivery that blocks nobody.
//!
//! * A run that is not over by its deadline and [`GRACE`] hangs in our own code. It is aborted and reported as
//!   `vantage.hung`. Code that blocks its thread cannot be aborted: such a check is not run again while it is stuck,
//!   and is reported as hung anew each time, because silence would be worse.
//! * A run that panics is reported the same way.
//! * A failure by time of a run that was held up for much of its time accuses nobody (`lag`).
//! * While runs are in flight the driver wakes every [`PULSE`]. Where it wakes much later, the whole process stood still
//!   (it was stopped, or had no processor): what such a run saw is as old as the standstill's beginning, and a failure
//!   of it is ours, because its timeouts ran on while nobody could answer or listen.
//! * Results go to a bounded queue. Where it is full they wait here in order, their checks with them; the planner
//!   and all other checks go on.
//!
//! All of this is one task that never awaits anything but its next event.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use candor_core::fault::{Fault, Kind};
use candor_core::id::CheckId;
use candor_core::observation::{Observation, Run};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinError, JoinSet};
use tokio::time::Instant;

use super::lag::{self, Lag};
use super::planner::{Planner, Start};
use super::stats::ScheduleStats;
use super::{Probe, ScheduleCommand};

/// How long the watchdog waits beyond a check's deadline.
pub const GRACE: Duration = Duration::from_secs(2);

/// Longest sleep of the driver while runs are in flight.
const PULSE: Duration = Duration::from_millis(250);
/// A sleep that lasted this long was a standstill of the process. Far above what a busy machine delays a task by.
const STANDSTILL: Duration = Duration::from_secs(1);

type Ended = Result<(tokio::task::Id, Run), JoinError>;

/// Runs until told to stop, or until nobody takes results any more.
pub(super) async fn drive(
    planner: Planner,
    probe: Arc<dyn Probe>,
    out: mpsc::Sender<Run>,
    mut commands: mpsc::Receiver<ScheduleCommand>,
    mut shutdown: watch::Receiver<bool>,
    stats: Arc<ScheduleStats>,
) {
    let mut driver = Driver::new(planner, probe, out.clone(), stats);
    let mut commanded = true;
    while !driver.deserted {
        let wake = driver.advance();
        let waiting = !driver.undelivered.is_empty();
        tokio::select! {
            _ = shutdown.wait_for(|stop| *stop) => return,
            Some(ended) = driver.runs.join_next_with_id() => driver.ended(ended),
            command = commands.recv(), if commanded => match command {
                Some(command) => driver.obey(command),
                None => commanded = false,
            },
            permit = out.reserve(), if waiting => match permit {
                Ok(permit) => driver.deliver_waiting(permit),
                Err(_) => return,
            },
            () = sleep_until(wake) => {}
        }
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

struct Driver {
    planner: Planner,
    probe: Arc<dyn Probe>,
    out: mpsc::Sender<Run>,
    stats: Arc<ScheduleStats>,
    epoch: Instant,
    /// When it last did anything.
    awake_at: Duration,
    lag: Lag,
    runs: JoinSet<Run>,
    flights: HashMap<tokio::task::Id, Flight>,
    /// When which run is cut. A check is in flight at most once, so the pair is unique.
    cuts: BTreeMap<(Duration, CheckId), tokio::task::Id>,
    undelivered: VecDeque<Outcome>,
    /// Nobody takes results any more.
    deserted: bool,
}

/// A run in flight.
struct Flight {
    check: CheckId,
    abort: AbortHandle,
    started: Duration,
    /// From start to cut.
    patience: Duration,
    cut_at: Duration,
    /// Has been cut and reported, and is not gone yet.
    cut: bool,
    /// Since when, and for how long in all, the process stood still while it was in flight.
    stood: Option<(Duration, Duration)>,
    /// The delays of the driver until it started.
    behind: Duration,
}

/// A result, and the check that may run again once it is taken.
struct Outcome {
    run: Run,
    frees: Option<CheckId>,
}

impl Driver {
    fn new(
        planner: Planner,
        probe: Arc<dyn Probe>,
        out: mpsc::Sender<Run>,
        stats: Arc<ScheduleStats>,
    ) -> Self {
        let mut driver = Self {
            planner,
            out,
            stats,
            epoch: Instant::now(),
            awake_at: Duration::ZERO,
            lag: Lag::default(),
            runs: JoinSet::new(),
            flights: HashMap::new(),
            cuts: BTreeMap::new(),
            undelivered: VecDeque::new(),
            deserted: false,
            probe,
        };
        driver.planner.replace(driver.probe.checks(), Duration::ZERO);
        driver
    }

    fn now(&self) -> Duration {
        self.epoch.elapsed()
    }

    /// Notices a standstill, before anything that it brought about is taken for an answer.
    fn wake_up(&mut self) {
        let now = self.now();
        let asleep_from = std::mem::replace(&mut self.awake_at, now);
        self.lag.wakes(now);
        let stood = now.saturating_sub(asleep_from);
        if stood < STANDSTILL || self.flights.is_empty() {
            return;
        }
        tracing::warn!(
            stood_ms = stood.as_millis(),
            runs = self.flights.len(),
            "this process stood still while runs were in flight; their failures are its own"
        );
        self.stats.note_standstill(stood);
        for flight in self.flights.values_mut() {
            let (_, in_all) = flight.stood.get_or_insert((asleep_from, Duration::ZERO));
            *in_all = in_all.saturating_add(stood);
        }
    }

    /// Does all that is due and says when the next thing is.
    fn advance(&mut self) -> Option<Instant> {
        self.wake_up();
        while let Some(ended) = self.runs.try_join_next_with_id() {
            self.ended(ended);
        }
        let now = self.now();
        while let Some((&(at, check), &task)) = self.cuts.first_key_value()
            && at <= now
        {
            self.cuts.remove(&(at, check));
            self.cut(task, now);
        }
        while let Some(start) = self.planner.poll(now) {
            self.start(start, now);
        }
        self.stats.show(self.planner.in_flight(), self.undelivered.len(), self.planner.skipped());
        let cut = self.cuts.first_key_value().map(|(&(at, _), _)| at);
        let pulse = (!self.flights.is_empty()).then(|| now.saturating_add(PULSE));
        let wake = [self.planner.wake_at(), cut, pulse].into_iter().flatten().min();
        self.lag.sleeps_until(wake);
        self.epoch.checked_add(wake?)
    }

    fn start(&mut self, start: Start, now: Duration) {
        let Start { check, deadline, due } = start;
        self.stats.count_start(now.saturating_sub(due));
        let probe = Arc::clone(&self.probe);
        // The call itself is inside of the task, so that a panic in it is caught as well.
        let abort = self.runs.spawn(async move { probe.run(check).await });
        let patience = deadline.saturating_add(GRACE);
        let cut_at = now.saturating_add(patience);
        let task = abort.id();
        self.cuts.insert((cut_at, check), task);
        let behind = self.lag.in_all();
        let flight = Flight { check, abort, started: now, patience, cut_at, cut: false, stood: None, behind };
        self.flights.insert(task, flight);
    }

    /// The watchdog: this run should have been over.
    fn cut(&mut self, task: tokio::task::Id, now: Duration) {
        let Some(flight) = self.flights.get_mut(&task) else { return };
        flight.abort.abort();
        let again = std::mem::replace(&mut flight.cut, true);
        flight.cut_at = now.saturating_add(flight.patience);
        let (check, took, cut_at) = (flight.check, now.saturating_sub(flight.started), flight.cut_at);
        self.cuts.insert((cut_at, check), task);
        if again && !self.undelivered.is_empty() {
            return;
        }
        self.stats.count_hung();
        tracing::error!(check = check.0, took_ms = took.as_millis(), "a run hung and was cut");
        let detail = format!("the run was not over after {} s and was cut", took.as_secs());
        self.deliver(Outcome { run: failed_run(check, took, &detail), frees: None });
    }

    fn ended(&mut self, ended: Ended) {
        self.wake_up();
        let task = match &ended {
            Ok((task, _)) => *task,
            Err(error) => error.id(),
        };
        let Some(flight) = self.flights.remove(&task) else { return };
        self.cuts.remove(&(flight.cut_at, flight.check));
        let now = self.now();
        if flight.cut {
            self.planner.finished(flight.check, now);
            return;
        }
        let took = now.saturating_sub(flight.started);
        let run = match ended {
            // The process slept, or was stopped: what the run saw is older than it says.
            Ok(_) if now > flight.cut_at => {
                self.stats.count_hung();
                let detail = format!("the run came back after {} s, past its time", took.as_secs());
                failed_run(flight.check, took, &detail)
            }
            Ok((_, run)) => match flight.stood {
                Some(stood) => aged(run, stood, now),
                None => lag::judged(run, took, self.lag.in_all().saturating_sub(flight.behind)),
            },
            Err(error) => {
                self.stats.count_panic();
                let detail = format!("the run ended in a panic: {}", panic_text(error));
                tracing::error!(check = flight.check.0, "{detail}");
                failed_run(flight.check, took, &detail)
            }
        };
        self.planner.released(flight.check, now);
        self.deliver(Outcome { run, frees: Some(flight.check) });
    }

    /// Hands a result on, or keeps it in its turn.
    fn deliver(&mut self, result: Outcome) {
        if !self.undelivered.is_empty() {
            self.undelivered.push_back(result);
            return;
        }
        match self.out.try_send(result.run) {
            Ok(()) => self.taken(result.frees),
            Err(TrySendError::Full(run)) => self.undelivered.push_back(Outcome { run, frees: result.frees }),
            Err(TrySendError::Closed(_)) => self.deserted = true,
        }
    }

    fn deliver_waiting(&mut self, permit: mpsc::Permit<'_, Run>) {
        if let Some(result) = self.undelivered.pop_front() {
            permit.send(result.run);
            self.taken(result.frees);
        }
    }

    fn taken(&mut self, frees: Option<CheckId>) {
        let now = self.now();
        if let Some(check) = frees {
            self.planner.finished(check, now);
        }
    }

    fn obey(&mut self, command: ScheduleCommand) {
        let now = self.now();
        match command {
            ScheduleCommand::Recheck(checks) => {
                for check in checks {
                    self.planner.recheck(check, now);
                }
            }
            ScheduleCommand::Replace(probe) => {
                self.planner.replace(probe.checks(), now);
                self.probe = probe;
            }
        }
    }
}

/// A run during which the process stood still, from when and for how long in all: a pass is as old as that, a failure
/// says nothing of the target.
fn aged(mut run: Run, (from, stood): (Duration, Duration), now: Duration) -> Run {
    let seen = &mut run.observation;
    let long_ago = now.saturating_sub(from);
    seen.observed_at = seen.observed_at.checked_sub(long_ago).unwrap_or(seen.observed_at);
    let stood_ms = u32::try_from(stood.as_millis()).unwrap_or(u32::MAX);
    seen.took_ms = seen.took_ms.saturating_sub(stood_ms);
    if seen.fault.as_ref().is_some_and(|fault| !fault.is_ours()) {
        let detail = format!("this process stood still for {} ms while it ran", stood.as_millis());
        seen.fault = Some(Fault::new(Kind::VantageUnable, 0, &detail));
        run.evidence = None;
    }
    run
}

/// What is reported where a run could not report itself: a fault of ours.
fn failed_run(check: CheckId, took: Duration, detail: &str) -> Run {
    let now = crate::clock::now();
    let took_ms = u32::try_from(took.as_millis()).unwrap_or(u32::MAX);
    let fault = Some(Fault::new(Kind::VantageHung, 0, detail));
    let observation = Observation { check, observed_at: now, received_at: now, took_ms, fault };
    Run { observation, steps: Vec::new(), evidence: None }
}

fn panic_text(error: JoinError) -> String {
    let Ok(panic) = error.try_into_panic() else { return "cancelled".to_owned() };
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a message").to_owned()
}
