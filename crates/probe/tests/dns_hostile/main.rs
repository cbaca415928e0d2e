//! `dns:` and the lookups of other steps against name servers that do whatever they like (see `cases`).
//!
//! Each misbehaviour gives its own fault, within the step's deadline and in bounded memory, and holds up no other check.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says by a panic what it missed; the stage and its rows too"
)]

mod cases;
mod stage;
#[path = "../steps_support/mod.rs"]
mod steps_support;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use candor_core::fault::{Kind, Layer, is_inert};
use candor_core::model::{DnsExpect, DnsStep, Resolve, Step, TcpStep};
use candor_core::observation::Run;
use steps_support::{SECOND, run_with, text};
use tokio::task::JoinSet;

/// By how much all of it may make the process grow: the stage, the probe and sixty steps at once, each with an answer
/// of 64 KiB and more.
const GROWTH_KIB: u64 = 96 * 1024;

fn question(server: SocketAddr) -> Step {
    let expect = DnsExpect {
        rcode: "NOERROR".to_owned(),
        answer: None,
        flags: Vec::new(),
        authorities_agree: false,
        within: None,
    };
    Step::Dns(DnsStep {
        name: text("www.shop.example"),
        rtype: "A".to_owned(),
        servers: vec![server],
        expect,
    })
}

/// Nothing that came from a server acts on the line or the page it is shown on.
fn inert(name: &str, run: &Run) {
    let fault = run.observation.fault.iter().map(|fault| fault.detail.as_str());
    let evidence = run.evidence.iter().flat_map(|evidence| evidence.lines.iter().map(String::as_str));
    for line in fault.chain(evidence) {
        assert!(line.chars().all(is_inert), "{name}: {line:?}");
    }
}

/// The run ended by itself at its own deadline or before: nobody had to cut it.
fn in_time(name: &str, run: &Run) {
    let fault = run.observation.fault.as_ref();
    assert!(!fault.is_some_and(|fault| fault.detail.contains("running the step")), "{name}: {fault:?}");
}

/// A check of a server that behaves, again and again until told to stop: how often it ran, and every failure.
async fn healthy(stop: Arc<AtomicBool>) -> (u32, Vec<String>) {
    let server = stage::start(|query| vec![stage::Act::Say(query.response([4, 0], [1, 0, 0], &GOOD))], None);
    let (mut runs, mut failures) = (0, Vec::new());
    while !stop.load(Ordering::Relaxed) {
        let run = run_with(question(server), Resolve::System, 5 * SECOND).await;
        runs += 1;
        failures.extend(run.observation.fault.map(|fault| fault.to_string()));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    (runs, failures)
}

const GOOD: [u8; 16] = [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1];

/// A figure of this process in KiB: `VmRSS`, or `VmHWM` for the most it ever was.
fn memory(of: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(of)?.strip_prefix(':')).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test]
async fn every_misbehaviour_has_its_own_fault_in_time_and_holds_up_nobody() {
    let before = memory("VmRSS");
    let stop = Arc::new(AtomicBool::new(false));
    let beside = tokio::spawn(healthy(stop.clone()));
    let mut asking = JoinSet::new();
    for case in cases::all() {
        let server = stage::start(case.udp, case.tcp);
        let patience = case.patience();
        asking.spawn(async move { (case, run_with(question(server), Resolve::System, patience).await) });
    }
    let count = asking.len();
    let mut wrong = Vec::new();
    while let Some(ended) = asking.join_next().await {
        let (case, run) = ended.unwrap();
        println!("{:>6} ms  {}", run.observation.took_ms, case.name);
        inert(case.name, &run);
        in_time(case.name, &run);
        let right = match (&run.observation.fault, case.fault) {
            (None, None) => true,
            (Some(fault), Some((kind, words))) => fault.kind == kind && fault.detail.contains(words),
            _ => false,
        };
        if !right {
            wrong.push(format!("{}: expected {:?}, got {:?}", case.name, case.fault, run.observation.fault));
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    stop.store(true, Ordering::Relaxed);
    let (runs, failures) = beside.await.unwrap();
    assert!(runs > 10 && failures.is_empty(), "of {runs} runs beside them: {failures:?}");
    let grown = memory("VmHWM").saturating_sub(before);
    assert!(grown < GROWTH_KIB, "grew by {grown} KiB");
}

#[tokio::test]
async fn a_lookup_from_the_same_servers_ends_in_a_fault_of_dns_and_never_of_ours() {
    let mut looking = JoinSet::new();
    for case in cases::all() {
        let server = stage::start(case.udp, case.tcp);
        let step = TcpStep {
            host: text("www.shop.example"),
            port: steps_support::closed_port(),
            tls: None,
            within: None,
        };
        let patience = case.patience();
        let servers = Resolve::Servers(vec![server]);
        looking.spawn(async move { (case, run_with(Step::Tcp(step), servers, patience).await) });
    }
    while let Some(ended) = looking.join_next().await {
        let (case, run) = ended.unwrap();
        inert(case.name, &run);
        in_time(case.name, &run);
        let fault = run.observation.fault.expect("nobody listens there");
        // Where there is an address, nobody listens at it.
        let layers: &[Layer] = if case.fault.is_some() { &[Layer::Dns] } else { &[Layer::Connect] };
        assert!(layers.contains(&fault.kind.layer()), "{}: {fault:?}", case.name);
        let bogus = case.fault.is_some_and(|(kind, _)| kind == Kind::DnsBogus);
        assert_eq!(fault.kind == Kind::DnsBogus, bogus, "{}: {fault:?}", case.name);
    }
}
