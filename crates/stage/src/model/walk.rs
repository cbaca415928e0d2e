//! A journey through the world: of a customer, who is patient and whose luck is not a single draw, or of a check.

use std::net::IpAddr;

use candor_estate::layout::ZONE;

use super::estate::{self, Step, copy_asked_by, copy_of};
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct End {
    layer: Layer,
    kind: &'static str,
    took_ms: Ms,
    at_once: bool,
}

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
}

impl World {
    /// What a customer with an empty cache can do.
    #[must_use]
    pub fn fares(&self, cell: &CellName) -> Fares {
        if let Some(place) = &cell.place {
            return self.fares_from(cell, place);
        }
        // Customers of what has no places come from everywhere.
        let from: Vec<Fares> = self.places.iter().map(|place| self.fares_from(cell, place)).collect();
        let first = from.first().copied().unwrap_or(Fares::WELL);
        if from.iter().all(|fares| fares.can == first.can) {
            return first;
        }
        let worst = from.iter().copied().max_by_key(|fares| fares.can).unwrap_or(first);
        let troubled = from.iter().filter(|fares| fares.can >= Can::Partly).count();
        let can = if worst.can == Can::No || 2 * troubled >= from.len() { Can::Partly } else { Can::Mostly };
        Fares { can, ..worst }
    }

    fn fares_from(&self, cell: &CellName, place: &str) -> Fares {
        let loss = self.loss(place);
        let mut took_ms = 0;
        for step in estate::journey(cell) {
            let mut walk = self.walk(place, PATIENCE_MS, None);
            if let Err(end) = walk.step(&step) {
                return Fares { can: Can::No, layer: Some(end.layer), at_once: end.at_once };
            }
            took_ms += walk.took_ms;
        }
        if loss >= LOSSY.1 {
            return Fares::waits(Layer::Dns);
        }
        if loss >= LOSSY.0 {
            let can = if loss >= LOSSY_OFTEN { Can::Partly } else { Can::Mostly };
            return Fares { can, layer: Some(Layer::Dns), at_once: false };
        }
        if took_ms > SLOW_MS {
            return Fares { can: Can::Partly, layer: Some(Layer::Deadline), at_once: false };
        }
        Fares::WELL
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
        match walk.connect(&address, host) {
            Ok(()) => Contact { took_ms: walk.took_ms, trouble: None },
            Err(end) => Contact { took_ms: end.took_ms, trouble: Some((end.layer, end.kind)) },
        }
    }

    const fn walk<'w>(&'w self, from: &'w str, timeout_ms: Ms, luck: Option<Luck>) -> Walk<'w> {
        Walk { world: self, from, timeout_ms, luck, took_ms: 0, reached: Vec::new() }
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
        let role = self.reach(&address)?;
        if let Ok(address) = address.parse() {
            self.reached.push((format!("{}.{ZONE}", step.host), address));
        }
        if self.world.expired.contains(&step.host) {
            return Err(self.now(Layer::Tls, "expired"));
        }
        self.answer(step, role.0, &role.1)
    }

    /// Connects, and looks at the certificate of a host.
    fn connect(&mut self, address: &str, host: Option<&str>) -> Result<(), End> {
        if self.is_cut() {
            return Err(self.silence(Layer::Connect, "timeout"));
        }
        self.reach(address)?;
        let short = |host: &str| {
            let absolute = host.trim_end_matches('.');
            absolute.strip_suffix(ZONE).map_or(absolute, |rest| rest.trim_end_matches('.')).to_owned()
        };
        match host.map(short) {
            Some(host) if self.world.expired.contains(&host) => Err(self.now(Layer::Tls, "expired")),
            _ => Ok(()),
        }
    }

    /// Finds the address of a host at the copy that is near.
    fn find(&mut self, host: &str) -> Result<String, End> {
        let copy = copy_of(self.from);
        let running = COPIES.get(copy).map_or(Running::Yes, |name| self.world.role(name).running);
        if self.is_cut() || running == Running::Halted {
            return Err(self.silence(Layer::Dns, "timeout"));
        }
        if running == Running::No {
            // The machine is there and says that nobody listens.
            return Err(self.now(Layer::Dns, "timeout"));
        }
        self.exchange(ASK_AGAIN_MS, Some(2), Layer::Dns, "timeout")?;
        match self.world.copies.ask(copy, host) {
            Some(Answer::Addresses(addresses)) => Ok(addresses.into_iter().next().unwrap_or_default()),
            Some(Answer::NoData) => Err(self.now(Layer::Dns, "nodata")),
            Some(Answer::NoName) => Err(self.now(Layer::Dns, "nxdomain")),
            Some(Answer::AliasBroken) => Err(self.now(Layer::Dns, "alias_broken")),
            None => Err(self.now(Layer::Dns, "servfail")),
        }
    }

