//! Arbitrary histories: what can happen to a hub, in any order, for any length.

use std::sync::Arc;

use candor_core::Timestamp;
use candor_core::cause::Feature;
use candor_core::engine::{Engine, Input};
use candor_core::fault::Kind;
use candor_core::finding::{Finding, Servers, What};
use candor_core::id::{CellKey, CheckId, IncidentId};
use candor_core::incident::{Cause, Found};
use candor_core::model::{Capability, Cell, Plan, Service};
use candor_core::observation::Observation;
use proptest::prelude::*;

use super::{at, fail, pass};

/// One thing that happens.
#[derive(Debug, Clone)]
pub enum Op {
    /// A run ends: which check (modulo), how it went, how late it comes in, and by how much its clock is wrong.
    Run { check: usize, how: How, late_ms: i64, skew_ms: i64 },
    /// Time passes.
    Wait(i64),
    /// A vantage is asked.
    Ask { vantage: usize, sees: bool },
    /// The hub's clock is stepped.
    Step(i64),
    /// The plan is loaded again: the whole one or the smaller one.
    Reload { small: bool },
    /// A diagnosis of an incident comes to an end: which (modulo), of what class, and which cells another cause explains.
    Found { incident: u64, class: u8, other: u16 },
    /// The hub comes up again from its snapshot.
    Restart,
}

#[derive(Debug, Clone, Copy)]
pub enum How {
    Passes,
    Fails,
    Ours,
}

pub fn ops() -> impl Strategy<Value = Vec<Op>> {
    let how = prop_oneof![5 => Just(How::Passes), 4 => Just(How::Fails), 1 => Just(How::Ours)];
    let late = prop_oneof![6 => Just(0_i64), 2 => 0_i64..5_000, 1 => 0_i64..400_000];
    let skew = prop_oneof![8 => Just(0_i64), 1 => -90_000_i64..90_000];
    let run = (0_usize..64, how, late, skew).prop_map(|(check, how, late_ms, skew_ms)| Op::Run {
        check,
        how,
        late_ms,
        skew_ms,
    });
    let op = prop_oneof![
        60 => run,
        25 => prop_oneof![3 => 1_i64..3_000, 2 => 1_i64..40_000, 1 => 1_i64..200_000].prop_map(Op::Wait),
        6 => (0_usize..3, any::<bool>()).prop_map(|(vantage, sees)| Op::Ask { vantage, sees }),
        1 => (-7_200_000_i64..7_200_000).prop_map(Op::Step),
        2 => any::<bool>().prop_map(|small| Op::Reload { small }),
        4 => (1_u64..5, 0_u8..3, any::<u16>()).prop_map(|(incident, class, other)| Op::Found { incident, class, other }),
        2 => Just(Op::Restart),
    ];
    prop::collection::vec(op, 1..160)
}

/// What a history has come to: the time, and the log as inputs with their moments.
pub struct Teller {
    pub clock_ms: i64,
    pub seq: u64,
    pub plans: [Arc<Plan>; 2],
    pub checks: Vec<CheckId>,
}

impl Teller {
    pub fn new(whole: Arc<Plan>, small: Arc<Plan>) -> Self {
        let checks =
            whole.cells().flat_map(|(_, _, cell)| cell.checks.iter().map(|check| check.id)).collect();
        Self { clock_ms: 0, seq: 0, plans: [whole, small], checks }
    }

    pub fn now(&self) -> Timestamp {
        at(self.clock_ms)
    }

    /// The input that an op amounts to; `None` for a restart.
    pub fn input(&mut self, op: &Op) -> Option<Input> {
        Some(match op {
            Op::Run { check, how, late_ms, skew_ms } => {
                Input::Observation(self.next_seq(), self.run(*check, *how, late_ms + skew_ms))
            }
            Op::Wait(ms) => {
                self.clock_ms += ms;
                Input::Tick
            }
            Op::Ask { vantage, sees } => {
                let vantage = self.plans[0].vantages[vantage % self.plans[0].vantages.len()].id.clone();
                Input::VantageHeartbeat { vantage, sees: *sees }
            }
            Op::Step(ms) => {
                self.clock_ms += ms;
                Input::ClockStepped(*ms)
            }
            Op::Reload { small } => Input::PlanLoaded(Arc::clone(&self.plans[usize::from(*small)])),
            Op::Found { incident, class, other } => {
                let cells = self.plans[0].cells().enumerate();
                let (there, here): (Vec<_>, Vec<_>) = cells.partition(|(at, _)| other >> (at % 16) & 1 == 1);
                let keys = |cells: Vec<(usize, _)>| -> Vec<CellKey> {
                    cells
                        .into_iter()
                        .map(|(_, (_, _, cell)): (usize, (&Service, &Capability, &Cell))| cell.key.clone())
                        .collect()
                };
                let (first, second) = (cause(*class, "one.example."), cause(class + 1, "two.example."));
                let found = vec![
                    Found { cause: first, cells: keys(here) },
                    Found { cause: second, cells: keys(there) },
                ];
                Input::Finding { incident: IncidentId(*incident), found }
            }
            Op::Restart => return None,
        })
    }

    fn next_seq(&mut self) -> u64 {
        self.seq += 1;
        self.seq
    }

    fn run(&self, check: usize, how: How, behind_ms: i64) -> Observation {
        let check = self.checks[check % self.checks.len()];
        let observed = at(self.clock_ms - behind_ms);
        let seen = match how {
            How::Passes => pass(check, observed),
            How::Fails => fail(check, observed, Kind::DnsNxdomain),
            How::Ours => fail(check, observed, Kind::VantageHung),
        };
        Observation { received_at: self.now(), ..seen }
    }
}

/// A cause of some class about some name.
pub fn cause(class: u8, name: &str) -> Cause {
    let servers = Servers { these: Vec::new(), of: 2, hosts: 2 };
    let zone = String::from("example.");
    let what = match class % 3 {
        0 => What::NameMissing { name: name.into(), zone, servers, serial: Some(7) },
        1 => What::NotDns {
            name: name.into(),
            address: "192.0.2.1".into(),
            kind: Kind::ConnectRefused,
            detail: String::new(),
        },
        _ => What::CouldNotTell { why: "nobody answered".into() },
    };
    Cause {
        finding: Finding { name: name.into(), what, was: None, asides: Vec::new(), at: at(0) },
        also: Vec::new(),
        explains: 1,
        contradicts: 0,
        covers: vec![Feature::Name(name.trim_end_matches('.').into())],
        ruled_out: Vec::new(),
        way: None,
        at: at(0),
    }
}

/// The engine after an op. A restart goes through a snapshot.
pub fn apply(engine: &mut Engine, now: Timestamp, input: Option<Input>) {
    match input {
        Some(input) => engine.handle(now, input),
        None => *engine = Engine::restore(Arc::clone(engine.plan()), &engine.snapshot()),
    }
}
