//! What engine tests share: plans made in a line, and observations made in a line.
#![allow(dead_code, unreachable_pub, reason = "each test file is a crate of its own and uses its own part")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    clippy::unwrap_used,
    reason = "a simulated world of known size; where it is wrong, the test shall stop"
)]

pub mod history;
pub mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use candor_core::Timestamp;
use candor_core::engine::{Action, Engine, Input};
use candor_core::fault::{Fault, Kind};
use candor_core::id::{CapabilityId, CellId, CellKey, CheckId, PlaceId, ServiceId, VantageId};
use candor_core::model::{
    Anchor, Capability, Cell, Check, Confirm, Degraded, FailingOf, Journey, Keep, LedgerPlace, Operate, Page,
    Place, Plan, Policy, Quorum, Resolve, Service, ShowFaults, Vantage,
};
use candor_core::observation::Observation;
use candor_core::verdict::Verdict;

/// The policy that config gives where nobody says anything, at a 30 s interval.
pub fn policy() -> Policy {
    Policy {
        every: Duration::from_secs(30),
        deadline: Duration::from_secs(20),
        lease: Duration::from_secs(80),
        quorum: Quorum::Majority,
        confirm: Confirm { down: 2, up: 2 },
        degraded: Degraded { failing: Some(FailingOf { failing: 2, of: 10 }), within: None },
    }
}

/// The shape of a plan.
pub struct Shape {
    pub services: Vec<(&'static str, Vec<&'static str>)>,
    pub places: Vec<&'static str>,
    pub vantages: Vec<&'static str>,
    pub policy: Policy,
    pub anchored: bool,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            services: vec![("app-store", vec!["browse", "buy"])],
            places: vec!["gb", "in"],
            vantages: vec!["london", "mumbai", "ottawa"],
            policy: policy(),
            anchored: false,
        }
    }
}

pub fn plan(shape: &Shape) -> Arc<Plan> {
    let vantage = |id: &&str| Vantage {
        id: VantageId::new(id).unwrap(),
        name: (*id).to_string(),
        lies_in: vec![],
        resolve: Resolve::Inherit,
    };
    let place = |id: &&str| Place {
        id: PlaceId::new(id).unwrap(),
        name: id.to_uppercase(),
        variables: BTreeMap::new(),
    };
    Arc::new(Plan {
        page: Page {
            title: "Status".into(),
            url: None,
            listen: "127.0.0.1:0".parse().unwrap(),
            show: ShowFaults::Words,
        },
        operate: Operate { listen: "127.0.0.1:0".parse().unwrap() },
        places: shape.places.iter().map(place).collect(),
        vantages: shape.vantages.iter().map(vantage).collect(),
        anchors: if shape.anchored {
            vec![Anchor::Tcp { host: "192.0.2.1".into(), port: 443 }]
        } else {
            vec![]
        },
        resolve: Resolve::System,
        services: shape.services.iter().map(|(id, capabilities)| service(id, capabilities, shape)).collect(),
        zones: vec![],
        maintenance: vec![],
        ledger: LedgerPlace::Sqlite("candor.db".into()),
        keep: Keep { observations: Duration::ZERO, minutes: Duration::ZERO, hours: Duration::ZERO },
    })
}

fn service(id: &str, capabilities: &[&str], shape: &Shape) -> Service {
    let capability = |name: &&str| Capability {
        id: CapabilityId::new(name).unwrap(),
        name: (*name).to_string(),
        can: (*name).to_string(),
        doing: format!("{name}ing"),
        policy: shape.policy.clone(),
        journey: Arc::new(Journey {
            steps: vec![],
            allow_hosts: BTreeSet::new(),
            variables: BTreeMap::new(),
            writes: false,
        }),
        cells: if shape.places.is_empty() {
            vec![cell(id, name, None, shape)]
        } else {
            shape.places.iter().map(|place| cell(id, name, Some(place), shape)).collect()
        },
    };
    Service {
        id: ServiceId::new(id).unwrap(),
        name: id.to_string(),
        group: None,
        labels: BTreeMap::new(),
        needs: vec![],
        resolve: Resolve::Inherit,
        capabilities: capabilities.iter().map(capability).collect(),
    }
}

fn cell(service: &str, capability: &str, place: Option<&str>, shape: &Shape) -> Cell {
    let key = key(service, capability, place);
    let check = |vantage: &&str| {
        let vantage = VantageId::new(vantage).unwrap();
        Check { id: CheckId::of(&key, &vantage), vantage }
    };
    Cell {
        id: CellId::of(&key),
        checks: shape.vantages.iter().map(check).collect(),
        variables: BTreeMap::new(),
        near: false,
        key,
    }
}

pub fn key(service: &str, capability: &str, place: Option<&str>) -> CellKey {
    CellKey {
        service: ServiceId::new(service).unwrap(),
        capability: CapabilityId::new(capability).unwrap(),
        place: place.map(|p| PlaceId::new(p).unwrap()),
    }
}

/// 11 March 2015, 08:00 UTC, and so many milliseconds.
pub fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(1_426_060_800_000 + ms).unwrap()
}

pub fn pass(check: CheckId, when: Timestamp) -> Observation {
    Observation { check, observed_at: when, received_at: when, took_ms: 100, fault: None }
}

pub fn fail(check: CheckId, when: Timestamp, kind: Kind) -> Observation {
    Observation { fault: Some(Fault::new(kind, 0, "")), ..pass(check, when) }
}

/// An engine with its log's running number, for tests that tell a story.
pub struct Story {
    pub engine: Engine,
    pub actions: Vec<Action>,
    seq: u64,
}

impl Story {
    pub fn new(plan: Arc<Plan>) -> Self {
        Self { engine: Engine::new(plan, at(0)), actions: Vec::new(), seq: 0 }
    }

    pub fn handle(&mut self, now: Timestamp, input: Input) {
        self.engine.handle(now, input);
        while let Some(action) = self.engine.poll() {
            self.actions.push(action);
        }
    }

    pub fn see(&mut self, seen: Observation) {
        self.seq += 1;
        self.handle(seen.received_at, Input::Observation(self.seq, seen));
    }

    /// All checks of a cell pass or fail at once.
    pub fn all(&mut self, key: &CellKey, when: Timestamp, fault: Option<Kind>) {
        for check in self.checks(key) {
            self.see(fault.map_or_else(|| pass(check, when), |kind| fail(check, when, kind)));
        }
    }

    pub fn everything_passes(&mut self, when: Timestamp) {
        let keys: Vec<CellKey> = self.engine.plan().cells().map(|(_, _, cell)| cell.key.clone()).collect();
        for key in keys {
            self.all(&key, when, None);
        }
    }

    /// Some cells fare as told, and all others pass.
    pub fn everything_passes_but(&mut self, these: &[&CellKey], when: Timestamp, fault: Option<Kind>) {
        let keys: Vec<CellKey> = self.engine.plan().cells().map(|(_, _, cell)| cell.key.clone()).collect();
        for key in keys {
            self.all(&key, when, fault.filter(|_| these.contains(&&key)));
        }
    }

    pub fn checks(&self, key: &CellKey) -> Vec<CheckId> {
        let plan = self.engine.plan();
        let cell = plan.cells().find(|(_, _, cell)| cell.key == *key).expect("the plan has the cell");
        cell.2.checks.iter().map(|check| check.id).collect()
    }

    pub fn verdict(&self, key: &CellKey) -> Verdict {
        self.engine.verdicts().find(|(k, ..)| *k == key).expect("the plan has the cell").1
    }
}
