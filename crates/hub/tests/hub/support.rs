//! A folder with a config, a script for the probes, a running hub, and a plain HTTP client.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use candor_core::Timestamp;
use candor_core::fault::{Fault, Kind};
use candor_core::id::CheckId;
use candor_core::model::Plan;
use candor_core::observation::{Evidence, Observation, Phases, Run, StepReport};
use candor_hub::{Hub, HubError, HubOptions, Origin, Probes};
use candor_probe::{BoxFuture, CheckSchedule, Probe};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long anything is waited for: far longer than it takes on any machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What must never be public, and where it is written into what probes report.
pub(crate) const ADDRESS: &str = "192.0.2.77";
pub(crate) const TARGET: &str = "https://inner-target.example/";
pub(crate) const DETAIL: &str = "detail-of-the-fault";
pub(crate) const SAW: &str = "what-the-step-saw";

/// One service, measured every second: deadline 1 s, lease 3 s.
pub(crate) const SHOP: &str = "
page: {title: Shop status, listen: \"127.0.0.1:0\"}
operate: {listen: \"127.0.0.1:0\"}
defaults: {every: 1s, timeout: 500ms}
services:
  - id: shop
    capabilities:
      buy: {journey: [{tcp: \"192.0.2.2:80\"}]}
";

/// And what makes it two.
pub(crate) const MAIL: &str = "  - id: mail
    capabilities:
      send: {journey: [{tcp: \"192.0.2.3:25\"}]}
";

/// What a probe does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Does {
    Pass,
    Fail(Kind),
    /// Does not come back until it is told otherwise.
    Stay,
}

/// What all probes of a hub do, by service.
#[derive(Debug)]
pub(crate) struct Script {
    default: Mutex<Does>,
    services: Mutex<BTreeMap<String, Does>>,
    /// What the watchdog is told: the plan's deadlines, or one so long that it never cuts in.
    watched: bool,
    pub(crate) runs: AtomicU64,
}

impl Script {
    pub(crate) fn new(does: Does) -> Arc<Self> {
        Arc::new(Self {
            default: Mutex::new(does),
            services: Mutex::default(),
            watched: false,
            runs: AtomicU64::new(0),
        })
    }

    /// One whose probes the watchdog cuts when they stay.
    pub(crate) fn watched(does: Does) -> Arc<Self> {
        let script = Arc::try_unwrap(Self::new(does)).unwrap();
        Arc::new(Self { watched: true, ..script })
    }

    pub(crate) fn all(&self, does: Does) {
        *self.default.lock().unwrap() = does;
    }

    pub(crate) fn service(&self, id: &str, does: Does) {
        self.services.lock().unwrap().insert(id.into(), does);
    }

    fn of(&self, service: &str) -> Does {
        self.services.lock().unwrap().get(service).copied().unwrap_or(*self.default.lock().unwrap())
    }

    fn probes(self: &Arc<Self>) -> Probes {
        let script = Arc::clone(self);
        Arc::new(move |plan| Arc::new(Fake { plan, script: Arc::clone(&script) }))
    }
}

struct Fake {
    plan: Arc<Plan>,
    script: Arc<Script>,
}

impl Probe for Fake {
    fn checks(&self) -> Vec<CheckSchedule> {
        let of = |policy: &candor_core::model::Policy| match self.script.watched {
            true => policy.deadline,
            false => Duration::from_secs(86_400),
        };
        let checks = self.plan.cells().flat_map(|(_, capability, cell)| {
            cell.checks.iter().map(move |check| CheckSchedule {
                id: check.id,
                every: capability.policy.every,
                deadline: of(&capability.policy),
                host: cell.key.to_string(),
                writes: false,
            })
        });
        checks.collect()
    }

    fn run(&self, check: CheckId) -> BoxFuture<'static, Run> {
        let cell = self.plan.cells().find(|(_, _, cell)| cell.checks.iter().any(|c| c.id == check)).unwrap();
        let (service, script) = (cell.0.id.to_string(), Arc::clone(&self.script));
        script.runs.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            while script.of(&service) == Does::Stay {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            report(check, script.of(&service))
        })
    }
}

fn report(check: CheckId, does: Does) -> Run {
    let now = Timestamp::now();
    let fault = match does {
        Does::Fail(kind) => Some(Fault::new(kind, 0, DETAIL)),
        Does::Pass | Does::Stay => None,
    };
    let step = StepReport {
        step: "tcp".into(),
        target: TARGET.into(),
        passed: fault.is_none(),
        phases: Phases { connect_us: Some(900), ..Phases::default() },
        address: Some(ADDRESS.into()),
        certificate: None,
    };
    let evidence = fault.as_ref().map(|_| Evidence { lines: vec![SAW.into()], body: SAW.into() });
    let observation = Observation { check, observed_at: now, received_at: now, took_ms: 1, fault };
    Run { observation, steps: vec![step], evidence }
}

/// A folder with a config and, once a hub ran, a ledger.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new(config: &str) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write(config);
        folder
    }

    pub(crate) fn write(&self, config: &str) {
        std::fs::write(self.config(), config).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.path().join("candor.yaml")
    }

    pub(crate) fn ledger(&self) -> PathBuf {
        self.path().join("candor.db")
    }

    pub(crate) async fn try_start(&self, script: &Arc<Script>) -> Result<Running, HubError> {
        start(&self.config(), &self.ledger(), script).await
    }

    pub(crate) async fn start(&self, script: &Arc<Script>) -> Running {
        self.try_start(script).await.unwrap()
    }
}

pub(crate) async fn start(config: &Path, ledger: &Path, script: &Arc<Script>) -> Result<Running, HubError> {
    start_from(Origin::Files(config.to_path_buf()), ledger, script).await
}

/// Starts a hub on ports of its own, whatever the config says.
pub(crate) async fn start_from(
    origin: Origin,
    ledger: &Path,
    script: &Arc<Script>,
) -> Result<Running, HubError> {
    let any = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    let ledger = Some(ledger.to_path_buf());
    let options = HubOptions { origin, listen: any, operate_listen: any, ledger };
    let hub = Hub::start_with(options, script.probes()).await?;
    Ok(Running { sites: Sites { public: hub.public_address(), operators: hub.operators_address() }, hub })
}

/// A hub, running.
pub(crate) struct Running {
    pub(crate) hub: Hub,
    pub(crate) sites: Sites,
}

impl Running {
    pub(crate) async fn stop(self) {
        tokio::time::timeout(PATIENCE, self.hub.stop()).await.expect("a hub stops");
    }
}

impl std::ops::Deref for Running {
    type Target = Sites;

    fn deref(&self) -> &Sites {
        &self.sites
    }
}

/// Where a hub's two sites are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sites {
    pub(crate) public: SocketAddr,
    pub(crate) operators: SocketAddr,
}

impl Sites {
    /// The public status, once there is one.
    pub(crate) async fn status(&self) -> Value {
        status(self.public).await
    }

    /// The operators' status, once there is one.
    pub(crate) async fn details(&self) -> Value {
        status(self.operators).await
    }

    /// The first public status of which `holds` is true.
    pub(crate) async fn until(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        until(self.public, what, holds).await
    }

    /// The first operators' status of which `holds` is true.
    pub(crate) async fn until_details(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        until(self.operators, what, holds).await
    }

    /// The value of a metric.
    pub(crate) async fn metric(&self, name: &str) -> u64 {
        let text = get(self.operators, "/metrics").await.text();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in\n{text}")).parse().unwrap()
    }
}

async fn status(at: SocketAddr) -> Value {
    until(at, "any status", |_| true).await
}

async fn until(at: SocketAddr, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    let mut last = Value::Null;
    while begun.elapsed() < PATIENCE {
        let answer = get(at, "/api/v1/status").await;
        if answer.status == 200 {
            last = serde_json::from_slice(&answer.body).unwrap();
            if holds(&last) {
                return last;
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never came: {what}; the last status is {last:#}");
}

/// Waits for something that is not in a status.
pub(crate) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < PATIENCE, "never came: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What is measured of the first cell of `service`.
pub(crate) fn measured<'v>(status: &'v Value, service: &str) -> &'v str {
    let cells = status["cells"].as_array().unwrap();
    cells
        .iter()
        .find(|cell| cell["service"] == service)
        .map_or("none", |cell| cell["measured"].as_str().unwrap())
}

/// All notices, one a line.
pub(crate) fn notices(status: &Value) -> String {
    status["notices"].as_array().unwrap().iter().map(|n| format!("{}\n", n.as_str().unwrap())).collect()
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

pub(crate) async fn get(at: SocketAddr, path: &str) -> Answer {
    ask(at, "GET", path, "").await
}

/// Asks once, on a connection of its own. `headers` are whole lines, each with its CR LF.
pub(crate) async fn ask(at: SocketAddr, method: &str, path: &str, headers: &str) -> Answer {
    let mut stream = TcpStream::connect(at).await.unwrap();
    let request = format!("{method} {path} HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("an answer ends").unwrap();
    read(&bytes)
}

pub(crate) fn read(bytes: &[u8]) -> Answer {
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").expect("an answer has a head");
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let (line, fields) = head.split_once("\r\n").unwrap();
    let headers = fields.lines().map(|line| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.to_lowercase(), value.to_string())
    });
    Answer {
        status: line.split(' ').nth(1).unwrap().parse().unwrap(),
        headers: headers.collect(),
        body: bytes[end + 4..].to_vec(),
    }
}
