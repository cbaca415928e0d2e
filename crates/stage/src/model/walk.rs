//! A journey through the world: of a customer, who is patient and whose luck is not a single draw, or of a check.

use std::net::IpAddr;

use candor_estate::layout::ZONE;

use super::estate::{self, Step, copy_asked_by, copy_of};
use super::faults::Why;
use super::luck::{Luck, number};
use super::world::{RoleState, Running, World};
use super::zone::Answer;
use crate::Ms;
use crate::cause::LinkEnd;
use crate::scenario::{COPIES, Watch};
use crate::subject::{Check, Contact, Met, Trouble};
use crate::truth::{Can, CellName, Fares, Layer};

/// An exchange over a link that is well.
const EXCHANGE_MS: Ms = 4;

/// How long a customer waits for a step.
const PATIENCE_MS: Ms = 10_000;

/// How long a role waits for another.
const CALL_MS: Ms = 2_000;

/// From so many milliseconds on nobody would say that a journey works.
const SLOW_MS: Ms = 1_500;

/// From so many lost packets in a hundred on, a place has trouble; and from so many, no more than trouble.
const LOSSY: (u64, u64) = (3, 90);

/// From so many on, attempts fail so often that a watcher must see it.
const LOSSY_OFTEN: u64 = 20;

/// Until a question without an answer is asked once more.
const ASK_AGAIN_MS: Ms = 1_000;

/// Until a lost piece of a connection is sent again; then twice as long each time.
const SYN_AGAIN_MS: Ms = 1_000;
const SEND_AGAIN_MS: Ms = 300;

/// How a journey ends early.
#[derive(Debug, Clone, PartialEq, Eq)]
struct End {
    layer: Layer,
    kind: &'static str,
    took_ms: Ms,
    at_once: bool,
    why: Why,
}

/// Customers of some place: how they fare, and why where they do not.
type Fate = (Fares, Option<Why>);

/// A step that is under way.
struct Walk<'w> {
    world: &'w World,
    /// The place from which it is walked.
    from: &'w str,
    timeout_ms: Ms,
    /// Chance, for a single run; none for what customers meet at large.
    luck: Option<Luck>,
    took_ms: Ms,
    /// What was found and connected to.
    reached: Vec<(String, IpAddr)>,
    /// What took longest of what need not take long.
    slowest: Option<(Ms, Why)>,
}

impl World {
    /// What a customer with an empty cache can do.
    #[must_use]
    pub fn fares(&self, cell: &CellName) -> Fares {
        self.fate(cell).0
    }

    /// The same, with all that is in their way.
    pub(super) fn fate(&self, cell: &CellName) -> (Fares, Vec<Why>) {
        if let Some(place) = &cell.place {
            let (fares, why) = self.fares_from(cell, place);
            return (fares, why.into_iter().collect());
        }
        // Customers of what has no places come from everywhere.
        let fates: Vec<Fate> = self.places.iter().map(|place| self.fares_from(cell, place)).collect();
        let from: Vec<Fares> = fates.iter().map(|(fares, _)| *fares).collect();
        (Self::together(&from), fates.into_iter().filter_map(|(_, why)| why).collect())
    }

    /// How those of all places fare together.
    fn together(from: &[Fares]) -> Fares {
        let first = from.first().copied().unwrap_or(Fares::WELL);
        if from.iter().all(|fares| fares.can == first.can) {
            return first;
        }
        let worst = from.iter().copied().max_by_key(|fares| fares.can).unwrap_or(first);
        let troubled = from.iter().filter(|fares| fares.can >= Can::Partly).count();
        let can = if worst.can == Can::No || 2 * troubled >= from.len() { Can::Partly } else { Can::Mostly };
        Fares { can, ..worst }
    }

