//! What makes one version of a zone of another: record by record, as an incremental transfer carries it (RFC 1995).
//!
//! A difference is applied only to the version that it was made from; what it removes must be there, what it adds must
//! not. It is written as text for keeping: the records removed, each after `-`, then those added, each after `+`, either
//! part beginning with its SOA. Failure policy: a difference that does not fit leaves the zone as it is, and says why.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use domain::base::{RecordData, Rtype};
use domain::rdata::ZoneRecordData;

use super::read::{self, Faults, MAX_TTL, canonical, is_meta};
use super::{Node, Rr, Rrset, Zone, rrs};
use crate::name::{self, Name};
use crate::record::Record;

/// The records that one version of a zone has and the other has not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneDiff {
    /// The SOA of the version it is made from.
    pub(crate) from: Rr,
    /// The SOA of the version it makes.
    pub(crate) to: Rr,
    pub(crate) removed: Vec<Rr>,
    pub(crate) added: Vec<Rr>,
}

/// What it means that a record is added which is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Again {
    IsAFault,
    ChangesNothing,
}

/// Why a difference does not fit a zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DiffError {
    /// Two zones, not two versions of one.
    #[error("the difference is of {diff}, the zone is {zone}")]
    OtherZone {
        /// The apex of the zone.
        zone: String,
        /// The apex in the difference.
        diff: String,
    },
    /// Another version than the one it was made from.
    #[error("the difference is from serial {from}, the zone has {held}")]
    OtherBase {
        /// The serial of the zone.
        held: u32,
        /// The serial that the difference is from.
        from: u32,
    },
    /// It removes a record that is not there.
    #[error("it removes a record that is not there: {0}")]
    NotThere(String),
    /// It adds a record that is there.
    #[error("it adds a record that is there already: {0}")]
    ThereAlready(String),
    /// What it would make is no zone.
    #[error("{0}")]
    NoZone(String),
    /// The text is not that of a difference.
    #[error("not a difference between zones: {0}")]
    Unreadable(String),
}

