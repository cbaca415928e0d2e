//! What a zone answers: RFC 1034, section 4.3.2, with its later corrections.
//!
//! Wildcards by RFC 4592, DNAME by RFC 6672, negative answers by RFC 2308, ANY by RFC 8482, RCODE and AA of a chain of
//! aliases by RFC 6604, glue by RFC 9471. With DO, the signatures that the zone holds go along; proofs of denial do not.

use std::borrow::Cow;

use domain::base::name::ToLabelIter;
use domain::base::{Rtype, Ttl};
use domain::rdata::{Cname, ZoneRecordData};

use super::{Given, Node, Rdata, Rrset, Zone};
use crate::by_name::Path;
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
pub(crate) struct Answer<'a> {
    pub(crate) rcode: Rcode,
    pub(crate) aa: bool,
    pub(crate) answer: Vec<Given<'a>>,
    pub(crate) authority: Vec<Given<'a>>,
    pub(crate) additional: Vec<Given<'a>>,
    /// Whether the additional section is glue, without which the answer is of no use (RFC 9471).
    pub(crate) glue: bool,
}

/// Where a name leads from the apex down.
pub(super) enum Way<'z> {
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
        let found = self.resolve(question, &Path::of(question.wire_name()), dnssec_ok);
        let plain = |list: &[Given<'_>]| list.iter().map(Given::plain).collect();
        ZoneAnswer {
            rcode: found.rcode,
            aa: found.aa,
            answer: plain(&found.answer),
            authority: plain(&found.authority),
            additional: plain(&found.additional),
        }
    }

    /// As [`Zone::answer`], as references into the zone; `path` is that of the name asked.
    pub(crate) fn resolve<'a>(&'a self, question: &'a Question, path: &Path, dnssec_ok: bool) -> Answer<'a> {
        let mut found = Answer { aa: true, ..Answer::default() };
        let name = question.wire_name();
        if !name.ends_with(&self.apex) {
            found.rcode = Rcode::REFUSED;
            found.aa = false;
            return found;
        }
        // In a zone without keys nothing can be validated, and DO changes nothing.
        let dnssec_ok = dnssec_ok && self.is_signed();
        let mut walk = Walk { zone: self, rtype: question.wire_type(), dnssec_ok, found };
        let mut next = walk.step(Cow::Borrowed(name), path);
        for _ in 1..MAX_ALIASES {
            match next {
                // A chain that comes back to where it was is given as far as it goes.
                Some(name) if name.ends_with(&self.apex) && !walk.owns_alias(&name) => {
                    let path = Path::of(&name);
                    next = walk.step(name, &path);
                }
                _ => break,
            }
        }
        walk.add_addresses();
        walk.found
    }

    pub(super) fn way(&self, path: &Path, rtype: Rtype) -> Way<'_> {
        // Looking names up is most of what an answer costs. One that owns records has all those above it; the apex exists,
        // and is the first in canonical order.
        let here = self.nodes.at(path.whole());
        let apex = self.apex.iter_labels().count() - 1;
        for labels in apex..=path.labels() {
            let (is_name, is_apex) = (labels == path.labels(), labels == apex);
            if here.is_none() && !is_apex && !self.nodes.exists(path.key(labels)) {
                return self.wildcard(&path.wildcard(labels - 1));
            }
            let found = match (is_name, is_apex) {
                (true, _) => here,
                (false, true) => self.nodes.first(),
                (false, false) => self.nodes.at(path.key(labels)),
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
        }
        Way::Here(here.map(|(_, node)| node.as_ref()))
    }

    /// The wildcard below the closest encloser, if it exists (RFC 4592, section 3.3.1).
    fn wildcard(&self, key: &[u8]) -> Way<'_> {
        match self.nodes.at(key) {
            Some((_, node)) => Way::Here(Some(node)),
            None if self.nodes.exists(key) => Way::Here(None),
            None => Way::Missing,
        }
    }
}

