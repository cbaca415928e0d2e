//! The engine's loop: takes in what was committed and what else happened, and passes on what is to be done.
//!
//! Nothing here waits for anything but its own queues: rechecks, questions to anchors, entries and views are handed to
//! other tasks, and never waited for. So the recorder and the others may wait for the engine without a circle. A full
//! queue of entries is a fault of ours: it is said on the page, and a gap entry counts what it cost.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{AddrParseError, IpAddr};
use std::sync::Arc;
use std::time::Duration;

use candor_core::Timestamp;
use candor_core::engine::{Action, Engine, Extras, Input, Snapshot, Views};
use candor_core::entry::{Entry, Event, LedgerHead};
use candor_core::id::{CellKey, CheckId, IncidentId, VantageId};
use candor_core::incident::Found;
use candor_core::model::{Plan, hosts};
use candor_core::observation::Run;
use candor_core::view::{Day, LastStep, Notice};
use candor_explain::across::{Inquiry, Memory, Place, Reached};
use candor_probe::ScheduleCommand;
use jiff::civil::Date;
use serde::Serialize;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use crate::causes::{Wish, round_after};
use crate::clock;
use crate::publish::Published;
use crate::pulse::Pulse;
use crate::recorder::{Accepted, Committed, HISTORY_DAYS, History, Job};
use crate::span::{FIRST_REPORT, Spans, report_every};
use crate::vitals::{Ailment, Ailments};

/// Bounds of the shortest time between two pages, where something changed. In between, their views take one part of so
/// many of the time: that of 50,000 cells takes a tenth of a second.
const CHANGE_GAP: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
const VIEWS_PART: u32 = 20;
/// Bounds of the time between two pages, where only leases were renewed.
const RENEW_GAP: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));
/// Time between two snapshots.
const SNAPSHOT_EVERY: Duration = Duration::from_secs(60);
/// Shortest time between two snapshots, where something was decided; and the part of the time that they may take.
const SNAPSHOT_GAP: (Duration, u32) = (Duration::from_secs(2), 50);
/// Between two notes of where a check got to.
const NOTE_EVERY: Duration = Duration::from_secs(60);
/// Longest wait without a look at what is due.
const LOOK: Duration = Duration::from_secs(1);

/// What else happens besides runs.
#[derive(Debug)]
pub(crate) enum Control {
    /// A vantage was asked.
    Sight(VantageId, bool),
    /// A new plan came into force, made from a config.
    Plan(Arc<Plan>, Accepted),
    /// The plan in force, with its windows of intended downtime worked out further ahead.
    Windows(Arc<Plan>),
    /// A changed config was refused: its hash, the first fault, how many.
    Refused(String, String, u32),
    /// The refused config is gone again.
    Unrefused,
    /// The clock was stepped.
    ClockStepped(i64),
    /// The ledger's chain grew.
    Head(LedgerHead),
    /// History, up to a day.
    History(History, Date),
    /// Nothing can be recorded, since then and why; or it can again.
    Recording(Option<(Timestamp, String)>),
    /// What is wrong with a part of ours; or nothing any more.
    Part(&'static str, Option<Ailment>),
    /// A diagnosis came to an end.
    Found(IncidentId, Vec<Found>),
    /// Stop in good order; answers when all is handed over.
    Stop(oneshot::Sender<()>),
}

/// Where the engine's actions go.
#[derive(Debug)]
pub(crate) struct Outlets {
    pub(crate) jobs: mpsc::Sender<Job>,
    pub(crate) schedule: mpsc::Sender<ScheduleCommand>,
    pub(crate) ask: mpsc::Sender<VantageId>,
    pub(crate) causes: mpsc::Sender<Wish>,
    /// What names led to while all was well: kept with each snapshot.
    pub(crate) memory: watch::Receiver<Arc<Memory>>,
    pub(crate) publish: watch::Sender<Published>,
    /// Beats with every round of the loop.
    pub(crate) pulse: Arc<Pulse>,
}

/// The loop and what it knows besides the engine.
#[derive(Debug)]
pub(crate) struct Decider {
    engine: Engine,
    extras: Extras,
    views: Views,
    /// Where checks got to when they passed, and when that was last noted.
    reached: Arc<Reached>,
    noted: BTreeMap<CheckId, Instant>,
    not_recording: Option<Notice>,
    refused: Option<Notice>,
    ailments: Ailments,
    /// Since when jobs are lost because the recorder does not keep up, and how many.
    overflow: Option<(Timestamp, u64)>,
    spans: Spans,
    outlets: Outlets,
    publish_at: Option<Instant>,
    published_at: Instant,
    next_snapshot: Instant,
    next_spans: Instant,
    next_round: Instant,
    rounds: u32,
    /// Watermark and ordinal of the last snapshot.
    snapshot_at: (u64, u64),
    snapshot_gap: Duration,
    change_gap: Duration,
}

impl Decider {
    pub(crate) fn new(engine: Engine, extras: Extras, outlets: Outlets) -> Self {
        let now = Instant::now();
        let mut spans = Spans::default();
        spans.note(clock::now(), engine.verdicts());
        Self {
            snapshot_at: (engine.watermark(), engine.ordinal()),
            snapshot_gap: SNAPSHOT_GAP.0,
            change_gap: CHANGE_GAP.0,
            engine,
            extras,
            views: Views::default(),
            reached: Arc::default(),
            noted: BTreeMap::new(),
            not_recording: None,
            refused: None,
            ailments: Ailments::default(),
            overflow: None,
            spans,
            outlets,
            publish_at: Some(now),
            published_at: now,
            next_snapshot: now + SNAPSHOT_EVERY,
            // Soon, so that a young page knows of today.
            next_spans: now + FIRST_REPORT,
            next_round: now + FIRST_REPORT,
            rounds: 0,
        }
    }

