//! A zone file read (RFC 1035, section 5), and everything that is wrong with it.
//!
//! Two passes: `scan` gives records with their places; `assemble` checks what was read as a zone. Both add to one list of
//! faults. The library stops for good at the first record that it cannot read; then the text is read anew, entry by entry
//! (`piecemeal`), so that every bad record is reported. `$INCLUDE` is refused, so that a zone is one text.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use domain::base::iana::Class;
use domain::base::name::ToName;
use domain::base::{Rtype, Ttl};
use domain::rdata::{Soa, ZoneRecordData};
use domain::zonefile::inplace::{Entry, Zonefile};

use super::entries::{Entries, Place};
use super::rdata::{self, Rdata};
use super::{Node, Rrset, Zone, ZoneFault, piecemeal};
use crate::by_name::ByName;
use crate::name::{self, Name};

/// Largest TTL (RFC 2181, section 8).
pub(crate) const MAX_TTL: u32 = (1 << 31) - 1;
/// Most faults that are reported of one file.
const MAX_FAULTS: usize = 100;

impl Zone {
    /// Reads a zone file (RFC 1035, section 5). The apex is the SOA's owner; relative names are completed from
    /// `origin` or `$ORIGIN`, and an `origin` that is given must be the apex. `file` names the text in faults.
    ///
    /// # Errors
    /// All faults that can be found in one go, in the order of their places, up to a bound. What follows a directive
    /// that cannot be read is not looked at: it may mean anything.
    pub fn parse(text: &str, origin: Option<&str>, file: &str) -> Result<Self, Vec<ZoneFault>> {
        let mut faults = Faults { file, list: Vec::new() };
        let origin = origin.and_then(|given| match name::parse(given) {
            Ok(name) => Some(name),
            Err(why) => {
                faults.add(Place::default(), format!("{given:?} is not an origin: {why}"));
                None
            }
        });
        let (entries, whole) = scan(text, origin.as_ref(), &mut faults);
        let zone = assemble(entries, origin.as_ref(), whole, &mut faults);
        match zone {
            Some(zone) if faults.list.is_empty() => Ok(zone),
            _ => Err(faults.in_order()),
        }
    }
}

pub(super) struct Faults<'a> {
    pub(super) file: &'a str,
    pub(super) list: Vec<ZoneFault>,
}

impl Faults<'_> {
    pub(super) fn add(&mut self, place: Place, message: String) {
        // Ten times the bound, since sorting comes after.
        if !self.is_full() {
            let Place { line, column } = place;
            self.list.push(ZoneFault { file: self.file.to_owned(), line, column, message });
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.list.len() >= 10 * MAX_FAULTS
    }

    /// Those that are reported; the last says so where there are more.
    fn in_order(mut self) -> Vec<ZoneFault> {
        self.list.sort();
        self.list.dedup();
        if self.list.len() > MAX_FAULTS {
            self.list.truncate(MAX_FAULTS);
            let message = format!("there are more faults than these {MAX_FAULTS}");
            self.list.push(ZoneFault { file: self.file.to_owned(), line: 0, column: 0, message });
        }
        self.list
    }
}

/// One record with the place where it begins.
pub(super) struct Line {
    pub(super) place: Place,
    pub(super) owner: Name,
    pub(super) ttl: Ttl,
    pub(super) rtype: Rtype,
    pub(super) data: Rdata,
}

/// Reads all records that can be read; says whether that was the whole text.
pub(super) fn scan(text: &str, origin: Option<&Name>, faults: &mut Faults<'_>) -> (Vec<Line>, bool) {
    let unfinished = Entries::of(text).find_map(|start| Some((start, start.open?)));
    let end = unfinished.map_or(text.len(), |(start, _)| start.offset);
    let text = text.get(..end).unwrap_or(text);
    let known = faults.list.len();
    let read = in_one_go(text, origin, faults);
    let readable = read.is_some();
    let lines = read.unwrap_or_else(|| {
        faults.list.truncate(known);
        piecemeal::scan(text, origin, faults)
    });
    if let Some((start, what)) = unfinished {
        faults.add(start.place(), what.to_owned());
    }
    (lines, readable && unfinished.is_none())
}

/// Nothing where a record or a directive cannot be read.
fn in_one_go(text: &str, origin: Option<&Name>, faults: &mut Faults<'_>) -> Option<Vec<Line>> {
    let mut reader = reader(text, origin);
    let mut starts = Entries::of(text);
    let mut lines = Vec::new();
    while let Some(entry) = reader.next_entry().ok()? {
        let include = matches!(entry, Entry::Include { .. });
        // The reader gives records and `$INCLUDE`; it gives no other directives.
        let place =
            starts.find(|start| start.directive == include).map_or(Place::default(), |start| start.place());
        lines.extend(line(entry, place, faults));
    }
    Some(lines)
}

