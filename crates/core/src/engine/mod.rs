//! The engine: a passive machine that turns observations into verdicts, incidents and things to do.
//!
//! Call [`Engine::handle`] with what happened, then [`Engine::poll`] until it returns `None`, and come back at
//! [`Engine::wake_at`] at the latest (with [`Input::Tick`]). It reads no clock: what is due before `now` is decided
//! first, each thing at its own moment, so that late calls and early calls come to the same state.
//!
//! State is a fold over the log: the same inputs give the same state, and [`Engine::snapshot`] with the rest of the
//! log gives the same state as the whole log.
//!
//! Failure policy: inputs about checks or vantages that the plan does not have are ignored (they were sent before a
//! reload). Nothing here can fail or panic.

mod causes;
mod incidents;
mod judge;
mod neighbours;
mod recheck;
mod say;
mod slot;
mod snapshot;
mod view;
mod voter;
mod work;

use alloc::collections::{BTreeSet, VecDeque};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use jiff::Timestamp;

pub use self::causes::{Case, LAST, Testimony};
use self::incidents::Incidents;
use self::slot::{Eye, Slots};
pub use self::snapshot::{Snapshot, SnapshotVersion};
pub use self::view::{Extras, LastRun, Views};
use crate::entry::{Entry, Event};
use crate::id::{CellKey, CheckId, IncidentId, VantageId};
use crate::incident::{By, Found, IncidentState, Update, UpdateText};
use crate::model::{Plan, Vantage};
use crate::observation::Observation;

/// What happened.
#[derive(Debug, Clone)]
pub enum Input {
    /// A run of a journey, by its number in the ledger (counted from 1, never falling).
    Observation(u64, Observation),
    /// A vantage was asked whether it reaches any of its anchors.
    VantageHeartbeat {
        /// Which.
        vantage: VantageId,
        /// Whether it does.
        sees: bool,
    },
    /// A plan came into force. Cells and checks that stay keep their state.
    PlanLoaded(Arc<Plan>),
    /// The clock was stepped by so many milliseconds: `now` is by the new clock, also where it is earlier.
    ClockStepped(i64),
    /// A diagnosis of an incident came to an end: what explains how much of it, the first what explains most.
    Finding {
        /// Which incident.
        incident: IncidentId,
        /// What was found; nothing where nothing could be looked at.
        found: Vec<Found>,
    },
    /// An operator adds words to an incident, and may state it to be further than is measured.
    Command(Command),
    /// Time passed.
    Tick,
}

/// What an operator asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Words for an incident's timeline, with the state that they claim.
    Say {
        /// Which incident.
        incident: IncidentId,
        /// The state claimed.
        state: IncidentState,
        /// The words.
        words: String,
    },
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Keep this.
    Record(Entry),
    /// Run a check again, not before `at` and soon after.
    Recheck {
        /// Which.
        check: CheckId,
        /// When.
        at: Timestamp,
    },
    /// Ask whether a vantage reaches its anchors.
    AskVantage(VantageId),
    /// Find out what an incident comes from: it began, its scope grew, or it was long ago. [`Engine::case`] has what is known.
    Diagnose(IncidentId),
    /// What the page shows has changed.
    Publish,
}

/// The engine. See the module.
#[derive(Debug)]
pub struct Engine {
    plan: Arc<Plan>,
    now: Timestamp,
    slots: Slots,
    eyes: Vec<Eye>,
    /// (when, cell); spurious ones are harmless.
    timers: BTreeSet<(Timestamp, usize)>,
    incidents: Incidents,
    /// Names of intended downtimes that are on.
    windows: BTreeSet<(String, Timestamp)>,
    windows_at: Option<Timestamp>,
    watermark: u64,
    ordinal: u64,
    changed: bool,
    changed_at: Option<Timestamp>,
    actions: VecDeque<Action>,
}