    /// Connects to the role at an address.
    fn reach(&mut self, address: &str) -> Result<(&'static str, RoleState), End> {
        let Some(role) = self.world.map.role_at(address) else {
            // Loopback answers that nobody listens; elsewhere nobody answers.
            let loopback = address.starts_with("127.");
            return Err(if loopback {
                self.now(Layer::Connect, "refused")
            } else {
                self.silence(Layer::Connect, "timeout")
            });
        };
        let state = self.world.role(role);
        self.exchange(SYN_AGAIN_MS, None, Layer::Connect, "timeout")?;
        if state.running == Running::No {
            Err(self.now(Layer::Connect, "refused"))
        } else {
            Ok((role, state))
        }
    }

    /// Asks the role, which asks others.
    fn answer(&mut self, step: &Step, word: &str, role: &RoleState) -> Result<(), End> {
        self.exchange(SEND_AGAIN_MS, None, Layer::Deadline, "exceeded")?;
        if role.running == Running::Halted {
            return Err(self.silence(Layer::Deadline, "exceeded"));
        }
        match role.page {
            Some(200) => return Err(self.now(Layer::Content, "apology_page")),
            Some(_) => return Err(self.now(Layer::Http, "status")),
            None => {}
        }
        self.spend(role.slow_ms, Layer::Deadline, "exceeded")?;
        if step.writes && role.disk_full {
            return Err(self.now(Layer::Http, "status"));
        }
        let copy = copy_asked_by(word);
        for name in step.inner {
            self.call(copy, name, step.writes)?;
        }
        if role.stalls && step.long {
            return Err(self.silence(Layer::Transfer, "stalled"));
        }
        if role.stalls {
            return Err(self.silence(Layer::Deadline, "exceeded"));
        }
        Ok(())
    }

    /// What the role asks of another, by name; what fails there the role says in its own words.
    fn call(&mut self, copy: usize, name: &str, writes: bool) -> Result<(), End> {
        let world = self.world;
        let server = COPIES.get(copy).map_or(Running::Yes, |name| world.role(name).running);
        if server == Running::Halted {
            return self.give_up();
        }
        let found = if server == Running::No { None } else { world.copies.remembered(copy, name) };
        let Some(Answer::Addresses(addresses)) = found else { return Err(self.now(Layer::Http, "status")) };
        let role =
            addresses.first().and_then(|address| world.map.role_at(address)).map(|role| world.role(role));
        match role {
            None => Err(self.now(Layer::Http, "status")),
            Some(role) if role.running == Running::No => Err(self.now(Layer::Http, "status")),
            Some(role) if role.running == Running::Halted || role.stalls || role.slow_ms > CALL_MS => {
                self.give_up()
            }
            Some(role) if role.page.is_some() || (writes && role.disk_full) => {
                Err(self.now(Layer::Http, "status"))
            }
            Some(role) => self.spend(role.slow_ms + EXCHANGE_MS, Layer::Deadline, "exceeded"),
        }
    }

    /// The role waited for another, and says so.
    fn give_up(&mut self) -> Result<(), End> {
        self.spend(CALL_MS, Layer::Deadline, "exceeded")?;
        Err(End { at_once: false, ..self.now(Layer::Http, "status") })
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
                return Err(self.silence(layer, kind));
            }
            self.spend(wait, layer, kind)?;
            wait *= 2;
            tries += 1;
        }
        self.spend(EXCHANGE_MS + delay, layer, kind)
    }

    fn spend(&mut self, ms: Ms, layer: Layer, kind: &'static str) -> Result<(), End> {
        self.took_ms += ms;
        if self.took_ms > self.timeout_ms { Err(self.silence(layer, kind)) } else { Ok(()) }
    }

    /// It ends now.
    const fn now(&self, layer: Layer, kind: &'static str) -> End {
        End { layer, kind, took_ms: self.took_ms + 1, at_once: true }
    }

    /// It ends when patience does.
    const fn silence(&self, layer: Layer, kind: &'static str) -> End {
        End { layer, kind, took_ms: self.timeout_ms, at_once: false }
    }
}
