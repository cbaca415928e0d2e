//! A seeded world: vantages that measure cells through a network with latency, loss, bursts and partitions, on clocks
//! that can be stepped. One seed reproduces it.

use std::collections::BTreeMap;
use std::sync::Arc;

use candor_core::engine::{Action, Engine, Input};
use candor_core::fault::Kind;
use candor_core::id::{CellKey, CheckId};
use candor_core::model::Plan;
use candor_core::verdict::Verdict;

use super::{at, fail, pass};

/// What can go wrong in a world, each with its measure.
#[derive(Debug, Clone)]
pub struct Weather {
    /// Attempts lost by themselves, in a million.
    pub loss_ppm: u64,
    /// Mean time between bursts of loss, and their length, in milliseconds; a burst hits one vantage.
    pub burst_every_ms: i64,
    pub burst_ms: i64,
    /// Vantages that are cut off, from when to when.
    pub partitions: Vec<(usize, i64, i64)>,
    /// Latency of a run, from least to most, in milliseconds.
    pub latency_ms: (i64, i64),
    /// Steps of the hub's clock: when (true time), by how much.
    pub clock_steps: Vec<(i64, i64)>,
    /// When the hub is restarted from its snapshot.
    pub restarts: Vec<i64>,
    /// When the plan is loaded again.
    pub reloads: Vec<i64>,
    /// Cells that are truly out: which, from when to when.
    pub outages: Vec<(CellKey, i64, i64)>,
}

impl Default for Weather {
    fn default() -> Self {
        Self {
            loss_ppm: 5_000,
            burst_every_ms: 3_600_000,
            burst_ms: 2_000,
            partitions: vec![],
            latency_ms: (20, 400),
            clock_steps: vec![],
            restarts: vec![],
            reloads: vec![],
            outages: vec![],
        }
    }
}

/// What a world came to.
#[derive(Debug, Default)]
pub struct Report {
    /// Changes to outage while the truth was well: when, which.
    pub false_outages: Vec<(i64, CellKey)>,
    /// Milliseconds in which a cell read operational while its truth was outage, the longest stretch of each.
    pub false_green_ms: BTreeMap<CellKey, i64>,
    /// Rechecks asked for.
    pub rechecks: u64,
    /// Runs made.
    pub runs: u64,
}

pub struct World {
    pub engine: Engine,
    weather: Weather,
    rng: u64,
    /// Each check's next planned start and its place: (true time, check, cell, vantage).
    queue: std::collections::BTreeSet<(i64, u64, usize, usize)>,
    bursts: Vec<i64>,
    offset_ms: i64,
    seq: u64,
    cells: Vec<CellKey>,
    every_ms: i64,
    pub report: Report,
}

impl World {
    pub fn new(plan: Arc<Plan>, weather: Weather, seed: u64) -> Self {
        let vantages = plan.vantages.len();
        let every_ms = plan.cells().next().map_or(30_000, |(_, c, _)| c.policy.every.as_millis() as i64);
        let mut world = Self {
            engine: Engine::new(Arc::clone(&plan), at(0)),
            weather,
            rng: seed | 1,
            queue: std::collections::BTreeSet::new(),
            bursts: vec![0; vantages],
            offset_ms: 0,
            seq: 0,
            cells: vec![],
            every_ms,
            report: Report::default(),
        };
        for (index, (_, _, cell)) in plan.cells().enumerate() {
            world.cells.push(cell.key.clone());
            for (vantage, check) in cell.checks.iter().enumerate() {
                let phase = (check.id.0 % every_ms as u64) as i64;
                world.queue.insert((phase, check.id.0, index, vantage));
            }
        }
        for vantage in 0..vantages {
            world.bursts[vantage] = world.random_gap(world.weather.burst_every_ms);
        }
        world
    }

    /// Runs until `end_ms` of true time.
    pub fn run_until(&mut self, end_ms: i64) {
        while let Some((now, check, cell, vantage)) = self.queue.pop_first() {
            if now >= end_ms {
                self.queue.insert((now, check, cell, vantage));
                break;
            }
            self.troubles(now);
            self.measure(now, check, cell, vantage);
        }
        self.troubles(end_ms);
        self.feed(end_ms, Input::Tick);
    }

