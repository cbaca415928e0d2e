//! A seeded world: vantages that measure cells through a network with latency, loss, bursts and partitions, on clocks
//! that can be stepped, and troubles that are really there. One seed reproduces it.
//!
//! Each day draws from a stream of its own, so that a day can be looked at without those before it.

pub mod chance;
pub mod judge;
pub mod trouble;
pub mod weather;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use candor_core::engine::{Action, Engine, Input};
use candor_core::entry::Event;
use candor_core::fault::{Fault, Kind};
use candor_core::id::{CellKey, CheckId};
use candor_core::incident::IncidentState;
use candor_core::model::Plan;
use candor_core::observation::Observation;

use self::chance::Chance;
pub use self::judge::Report;
use self::judge::{Judge, Line, Terms};
use self::trouble::{Form, SLOW_MS, Trouble};
pub use self::weather::Weather;
use super::at;

pub const DAY_MS: i64 = 86_400_000;
/// A step's deadline: how long an attempt without an answer takes.
const STEP_MS: i64 = 10_000;

/// A check at work.
struct Runner {
    id: CheckId,
    cell: usize,
    vantage: usize,
    every: i64,
    /// What the run in flight will have seen.
    in_flight: Option<(Option<Kind>, u32)>,
    extra: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Done,
    Planned,
    Extra,
}

pub struct World {
    pub engine: Engine,
    weather: Weather,
    seed: u64,
    chance: Chance,
    queue: BinaryHeap<Reverse<(i64, What, usize)>>,
    runners: Vec<Runner>,
    by_check: BTreeMap<CheckId, usize>,
    bursts: Vec<i64>,
    offset_ms: i64,
    seq: u64,
    next_day: i64,
    /// Until when each cell is spoken for by a trouble.
    busy: BTreeMap<usize, i64>,
    cells: Vec<CellKey>,
    judge: Judge,
}

impl World {
    pub fn new(plan: Arc<Plan>, weather: Weather, seed: u64) -> Self {
        Self::from_day(plan, weather, seed, 0)
    }

    /// A world that begins on this day, with an engine that knows nothing yet.
    pub fn from_day(plan: Arc<Plan>, weather: Weather, seed: u64, day: i64) -> Self {
        let cells: Vec<CellKey> = plan.cells().map(|(_, _, cell)| cell.key.clone()).collect();
        let judge = Judge::new(terms(&plan), cells.clone(), weather.partitions.clone());
        let mut world = Self {
            engine: Engine::new(Arc::clone(&plan), at(day * DAY_MS)),
            bursts: vec![0; plan.vantages.len()],
            weather,
            seed,
            chance: Chance::new(seed),
            queue: BinaryHeap::new(),
            runners: vec![],
            by_check: BTreeMap::new(),
            offset_ms: 0,
            seq: 0,
            next_day: day,
            busy: BTreeMap::new(),
            cells,
            judge,
        };
        for (cell, (_, capability, of)) in plan.cells().enumerate() {
            let every = capability.policy.every.as_millis() as i64;
            for (vantage, check) in of.checks.iter().enumerate() {
                let (index, phase) = (world.runners.len(), (check.id.0 % every as u64) as i64);
                world.by_check.insert(check.id, index);
                let (in_flight, extra) = (None, None);
                world.runners.push(Runner { id: check.id, cell, vantage, every, in_flight, extra });
                world.queue.push(Reverse((day * DAY_MS + phase, What::Planned, index)));
            }
        }
        for (key, from, to) in world.weather.outages.clone() {
            let cell = world.cells.iter().position(|known| *known == key).expect("a cell of the plan");
            world.judge.add(Trouble {
                cells: vec![cell],
                kind: Kind::DnsNxdomain,
                form: Form::Whole,
                from,
                to,
            });
        }
        world
    }

    /// Throws a trouble in.
    pub fn throw(&mut self, trouble: Trouble) {
        self.judge.add(trouble);
    }

    pub fn report(&self) -> &Report {
        &self.judge.report
    }

