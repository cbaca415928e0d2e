//! Every role at once, two hundred of them, beside one healthy check that must not notice.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use candor_core::id::CheckId;
use candor_core::observation::Run;
use candor_probe::{BoxFuture, CheckSchedule, Probe, Runner, ScheduleStats, start};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};

use crate::plan;
use crate::role::{HEALTHY, Role, Stage, role};

/// How many misbehave.
const HOSTILE: usize = 200;

/// Time between two runs of each check.
const EVERY: Duration = Duration::from_secs(20);

/// The healthy check.
const WELL: CheckId = CheckId(1_000_100);

/// The runners of all checks, by the phase that their number is.
struct Crowd(Vec<(CheckSchedule, Runner, CheckId)>);

impl Crowd {
    fn add(&mut self, id: CheckId, host: &str, role: &Role, port: u16) {
        let (plan, inner) = plan::plan(role.journey(port), 2 * EVERY);
        let schedule =
            CheckSchedule { id, every: EVERY, deadline: 2 * EVERY, host: host.to_owned(), writes: false };
        self.0.push((schedule, Runner::new(plan), inner));
    }
}

impl Probe for Crowd {
    fn checks(&self) -> Vec<CheckSchedule> {
        self.0.iter().map(|(schedule, ..)| schedule.clone()).collect()
    }

    fn run(&self, check: CheckId) -> BoxFuture<'static, Run> {
        let (_, runner, inner) = self.0.iter().find(|(schedule, ..)| schedule.id == check).unwrap();
        let (runner, inner) = (runner.clone(), *inner);
        Box::pin(async move {
            let mut run = Runner::run(&runner, inner).await;
            run.observation.check = check;
            run
        })
    }
}

/// A runtime of so many threads.
pub(crate) fn runtime(threads: usize) -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build().unwrap()
}

/// Every role there is.
pub(crate) fn everybody() -> Vec<Role> {
    use crate::{framing, http1, http2, judged, redirects, tls};
    [framing::cast(), http1::cast(), http2::cast(), judged::cast(), redirects::cast(), tls::cast()].concat()
}

/// The crowd, its stages, and the healthy server beside them; each kind of server has a thread of its own.
fn gather(theirs: &Runtime, ours: &Runtime) -> (Crowd, Vec<Stage>) {
    let mut crowd = Crowd(Vec::new());
    let mut stages = Vec::new();
    for (at, role) in everybody().into_iter().cycle().take(HOSTILE).enumerate() {
        let stage = theirs.block_on(role.open());
        crowd.add(CheckId(1_000_000 + at as u64 * 2), "hostile.example", &role, stage.port);
        stages.push(stage);
    }
    let page = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{HEALTHY}", HEALTHY.len());
    let well = role("well", candor_core::fault::Kind::VantageHung, "", crate::http1::says(page));
    let stage = ours.block_on(well.open());
    crowd.add(CheckId(WELL.0 + 1), "healthy.example", &well, stage.port);
    stages.push(stage);
    (crowd, stages)
}

#[test]
fn two_hundred_hostile_targets_delay_no_healthy_check() {
    let (theirs, ours, probe) = (runtime(1), runtime(1), runtime(2));
    let (crowd, stages) = gather(&theirs, &ours);
    let (out, mut results) = mpsc::channel(1000);
    let (_commands, commanded) = mpsc::channel(1);
    let (shutdown, stopped) = watch::channel(false);
    let stats = Arc::new(ScheduleStats::default());
    let (well, others) = probe.block_on(async {
        let task = start(Arc::new(crowd), out, commanded, stopped, Arc::clone(&stats));
        let (mut well, mut others) = (Vec::new(), 0);
        while well.len() < 2 {
            let run = results.recv().await.unwrap();
            if run.observation.check.0 == WELL.0 + 1 { well.push(run) } else { others += 1 }
        }
        shutdown.send(true).unwrap();
        task.await.unwrap();
        (well, others)
    });
    let figures = stats.figures();
    let sent: u64 = stages.iter().map(|stage| stage.sent.load(Ordering::Relaxed)).sum();
    println!("{figures:?}; {others} hostile runs ended; their servers sent {sent} bytes");
    assert_eq!((figures.hung, figures.panicked), (0, 0), "{figures:?}");
    assert!(figures.late_max < EVERY / 2, "{figures:?}");
    assert!(others > HOSTILE / 2, "{others} hostile runs ended");
    for run in &well {
        assert!(run.observation.passed(), "{run:#?}");
        assert!(Duration::from_millis(run.observation.took_ms.into()) < EVERY / 4, "{run:#?}");
    }
}
