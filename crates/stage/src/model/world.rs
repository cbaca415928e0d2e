//! The world at a moment: what runs, what is wrong, and what comes next.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::copies::{Copies, Due};
use super::estate::Map;
use super::zone::{Zone, edited};
use crate::Ms;
use crate::cause::{Cause, Change, Link, LinkEnd, Mend, Publish};
use crate::scenario::{COPIES, Event, Happening, Scenario};
use crate::subject::Announcement;
use crate::truth::CellName;

/// Until a role that is started answers.
const START_MS: Ms = 300;

/// Whether a role runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Running {
    #[default]
    Yes,
    /// It is there and does nothing.
    Halted,
    No,
}

/// What is wrong with a role.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct RoleState {
    pub(super) running: Running,
    pub(super) disk_full: bool,
    pub(super) slow_ms: Ms,
    pub(super) page: Option<u16>,
    pub(super) stalls: bool,
}

/// What of a cause reaches whoever watches: as an operator enters it, or as its machine suffers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Downtime is announced.
    Announce(Announcement),
    /// Its clock is stepped.
    StepClock(i64),
}

/// What is due: in the name service, or a role that has started.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    Names(Due),
    Started(String),
}

/// The world. Call [`World::advance`] with growing times.
#[derive(Debug, Clone)]
pub struct World {
    events: Vec<Event>,
    next_event: usize,
    pub(super) seed: u64,
    pub(super) map: Map,
    pub(super) copies: Copies,
    pub(super) roles: BTreeMap<String, RoleState>,
    pub(super) links: BTreeMap<LinkEnd, Link>,
    pub(super) expired: BTreeSet<String>,
    pub(super) places: Vec<String>,
    pub(super) cells: Vec<CellName>,
    pub(super) cut_everywhere: bool,
    cut_places: BTreeSet<String>,
    text: String,
    serial: u32,
    /// All that was published, in order.
    pub(super) published: Vec<Zone>,
    /// What was in force before each publication, by the number of its event.
    before: BTreeMap<usize, String>,
    queue: BinaryHeap<Reverse<(Ms, u64, Next)>>,
    queued: u64,
    epoch: u64,
    effects: Vec<Effect>,
}

impl World {
    /// The world of a scenario, whole.
    #[must_use]
    pub fn new(scenario: &Scenario, seed: u64) -> Self {
        let map = Map::of(&scenario.places);
        // The estate's own first zone is a zone: a test reads it.
        let zone = Zone::read(&map.zone).unwrap_or_else(Zone::empty);
        let mut world = Self {
            events: scenario.events.clone(),
            next_event: 0,
            seed,
            text: map.zone.clone(),
            map,
            roles: BTreeMap::new(),
            links: BTreeMap::new(),
            expired: BTreeSet::new(),
            places: scenario.places.clone(),
            cells: scenario.cells(),
            cut_everywhere: false,
            cut_places: BTreeSet::new(),
            serial: zone.serial,
            published: vec![zone.clone()],
            copies: Copies::of(zone, COPIES.len(), seed),
            before: BTreeMap::new(),
            queue: BinaryHeap::new(),
            queued: 0,
            epoch: 1,
            effects: Vec::new(),
        };
        let dues = world.copies.first_dues();
        world.push_all(dues);
        world
    }

    /// When something changes next.
    #[must_use]
    pub fn next_ms(&self) -> Option<Ms> {
        let event = self.events.get(self.next_event).map(|event| event.at_ms);
        let due = self.queue.peek().map(|Reverse((at, ..))| *at);
        event.into_iter().chain(due).min()
    }

    /// Lets everything happen up to `now_ms`. The numbers of the events that did.
    pub fn advance(&mut self, now_ms: Ms) -> Vec<usize> {
        let mut happened = Vec::new();
        while let Some(at) = self.next_ms().filter(|at| *at <= now_ms) {
            if self.events.get(self.next_event).is_some_and(|event| event.at_ms == at) {
                self.epoch += 1;
                happened.push(self.next_event);
                self.next_event += 1;
                self.happen(self.next_event - 1, at);
            } else if let Some(Reverse((_, _, next))) = self.queue.pop() {
                self.do_next(next, at);
            }
        }
        happened
    }

    /// A number that grows whenever anything changed.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// What reached whoever watches since this was last asked.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// Whether whoever watches from a place reaches anything at all.
    #[must_use]
    pub fn sees(&self, place: &str) -> bool {
        !self.cut_everywhere && !self.cut_places.contains(place)
    }

    pub(super) fn role(&self, role: &str) -> RoleState {
        self.roles.get(role).cloned().unwrap_or_default()
    }

    fn role_mut(&mut self, role: &str) -> &mut RoleState {
        self.roles.entry(role.to_owned()).or_default()
    }

    fn push_all(&mut self, dues: Vec<(Ms, Due)>) {
        for (at, due) in dues {
            self.push(at, Next::Names(due));
        }
    }

    fn push(&mut self, at: Ms, next: Next) {
        self.queued += 1;
        self.queue.push(Reverse((at, self.queued, next)));
    }

    fn do_next(&mut self, next: Next, now_ms: Ms) {
        match next {
            Next::Names(due) => {
                let reaching: Vec<bool> = (0..COPIES.len()).map(|at| self.reaches_primary(at)).collect();
                let before = self.copies.changes;
                let dues = self.copies.done(now_ms, due, |at| reaching.get(at).copied().unwrap_or(false));
                self.epoch += u64::from(self.copies.changes != before);
                self.push_all(dues);
            }
            Next::Started(role) => {
                self.role_mut(&role).running = Running::Yes;
                self.epoch += 1;
                self.look_soon(now_ms);
            }
        }
    }

