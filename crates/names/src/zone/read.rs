//! A zone file read (RFC 1035, section 5), and everything that is wrong with it.
//!
//! Two passes: `scan` gives records with their lines and stops at the first line that cannot be read; `assemble`
//! checks what was read as a zone. Both add to one list of faults. `$INCLUDE` is refused, so that a zone is one text.

use std::collections::BTreeMap;

use bytes::Bytes;
use domain::base::iana::Class;
use domain::base::name::ToName;
use domain::base::{Rtype, Ttl};
use domain::rdata::{Soa, ZoneRecordData};
use domain::zonefile::inplace::{Entry, Zonefile};

use super::entries::Entries;
use super::rdata::{self, Rdata};
use super::{Node, Rrset, Zone, ZoneFault};
use crate::name::{self, Name};

/// Largest TTL (RFC 2181, section 8).
const MAX_TTL: u32 = (1 << 31) - 1;
/// Most faults that are reported of one file.
const MAX_FAULTS: usize = 100;

impl Zone {
    /// Reads a zone file (RFC 1035, section 5). The apex is the SOA's owner; relative names are completed from
    /// `origin` or `$ORIGIN`, and an `origin` that is given must be the apex. `file` names the text in faults.
    ///
    /// # Errors
    /// All faults that can be found in one go, in the order of their lines; the reader stops at the first line
    /// that cannot be read.
    pub fn parse(text: &str, origin: Option<&str>, file: &str) -> Result<Self, Vec<ZoneFault>> {
        let mut faults = Faults { file, list: Vec::new() };
        let origin = origin.and_then(|given| match name::parse(given) {
            Ok(name) => Some(name),
            Err(why) => {
                faults.add(0, format!("{given:?} is not an origin: {why}"));
                None
            }
        });
        let (entries, whole) = scan(text, origin.as_ref(), &mut faults);
        let zone = assemble(entries, origin.as_ref(), whole, &mut faults);
        faults.list.sort();
        faults.list.dedup();
        faults.list.truncate(MAX_FAULTS);
        match zone {
            Some(zone) if faults.list.is_empty() => Ok(zone),
            _ => Err(faults.list),
        }
    }
}

pub(super) struct Faults<'a> {
    pub(super) file: &'a str,
    pub(super) list: Vec<ZoneFault>,
}

impl Faults<'_> {
    pub(super) fn add(&mut self, line: usize, message: String) {
        // Ten times the bound, since sorting comes after.
        if self.list.len() < 10 * MAX_FAULTS {
            self.list.push(ZoneFault { file: self.file.to_owned(), line, message });
        }
    }
}

/// One record with the line on which it begins.
pub(super) struct Line {
    pub(super) line: usize,
    pub(super) owner: Name,
    pub(super) ttl: Ttl,
    pub(super) rtype: Rtype,
    pub(super) data: Rdata,
}

/// Reads records until the end or the first line that cannot be read; says whether the whole text was read.
pub(super) fn scan(text: &str, origin: Option<&Name>, faults: &mut Faults<'_>) -> (Vec<Line>, bool) {
    let unfinished = Entries::of(text).find_map(|start| Some((start, start.open?)));
    if let Some((start, what)) = unfinished {
        faults.add(start.line, what.to_owned());
    }
    let end = unfinished.map_or(text.len(), |(start, _)| start.offset);
    let mut reader = reader(text.get(..end).unwrap_or(text), origin);
    let mut starts = Entries::of(text);
    let mut lines = Vec::new();
    loop {
        let entry = match reader.next_entry() {
            Ok(Some(entry)) => entry,
            Ok(None) => return (lines, unfinished.is_none()),
            Err(fault) => {
                let said = fault.to_string();
                faults.add(starts.line_of_fault(&said), unreadable(&said));
                return (lines, false);
            }
        };
        let line = starts.line_of_record(&entry);
        match entry {
            Entry::Include { path, .. } => {
                faults.add(line, format!("$INCLUDE {path} is not read: a zone must be one file"));
            }
            Entry::Record(record) => {
                let rtype = record.rtype();
                match rdata::from_wire(rtype, rdata::wire(record.data())) {
                    Ok(data) => {
                        let owner = record.owner().to_name::<Bytes>();
                        lines.push(Line { line, owner, ttl: record.ttl(), rtype, data });
                    }
                    Err(why) => faults.add(line, why),
                }
                if record.class() != Class::IN {
                    faults.add(line, format!("class {} is not served, only IN", record.class()));
                }
            }
        }
    }
}

