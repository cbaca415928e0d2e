//! The copies of the zone: the primary publishes, secondaries hear of it (NOTIFY) or look by themselves (SOA timers), and
//! stop answering when they have reached nobody for too long. Beside each copy stands what its region's roles remember of
//! it: an answer is kept for as long as it may be, so that an error and its repair both arrive late, name by name.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::luck::{Luck, number};
use super::zone::{Answer, Zone};
use crate::Ms;

/// Until a secondary has heard of a publication and fetched it: from so many milliseconds, so many more by chance.
const NOTIFIED: (Ms, Ms) = (100, 1_400);

/// Names that roles look up while they answer.
pub(super) const INNER: &[&str] = &["details.internal", "id.internal", "buy.internal", "connect.internal"];

/// Something that is due in the name service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// A copy looks at the primary; by its number and the number of the look.
    Look(usize, u64),
    /// A copy may have expired.
    Expire(usize),
    /// What is remembered of a name beside a copy runs out.
    Forget(usize, usize),
}

/// A copy of the zone.
#[derive(Debug, Clone)]
struct Copy {
    zone: Rc<Zone>,
    /// What it would get from the primary.
    offered: Rc<Zone>,
    heard_ms: Ms,
    expired: bool,
    looks: u64,
    remembered: BTreeMap<usize, Answer>,
    /// Names whose memory runs out at a set time.
    running_out: Vec<usize>,
}

/// All of them.
#[derive(Debug, Clone)]
pub(super) struct Copies {
    list: Vec<Copy>,
    seed: u64,
    /// How often anything changed in what they say.
    pub(super) changes: u64,
}

impl Copies {
    pub(super) fn of(zone: Zone, how_many: usize, seed: u64) -> Self {
        let zone = Rc::new(zone);
        let remembered: BTreeMap<usize, Answer> =
            INNER.iter().enumerate().map(|(at, name)| (at, zone.ask(name))).collect();
        let copy = Copy {
            zone: Rc::clone(&zone),
            offered: zone,
            heard_ms: 0,
            expired: false,
            looks: 0,
            remembered,
            running_out: Vec::new(),
        };
        Self { list: vec![copy; how_many], seed, changes: 0 }
    }

    /// What is due at the beginning.
    pub(super) fn first_dues(&mut self) -> Vec<(Ms, Due)> {
        (1..self.list.len()).flat_map(|at| self.next_look(at, 0, true)).collect()
    }

    /// The primary has a new zone; copies that it is withheld from keep what they were offered.
    pub(super) fn publish(
        &mut self,
        now_ms: Ms,
        zone: Zone,
        withheld: impl Fn(usize) -> bool,
    ) -> Vec<(Ms, Due)> {
        let zone = Rc::new(zone);
        let mut dues = self.take(0, &zone, now_ms);
        let seed = self.seed;
        for (at, copy) in self.list.iter_mut().enumerate().skip(1).filter(|(at, _)| !withheld(*at)) {
            copy.offered = Rc::clone(&zone);
            copy.looks += 1;
            let mut luck = Luck::of(seed, &[number("notify"), at as u64, now_ms]);
            dues.push((now_ms + NOTIFIED.0 + luck.below(NOTIFIED.1), Due::Look(at, copy.looks)));
        }
        dues
    }

    /// A copy can reach the primary again, or runs again: it looks soon.
    pub(super) fn look_soon(&mut self, now_ms: Ms) -> Vec<(Ms, Due)> {
        let soon = |(at, copy): (usize, &mut Copy)| {
            copy.looks += 1;
            (now_ms + NOTIFIED.0, Due::Look(at, copy.looks))
        };
        self.list.iter_mut().enumerate().skip(1).map(soon).collect()
    }

