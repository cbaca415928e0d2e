//! One canonical zone, used to serve, to guard, and to run journeys against what is not published yet.
//!
//! Owner names are held in canonical order (RFC 4034, section 6.1), so that a name's descendants follow it: an empty
//! non-terminal needs no node of its own. A zone that exists is consistent: [`Zone::parse`] and the edits refuse what
//! RFC 1034 and RFC 2181 forbid. Versions of a zone share the names that did not change. Absent: denial proofs of signed
//! zones.

mod answer;
pub mod diff;
mod edit;
mod entries;
mod fault;
mod piecemeal;
mod rdata;
mod read;
mod received;
pub mod serial;
mod trace;
mod write;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use domain::base::{Rtype, Serial, Ttl};
use domain::rdata::{Soa, ZoneRecordData};

use crate::by_name::ByName;
use crate::name::{self, Name};
use crate::record::Record;

pub(crate) use answer::Answer;
pub use answer::ZoneAnswer;
pub use diff::{DiffError, ZoneDiff};
pub use fault::ZoneFault;
pub(crate) use rdata::{Given, Rdata, Rr, from_wire, show as show_data, wire};
pub(crate) use read::MAX_TTL;
pub(crate) use trace::{End, Trace};

/// The records of one owner and type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rrset {
    pub(crate) ttl: Ttl,
    pub(crate) data: Vec<Rdata>,
}

pub(crate) type Node = BTreeMap<Rtype, Rrset>;

/// A zone: owner names in canonical order, each with its RRsets.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone {
    apex: Name,
    soa: Soa<Name>,
    soa_ttl: Ttl,
    nodes: ByName<Arc<Node>>,
}

impl fmt::Debug for Zone {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Zone({} serial {}, {} names)", self.origin(), self.serial(), self.nodes.len())
    }
}

impl Zone {
    /// The serial of its SOA.
    #[must_use]
    pub fn serial(&self) -> u32 {
        self.soa.serial().into_int()
    }

    /// Its apex, with the last dot.
    #[must_use]
    pub fn origin(&self) -> String {
        name::show(&self.apex)
    }

    pub(crate) fn apex(&self) -> &Name {
        &self.apex
    }

    /// Whether its apex has DNSSEC keys; such a zone can be held and served, but not with proofs of denial.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        self.nodes.get(&self.apex).is_some_and(|node| node.contains_key(&Rtype::DNSKEY))
    }

    /// All records: the SOA first, then names in canonical order, types by number.
    pub fn records(&self) -> impl Iterator<Item = Record> + '_ {
        let soa = std::iter::once(self.soa_record(self.soa_ttl));
        soa.chain(self.rest()).map(|record| record.plain())
    }

    /// All records but the SOA.
    pub(crate) fn rest(&self) -> impl Iterator<Item = Rr> + '_ {
        self.nodes.iter().flat_map(|(owner, node)| {
            let sets = node.iter().filter(|(rtype, _)| **rtype != Rtype::SOA);
            sets.flat_map(|(_, set)| rrs(owner, set))
        })
    }

    /// The names that own records, in canonical order, with what they own.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&Name, &Node)> {
        self.nodes.iter().map(|(owner, node)| (owner, &**node))
    }

    /// What a name owns by itself.
    pub(crate) fn node(&self, name: &Name) -> Option<&Node> {
        self.nodes.get(name).map(|node| &**node)
    }

    /// How many records it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.iter().flat_map(|(_, node)| node.values()).map(|set| set.data.len()).sum()
    }

    /// Whether it has no record; a zone that was read always has.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.len() == 0
    }

    /// Its SOA as it stands in the zone.
    pub(crate) fn soa_rr(&self) -> Rr {
        self.soa_record(self.soa_ttl)
    }

    pub(crate) fn soa(&self) -> &Soa<Name> {
        &self.soa
    }

    fn soa_record(&self, ttl: Ttl) -> Rr {
        Rr { owner: self.apex.clone(), ttl, data: ZoneRecordData::Soa(self.soa.clone()) }
    }

    fn set_serial(&mut self, serial: u32) {
        let old = &self.soa;
        self.soa = Soa::new(
            old.mname().clone(),
            old.rname().clone(),
            Serial(serial),
            old.refresh(),
            old.retry(),
            old.expire(),
            old.minimum(),
        );
        let set = Rrset { ttl: self.soa_ttl, data: vec![ZoneRecordData::Soa(self.soa.clone())] };
        Arc::make_mut(self.nodes.entry(&self.apex)).insert(Rtype::SOA, set);
    }
}

fn rrs<'a>(owner: &'a Name, set: &'a Rrset) -> impl Iterator<Item = Rr> + 'a {
    set.data.iter().map(|data| Rr { owner: owner.clone(), ttl: set.ttl, data: data.clone() })
}