    /// Works until told to stop, or until nobody is left to tell it anything.
    pub(crate) async fn work(
        mut self,
        mut committed: mpsc::Receiver<Vec<Committed>>,
        mut control: mpsc::Receiver<Control>,
    ) {
        loop {
            tokio::select! {
                biased;
                told = control.recv() => match told {
                    Some(Control::Stop(done)) => {
                        self.stop();
                        let _ = done.send(());
                        return;
                    }
                    Some(told) => self.take(told),
                    None => return,
                },
                group = committed.recv() => match group {
                    Some(group) => {
                        self.take_runs(group);
                        // What has been measured comes before what time alone decides.
                        while let Ok(group) = committed.try_recv() {
                            self.take_runs(group);
                        }
                    }
                    None => return,
                },
                () = tokio::time::sleep_until(self.next_look()) => self.feed(Input::Tick),
            }
            self.round();
        }
    }

    fn take_runs(&mut self, group: Vec<Committed>) {
        for Committed { seq, run } in group {
            let now = run.observation.received_at;
            self.remember(&run);
            self.engine.handle(now, Input::Observation(seq, run.observation));
            self.act();
        }
        self.publish_renewal();
    }

    /// Keeps what operators may see of the last run of a check, and where it got to.
    fn remember(&mut self, run: &Run) {
        self.note_reached(run);
        let last =
            run.steps.iter().rfind(|step| !step.passed).or_else(|| run.steps.last()).map(|step| LastStep {
                step: step.step.clone(),
                target: step.target.clone(),
                address: step.address.clone(),
                phases: step.phases,
            });
        let kept = (last.map(Arc::new), run.evidence.clone().map(Arc::new));
        self.extras.last.insert(run.observation.check, kept);
    }

    /// Notes the addresses that a run reached which passed: now and then, because they seldom change.
    fn note_reached(&mut self, run: &Run) {
        let (check, now) = (run.observation.check, Instant::now());
        let lately = self.noted.get(&check).is_some_and(|at| now < *at + NOTE_EVERY);
        if lately || run.observation.fault.is_some() {
            return;
        }
        self.noted.insert(check, now);
        let places = (0_u16..).zip(&run.steps).filter_map(|(number, step)| {
            let (host, port) = host_of(&step.target)?;
            let address = step.address.as_ref()?;
            let address = address
                .parse()
                .or_else(|_| Ok::<_, AddrParseError>((address.parse::<IpAddr>()?, port).into()));
            let certificate = step.certificate.clone();
            Some(Place { step: number, host, address: address.ok()?, certificate })
        });
        Arc::make_mut(&mut self.reached).insert(check, places.collect());
    }

