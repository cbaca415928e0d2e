//! Memory: what names led to while all was well.
//!
//! An answer is good once everything that uses its name has passed in a run that began after it was heard: what customers
//! could use is right, whatever was meant. An answer that is heard while anything that uses its name fails is not kept.
//! Bounded in names; absent: how long caches remember, which is the resolver's business.

use std::collections::BTreeMap;

use candor_core::Timestamp;
use candor_names::Question;

use crate::Known;

/// Most names that are remembered.
const MAX_NAMES: usize = 4_096;
/// Most other names of the zone that are asked for beside a suspect.
const MAX_NEIGHBOURS: usize = 24;

/// What names led to while all was well.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    names: BTreeMap<String, Name>,
}

#[derive(Debug, Clone, Default)]
struct Name {
    /// Heard last, and not yet known to be good.
    heard: Option<Answer>,
    good: Option<Answer>,
    /// Whether a connection to it was taken while all was well, by port.
    answers_at: Vec<u16>,
}

/// What a name's zone said of it at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    /// Owner, type and data of each record.
    pub(super) data: Vec<(String, String, String)>,
    /// The serial of the zone then.
    pub(super) serial: Option<u32>,
    pub(super) at: Timestamp,
}

impl Memory {
    /// Takes in what was heard of a name.
    pub(super) fn hear(&mut self, host: &str, answer: Answer) {
        if self.names.len() >= MAX_NAMES && !self.names.contains_key(host) {
            return;
        }
        let name = self.names.entry(host.to_owned()).or_default();
        if let Some(heard) = name.heard.as_mut().filter(|heard| heard.data == answer.data) {
            // The same as before: what passed since then passed with this.
            heard.serial = answer.serial;
            return;
        }
        name.heard = Some(answer);
    }

    /// A connection to the name was taken.
    pub(super) fn answers(&mut self, host: &str, port: u16) {
        let known = self.names.entry(host.to_owned()).or_default();
        if !known.answers_at.contains(&port) && known.answers_at.len() < 4 {
            known.answers_at.push(port);
        }
    }

    /// Whether a connection to the name was taken at that port while all was well.
    pub(super) fn answered(&self, host: &str, port: u16) -> bool {
        self.names.get(host).is_some_and(|name| name.answers_at.contains(&port))
    }

    /// Keeps what was heard of the names for which all is well: `well_since` says since when, of a name's users, the oldest
    /// of their last passing runs began; nothing where any of them fails.
    pub fn settle(&mut self, now: Timestamp, well_since: impl Fn(&str) -> Option<Timestamp>) {
        for (host, name) in &mut self.names {
            let Some(since) = well_since(host) else { continue };
            if let Some(heard) = name.heard.as_ref().filter(|heard| heard.at <= since) {
                name.good = Some(Answer { at: now, ..heard.clone() });
            }
        }
    }

    /// Whether it is known what the name leads to when all is well.
    pub(super) fn knows(&self, host: &str) -> bool {
        self.names.get(host).is_some_and(|name| name.good.is_some())
    }

    /// What is known of a name, and of the others of its zone.
    pub(super) fn known(&self, host: &str, zone: &str) -> Known {
        let mut known = Known::default();
        let good = |host: &str| self.names.get(host)?.good.as_ref();
        if let Some(good) = good(host) {
            known.serial = good.serial;
            known.at = Some(good.at);
        }
        let others = self.within(zone).filter(|other| *other != host);
        for host in std::iter::once(host).chain(others) {
            for (owner, rtype, data) in good(host).into_iter().flat_map(|good| &good.data) {
                let twice = known.of(owner, rtype).is_some_and(|known| known.data.contains(data));
                if !twice {
                    known.add(owner, rtype, data.clone());
                }
            }
        }
        known
    }

    /// Questions for other names of the same zone that used to exist.
    pub(super) fn neighbours(&self, host: &str, zone: &str) -> Vec<Question> {
        let others: Vec<&str> = self.within(zone).filter(|other| *other != host).collect();
        let step = others.len().div_ceil(MAX_NEIGHBOURS).max(1);
        others.into_iter().step_by(step).filter_map(|other| Question::parse(other, "A").ok()).collect()
    }

    /// Names of a zone that were good.
    fn within<'a>(&'a self, zone: &'a str) -> impl Iterator<Item = &'a str> {
        let good = self.names.iter().filter(|(_, name)| name.good.is_some());
        good.map(|(name, _)| name.as_str()).filter(move |name| lies_in(name, zone))
    }
}

/// Whether a name is a zone's apex or lies below it; both in lower case without their last dots.
pub(super) fn lies_in(name: &str, zone: &str) -> bool {
    name.strip_suffix(zone).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}
