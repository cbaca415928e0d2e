//! What a zone answers: RFC 1034, section 4.3.2, with its later corrections.
//!
//! Wildcards by RFC 4592, DNAME by RFC 6672, negative answers by RFC 2308, ANY by RFC 8482, RCODE and AA of a chain of
//! aliases by RFC 6604, glue by RFC 9471. With DO, the signatures that the zone holds go along; proofs of denial do not.

use domain::base::name::{RelativeName, ToLabelIter, ToName};
use domain::base::{Rtype, Ttl};
use domain::rdata::{Cname, ZoneRecordData};

use super::{Node, Rdata, Rr, Rrset, Zone, rrs};
use crate::name::Name;
use crate::question::Question;
use crate::record::{Rcode, Record};

/// Longest chain of aliases that is followed inside the zone.
const MAX_ALIASES: usize = 16;

/// What a zone answers, in plain records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneAnswer {
    /// Response code: NOERROR, NXDOMAIN, REFUSED for names outside of the zone, YXDOMAIN for a DNAME that makes a
    /// name too long.
    pub rcode: Rcode,
    /// Whether the answer is authoritative; a referral is not.
    pub aa: bool,
    /// Answer section.
    pub answer: Vec<Record>,
    /// Authority section.
    pub authority: Vec<Record>,
    /// Additional section.
    pub additional: Vec<Record>,
}

/// What a zone answers, as the server composes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) rcode: Rcode,
    pub(crate) aa: bool,
    pub(crate) answer: Vec<Rr>,
    pub(crate) authority: Vec<Rr>,
    pub(crate) additional: Vec<Rr>,
    /// Whether the additional section is glue, without which the answer is of no use (RFC 9471).
    pub(crate) glue: bool,
}

/// Where a name leads from the apex down.
enum Way<'z> {
    /// To a zone cut at or above the name.
    Cut(&'z Name, &'z Rrset),
    /// To a DNAME above the name.
    Redirect(&'z Name, &'z Rrset),
    /// To the name itself, or to the wildcard that stands for it; an empty non-terminal has no node.
    Here(Option<&'z Node>),
    /// Nowhere.
    Missing,
}

impl Zone {
    /// What the zone answers (RFC 1034, section 4.3.2).
    #[must_use]
    pub fn answer(&self, question: &Question, dnssec_ok: bool) -> ZoneAnswer {
        let found = self.resolve(question, dnssec_ok);
        let plain = |list: &[Rr]| list.iter().map(Rr::plain).collect();
        ZoneAnswer {
            rcode: found.rcode,
            aa: found.aa,
            answer: plain(&found.answer),
            authority: plain(&found.authority),
            additional: plain(&found.additional),
        }
    }

    pub(crate) fn resolve(&self, question: &Question, dnssec_ok: bool) -> Answer {
        let mut found = Answer {
            rcode: Rcode::NOERROR,
            aa: true,
            answer: Vec::new(),
            authority: Vec::new(),
            additional: Vec::new(),
            glue: false,
        };
        if !question.wire_name().ends_with(&self.apex) {
            found.rcode = Rcode::REFUSED;
            found.aa = false;
            return found;
        }
        // In a zone without keys nothing can be validated, and DO changes nothing.
        let dnssec_ok = dnssec_ok && self.is_signed();
        let mut walk = Walk { zone: self, rtype: question.wire_type(), dnssec_ok, found };
        let mut current = question.wire_name().clone();
        for _ in 0..MAX_ALIASES {
            match walk.step(&current) {
                // A chain that comes back to where it was is given as far as it goes.
                Some(next) if next.ends_with(&self.apex) && !walk.owns_alias(&next) => current = next,
                _ => break,
            }
        }
        walk.add_addresses();
        walk.found
    }