    /// Asks for the cause of an incident. A full queue means that causes are being looked for already; it is asked again.
    fn diagnose(&self, incident: IncidentId) {
        let Some(case) = self.engine.case(incident) else { return };
        let (plan, reached) = (Arc::clone(self.engine.plan()), Arc::clone(&self.reached));
        let inquiry = Inquiry { plan, case, reached, memory: Arc::default() };
        drop(self.outlets.causes.try_send(Wish::Cause(Box::new(inquiry))));
    }

    fn take(&mut self, told: Control) {
        match told {
            Control::Sight(vantage, sees) => self.feed(Input::VantageHeartbeat { vantage, sees }),
            Control::Plan(plan, config) => self.load(plan, config),
            Control::Windows(plan) => self.feed(Input::PlanLoaded(plan)),
            Control::Refused(hash, first, faults) => self.refuse(hash, first, faults),
            Control::Unrefused => self.refused = None,
            Control::ClockStepped(by_ms) => {
                self.spans.restart(clock::now());
                self.feed(Input::ClockStepped(by_ms));
            }
            Control::Head(head) => self.extras.ledger_head = Some(head),
            Control::History(days, today) => {
                renew(&mut self.extras.history, days);
                self.extras.today = Some(today);
                self.views.forget();
            }
            Control::Recording(trouble) => {
                self.not_recording = trouble.map(|(since, why)| Notice::NotRecording { since, why });
                if self.not_recording.is_none() {
                    // It rests on runs that the log may lack.
                    self.snapshot();
                }
                self.publish_within(self.change_gap);
            }
            Control::Part(part, ailment) => {
                self.ailments.note(part, ailment);
                self.publish_within(self.change_gap);
            }
            Control::Found(incident, found) => self.feed(Input::Finding { incident, found }),
            Control::Stop(_) => {}
        }
        self.publish_renewal();
    }

    fn load(&mut self, plan: Arc<Plan>, config: Accepted) {
        let at = clock::now();
        let cells = u32::try_from(plan.cells().count()).unwrap_or(u32::MAX);
        let known: BTreeSet<_> =
            plan.cells().flat_map(|(_, _, cell)| cell.checks.iter().map(|check| check.id)).collect();
        self.extras.last.retain(|check, _| known.contains(check));
        self.noted.retain(|check, _| known.contains(check));
        Arc::make_mut(&mut self.reached).retain(|check, _| known.contains(check));
        self.refused = None;
        self.feed(Input::PlanLoaded(Arc::clone(&plan)));
        self.spans.note(at, self.engine.verdicts());
        self.append(at, Event::PlanAccepted { hash: config.hash.clone(), cells });
        self.keep(Job::Plan { at, plan, config });
        self.snapshot();
    }

    fn refuse(&mut self, hash: String, first: String, faults: u32) {
        let at = clock::now();
        self.append(at, Event::PlanRefused { hash, faults });
        self.refused = Some(Notice::ConfigRefused { at, first, faults });
        self.publish_within(self.change_gap);
    }

    fn feed(&mut self, input: Input) {
        self.engine.handle(clock::now(), input);
        self.act();
    }

    /// Passes on what the engine wants done.
    fn act(&mut self) {
        while let Some(action) = self.engine.poll() {
            match action {
                Action::Record(entry) => {
                    match &entry.what {
                        Event::VerdictChanged { cell, to, .. } => self.spans.changed(entry.at, cell, *to),
                        Event::MaintenanceBegan { .. } | Event::MaintenanceEnded { .. } => {
                            self.spans.cover(entry.at, self.engine.verdicts());
                        }
                        _ => {}
                    }
                    self.keep(Job::Append(entry));
                    self.next_snapshot = self.next_snapshot.min(Instant::now() + self.snapshot_gap);
                }
                Action::Recheck { check, at } => self.recheck(check, at),
                // A full queue of questions means that this vantage is being asked already.
                Action::AskVantage(vantage) => drop(self.outlets.ask.try_send(vantage)),
                Action::Diagnose(incident) => self.diagnose(incident),
                Action::Publish => self.publish_within(self.change_gap),
            }
        }
    }

