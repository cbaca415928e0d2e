//! From what was heard to causes: which names are wrong and explain what fails, and what remains where names are right. Pure.

use std::collections::{BTreeMap, BTreeSet};

use candor_core::Timestamp;
use candor_core::cause::{Feature, Ranking};
use candor_core::fault::{Kind, Layer};
use candor_core::finding::{Finding, ResolverFault, What};
use candor_core::id::{CapabilityId, CellKey, VantageId};
use candor_core::incident::{Cause, Found, RuledOut, WhyNot};
use candor_core::model::Resolve;
use candor_core::model::hosts::canonical;
use core::net::SocketAddr;

use super::contacts::before;
use super::suspects::{resolve, zone_of};
use super::witness::{self, Witness};
use super::{Evidence, Inquiry, Looked};
use crate::known::same_name;

/// From so many hosts on that a vantage does not reach, it is not each of them by itself.
const MANY_HOSTS: usize = 3;
/// Other names that are told beside the first.
const MAX_ALSO: usize = 16;
/// What is told as ruled out.
const MAX_RULED_OUT: usize = 8;

/// Failing witnesses with one cause.
pub(super) struct Group {
    pub(super) finding: Finding,
    /// What they have in common.
    pub(super) shares: Vec<Feature>,
    pub(super) names: BTreeSet<String>,
    pub(super) members: Vec<usize>,
    pub(super) contradicts: usize,
}

/// What explains how much; what explains most first. One that could not tell stands only where nothing else does.
#[must_use]
pub fn conclude(inquiry: &Inquiry, evidence: &Evidence, now: Timestamp) -> Vec<Found> {
    let witnesses = witness::all(inquiry);
    let case = Case::new(inquiry, &witnesses, evidence, now);
    let mut groups = case.of_dns();
    let explained: BTreeSet<usize> = groups.iter().flat_map(|group| group.members.iter().copied()).collect();
    let rest: Vec<usize> = case.accusing().filter(|at| !explained.contains(at)).collect();
    let (needs, rest) = case.of_needs(rest);
    groups.extend(needs);
    let (vantages, rest) = case.of_vantages(rest);
    groups.extend(vantages);
    let (others, ranking) = case.of_the_rest(&rest);
    groups.extend(others);
    if groups.iter().any(|group| group.finding.what.is_fault()) {
        groups.retain(|group| group.finding.what.is_fault());
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.members.len()));
    let ruled_out = case.ruled_out(&groups, &ranking);
    groups.into_iter().map(|group| case.found(group, &ruled_out)).collect()
}

/// Names that are wrong: how many witnesses each explains, and what is wrong with it.
type WrongNames<'c> = BTreeMap<&'c str, (usize, &'c What)>;

pub(super) struct Case<'c, 'w> {
    pub(super) inquiry: &'c Inquiry,
    pub(super) witnesses: &'c [Witness<'w>],
    evidence: &'c Evidence,
    now: Timestamp,
    /// Deeds that pass, looked at from there, at a service that declares the need.
    without: BTreeSet<(&'c CapabilityId, &'c VantageId, String)>,
    /// How failing checks fail at names that were walked to, by the zone of these.
    looked_like: BTreeMap<(Kind, &'c str), Vec<&'c str>>,
}

impl<'c, 'w> Case<'c, 'w> {
    fn new(
        inquiry: &'c Inquiry,
        witnesses: &'c [Witness<'w>],
        evidence: &'c Evidence,
        now: Timestamp,
    ) -> Self {
        let mut without = BTreeSet::new();
        for witness in witnesses.iter().filter(|witness| witness.passes) {
            let deed = (&witness.cell.key.capability, witness.vantage);
            without.extend(witness.service.needs.iter().map(|need| (deed.0, deed.1, canonical(need))));
        }
        let mut looked_like: BTreeMap<(Kind, &str), Vec<&str>> = BTreeMap::new();
        for witness in witnesses {
            let (Some(kind), Some(aim)) = (witness.accuses(), witness.aim()) else { continue };
            let Some((host, _)) = evidence.looked.get_key_value(&aim.host) else { continue };
            let list = looked_like.entry((kind, zone_of(&inquiry.plan, host))).or_default();
            if !list.contains(&host.as_str()) {
                list.push(host);
            }
        }
        Self { inquiry, witnesses, evidence, now, without, looked_like }
    }
}

