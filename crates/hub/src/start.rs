//! What a hub is made of, put together, and taken apart in good order.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use candor_core::model::{LedgerPlace, Plan};
use candor_probe::anchors::watch_anchors;
use candor_probe::{Runner, ScheduleStats};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::causes;
use crate::clock;
use crate::config::{self, Loaded};
use crate::decide::{Control, Decider, Outlets, extras};
use crate::health::Health;
use crate::metrics::Metrics;
use crate::opening;
use crate::options::{HubError, HubOptions, Origin, Probes};
use crate::publish::{self, Published, Sites};
use crate::pulse::Pulse;
use crate::recorder::{self, Recorder, RecorderStats, Wires};
use crate::reload::{self, InForce};
use crate::render::Renderer;
use crate::serve::{self, Door, Entrance, Readers, Seats};
use crate::vitals::{self, Senses, Vitals};

/// Runs that wait for the recorder.
const RUNS_QUEUE: usize = 4_096;
/// Groups that wait for the engine.
const GROUPS_QUEUE: usize = 16;
/// Entries and other jobs that wait for the recorder.
const JOBS_QUEUE: usize = 16_384;
/// What else waits for the engine.
const CONTROL_QUEUE: usize = 1_024;

/// A running hub.
#[derive(Debug)]
pub struct Hub {
    plan: Arc<Plan>,
    public: SocketAddr,
    operators: SocketAddr,
    engine: mpsc::Sender<Control>,
    stop: watch::Sender<bool>,
    close: watch::Sender<bool>,
    schedule: JoinHandle<()>,
    recorder: JoinHandle<()>,
    readers: Readers,
    others: Vec<JoinHandle<()>>,
}

impl Hub {
    /// Starts everything: config, ledger, recovered state, listeners, probes.
    ///
    /// # Errors
    /// [`HubError`], before anything was started; each says what to do next.
    pub async fn start(options: HubOptions) -> Result<Self, HubError> {
        Self::start_with(options, Arc::new(|plan| Arc::new(Runner::new(plan)))).await
    }

    /// [`Hub::start`] with other probes than journeys run from this host.
    ///
    /// # Errors
    /// As [`Hub::start`].
    pub async fn start_with(options: HubOptions, probes: Probes) -> Result<Self, HubError> {
        let now = clock::now();
        let loaded = config::load(&options, now)?;
        let plan = Arc::clone(&loaded.plan);
        let public = listen(plan.page.listen, "the public page", "--listen")?;
        let operators = listen(plan.operate.listen, "the operators' site", "--operate-listen")?;
        let LedgerPlace::Sqlite(path) = &plan.ledger;
        let opened = tokio::task::block_in_place(|| opening::open(Path::new(path), &options, &loaded))?;
        assemble(options, probes, loaded, opened, (public, operators))
    }

    /// The plan it started with.
    #[must_use]
    pub const fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Where the public page is.
    #[must_use]
    pub const fn public_address(&self) -> SocketAddr {
        self.public
    }

    /// Where the operators' site is.
    #[must_use]
    pub const fn operators_address(&self) -> SocketAddr {
        self.operators
    }

    /// Waits until nobody decides any more, which only a bug of ours brings about: the page then tells that it knows
    /// nothing, and whoever runs the hub should start it anew.
    pub async fn broken(&self) {
        self.engine.closed().await;
    }

    /// Stops in good order: no new runs, what was decided is kept, then the listeners close.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        // Each end of a task is reported by itself where it is not as it should be.
        let _ = self.schedule.await;
        let (done, stopped) = oneshot::channel();
        if self.engine.send(Control::Stop(done)).await.is_ok() {
            let _ = stopped.await;
        }
        for task in &self.others {
            task.abort();
        }
        let _ = self.recorder.await;
        self.close.send_replace(true);
        self.readers.gone().await;
    }
}

fn listen(address: SocketAddr, site: &'static str, flag: &'static str) -> Result<TcpListener, HubError> {
    serve::bind(address).map_err(|why| HubError::Listen { address, site, why, flag })
}