impl Zone {
    /// What makes `new` of this version.
    ///
    /// # Errors
    /// When `new` is another zone.
    pub fn diff(&self, new: &Self) -> Result<ZoneDiff, DiffError> {
        if self.apex != new.apex {
            return Err(DiffError::OtherZone { zone: self.origin(), diff: new.origin() });
        }
        let mut diff =
            ZoneDiff { from: self.soa_rr(), to: new.soa_rr(), removed: Vec::new(), added: Vec::new() };
        let (mut old_nodes, mut new_nodes) = (self.nodes.iter().peekable(), new.nodes.iter().peekable());
        let none = Arc::new(Node::new());
        loop {
            // Both are in canonical order: the smaller name is one that the other version has not.
            let order = match (old_nodes.peek(), new_nodes.peek()) {
                (None, None) => return Ok(diff),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some((old, _)), Some((new, _))) => old.cmp(new),
            };
            let old = if order.is_gt() { None } else { old_nodes.next() };
            let new = if order.is_lt() { None } else { new_nodes.next() };
            let Some((owner, _)) = old.or(new) else { return Ok(diff) };
            diff.compare(owner, old.map_or(&none, |(_, node)| node), new.map_or(&none, |(_, node)| node));
        }
    }

    /// The version that `diff` makes of this one.
    ///
    /// # Errors
    /// When it was made from another version, or its result is not a zone.
    pub fn apply(&self, diff: &ZoneDiff) -> Result<Self, DiffError> {
        self.apply_all([diff])
    }

    /// The version that these make of this one, one after the other.
    ///
    /// # Errors
    /// As [`Zone::apply`].
    pub fn apply_all<'d>(&self, diffs: impl IntoIterator<Item = &'d ZoneDiff>) -> Result<Self, DiffError> {
        self.applied(diffs, Again::IsAFault)
    }

    /// As [`Zone::apply_all`], for differences as other servers send them: some add what is there already (NSD 4.6 does for
    /// unchanged RRsets of several records), which changes nothing.
    pub(crate) fn apply_received(&self, diffs: &[ZoneDiff]) -> Result<Self, DiffError> {
        self.applied(diffs, Again::ChangesNothing)
    }

    fn applied<'d>(
        &self,
        diffs: impl IntoIterator<Item = &'d ZoneDiff>,
        again: Again,
    ) -> Result<Self, DiffError> {
        let mut zone = self.clone();
        let mut touched = BTreeSet::new();
        for diff in diffs {
            zone.take_over(diff, again, &mut touched)?;
        }
        for owner in &touched {
            let Some(node) = zone.nodes.get(owner) else { continue };
            if let Some(why) = read::contradictions(&zone.apex, owner, node).into_iter().next() {
                return Err(DiffError::NoZone(why));
            }
        }
        if !zone.nodes.get(&zone.apex).is_some_and(|node| node.contains_key(&Rtype::NS)) {
            return Err(DiffError::NoZone(format!("there is no NS record at {}", zone.origin())));
        }
        Ok(zone)
    }

    fn take_over(
        &mut self,
        diff: &ZoneDiff,
        again: Again,
        touched: &mut BTreeSet<Name>,
    ) -> Result<(), DiffError> {
        if diff.from.owner != self.apex || diff.to.owner != self.apex {
            return Err(DiffError::OtherZone { zone: self.origin(), diff: name::show(&diff.from.owner) });
        }
        if diff.base() != self.serial() {
            return Err(DiffError::OtherBase { held: self.serial(), from: diff.base() });
        }
        for record in &diff.removed {
            self.drop_record(record)?;
        }
        for record in &diff.added {
            self.put_record(record, again)?;
            touched.insert(record.owner.clone());
        }
        let ZoneRecordData::Soa(soa) = &diff.to.data else {
            return Err(DiffError::NoZone("it does not end at an SOA".to_owned()));
        };
        if diff.to.ttl.as_secs() > MAX_TTL {
            return Err(DiffError::NoZone(format!("{}: a TTL that is too large", diff.to.plain())));
        }
        self.soa = soa.clone();
        self.soa_ttl = diff.to.ttl;
        self.set_serial(soa.serial().into_int());
        Ok(())
    }

    fn drop_record(&mut self, record: &Rr) -> Result<(), DiffError> {
        let missing = || DiffError::NotThere(record.plain().to_string());
        let node = Arc::make_mut(self.nodes.get_mut(&record.owner).ok_or_else(missing)?);
        let rtype = record.data.rtype();
        let set = node.get_mut(&rtype).ok_or_else(missing)?;
        let wanted = canonical(&record.data);
        let place = set.data.iter().position(|data| canonical(data) == wanted).ok_or_else(missing)?;
        set.data.remove(place);
        if set.data.is_empty() {
            node.remove(&rtype);
        }
        if node.is_empty() {
            self.nodes.remove(&record.owner);
        }
        Ok(())
    }

    fn put_record(&mut self, record: &Rr, again: Again) -> Result<(), DiffError> {
        let rtype = record.data.rtype();
        let refused = |why: &str| Err(DiffError::NoZone(format!("{}: {why}", record.plain())));
        if !record.owner.ends_with(&self.apex) {
            return refused("outside of the zone");
        }
        if is_meta(rtype) || rtype == Rtype::SOA {
            return refused("not a record of a zone beside its SOA");
        }
        if record.ttl.as_secs() > MAX_TTL {
            return refused("a TTL that is too large");
        }
        let node: &mut Node = Arc::make_mut(self.nodes.entry(&record.owner));
        let set = node.entry(rtype).or_insert_with(|| Rrset { ttl: record.ttl, data: Vec::new() });
        if set.ttl != record.ttl && rtype != Rtype::RRSIG {
            return refused("another TTL than the rest of its RRset (RFC 2181, section 5.2)");
        }
        let wanted = canonical(&record.data);
        match set.data.binary_search_by_key(&wanted, canonical) {
            Ok(_) if again == Again::ChangesNothing => Ok(()),
            Ok(_) => Err(DiffError::ThereAlready(record.plain().to_string())),
            Err(place) => {
                set.data.insert(place, record.data.clone());
                Ok(())
            }
        }
    }
}