    fn reaches_primary(&self, copy: usize) -> bool {
        let runs = |at: usize| COPIES.get(at).is_some_and(|role| self.role(role).running == Running::Yes);
        let cut = COPIES.get(copy).and_then(|name| self.links.get(&LinkEnd::Copy((*name).to_owned())));
        runs(0) && runs(copy) && cut.is_none_or(|link| !link.cut && link.drop_percent < 100)
    }

    fn look_soon(&mut self, now_ms: Ms) {
        let dues = self.copies.look_soon(now_ms);
        self.push_all(dues);
    }

    fn happen(&mut self, number: usize, now_ms: Ms) {
        let Some(what) = self.events.get(number).map(|event| event.what.clone()) else { return };
        match what {
            Happening::Cause(cause) => self.cause(number, &cause, now_ms),
            Happening::Over { mend: Mend::By(cause), .. } => self.cause(number, &cause, now_ms),
            Happening::Over { event, mend: Mend::PublishBefore } => {
                if let Some(text) = self.before.get(&event).cloned() {
                    self.put_in_force(text, &[], now_ms);
                }
            }
            Happening::Over { event, mend: Mend::Undo } => {
                if let Some(Happening::Cause(cause)) = self.events.get(event).map(|e| e.what.clone()) {
                    self.undo(&cause);
                }
            }
        }
    }

    fn cause(&mut self, number: usize, cause: &Cause, now_ms: Ms) {
        match cause {
            Cause::Publish(publish) => self.publish(number, publish, now_ms),
            Cause::Stop { role } | Cause::Kill { role } => self.role_mut(role).running = Running::No,
            Cause::Pause { role } => self.role_mut(role).running = Running::Halted,
            Cause::Continue { role } => {
                self.role_mut(role).running = Running::Yes;
                self.look_soon(now_ms);
            }
            Cause::Start { role } => self.push(now_ms + START_MS, Next::Started(role.clone())),
            Cause::Link(link) => drop(self.links.insert(link.end.clone(), link.clone())),
            Cause::LinkMended { end } => {
                self.links.remove(end);
                self.look_soon(now_ms);
            }
            Cause::FillDisk { role } => self.role_mut(role).disk_full = true,
            Cause::SlowDisk { role, by_ms } => self.role_mut(role).slow_ms = *by_ms,
            Cause::ExpireCertificate { host } => drop(self.expired.insert(host.clone())),
            Cause::ServePage { role, status, .. } => self.role_mut(role).page = Some(*status),
            Cause::Stall { role } => self.role_mut(role).stalls = true,
            Cause::CutWatcher { place: None } => self.cut_everywhere = true,
            Cause::CutWatcher { place: Some(place) } => drop(self.cut_places.insert(place.clone())),
            Cause::StepClock { by_ms } => self.effects.push(Effect::StepClock(*by_ms)),
            Cause::BeginMaintenance { name, services, for_ms } => {
                self.announce(name, services.clone(), now_ms, now_ms + for_ms);
            }
            Cause::EndMaintenance { name } => self.announce(name, Vec::new(), now_ms, now_ms),
            Cause::SayStatus { .. } | Cause::Customers { .. } => {}
        }
    }

    fn undo(&mut self, cause: &Cause) {
        match cause {
            Cause::FillDisk { role } => self.role_mut(role).disk_full = false,
            Cause::SlowDisk { role, .. } => self.role_mut(role).slow_ms = 0,
            Cause::ExpireCertificate { host } => drop(self.expired.remove(host)),
            Cause::ServePage { role, .. } => self.role_mut(role).page = None,
            Cause::Stall { role } => self.role_mut(role).stalls = false,
            Cause::CutWatcher { place: None } => self.cut_everywhere = false,
            Cause::CutWatcher { place: Some(place) } => drop(self.cut_places.remove(place)),
            _ => {}
        }
    }

    fn announce(&mut self, name: &str, services: Vec<String>, from_ms: Ms, until_ms: Ms) {
        let announcement = Announcement { name: name.to_owned(), services, from_ms, until_ms };
        self.effects.push(Effect::Announce(announcement));
    }

    fn publish(&mut self, number: usize, publish: &Publish, now_ms: Ms) {
        self.before.insert(number, self.text.clone());
        let text = match &publish.change {
            Change::Whole(text) => text.clone(),
            Change::Restore => self.map.zone.clone(),
            Change::Edit(edit) => edited(&self.text, &self.map.zone, edit),
        };
        self.put_in_force(text, &publish.withhold, now_ms);
    }

    /// A text that is no zone is refused by the primary, and what is served stays.
    fn put_in_force(&mut self, text: String, withhold: &[String], now_ms: Ms) {
        let Some(mut zone) = Zone::read(&text) else { return };
        self.serial = zone.serial.max(self.serial.saturating_add(1));
        zone.serial = self.serial;
        self.text = text;
        let withheld =
            |at: usize| COPIES.get(at).is_some_and(|name| withhold.iter().any(|held| held == name));
        self.published.push(zone.clone());
        let dues = self.copies.publish(now_ms, zone, withheld);
        self.push_all(dues);
    }
}
