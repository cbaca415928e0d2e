//! Memory: what names led to while all was well.
//!
//! An answer is good once everything that uses its name has passed in a run that began after it was heard: what customers
//! could use is right, whatever was meant. An answer that is heard while anything that uses its name fails is not kept.
//! Bounded in names; absent: how long caches remember, which is the resolver's business.

use std::collections::BTreeMap;

use candor_core::Timestamp;
use candor_names::Question;
use serde::{Deserialize, Serialize};

use crate::Known;

/// Most names that are remembered.
const MAX_NAMES: usize = 4_096;
/// Most other names of the zone that are asked for beside a suspect.
const MAX_NEIGHBOURS: usize = 24;

/// What names led to while all was well.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    names: BTreeMap<String, Name>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Name {
    /// Heard last, and not yet known to be good: of no use to anybody who was not there.
    #[serde(skip)]
    heard: Option<Answer>,
    good: Option<Answer>,
    /// Whether a connection to it was taken while all was well, by port.
    answers_at: Vec<u16>,
}

/// What a name's zone said of it at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Owner, type and data of each record.
    pub data: Vec<(String, String, String)>,
    /// The serial of the zone then.
    pub serial: Option<u32>,
    /// When it was heard.
    pub at: Timestamp,
}

impl Memory {
    /// Takes in what was heard of a name.
    pub fn hear(&mut self, host: &str, answer: Answer) {
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
    pub fn answers(&mut self, host: &str, port: u16) {
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
    pub(super) fn settle(&mut self, now: Timestamp, well_since: impl Fn(&str) -> Option<Timestamp>) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn answer(data: &str, second: i64) -> Answer {
        let record = ("shop.example.".to_owned(), "A".to_owned(), data.to_owned());
        Answer { data: vec![record], serial: Some(7), at: at(second) }
    }

    fn good(memory: &Memory) -> Vec<String> {
        memory
            .known("shop.example", "shop.example")
            .was("shop.example.")
            .map(|was| was.records)
            .unwrap_or_default()
    }

    #[test]
    fn an_answer_is_good_once_everything_passed_that_began_after_it_was_heard() {
        let mut memory = Memory::default();
        memory.hear("shop.example", answer("192.0.2.1", 10));
        memory.settle(at(20), |_| Some(at(9)));
        assert!(good(&memory).is_empty());
        memory.settle(at(30), |_| Some(at(11)));
        assert_eq!(good(&memory), ["A 192.0.2.1"]);
    }

    #[test]
    fn what_is_heard_while_something_fails_takes_the_place_of_nothing() {
        let mut memory = Memory::default();
        memory.hear("shop.example", answer("192.0.2.1", 10));
        memory.settle(at(30), |_| Some(at(11)));
        memory.hear("shop.example", answer("192.0.2.66", 40));
        memory.settle(at(50), |_| None);
        assert_eq!(good(&memory), ["A 192.0.2.1"]);
        // It was meant, and everything passes with it.
        memory.settle(at(70), |_| Some(at(60)));
        assert_eq!(good(&memory), ["A 192.0.2.66"]);
    }

    #[test]
    fn others_of_the_zone_are_known_and_asked_for_and_those_of_another_are_not() {
        let mut memory = Memory::default();
        for host in ["shop.example", "a.shop.example", "b.shop.example", "a.myshop.example"] {
            memory.hear(host, answer("192.0.2.1", 10));
        }
        memory.settle(at(30), |_| Some(at(11)));
        let names: Vec<String> =
            memory.neighbours("a.shop.example", "shop.example").iter().map(Question::name).collect();
        assert_eq!(names, ["b.shop.example.", "shop.example."]);
    }

    #[test]
    fn it_is_bounded() {
        let mut memory = Memory::default();
        for n in 0..2 * MAX_NAMES {
            memory.hear(&format!("h{n}.example"), answer("192.0.2.1", 10));
        }
        assert_eq!(memory.names.len(), MAX_NAMES);
    }
}
