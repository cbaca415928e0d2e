//! R16: copies of the zone outlive their primary for long enough that somebody notices.

use super::Case;
use super::breach::{Breaches, Severity};
use crate::zone::Zone;

const LONGER: &str =
    "Set EXPIRE to a week or more, and above REFRESH and RETRY together (RFC 1912, section 2.2).";

/// Copies that expire sooner than this are gone before a long weekend is over.
const LEAST: u32 = 7 * 86_400;

pub(super) fn check(case: &Case<'_>, found: &mut Breaches) {
    let Some(words) = wrong(case.proposed) else { return };
    let is_new = wrong(case.live).is_none() || expire(case.proposed) < expire(case.live);
    found.add_all(Severity::of_new(is_new), LONGER, vec![case.proposed.origin()], words);
}

fn wrong(zone: &Zone) -> Option<String> {
    let soa = zone.soa();
    let (refresh, retry) = (soa.refresh().as_secs(), soa.retry().as_secs());
    let expire = expire(zone);
    if expire <= refresh.saturating_add(retry) {
        return Some(format!(
            "copies would expire after {expire} s without their primary, before they have asked it twice (REFRESH {refresh} s and RETRY {retry} s)"
        ));
    }
    (expire < LEAST).then(|| {
        format!("copies would expire after {expire} s without their primary; at least {LEAST} s are a week")
    })
}

fn expire(zone: &Zone) -> u32 {
    zone.soa().expire().as_secs()
}