    fn way(&self, name: &Name, rtype: Rtype) -> Way<'_> {
        let above = name.label_count().saturating_sub(self.apex.label_count());
        let chain: Vec<Name> = name.iter_suffixes().take(above + 1).collect();
        let mut encloser = self.apex.clone();
        // Looking names up is most of what an answer costs. One that owns records has all those above it; the apex exists,
        // and is the first in canonical order.
        let here = self.nodes.get_key_value(name);
        for suffix in chain.into_iter().rev() {
            let (is_name, is_apex) = (suffix == *name, suffix == self.apex);
            if here.is_none() && !is_apex && !self.exists(&suffix) {
                return self.wildcard(&encloser);
            }
            let found = match (is_name, is_apex) {
                (true, _) => here,
                (false, true) => self.nodes.first_key_value(),
                (false, false) => self.nodes.get_key_value(&suffix),
            };
            if let Some((owner, node)) = found {
                let cut = node.get(&Rtype::NS).filter(|_| !is_apex);
                if let Some(set) = cut.filter(|_| !(is_name && rtype == Rtype::DS)) {
                    return Way::Cut(owner, set);
                }
                if let Some(set) = node.get(&Rtype::DNAME).filter(|_| !is_name) {
                    return Way::Redirect(owner, set);
                }
            }
            encloser = suffix;
        }
        Way::Here(here.map(|(_, node)| node.as_ref()))
    }

    /// The wildcard below the closest encloser, if it exists (RFC 4592, section 3.3.1).
    fn wildcard(&self, encloser: &Name) -> Way<'_> {
        let Ok(source) = RelativeName::wildcard_ref().chain(encloser) else {
            return Way::Missing;
        };
        let source: Name = source.to_name();
        match self.nodes.get(&source) {
            Some(node) => Way::Here(Some(node)),
            None if self.exists(&source) => Way::Here(None),
            None => Way::Missing,
        }
    }
}

/// One question on its way through the zone.
struct Walk<'z> {
    zone: &'z Zone,
    rtype: Rtype,
    dnssec_ok: bool,
    found: Answer,
}

