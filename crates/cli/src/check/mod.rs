//! One run of every check, and its three printed forms.

mod human;
mod json;
mod junit;

use std::collections::BTreeSet;
use std::io::{IsTerminal, Write};
use std::sync::Arc;

use candor_core::Timestamp;
use candor_core::id::{CellKey, CheckId, VantageId};
use candor_core::model::Plan;
use candor_core::observation::Run;
use candor_probe::Runner;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

pub(crate) use human::human;
pub(crate) use json::json;
pub(crate) use junit::junit;

/// Journeys that run at once.
const AT_ONCE: usize = 32;

/// What came of all checks, in the order of the plan.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) as_of: Timestamp,
    pub(crate) checks: Vec<Checked>,
}

/// What came of one.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) service: String,
    pub(crate) key: CellKey,
    pub(crate) vantage: VantageId,
    pub(crate) run: Run,
}

/// Runs every check of the wanted services once, a bounded number at a time.
pub(crate) async fn run(plan: Arc<Plan>, wanted: &BTreeSet<String>) -> Report {
    let runner = Runner::new(Arc::clone(&plan));
    run_with(&runner, &plan, &|service, _| wanted.contains(service)).await
}

/// Runs every check that is wanted, by its service and itself, once by this runner.
pub(crate) async fn run_with(runner: &Runner, plan: &Plan, wanted: &dyn Fn(&str, CheckId) -> bool) -> Report {
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    let checks = plan
        .cells()
        .flat_map(|(service, _, cell)| cell.checks.iter().map(move |check| (service, cell, check)));
    let checks = checks.filter(|(service, _, check)| wanted(service.id.as_str(), check.id));
    for (at, (service, cell, check)) in checks.enumerate() {
        let (runner, room, id) = (runner.clone(), Arc::clone(&room), check.id);
        let (service, key, vantage) = (service.name.clone(), cell.key.clone(), check.vantage.clone());
        running.spawn(async move {
            let _seat = room.acquire_owned().await;
            (at, Checked { service, key, vantage, run: runner.run(id).await })
        });
    }
    let mut progress = Progress::new(running.len());
    let mut checks = Vec::new();
    while let Some(ended) = running.join_next().await {
        // A run that panics is our own bug; it is reported by the runtime, and missing here.
        if let Ok(ended) = ended {
            progress.step(&ended.1);
            checks.push(ended);
        }
    }
    progress.clear();
    checks.sort_by_key(|(at, _)| *at);
    Report { as_of: Timestamp::now(), checks: checks.into_iter().map(|(_, checked)| checked).collect() }
}

/// One line on standard error that counts, where that is a terminal.
struct Progress {
    done: usize,
    failed: usize,
    of: usize,
    shown: bool,
}

impl Progress {
    fn new(of: usize) -> Self {
        let progress = Self { done: 0, failed: 0, of, shown: std::io::stderr().is_terminal() };
        progress.show("");
        progress
    }

    fn step(&mut self, checked: &Checked) {
        self.done += 1;
        self.failed += usize::from(!checked.run.observation.passed());
        self.show(&checked.key.to_string());
    }

    fn show(&self, last: &str) {
        if self.shown {
            let failed = if self.failed == 0 { String::new() } else { format!(", {} failed", self.failed) };
            let line = format!("{}/{} journeys{failed}  {last}", self.done, self.of);
            let line: String = line.chars().take(78).collect();
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K{line}");
        }
    }

    fn clear(&self) {
        if self.shown {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
        }
    }
}
