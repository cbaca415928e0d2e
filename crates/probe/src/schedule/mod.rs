//! The schedule: which check runs when, each run cut off if it hangs, no result lost in silence.
//!
//! * `planner`: when which check runs; pure.
//! * `bounds`, `host`: how many runs at once, in all and per host; pure.
//! * `driver`: carries the plan out on tokio: a task per run, the watchdog, delivery.
//! * `stats`: the figures.
//!
//! Only the monotonic clock counts here: a stepped wall clock moves nothing. What a run does is not known here, it
//! comes in through [`Probe`]; what results mean is the engine's affair.

mod bounds;
mod driver;
mod host;
mod lag;
mod planner;
mod stats;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use candor_core::id::CheckId;
use candor_core::observation::Run;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

pub use bounds::{
    Bounds, DESCRIPTORS_ASSUMED, DESCRIPTORS_PER_RUN, DESCRIPTORS_RESERVED, HOST_BURST, HOST_IN_FLIGHT,
    HOST_STARTS_PER_SECOND, IN_FLIGHT_MAX, IN_FLIGHT_MIN,
};
pub use driver::GRACE;
pub use planner::{
    EARLY_EACH, EARLY_EACH_MIN, EARLY_FROM, EARLY_WITHIN, EARLY_WITHIN_MIN, EARLY_WRITING_WITHIN, EVERY_MIN,
    Planner, Start, phase,
};
pub use stats::{LATE_CLASSES, ScheduleFigures, ScheduleStats};

/// A future in a box.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What the schedule needs to know of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckSchedule {
    /// Which check.
    pub id: CheckId,
    /// Time between two planned starts.
    pub every: Duration,
    /// How long a run may take by its own account; the watchdog waits [`GRACE`] longer.
    pub deadline: Duration,
    /// The host that its first step is aimed at, for the bounds per host.
    pub host: String,
    /// Whether a run leaves traces in the service.
    pub writes: bool,
}

/// What runs checks: the [`Runner`](crate::Runner), or a fake in a test.
pub trait Probe: Send + Sync + 'static {
    /// Every check of the plan, with when and where.
    fn checks(&self) -> Vec<CheckSchedule>;

    /// One run of a check. It should end by itself within the check's deadline; if it does not, or panics, the
    /// schedule reports it as a fault of ours.
    fn run(&self, check: CheckId) -> BoxFuture<'static, Run>;
}

/// What a running schedule can be told.
pub enum ScheduleCommand {
    /// Run these checks now, besides their plan.
    Recheck(Vec<CheckId>),
    /// Go on with this probe and its checks. Runs in flight end as they began.
    Replace(Arc<dyn Probe>),
}

impl std::fmt::Debug for ScheduleCommand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Recheck(checks) => f.debug_tuple("Recheck").field(checks).finish(),
            Self::Replace(_) => f.debug_tuple("Replace").finish_non_exhaustive(),
        }
    }
}

/// Starts the schedule as a task of its own. It ends when `shutdown` turns true or its sender is gone, or when
/// nobody holds the other end of `out`; runs in flight are then aborted.
///
/// Every run gives exactly one [`Run`] on `out`, in the order in which they ended. Where `out` is full, results wait
/// in the schedule (at most one for each check, [`ScheduleFigures::undelivered`]) while other checks go on.
pub fn start(
    probe: Arc<dyn Probe>,
    out: mpsc::Sender<Run>,
    commands: mpsc::Receiver<ScheduleCommand>,
    shutdown: watch::Receiver<bool>,
    stats: Arc<ScheduleStats>,
) -> JoinHandle<()> {
    start_within(Bounds::of_this_process(), probe, out, commands, shutdown, stats)
}

/// One thread for so many cores. A thread carries some 8,000 runs a second, and what would take it long is done aside;
/// a second one mostly costs what it takes to wake it, a sixth of each check's processor time.
const CORES_A_THREAD: usize = 4;
const THREADS_MAX: usize = 4;

/// [`start`], on threads of its own: nothing else that this process does can hold up a run, nor be held up by one.
/// Must be called within a tokio runtime, where the end of the schedule can be waited for.
///
/// # Errors
/// Where no threads can be had.
pub fn start_apart(
    probe: Arc<dyn Probe>,
    out: mpsc::Sender<Run>,
    commands: mpsc::Receiver<ScheduleCommand>,
    shutdown: watch::Receiver<bool>,
    stats: Arc<ScheduleStats>,
) -> std::io::Result<JoinHandle<()>> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = (cores / CORES_A_THREAD).clamp(1, THREADS_MAX);
    let runtime = Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_name("candor-probe")
        .enable_all()
        .build()?;
    let bounds = Bounds::of_this_process();
    let driven = runtime.spawn(driver::drive(Planner::new(bounds), probe, out, commands, shutdown, stats));
    let apart = Apart(Some(runtime));
    Ok(tokio::spawn(async move {
        if let Err(error) = driven.await {
            tracing::error!(%error, "the schedule ended in a fault of ours");
        }
        drop(apart);
    }))
}

/// Threads that are let go without waiting for what blocks them, wherever the last owner is dropped.
struct Apart(Option<Runtime>);

impl Drop for Apart {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// [`start`], within other bounds than those of this process.
pub fn start_within(
    bounds: Bounds,
    probe: Arc<dyn Probe>,
    out: mpsc::Sender<Run>,
    commands: mpsc::Receiver<ScheduleCommand>,
    shutdown: watch::Receiver<bool>,
    stats: Arc<ScheduleStats>,
) -> JoinHandle<()> {
    tokio::spawn(driver::drive(Planner::new(bounds), probe, out, commands, shutdown, stats))
}