impl<'c> Case<'c, '_> {
    fn accusing(&self) -> impl Iterator<Item = usize> {
        self.witnesses.iter().enumerate().filter(|(_, w)| w.accuses().is_some()).map(|(at, _)| at)
    }

    pub(super) fn looked(&self, host: &str) -> Option<&'c Looked> {
        self.evidence.looked.get(host)
    }

    /// Failing witnesses that a name explains that is wrong, by what is wrong with which zone.
    fn of_dns(&self) -> Vec<Group> {
        let mut groups: BTreeMap<(&str, String), (WrongNames<'_>, Vec<usize>)> = BTreeMap::new();
        for at in self.accusing() {
            let Some(witness) = self.witnesses.get(at) else { continue };
            let Some((name, what)) = self.wrong_name(witness) else { continue };
            let (names, members) = groups.entry((family(what), what.subject().to_owned())).or_default();
            names.entry(name).or_insert((0, what)).0 += 1;
            members.push(at);
        }
        let made = groups.into_values().filter_map(|(names, members)| self.dns_group(&names, members));
        made.fold(Vec::new(), |mut list: Vec<Group>, group| {
            match list.iter_mut().find(|other| are_of_one_server_set(other, &group)) {
                Some(other) => other.take(group),
                None => list.push(group),
            }
            list
        })
    }

    fn dns_group(&self, names: &WrongNames<'_>, members: Vec<usize>) -> Option<Group> {
        // What is wrong with many names says more than what is wrong with one of them.
        let weight = |(count, what): &(usize, &What)| (matches!(what, What::MassLoss { .. }), *count);
        let (first, (_, what)) = names.iter().max_by_key(|(_, named)| weight(named))?;
        let finding = Finding { what: (*what).clone(), ..self.looked(first)?.finding.clone() };
        let hosts: BTreeSet<String> = names.keys().map(|name| (*name).to_owned()).collect();
        let goes = |witness: &&Witness<'_>| hosts.iter().any(|host| witness.goes_to(host));
        let passing = self.witnesses.iter().filter(|witness| witness.passes).filter(goes);
        let of_steps = hosts.iter().cloned().map(Feature::Name);
        let shares = of_steps.chain(hosts.iter().cloned().map(Feature::Need)).collect();
        Some(Group { finding, shares, contradicts: passing.count(), names: hosts, members })
    }

    /// The name that is wrong and explains this witness, if there is one, and what of all that is wrong with it does.
    fn wrong_name(&self, witness: &Witness<'_>) -> Option<(&'c str, &'c What)> {
        let kind = witness.accuses()?;
        let look = |host: &str, fits: &dyn Fn(&What) -> bool| {
            let (host, looked) = self.evidence.looked.get_key_value(host)?;
            let what = looked.wrong().find(|what| fits(what))?;
            Some((host.as_str(), what))
        };
        if let Some(aim) = witness.aim() {
            let found = look(&aim.host, &|what| self.fits(what, witness, kind));
            if found.is_some() {
                return found;
            }
            if self.looked(&aim.host).is_none() && kind.layer() == Layer::Dns {
                return self.alike(witness);
            }
        }
        let needs =
            witness.needs.iter().filter(|need| kind.is_answered() && !self.does_without(witness, need));
        needs.into_iter().find_map(|need| look(need, &|_| true))
    }

    /// Whether the same deed passes, looked at from there, at another service that needs the same.
    fn does_without(&self, witness: &Witness<'_>, need: &str) -> bool {
        self.without.contains(&(&witness.cell.key.capability, witness.vantage, need.to_owned()))
    }

    /// Of more names than were walked to: one of the same zone that was, is wrong, and fails others in the same way.
    fn alike(&self, witness: &Witness<'_>) -> Option<(&'c str, &'c What)> {
        let (kind, host) = (witness.accuses()?, &witness.aim()?.host);
        let zone = zone_of(&self.inquiry.plan, host);
        let twins = self.looked_like.get(&(kind, zone))?;
        twins.iter().find_map(|host| {
            let what = self.looked(host)?.wrong().find(|what| self.fits(what, witness, kind))?;
            Some((*host, what))
        })
    }

    /// Whether what is wrong with the name of its failing step explains how it fails.
    fn fits(&self, what: &What, witness: &Witness<'_>, kind: Kind) -> bool {
        let was = before(self.inquiry, witness).and_then(|address| self.contact(witness, address));
        match what {
            // Silence of a resolver is no fault of it where nothing else is reached from there either.
            // Nor where somebody else of that vantage found a name by it meanwhile.
            What::Resolver {
                resolver, fault: ResolverFault::Silent | ResolverFault::Unreachable(_), ..
            } => {
                matches!(was, Some(Ok(())))
                    && !self.is_lossy(witness.vantage)
                    && !self.is_heard(resolver, witness.vantage)
            }
            // A name that leads elsewhere is no cause where what it led to fails as well.
            // And none where no answer came at all.
            What::Cached { holds, .. } if matches!(holds.as_str(), "NXDOMAIN" | "NODATA") => {
                kind.layer() == Layer::Dns && kind != Kind::DnsTimeout
            }
            // What a resolver held while all was well, it may go on holding: it has a view of its own.
            What::Cached { holds, .. } if self.led_there(witness, holds) => false,
            What::WrongData { .. } | What::Wildcard { .. } | What::Cached { .. } => {
                let answered = kind.layer() != Layer::Dns || kind == Kind::DnsWrongAnswer;
                answered && !matches!(was, Some(Err(_)))
            }
            What::Disagreement { .. } | What::SerialsDiffer { .. } => !matches!(was, Some(Err(_))),
            _ => matches!(kind.layer(), Layer::Dns | Layer::Deadline),
        }
    }

    /// Whether a connection from the vantage was not answered in time: what is silent there may be the way to it.
    fn is_lossy(&self, vantage: &VantageId) -> bool {
        let from_there = self.evidence.contacts.iter().filter(|((from, _), _)| from == vantage);
        from_there.into_iter().any(|(_, met)| met.is_err_and(Kind::is_of_time))
    }

    /// Whether a check from the vantage that asks this resolver passed since the first of those failed.
    fn is_heard(&self, resolver: &str, vantage: &VantageId) -> bool {
        let Ok(resolver) = resolver.parse::<SocketAddr>() else { return false };
        let asks = |witness: &&Witness<'_>| matches!(resolve(&self.inquiry.plan, witness), Resolve::Servers(servers) if servers.contains(&resolver));
        let passing = self.witnesses.iter().filter(|witness| witness.passes && witness.vantage == vantage);
        passing.filter(|witness| witness.aims.iter().flatten().next().is_some()).any(|witness| asks(&witness))
    }

    /// Whether this record, `A 192.0.2.1`, leads where the failing step led while all was well.
    fn led_there(&self, witness: &Witness<'_>, record: &str) -> bool {
        let data = record.split_once(' ').and_then(|(_, data)| data.parse().ok());
        data.is_some() && data == before(self.inquiry, witness).map(|address| address.ip())
    }

    pub(super) fn contact(&self, witness: &Witness<'_>, address: SocketAddr) -> Option<Result<(), Kind>> {
        self.evidence.contacts.get(&(witness.vantage.clone(), address)).copied()
    }

    /// Failing witnesses whose service needs something that took connections while all was well, and takes none now.
    fn of_needs(&self, rest: Vec<usize>) -> (Vec<Group>, Vec<usize>) {
        let mut groups: BTreeMap<String, (Kind, SocketAddr, Vec<usize>)> = BTreeMap::new();
        let mut left = Vec::new();
        for at in rest {
            match self.witnesses.get(at).and_then(|witness| self.need_down(witness)) {
                Some((need, kind, address)) => {
                    groups.entry(need).or_insert_with(|| (kind, address, Vec::new())).2.push(at);
                }
                None => left.push(at),
            }
        }
        let made = groups.into_iter().map(|(need, (kind, address, members))| Group {
            finding: self.not_dns(&need, Some(address), kind),
            shares: vec![Feature::Need(need.clone())],
            names: BTreeSet::from([need]),
            members,
            contradicts: 0,
        });
        (made.collect(), left)
    }

    fn need_down(&self, witness: &Witness<'_>) -> Option<(String, Kind, SocketAddr)> {
        witness.accuses().filter(|kind| kind.is_answered())?;
        let port = witness.aim()?.port?;
        witness.needs.iter().filter(|need| !self.does_without(witness, need)).find_map(|need| {
            let address = SocketAddr::new(*self.looked(need)?.addresses.first()?, port);
            let met = self.contact(witness, address)?.err()?;
            // Packets may be lost on the way from one place: nobody must have got there.
            let met_all = self.evidence.contacts.iter().filter(|((_, to), _)| *to == address);
            let down = met_all.clone().all(|(_, met)| met.is_err());
            let sure = met != Kind::ConnectTimeout || met_all.count() > 1;
            (down && sure && self.inquiry.memory.answered(need, port)).then(|| (need.clone(), met, address))
        })
    }

    /// Failing witnesses of a vantage from which much is not answered in time that is answered elsewhere: what lies between.
    fn of_vantages(&self, rest: Vec<usize>) -> (Vec<Group>, Vec<usize>) {
        let mut by_vantage: BTreeMap<&VantageId, Vec<usize>> = BTreeMap::new();
        for at in &rest {
            let witness = self.witnesses.get(*at);
            if let Some(witness) = witness.filter(|w| w.accuses().is_some_and(Kind::is_of_time)) {
                by_vantage.entry(witness.vantage).or_default().push(*at);
            }
        }
        let mut groups = Vec::new();
        let mut taken = BTreeSet::new();
        for (vantage, members) in by_vantage {
            // Also those whose failing is another incident so far: they tell as much of the way from there.
            let fails_too =
                |w: &&Witness<'_>| w.vantage == vantage && w.fails.is_some_and(|(kind, _)| kind.is_of_time());
            let failing = self.witnesses.iter().filter(fails_too);
            let hosts: BTreeSet<&str> = failing.filter_map(|w| Some(w.aim()?.host.as_str())).collect();
            let elsewhere =
                |w: &&Witness<'_>| w.vantage != vantage && hosts.iter().any(|host| w.goes_to(host));
            let mut elsewhere = self.witnesses.iter().filter(elsewhere).peekable();
            let alone = elsewhere.peek().is_some() && elsewhere.all(|w| w.fails.is_none());
            if hosts.len() >= MANY_HOSTS && alone {
                taken.extend(members.iter().copied());
                groups.extend(self.rest_group(members, vec![Feature::Vantage(vantage.clone())], 0));
            }
        }
        (groups, rest.into_iter().filter(|at| !taken.contains(at)).collect())
    }

    pub(super) fn not_dns(&self, host: &str, address: Option<SocketAddr>, kind: Kind) -> Finding {
        let address = address.map(|address| address.ip().to_string()).unwrap_or_default();
        self.finding(host, What::NotDns { name: format!("{host}."), address, kind, detail: String::new() })
    }

    pub(super) fn not_known(&self, witness: &Witness<'_>) -> Finding {
        let host = witness.aim().map_or("", |aim| aim.host.as_str());
        let elsewhere = self.leads_elsewhere(witness);
        let why = match self.looked(host).map(|looked| &looked.finding.what) {
            _ if elsewhere => {
                "it leads elsewhere than when it last worked, and which is right is not known".to_owned()
            }
            Some(What::CouldNotTell { why }) => why.clone(),
            Some(What::Healthy { .. }) => "its name is right at every server that was asked".to_owned(),
            _ => "nothing that was looked at explains what fails".to_owned(),
        };
        self.finding(host, What::CouldNotTell { why })
    }

    fn finding(&self, host: &str, what: What) -> Finding {
        Finding { name: format!("{host}."), what, was: None, asides: Vec::new(), at: self.now }
    }

    /// What was looked at, or is shared by what fails, and is not the cause.
    fn ruled_out(&self, groups: &[Group], ranking: &Ranking) -> Vec<RuledOut> {
        let named =
            |host: &str| groups.iter().any(|group| group.names.contains(host) || is_about(group, host));
        let looked = self.evidence.looked.iter().filter(|(host, _)| !named(host));
        let looked = looked.filter_map(|(host, looked)| {
            let why = match &looked.finding.what {
                What::Healthy { .. } => WhyNot::Healthy,
                what if what.is_dns() => WhyNot::ExplainsNothing,
                _ => return None,
            };
            Some(RuledOut { feature: Feature::Name(host.clone()), why })
        });
        let passes = |count: usize| WhyNot::Passes(u32::try_from(count).unwrap_or(u32::MAX));
        let shared = ranking
            .ruled_out
            .iter()
            .map(|other| RuledOut { feature: other.feature.clone(), why: passes(other.contradicts.len()) });
        let mut list: Vec<RuledOut> = looked.chain(shared).collect();
        list.truncate(MAX_RULED_OUT);
        list
    }

    fn found(&self, group: Group, ruled_out: &[RuledOut]) -> Found {
        let members = group.members.iter().filter_map(|at| self.witnesses.get(*at));
        let cells: BTreeSet<&CellKey> = members.map(|witness| &witness.cell.key).collect();
        let host = group.finding.name.trim_end_matches('.');
        let way = self.looked(host).map(|looked| Box::new(looked.way.clone()));
        let also = group.names.iter().filter(|host| format!("{host}.") != group.finding.name);
        Found {
            cause: Cause {
                also: also.take(MAX_ALSO).cloned().collect(),
                explains: u32::try_from(cells.len()).unwrap_or(u32::MAX),
                contradicts: u32::try_from(group.contradicts).unwrap_or(u32::MAX),
                covers: group.shares,
                ruled_out: ruled_out.to_vec(),
                way,
                at: self.now,
                finding: group.finding,
            },
            cells: cells.into_iter().cloned().collect(),
        }
    }
}

