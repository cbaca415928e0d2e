//! R11: caches do not remember a mistake, or its denial, for longer than somebody can wait.

use super::Case;
use super::breach::{Breaches, Severity};
use crate::name;
use crate::zone::Zone;

const NEGATIVE: &str = "Lower MINIMUM of the SOA, or the SOA's own TTL: the smaller of the two is how long a denial is remembered (RFC 2308).";
const SHORTER: &str = "Give the record a shorter TTL: a mistake in it would be remembered for as long.";
const FIRST: &str = "Lower the TTL first, wait until the old one has passed, and change the record then; or bear with both for as long.";

/// What is remembered for longer than this is better lowered before it is changed.
const QUICK: u32 = 3_600;

pub(super) fn check(case: &Case<'_>, found: &mut Breaches) {
    let limit = case.limits.negative_ttl;
    let (now, before) = (negative(case.proposed), negative(case.live));
    if now > limit {
        let severity = Severity::of_new(now > before);
        let words = format!("a denial would be remembered for {now} s; the limit is {limit} s");
        found.add_all(severity, NEGATIVE, vec![case.proposed.origin()], words);
    }
    let mut told = None;
    for record in &case.diff.added {
        let (owner, rtype) = (&record.owner, domain::base::RecordData::rtype(&record.data));
        let ttl = record.ttl.as_secs();
        let set =
            |zone: &Zone| zone.node(owner).and_then(|node| node.get(&rtype)).map(|set| set.ttl.as_secs());
        if told == Some((owner, rtype)) {
            continue;
        }
        told = Some((owner, rtype));
        let was = set(case.live);
        if ttl > case.limits.ttl {
            let severity = Severity::of_new(was.is_none_or(|was| ttl > was));
            found.add(severity, SHORTER, name::show(owner), |name| {
                format!("{name} {rtype} would be remembered for {ttl} s; the limit is {} s", case.limits.ttl)
            });
        }
        let required = || case.required.iter().any(|need| need.wire() == owner);
        if let Some(was) = was.filter(|was| *was > QUICK)
            && required()
        {
            found.add(Severity::Warn, FIRST, name::show(owner), |name| {
                format!("caches will hold the old {rtype} of {name} for up to {was} s")
            });
        }
    }
}

/// For how long a denial is remembered (RFC 2308, section 5).
fn negative(zone: &Zone) -> u32 {
    zone.soa().minimum().as_secs().min(zone.soa_rr().ttl.as_secs())
}
