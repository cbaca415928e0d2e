//! The estate's zone as the model knows it: lines of a zone file, what an edit does to them, and what they answer.
//!
//! It knows what the estate's zone is made of and no more: one origin, whole lines, A, AAAA, CNAME, MX, NS, SOA and TXT,
//! wildcards. It is written apart from Candor's own name service, so that both cannot be wrong in the same way. A line
//! that it cannot read is left out; a file without a SOA is no zone.

use std::collections::BTreeMap;

use crate::cause::{Edit, Timers};

/// The origin of the estate's zone.
const ORIGIN: &str = candor_estate::layout::ZONE;

/// Longest chain of aliases that is followed.
const CHAIN_MAX: usize = 8;

/// Types that a line may have.
const TYPES: &[&str] = &["A", "AAAA", "CNAME", "MX", "NS", "SOA", "TXT"];

/// A record of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// As written: relative, or with a final dot; `@` for the origin.
    pub name: String,
    /// Its lifetime in seconds, where the line says one.
    pub ttl: Option<u32>,
    /// Its type.
    pub kind: String,
    /// What follows.
    pub words: Vec<String>,
}

impl Record {
    /// Reads a line that was cut into words: `NAME [TTL] [IN] TYPE DATA…`.
    #[must_use]
    pub fn of_line(words: &[&str]) -> Option<Self> {
        let (name, mut rest) = words.split_first()?;
        if name.starts_with(['$', ';']) {
            return None;
        }
        let mut ttl = None;
        while let Some((word, after)) = rest.split_first() {
            if let Ok(seconds) = word.parse() {
                ttl = Some(seconds);
            } else if *word != "IN" {
                break;
            }
            rest = after;
        }
        let (kind, data) = rest.split_first()?;
        let known = TYPES.contains(kind) && !data.is_empty();
        let sound = match *kind {
            "A" => data.first().is_some_and(|text| text.parse::<std::net::Ipv4Addr>().is_ok()),
            "AAAA" => data.first().is_some_and(|text| text.parse::<std::net::Ipv6Addr>().is_ok()),
            _ => true,
        };
        (known && sound).then(|| Self {
            name: (*name).to_owned(),
            ttl,
            kind: (*kind).to_owned(),
            words: data.iter().map(|word| (*word).to_owned()).collect(),
        })
    }

    fn of_text(line: &str) -> Option<Self> {
        Self::of_line(&line.split_whitespace().collect::<Vec<_>>())
    }
}

/// What a zone says to a question for an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// These addresses.
    Addresses(Vec<String>),
    /// The name exists, without an address.
    NoData,
    /// No such name.
    NoName,
    /// An alias that leads nowhere.
    AliasBroken,
}

/// The way of a question through the zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trace {
    pub(super) names: Vec<String>,
    pub(super) wildcard: bool,
    pub(super) circle: bool,
    pub(super) answer: Answer,
}

/// A zone that can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Zone {
    pub(super) refresh_s: u32,
    pub(super) retry_s: u32,
    pub(super) expire_s: u32,
    denial_s: u32,
    ttl_s: u32,
    pub(super) serial: u32,
    /// The file that it was read from, with whatever else stood there.
    text: String,
    records: BTreeMap<String, Vec<Record>>,
}