fn reader(text: &str, origin: Option<&Name>) -> Zonefile {
    let mut reader = Zonefile::from(text);
    // A last line without its end would otherwise be lost.
    reader.extend_from_slice(b"\n");
    reader.set_default_class(Class::IN);
    if let Some(origin) = origin {
        reader.set_origin(origin.clone());
    }
    reader
}

impl Entries<'_> {
    /// The line of the record or `$INCLUDE` that the reader gave last; it gives no other directives.
    fn line_of_record(&mut self, entry: &Entry) -> usize {
        let include = matches!(entry, Entry::Include { .. });
        self.find(|start| start.directive == include).map_or(0, |start| start.line)
    }

    /// The line of the entry that the reader stumbled over. Directives before it went well unless the reader stopped
    /// before the next entry begins.
    fn line_of_fault(&mut self, said: &str) -> usize {
        let stopped = said.split(':').next().and_then(|word| word.parse().ok()).unwrap_or(usize::MAX);
        let mut found = 0;
        for start in self.take_while(|start| start.line <= stopped) {
            found = start.line;
            if !start.directive {
                break;
            }
        }
        found
    }
}

/// What the reader's `line:column: message` says, in more words where its own are few.
fn unreadable(said: &str) -> String {
    let words = said.splitn(3, ':').nth(2).unwrap_or(said).trim();
    match words {
        "missing origin" => "a relative name, and no origin: give one, or write $ORIGIN first".to_owned(),
        "missing last owner" => "a record without an owner, and none before it".to_owned(),
        "expected rtype" => {
            "no record type here (types by mnemonic or as TYPE65; TTLs in plain seconds, without units)"
                .to_owned()
        }
        "unbalanced parens" => "parentheses that do not match".to_owned(),
        "unexpected end of entry" => "the record ends too early".to_owned(),
        "trailing tokens" => "more words than the record has fields".to_owned(),
        other => format!("cannot be read: {other}"),
    }
}

/// Builds a zone of records, adding what is wrong with them as a zone.
fn assemble(lines: Vec<Line>, origin: Option<&Name>, whole: bool, faults: &mut Faults<'_>) -> Option<Zone> {
    let Some((apex, soa, soa_ttl)) = find_soa(&lines, origin, faults) else {
        if whole {
            faults.add(0, "there is no SOA record".to_owned());
        }
        return None;
    };
    let mut zone = Zone { apex, soa, soa_ttl, nodes: BTreeMap::new() };
    let mut places = BTreeMap::new();
    for line in lines {
        // The last record of an owner is the one that came too many.
        places.insert(line.owner.clone(), line.line);
        if let Err(why) = zone.add(&line) {
            faults.add(line.line, why);
        }
    }
    zone.order();
    for (owner, why) in zone.contradictions() {
        faults.add(places.get(&owner).copied().unwrap_or(0), why);
    }
    if whole && !zone.nodes.get(&zone.apex).is_some_and(|node| node.contains_key(&Rtype::NS)) {
        faults.add(0, format!("there is no NS record at {}", zone.origin()));
    }
    Some(zone)
}

fn find_soa(
    lines: &[Line],
    origin: Option<&Name>,
    faults: &mut Faults<'_>,
) -> Option<(Name, Soa<Name>, Ttl)> {
    let mut found: Option<(Name, Soa<Name>, Ttl, usize)> = None;
    for line in lines {
        let ZoneRecordData::Soa(soa) = &line.data else { continue };
        match &found {
            None => found = Some((line.owner.clone(), soa.clone(), line.ttl, line.line)),
            // Below the apex it is another fault.
            Some((owner, _, _, first)) if *owner == line.owner => {
                faults.add(line.line, format!("a second SOA record; the first is on line {first}"));
            }
            Some(_) => {}
        }
    }
    let (apex, soa, ttl, line) = found?;
    if let Some(origin) = origin.filter(|origin| **origin != apex) {
        let message = format!("the SOA is that of {}, not of {}", name::show(&apex), name::show(origin));
        faults.add(line, message);
    }
    Some((apex, soa, ttl))
}

