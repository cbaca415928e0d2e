//! When which check runs: a passive machine without clock or I/O.
//!
//! Time is a [`Duration`] since the schedule began and comes in as an argument. Each check has a fixed phase inside
//! its interval, taken from its id; plan k starts at `phase + k * every`, so runs are spread evenly and never drift.
//!
//! * A check never runs twice at once. A plan that finds its check running or still waiting is skipped and counted;
//!   missed plans are not made up for in a bunch.
//! * [`Planner::recheck`] runs a check besides its plan and moves no phase; a run in flight or waiting serves for it.
//! * Runs in flight are bounded in all and per host, and starts per host are paced ([`Bounds`]). Where slots are
//!   scarce, the host with the fewest runs in flight goes first.
//! * A new check with a long interval gets one early run, so that a page need not wait minutes for its first answer.
//!
//! A step costs O(log n). How a run is carried out, cut and reported is the driver's affair.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use candor_core::id::CheckId;

use super::CheckSchedule;
use super::bounds::Bounds;
use super::host::{Held, Host};

/// New checks whose interval is longer than this get their first run early: a newcomer should not wait for a phase.
pub const EARLY_FROM: Duration = Duration::from_secs(20);
/// The early runs are spread over at least this time, and by [`EARLY_EACH`] for every check.
pub const EARLY_WITHIN_MIN: Duration = Duration::from_secs(2);
/// Time that each early run adds to the spread: at most 100 start in a second, until the spread is at its most.
pub const EARLY_EACH: Duration = Duration::from_millis(10);
/// The early runs are spread over at most this time, as far as [`EARLY_EACH_MIN`] allows.
pub const EARLY_WITHIN: Duration = Duration::from_secs(10);
/// Time that each early run adds to the spread however many there are: a plan of 50,000 checks must not begin with a
/// rush in which our own machine is what is slow, and targets are blamed for it.
pub const EARLY_EACH_MIN: Duration = Duration::from_millis(1);
/// The early runs of checks that write are spread over this time.
pub const EARLY_WRITING_WITHIN: Duration = Duration::from_secs(30);
/// Shortest interval that is taken seriously; a shorter one counts as this.
pub const EVERY_MIN: Duration = Duration::from_millis(10);

/// A run that is to start now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    /// Which check.
    pub check: CheckId,
    /// How long its journey may take.
    pub deadline: Duration,
    /// When it should have started.
    pub due: Duration,
}

/// The machine. Call [`Planner::poll`] until it gives `None` after every other call and at [`Planner::wake_at`];
/// a call too many does no harm.
#[derive(Debug)]
pub struct Planner {
    bounds: Bounds,
    checks: HashMap<CheckId, Check>,
    hosts: HashMap<Arc<str>, Host>,
    /// Hosts that may start a run as far as they are concerned: fewest in flight first, then first come.
    ready: BTreeSet<(usize, u64, Arc<str>)>,
    /// What happens when. An alarm that its owner no longer expects is ignored when it rings.
    alarms: BinaryHeap<Reverse<(Duration, Alarm)>>,
    in_flight: usize,
    skipped: u64,
    turn: u64,
}

#[derive(Debug)]
struct Check {
    schedule: CheckSchedule,
    host: Arc<str>,
    /// Its next planned start.
    planned: Duration,
    /// A start besides the plan.
    extra: Option<Duration>,
    /// Since when it waits for a slot.
    waiting: Option<Duration>,
    run: RunState,
    /// No longer in the plan; forgotten when its run is over.
    leaving: bool,
}