impl Group {
    /// Takes in another of the same cause.
    pub(super) fn take(&mut self, other: Self) {
        self.names.insert(other.finding.name.trim_end_matches('.').to_owned());
        self.names.extend(other.names);
        self.members.extend(other.members);
        self.shares.extend(other.shares);
        self.contradicts += other.contradicts;
    }
}

/// Whether several zones fail in the same way because of a server that they share.
fn are_of_one_server_set(one: &Group, other: &Group) -> bool {
    let servers = |what: &What| match what {
        What::Unreachable { servers, .. }
        | What::CopyExpired { servers, .. }
        | What::Lame { servers, .. } => servers.these.iter().map(|server| server.address.clone()).collect(),
        _ => Vec::new(),
    };
    let theirs = servers(&other.finding.what);
    family(&one.finding.what) == family(&other.finding.what)
        && servers(&one.finding.what).iter().any(|server| theirs.contains(server))
}

fn is_about(group: &Group, host: &str) -> bool {
    group.finding.name.trim_end_matches('.') == host
}

impl Looked {
    /// All that is wrong with the name, the nearest first.
    fn wrong(&self) -> impl Iterator<Item = &What> {
        let stops_nobody = |what: &&What| {
            matches!(what, What::DsUnbound { .. } | What::RegistrationEnds { .. } | What::GlueDiffers { .. })
        };
        // What is wrong with other names of the zone, which were asked for beside it, is not wrong with this one.
        let of_this = |what: &&What| {
            !matches!(what, What::MassLoss { .. })
                && what.name().is_none_or(|name| self.links.iter().any(|link| same_name(link, name)))
        };
        let asides = self.finding.asides.iter().filter(move |what| !stops_nobody(what) && of_this(what));
        std::iter::once(&self.finding.what).chain(asides).filter(|what| what.is_dns())
    }
}

