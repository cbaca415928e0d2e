//! `smtp:` against mail servers that do whatever they like (see `cases`).
//!
//! Each misbehaviour gives its own fault, within the step's deadline, after a bounded number of bytes, and holds up no
//! other check.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says by a panic what it missed; the stage too"
)]

mod cases;
mod stage;
#[path = "../steps_support/mod.rs"]
mod steps_support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use candor_core::fault::is_inert;
use candor_core::id::{CheckId, ServiceId};
use candor_core::model::{JourneyStep, Resolve, SmtpStep, Step, StepWhen};
use candor_core::observation::Run;
use candor_core::template::{Piece, Secret, Template};
use candor_probe::Runner;
use cases::Case;
use stage::Stage;
use steps_support::certificates::Ca;
use steps_support::{SECOND, pinned, plan, text, tls_expect, vantage};
use tokio::task::JoinSet;

/// The most that a server gets rid of: what the dialogue reads is far less, the kernel's buffers on both sides hold the
/// rest.
const SENT_MAX: u64 = 8 * 1024 * 1024;
/// By how much all of it may make the process grow, the stage included.
const GROWTH_KIB: u64 = 96 * 1024;

fn step(case: &Case, port: u16, ca: &Ca) -> Step {
    let password = Template(vec![Piece::Secret(Secret::new("hunter2".to_owned()))]);
    Step::Smtp(SmtpStep {
        host: text("mail.shop.example"),
        port,
        starttls: case.starttls,
        client: ca.client(),
        tls: tls_expect(),
        sign_in: Some((text("probe"), password)),
        within: None,
    })
}

/// What is wrong with the run of a case, if anything is.
fn judge(case: &Case, run: &Run, stage: &Stage) -> Option<String> {
    let fault = run.observation.fault.as_ref();
    let shown = fault.map(|fault| fault.detail.as_str()).into_iter();
    let lines =
        shown.chain(run.evidence.iter().flat_map(|evidence| evidence.lines.iter().map(String::as_str)));
    let lines: Vec<&str> = lines.collect();
    let expected = match (fault, case.fault) {
        (None, None) => true,
        (Some(fault), Some((kind, words))) => fault.kind == kind && fault.detail.contains(words),
        _ => false,
    };
    let acts = |line: &&&str| !line.chars().all(is_inert) || line.contains("hunter2");
    let why = if !expected {
        format!("expected {:?}, got {fault:?}", case.fault)
    } else if let Some(line) = lines.iter().find(acts) {
        format!("a line that acts or tells: {line:?}")
    } else if stage.sent() > SENT_MAX {
        format!("{} bytes were sent", stage.sent())
    } else {
        return None;
    };
    Some(format!("{}: {why}", case.name))
}

/// One runner for all: a step of a check of its own each. Trusted roots are read once, as the program does.
fn runner(steps: Vec<(Step, Duration)>) -> (Runner, Vec<CheckId>) {
    let mut all = plan(Vec::new(), pinned(), Vec::new());
    all.services.clear();
    let mut ids = Vec::new();
    for (at, (step, timeout)) in steps.into_iter().enumerate() {
        let step = JourneyStep { step, when: StepWhen::Passing, timeout, resolve: Resolve::Inherit };
        let mut one = plan(vec![step], pinned(), Vec::new()).services.remove(0);
        let cell = &mut one.capabilities[0].cells[0];
        cell.key.service = ServiceId::new(&format!("case-{at}")).unwrap();
        cell.checks[0].id = CheckId::of(&cell.key, &vantage());
        ids.push(cell.checks[0].id);
        all.services.push(one);
    }
    (Runner::new(Arc::new(all)), ids)
}

/// A check of a server that behaves, again and again until told to stop: how often it ran, and every failure.
async fn healthy(runner: Runner, check: CheckId, stop: Arc<AtomicBool>) -> (u32, Vec<String>) {
    let (mut runs, mut failures) = (0, Vec::new());
    while !stop.load(Ordering::Relaxed) {
        let run = runner.run(check).await;
        runs += 1;
        failures.extend(run.observation.fault.map(|fault| fault.to_string()));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    (runs, failures)
}

/// A figure of this process in KiB: `VmRSS`, or `VmHWM` for the most it ever was.
fn memory(of: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(of)?.strip_prefix(':')).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test]
async fn every_misbehaviour_has_its_own_fault_in_time_and_holds_up_nobody() {
    let before = memory("VmRSS");
    let ca = Ca::new();
    let leaf = ca.good("mail.shop.example");
    let stage = |case: Case| (Stage::start(&leaf, case.script), case);
    let staged: Vec<(Stage, Case)> = cases::all().into_iter().map(stage).collect();
    let mut steps: Vec<(Step, Duration)> =
        staged.iter().map(|(stage, case)| (step(case, stage.address.port(), &ca), case.patience())).collect();
    let (good_stage, good) = staged.iter().find(|(_, case)| case.name == "as it should be").unwrap();
    steps.push((step(good, good_stage.address.port(), &ca), 5 * SECOND));
    let (runner, mut checks) = runner(steps);
    let stop = Arc::new(AtomicBool::new(false));
    let beside = tokio::spawn(healthy(runner.clone(), checks.pop().unwrap(), stop.clone()));
    let mut talking = JoinSet::new();
    for ((stage, case), check) in staged.into_iter().zip(checks) {
        let runner = runner.clone();
        talking.spawn(async move { (case, stage, runner.run(check).await) });
    }
    let count = talking.len();
    let mut wrong = Vec::new();
    while let Some(ended) = talking.join_next().await {
        let (case, stage, run) = ended.unwrap();
        println!("{:>6} ms {:>8} bytes  {}", run.observation.took_ms, stage.sent(), case.name);
        wrong.extend(judge(&case, &run, &stage));
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    stop.store(true, Ordering::Relaxed);
    let (runs, failures) = beside.await.unwrap();
    assert!(runs > 5 && failures.is_empty(), "of {runs} runs beside them: {failures:?}");
    let grown = memory("VmHWM").saturating_sub(before);
    assert!(grown < GROWTH_KIB, "grew by {grown} KiB");
}