#[derive(Debug)]
enum RunState {
    None,
    /// Holds a slot of this host.
    InFlight(Arc<str>),
    /// Over, but its result has not been taken.
    Undelivered,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Alarm {
    Planned(CheckId),
    Extra(CheckId),
    Host(Arc<str>),
}

impl Planner {
    /// A planner without checks.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            checks: HashMap::new(),
            hosts: HashMap::new(),
            ready: BTreeSet::new(),
            alarms: BinaryHeap::new(),
            in_flight: 0,
            skipped: 0,
            turn: 0,
        }
    }

    /// The next run that is to start at `now`.
    #[must_use]
    pub fn poll(&mut self, now: Duration) -> Option<Start> {
        self.ring(now);
        loop {
            let &(load, ..) = self.ready.first()?;
            if self.in_flight >= self.bounds.room_for(load) {
                return None;
            }
            let (_, _, host) = self.ready.pop_first()?;
            let start = self.start_at_host(&host, now);
            self.list(&host, now);
            if start.is_some() {
                return start;
            }
        }
    }

    /// When to poll again if nothing else happens; never later than the next thing to do.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        self.alarms.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes a new set of checks. Those that stay keep their phase, their run in flight and what they wait for;
    /// those that are gone start no more; new ones begin.
    pub fn replace(&mut self, checks: Vec<CheckSchedule>, now: Duration) {
        // From here on, every check that is not leaving has its planned start ahead of it.
        self.ring(now);
        for check in self.checks.values_mut() {
            check.leaving = true;
        }
        let checks_n = u32::try_from(checks.len()).unwrap_or(u32::MAX);
        let spread = EARLY_EACH
            .saturating_mul(checks_n)
            .clamp(EARLY_WITHIN_MIN, EARLY_WITHIN)
            .max(EARLY_EACH_MIN.saturating_mul(checks_n));
        for schedule in checks {
            self.take(schedule, spread, now);
        }
        self.checks.retain(|_, check| !check.leaving || !matches!(check.run, RunState::None));
        let hosts: Vec<_> = self.hosts.keys().cloned().collect();
        for host in &hosts {
            self.list(host, now);
        }
        self.hosts.retain(|_, host| !host.is_forgettable() || host.alarm.is_some());
    }

    /// Runs a check at `at` besides its plan. Unknown checks are ignored: the plan may have changed meanwhile.
    pub fn recheck(&mut self, check: CheckId, at: Duration) {
        let Some(known) = self.checks.get_mut(&check).filter(|known| !known.leaving) else { return };
        if known.extra.is_none_or(|extra| at < extra) {
            known.extra = Some(at);
            self.alarms.push(Reverse((at, Alarm::Extra(check))));
        }
    }

    /// The run is over and holds nothing any more, but its result has not been taken: the check does not run again
    /// before [`Planner::finished`].
    pub fn released(&mut self, check: CheckId, now: Duration) {
        let Some(known) = self.checks.get_mut(&check) else { return };
        let RunState::InFlight(host) = &known.run else { return };
        let host = Arc::clone(host);
        known.run = RunState::Undelivered;
        self.in_flight = self.in_flight.saturating_sub(1);
        if let Some(at) = self.hosts.get_mut(&host) {
            at.in_flight = at.in_flight.saturating_sub(1);
        }
        self.list(&host, now);
    }

    /// The run is over and its result taken.
    pub fn finished(&mut self, check: CheckId, now: Duration) {
        self.released(check, now);
        let Some(known) = self.checks.get_mut(&check) else { return };
        known.run = RunState::None;
        if known.leaving {
            self.checks.remove(&check);
        }
    }

    /// Runs in flight.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Planned starts that did not happen, since the beginning.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// The next planned start of a check, if it is in the plan.
    #[must_use]
    pub fn planned(&self, check: CheckId) -> Option<Duration> {
        self.checks.get(&check).filter(|known| !known.leaving).map(|known| known.planned)
    }

    /// Lets every alarm ring that is due.
    fn ring(&mut self, now: Duration) {
        while self.alarms.peek().is_some_and(|Reverse((at, _))| *at <= now) {
            let Some(Reverse((at, alarm))) = self.alarms.pop() else { return };
            match alarm {
                Alarm::Planned(check) => self.plan_is_due(check, at, now),
                Alarm::Extra(check) => self.extra_is_due(check, at, now),
                Alarm::Host(host) => {
                    if let Some(known) = self.hosts.get_mut(&host).filter(|known| known.alarm == Some(at)) {
                        known.alarm = None;
                        self.list(&host, now);
                    }
                }
            }
        }
    }

    fn plan_is_due(&mut self, check: CheckId, at: Duration, now: Duration) {
        let Some(known) = self.checks.get_mut(&check) else { return };
        if known.leaving || known.planned != at {
            return;
        }
        let (next, missed) = next_after(at, known.every(), now);
        known.planned = next;
        self.alarms.push(Reverse((next, Alarm::Planned(check))));
        // Of the plans that have passed, the last one is run now, and the others are not made up for.
        self.skipped = self.skipped.saturating_add(missed);
        let due = next.saturating_sub(known.every());
        if known.is_busy() {
            self.skipped = self.skipped.saturating_add(1);
        } else {
            self.wait(check, due, now);
        }
    }

    fn extra_is_due(&mut self, check: CheckId, at: Duration, now: Duration) {
        let Some(known) = self.checks.get_mut(&check) else { return };
        if known.leaving || known.extra != Some(at) {
            return;
        }
        known.extra = None;
        if !known.is_busy() {
            self.wait(check, at, now);
        }
    }

    /// Puts a check into the queue of its host.
    fn wait(&mut self, check: CheckId, since: Duration, now: Duration) {
        let Some(known) = self.checks.get_mut(&check) else { return };
        known.waiting = Some(since);
        let host = Arc::clone(&known.host);
        self.hosts.entry(Arc::clone(&host)).or_default().queue.push_back(check);
        self.list(&host, now);
    }

    /// Brings a host's place among the ready ones up to date.
    fn list(&mut self, name: &Arc<str>, now: Duration) {
        let Some(host) = self.hosts.get_mut(name) else { return };
        let turn = match host.listed.take() {
            Some((load, turn)) => {
                self.ready.remove(&(load, turn, Arc::clone(name)));
                turn
            }
            None => {
                self.turn += 1;
                self.turn
            }
        };
        match host.may_start(&self.bounds, now) {
            Ok(()) => {
                host.listed = Some((host.in_flight, turn));
                self.ready.insert((host.in_flight, turn, Arc::clone(name)));
            }
            Err(Held::Until(at)) if host.alarm.is_none() => {
                host.alarm = Some(at);
                self.alarms.push(Reverse((at, Alarm::Host(Arc::clone(name)))));
            }
            Err(Held::Until(_) | Held::Empty | Held::Full) => {}
        }
    }

    /// Starts the first check in a host's queue that still waits there. The host has just left the ready ones.
    fn start_at_host(&mut self, name: &Arc<str>, now: Duration) -> Option<Start> {
        let host = self.hosts.get_mut(name)?;
        host.listed = None;
        while let Some(id) = host.queue.pop_front() {
            let Some(check) = self.checks.get_mut(&id).filter(|check| !check.leaving && check.host == *name)
            else {
                continue;
            };
            let Some(due) = check.waiting.take() else { continue };
            check.run = RunState::InFlight(Arc::clone(name));
            host.started(&self.bounds, now);
            self.in_flight += 1;
            return Some(Start { check: id, deadline: check.schedule.deadline, due });
        }
        None
    }

    /// Takes one check of a new plan.
    fn take(&mut self, schedule: CheckSchedule, spread: Duration, now: Duration) {
        let id = schedule.id;
        let host: Arc<str> = Arc::from(schedule.host.as_str());
        let Some(known) = self.checks.get_mut(&id) else {
            self.begin(schedule, host, spread, now);
            return;
        };
        known.leaving = false;
        let moved = known.host != host;
        // One that came back while its last run was still in flight has slept through its plan.
        let retimed = known.schedule.every != schedule.every || known.planned <= now;
        known.schedule = schedule;
        known.host = host;
        if retimed {
            known.planned = first_plan(id, known.every(), now);
            self.alarms.push(Reverse((known.planned, Alarm::Planned(id))));
        }
        if let Some(since) = known.waiting.filter(|_| moved) {
            self.wait(id, since, now);
        }
    }

    fn begin(&mut self, schedule: CheckSchedule, host: Arc<str>, spread: Duration, now: Duration) {
        let id = schedule.id;
        let early = early_run(&schedule, spread, now);
        let mut check = Check {
            schedule,
            host,
            planned: now,
            extra: None,
            waiting: None,
            run: RunState::None,
            leaving: false,
        };
        check.planned = first_plan(id, check.every(), now);
        self.alarms.push(Reverse((check.planned, Alarm::Planned(id))));
        check.extra = early.filter(|at| *at < check.planned);
        if let Some(at) = check.extra {
            self.alarms.push(Reverse((at, Alarm::Extra(id))));
        }
        self.checks.insert(id, check);
    }
}