fn assemble(
    options: HubOptions,
    probes: Probes,
    loaded: Loaded,
    opened: opening::Opened,
    (public, operators): (TcpListener, TcpListener),
) -> Result<Hub, HubError> {
    let addresses = (local(&public)?, local(&operators)?);
    let plan = Arc::clone(&loaded.plan);
    let (runs_in, runs) = mpsc::channel(RUNS_QUEUE);
    let (jobs_in, jobs) = mpsc::channel(JOBS_QUEUE);
    let (committed_in, committed) = mpsc::channel(GROUPS_QUEUE);
    let (engine, control) = mpsc::channel(CONTROL_QUEUE);
    let (schedule_in, commands) = mpsc::channel(CONTROL_QUEUE);
    let (ask, asked) = mpsc::channel(64);
    let (wish, wishes) = mpsc::channel(causes::QUEUE);
    let (memory_in, memory) = watch::channel(Arc::new(opened.recovered.memory));
    let (publish_in, published) = watch::channel(Published::default());
    let (plans_in, plans) = watch::channel(Arc::clone(&plan));
    let (stop, stopped) = watch::channel(false);
    let (close, closed) = watch::channel(false);
    let (schedule_stats, recorder_stats) =
        (Arc::new(ScheduleStats::default()), Arc::new(RecorderStats::default()));
    let renderer = Renderer::start().map_err(threadless)?;
    let (sites, pulse) = (Arc::new(Sites::new(renderer.clone())), Arc::new(Pulse::new()));

    // Before the schedule starts, which asks how many descriptors there are.
    let seats = Seats::of_this_process(plan.cells().map(|(_, _, cell)| cell.checks.len()).sum());
    let extras = extras(opened.history, recorder::today(clock::now()), opened.head);
    let outlets = Outlets {
        jobs: jobs_in,
        schedule: schedule_in.clone(),
        ask,
        causes: wish,
        memory,
        publish: publish_in,
        pulse: Arc::clone(&pulse),
    };
    let decider = Decider::new(opened.recovered.engine, extras, outlets);
    let wires = Wires { runs, jobs, committed: committed_in, engine: engine.clone() };
    let recorder =
        Recorder::new(opened.holding, opened.ends, plan.keep.clone(), wires, Arc::clone(&recorder_stats));
    let recorder = tokio::spawn(recorder.work_from(opened.unkept));
    let schedule = candor_probe::start_apart(
        probes(Arc::clone(&plan)),
        runs_in,
        commands,
        stopped.clone(),
        Arc::clone(&schedule_stats),
    )
    .map_err(threadless)?;
    causes::start(wishes, engine.clone(), memory_in).map_err(threadless)?;
    let vitals = Arc::new(Vitals::default());
    let metrics = Arc::new(Metrics {
        schedule: Arc::clone(&schedule_stats),
        recorder: Arc::clone(&recorder_stats),
        published: published.clone(),
        vitals: Arc::clone(&vitals),
    });
    let mut others = vec![
        tokio::spawn(decider.work(committed, control)),
        tokio::spawn(publish::work(published, Arc::clone(&sites))),
        tokio::spawn(clock::watch(engine.clone(), plans.clone())),
        tokio::spawn(look_out(plans, asked, engine.clone())),
    ];
    let names = ["The engine", "The publisher", "The watch over the clock", "The lookout of the vantages"];
    let of = others.iter().map(JoinHandle::abort_handle);
    let mut tasks: Vec<_> = names.into_iter().zip(of).collect();
    tasks.extend([("The recorder", recorder.abort_handle()), ("The schedule", schedule.abort_handle())]);
    let health = Arc::new(Health { tasks, engine: pulse, renderer });
    let LedgerPlace::Sqlite(path) = &plan.ledger;
    let senses = Senses::new(schedule_stats, recorder_stats, Arc::clone(&health), path.into());
    vitals::watch(senses, vitals, engine.clone(), stopped);
    let operate = Door::Operators(health, metrics);
    let entrances = [
        Entrance { listener: public, door: Door::Public, seats: seats.public },
        Entrance { listener: operators, door: operate, seats: seats.operators },
    ];
    let readers = Readers::open(entrances, &sites, &closed).map_err(threadless)?;
    others.extend(watch_files(
        options,
        loaded,
        reload::Ears { probes, engine: engine.clone(), schedule: schedule_in, anchors: plans_in },
    ));
    Ok(Hub {
        plan,
        public: addresses.0,
        operators: addresses.1,
        engine,
        stop,
        close,
        schedule,
        recorder,
        readers,
        others,
    })
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` gives it")]
fn threadless(why: std::io::Error) -> HubError {
    HubError::Thread(why.to_string())
}

fn watch_files(options: HubOptions, loaded: Loaded, ears: reload::Ears) -> Vec<JoinHandle<()>> {
    let engine = ears.engine.clone();
    let mut tasks = Vec::new();
    let judged = loaded.refused.as_ref().map_or(&loaded.config.hash, |refused| &refused.hash).clone();
    if let Some(refused) = loaded.refused {
        tasks.push(tokio::spawn(async move {
            let _ = engine.send(Control::Refused(refused.hash, refused.first, refused.faults)).await;
        }));
    }
    match (options.origin.clone(), loaded.source) {
        (Origin::Files(path), Some(source)) => {
            let force = InForce { source, plan: loaded.plan };
            let watch = reload::Watch::new(path, options, ears, force, (judged, loaded.secrets));
            tasks.push(tokio::spawn(watch.work()));
        }
        // Nothing changes, and whoever listens to the ears must not think that the hub is gone.
        _ => tasks.push(tokio::spawn(async move {
            ears.engine.closed().await;
            drop(ears);
        })),
    }
    tasks
}

/// Passes what anchors say on to the engine.
async fn look_out(
    plans: watch::Receiver<Arc<Plan>>,
    asked: mpsc::Receiver<candor_core::id::VantageId>,
    engine: mpsc::Sender<Control>,
) {
    let (out, mut sights) = mpsc::channel(64);
    let asking = tokio::spawn(watch_anchors(plans, asked, out));
    while let Some((vantage, sees)) = sights.recv().await {
        if engine.send(Control::Sight(vantage, sees)).await.is_err() {
            break;
        }
    }
    asking.abort();
}

fn local(listener: &TcpListener) -> Result<SocketAddr, HubError> {
    listener.local_addr().map_err(|why| HubError::Listen {
        address: SocketAddr::from(([0, 0, 0, 0], 0)),
        site: "a site",
        why,
        flag: "--listen",
    })
}