/// One question on its way through the zone.
struct Walk<'z> {
    zone: &'z Zone,
    rtype: Rtype,
    dnssec_ok: bool,
    found: Answer<'z>,
}

impl<'z> Walk<'z> {
    /// Answers for one name; gives the name that an alias leads to.
    fn step(&mut self, name: Cow<'z, Name>, path: &Path) -> Option<Cow<'z, Name>> {
        match self.zone.way(path, self.rtype) {
            Way::Missing => {
                self.found.rcode = Rcode::NXDOMAIN;
                self.deny();
                None
            }
            Way::Cut(owner, set) => {
                self.refer(owner, set);
                None
            }
            Way::Redirect(owner, set) => self.redirect(&name, owner, set),
            Way::Here(None) => {
                self.deny();
                None
            }
            Way::Here(Some(node)) => self.here(name, node),
        }
    }

    fn here(&mut self, name: Cow<'z, Name>, node: &'z Node) -> Option<Cow<'z, Name>> {
        // One RRset stands for ANY (RFC 8482, section 4.1); signatures do not.
        let wanted = match self.rtype {
            Rtype::ANY => {
                node.iter().find(|(rtype, _)| **rtype != Rtype::RRSIG).or_else(|| node.iter().next())
            }
            rtype => node.get_key_value(&rtype),
        };
        if let Some((rtype, set)) = wanted {
            self.found.answer.extend(self.signed(name, *rtype, node, set));
            return None;
        }
        let Some(set) = node.get(&Rtype::CNAME) else {
            self.deny();
            return None;
        };
        self.found.answer.extend(self.signed(name, Rtype::CNAME, node, set));
        match set.data.first() {
            Some(ZoneRecordData::Cname(alias)) => Some(Cow::Borrowed(alias.cname())),
            _ => None,
        }
    }

