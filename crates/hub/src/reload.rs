//! A changed config: taken without a restart, or refused while the old one stays in force.
//!
//! Files are looked at every half second ([`crate::looks`]), the secrets that they name with them; that works on every
//! file system and through every way in which editors and orchestrators replace files. What looks the same twice in a
//! row is taken: half a file, seen while an editor writes it, may be a config of its own. A file that does not end with
//! a line's end is probably not whole yet, and waited for longer. One that is bad, gone or unreadable is said once, in
//! the log, in the ledger and on the operators' page, and tried again when it changes.
//!
//! Failure policy: no file can hold this up. Looks happen on a thread of their own, and one that does not come back is
//! said; what changes without end is not taken, and what changes often is taken ever so often ([`Room`]).
//!
//! Windows of intended downtime are worked out when a config is resolved, for a limited time ahead; so the config in
//! force is resolved again every [`REFRESH`].

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use candor_config::{ReadError, Source};
use candor_core::model::{Plan, When};
use candor_probe::{Probe, ScheduleCommand};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, timeout};

use crate::clock;
use crate::config::{Refused, Resolved, Secrets, accepted, resolve};
use crate::decide::Control;
use crate::looks::{Look, READ_EVERY, Stamp, State, look};
use crate::options::{HubOptions, Probes};
use crate::vitals::is_shortage;

/// Time between two looks.
const LOOK: Duration = Duration::from_millis(500);
/// Longest wait for one.
const ANSWER: Duration = Duration::from_secs(5);
/// Looks in a row at which a file may be missing or unreadable before that is said.
const PATIENCE: u32 = 6;
/// Looks in a row at which files must be the same before they are taken.
const WHOLE: u32 = 2;
/// The same for files that end in the middle of a line.
const HALF: u32 = 10;
/// Looks in a row at which the files may be others each time before that is said.
const RESTLESS: u32 = 40;
/// Changes that are taken one after the other.
const CHANGES: u32 = 10;
/// Time after which there is room for one more.
const CHANGE_EVERY: Duration = Duration::from_secs(30);
/// Time between two resolutions of the same config, where its intended downtime repeats.
const REFRESH: Duration = Duration::from_secs(86_400);

/// How many changes may be taken now: each one is kept in the ledger for good, and starts every check anew.
#[derive(Debug)]
struct Room {
    left: u32,
    since: Instant,
}

impl Room {
    fn new() -> Self {
        Self { left: CHANGES, since: Instant::now() }
    }

    fn take(&mut self, now: Instant) -> bool {
        while self.left < CHANGES && now.duration_since(self.since) >= CHANGE_EVERY {
            self.left += 1;
            self.since += CHANGE_EVERY;
        }
        if self.left == CHANGES {
            self.since = now;
        }
        let taken = self.left > 0;
        self.left = self.left.saturating_sub(1);
        taken
    }
}

/// A state that was seen, and at how many looks in a row with nothing written between them: half a file may be seen
/// twice while it is written over and over.
#[derive(Debug)]
struct Pending {
    state: State,
    stamp: Option<Stamp>,
    looks: u32,
}

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
    /// Whether it was refused.
    refused: bool,
    /// What was seen at the last look, where that differs.
    pending: Option<Pending>,
    /// What the system said at the last look.
    stamp: Option<Stamp>,
    /// A look that has not come back.
    looking: Option<JoinHandle<Look>>,
    secrets: Secrets,
    unreadable: u32,
    /// Looks since everything was read.
    unread: u32,
    /// Looks in a row that saw something new.
    restless: u32,
    room: Room,
    held: bool,
}

