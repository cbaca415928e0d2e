//! What resolvers say, beside what the zone's own servers say: whether they still hold what was, or fail by themselves.

use candor_core::finding::{ResolverFault, What};
use candor_names::walk::{Heard, ResolverSeen, Unheard};
use candor_names::{AskError, Exchange, Rcode, secure};

use super::{Case, Found, secure as signatures, view};
use crate::known::same_name;

pub(crate) fn judge(case: &Case<'_>, found: &mut Found) {
    let right = view::right_data(case.walk);
    if right.is_empty() {
        return;
    }
    // Where the zone's own servers do not say one thing, a resolver that says another is not the one that is wrong.
    let is_of_one_mind = |what: &What| {
        !matches!(
            what,
            What::Disagreement { .. }
                | What::Contradiction { .. }
                | What::SerialsDiffer { .. }
                | What::KeysDiffer { .. }
                | What::Signatures { .. }
        )
    };
    if !found.some.iter().all(is_of_one_mind) {
        return;
    }
    for resolver in &case.walk.resolvers {
        let Some(what) = one(case, resolver, &right) else { continue };
        let validates = matches!(&what, What::Resolver { fault: ResolverFault::Validation(_), .. });
        if validates && found.unbound.is_empty() && !signatures::is_known_whole(case) {
            let why = format!(
                "the resolver {} does not accept its signatures, and not all that they depend on was heard from here",
                resolver.address
            );
            found.some.push(What::CouldNotTell { why });
            continue;
        }
        // A resolver that validates what otherwise nobody is held to has a key of its own for it: it says what is wrong.
        match found.unbound.is_empty() {
            false if validates => {
                let faults = std::mem::take(&mut found.unbound);
                found.some.extend(faults.into_iter().flat_map(|(faults, _)| faults));
            }
            _ => found.some.push(what),
        }
    }
}

fn one(case: &Case<'_>, resolver: &ResolverSeen, right: &[String]) -> Option<What> {
    let name = case.walk.links.first()?.name.clone();
    let address = resolver.address.to_string();
    let fails = |fault| Some(What::Resolver { name: name.clone(), resolver: address.clone(), fault });
    let cached = |holds: String, seconds| {
        let right = right.to_vec();
        Some(What::Cached { name: name.clone(), resolver: address.clone(), holds, right, seconds })
    };
    // Only the types that have data count: of the others, resolvers have none either.
    let of_right = |rtype: &str| right.iter().any(|record| record.split(' ').next() == Some(rtype));
    let asked: Vec<&Heard> = resolver
        .heard
        .iter()
        .filter(|(question, _)| of_right(&question.rtype()))
        .map(|(_, heard)| heard)
        .collect();
    for heard in &asked {
        match heard.as_ref() {
            Err(Unheard::CutShort(_)) => return None,
            // Packets are lost by the way: one that answers another question is not silent.
            Err(_) if has_answered(resolver) => {}
            Err(Unheard::StillSilent(_) | Unheard::Ask(AskError::Timeout { .. })) => {
                return fails(ResolverFault::Silent);
            }
            Err(why @ Unheard::Ask(_)) => return fails(ResolverFault::Unreachable(view::unheard(why))),
            Ok(exchange) if !matches!(exchange.rcode, Rcode::NOERROR | Rcode::NXDOMAIN) => {
                return fails_with(case, resolver, exchange).and_then(|why| match why {
                    Failing::Holds(holds, seconds) => cached(holds, seconds),
                    Failing::Itself(fault) => fails(fault),
                });
            }
            Ok(_) => {}
        }
    }
    let answers = asked.iter().filter_map(|heard| heard.as_ref().as_ref().ok());
    let denial = answers.clone().find(|exchange| exchange.rcode == Rcode::NXDOMAIN);
    let empty = answers.clone().find(|exchange| !has_data(exchange));
    if let Some(exchange) = denial.or(empty) {
        let said = if exchange.rcode == Rcode::NXDOMAIN { "NXDOMAIN" } else { "NODATA" };
        return match denied_for(exchange, &name) {
            Some(seconds) => cached(said.to_owned(), seconds),
            None => fails(ResolverFault::Error(in_words(said, exchange))),
        };
    }
    old_data(case, &answers.collect::<Vec<_>>(), right).and_then(|(holds, seconds)| cached(holds, seconds))
}

