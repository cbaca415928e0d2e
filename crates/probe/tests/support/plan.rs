//! Plans of one check, made in a line. All `*.example` names are pinned to 127.0.0.1.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use candor_core::fault::{Fault, Kind};
use candor_core::id::{CapabilityId, CellId, CellKey, CheckId, ServiceId, VantageId};
use candor_core::model::*;
use candor_core::observation::Run;
use candor_core::template::{Piece, Secret, Template};
use candor_probe::Runner;

/// Names that resolve, all to 127.0.0.1.
const NAMES: [&str; 4] = ["shop.example", "other.example", "evil.example", "proxy.example"];

/// `text` with `{holes}`, and secrets written as `<secret>`.
pub(crate) fn template(text: &str) -> Template {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '<']) {
        let end = at + rest[at..].find(['}', '>']).expect("every hole of a test's template is closed");
        pieces.push(Piece::Text(rest[..at].to_owned()));
        let inner = rest[at + 1..end].to_owned();
        pieces.push(match &rest[at..=at] {
            "{" => Piece::Hole(inner),
            _ => Piece::Secret(Secret::new(inner)),
        });
        rest = &rest[end + 1..];
    }
    pieces.push(Piece::Text(rest.to_owned()));
    Template(pieces)
}

/// A GET that expects 2xx.
pub(crate) fn get(url: &str) -> HttpStep {
    HttpStep {
        method: Method::Get,
        target: Target::Url(template(url)),
        headers: Vec::new(),
        body: Body::Empty,
        redirects: 5,
        version: HttpVersion::Auto,
        tls: TlsClient::default(),
        proxy: None,
        body_max: 1 << 20,
        expect: HttpExpect {
            status: vec![StatusRange { first: 200, last: 299 }],
            text: Vec::new(),
            not_text: Vec::new(),
            json: Vec::new(),
            headers: Vec::new(),
            size: None,
            sha256: None,
            within: None,
            rate: None,
            stall: Duration::from_secs(4),
        },
        captures: Vec::new(),
    }
}

/// A POST of the same kind.
pub(crate) fn post(url: &str, body: Body) -> HttpStep {
    HttpStep { method: Method::Post, body, ..get(url) }
}

/// A step with a timeout of 5 s.
pub(crate) fn step(step: HttpStep) -> JourneyStep {
    JourneyStep {
        step: Step::Http(step),
        when: StepWhen::Passing,
        timeout: Duration::from_secs(5),
        resolve: Resolve::Inherit,
    }
}

/// The same, run whatever failed before.
pub(crate) fn always(inner: HttpStep) -> JourneyStep {
    JourneyStep { when: StepWhen::Always, ..step(inner) }
}

/// A journey of these steps.
pub(crate) fn journey(steps: Vec<JourneyStep>) -> Journey {
    Journey { steps, allow_hosts: BTreeSet::new(), variables: BTreeMap::new(), writes: false }
}

/// A plan with this journey as its only check.
pub(crate) fn plan(journey: Journey, deadline: Duration) -> (Arc<Plan>, CheckId) {
    let key = CellKey {
        service: ServiceId::new("shop").unwrap(),
        capability: CapabilityId::new("browse").unwrap(),
        place: None,
    };
    let vantage = VantageId::new("here").unwrap();
    let check = CheckId::of(&key, &vantage);
    let cell = Cell {
        id: CellId::of(&key),
        variables: BTreeMap::from([("place".to_owned(), "gb".to_owned())]),
        checks: vec![Check { id: check, vantage: vantage.clone() }],
        near: true,
        key: key.clone(),
    };
    let capability = Capability {
        id: key.capability,
        name: "Browse".to_owned(),
        can: "browse".to_owned(),
        doing: "browsing".to_owned(),
        policy: policy(deadline),
        journey: Arc::new(journey),
        cells: vec![cell],
    };
    let service = Service {
        id: key.service,
        name: "Shop".to_owned(),
        group: None,
        labels: BTreeMap::new(),
        needs: Vec::new(),
        resolve: Resolve::Inherit,
        capabilities: vec![capability],
    };
    (Arc::new(around(service, vantage)), check)
}

fn policy(deadline: Duration) -> Policy {
    Policy {
        every: Duration::from_secs(30),
        deadline,
        lease: Duration::from_secs(70),
        quorum: Quorum::Majority,
        confirm: Confirm { down: 2, up: 2 },
        degraded: Degraded { failing: None, within: None },
    }
}

fn around(service: Service, vantage: VantageId) -> Plan {
    let listen = "127.0.0.1:0".parse().unwrap();
    let pinned = NAMES.iter().map(|name| ((*name).to_owned(), vec![[127, 0, 0, 1].into()])).collect();
    let day = Duration::from_secs(86_400);
    Plan {
        page: Page {
            title: "Shop status".to_owned(),
            url: Some("https://shop-status.example".to_owned()),
            listen,
            show: ShowFaults::Words,
        },
        operate: Operate { listen },
        places: Vec::new(),
        vantages: vec![Vantage {
            id: vantage,
            name: "Here".to_owned(),
            lies_in: Vec::new(),
            resolve: Resolve::Inherit,
        }],
        anchors: Vec::new(),
        resolve: Resolve::Pinned(pinned),
        services: vec![service],
        zones: Vec::new(),
        maintenance: Vec::new(),
        ledger: LedgerPlace::Sqlite("unused.db".to_owned()),
        keep: Keep { observations: day, minutes: day, hours: day },
    }
}

/// Runs the journey once, with a deadline of 10 s.
pub(crate) async fn run_journey(journey: Journey) -> Run {
    let (plan, check) = plan(journey, Duration::from_secs(10));
    Runner::new(plan).run(check).await
}

/// Runs the steps once.
pub(crate) async fn run(steps: Vec<HttpStep>) -> Run {
    run_journey(journey(steps.into_iter().map(step).collect())).await
}

/// Runs the steps once; responses may lead to `hosts`.
pub(crate) async fn run_allowing(hosts: &[&str], steps: Vec<HttpStep>) -> Run {
    let mut journey = journey(steps.into_iter().map(step).collect());
    journey.allow_hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
    run_journey(journey).await
}

/// The fault of a run that must have one.
pub(crate) fn fault(run: &Run) -> &Fault {
    run.observation.fault.as_ref().unwrap_or_else(|| panic!("the run passed: {run:#?}"))
}

/// The kind of its fault.
pub(crate) fn kind(run: &Run) -> Kind {
    fault(run).kind
}

/// Demands that the run passed.
pub(crate) fn assert_passed(run: &Run) {
    assert!(run.observation.fault.is_none(), "{run:#?}");
    assert!(run.steps.iter().all(|step| step.passed), "{run:#?}");
}