impl Walk<'_> {
    /// Answers for one name; gives the name that an alias leads to.
    fn step(&mut self, name: &Name) -> Option<Name> {
        match self.zone.way(name, self.rtype) {
            Way::Missing => {
                self.found.rcode = Rcode::NXDOMAIN;
                self.deny();
                None
            }
            Way::Cut(owner, set) => {
                self.refer(owner, set);
                None
            }
            Way::Redirect(owner, set) => self.redirect(name, owner, set),
            Way::Here(None) => {
                self.deny();
                None
            }
            Way::Here(Some(node)) => self.here(name, node),
        }
    }

    fn here(&mut self, name: &Name, node: &Node) -> Option<Name> {
        // One RRset stands for ANY (RFC 8482, section 4.1); signatures do not.
        let wanted = match self.rtype {
            Rtype::ANY => {
                node.iter().find(|(rtype, _)| **rtype != Rtype::RRSIG).or_else(|| node.iter().next())
            }
            rtype => node.get_key_value(&rtype),
        };
        if let Some((rtype, set)) = wanted {
            let list = self.signed(name, *rtype, node, set);
            self.found.answer.extend(list);
            return None;
        }
        let Some(set) = node.get(&Rtype::CNAME) else {
            self.deny();
            return None;
        };
        let list = self.signed(name, Rtype::CNAME, node, set);
        self.found.answer.extend(list);
        match set.data.first() {
            Some(ZoneRecordData::Cname(alias)) => Some(alias.cname().clone()),
            _ => None,
        }
    }

    /// A CNAME is made of the DNAME for the name asked (RFC 6672, section 3.1).
    fn redirect(&mut self, name: &Name, owner: &Name, set: &Rrset) -> Option<Name> {
        let node = self.zone.nodes.get(owner)?;
        // A chain may come through it twice; a record stands in an answer once.
        let is_given =
            |record: &Rr| matches!(record.data, ZoneRecordData::Dname(_)) && record.owner == *owner;
        if !self.found.answer.iter().any(is_given) {
            let list = self.signed(owner, Rtype::DNAME, node, set);
            self.found.answer.extend(list);
        }
        let Some(ZoneRecordData::Dname(data)) = set.data.first() else { return None };
        let Some(target) = replace_suffix(name, owner, data.dname()) else {
            self.found.rcode = Rcode::YXDOMAIN;
            return None;
        };
        let alias = ZoneRecordData::Cname(Cname::new(target.clone()));
        self.found.answer.push(Rr { owner: name.clone(), ttl: set.ttl, data: alias });
        // One that leads below itself would lead there again, and longer each time.
        let onwards = !data.dname().ends_with(owner);
        // Who asks for the alias has it.
        (onwards && self.rtype != Rtype::CNAME && self.rtype != Rtype::ANY).then_some(target)
    }

    fn refer(&mut self, owner: &Name, set: &Rrset) {
        self.found.aa = !self.found.answer.is_empty();
        self.found.authority.extend(rrs(owner, set));
        if let Some(node) = self.zone.nodes.get(owner).filter(|_| self.dnssec_ok)
            && let Some(ds) = node.get(&Rtype::DS)
        {
            let list = self.signed(owner, Rtype::DS, node, ds);
            self.found.authority.extend(list);
        }
        self.found.glue = true;
    }

    fn deny(&mut self) {
        let soa = self.zone.negative_soa();
        let ttl = soa.ttl;
        self.found.authority.push(soa);
        if let Some(node) = self.zone.nodes.get(&self.zone.apex).filter(|_| self.dnssec_ok) {
            let list = signatures(&self.zone.apex, Rtype::SOA, node, ttl);
            self.found.authority.extend(list);
        }
    }

    /// An RRset under the name asked, which differs from its owner where a wildcard stands for it.
    fn signed(&self, name: &Name, rtype: Rtype, node: &Node, set: &Rrset) -> Vec<Rr> {
        let mut list: Vec<Rr> = rrs(name, set).collect();
        if self.dnssec_ok && rtype != Rtype::RRSIG {
            list.extend(signatures(name, rtype, node, set.ttl));
        }
        list
    }

    fn owns_alias(&self, name: &Name) -> bool {
        let is_alias = |record: &Rr| matches!(record.data, ZoneRecordData::Cname(_));
        self.found.answer.iter().any(|record| is_alias(record) && record.owner == *name)
    }

    /// Addresses of the servers and exchanges that the answer names, as far as the zone has them.
    fn add_addresses(&mut self) {
        let mut hosts: Vec<Name> = Vec::new();
        for record in self.found.answer.iter().chain(&self.found.authority) {
            let host = match &record.data {
                ZoneRecordData::Ns(data) => data.nsdname(),
                ZoneRecordData::Mx(data) => data.exchange(),
                ZoneRecordData::Srv(data) => data.target(),
                _ => continue,
            };
            if !hosts.contains(host) && host.ends_with(&self.zone.apex) {
                hosts.push(host.clone());
            }
        }
        for host in hosts {
            let Some(node) = self.zone.nodes.get(&host) else { continue };
            for set in [Rtype::A, Rtype::AAAA].into_iter().filter_map(|rtype| node.get(&rtype)) {
                self.found.additional.extend(rrs(&host, set));
            }
        }
    }
}

fn signatures(name: &Name, rtype: Rtype, node: &Node, ttl: Ttl) -> Vec<Rr> {
    let covers = |data: &&Rdata| match data {
        ZoneRecordData::Rrsig(signature) => signature.type_covered() == rtype,
        _ => false,
    };
    let all = node.get(&Rtype::RRSIG).map(|set| set.data.as_slice()).unwrap_or_default();
    all.iter().filter(covers).map(|data| Rr { owner: name.clone(), ttl, data: data.clone() }).collect()
}

/// `name` with `new` in place of `old`; `None` when that is too long for a name.
fn replace_suffix(name: &Name, old: &Name, new: &Name) -> Option<Name> {
    let kept = name.label_count().checked_sub(old.label_count())?;
    let mut wire = Vec::new();
    for label in name.iter_labels().take(kept).chain(new.iter_labels()) {
        wire.push(u8::try_from(label.len()).ok()?);
        wire.extend_from_slice(label.as_slice());
    }
    Name::from_octets(wire.into()).ok()
}
