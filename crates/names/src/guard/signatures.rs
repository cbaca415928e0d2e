//! R8: every set of a signed zone is signed with a key of the zone, for long enough, and a key fits what the parent says.

use domain::base::Rtype;
use domain::base::name::ToLabelIter;
use domain::rdata::ZoneRecordData;

use super::Case;
use super::breach::{Breaches, Severity};
use crate::name::{self, Name};
use crate::secure::{self, Key, Signed};
use crate::zone::{Node, Zone};

const SIGN: &str = "Sign the zone again, whole, with keys that it publishes.";
const LONGER: &str = "Sign the zone again, for longer: what ends soon ends while nobody looks.";
const DS: &str = "Keep the key that the parent's DS stands for, or change the DS at the registrar first, and wait until the old one has left the caches.";
const UNSIGNED: &str = "Have the DS taken out at the registrar first, wait until it has left the caches, and take the signatures out then (RFC 6781, section 4.3.4).";
const TYPES: &str =
    "Sign the zone again: an NSEC that does not list a type has resolvers deny it (RFC 4035, section 5.4).";

/// Signatures that end sooner than this are refused.
const LEAST: u64 = 3 * 86_400;

pub(super) fn check(case: &Case<'_>, found: &mut Breaches) {
    let keys = secure::keys_of(case.proposed);
    if keys.is_empty() {
        unsigned(case, found);
        return;
    }
    fits_parent(case, &keys, found);
    let live_keys = secure::keys_of(case.live);
    for (owner, node) in case.proposed.names().filter(|(owner, _)| !is_below_cut(case.proposed, owner)) {
        let before = case.live.node(owner);
        for rtype in node.keys().copied().filter(|rtype| is_signed(case.proposed, owner, node, *rtype)) {
            let how = secure::signed_in(owner, node, rtype, &keys, case.around.now);
            let was =
                || before.map(|node| secure::signed_in(owner, node, rtype, &live_keys, case.around.now));
            judge(how, was, case.around.now, owner, rtype, found);
        }
        types(case, owner, node, found);
    }
}

/// A set that is not signed as it must be.
fn judge(
    how: Signed,
    was: impl Fn() -> Option<Signed>,
    now: u64,
    owner: &Name,
    rtype: Rtype,
    found: &mut Breaches,
) {
    let is_well = |how: Signed| matches!(how, Signed::Valid { .. } | Signed::Unsupported { .. });
    if let Signed::Valid { until } = how {
        if now > 0 && until < now + LEAST {
            let brings =
                was().is_none_or(|was| !matches!(was, Signed::Valid { until: before } if before <= until));
            found.add(Severity::of_new(brings), LONGER, name::show(owner), |name| {
                format!("the signature of {name} {rtype} ends in {} hours", until.saturating_sub(now) / 3_600)
            });
        }
        return;
    }
    // Without a clock, only what no time would mend counts.
    if is_well(how) || now == 0 && matches!(how, Signed::Expired { .. } | Signed::NotYet { .. }) {
        return;
    }
    let brings = was().is_none_or(is_well);
    found.add(Severity::of_new(brings), SIGN, name::show(owner), |name| match how {
        Signed::Missing => format!("{name} {rtype} would have no signature"),
        Signed::Wrong { tag } => format!("the signature of {name} {rtype} was not made with the key {tag}"),
        Signed::UnknownKey { tag } => {
            format!("{name} {rtype} is signed with the key {tag}, which the zone would not publish")
        }
        Signed::Expired { .. } => format!("the signature of {name} {rtype} has ended"),
        _ => format!("the signature of {name} {rtype} has not begun yet"),
    });
}

/// A zone that is signed no more.
fn unsigned(case: &Case<'_>, found: &mut Breaches) {
    let was_signed = !secure::keys_of(case.live).is_empty();
    let says = match &case.around.parent {
        Some(parent) if parent.ds.is_empty() => return,
        Some(_) => "the zone above says that it is (DS)",
        None if was_signed => "whether the zone above says that it is (DS) was not looked at",
        None => return,
    };
    found.add_all(
        Severity::of_new(was_signed),
        UNSIGNED,
        vec![case.proposed.origin()],
        format!("the zone would not be signed, and {says}"),
    );
}

/// What the parent says against the keys that there would be.
fn fits_parent(case: &Case<'_>, keys: &[Key], found: &mut Breaches) {
    let Some(parent) = case.around.parent.as_ref().filter(|parent| !parent.ds.is_empty()) else { return };
    let fits = |keys: &[Key]| parent.ds.iter().any(|ds| keys.iter().any(|key| ds.fits(key) != Some(false)));
    if fits(keys) {
        return;
    }
    let tags = |list: Vec<u16>| list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let (above, here) =
        (tags(parent.ds.iter().map(|ds| ds.tag).collect()), tags(keys.iter().map(Key::tag).collect()));
    found.add_all(
        Severity::of_new(fits(&secure::keys_of(case.live))),
        DS,
        vec![case.proposed.origin()],
        format!("the zone above says that the zone's key is {above}; the zone would have {here}"),
    );
}

/// An NSEC record that does not list what its name has.
fn types(case: &Case<'_>, owner: &Name, node: &Node, found: &mut Breaches) {
    let Some(ZoneRecordData::Nsec(nsec)) = node.get(&Rtype::NSEC).and_then(|set| set.data.first()) else {
        return;
    };
    let lost: Vec<String> =
        node.keys().filter(|rtype| !nsec.types().contains(**rtype)).map(ToString::to_string).collect();
    if lost.is_empty() {
        return;
    }
    let same_before = case.live.node(owner) == Some(node);
    found.add(Severity::of_new(!same_before), TYPES, name::show(owner), |name| {
        format!("the NSEC of {name} does not list {}", lost.join(", "))
    });
}

/// Whether a set is the zone's own to sign (RFC 4035, section 2.2): at a cut, only what says which keys there are below.
fn is_signed(zone: &Zone, owner: &Name, node: &Node, rtype: Rtype) -> bool {
    let is_cut = owner != zone.apex() && node.contains_key(&Rtype::NS);
    rtype != Rtype::RRSIG && (!is_cut || matches!(rtype, Rtype::DS | Rtype::NSEC))
}

/// Whether a name lies below a cut, where nothing is the zone's own.
fn is_below_cut(zone: &Zone, owner: &Name) -> bool {
    let apex = zone.apex().iter_labels().count();
    owner
        .iter_suffixes()
        .skip(1)
        .take_while(|above| above.iter_labels().count() > apex)
        .any(|above| zone.node(&above).is_some_and(|node| node.contains_key(&Rtype::NS)))
}
