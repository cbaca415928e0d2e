//! The driver on tokio's paused clock: watchdog, panics, a hub that does not take results, reloads, shutdown.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the message")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use candor_core::Timestamp;
use candor_core::fault::{Fault, Kind};
use candor_core::id::CheckId;
use candor_core::observation::{Observation, Run};
use candor_probe::{BoxFuture, CheckSchedule, GRACE, Probe, ScheduleCommand, ScheduleStats, phase, start};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

#[derive(Clone, Copy)]
enum Does {
    Passes(Duration),
    /// Gives up after this time, as where nobody answers.
    Fails(Duration),
    Hangs,
    Panics,
    /// Blocks its thread until the test is over.
    Blocks,
}

struct Fake {
    checks: Vec<(CheckSchedule, Does)>,
    starts: Mutex<Vec<CheckId>>,
    /// What a run that blocks waits for.
    over: Arc<Mutex<()>>,
}

impl Fake {
    fn new(checks: &[(u64, Duration, Does)]) -> Arc<Self> {
        let make = |&(id, every, does): &(u64, Duration, Does)| {
            let host = format!("h{id}.example");
            let deadline = if matches!(does, Does::Blocks) { Duration::ZERO } else { SECOND * 3 };
            (CheckSchedule { id: CheckId(id), every, deadline, host, writes: false }, does)
        };
        Arc::new(Self {
            checks: checks.iter().map(make).collect(),
            starts: Mutex::default(),
            over: Arc::default(),
        })
    }
}

impl Probe for Fake {
    fn checks(&self) -> Vec<CheckSchedule> {
        self.checks.iter().map(|(check, _)| check.clone()).collect()
    }

    fn run(&self, check: CheckId) -> BoxFuture<'static, Run> {
        self.starts.lock().unwrap().push(check);
        let does = self.checks.iter().find(|(c, _)| c.id == check).unwrap().1;
        let over = Arc::clone(&self.over);
        Box::pin(async move {
            match does {
                Does::Blocks => drop(over.lock().unwrap()),
                Does::Passes(took) | Does::Fails(took) => tokio::time::sleep(took).await,
                Does::Hangs => std::future::pending().await,
                Does::Panics => panic!("the step fell over"),
            }
            let at = Timestamp::UNIX_EPOCH;
            let fault = matches!(does, Does::Fails(_)).then(|| Fault::new(Kind::ConnectTimeout, 0, "nobody"));
            let observation = Observation { check, observed_at: at, received_at: at, took_ms: 5_000, fault };
            Run { observation, steps: Vec::new(), evidence: None }
        })
    }
}

struct Running {
    results: mpsc::Receiver<Run>,
    commands: mpsc::Sender<ScheduleCommand>,
    shutdown: watch::Sender<bool>,
    stats: Arc<ScheduleStats>,
    task: JoinHandle<()>,
}

fn running(probe: Arc<dyn Probe>, room: usize) -> Running {
    let (out, results) = mpsc::channel(room);
    let (commands, commanded) = mpsc::channel(4);
    let (shutdown, stopped) = watch::channel(false);
    let stats = Arc::new(ScheduleStats::default());
    let task = start(probe, out, commanded, stopped, Arc::clone(&stats));
    Running { results, commands, shutdown, stats, task }
}