impl Check {
    fn every(&self) -> Duration {
        self.schedule.every.max(EVERY_MIN)
    }

    /// Whether it runs, waits to run, or waits for its result to be taken.
    fn is_busy(&self) -> bool {
        self.waiting.is_some() || !matches!(self.run, RunState::None)
    }
}

/// The phase of a check inside its interval.
#[must_use]
pub fn phase(check: CheckId, every: Duration) -> Duration {
    within(check.0, every.max(EVERY_MIN))
}

/// The first planned start after `now`.
fn first_plan(check: CheckId, every: Duration, now: Duration) -> Duration {
    let phase = phase(check, every);
    if phase > now { phase } else { next_after(phase, every, now).0 }
}

/// From the plan at `at` to the first one after `now`, and how many lie between the two.
fn next_after(at: Duration, every: Duration, now: Duration) -> (Duration, u64) {
    let missed = now.saturating_sub(at).as_nanos() / every.as_nanos().max(1);
    let missed = u32::try_from(missed).unwrap_or(u32::MAX - 1);
    (at.saturating_add(every.saturating_mul(missed.saturating_add(1))), u64::from(missed))
}

/// The early run of a new check; those that write take their time.
fn early_run(schedule: &CheckSchedule, spread: Duration, now: Duration) -> Option<Duration> {
    let spread = if schedule.writes { EARLY_WRITING_WITHIN } else { spread };
    // The other half of the hash: the early spread must not follow the phases.
    (schedule.every > EARLY_FROM).then(|| now.saturating_add(within(schedule.id.0.rotate_left(32), spread)))
}

/// A moment inside of `span`, by the hash, in whole microseconds.
fn within(hash: u64, span: Duration) -> Duration {
    let micros = u64::try_from(span.as_micros()).unwrap_or(u64::MAX).max(1);
    Duration::from_micros(hash % micros)
}
