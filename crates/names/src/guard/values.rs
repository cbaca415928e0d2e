//! R10: addresses lie in owned networks, and what says who may send mail is not lost by the way.

use std::net::IpAddr;

use domain::base::Rtype;
use domain::rdata::ZoneRecordData;

use super::Case;
use super::breach::{Breaches, Severity};
use crate::name::{self, Name};
use crate::zone::{Rdata, Zone};

const OWNED: &str = "Look whether the address is right. If it is, add its network to `limits: owned:`.";
const SPF: &str = "Put back what was lost from the policy, or soften its end while it is missing (RFC 7208).";
const LOST: &str =
    "Put the set back: without it, mail goes to the name's address, or anybody may be trusted.";

pub(super) fn check(case: &Case<'_>, found: &mut Breaches) {
    owned(case, found);
    policies(case, found);
    lost(case, found);
}

/// New addresses that lie in no owned network.
fn owned(case: &Case<'_>, found: &mut Breaches) {
    let owned = &case.limits.owned;
    if owned.is_empty() {
        return;
    }
    let before = |owner: &Name, data: &Rdata| {
        let set = case.live.node(owner).and_then(|node| node.get(&domain::base::RecordData::rtype(data)));
        set.is_some_and(|set| set.data.contains(data))
    };
    for record in &case.diff.added {
        let Some(address) = address(&record.data) else { continue };
        if owned.iter().any(|network| network.contains(address)) || before(&record.owner, &record.data) {
            continue;
        }
        found.add(Severity::Refuse, OWNED, name::show(&record.owner), |name| {
            format!("{name} would lead to {address}, which lies in no owned network")
        });
    }
}

/// Policies for senders of mail that lose a part, the more so where they become strict at once.
fn policies(case: &Case<'_>, found: &mut Breaches) {
    for owner in changed(case, Rtype::TXT) {
        let (Some(old), Some(new)) = (policy(case.live, owner), policy(case.proposed, owner)) else {
            continue;
        };
        let lost: Vec<&str> = old
            .iter()
            .filter(|part| is_mechanism(part) && !new.contains(*part))
            .map(String::as_str)
            .collect();
        if lost.is_empty() {
            continue;
        }
        let strict = |policy: &[String]| policy.iter().any(|part| part == "-all");
        let hardened = strict(&new) && !strict(&old);
        let severity = Severity::of_new(hardened);
        found.add(severity, SPF, name::show(owner), |name| {
            let end = if hardened { ", and would be strict (-all) from now on" } else { "" };
            format!("the SPF policy of {name} would lose {}{end}", lost.join(" "))
        });
    }
}

/// Sets at the apex whose loss is felt elsewhere than in the DNS.
fn lost(case: &Case<'_>, found: &mut Breaches) {
    let has = |zone: &Zone, rtype| zone.node(zone.apex()).is_some_and(|node| node.contains_key(&rtype));
    for rtype in [Rtype::MX, Rtype::CAA] {
        if has(case.live, rtype) && !has(case.proposed, rtype) {
            found.add(Severity::Refuse, LOST, case.live.origin(), |name| {
                format!("{name} would lose its {rtype} records")
            });
        }
    }
    let apex = case.live.apex();
    if policy(case.live, apex).is_some() && policy(case.proposed, apex).is_none() {
        found.add(Severity::Refuse, LOST, case.live.origin(), |name| {
            format!("{name} would lose its SPF policy")
        });
    }
}

/// Owners whose records of a type change, each once.
fn changed<'c>(case: &'c Case<'_>, rtype: Rtype) -> impl Iterator<Item = &'c Name> {
    let mut last: Option<&Name> = None;
    case.diff.removed.iter().filter_map(move |record| {
        let is = domain::base::RecordData::rtype(&record.data) == rtype && last != Some(&record.owner);
        is.then(|| last.insert(&record.owner)).map(|owner| &**owner)
    })
}

/// The parts of the SPF policy of a name (RFC 7208, section 4.6), in lower case.
fn policy(zone: &Zone, owner: &Name) -> Option<Vec<String>> {
    let set = zone.node(owner)?.get(&Rtype::TXT)?;
    set.data.iter().find_map(|data| {
        let ZoneRecordData::Txt(txt) = data else { return None };
        let text: Vec<u8> = txt.text();
        let text = String::from_utf8_lossy(&text).to_ascii_lowercase();
        let mut parts = text.split_whitespace();
        (parts.next() == Some("v=spf1")).then(|| parts.map(str::to_owned).collect())
    })
}

/// Whether a part says who may send, rather than what becomes of the rest.
fn is_mechanism(part: &str) -> bool {
    !part.ends_with("all") && !part.contains('=')
}

/// The address that a record holds.
pub(super) fn address(data: &Rdata) -> Option<IpAddr> {
    match data {
        ZoneRecordData::A(a) => Some(IpAddr::V4(a.addr())),
        ZoneRecordData::Aaaa(aaaa) => Some(IpAddr::V6(aaaa.addr())),
        _ => None,
    }
}