impl Engine {
    /// An engine that knows nothing yet.
    #[must_use]
    pub fn new(plan: Arc<Plan>, now: Timestamp) -> Self {
        let slots = Slots::new(&plan);
        let eyes = eyes_of(&plan);
        let mut engine = Self {
            plan,
            now,
            slots,
            eyes,
            timers: BTreeSet::new(),
            incidents: Incidents::new(),
            windows: BTreeSet::new(),
            windows_at: None,
            watermark: 0,
            ordinal: 0,
            changed: true,
            changed_at: None,
            actions: VecDeque::new(),
        };
        engine.turn_windows();
        engine
    }

    /// Takes in what happened at `now`. Poll until `None` afterwards.
    pub fn handle(&mut self, now: Timestamp, input: Input) {
        if let Input::ClockStepped(by_ms) = input {
            self.step_clock(now, by_ms);
            return;
        }
        self.advance(now);
        match input {
            Input::Observation(seq, seen) => self.observe(seq, &seen),
            Input::VantageHeartbeat { vantage, sees } => self.hear(&vantage, sees),
            Input::PlanLoaded(plan) => self.load(plan),
            Input::Finding { incident, found } => self.find(incident, found),
            Input::Command(Command::Say { incident, state, words }) => self.say_words(incident, state, words),
            Input::ClockStepped(_) | Input::Tick => {}
        }
    }

    /// The next thing to do. Call again after every [`Engine::handle`], until `None`.
    #[must_use]
    pub fn poll(&mut self) -> Option<Action> {
        if let Some(action) = self.actions.pop_front() {
            return Some(action);
        }
        core::mem::take(&mut self.changed).then_some(Action::Publish)
    }

    /// When something changes by itself next: call [`Engine::handle`] with a [`Input::Tick`] then. May be early.
    #[must_use]
    pub fn wake_at(&self) -> Option<Timestamp> {
        [self.timers.first().map(|(at, _)| *at), self.incidents.next_due(), self.windows_at]
            .into_iter()
            .flatten()
            .min()
    }

    /// The number of the last observation that was decided on.
    #[must_use]
    pub const fn watermark(&self) -> u64 {
        self.watermark
    }

    /// How many entries it has decided on, ever.
    #[must_use]
    pub const fn ordinal(&self) -> u64 {
        self.ordinal
    }

    /// Counts on from `ordinal`, if that is further: entries up to it are kept already, whatever this engine knows.
    pub fn count_from(&mut self, ordinal: u64) {
        self.ordinal = self.ordinal.max(ordinal);
    }

    /// The plan in force.
    #[must_use]
    pub const fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Each cell's verdict, and whether intended downtime lies over it: for history and metrics.
    pub fn verdicts(&self) -> impl Iterator<Item = (&CellKey, crate::verdict::Verdict, bool)> {
        self.slots.cells.iter().map(|slot| (&slot.key, slot.memory.verdict, slot.memory.covered))
    }

    /// When the oldest incident that is open began: what was seen since then is still being asked for.
    #[must_use]
    pub fn open_since(&self) -> Option<Timestamp> {
        self.incidents.open_since()
    }

    /// Vantages that are blind, and since when.
    pub fn blind(&self) -> impl Iterator<Item = (&VantageId, Timestamp)> {
        self.eyes.iter().filter_map(|eye| eye.blind_since.map(|since| (&eye.id, since)))
    }

    fn record(&mut self, what: Event) {
        self.ordinal += 1;
        let entry = Entry { at: self.now, watermark: self.watermark, ordinal: self.ordinal, what };
        self.actions.push_back(Action::Record(entry));
        self.touch();
    }

    fn touch(&mut self) {
        self.changed = true;
        self.changed_at = self.changed_at.max(Some(self.now));
    }

    fn say_words(&mut self, id: IncidentId, state: IncidentState, words: String) {
        let contradicted_by = if state.is_open() && state != IncidentState::Monitoring {
            Vec::new()
        } else {
            self.incidents.still_failing(id)
        };
        let update =
            Update { at: self.now, state, by: By::Operator, text: UpdateText::Words(words), contradicted_by };
        self.update_incident(id, update);
    }
}

fn eyes_of(plan: &Plan) -> Vec<Eye> {
    let eye = |v: &Vantage| Eye { id: v.id.clone(), heard: None, blind_since: None, sees_since: None };
    plan.vantages.iter().map(eye).collect()
}