impl Zone {
    /// Reads a zone file; `None` where it has no SOA, as every server refuses it then.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut records: BTreeMap<String, Vec<Record>> = BTreeMap::new();
        let mut ttl_s = 3_600;
        for line in text.lines() {
            if let Some(seconds) = line.trim().strip_prefix("$TTL ").and_then(|text| text.trim().parse().ok())
            {
                ttl_s = seconds;
            } else if let Some(record) = Record::of_text(line) {
                records.entry(full(&record.name)).or_default().push(record);
            }
        }
        let soa = records.get(ORIGIN)?.iter().find(|record| record.kind == "SOA")?;
        let number = |at: usize| soa.words.get(at).and_then(|word| word.parse::<u32>().ok());
        let (refresh_s, retry_s, expire_s, denial_s) = (number(3)?, number(4)?, number(5)?, number(6)?);
        let serial = number(2)?;
        Some(Self { refresh_s, retry_s, expire_s, denial_s, ttl_s, serial, text: text.to_owned(), records })
    }

    /// Its file as it is served: with its own serial, and with its origin.
    pub(super) fn file(&self) -> String {
        let mut lines: Vec<String> = self.text.lines().map(str::to_owned).collect();
        for line in &mut lines {
            let Some(mut soa) = Record::of_text(line).filter(|record| record.kind == "SOA") else { continue };
            if let Some(word) = soa.words.get_mut(2) {
                *word = self.serial.to_string();
                *line = format!("{} IN SOA {}", soa.name, soa.words.join(" "));
            }
        }
        if !lines.iter().any(|line| line.starts_with("$ORIGIN")) {
            lines.insert(0, format!("$ORIGIN {ORIGIN}."));
        }
        lines.join("\n") + "\n"
    }

    /// A zone that has nothing.
    pub(super) const fn empty() -> Self {
        Self {
            refresh_s: 3_600,
            retry_s: 600,
            expire_s: 86_400,
            denial_s: 1,
            ttl_s: 1,
            serial: 0,
            text: String::new(),
            records: BTreeMap::new(),
        }
    }

    /// The addresses of a host of the zone, over its aliases.
    pub(super) fn ask(&self, host: &str) -> Answer {
        let mut name = full(host);
        for turn in 0..CHAIN_MAX {
            let broken = |answer| if turn > 0 { Answer::AliasBroken } else { answer };
            let Some(records) = self.owned(&name) else {
                let below = format!(".{name}");
                let exists = self.records.keys().any(|other| other.ends_with(&below));
                return broken(if exists { Answer::NoData } else { Answer::NoName });
            };
            let of = |kind: &'static str| records.iter().filter(move |record| record.kind == kind);
            let addresses: Vec<String> =
                of("A").chain(of("AAAA")).filter_map(|record| record.words.first().cloned()).collect();
            if !addresses.is_empty() {
                return Answer::Addresses(addresses);
            }
            match of("CNAME").next().and_then(|record| record.words.first()) {
                Some(target) => name = full(target),
                None => return broken(Answer::NoData),
            }
        }
        Answer::AliasBroken
    }

    /// The same with the way: the names on it in full, and whether a wildcard stood for one of them.
    pub(super) fn trace(&self, host: &str) -> Trace {
        let mut trace =
            Trace { names: vec![full(host)], wildcard: false, circle: false, answer: self.ask(host) };
        while let Some(name) = trace.names.last() {
            let own = self.records.contains_key(name);
            let Some(records) = self.owned(name) else { break };
            trace.wildcard |= !own;
            let alias = records.iter().find(|record| record.kind == "CNAME");
            let Some(target) = alias.and_then(|record| record.words.first()).map(|target| full(target))
            else {
                break;
            };
            if trace.names.contains(&target) || trace.names.len() > CHAIN_MAX {
                trace.circle = true;
                break;
            }
            trace.names.push(target);
        }
        trace
    }

    /// Every name that has records, in full.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.records.keys().map(String::as_str)
    }

    /// Whether a host of the zone has records of its own.
    pub(super) fn has(&self, host: &str) -> bool {
        self.records.contains_key(&full(host))
    }

    /// The records of a name, or of the wildcard that stands for it.
    fn owned(&self, name: &str) -> Option<&Vec<Record>> {
        if let Some(records) = self.records.get(name) {
            return Some(records);
        }
        let below = format!(".{name}");
        if self.records.keys().any(|other| other.ends_with(&below)) {
            return None;
        }
        let (_, parent) = name.split_once('.')?;
        self.records.get(&format!("*.{parent}"))
    }

    /// How long an answer may be kept, in seconds.
    pub(super) fn lifetime_s(&self, host: &str, answer: &Answer) -> u32 {
        match answer {
            Answer::Addresses(_) => {
                let own = self.records.get(&full(host)).and_then(|records| records.first());
                own.and_then(|record| record.ttl).unwrap_or(self.ttl_s)
            }
            Answer::NoData | Answer::NoName | Answer::AliasBroken => self.denial_s,
        }
    }
}

/// A name in full, without the final dot.
fn full(name: &str) -> String {
    match name.strip_suffix('.') {
        Some(absolute) => absolute.to_owned(),
        None if name == "@" => ORIGIN.to_owned(),
        None => format!("{name}.{ORIGIN}"),
    }
}

/// A zone file with an edit done to it; `first` is the one that the estate began with. The serial stays: whoever
/// publishes raises it.
#[must_use]
pub fn edited(text: &str, first: &str, edit: &Edit) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let named = |line: &str, names: &[String]| {
        Record::of_text(line).is_some_and(|record| names.contains(&record.name))
    };
    lines.retain(|line| !named(line, &edit.bring_back));
    lines.extend(first.lines().filter(|line| named(line, &edit.bring_back)).map(str::to_owned));
    lines.retain(|line| !named(line, &edit.remove));
    for name in &edit.empty {
        let one = std::slice::from_ref(name);
        let address = |line: &str| {
            named(line, one)
                && Record::of_text(line).is_some_and(|r| matches!(r.kind.as_str(), "A" | "AAAA" | "CNAME"))
        };
        lines.retain(|line| !address(line));
        lines.push(format!("{name} IN TXT \"no address\""));
    }
    for line in &edit.set {
        set(&mut lines, line);
    }
    timed(&mut lines, &edit.timers);
    if let Some(most) = edit.cut_after {
        lines.truncate(most);
    }
    lines.push(String::new());
    lines.join("\n")
}