    /// Does what is due. `reaches` tells whether a copy reaches the primary now.
    pub(super) fn done(&mut self, now_ms: Ms, due: Due, reaches: impl Fn(usize) -> bool) -> Vec<(Ms, Due)> {
        match due {
            Due::Look(at, look) => {
                if self.list.get(at).is_none_or(|copy| copy.looks != look) {
                    return Vec::new();
                }
                let reached = reaches(at);
                let mut dues = Vec::new();
                if reached {
                    let offered = self.list.get(at).map(|copy| Rc::clone(&copy.offered));
                    dues = offered.map(|zone| self.take(at, &zone, now_ms)).unwrap_or_default();
                }
                dues.extend(self.next_look(at, now_ms, reached));
                dues
            }
            Due::Expire(at) => {
                if let Some(copy) = self.list.get_mut(at).filter(|copy| !copy.expired) {
                    copy.expired = now_ms >= copy.heard_ms + 1_000 * Ms::from(copy.zone.expire_s);
                    self.changes += u64::from(copy.expired);
                }
                Vec::new()
            }
            Due::Forget(at, name) => {
                if let (Some(copy), Some(host)) = (self.list.get_mut(at), INNER.get(name)) {
                    copy.running_out.retain(|other| *other != name);
                    copy.remembered.insert(name, copy.zone.ask(host));
                    self.changes += 1;
                }
                Vec::new()
            }
        }
    }

    fn next_look(&mut self, at: usize, now_ms: Ms, reached: bool) -> Vec<(Ms, Due)> {
        let Some(copy) = self.list.get_mut(at) else { return Vec::new() };
        copy.looks += 1;
        let seconds = if reached { copy.zone.refresh_s } else { copy.zone.retry_s };
        let expires = copy.heard_ms + 1_000 * Ms::from(copy.zone.expire_s);
        vec![
            (now_ms + 1_000 * Ms::from(seconds.max(1)), Due::Look(at, copy.looks)),
            (expires, Due::Expire(at)),
        ]
    }

    fn take(&mut self, at: usize, zone: &Rc<Zone>, now_ms: Ms) -> Vec<(Ms, Due)> {
        let seed = self.seed;
        let Some(copy) = self.list.get_mut(at) else { return Vec::new() };
        copy.heard_ms = now_ms;
        self.changes += u64::from(std::mem::take(&mut copy.expired));
        if *copy.zone == **zone {
            return Vec::new();
        }
        self.changes += 1;
        let old = std::mem::replace(&mut copy.zone, Rc::clone(zone));
        let mut dues = Vec::new();
        for (name, host) in INNER.iter().enumerate() {
            let Some(kept) = copy.remembered.get(&name) else { continue };
            if *kept == zone.ask(host) || copy.running_out.contains(&name) {
                continue;
            }
            let left_ms = 1_000 * Ms::from(old.lifetime_s(host, kept));
            let mut luck = Luck::of(seed, &[number("memory"), at as u64, name as u64, now_ms]);
            copy.running_out.push(name);
            dues.push((now_ms + luck.below(left_ms + 1), Due::Forget(at, name)));
        }
        dues
    }

    /// What a copy says of a host; `None` where it has expired.
    pub(super) fn ask(&self, at: usize, host: &str) -> Option<Answer> {
        self.list.get(at).filter(|copy| !copy.expired).map(|copy| copy.zone.ask(host))
    }

    /// The zone of a copy; `None` where it has expired.
    pub(super) fn zone(&self, at: usize) -> Option<&Zone> {
        self.list.get(at).filter(|copy| !copy.expired).map(|copy| &*copy.zone)
    }

    /// The zone file that a copy serves; `None` where it has expired.
    pub(super) fn file(&self, at: usize) -> Option<String> {
        self.zone(at).map(Zone::file)
    }

    /// What roles beside a copy know of a name; `None` where it has expired.
    pub(super) fn remembered(&self, at: usize, host: &str) -> Option<Answer> {
        let copy = self.list.get(at).filter(|copy| !copy.expired)?;
        let kept = INNER.iter().position(|name| *name == host).and_then(|name| copy.remembered.get(&name));
        Some(kept.cloned().unwrap_or_else(|| copy.zone.ask(host)))
    }
}