    /// Runs until `end_ms` of true time.
    pub fn run_until(&mut self, end_ms: i64) {
        while let Some(now) = self.next().filter(|now| *now < end_ms) {
            self.pass(now);
            if self.judge.next_moment().is_some_and(|at| at <= now) {
                self.feed(now, Input::Tick);
                self.judge.pass_moment();
            } else if let Some(Reverse((now, what, index))) = self.queue.pop() {
                match what {
                    What::Done => self.done(now, index),
                    What::Planned => {
                        self.queue.push(Reverse((now + self.runners[index].every, What::Planned, index)));
                        self.start(now, index);
                    }
                    What::Extra if self.runners[index].extra == Some(now) => {
                        self.runners[index].extra = None;
                        self.start(now, index);
                    }
                    What::Extra => {}
                }
            }
        }
        self.pass(end_ms);
        self.feed(end_ms, Input::Tick);
    }

    fn next(&self) -> Option<i64> {
        let run = self.queue.peek().map(|Reverse((at, ..))| *at);
        [run, self.judge.next_moment()].into_iter().flatten().min()
    }

    /// A run begins; one in flight serves for it.
    fn start(&mut self, now: i64, index: usize) {
        let (cell, vantage) = (self.runners[index].cell, self.runners[index].vantage);
        let trouble =
            self.judge.trouble_of(cell).map(|trouble| (trouble.form, trouble.kind, trouble.waits()));
        if self.runners[index].in_flight.is_some() || matches!(trouble, Some((Form::Silence, ..))) {
            return;
        }
        self.judge.report.runs += 1;
        let (least, most) = self.weather.latency_ms;
        let latency = least + self.chance.below((most - least + 1) as usize) as i64;
        let (kind, waits) = match trouble.filter(|(form, ..)| self.strikes(*form, vantage)) {
            Some((Form::Slow | Form::SomeSlow, ..)) => (None, false),
            Some((_, kind, waits)) => (Some(kind), waits),
            None => (self.lost(now, vantage), false),
        };
        let slow = matches!(trouble, Some((Form::Slow, ..)))
            || (matches!(trouble, Some((Form::SomeSlow, ..))) && self.chance.hits(666_667));
        let took = latency + if waits { STEP_MS } else { 0 } + if slow { i64::from(SLOW_MS) } else { 0 };
        self.runners[index].in_flight = Some((kind, took as u32));
        self.queue.push(Reverse((now + took, What::Done, index)));
    }

    /// Whether a trouble strikes this attempt.
    fn strikes(&mut self, form: Form, vantage: usize) -> bool {
        match form {
            Form::Whole | Form::Ours => true,
            Form::OneVantage(one) => one == vantage,
            Form::OneAddress => self.chance.hits(333_333),
            Form::Slow | Form::SomeSlow | Form::Silence => false,
        }
    }

    fn done(&mut self, now: i64, index: usize) {
        let runner = &mut self.runners[index];
        let Some((kind, took_ms)) = runner.in_flight.take() else { return };
        let (id, line) = (runner.id, Line::Run(runner.cell, runner.vantage, kind, took_ms));
        let when = at(now + self.offset_ms);
        let fault = kind.map(|kind| Fault::new(kind, 0, "simulated"));
        self.judge.note(now, line);
        self.seq += 1;
        let seen = Observation { check: id, observed_at: when, received_at: when, took_ms, fault };
        self.feed(now, Input::Observation(self.seq, seen));
    }

    /// What the weather does to an attempt.
    fn lost(&mut self, now: i64, vantage: usize) -> Option<Kind> {
        let cut_off = |(v, from, to): &(usize, i64, i64)| *v == vantage && (*from..*to).contains(&now);
        if self.weather.partitions.iter().any(cut_off) {
            return Some(Kind::ConnectTimeout);
        }
        let burst = self.bursts[vantage];
        if now >= burst + self.weather.burst_ms {
            self.bursts[vantage] = now + self.chance.gap(self.weather.burst_every_ms);
        } else if now >= burst {
            return Some(Kind::ConnectTimeout);
        }
        self.chance.hits(self.weather.loss_ppm).then_some(Kind::ConnectTimeout)
    }