    fn recheck(&self, check: CheckId, at: Timestamp) {
        let wait = Duration::try_from(at.duration_since(clock::now())).unwrap_or_default();
        let schedule = self.outlets.schedule.clone();
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            // The schedule may be gone or full: the next planned run confirms instead.
            let _ = schedule.try_send(ScheduleCommand::Recheck(vec![check]));
        });
    }

    fn append(&mut self, at: Timestamp, what: Event) {
        self.keep(Job::Append(Entry { at, watermark: self.engine.watermark(), ordinal: 0, what }));
    }

    fn keep(&mut self, job: Job) {
        if let Some((from, lost)) = self.overflow {
            let (at, why) = (clock::now(), "the recorder did not keep up".to_string());
            let what = Event::Gap { from, to: at, lost, why };
            let gap = Entry { at, watermark: self.engine.watermark(), ordinal: 0, what };
            if self.outlets.jobs.try_send(Job::Append(gap)).is_ok() {
                self.overflow = None;
            }
        }
        if self.outlets.jobs.try_send(job).is_err() {
            if self.overflow.is_none() {
                tracing::error!("the recorder does not keep up; entries are being lost");
            }
            self.overflow.get_or_insert((clock::now(), 0)).1 += 1;
        }
    }

    /// What is due by the monotonic clock.
    fn round(&mut self) {
        self.outlets.pulse.beat();
        let now = Instant::now();
        let wall = clock::now();
        // Who was paused has things to decide first: what time turned must not be told, or kept, as it was before.
        if self.engine.wake_at().is_some_and(|due| due <= wall) {
            self.feed(Input::Tick);
        }
        if now >= self.next_spans {
            self.next_spans = now + report_every(self.engine.verdicts().count());
            self.report_spans();
        }
        if now >= self.next_round {
            self.next_round = now + round_after(self.rounds);
            self.rounds = self.rounds.saturating_add(1);
            let (plan, testimony) = (Arc::clone(self.engine.plan()), self.engine.testimony());
            drop(self.outlets.causes.try_send(Wish::Round(plan, testimony)));
        }
        if now >= self.next_snapshot {
            self.next_snapshot = now + SNAPSHOT_EVERY;
            if (self.engine.watermark(), self.engine.ordinal()) != self.snapshot_at {
                self.snapshot();
            }
        }
        if self.publish_at.is_some_and(|at| now >= at) {
            self.publish();
        }
    }

    fn report_spans(&mut self) {
        let now = clock::now();
        self.spans.note(now, self.engine.verdicts());
        let spans = self.spans.take(now);
        if !spans.is_empty() {
            self.keep(Job::Spans(spans));
        }
    }

    fn snapshot(&mut self) {
        let begun = Instant::now();
        self.snapshot_at = (self.engine.watermark(), self.engine.ordinal());
        let memory = Arc::clone(&self.outlets.memory.borrow());
        let written = serde_json::to_vec(&Kept { state: self.engine.snapshot(), memory: &memory });
        self.snapshot_gap = SNAPSHOT_GAP.0.max(begun.elapsed() * SNAPSHOT_GAP.1);
        match written {
            Ok(bytes) => {
                let (watermark, open_since) = (self.engine.watermark(), self.engine.open_since());
                self.keep(Job::Snapshot { watermark, bytes, open_since });
            }
            Err(error) => {
                tracing::error!(%error, "the state could not be written down; the next start is slower");
            }
        }
    }

    fn next_look(&self) -> Instant {
        let now = Instant::now();
        let due = self
            .engine
            .wake_at()
            .map(|at| now + Duration::try_from(at.duration_since(clock::now())).unwrap_or_default());
        [
            due,
            self.publish_at,
            Some(self.next_spans),
            Some(self.next_snapshot),
            Some(self.next_round),
            Some(now + LOOK),
        ]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(now)
    }

    /// Renewals wait for an eighth of the shortest lease: a page is rendered often enough, and not for every run. A
    /// page that is due already comes sooner than that.
    fn publish_renewal(&mut self) {
        if self.publish_at.is_none() {
            let gap = (self.leases().min().unwrap_or_default() / 8).clamp(RENEW_GAP.0, RENEW_GAP.1);
            self.publish_within(gap);
        }
    }

    fn leases(&self) -> impl Iterator<Item = Duration> {
        let capabilities = self.engine.plan().services.iter().flat_map(|service| &service.capabilities);
        capabilities.map(|capability| capability.policy.lease)
    }

    fn publish_within(&mut self, gap: Duration) {
        let at = self.published_at + gap;
        self.publish_at = Some(self.publish_at.map_or(at, |set| set.min(at)));
    }

    fn publish(&mut self) {
        self.publish_at = None;
        self.published_at = Instant::now();
        let now = clock::now();
        self.extras.today = self.extras.today.max(Some(crate::recorder::today(now)));
        let slow = self.overflow.map(|_| Ailment::ill("The recorder does not keep up.".into()));
        self.ailments.note("recorder", slow);
        let notices = [&self.not_recording, &self.refused];
        self.extras.notices = notices.into_iter().flatten().cloned().chain(self.ailments.notices()).collect();
        let view = self.views.next(&self.engine, &self.extras);
        self.change_gap = (self.published_at.elapsed() * VIEWS_PART).clamp(CHANGE_GAP.0, CHANGE_GAP.1);
        let longest = self.leases().max().unwrap_or_default();
        let left = view.valid_until.map(|until| left_of(until, now, longest));
        self.outlets.publish.send_replace(Published {
            view: Some(Arc::new(view)),
            valid_to: left.map(|left| Instant::now() + left),
            blind: self.engine.blind().map(|(id, _)| id.to_string()).collect(),
        });
    }

    fn stop(&mut self) {
        self.report_spans();
        self.append(clock::now(), Event::Stopped);
        self.snapshot();
    }
}