#[tokio::test(start_paused = true)]
async fn each_check_runs_at_its_phase_in_every_interval() {
    let (a, b) = (2_000_000, 5_000_000);
    let probe = Fake::new(&[(a, SECOND * 10, Does::Passes(SECOND)), (b, SECOND * 20, Does::Passes(SECOND))]);
    let began = Instant::now();
    let mut running = running(probe, 8);
    let mut ends: HashMap<u64, Vec<u64>> = HashMap::new();
    for _ in 0..6 {
        let run = running.results.recv().await.unwrap();
        ends.entry(run.observation.check.0).or_default().push(began.elapsed().as_secs());
    }
    assert_eq!(phase(CheckId(a), SECOND * 10), SECOND * 2);
    assert_eq!(ends[&a], [3, 13, 23, 33]);
    assert_eq!(ends[&b], [6, 26]);
    assert!(running.stats.figures().late_max < SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_hangs_is_cut_and_becomes_a_fault_of_ours() {
    let probe =
        Fake::new(&[(1_000_000, SECOND * 10, Does::Hangs), (2_000_000, SECOND * 10, Does::Passes(SECOND))]);
    let began = Instant::now();
    let mut running = running(probe, 8);
    assert!(running.results.recv().await.unwrap().observation.passed());
    let run = running.results.recv().await.unwrap();
    let fault = run.observation.fault.unwrap();
    assert_eq!((run.observation.check.0, fault.kind), (1_000_000, Kind::VantageHung));
    assert!(fault.is_ours());
    assert_eq!(fault.detail, "the run was not over after 5 s and was cut");
    assert_eq!(began.elapsed().as_secs(), 1 + 3 + GRACE.as_secs());
    assert_eq!(running.stats.figures().hung, 1);
    let again = running.results.recv().await.unwrap();
    assert_eq!(again.observation.check.0, 2_000_000, "others go on");
    let again = running.results.recv().await.unwrap();
    assert_eq!(again.observation.check.0, 1_000_000, "and so does the one that hung");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_comes_back_past_its_time_is_a_fault_of_ours_and_no_pass() {
    let probe = Fake::new(&[(1_000_000, SECOND * 10, Does::Passes(SECOND * 2))]);
    let mut running = running(probe, 8);
    // It has begun; then the whole process stops for an hour.
    tokio::time::sleep(SECOND + SECOND / 2).await;
    tokio::time::advance(SECOND * 3_600).await;
    let run = running.results.recv().await.unwrap();
    assert_eq!(run.observation.fault.unwrap().kind, Kind::VantageHung);
}

/// The process is stopped for four seconds, shorter than the watchdog waits: the timeout of a run passed meanwhile.
#[tokio::test(start_paused = true)]
async fn a_failure_of_a_run_that_was_in_flight_while_the_process_stood_still_is_ours() {
    let probe = Fake::new(&[(1_000_000, SECOND * 10, Does::Fails(SECOND * 2))]);
    let mut running = running(probe, 8);
    tokio::time::sleep(SECOND + SECOND / 2).await;
    tokio::time::advance(SECOND * 4).await;
    let fault = running.results.recv().await.unwrap().observation.fault.unwrap();
    assert_eq!(fault.kind, Kind::VantageUnable, "{fault}");
    assert!(running.stats.take_standstill() >= SECOND * 4);
    let next = running.results.recv().await.unwrap().observation.fault.unwrap();
    assert_eq!(next.kind, Kind::ConnectTimeout, "the run after it is the target's own again");
    assert_eq!(running.stats.take_standstill(), Duration::ZERO);
}

/// The run's two seconds; the driver is kept from its wakes for a part of them, by something else on its thread.
async fn fault_of_a_run_held_up_for(held_up: Duration) -> Fault {
    let probe = Fake::new(&[(1_000_000, SECOND * 10, Does::Fails(SECOND * 2))]);
    let mut running = running(probe, 8);
    tokio::time::sleep(SECOND * 11 / 8).await;
    tokio::time::advance(held_up).await;
    running.results.recv().await.unwrap().observation.fault.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_timeout_of_a_run_that_was_held_up_for_a_quarter_of_its_time_is_ours() {
    let fault = fault_of_a_run_held_up_for(SECOND * 8 / 10).await;
    assert_eq!(fault.kind, Kind::VantageUnable, "{fault}");
    assert!(fault.detail.starts_with("this machine was too busy: the run was held up for "), "{fault}");
    let fault = fault_of_a_run_held_up_for(SECOND * 3 / 10).await;
    assert_eq!(fault.kind, Kind::ConnectTimeout, "a short delay excuses nobody: {fault}");
}

#[tokio::test(start_paused = true)]
async fn a_pass_of_a_run_that_was_in_flight_while_the_process_stood_still_is_as_old_as_that() {
    let probe = Fake::new(&[(1_000_000, SECOND * 10, Does::Passes(SECOND * 2))]);
    let mut running = running(probe, 8);
    tokio::time::sleep(SECOND + SECOND / 2).await;
    tokio::time::advance(SECOND * 4).await;
    let seen = running.results.recv().await.unwrap().observation;
    assert!(seen.passed());
    let age = Timestamp::UNIX_EPOCH.duration_since(seen.observed_at);
    assert!(age.as_secs() >= 4, "{age:?}");
    assert!(seen.took_ms <= 1_000, "the standstill is not the target's slowness: {}", seen.took_ms);
}

/// The clock cannot be paused where a thread is blocked: this one waits for the watchdog twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(
    clippy::await_holding_lock,
    reason = "the lock is what the run blocks on, and nothing else takes it"
)]
async fn a_run_that_blocks_its_thread_is_reported_each_time_and_never_run_twice_at_once() {
    let probe = Fake::new(&[(1, SECOND / 100, Does::Blocks)]);
    let over = Arc::clone(&probe.over);
    let blocked = over.lock().unwrap();
    let mut running = running(Arc::clone(&probe) as Arc<dyn Probe>, 8);
    for _ in 0..2 {
        let fault = running.results.recv().await.unwrap().observation.fault.unwrap();
        assert_eq!(fault.kind, Kind::VantageHung);
    }
    assert_eq!(probe.starts.lock().unwrap().len(), 1);
    drop(blocked);
    assert!(running.results.recv().await.unwrap().observation.passed(), "it runs again once it is free");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_panics_becomes_a_fault_of_ours() {
    let mut running = running(Fake::new(&[(1_000_000, SECOND * 10, Does::Panics)]), 8);
    for _ in 0..2 {
        let fault = running.results.recv().await.unwrap().observation.fault.unwrap();
        assert_eq!(fault.to_string(), "vantage.hung: the run ended in a panic: the step fell over");
    }
    assert_eq!(running.stats.figures().panicked, 2);
}

#[tokio::test(start_paused = true)]
async fn a_hub_that_takes_nothing_loses_nothing_and_holds_nobody_up() {
    let checks: Vec<_> = (1..=20).map(|n| (n * 100_000, SECOND * 10, Does::Passes(SECOND))).collect();
    let probe = Fake::new(&checks);
    let mut running = running(Arc::clone(&probe) as Arc<dyn Probe>, 4);
    tokio::time::sleep(SECOND * 60).await;
    let figures = running.stats.figures();
    // Four lie in the queue, twenty wait behind them: every check ran until its own result could not be handed on.
    assert_eq!((figures.started, figures.undelivered, figures.in_flight), (24, 20, 0));
    assert!(figures.skipped > 60, "{figures:?}");
    let mut seen = HashMap::new();
    for _ in 0..24 {
        *seen.entry(running.results.recv().await.unwrap().observation.check).or_insert(0) += 1;
    }
    assert!(seen.len() == 20 && seen.values().sum::<i32>() == 24, "{seen:?}");
    running.results.recv().await.expect("the schedule goes on");
    assert_eq!(running.stats.figures().undelivered, 0);
}

#[tokio::test(start_paused = true)]
async fn a_recheck_comes_at_once() {
    let began = Instant::now();
    let mut running = running(Fake::new(&[(9_000_000, SECOND * 10, Does::Passes(SECOND))]), 8);
    tokio::time::sleep(SECOND).await;
    running.commands.send(ScheduleCommand::Recheck(vec![CheckId(9_000_000)])).await.unwrap();
    running.results.recv().await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 2);
    running.results.recv().await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 10, "the plan has not moved");
}

#[tokio::test(start_paused = true)]
async fn after_a_reload_only_the_new_plan_runs() {
    let mut running = running(Fake::new(&[(1_000_000, SECOND * 10, Does::Passes(SECOND))]), 8);
    running.results.recv().await.unwrap();
    let next = Fake::new(&[(4_000_000, SECOND * 10, Does::Passes(SECOND))]);
    running.commands.send(ScheduleCommand::Replace(next)).await.unwrap();
    for _ in 0..3 {
        assert_eq!(running.results.recv().await.unwrap().observation.check.0, 4_000_000);
    }
}

#[tokio::test(start_paused = true)]
async fn the_schedule_ends_when_told_and_when_nobody_listens() {
    let told = running(Fake::new(&[(1_000_000, SECOND * 10, Does::Hangs)]), 8);
    tokio::time::sleep(SECOND * 2).await;
    told.shutdown.send(true).unwrap();
    told.task.await.unwrap();
    let deserted = running(Fake::new(&[(1_000_000, SECOND * 10, Does::Passes(SECOND))]), 8);
    drop(deserted.results);
    deserted.task.await.unwrap();
}