/// Puts a record in the place of those of its name and type.
fn set(lines: &mut Vec<String>, line: &str) {
    let Some(new) = Record::of_text(line) else { return };
    let replaced = |line: &String| {
        Record::of_text(line).is_some_and(|old| {
            full(&old.name) == full(&new.name)
                && (old.kind == new.kind || new.kind == "CNAME" || (old.kind == "CNAME" && new.kind != "TXT"))
        })
    };
    // Where it stood it stands again, so that cutting the file by lines cuts the same.
    let at = lines.iter().position(replaced).unwrap_or(lines.len());
    lines.retain(|line| !replaced(line));
    lines.insert(at.min(lines.len()), line.to_owned());
}

fn timed(lines: &mut [String], timers: &Timers) {
    for line in lines {
        if let (Some(ttl), true) = (timers.ttl, line.starts_with("$TTL")) {
            *line = format!("$TTL {ttl}");
        }
        let Some(soa) = Record::of_text(line).filter(|record| record.kind == "SOA") else { continue };
        let mut words = soa.words;
        let places = [(3, timers.refresh), (4, timers.retry), (5, timers.expire), (6, timers.denial)];
        for (at, seconds) in places {
            if let (Some(word), Some(seconds)) = (words.get_mut(at), seconds) {
                *word = seconds.to_string();
            }
        }
        *line = format!("{} IN SOA {}", soa.name, words.join(" "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "$ORIGIN shop.example.\n$TTL 60\n@ IN SOA ns1 hostmaster 1 3600 600 86400 5\n@ IN NS ns1\n\
                        id IN A 127.0.0.1\nbuy.internal 9 IN A 127.0.0.2\nlogin IN CNAME id\nlost IN CNAME gone\n\
                        dotless IN CNAME id.shop.example\n*.wild IN A 127.0.0.3\n";

    fn ask(text: &str, host: &str) -> Answer {
        Zone::read(text).unwrap().ask(host)
    }

    fn at(address: &str) -> Answer {
        Answer::Addresses(vec![address.to_owned()])
    }

    #[test]
    fn a_zone_answers_as_servers_do() {
        assert_eq!(ask(TEXT, "id"), at("127.0.0.1"));
        assert_eq!(ask(TEXT, "login"), at("127.0.0.1"));
        assert_eq!(ask(TEXT, "internal"), Answer::NoData, "an empty non-terminal exists");
        assert_eq!(ask(TEXT, "nobody"), Answer::NoName);
        assert_eq!(ask(TEXT, "lost"), Answer::AliasBroken);
        assert_eq!(ask(TEXT, "dotless"), Answer::AliasBroken, "the final dot is missing");
        assert_eq!(ask(TEXT, "any.wild"), at("127.0.0.3"));
        assert_eq!(Zone::read("id IN A 127.0.0.1\n"), None);
        let zone = Zone::read(TEXT).unwrap();
        let lifetime = |host: &str| zone.lifetime_s(host, &zone.ask(host));
        assert_eq!([lifetime("id"), lifetime("buy.internal"), lifetime("nobody")], [60, 9, 5]);
    }

    #[test]
    fn an_edit_does_what_it_says_and_no_more() {
        let edit = |edit: Edit| edited(TEXT, TEXT, &edit);
        let without = edit(Edit { remove: vec!["buy.internal".into()], ..Edit::default() });
        assert_eq!((ask(&without, "buy.internal"), ask(&without, "id")), (Answer::NoName, at("127.0.0.1")));
        let back =
            edited(&without, TEXT, &Edit { bring_back: vec!["buy.internal".into()], ..Edit::default() });
        assert_eq!(ask(&back, "buy.internal"), at("127.0.0.2"));
        let empty = edit(Edit { empty: vec!["id".into()], ..Edit::default() });
        assert_eq!((ask(&empty, "id"), ask(&empty, "login")), (Answer::NoData, Answer::AliasBroken));
        let moved = edit(Edit { set: vec!["id A 127.9.9.9".into()], ..Edit::default() });
        assert_eq!(ask(&moved, "id"), at("127.9.9.9"));
        assert_eq!(moved.lines().count(), TEXT.lines().count(), "it stands where it stood");
        let cut = edit(Edit { cut_after: Some(5), ..Edit::default() });
        assert_eq!((ask(&cut, "id"), ask(&cut, "buy.internal")), (at("127.0.0.1"), Answer::NoName));
        let timers = Timers { ttl: Some(300), expire: Some(90), denial: Some(7), ..Timers::default() };
        let timed = Zone::read(&edit(Edit { timers, ..Edit::default() })).unwrap();
        assert_eq!((timed.ttl_s, timed.refresh_s, timed.expire_s, timed.denial_s), (300, 3600, 90, 7));
    }
}