    fn measure(&mut self, now: i64, check: u64, cell: usize, vantage: usize) {
        let planned = now % self.every_ms == (check % self.every_ms as u64) as i64;
        if planned {
            self.queue.insert((now + self.every_ms, check, cell, vantage));
        }
        self.report.runs += 1;
        let span = (self.weather.latency_ms.1 - self.weather.latency_ms.0) as u64;
        let done = now + self.weather.latency_ms.0 + (self.random() % (span + 1)) as i64;
        let id = CheckId(check);
        let when = at(done + self.offset_ms);
        let seen = match self.trouble(now, cell, vantage) {
            Some(kind) => fail(id, when, kind),
            None => pass(id, when),
        };
        self.seq += 1;
        self.feed(done, Input::Observation(self.seq, seen));
    }

    fn trouble(&mut self, now: i64, cell: usize, vantage: usize) -> Option<Kind> {
        if self.is_out(cell, now) {
            return Some(Kind::DnsNxdomain);
        }
        if self.weather.partitions.iter().any(|(v, from, to)| *v == vantage && (*from..*to).contains(&now)) {
            return Some(Kind::ConnectTimeout);
        }
        let burst = self.bursts[vantage];
        if now >= burst + self.weather.burst_ms {
            self.bursts[vantage] = now + self.random_gap(self.weather.burst_every_ms);
        } else if now >= burst {
            return Some(Kind::ConnectTimeout);
        }
        (self.random() % 1_000_000 < self.weather.loss_ppm).then_some(Kind::ConnectTimeout)
    }

    fn is_out(&self, cell: usize, now: i64) -> bool {
        let key = &self.cells[cell];
        self.weather.outages.iter().any(|(k, from, to)| k == key && (*from..*to).contains(&now))
    }

    fn troubles(&mut self, now: i64) {
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

    fn feed(&mut self, now: i64, input: Input) {
        self.engine.handle(at(now + self.offset_ms), input);
        while let Some(action) = self.engine.poll() {
            match action {
                Action::Recheck { check, at: when } => {
                    self.report.rechecks += 1;
                    let start = when.as_millisecond() - at(self.offset_ms).as_millisecond();
                    let of = |slot: &(i64, u64, usize, usize)| slot.1 == check.0;
                    if let Some((_, id, cell, vantage)) = self.queue.iter().copied().find(of) {
                        // One off the planned phase, so that it is known for a recheck.
                        let off = i64::from(start % self.every_ms == (id % self.every_ms as u64) as i64);
                        self.queue.insert((start + off, id, cell, vantage));
                    }
                }
                Action::Record(entry) => {
                    if let candor_core::entry::Event::VerdictChanged { cell, to: Verdict::Outage, .. } =
                        entry.what
                    {
                        let index =
                            self.cells.iter().position(|key| *key == cell).expect("a cell of the plan");
                        if !self.is_out(index, now) && !self.was_out(index, now) {
                            self.report.false_outages.push((now, cell));
                        }
                    }
                }
                Action::AskVantage(_) | Action::Publish => {}
            }
        }
        self.look_for_false_green(now);
    }

    fn was_out(&self, cell: usize, now: i64) -> bool {
        self.is_out(cell, now - 2 * self.every_ms)
    }

    fn look_for_false_green(&mut self, now: i64) {
        for (key, from, to) in &self.weather.outages {
            if !(*from..*to).contains(&now) {
                continue;
            }
            let green =
                self.engine.verdicts().any(|(k, verdict, _)| k == key && verdict == Verdict::Operational);
            if green {
                let stretch = self.report.false_green_ms.entry(key.clone()).or_default();
                *stretch = (*stretch).max(now - from);
            }
        }
    }

    fn random(&mut self) -> u64 {
        self.rng ^= self.rng << 13;
        self.rng ^= self.rng >> 7;
        self.rng ^= self.rng << 17;
        self.rng.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11
    }

    fn random_gap(&mut self, mean: i64) -> i64 {
        1 + (self.random() % (2 * mean.max(1)) as u64) as i64
    }
}