/// Whether the resolver answered anything.
fn has_answered(resolver: &ResolverSeen) -> bool {
    let heard = resolver.heard.iter().chain(&resolver.unchecked).map(|(_, heard)| heard).chain(&resolver.ds);
    heard.into_iter().any(|heard| heard.is_ok())
}

/// Why a resolver fails.
enum Failing {
    /// It holds this from before, for so many seconds.
    Holds(String, u32),
    Itself(ResolverFault),
}

/// A resolver answers with an error, where the zone is right.
fn fails_with(case: &Case<'_>, resolver: &ResolverSeen, exchange: &Exchange) -> Option<Failing> {
    let words = in_words(&exchange.rcode.to_string(), exchange);
    let unchecked = resolver.unchecked.iter().any(|(_, heard)| heard.as_ref().as_ref().is_ok_and(has_data));
    if !unchecked {
        return Some(Failing::Itself(ResolverFault::Error(words)));
    }
    let zone = case.walk.links.first().and_then(|link| case.walk.zone_of(link));
    let held = resolver
        .ds
        .as_ref()
        .and_then(|heard| heard.as_ref().as_ref().ok())
        .map(secure::ds)
        .unwrap_or_default();
    if let (Some(one), Some(false)) = (held.first(), zone.map(signatures::has_ds)) {
        return Some(Failing::Holds(format!("DS with key tag {}", one.tag), one.ttl));
    }
    Some(Failing::Itself(ResolverFault::Validation(words)))
}

fn has_data(exchange: &Exchange) -> bool {
    let rtype = exchange.question.rtype();
    exchange.rcode == Rcode::NOERROR && exchange.answer.iter().any(|record| record.rtype == rtype)
}

/// What it said, with its own words about it (RFC 8914).
fn in_words(said: &str, exchange: &Exchange) -> String {
    match &exchange.ede {
        Some((code, text)) if text.is_empty() => format!("{said} (extended error {code})"),
        Some((code, text)) => format!("{said} (extended error {code}: {text})"),
        None => said.to_owned(),
    }
}

/// For how long a denial may still be believed, in seconds (RFC 2308, section 5). One that comes without the SOA of a zone
/// above the name, or with words of the resolver's own, was never said by a server of it: the resolver denies by itself.
fn denied_for(exchange: &Exchange, name: &str) -> Option<u32> {
    let above = |apex: &str| {
        let (name, apex) = (name.to_ascii_lowercase(), apex.to_ascii_lowercase());
        apex == "." || name == apex || name.ends_with(&format!(".{apex}"))
    };
    let soa = exchange.authority.iter().find(|record| record.rtype == "SOA" && above(&record.name))?;
    exchange.ede.is_none().then_some(soa.ttl)
}

/// Data that is not the zone's, where the zone's is known to be right.
fn old_data(case: &Case<'_>, answers: &[&Exchange], right: &[String]) -> Option<(String, u32)> {
    let name = &case.walk.links.first()?.name;
    for exchange in answers {
        let rtype = exchange.question.rtype();
        let known = case.known.of(name, &rtype)?;
        let old = exchange.answer.iter().find(|record| {
            record.rtype == rtype
                && !known.data.contains(&record.data)
                && !right.contains(&format!("{rtype} {}", record.data))
                && !same_name(&record.data, name)
        });
        if let Some(record) = old {
            return Some((format!("{rtype} {}", record.data), record.ttl));
        }
    }
    None
}
