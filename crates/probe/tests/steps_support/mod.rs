//! What the tests of steps share: a plan of one check, certificates of every kind, and servers that end with the test.
//!
//! NSD and `openssl s_server` are the real programs, started on a free loopback port and ended by their process id.
//! The SMTP server is our own (`smtp`): it must misbehave in ways that no real one can be told to.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    missing_debug_implementations,
    clippy::unwrap_used,
    reason = "each test file uses a part, and in a test a panic is the message"
)]

pub mod aiosmtpd;
pub mod certificates;
pub mod nsd;
pub mod openssl;
pub mod smtp;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use candor_core::fault::{Fault, Kind};
use candor_core::id::{CapabilityId, CellId, CellKey, CheckId, ServiceId, VantageId};
use candor_core::model::{
    Anchor, Capability, Cell, Check, Confirm, Degraded, Journey, JourneyStep, Keep, LedgerPlace, Operate,
    Page, Plan, Policy, Quorum, Resolve, Service, ShowFaults, Step, StepWhen, TlsExpect, Vantage,
};
use candor_core::observation::Run;
use candor_core::template::Template;
use candor_probe::Runner;

pub const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
pub const SECOND: Duration = Duration::from_secs(1);

pub fn text(text: &str) -> Template {
    Template::text(text)
}

pub fn vantage() -> VantageId {
    VantageId::new("here").unwrap()
}

/// Runs one step; it may take 5 s. `shop.example` and its mail host are at 127.0.0.1.
pub async fn run(step: Step) -> Run {
    run_with(step, pinned(), SECOND * 5).await
}

/// Runs one step that finds addresses as `resolve` says and may take as long as `timeout`.
pub async fn run_with(step: Step, resolve: Resolve, timeout: Duration) -> Run {
    let step = JourneyStep { step, when: StepWhen::Passing, timeout, resolve: Resolve::Inherit };
    let plan = Arc::new(plan(vec![step], resolve, Vec::new()));
    let runner = Runner::new(plan);
    let check = runner.checks().next().unwrap();
    runner.run(check).await
}

pub fn pinned() -> Resolve {
    let hosts = ["shop.example", "mail.shop.example"].map(|host| (host.to_owned(), vec![LOOPBACK]));
    Resolve::Pinned(BTreeMap::from(hosts))
}

/// The fault of a run that must have one.
pub fn fault(run: &Run) -> &Fault {
    run.observation.fault.as_ref().unwrap_or_else(|| panic!("the step passed: {run:?}"))
}

/// Demands that a run passed.
pub fn passed(run: &Run) {
    assert!(run.observation.passed(), "{:?}\n{:#?}", run.observation.fault, run.evidence);
}

/// Demands a kind of fault, and words in its detail.
pub fn failed(run: &Run, kind: Kind, words: &str) {
    let fault = fault(run);
    assert!(fault.kind == kind && fault.detail.contains(words), "expected {kind:?} {words:?}, got {fault:?}");
}

/// Evidence as one text.
pub fn evidence(run: &Run) -> String {
    run.evidence.as_ref().map(|evidence| evidence.lines.join("\n")).unwrap_or_default()
}

pub fn tls_expect() -> TlsExpect {
    TlsExpect { expires_in: Duration::ZERO, name: None }
}

/// A port on which nobody listens.
pub fn closed_port() -> u16 {
    std::net::TcpListener::bind((LOOPBACK, 0)).unwrap().local_addr().unwrap().port()
}

pub fn plan(steps: Vec<JourneyStep>, resolve: Resolve, anchors: Vec<Anchor>) -> Plan {
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
    Plan {
        page: Page { title: String::new(), url: None, listen: nowhere, show: ShowFaults::Words },
        operate: Operate { listen: nowhere },
        places: Vec::new(),
        vantages: vec![Vantage {
            id: vantage(),
            name: "Here".to_owned(),
            lies_in: Vec::new(),
            resolve: Resolve::Inherit,
        }],
        anchors,
        resolve,
        services: vec![service(steps)],
        zones: Vec::new(),
        maintenance: Vec::new(),
        ledger: LedgerPlace::Sqlite(String::new()),
        keep: Keep { observations: SECOND, minutes: SECOND, hours: SECOND },
    }
}

fn service(steps: Vec<JourneyStep>) -> Service {
    let key = CellKey {
        service: ServiceId::new("shop").unwrap(),
        capability: CapabilityId::new("serve").unwrap(),
        place: None,
    };
    let cell = Cell {
        id: CellId::of(&key),
        checks: vec![Check { id: CheckId::of(&key, &vantage()), vantage: vantage() }],
        variables: BTreeMap::new(),
        near: true,
        key: key.clone(),
    };
    let journey = Journey { steps, allow_hosts: BTreeSet::new(), variables: BTreeMap::new(), writes: false };
    let capability = Capability {
        id: key.capability,
        name: "Serve".to_owned(),
        can: "serve".to_owned(),
        doing: "serving".to_owned(),
        policy: policy(),
        journey: Arc::new(journey),
        cells: vec![cell],
    };
    Service {
        id: key.service,
        name: "Shop".to_owned(),
        group: None,
        labels: BTreeMap::new(),
        needs: Vec::new(),
        resolve: Resolve::Inherit,
        capabilities: vec![capability],
    }
}

fn policy() -> Policy {
    Policy {
        every: SECOND * 60,
        deadline: SECOND * 50,
        lease: SECOND * 130,
        quorum: Quorum::Majority,
        confirm: Confirm { down: 2, up: 2 },
        degraded: Degraded { failing: None, within: None },
    }
}