    fn fares_from(&self, cell: &CellName, place: &str) -> Fate {
        let loss = self.loss(place);
        let link = || Some(Why::Place(place.to_owned()));
        let (mut took_ms, mut slowest) = (0, None);
        for step in estate::journey(cell) {
            let mut walk = self.walk(place, PATIENCE_MS, None);
            if let Err(end) = walk.step(&step) {
                return (Fares { can: Can::No, layer: Some(end.layer), at_once: end.at_once }, Some(end.why));
            }
            took_ms += walk.took_ms;
            slowest = slowest.max(walk.slowest);
        }
        if loss >= LOSSY.1 {
            return (Fares::waits(Layer::Dns), link());
        }
        if loss >= LOSSY.0 {
            let can = if loss >= LOSSY_OFTEN { Can::Partly } else { Can::Mostly };
            return (Fares { can, layer: Some(Layer::Dns), at_once: false }, link());
        }
        if took_ms > SLOW_MS {
            let fares = Fares { can: Can::Partly, layer: Some(Layer::Deadline), at_once: false };
            return (fares, slowest.map(|(_, why)| why));
        }
        (Fares::WELL, None)
    }

    /// What a run of a check meets that begins now.
    #[must_use]
    pub fn meet(&self, check: &Check, watch: &Watch, now_ms: Ms) -> Met {
        let mut luck = Luck::of(self.seed, &[check.id, now_ms]);
        let (mut took_ms, mut reached) = (0, Vec::new());
        for (number, step) in estate::journey(&check.cell).iter().enumerate() {
            let left = watch.deadline_ms.saturating_sub(took_ms);
            let timeout_ms = watch.timeout_ms.min(left);
            let mut walk = self.walk(&check.from, timeout_ms, Some(luck.clone()));
            let ended = walk.step(step);
            reached.append(&mut walk.reached);
            if let Err(end) = ended {
                let trouble = Trouble {
                    layer: end.layer,
                    kind: end.kind,
                    step: u16::try_from(number).unwrap_or(u16::MAX),
                };
                return Met { took_ms: took_ms + end.took_ms, trouble: Some(trouble), reached };
            }
            took_ms += walk.took_ms;
            luck = walk.luck.take().unwrap_or(luck);
        }
        Met { took_ms, trouble: None, reached }
    }

    /// What a connection that begins now meets.
    pub(super) fn contact(
        &self,
        (from, address): (&str, IpAddr),
        host: Option<&str>,
        (timeout_ms, now_ms): (Ms, Ms),
    ) -> Contact {
        let address = address.to_string();
        let luck = Luck::of(self.seed, &[number("contact"), number(from), number(&address), now_ms]);
        let mut walk = self.walk(from, timeout_ms, Some(luck));
        match walk.connect(&address, host.unwrap_or_default()) {
            Ok(()) => Contact { took_ms: walk.took_ms, trouble: None },
            Err(end) => Contact { took_ms: end.took_ms, trouble: Some((end.layer, end.kind)) },
        }
    }

    const fn walk<'w>(&'w self, from: &'w str, timeout_ms: Ms, luck: Option<Luck>) -> Walk<'w> {
        Walk { world: self, from, timeout_ms, luck, took_ms: 0, reached: Vec::new(), slowest: None }
    }

    /// How many of a hundred packets of a place are lost or damaged.
    fn loss(&self, place: &str) -> u64 {
        let link = self.links.get(&LinkEnd::Place(place.to_owned()));
        link.map_or(0, |link| u64::from(link.drop_percent).max(u64::from(link.corrupt_percent)))
    }
}