impl ZoneDiff {
    /// The serial of the version it is made from.
    #[must_use]
    pub fn base(&self) -> u32 {
        serial(&self.from)
    }

    /// The serial of the version it makes.
    #[must_use]
    pub fn serial(&self) -> u32 {
        serial(&self.to)
    }

    /// The records that go, without the SOA.
    pub fn removed(&self) -> impl Iterator<Item = Record> + '_ {
        self.removed.iter().map(Rr::plain)
    }

    /// The records that come, without the SOA.
    pub fn added(&self) -> impl Iterator<Item = Record> + '_ {
        self.added.iter().map(Rr::plain)
    }

    /// How many records go and come, without the SOA.
    #[must_use]
    pub fn len(&self) -> usize {
        self.removed.len() + self.added.len()
    }

    /// Whether only the SOA changes, or nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The way back.
    #[must_use]
    pub fn reversed(&self) -> Self {
        let Self { from, to, removed, added } = self.clone();
        Self { from: to, to: from, removed: added, added: removed }
    }

    /// As text, for keeping.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for (sign, soa, records) in [('-', &self.from, &self.removed), ('+', &self.to, &self.added)] {
            for record in std::iter::once(soa).chain(records) {
                // Writing to a string cannot fail.
                let _ = writeln!(text, "{sign}{}", record.plain());
            }
        }
        text
    }

    /// Reads what [`ZoneDiff::to_text`] wrote.
    ///
    /// # Errors
    /// When the text is not that of a difference.
    pub fn parse(text: &str) -> Result<Self, DiffError> {
        let part = |sign: char| {
            let lines: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix(sign)).collect();
            let mut faults = Faults { file: "difference", list: Vec::new() };
            let (read, _) = read::scan(&lines.join("\n"), None, &mut faults);
            if let Some(fault) = faults.list.first() {
                return Err(DiffError::Unreadable(fault.to_string()));
            }
            let mut records =
                read.into_iter().map(|line| Rr { owner: line.owner, ttl: line.ttl, data: line.data });
            let soa = records.next().filter(|first| first.data.rtype() == Rtype::SOA);
            let soa =
                soa.ok_or_else(|| DiffError::Unreadable("a part that begins with no SOA".to_owned()))?;
            Ok((soa, records.collect()))
        };
        let (from, removed) = part('-')?;
        let (to, added) = part('+')?;
        Ok(Self { from, to, removed, added })
    }

    fn compare(&mut self, owner: &Name, old: &Arc<Node>, new: &Arc<Node>) {
        if Arc::ptr_eq(old, new) {
            return;
        }
        let mut rtypes: Vec<Rtype> = old.keys().chain(new.keys()).copied().collect();
        rtypes.sort_unstable();
        rtypes.dedup();
        for rtype in rtypes.into_iter().filter(|rtype| *rtype != Rtype::SOA) {
            match (old.get(&rtype), new.get(&rtype)) {
                (Some(old), Some(new)) if old == new => {}
                (Some(old), Some(new)) if old.ttl == new.ttl => {
                    self.removed.extend(only_in(owner, old, new));
                    self.added.extend(only_in(owner, new, old));
                }
                (old, new) => {
                    self.removed.extend(old.into_iter().flat_map(|set| rrs(owner, set)));
                    self.added.extend(new.into_iter().flat_map(|set| rrs(owner, set)));
                }
            }
        }
    }
}

/// The records of `set` that `other` has not.
fn only_in(owner: &Name, set: &Rrset, other: &Rrset) -> Vec<Rr> {
    let others: Vec<Vec<u8>> = other.data.iter().map(canonical).collect();
    rrs(owner, set).filter(|record| others.binary_search(&canonical(&record.data)).is_err()).collect()
}

fn serial(soa: &Rr) -> u32 {
    match &soa.data {
        ZoneRecordData::Soa(data) => data.serial().into_int(),
        _ => 0,
    }
}