/// What is one event when it befalls several names of a zone.
const fn family(what: &What) -> &'static str {
    match what {
        What::NameMissing { .. }
        | What::MassLoss { .. }
        | What::Disagreement { .. }
        | What::SerialsDiffer { .. } => "names are gone, from all copies or from some",
        other => other.class(),
    }
}

#[cfg(test)]
mod tests {
    use candor_core::finding::{Server, Servers};

    use super::*;

    /// A zone none of whose servers, by their addresses, is reached.
    fn silent(zone: &str, addresses: &[&str]) -> Group {
        let server = |at: &&str| Server { name: "ns.".into(), address: (*at).into(), said: "silent".into() };
        let servers = Servers { these: addresses.iter().map(server).collect(), of: 2, hosts: 0 };
        let what = What::Unreachable { zone: zone.into(), servers, network: None };
        let name = format!("www.{zone}");
        let finding = Finding { name, what, was: None, asides: Vec::new(), at: Timestamp::UNIX_EPOCH };
        Group { finding, shares: Vec::new(), names: BTreeSet::new(), members: vec![0], contradicts: 0 }
    }

    #[test]
    fn zones_that_fail_because_of_the_same_servers_have_one_cause() {
        let one = silent("one.example.", &["192.0.2.1", "192.0.2.2"]);
        assert!(are_of_one_server_set(&one, &silent("two.example.", &["192.0.2.2"])));
        assert!(!are_of_one_server_set(&one, &silent("two.example.", &["192.0.2.3"])));
        assert!(!are_of_one_server_set(&one, &silent("two.example.", &[])));
        let mut other = silent("two.example.", &["192.0.2.2"]);
        let these = vec![Server { name: "ns.".into(), address: "192.0.2.2".into(), said: "REFUSED".into() }];
        let servers = Servers { these, of: 1, hosts: 0 };
        other.finding.what = What::Lame { zone: "two.example.".into(), parent: "example.".into(), servers };
        assert!(!are_of_one_server_set(&one, &other), "they fail in different ways");
        let mut both = one;
        both.take(silent("two.example.", &["192.0.2.2"]));
        assert_eq!(both.members, [0, 0]);
        assert!(both.names.contains("www.two.example"));
    }
}