impl Walk<'_> {
    fn step(&mut self, step: &Step) -> Result<(), End> {
        let address = self.find(&step.host)?;
        let role = self.reach(&step.host, &address)?;
        if let Ok(address) = address.parse() {
            self.reached.push((format!("{}.{ZONE}", step.host), address));
        }
        if self.world.expired.contains(&step.host) {
            return Err(self.now(Layer::Tls, "expired", Why::Certificate(step.host.clone())));
        }
        self.answer(step, role.0, &role.1)
    }

    /// Connects, and looks at the certificate of a host.
    fn connect(&mut self, address: &str, host: &str) -> Result<(), End> {
        if self.is_cut() {
            return Err(self.silence(Layer::Connect, "timeout", self.link()));
        }
        let absolute = host.trim_end_matches('.');
        let short = absolute.strip_suffix(ZONE).map_or(absolute, |rest| rest.trim_end_matches('.'));
        self.reach(short, address)?;
        if self.world.expired.contains(short) {
            return Err(self.now(Layer::Tls, "expired", Why::Certificate(short.to_owned())));
        }
        Ok(())
    }

    /// Finds the address of a host at the copy that is near.
    fn find(&mut self, host: &str) -> Result<String, End> {
        let copy = copy_of(self.from);
        let running = COPIES.get(copy).map_or(Running::Yes, |name| self.world.role(name).running);
        if self.is_cut() {
            return Err(self.silence(Layer::Dns, "timeout", self.link()));
        }
        if running == Running::Halted {
            return Err(self.silence(Layer::Dns, "timeout", Why::Server));
        }
        if running == Running::No {
            // The machine is there and says that nobody listens.
            return Err(self.now(Layer::Dns, "timeout", Why::Server));
        }
        self.exchange(ASK_AGAIN_MS, Some(2), Layer::Dns, "timeout")?;
        let kind = match self.world.copies.ask(copy, host) {
            Some(Answer::Addresses(addresses)) => {
                return Ok(addresses.into_iter().next().unwrap_or_default());
            }
            Some(Answer::NoData) => "nodata",
            Some(Answer::NoName) => "nxdomain",
            Some(Answer::AliasBroken) => "alias_broken",
            None => return Err(self.now(Layer::Dns, "servfail", Why::Expired)),
        };
        Err(self.now(Layer::Dns, kind, Why::Name { host: host.to_owned(), copy }))
    }

    /// Connects to the role at an address.
    fn reach(&mut self, host: &str, address: &str) -> Result<(&'static str, RoleState), End> {
        let Some(role) = self.world.map.role_at(address) else {
            // Loopback answers that nobody listens; elsewhere nobody answers.
            let loopback = address.starts_with("127.");
            let why = Why::Name { host: host.to_owned(), copy: copy_of(self.from) };
            return Err(if loopback {
                self.now(Layer::Connect, "refused", why)
            } else {
                self.silence(Layer::Connect, "timeout", why)
            });
        };
        let state = self.world.role(role);
        self.exchange(SYN_AGAIN_MS, None, Layer::Connect, "timeout")?;
        if state.running == Running::No {
            Err(self.now(Layer::Connect, "refused", Why::Role(role)))
        } else {
            Ok((role, state))
        }
    }

    /// Asks the role, which asks others.
    fn answer(&mut self, step: &Step, word: &'static str, role: &RoleState) -> Result<(), End> {
        self.exchange(SEND_AGAIN_MS, None, Layer::Deadline, "exceeded")?;
        let own = || Why::Role(word);
        if role.running == Running::Halted {
            return Err(self.silence(Layer::Deadline, "exceeded", own()));
        }
        match role.page {
            Some(200) => return Err(self.now(Layer::Content, "apology_page", own())),
            Some(_) => return Err(self.now(Layer::Http, "status", own())),
            None => {}
        }
        self.spend(role.slow_ms, Layer::Deadline, "exceeded", own())?;
        if step.writes && role.disk_full {
            return Err(self.now(Layer::Http, "status", own()));
        }
        let copy = copy_asked_by(word);
        for name in step.inner {
            self.call(copy, name, step.writes)?;
        }
        if role.stalls && step.long {
            return Err(self.silence(Layer::Transfer, "stalled", own()));
        }
        if role.stalls {
            return Err(self.silence(Layer::Deadline, "exceeded", own()));
        }
        Ok(())
    }

    /// What the role asks of another, by name; what fails there the role says in its own words.
    fn call(&mut self, copy: usize, name: &str, writes: bool) -> Result<(), End> {
        let world = self.world;
        let server = COPIES.get(copy).map_or(Running::Yes, |name| world.role(name).running);
        match server {
            Running::Halted => return self.give_up(Why::Server),
            Running::No => return Err(self.now(Layer::Http, "status", Why::Server)),
            Running::Yes => {}
        }
        let Some(found) = world.copies.remembered(copy, name) else {
            return Err(self.now(Layer::Http, "status", Why::Expired));
        };
        let address =
            if let Answer::Addresses(addresses) = found { addresses.into_iter().next() } else { None };
        let Some(word) = address.and_then(|address| world.map.role_at(&address)) else {
            let why = Why::Name { host: name.to_owned(), copy };
            return Err(self.now(Layer::Http, "status", why));
        };
        let role = world.role(word);
        match role.running {
            Running::No => return Err(self.now(Layer::Http, "status", Why::Role(word))),
            Running::Halted => return self.give_up(Why::Role(word)),
            Running::Yes if role.stalls || role.slow_ms > CALL_MS => return self.give_up(Why::Role(word)),
            Running::Yes => {}
        }
        if role.page.is_some() || (writes && role.disk_full) {
            return Err(self.now(Layer::Http, "status", Why::Role(word)));
        }
        self.spend(role.slow_ms + EXCHANGE_MS, Layer::Deadline, "exceeded", Why::Role(word))
    }

    /// The role waited for another, and says so.
    fn give_up(&mut self, why: Why) -> Result<(), End> {
        self.spend(CALL_MS, Layer::Deadline, "exceeded", why.clone())?;
        Err(End { at_once: false, ..self.now(Layer::Http, "status", why) })
    }

    fn link(&self) -> Why {
        Why::Place(self.from.to_owned())
    }

    fn is_cut(&self) -> bool {
        let link = self.world.links.get(&LinkEnd::Place(self.from.to_owned()));
        let nothing_passes = link.is_some_and(|link| link.cut || link.drop_percent >= 100);
        // Whoever watches has a network of its own beside that of the customers.
        nothing_passes || (self.luck.is_some() && !self.world.sees(self.from))
    }

    /// Something is sent until it is answered: again after `again_ms`, twice as long each time, at most so often.
    fn exchange(
        &mut self,
        again_ms: Ms,
        most: Option<u32>,
        layer: Layer,
        kind: &'static str,
    ) -> Result<(), End> {
        let delay =
            self.world.links.get(&LinkEnd::Place(self.from.to_owned())).map_or(0, |link| 2 * link.delay_ms);
        let loss = self.world.loss(self.from);
        let mut wait = again_ms;
        let mut tries = 1;
        while self.luck.as_mut().is_some_and(|luck| luck.happens(loss)) {
            if most.is_some_and(|most| tries >= most) {
                return Err(self.silence(layer, kind, self.link()));
            }
            self.spend(wait, layer, kind, self.link())?;
            wait *= 2;
            tries += 1;
        }
        self.spend(EXCHANGE_MS + delay, layer, kind, self.link())
    }

    fn spend(&mut self, ms: Ms, layer: Layer, kind: &'static str, why: Why) -> Result<(), End> {
        self.took_ms += ms;
        if self.took_ms > self.timeout_ms {
            return Err(self.silence(layer, kind, why));
        }
        if ms > EXCHANGE_MS && self.slowest.as_ref().is_none_or(|(most, _)| ms > *most) {
            self.slowest = Some((ms, why));
        }
        Ok(())
    }

    /// It ends now.
    const fn now(&self, layer: Layer, kind: &'static str, why: Why) -> End {
        End { layer, kind, took_ms: self.took_ms + 1, at_once: true, why }
    }

    /// It ends when patience does.
    const fn silence(&self, layer: Layer, kind: &'static str, why: Why) -> End {
        End { layer, kind, took_ms: self.timeout_ms, at_once: false, why }
    }
}
