//! What names do not explain: by what else the failing have in common, and what it is that fails there. Pure.

use std::collections::{BTreeMap, BTreeSet};

use candor_core::cause::{self, Feature, Ranking};
use candor_core::fault::{Kind, Layer};
use candor_core::finding::{Finding, What};
use candor_core::model::Resolve;
use core::net::SocketAddr;

use super::conclude::{Case, Group};
use super::contacts::before;
use super::suspects::resolve;
use super::witness::Witness;

impl Case<'_, '_> {
    /// What names do not explain: by what else the failing have in common.
    pub(super) fn of_the_rest(&self, rest: &[usize]) -> (Vec<Group>, Ranking) {
        let failing = rest
            .iter()
            .filter_map(|at| self.witnesses.get(*at))
            .map(|witness| cause::Witness { failing: true, features: self.features_of_failing(witness) });
        let passing = self.witnesses.iter().filter(|witness| witness.passes);
        let passing = passing
            .map(|witness| cause::Witness { failing: false, features: self.features_of_passing(witness) });
        let all: Vec<cause::Witness> = failing.chain(passing).collect();
        let ranking = cause::rank(&all);
        let mut taken = BTreeSet::new();
        let mut groups = Vec::new();
        for hypothesis in &ranking.causes {
            let explains = hypothesis.explains.iter().filter_map(|at| rest.get(*at).copied());
            let members: Vec<usize> = explains.filter(|at| taken.insert(*at)).collect();
            let contradicts = hypothesis.contradicts.len();
            groups.extend(self.rest_group(members, vec![hypothesis.feature.clone()], contradicts));
        }
        let left = rest.iter().copied().filter(|at| !taken.contains(at)).collect();
        groups.extend(self.rest_group(left, Vec::new(), 0));
        (self.together(groups), ranking)
    }

    /// Groups that answer with the same error for the same deed, and need the same inside: most likely that is what fails.
    fn together(&self, groups: Vec<Group>) -> Vec<Group> {
        let mut list: Vec<Group> = Vec::new();
        for group in groups {
            match list.iter_mut().find(|other| self.are_alike(other, &group)) {
                Some(other) => other.take(group),
                None => list.push(group),
            }
        }
        list
    }

    fn are_alike(&self, one: &Group, other: &Group) -> bool {
        let (What::NotDns { kind, .. }, What::NotDns { kind: its, .. }) =
            (&one.finding.what, &other.finding.what)
        else {
            return false;
        };
        let first = |group: &Group| group.members.first().and_then(|at| self.witnesses.get(*at));
        let (Some(one), Some(other)) = (first(one), first(other)) else { return false };
        let same_deed = one.cell.key.capability == other.cell.key.capability;
        kind == its
            && kind.is_answered()
            && same_deed
            && one.needs.iter().any(|need| other.needs.contains(need))
    }

    pub(super) fn rest_group(
        &self,
        members: Vec<usize>,
        mut shares: Vec<Feature>,
        contradicts: usize,
    ) -> Option<Group> {
        let behind = shares.first().is_some_and(is_behind_names);
        let witnesses = || members.iter().filter_map(|at| self.witnesses.get(*at));
        let mut said: BTreeMap<_, usize> = BTreeMap::new();
        let mut names = BTreeSet::new();
        for witness in witnesses() {
            let Some(host) = witness.aim().map(|aim| aim.host.as_str()) else { continue };
            names.insert(host.to_owned());
            if let Some((kind, address)) = self.beyond_names(witness) {
                // What lies behind names fails in one way for all of them.
                let key = (kind, (!behind).then_some((host, address)));
                *said.entry(key).or_default() += 1;
            }
        }
        let told: usize = said.values().sum();
        let most = said.into_iter().max_by_key(|(_, count)| *count).filter(|_| told * 2 > members.len());
        let finding = match most {
            Some(((kind, Some((host, address))), _)) => self.not_dns(host, address, kind),
            Some(((kind, None), _)) => self.behind_names(kind, shares.first()?, witnesses())?,
            None => self.not_known(witnesses().next()?),
        };
        if finding.what.is_fault() {
            names.remove(finding.name.trim_end_matches('.'));
        }
        if behind {
            shares.extend(witnesses().filter_map(|w| Some(Feature::Name(w.aim()?.host.clone()))));
        }
        // What fails next of the same service belongs to it, until more is known.
        shares.extend(witnesses().map(|w| Feature::Service(w.service.id.clone())));
        let mut told = BTreeSet::new();
        shares.retain(|feature| told.insert(feature.clone()));
        Some(Group { finding, shares, names, members, contradicts })
    }

    /// What lies behind several names and fails: told of the first of them.
    fn behind_names<'x>(
        &self,
        kind: Kind,
        what: &Feature,
        mut witnesses: impl Iterator<Item = &'x Witness<'x>>,
    ) -> Option<Finding> {
        let (host, address) = witnesses.find_map(|witness| {
            let (its, address) = self.beyond_names(witness)?;
            (its == kind).then_some((witness.aim()?.host.as_str(), address))
        })?;
        let mut finding = self.not_dns(host, address, kind);
        if let What::NotDns { address, detail, .. } = &mut finding.what {
            match what {
                Feature::Network(prefix) => address.clone_from(prefix),
                Feature::Certificate(print) => {
                    *detail = format!("one certificate, SHA-256 {}", print.get(..16).unwrap_or(print));
                }
                _ => {}
            }
        }
        Some(finding)
    }

    /// How a witness fails where its name is right: by what it met, or by what the address does that it reached before.
    pub(super) fn beyond_names(&self, witness: &Witness<'_>) -> Option<(Kind, Option<SocketAddr>)> {
        let kind = witness.accuses()?;
        let was = before(self.inquiry, witness);
        if kind.layer() == Layer::Dns {
            let address = was?;
            let met = self.contact(witness, address)?.err()?;
            return Some((met, Some(address)));
        }
        let aim = witness.aim()?;
        if self.leads_elsewhere(witness) {
            return None;
        }
        let ip = self.looked(&aim.host).and_then(|looked| looked.addresses.first());
        let now = ip.zip(aim.port).map(|(ip, port)| SocketAddr::new(*ip, port));
        Some((kind, was.or(now)))
    }

    /// Whether a name leads elsewhere than when it last worked, by the same servers, and nothing is remembered of what is
    /// right.
    pub(super) fn leads_elsewhere(&self, witness: &Witness<'_>) -> bool {
        let Some(aim) = witness.aim() else { return false };
        let (Some(was), Some(looked)) = (before(self.inquiry, witness), self.looked(&aim.host)) else {
            return false;
        };
        let moved = !looked.addresses.is_empty() && !looked.addresses.contains(&was.ip());
        moved && self.same_view(witness) && !self.inquiry.memory.knows(&aim.host)
    }

    /// Whether the vantage asks the servers of the zone themselves: who asks others may be shown something else.
    fn same_view(&self, witness: &Witness<'_>) -> bool {
        let Resolve::Servers(asked) = resolve(&self.inquiry.plan, witness) else { return false };
        let known = || self.inquiry.plan.zones.iter().flat_map(|zone| &zone.servers);
        asked.iter().all(|server| known().any(|known| known.address == *server))
    }
}

/// Whether it lies behind names, which several of them can lead to.
const fn is_behind_names(feature: &Feature) -> bool {
    matches!(feature, Feature::Certificate(_) | Feature::Address(_) | Feature::Network(_))
}