/// What the reader gave, as a record of a zone.
pub(super) fn line(entry: Entry, place: Place, faults: &mut Faults<'_>) -> Option<Line> {
    let record = match entry {
        Entry::Include { path, .. } => {
            faults.add(place, format!("$INCLUDE {path} is not read: a zone must be one file"));
            return None;
        }
        Entry::Record(record) => record,
    };
    if record.class() != Class::IN {
        faults.add(place, format!("class {} is not served, only IN", record.class()));
    }
    let rtype = record.rtype();
    match rdata::from_wire(rtype, rdata::wire(record.data())) {
        Ok(data) => {
            Some(Line { place, owner: record.owner().to_name::<Bytes>(), ttl: record.ttl(), rtype, data })
        }
        Err(why) => {
            faults.add(place, why);
            None
        }
    }
}

pub(super) fn reader(text: &str, origin: Option<&Name>) -> Zonefile {
    let mut reader = Zonefile::from(text);
    // A last line without its end would otherwise be lost.
    reader.extend_from_slice(b"\n");
    reader.set_default_class(Class::IN);
    if let Some(origin) = origin {
        reader.set_origin(origin.clone());
    }
    reader
}

/// Builds a zone of records, adding what is wrong with them as a zone.
pub(super) fn assemble(
    lines: Vec<Line>,
    origin: Option<&Name>,
    whole: bool,
    faults: &mut Faults<'_>,
) -> Option<Zone> {
    let Some((apex, soa, soa_ttl)) = find_soa(&lines, origin, faults) else {
        if whole {
            faults.add(Place::default(), "there is no SOA record".to_owned());
        }
        return None;
    };
    let mut zone = Zone { apex, soa, soa_ttl, nodes: ByName::default() };
    let mut places = BTreeMap::new();
    for line in lines {
        // The last record of an owner is the one that came too many.
        places.insert(line.owner.clone(), line.place);
        if let Err(why) = zone.add(&line) {
            faults.add(line.place, why);
        }
    }
    zone.order();
    for (owner, why) in zone.contradictions() {
        faults.add(places.get(&owner).copied().unwrap_or_default(), why);
    }
    if whole && !zone.nodes.get(&zone.apex).is_some_and(|node| node.contains_key(&Rtype::NS)) {
        faults.add(Place::default(), format!("there is no NS record at {}", zone.origin()));
    }
    Some(zone)
}

fn find_soa(
    lines: &[Line],
    origin: Option<&Name>,
    faults: &mut Faults<'_>,
) -> Option<(Name, Soa<Name>, Ttl)> {
    let mut found: Option<(Name, Soa<Name>, Ttl, Place)> = None;
    for line in lines {
        let ZoneRecordData::Soa(soa) = &line.data else { continue };
        match &found {
            None => found = Some((line.owner.clone(), soa.clone(), line.ttl, line.place)),
            // Below the apex it is another fault.
            Some((owner, _, _, first)) if *owner == line.owner => {
                faults.add(line.place, format!("a second SOA record; the first is on line {}", first.line));
            }
            Some(_) => {}
        }
    }
    let (apex, soa, ttl, place) = found?;
    if let Some(origin) = origin.filter(|origin| **origin != apex) {
        let message = format!("the SOA is that of {}, not of {}", name::show(&apex), name::show(origin));
        faults.add(place, message);
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
        let node: &mut Node = Arc::make_mut(self.nodes.entry(&line.owner));
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
        // A node that a version before shares is in order already.
        for node in self.nodes.values_mut().filter_map(Arc::get_mut) {
            node.values_mut().for_each(Rrset::order);
        }
    }

    /// What cannot stand together, with its owner.
    pub(super) fn contradictions(&self) -> Vec<(Name, String)> {
        let mut list = Vec::new();
        for (owner, node) in self.nodes.iter() {
            for why in contradictions(&self.apex, owner, node) {
                list.push((owner.clone(), why));
            }
        }
        list
    }
}

impl Rrset {
    pub(super) fn order(&mut self) {
        if self.data.len() > 1 {
            self.data.sort_by_cached_key(canonical);
            self.data.dedup_by_key(|data| canonical(data));
        }
    }
}

pub(super) fn contradictions(apex: &Name, owner: &Name, node: &Node) -> Vec<String> {
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
pub(super) fn canonical(data: &Rdata) -> Vec<u8> {
    use domain::base::rdata::ComposeRecordData;
    let mut bytes = Vec::new();
    match data.compose_canonical_rdata(&mut bytes) {
        Ok(()) => bytes,
        Err(never) => match never {},
    }
}

/// Types that are asked for or travel beside, and are never in a zone (RFC 6895, section 3.1).
pub(super) fn is_meta(rtype: Rtype) -> bool {
    rtype == Rtype::OPT || (128..=255).contains(&rtype.to_int())
}