impl Zone {
    /// Adds one record; a second copy of the same data is one record (RFC 2181, section 5).
    pub(super) fn add(&mut self, line: &Line) -> Result<(), String> {
        let owner = name::show(&line.owner);
        if !line.owner.ends_with(&self.apex) {
            return Err(format!("{owner} lies outside of the zone {}", self.origin()));
        }
        if line.rtype == Rtype::SOA && line.owner != self.apex {
            return Err(format!("an SOA record at {owner}, which is not the apex {}", self.origin()));
        }
        if line.ttl.as_secs() > MAX_TTL {
            return Err(format!(
                "a TTL of {}, more than {MAX_TTL} (RFC 2181, section 8)",
                line.ttl.as_secs()
            ));
        }
        if is_meta(line.rtype) {
            return Err(format!("{} is not a type of records", line.rtype));
        }
        let node: &mut Node = self.nodes.entry(line.owner.clone()).or_default();
        let set = node.entry(line.rtype).or_insert_with(|| Rrset { ttl: line.ttl, data: Vec::new() });
        // Signatures take the TTL of what they sign, which differs from type to type.
        if set.ttl != line.ttl && line.rtype != Rtype::RRSIG {
            let (new, held) = (line.ttl.as_secs(), set.ttl.as_secs());
            return Err(format!(
                "{owner} {} with a TTL of {new} beside {held}: one RRset has one TTL (RFC 2181, section 5.2)",
                line.rtype
            ));
        }
        set.data.push(line.data.clone());
        Ok(())
    }

    /// Puts every RRset in canonical order and drops copies.
    pub(super) fn order(&mut self) {
        for set in self.nodes.values_mut().flat_map(BTreeMap::values_mut) {
            set.data.sort_by_cached_key(canonical);
            set.data.dedup_by_key(|data| canonical(data));
        }
    }

    /// What cannot stand together, with its owner.
    pub(super) fn contradictions(&self) -> Vec<(Name, String)> {
        let mut list = Vec::new();
        for (owner, node) in &self.nodes {
            for why in contradictions(&self.apex, owner, node) {
                list.push((owner.clone(), why));
            }
        }
        list
    }
}

fn contradictions(apex: &Name, owner: &Name, node: &Node) -> Vec<String> {
    let shown = name::show(owner);
    let many = |rtype| node.get(&rtype).is_some_and(|set| set.data.len() > 1);
    let has = |rtype| node.contains_key(&rtype);
    let beside_alias =
        |rtype: &Rtype| !matches!(*rtype, Rtype::CNAME | Rtype::RRSIG | Rtype::NSEC | Rtype::KEY);
    let mut list = Vec::new();
    if has(Rtype::CNAME)
        && let Some(other) = node.keys().copied().find(beside_alias)
    {
        list.push(format!("{shown} has a CNAME beside {other} (RFC 1034, section 3.6.2)"));
    }
    for rtype in [Rtype::CNAME, Rtype::DNAME].into_iter().filter(|rtype| many(*rtype)) {
        list.push(format!("{shown} has more than one {rtype}"));
    }
    if owner != apex && has(Rtype::DNAME) && has(Rtype::NS) {
        list.push(format!("{shown} has a DNAME beside NS (RFC 6672, section 2.3)"));
    }
    if owner.first().is_wildcard() {
        for rtype in [Rtype::NS, Rtype::DNAME].into_iter().filter(|rtype| has(*rtype)) {
            list.push(format!(
                "{shown} is a wildcard with {rtype}, of which no meaning is defined (RFC 4592, section 4)"
            ));
        }
    }
    if has(Rtype::DS) && !has(Rtype::NS) {
        list.push(format!("{shown} has a DS without NS (RFC 4035, section 2.4)"));
    }
    list
}

/// The form in which data is compared and ordered (RFC 4034, section 6).
fn canonical(data: &Rdata) -> Vec<u8> {
    use domain::base::rdata::ComposeRecordData;
    let mut bytes = Vec::new();
    match data.compose_canonical_rdata(&mut bytes) {
        Ok(()) => bytes,
        Err(never) => match never {},
    }
}

/// Types that are asked for or travel beside, and are never in a zone (RFC 6895, section 3.1).
fn is_meta(rtype: Rtype) -> bool {
    rtype == Rtype::OPT || (128..=255).contains(&rtype.to_int())
}
