//! A changed config: taken without a restart, or refused while the old one stays in force.
//!
//! Files are read again every half second and compared by their hash, the secrets that they name with them; that works
//! on every file system and through every way in which editors and orchestrators replace files. What looks the same
//! twice in a row is taken: half a file, seen while an editor writes it, may be a config of its own. One that is bad,
//! gone or unreadable is said once, in the log, in the ledger and on the operators' page, and tried again when it
//! changes.
//!
//! Windows of intended downtime are worked out when a config is resolved, for a limited time ahead; so the config in
//! force is resolved again every [`REFRESH`].

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use candor_config::Source;
use candor_core::model::{Plan, When};
use candor_probe::{Probe, ScheduleCommand};
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use crate::clock;
use crate::config::{Refused, Resolved, Secrets, accepted, resolve};
use crate::decide::Control;
use crate::options::{HubOptions, Probes};

/// Time between two looks.
const LOOK: Duration = Duration::from_millis(500);
/// Looks in a row at which a file may be missing or unreadable before that is said.
const PATIENCE: u32 = 6;
/// Time between two resolutions of the same config, where its intended downtime repeats.
const REFRESH: Duration = Duration::from_secs(86_400);

/// Those who must know of a new plan.
pub(crate) struct Ears {
    pub(crate) probes: Probes,
    pub(crate) engine: mpsc::Sender<Control>,
    pub(crate) schedule: mpsc::Sender<ScheduleCommand>,
    pub(crate) anchors: watch::Sender<Arc<Plan>>,
}

/// The config in force.
#[derive(Debug, Clone)]
pub(crate) struct InForce {
    pub(crate) source: Source,
    pub(crate) plan: Arc<Plan>,
}

/// Looks at the files until the hub stops.
pub(crate) struct Watch {
    path: PathBuf,
    options: HubOptions,
    ears: Ears,
    force: InForce,
    resolved_at: Instant,
    /// What was looked at and judged last.
    judged: State,
    /// What was seen at the last look, where that differs.
    pending: Option<State>,
    secrets: Secrets,
    unreadable: u32,
}

/// What the files and the secrets that they name look like: a hash of each.
type State = (String, u64);

impl Watch {
    /// A watch over `path`, where `judged` is the hash of what was loaded or refused at the start.
    pub(crate) fn new(
        path: PathBuf,
        options: HubOptions,
        ears: Ears,
        force: InForce,
        (judged, secrets): (String, Secrets),
    ) -> Self {
        let judged = (judged, secrets.state());
        Self {
            path,
            options,
            ears,
            force,
            resolved_at: Instant::now(),
            judged,
            pending: None,
            secrets,
            unreadable: 0,
        }
    }

    pub(crate) async fn work(mut self) {
        while !self.ears.engine.is_closed() {
            tokio::time::sleep(LOOK).await;
            self.look().await;
            self.refresh().await;
        }
    }

    async fn look(&mut self) {
        let (path, secrets) = (self.path.clone(), self.secrets.clone());
        let looked = spawn_blocking(move || {
            let source = Source::read(&path)?;
            Ok((source.hash(), secrets.now().state(), source))
        });
        let read: Result<(String, u64, Source), candor_config::ReadError> = match looked.await {
            Ok(read) => read,
            Err(_) => return,
        };
        match read {
            Ok((hash, secrets, source)) => self.take((hash, secrets), source).await,
            Err(error) => self.miss(error.to_string()).await,
        }
    }

    /// Editors replace files in steps; one that stays away was taken away.
    async fn miss(&mut self, why: String) {
        self.pending = None;
        self.unreadable = self.unreadable.saturating_add(1);
        if self.unreadable == PATIENCE && !self.judged.0.is_empty() {
            self.judged = (String::new(), 0);
            self.refuse(Refused::unreadable(why)).await;
        }
    }

    async fn take(&mut self, state: State, source: Source) {
        self.unreadable = 0;
        if state == self.judged {
            self.pending = None;
            return;
        }
        if self.pending.as_ref() != Some(&state) {
            self.pending = Some(state);
            return;
        }
        let Some(resolved) = self.resolve(source.clone()).await else { return };
        self.pending = None;
        self.secrets = resolved.secrets;
        self.judged = (state.0, self.secrets.state());
        match resolved.plan {
            Ok(plan) if plan == self.force.plan && source.hash() == self.force.source.hash() => {
                let _ = self.ears.engine.send(Control::Unrefused).await;
            }
            Ok(plan) => self.load(plan, source).await,
            Err(faults) => self.refuse(Refused::new(&source, &faults)).await,
        }
    }

    /// Off the async threads: a large config takes a while. `None` where that failed by a bug of ours.
    async fn resolve(&self, source: Source) -> Option<Resolved> {
        let options = self.options.clone();
        let resolved = spawn_blocking(move || resolve(&source, &options, clock::now())).await;
        resolved.inspect_err(|error| tracing::error!(%error, "a config could not be resolved")).ok()
    }

    async fn refuse(&self, refused: Refused) {
        tracing::error!("a changed config is refused; the old one stays in force:\n{}", refused.rendered);
        let refused = Control::Refused(refused.hash, refused.first, refused.faults);
        let _ = self.ears.engine.send(refused).await;
    }

    async fn load(&mut self, plan: Arc<Plan>, source: Source) {
        let places = |p: &Plan| (p.page.listen, p.operate.listen, p.ledger.clone());
        if places(&self.force.plan) != places(&plan) {
            tracing::warn!("changed listen addresses and ledger take effect at the next start");
        }
        let Some(probe) = self.probe(&plan).await else { return };
        tracing::info!(hash = %source.hash(), "a changed config is in force");
        let control = Control::Plan(Arc::clone(&plan), accepted(&source));
        self.force = InForce { source, plan };
        self.resolved_at = Instant::now();
        self.tell(control, probe).await;
    }

    async fn probe(&self, plan: &Arc<Plan>) -> Option<Arc<dyn Probe>> {
        let (probes, plan) = (Arc::clone(&self.ears.probes), Arc::clone(plan));
        let made = spawn_blocking(move || probes(plan)).await;
        made.inspect_err(|error| tracing::error!(%error, "a plan could not be prepared; the old one stays"))
            .ok()
    }

    /// The engine first: it ignores what checks say that it does not know yet.
    async fn tell(&self, control: Control, probe: Arc<dyn Probe>) {
        let _ = self.ears.engine.send(control).await;
        self.ears.anchors.send_replace(Arc::clone(&self.force.plan));
        let _ = self.ears.schedule.send(ScheduleCommand::Replace(probe)).await;
    }

    async fn refresh(&mut self) {
        let repeats = self.force.plan.maintenance.iter().any(|m| matches!(m.when, When::Often { .. }));
        if !repeats || self.resolved_at.elapsed() < REFRESH {
            return;
        }
        self.resolved_at = Instant::now();
        let resolved = self.resolve(self.force.source.clone()).await;
        let Some(Ok(plan)) = resolved.map(|resolved| resolved.plan) else { return };
        // Only the windows: secrets that changed meanwhile come in by a look.
        let mut fresh = Plan::clone(&self.force.plan);
        fresh.maintenance.clone_from(&plan.maintenance);
        self.force.plan = Arc::new(fresh);
        let _ = self.ears.engine.send(Control::Windows(Arc::clone(&self.force.plan))).await;
    }
}