    /// What comes with time: a new day, steps of the clock, reloads, restarts.
    fn pass(&mut self, now: i64) {
        while self.next_day * DAY_MS <= now {
            self.begin_day(self.next_day);
            self.next_day += 1;
        }
        while let Some((_, by)) = self.weather.clock_steps.first().copied().filter(|(when, _)| *when <= now) {
            self.weather.clock_steps.remove(0);
            self.offset_ms += by;
            self.feed(now, Input::ClockStepped(by));
        }
        while self.weather.reloads.first().is_some_and(|when| *when <= now) {
            self.weather.reloads.remove(0);
            let plan = Arc::clone(self.engine.plan());
            self.feed(now, Input::PlanLoaded(plan));
        }
        while self.weather.restarts.first().is_some_and(|when| *when <= now) {
            self.weather.restarts.remove(0);
            let snapshot = serde_json::to_string(&self.engine.snapshot()).expect("a snapshot can be written");
            let snapshot = serde_json::from_str(&snapshot).expect("and read");
            self.engine = Engine::restore(Arc::clone(self.engine.plan()), &snapshot);
        }
    }

    fn begin_day(&mut self, day: i64) {
        self.chance = Chance::of_part(self.seed, day);
        for vantage in 0..self.bursts.len() {
            self.bursts[vantage] = day * DAY_MS + self.chance.gap(self.weather.burst_every_ms);
        }
        if !self.weather.storms {
            return;
        }
        let every = self.runners.first().map_or(30_000, |runner| runner.every);
        let vantages = self.bursts.len();
        for mut trouble in trouble::storm(&self.cells, vantages, day, every, &mut self.busy, &mut self.chance)
        {
            // Two vantages that fail by themselves are a majority, and no truth says that they are wrong.
            let cut_off =
                self.weather.partitions.iter().find(|(_, from, to)| *from < trouble.to && trouble.from < *to);
            if let (Form::OneVantage(_), Some((vantage, ..))) = (trouble.form, cut_off) {
                trouble.form = Form::OneVantage(*vantage);
            }
            self.judge.add(trouble);
        }
    }

    fn feed(&mut self, now: i64, input: Input) {
        self.engine.handle(at(now + self.offset_ms), input);
        while let Some(action) = self.engine.poll() {
            match action {
                Action::Recheck { check, at: when } => self.recheck(check, when.as_millisecond()),
                Action::Record(entry) => self.hear(now, entry.at.as_millisecond(), entry.what),
                Action::AskVantage(_) | Action::Diagnose(_) | Action::Publish => {}
            }
        }
    }

    /// The earliest recheck of a check is made; a run in flight serves for it.
    fn recheck(&mut self, check: CheckId, when_ms: i64) {
        self.judge.report.rechecks += 1;
        let start = when_ms - at(self.offset_ms).as_millisecond();
        let Some(&index) = self.by_check.get(&check) else { return };
        if self.runners[index].extra.is_none_or(|extra| start < extra) {
            self.runners[index].extra = Some(start);
            self.queue.push(Reverse((start, What::Extra, index)));
        }
    }

    fn hear(&mut self, now: i64, entry_ms: i64, what: Event) {
        // What came due before now was decided at its own moment.
        let then = (entry_ms - at(self.offset_ms).as_millisecond()).min(now);
        match what {
            Event::VerdictChanged { cell, to, .. } => self.judge.verdict(then, &cell, to),
            Event::IncidentOpened { incident, cells } => {
                cells.iter().for_each(|cell| self.judge.joins(then, incident.0, cell, true));
            }
            Event::IncidentGrew { incident, cells } => {
                cells.iter().for_each(|cell| self.judge.joins(then, incident.0, cell, false));
            }
            Event::IncidentUpdated { incident, update } if update.state == IncidentState::Resolved => {
                self.judge.closes(then, incident.0);
            }
            _ => {}
        }
    }
}

fn terms(plan: &Plan) -> Terms {
    let (_, capability, _) = plan.cells().next().expect("a plan with cells");
    let policy = &capability.policy;
    let of = policy.degraded.failing.map_or(10, |limit| i64::from(limit.of));
    let every = policy.every.as_millis() as i64;
    let service = |service: &candor_core::model::Service| {
        service.capabilities.iter().flat_map(|c| &c.cells).map(|cell| cell.checks.len()).sum::<usize>()
    };
    let checks = plan.services.iter().map(service).min().unwrap_or(0);
    Terms {
        every,
        step: STEP_MS,
        lease: policy.lease.as_millis() as i64,
        window: of * every,
        vantages: plan.vantages.len(),
        budget: checks.div_ceil(2).max(32),
        places: plan.places.len(),
    }
}
