//! The list of types in a signed denial, beside what the same server answers. A denial that lists the type it denies is refused
//! by whoever validates it; one that leaves out a type that is there makes resolvers deny that type, which answer from
//! denials that they hold (RFC 8198).

use std::collections::BTreeMap;

use candor_core::finding::{BadSignature, What};
use candor_names::secure;
use candor_names::walk::{Link, Reply, ZoneSeen};
use candor_names::{Exchange, Rcode};

use super::{Found, view};

/// What a name lists that is denied as a whole by a short proof (RFC 9824).
const DENIED_WHOLE: &str = "NXNAME";

pub(crate) fn judge(link: &Link, zone: &ZoneSeen, asked: usize, found: &mut Found) {
    let mut bad: BTreeMap<usize, BadSignature> = BTreeMap::new();
    for reply in &link.replies {
        if let Some(fault) = contradiction(link, zone, reply) {
            bad.entry(reply.server).or_insert(fault);
        }
    }
    let Some(first) = bad.values().next().cloned() else { return };
    let said = |fault: &BadSignature| match fault {
        BadSignature::Lists(rtype) => format!("denies {rtype}, which its proof lists"),
        BadSignature::Lacks(rtype) => format!("has {rtype}, which its proof does not list"),
        _ => String::new(),
    };
    let servers = view::servers(zone, |at, _| bad.get(&at).map(said));
    let all = bad.len() == asked && matches!(first, BadSignature::Lists(_));
    let what = What::Signatures { zone: zone.apex.clone(), of: link.name.clone(), bad: first, servers };
    found.of_servers(all, what);
}

/// How a denial contradicts what its server says, in itself or to another question.
fn contradiction(link: &Link, zone: &ZoneSeen, denial: &Reply) -> Option<BadSignature> {
    let exchange = denial.heard.as_ref().as_ref().ok()?;
    let denies = matches!(exchange.rcode, Rcode::NOERROR | Rcode::NXDOMAIN);
    if !denies || !exchange.flags.aa || !exchange.answer.is_empty() {
        return None;
    }
    let types = listed(exchange, link, zone)?;
    let has = |rtype: &str| types.iter().any(|listed| listed == rtype);
    let rtype = denial.question.rtype();
    if exchange.rcode == Rcode::NXDOMAIN {
        // The name has a proof of its own: then it exists.
        return (!has(DENIED_WHOLE)).then_some(BadSignature::Lists(rtype));
    }
    if has(&rtype) {
        return Some(BadSignature::Lists(rtype));
    }
    let data = link.replies.iter().filter(|reply| reply.server == denial.server).find_map(|reply| {
        let exchange = reply.heard.as_ref().as_ref().ok()?;
        let own = exchange.answer.iter().find(|record| record.name.eq_ignore_ascii_case(&link.name))?;
        (own.rtype == reply.question.rtype() || own.rtype == "CNAME").then(|| own.rtype.clone())
    });
    data.filter(|rtype| !has(rtype)).map(BadSignature::Lacks)
}

/// The types that a denial lists for the name, or for the wildcard that stands for it.
fn listed(exchange: &Exchange, link: &Link, zone: &ZoneSeen) -> Option<Vec<String>> {
    let own = secure::listed(exchange, &zone.apex, &link.name);
    if own.is_some() || exchange.rcode == Rcode::NXDOMAIN {
        return own;
    }
    let mut rest = link.name.as_str();
    while let Some((_, above)) = rest.split_once('.') {
        if let Some(types) = secure::listed(exchange, &zone.apex, &format!("*.{above}")) {
            return Some(types);
        }
        if above.eq_ignore_ascii_case(&zone.apex) {
            break;
        }
        rest = above;
    }
    None
}