impl Watch {
    /// A watch over `path`, where `judged` is the hash of what was loaded or refused at the start.
    pub(crate) fn new(
        path: PathBuf,
        options: HubOptions,
        ears: Ears,
        force: InForce,
        (judged, secrets): (String, Secrets),
    ) -> Self {
        Self {
            path,
            options,
            ears,
            resolved_at: Instant::now(),
            refused: judged != force.source.hash(),
            judged: (judged, secrets.state()),
            force,
            pending: None,
            stamp: None,
            looking: None,
            secrets,
            unreadable: 0,
            unread: 0,
            restless: 0,
            room: Room::new(),
            held: false,
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
        let mut looking = self.looking.take().unwrap_or_else(|| self.start_look());
        match timeout(ANSWER, &mut looking).await {
            Err(_) => {
                self.looking = Some(looking);
                self.miss(format!("{}: the file system does not answer", self.path.display())).await;
            }
            Ok(Err(error)) => tracing::error!(%error, "a look at the config ended in a panic"),
            Ok(Ok(Look::Untouched)) => self.unread = self.unread.saturating_add(1),
            Ok(Ok(Look::Read(stamp, read))) => {
                self.stamp = Some(stamp);
                self.unread = 0;
                match read {
                    Ok((state, source)) => self.take(state, source).await,
                    // No descriptor is left to read it with: that says nothing of the file.
                    Err(ReadError::System { error, .. }) if is_shortage(&error) => self.stamp = None,
                    Err(error) => self.miss(error.to_string()).await,
                }
            }
        }
    }

    fn start_look(&self) -> JoinHandle<Look> {
        let (path, secrets) = (self.path.clone(), self.secrets.clone());
        // What waits for a further look is read at each.
        let waits = self.pending.is_some() || (1..=PATIENCE).contains(&self.unreadable);
        let last = self.stamp.clone().filter(|_| !waits && self.unread < READ_EVERY);
        spawn_blocking(move || look(&path, &secrets, last.as_ref()))
    }

    /// Editors replace files in steps; one that stays away was taken away.
    async fn miss(&mut self, why: String) {
        self.pending = None;
        self.unreadable = self.unreadable.saturating_add(1);
        if self.unreadable >= PATIENCE && !self.judged.0.is_empty() && self.has_room() {
            self.judged = (String::new(), 0);
            self.refuse(Refused::unreadable(why)).await;
        }
    }

    async fn take(&mut self, state: State, source: Source) {
        self.unreadable = 0;
        if state == self.judged {
            (self.pending, self.restless) = (None, 0);
            return;
        }
        if !self.rests(&state, &source) || !self.has_room() {
            return;
        }
        let Some(resolved) = self.resolve(source.clone()).await else { return };
        (self.pending, self.restless) = (None, 0);
        self.secrets = resolved.secrets;
        self.judged = (state.0, self.secrets.state());
        match resolved.plan {
            Ok(plan) if plan == self.force.plan && source.hash() == self.force.source.hash() => {
                self.say("is as it was before", &Difference::between(&plan, &plan), &source.hash());
                self.refused = false;
                let _ = self.ears.engine.send(Control::Unrefused).await;
            }
            Ok(plan) => self.load(plan, source).await,
            Err(faults) => self.refuse(Refused::new(&source, &faults)).await,
        }
    }

    /// Whether this state was seen often enough to be all that is being written.
    fn rests(&mut self, state: &State, source: &Source) -> bool {
        let whole = source.files.iter().all(|file| file.text.ends_with('\n'));
        match &mut self.pending {
            Some(pending) if pending.state == *state && pending.stamp == self.stamp => {
                pending.looks = pending.looks.saturating_add(1);
            }
            _ => {
                self.pending = Some(Pending { state: state.clone(), stamp: self.stamp.clone(), looks: 1 });
                self.restless = self.restless.saturating_add(1);
            }
        }
        if self.restless == RESTLESS {
            tracing::warn!(
                "the config changes all the time; the old one stays in force until it rests for a second"
            );
        }
        let looks = self.pending.as_ref().map_or(0, |pending| pending.looks);
        looks >= if whole { WHOLE } else { HALF }
    }

    fn has_room(&mut self) -> bool {
        let room = self.room.take(Instant::now());
        if !room && !self.held {
            tracing::warn!(
                "the config changes often; from now on a change is taken every {} seconds at most",
                CHANGE_EVERY.as_secs()
            );
        }
        self.held = !room;
        room
    }

    /// Off the async threads: a large config takes a while. `None` where that failed by a bug of ours.
    async fn resolve(&self, source: Source) -> Option<Resolved> {
        let options = self.options.clone();
        let resolved = spawn_blocking(move || resolve(&source, &options, clock::now())).await;
        resolved.inspect_err(|error| tracing::error!(%error, "a config could not be resolved")).ok()
    }

    async fn refuse(&mut self, refused: Refused) {
        self.refused = true;
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
        self.say("is in force", &Difference::between(&self.force.plan, &plan), &source.hash());
        self.refused = false;
        let control = Control::Plan(Arc::clone(&plan), accepted(&source));
        self.force = InForce { source, plan };
        self.resolved_at = Instant::now();
        self.tell(control, probe).await;
    }

    fn say(&self, what: &str, difference: &Difference, hash: &str) {
        let which = if self.refused { "mended" } else { "changed" };
        let hash: String = hash.chars().take(12).collect();
        tracing::info!("the {which} config {what}: {difference}; hash {hash}");
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

/// What a new plan changes, in numbers of cells.
struct Difference {
    cells: usize,
    added: usize,
    removed: usize,
    changed: usize,
}

impl Difference {
    fn between(old: &Plan, new: &Plan) -> Self {
        let by_id = |plan: &'_ Plan| -> BTreeMap<_, _> {
            plan.cells()
                .map(|(_, capability, cell)| {
                    (cell.id, (capability.policy.clone(), Arc::clone(&capability.journey), cell.clone()))
                })
                .collect()
        };
        let (old, new) = (by_id(old), by_id(new));
        let kept = |id| old.get(id);
        Self {
            cells: new.len(),
            added: new.keys().filter(|id| kept(id).is_none()).count(),
            removed: old.keys().filter(|id| !new.contains_key(id)).count(),
            changed: new.iter().filter(|(id, cell)| kept(id).is_some_and(|old| old != *cell)).count(),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cells, added, removed, changed } = self;
        let plural = if *cells == 1 { "" } else { "s" };
        write!(f, "{cells} cell{plural}, {added} added, {removed} removed, {changed} changed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_taken_in_a_row_and_then_one_at_a_time() {
        let (mut room, start) = (Room::new(), Instant::now());
        assert_eq!((0..50).filter(|_| room.take(start)).count(), CHANGES as usize);
        let later = |n: u32| start + CHANGE_EVERY * n + Duration::from_secs(1);
        assert_eq!((0..50).filter(|_| room.take(later(1))).count(), 1);
        assert_eq!((0..50).filter(|_| room.take(later(3))).count(), 2);
        assert_eq!((0..50).filter(|_| room.take(later(1_000))).count(), CHANGES as usize);
    }
}
