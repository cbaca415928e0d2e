//! What can happen to an engine, read from bytes, and what must hold whatever happens: the rules of
//! `crates/core/tests/rules.rs`, here in the hands of a fuzzer that looks for the history that breaks them.
//!
//! Two engines live through the same history; one of them is restarted from a snapshot now and then. In the end they
//! must be the same.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use candor_config::{Source, resolve};
use candor_core::Timestamp;
use candor_core::engine::{Action, Command, Engine, Extras, Input};
use candor_core::entry::Event;
use candor_core::fault::{Fault, Kind};
use candor_core::id::{CheckId, IncidentId};
use candor_core::incident::IncidentState;
use candor_core::model::Plan;
use candor_core::observation::Observation;
use candor_core::verdict::Verdict;

use crate::feed::Feed;
use crate::surroundings::{Surroundings, now};

/// The plan of a history, whole and reduced: three vantages with an anchor, short intervals, a downtime each hour or so.
const WHOLE: &str = "
places: [gb, in]
vantages: {london: {in: gb}, mumbai: {in: in}, ottawa: {}}
measure: {from: all}
anchors: [\"tcp://192.0.2.1:443\"]
defaults: {every: 30s, deadline: 20s}
services:
- {id: store, capabilities: {browse: {journey: [{ping: a.example}]}, buy: {degraded: {within: 1s}, journey: [{ping: a.example}]}}}
- {id: mail, places: none, confirm: {down: 1, up: 3}, quorum: all, capabilities: {send: {journey: [{ping: a.example}]}}}
maintenance:
- {name: Night, services: [mail], on_calendar: \"daily 13:00\", for: 1h}
";

static PLANS: LazyLock<[Arc<Plan>; 2]> = LazyLock::new(|| {
    let part = WHOLE.replace("places: [gb, in]", "places: [gb]").replace("in: in", "in: gb");
    [plan(WHOLE), plan(&part)]
});

/// Most things that happen in one history.
const MOST: usize = 300;
/// Furthest that a clock is stepped or time passes at once: thirty years.
const FURTHEST_MS: i64 = 30 * 365 * 86_400_000;

/// Lives through the history that `bytes` tell.
///
/// # Panics
/// Where a rule is broken.
pub fn live(bytes: &[u8]) {
    let [whole, part] = &*PLANS;
    let mut life = Life::new(Arc::clone(whole), Arc::clone(part));
    let mut feed = Feed::new(bytes);
    for step in 0..MOST {
        if feed.is_empty() {
            break;
        }
        life.step(&mut feed);
        // Views cost far more than steps.
        if step % 16 == 0 {
            life.hold_impact();
        }
    }
    life.end();
}

fn plan(text: &str) -> Arc<Plan> {
    match resolve(&Source::of_text("history.yaml", text), &Surroundings, now()) {
        Ok(resolved) => Arc::new(resolved.plan),
        Err(faults) => panic!("the plan of this target is wrong: {faults}"),
    }
}

struct Life {
    plans: [Arc<Plan>; 2],
    checks: Vec<CheckId>,
    engine: Engine,
    restarted: Engine,
    now: Timestamp,
    seq: u64,
    /// When each check was last seen to pass: a second opinion, kept in the plainest way.
    passed: BTreeMap<CheckId, Timestamp>,
    impact: BTreeMap<IncidentId, Duration>,
}

impl Life {
    fn new(whole: Arc<Plan>, part: Arc<Plan>) -> Self {
        let checks =
            whole.cells().flat_map(|(_, _, cell)| cell.checks.iter().map(|check| check.id)).collect();
        let start = now();
        Self {
            checks,
            engine: Engine::new(Arc::clone(&whole), start),
            restarted: Engine::new(Arc::clone(&whole), start),
            plans: [whole, part],
            now: start,
            seq: 0,
            passed: BTreeMap::new(),
            impact: BTreeMap::new(),
        }
    }

    fn step(&mut self, feed: &mut Feed<'_>) {
        match feed.byte() % 32 {
            0..=17 => self.observe(feed),
            18..=24 => self.wait(feed.span_ms(FURTHEST_MS)),
            25..=26 => {
                let at = feed.below(self.plans[0].vantages.len());
                let vantage = self.plans[0].vantages.get(at).map(|vantage| vantage.id.clone());
                let sees = feed.coin();
                vantage.into_iter().for_each(|vantage| self.take(Input::VantageHeartbeat { vantage, sees }));
            }
            27 => self.step_clock(feed),
            28 => self.take(Input::PlanLoaded(Arc::clone(&self.plans[usize::from(feed.coin())]))),
            29 => self.restart(),
            30 => self.say(feed),
            _ => self.take(Input::Tick),
        }
        self.hold();
    }

    fn observe(&mut self, feed: &mut Feed<'_>) {
        let check = feed.of(&self.checks, CheckId(0));
        let how = feed.byte();
        let late = if how & 0x30 == 0 { feed.span_ms(FURTHEST_MS) } else { 0 };
        let late = if how & 0x40 == 0 { late } else { -late };
        let observed_at = shifted(self.now, -late);
        let kind = match how % 8 {
            0..=2 => Some(Kind::DnsNxdomain),
            3 => Some(Kind::VantageHung),
            _ => None,
        };
        let fault = kind.map(|kind| Fault::new(kind, 0, ""));
        let took_ms = if how & 0x80 == 0 { 100 } else { 3_000 };
        let seen = Observation { check, observed_at, received_at: self.now, took_ms, fault };
        if seen.passed() {
            let newest = self.passed.entry(check).or_insert(Timestamp::MIN);
            *newest = (*newest).max(seen.fresh_from());
        }
        self.seq += 1;
        self.take(Input::Observation(self.seq, seen));
    }

    fn wait(&mut self, ms: i64) {
        self.now = shifted(self.now, ms);
        self.take(Input::Tick);
    }

    fn step_clock(&mut self, feed: &mut Feed<'_>) {
        let by = feed.span_ms(FURTHEST_MS) * if feed.coin() { 1 } else { -1 };
        self.now = shifted(self.now, by);
        self.passed.clear();
        self.impact.clear();
        self.take(Input::ClockStepped(by));
    }

    fn say(&mut self, feed: &mut Feed<'_>) {
        let incident = IncidentId(u64::from(feed.byte() % 8));
        let states = [
            IncidentState::Investigating,
            IncidentState::Identified,
            IncidentState::Monitoring,
            IncidentState::Resolved,
            IncidentState::Postmortem,
        ];
        let state = feed.of(&states, IncidentState::Resolved);
        self.take(Input::Command(Command::Say { incident, state, words: feed.text() }));
    }

    fn restart(&mut self) {
        let kept = serde_json::to_vec(&self.restarted.snapshot())
            .expect("JSON, because a snapshot is always written");
        let read = serde_json::from_slice(&kept).expect("a snapshot, because we have just written it");
        self.restarted = Engine::restore(Arc::clone(self.engine.plan()), &read);
    }

    fn take(&mut self, input: Input) {
        self.restarted.handle(self.now, input.clone());
        while self.restarted.poll().is_some() {}
        self.engine.handle(self.now, input);
        while let Some(action) = self.engine.poll() {
            if let Action::Record(entry) = action
                && let Event::IncidentUpdated { incident, update } = entry.what
                && update.state == IncidentState::Resolved
                && update.contradicted_by.is_empty()
            {
                let view = self.engine.view(&Extras::default());
                let incident = view.incidents.iter().find(|known| known.id == incident);
                let over = |until: Option<Timestamp>| until.is_some_and(|until| until <= entry.at);
                let all_over =
                    incident.is_none_or(|incident| incident.cells.iter().all(|cell| over(cell.until)));
                assert!(all_over, "resolved while a cell is measured failing");
            }
        }
    }

    /// Rule 1, and that the engine is never behind what it asked to be woken for.
    fn hold(&mut self) {
        let plan = Arc::clone(self.engine.plan());
        let verdicts: Vec<Verdict> = self.engine.verdicts().map(|(_, verdict, _)| verdict).collect();
        for ((_, capability, cell), verdict) in plan.cells().zip(verdicts) {
            let policy = &capability.policy;
            let fresh = cell.checks.iter().filter(|check| self.is_fresh(check.id, policy.lease)).count();
            let needed = policy.quorum.needed(cell.checks.len());
            let green = verdict == Verdict::Operational;
            assert!(!green || fresh >= needed, "{} is green with {fresh} of {needed} fresh passes", cell.key);
        }
        assert!(self.engine.wake_at().is_none_or(|at| at > self.now), "something due was not decided");
    }

    /// Rule 6.
    fn hold_impact(&mut self) {
        for incident in self.engine.view(&Extras::default()).incidents {
            let whole = incident.failing_time(self.now);
            let parts: Duration = incident.cells.iter().map(|cell| cell.failing_time(self.now)).sum();
            assert_eq!(whole, parts, "the parts of {} do not sum to the whole", incident.id);
            let before = self.impact.insert(incident.id, whole).unwrap_or_default();
            assert!(whole >= before, "the impact of {} fell from {before:?} to {whole:?}", incident.id);
        }
    }

    fn is_fresh(&self, check: CheckId, lease: Duration) -> bool {
        self.passed.get(&check).is_some_and(|at| at.checked_add(lease).is_ok_and(|end| self.now < end))
    }

    /// Rule 5, and rule 2: after a lease of silence nothing is known, in both lives.
    fn end(mut self) {
        self.hold_impact();
        self.restart();
        assert_eq!(self.engine.snapshot(), self.restarted.snapshot(), "a restart changes the state");
        let lease = self.engine.plan().cells().map(|(_, capability, _)| capability.policy.lease).max();
        let later = self.now.checked_add(lease.unwrap_or_default()).unwrap_or(Timestamp::MAX);
        let expired = self.engine.view(&Extras::default()).expired(later);
        let green = expired.services.iter().flat_map(|service| &service.capabilities).flat_map(|c| &c.cells);
        assert!(
            green.clone().all(|cell| cell.measured != Verdict::Operational),
            "an expired view holds a green"
        );
        self.engine.handle(later, Input::Tick);
        for (key, verdict, _) in self.engine.verdicts() {
            assert_eq!(verdict, Verdict::Unknown, "{key} after a lease of silence");
        }
    }
}

fn shifted(at: Timestamp, ms: i64) -> Timestamp {
    let end = if ms < 0 { Timestamp::MIN } else { Timestamp::MAX };
    at.as_millisecond().checked_add(ms).and_then(|ms| Timestamp::from_millisecond(ms).ok()).unwrap_or(end)
}