/// What is kept of a hub: the engine's state, and beside it what names led to.
#[derive(Serialize)]
pub(crate) struct Kept<'m> {
    #[serde(flatten)]
    pub(crate) state: Snapshot,
    pub(crate) memory: &'m Memory,
}

/// How long a view holds from `now` on: never longer than a lease, also where the clock was just set back and nobody
/// has noticed yet.
fn left_of(until: Timestamp, now: Timestamp, longest: Duration) -> Duration {
    Duration::try_from(until.duration_since(now)).unwrap_or_default().min(longest)
}

/// Host and port of what a step was aimed at: a URL, a host with a port, or a host.
fn host_of(target: &str) -> Option<(String, u16)> {
    let (scheme, rest) = target.split_once("://").unwrap_or(("", target));
    let authority = rest.split(['/', '?', '#', ' ']).next()?;
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, ""));
    let usual = if scheme.eq_ignore_ascii_case("https") { 443 } else { 80 };
    Some((hosts::canonical(host), port.parse().unwrap_or(usual)))
}

/// Puts newer days in the place of those that history has for them.
fn renew(history: &mut BTreeMap<CellKey, Arc<Vec<Day>>>, newer: History) {
    for (key, days) in newer {
        let known = Arc::make_mut(history.entry(key).or_default());
        if let Some(first) = days.first() {
            known.retain(|day| day.date < first.date);
        }
        known.extend(days);
        let gone = known.len().saturating_sub(HISTORY_DAYS as usize);
        known.drain(..gone);
    }
}

/// Days of history and the chain's end, as a hub starts with them.
pub(crate) fn extras(history: History, today: Date, ledger_head: Option<LedgerHead>) -> Extras {
    let history = history.into_iter().map(|(cell, days)| (cell, Arc::new(days))).collect();
    Extras { history, today: Some(today), ledger_head, notices: Vec::new(), last: BTreeMap::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_step_was_aimed_at_has_a_host_and_a_port() {
        let of = |target: &str| host_of(target).unwrap();
        assert_eq!(of("https://Shop.Example./a:b?c"), ("shop.example".to_owned(), 443));
        assert_eq!(of("http://shop.example:8080/"), ("shop.example".to_owned(), 8080));
        assert_eq!(of("mx.shop.example:25"), ("mx.shop.example".to_owned(), 25));
        assert_eq!(of("shop.example MX"), ("shop.example".to_owned(), 80));
    }

    #[test]
    fn a_clock_set_back_does_not_lengthen_a_lease() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let lease = Duration::from_secs(90);
        assert_eq!(left_of(at(100), at(40), lease), Duration::from_secs(60));
        assert_eq!(left_of(at(100), at(101), lease), Duration::ZERO);
        assert_eq!(left_of(at(7_300), at(10), lease), lease);
    }
}