    /// A CNAME is made of the DNAME for the name asked (RFC 6672, section 3.1).
    fn redirect(&mut self, name: &Cow<'z, Name>, owner: &'z Name, set: &'z Rrset) -> Option<Cow<'z, Name>> {
        let node = self.zone.nodes.get(owner)?;
        // A chain may come through it twice; a record stands in an answer once.
        let is_given =
            |record: &Given<'_>| matches!(*record.data, ZoneRecordData::Dname(_)) && *record.owner == *owner;
        if !self.found.answer.iter().any(is_given) {
            self.found.answer.extend(self.signed(Cow::Borrowed(owner), Rtype::DNAME, node, set));
        }
        let Some(ZoneRecordData::Dname(data)) = set.data.first() else { return None };
        let Some(target) = replace_suffix(name, owner, data.dname()) else {
            self.found.rcode = Rcode::YXDOMAIN;
            return None;
        };
        let alias = ZoneRecordData::Cname(Cname::new(target.clone()));
        self.found.answer.push(Given { owner: name.clone(), ttl: set.ttl, data: Cow::Owned(alias) });
        // One that leads below itself would lead there again, and longer each time.
        let onwards = !data.dname().ends_with(owner);
        // Who asks for the alias has it.
        (onwards && self.rtype != Rtype::CNAME && self.rtype != Rtype::ANY).then_some(Cow::Owned(target))
    }

    fn refer(&mut self, owner: &'z Name, set: &'z Rrset) {
        self.found.aa = !self.found.answer.is_empty();
        self.found.authority.extend(given(Cow::Borrowed(owner), set));
        if let Some(node) = self.zone.nodes.get(owner).filter(|_| self.dnssec_ok)
            && let Some(ds) = node.get(&Rtype::DS)
        {
            self.found.authority.extend(self.signed(Cow::Borrowed(owner), Rtype::DS, node, ds));
        }
        self.found.glue = true;
    }

    /// The SOA of a negative answer; its TTL is bounded by its MINIMUM (RFC 2308, section 3).
    fn deny(&mut self) {
        let zone = self.zone;
        let Some((apex, node)) = zone.nodes.first() else { return };
        let Some(soa) = node.get(&Rtype::SOA).and_then(|set| set.data.first()) else { return };
        let (owner, ttl) = (Cow::Borrowed(apex), zone.soa_ttl.min(zone.soa.minimum()));
        self.found.authority.push(Given { owner: owner.clone(), ttl, data: Cow::Borrowed(soa) });
        if self.dnssec_ok {
            self.found.authority.extend(signatures(owner, Rtype::SOA, node, ttl));
        }
    }

    /// An RRset under the name asked, which differs from its owner where a wildcard stands for it.
    fn signed(
        &self,
        name: Cow<'z, Name>,
        rtype: Rtype,
        node: &'z Node,
        set: &'z Rrset,
    ) -> impl Iterator<Item = Given<'z>> + use<'z> {
        let wanted = self.dnssec_ok && rtype != Rtype::RRSIG;
        let signatures = wanted.then(|| signatures(name.clone(), rtype, node, set.ttl));
        given(name, set).chain(signatures.into_iter().flatten())
    }

    fn owns_alias(&self, name: &Name) -> bool {
        let is_alias = |record: &Given<'_>| matches!(*record.data, ZoneRecordData::Cname(_));
        self.found.answer.iter().any(|record| is_alias(record) && *record.owner == *name)
    }

    /// Addresses of the servers and exchanges that the answer names, as far as the zone has them.
    fn add_addresses(&mut self) {
        let zone = self.zone;
        let mut hosts: Vec<&'z Name> = Vec::new();
        for record in self.found.answer.iter().chain(&self.found.authority) {
            // What is made for the answer, an alias, names no such host.
            let Cow::Borrowed(data) = record.data else { continue };
            let host = match data {
                ZoneRecordData::Ns(data) => data.nsdname(),
                ZoneRecordData::Mx(data) => data.exchange(),
                ZoneRecordData::Srv(data) => data.target(),
                _ => continue,
            };
            if !hosts.contains(&host) && host.ends_with(&zone.apex) {
                hosts.push(host);
            }
        }
        for host in hosts {
            let Some(node) = zone.nodes.get(host) else { continue };
            for set in [Rtype::A, Rtype::AAAA].into_iter().filter_map(|rtype| node.get(&rtype)) {
                self.found.additional.extend(given(Cow::Borrowed(host), set));
            }
        }
    }
}

fn given<'a>(owner: Cow<'a, Name>, set: &'a Rrset) -> impl Iterator<Item = Given<'a>> {
    set.data.iter().map(move |data| Given { owner: owner.clone(), ttl: set.ttl, data: Cow::Borrowed(data) })
}

fn signatures<'a>(
    name: Cow<'a, Name>,
    rtype: Rtype,
    node: &'a Node,
    ttl: Ttl,
) -> impl Iterator<Item = Given<'a>> {
    let covers = move |data: &&Rdata| match data {
        ZoneRecordData::Rrsig(signature) => signature.type_covered() == rtype,
        _ => false,
    };
    let all = node.get(&Rtype::RRSIG).map(|set| set.data.as_slice()).unwrap_or_default();
    let one = move |data| Given { owner: name.clone(), ttl, data: Cow::Borrowed(data) };
    all.iter().filter(covers).map(one)
}

/// `name` with `new` in place of `old`; `None` when that is too long for a name.
pub(super) fn replace_suffix(name: &Name, old: &Name, new: &Name) -> Option<Name> {
    let kept = name.label_count().checked_sub(old.label_count())?;
    let mut wire = Vec::new();
    for label in name.iter_labels().take(kept).chain(new.iter_labels()) {
        wire.push(u8::try_from(label.len()).ok()?);
        wire.extend_from_slice(label.as_slice());
    }
    Name::from_octets(wire.into()).ok()
}
