//! Signatures on the way: whether a zone's keys are those that its parent names, and whether what was heard is signed with
//! them. A zone that its parent does not call signed is not held to it; nor is one whose parent says so and is not signed
//! itself, all the way up to the root (RFC 4035, section 4.3).

use std::collections::BTreeMap;

use candor_core::Timestamp;
use candor_core::finding::{BadSignature, What};
use candor_names::secure::{self, Ds, Key, Signed};
use candor_names::walk::{Link, ServerSeen, ZoneSeen};
use candor_names::{Exchange, Rcode};

use super::bitmap;
use super::{Case, Found, parent_of, view};

/// A server's place in the zone, and what is wrong with its signatures: of which records, and how.
type Bad = BTreeMap<usize, (String, Signed)>;

/// How far resolvers follow signatures towards a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Chain {
    /// Down to the zone: what is wrong with its signatures stops them.
    Whole,
    /// Not further than to this zone, which is not signed by what was seen above it.
    Ends(String),
    /// What is above this zone, at which the walk began, was not seen.
    Unseen(String),
}

/// The chain of signed zones from the root down to this one.
fn chain(case: &Case<'_>, zone: &ZoneSeen) -> Chain {
    let mut way: Vec<&ZoneSeen> = vec![zone];
    while let Some(above) = way.last().and_then(|last| case.walk.zones.get(last.parent?)) {
        if way.iter().any(|known| known.apex == above.apex) {
            break;
        }
        way.push(above);
    }
    way.reverse();
    let Some((first, below)) = way.split_first() else { return Chain::Whole };
    if first.apex != "." {
        return Chain::Unseen(first.apex.clone());
    }
    // The root has no DS: what it publishes as its keys is taken for them.
    if first.servers.iter().all(|server| keys_of(server).is_empty()) {
        return Chain::Ends(first.apex.clone());
    }
    let unsigned = below.iter().find(|zone| !has_ds(zone));
    unsigned.map_or(Chain::Whole, |zone| Chain::Ends(zone.apex.clone()))
}

/// Takes over what is wrong with a zone's signatures: as faults where resolvers come to it by a chain of signed zones, else
/// as something that binds nobody.
fn hold(case: &Case<'_>, zone: &ZoneSeen, own: Found, found: &mut Found) {
    let (unsigned, seen) = match chain(case, zone) {
        Chain::Whole => {
            found.stops.extend(own.stops);
            found.some.extend(own.some);
            return;
        }
        Chain::Ends(apex) => (apex, true),
        Chain::Unseen(apex) => (apex, false),
    };
    let parent = parent_of(case.walk, zone);
    let aside = What::DsUnbound { zone: zone.apex.clone(), parent, unsigned, seen };
    let faults: Vec<What> = own.stops.into_iter().chain(own.some).collect();
    if !faults.is_empty() && !found.unbound.iter().any(|(_, known)| *known == aside) {
        found.unbound.push((faults, aside));
    }
}

pub(crate) fn judge_zone(case: &Case<'_>, zone: &ZoneSeen, found: &mut Found) {
    judge_delegation(case, zone, found);
    let mut own = Found::default();
    keys_and_own_records(case, zone, &mut own);
    hold(case, zone, own, found);
}

/// The zone's keys beside its DS, and the signatures over what every zone has.
fn keys_and_own_records(case: &Case<'_>, zone: &ZoneSeen, found: &mut Found) {
    let ds = ds_of(zone);
    let speakers: Vec<(usize, &ServerSeen)> =
        zone.servers.iter().enumerate().filter(|(_, server)| server.serial().is_some()).collect();
    if ds.is_empty() || speakers.is_empty() {
        return;
    }
    let strangers: Vec<usize> = speakers
        .iter()
        .filter(|(_, server)| answered(server.dnskey.as_ref()).is_some())
        .filter(|(_, server)| entries(&keys_of(server), &ds).is_empty())
        .map(|(at, _)| *at)
        .collect();
    if !strangers.is_empty() {
        found.of_servers(strangers.len() == speakers.len(), keys_differ(case, zone, &ds, &strangers));
        return;
    }
    let mut bad = Bad::new();
    for (at, server) in &speakers {
        let keys = keys_of(server);
        // Of which no keys were heard, no signature can be held against them.
        if keys.is_empty() {
            continue;
        }
        let entries = entries(&keys, &ds);
        let sets = [
            (server.dnskey.as_ref(), "DNSKEY", &entries),
            (Some(&server.soa), "SOA", &keys),
            (server.ns.as_ref(), "NS", &keys),
        ];
        for (heard, rtype, with) in sets {
            let Some(Ok(exchange)) = heard.map(AsRef::as_ref) else { continue };
            note(&mut bad, *at, rtype, secure::signed(exchange, &zone.apex, rtype, with, now(case)));
        }
    }
    say(zone, &bad, speakers.len(), found);
}

/// What a signed parent says of the zone's DS, or of its having none: with either unsigned, the zone is refused whole.
fn judge_delegation(case: &Case<'_>, zone: &ZoneSeen, found: &mut Found) {
    let parent = zone.parent.and_then(|at| case.walk.zones.get(at));
    let (Some(parent), Some(delegation)) = (parent, &zone.delegation) else { return };
    if !has_ds(parent) && parent.apex != "." {
        return;
    }
    let mut own = Found::default();
    let mut bad = Bad::new();
    for (at, heard) in &delegation.ds {
        let (Ok(exchange), Some(server)) = (heard.as_ref(), parent.servers.get(*at)) else { continue };
        let keys = keys_of(server);
        if keys.is_empty() {
            continue;
        }
        let signed = secure::signed(exchange, &zone.apex, "DS", &keys, now(case));
        note(
            &mut bad,
            *at,
            "DS",
            signed.or_else(|| secure::denial_signed(exchange, &parent.apex, &keys, now(case))),
        );
    }
    say(parent, &bad, delegation.ds.len(), &mut own);
    hold(case, parent, own, found);
}

/// What was heard of a name, in a zone that is signed.
pub(crate) fn judge_link(case: &Case<'_>, link: &Link, zone: &ZoneSeen, found: &mut Found) {
    if !has_ds(zone) {
        return;
    }
    let mut own = Found::default();
    let mut bad = Bad::new();
    let mut asked: Vec<usize> = link.replies.iter().map(|reply| reply.server).collect();
    asked.sort_unstable();
    asked.dedup();
    for reply in &link.replies {
        let Ok(exchange) = reply.heard.as_ref() else { continue };
        let Some(server) = zone.servers.get(reply.server) else { continue };
        let keys = keys_of(server);
        if keys.is_empty() {
            continue;
        }
        let rtype = reply.question.rtype();
        // What a DNAME makes of the name is not signed; the DNAME itself is (RFC 6672, section 5.3.1).
        let dname = exchange.answer.iter().find(|record| record.rtype == "DNAME");
        if let Some(dname) = dname {
            note(
                &mut bad,
                reply.server,
                "DNAME",
                secure::signed(exchange, &dname.name, "DNAME", &keys, now(case)),
            );
            continue;
        }
        for rtype in [rtype.as_str(), "CNAME"] {
            note(
                &mut bad,
                reply.server,
                rtype,
                secure::signed(exchange, &link.name, rtype, &keys, now(case)),
            );
        }
        note(&mut bad, reply.server, "denial", secure::denial_signed(exchange, &zone.apex, &keys, now(case)));
    }
    say(zone, &bad, asked.len(), &mut own);
    bitmap::judge(link, zone, asked.len(), &mut own);
    let told = |what: &What| {
        let known = found.stops.iter().chain(&found.some);
        let is_signature = |what: &What| matches!(what, What::Signatures { .. });
        known.filter(|what| is_signature(what)).any(|known| subject(known) == subject(what))
    };
    own.stops.retain(|what| !told(what));
    own.some.retain(|what| !told(what));
    hold(case, zone, own, found);
}

/// The zone whose signatures are no good.
fn subject(what: &What) -> Option<&str> {
    match what {
        What::Signatures { zone, .. } => Some(zone),
        _ => None,
    }
}

/// An answer that is none of an error.
fn answered(heard: Option<&candor_names::walk::Heard>) -> Option<&Exchange> {
    let exchange = heard?.as_ref().as_ref().ok()?;
    (exchange.rcode == Rcode::NOERROR).then_some(exchange)
}

fn now(case: &Case<'_>) -> u64 {
    u64::try_from(case.now.as_second()).unwrap_or(0)
}

fn note(bad: &mut Bad, at: usize, of: &str, signed: Option<Signed>) {
    match signed {
        None | Some(Signed::Valid { .. } | Signed::Unsupported { .. }) => {}
        Some(fault) => drop(bad.entry(at).or_insert_with(|| (of.to_owned(), fault))),
    }
}

/// One finding for each way in which signatures are bad; that of most servers first.
fn say(zone: &ZoneSeen, bad: &Bad, of: usize, found: &mut Found) {
    let Some((_, (records, first))) = bad.iter().next() else { return };
    let servers =
        view::servers(zone, |at, _| bad.get(&at).map(|(of, signed)| format!("{of}: {}", said(*signed))));
    let Some(bad_signature) = bad_signature(*first) else { return };
    let what = What::Signatures { zone: zone.apex.clone(), of: records.clone(), bad: bad_signature, servers };
    found.of_servers(bad.len() == of, what);
}

fn bad_signature(signed: Signed) -> Option<BadSignature> {
    let at = |seconds: u64| Timestamp::from_second(i64::try_from(seconds).ok()?).ok();
    match signed {
        Signed::Expired { at: ended, .. } => at(ended).map(BadSignature::Expired),
        Signed::NotYet { from, .. } => at(from).map(BadSignature::NotYet),
        Signed::Wrong { tag } => Some(BadSignature::Wrong(tag)),
        Signed::UnknownKey { tag } => Some(BadSignature::UnknownKey(tag)),
        Signed::Missing => Some(BadSignature::Missing),
        Signed::Valid { .. } | Signed::Unsupported { .. } => None,
    }
}

fn said(signed: Signed) -> String {
    match signed {
        Signed::Expired { tag, .. } => format!("the signature by key {tag} has ended"),
        Signed::NotYet { tag, .. } => format!("the signature by key {tag} begins later"),
        Signed::Wrong { tag } => format!("the signature does not verify with key {tag}"),
        Signed::UnknownKey { tag } => format!("signed by key {tag}, which is not published"),
        Signed::Missing => "not signed".to_owned(),
        Signed::Valid { .. } => "signed".to_owned(),
        Signed::Unsupported { algorithm } => format!("signed with algorithm {algorithm}"),
    }
}

fn keys_differ(case: &Case<'_>, zone: &ZoneSeen, ds: &[Ds], strangers: &[usize]) -> What {
    let mut keys: Vec<u16> = strangers
        .iter()
        .filter_map(|at| zone.servers.get(*at))
        .flat_map(keys_of)
        .filter(Key::signs)
        .map(|key| key.tag())
        .collect();
    keys.sort_unstable();
    keys.dedup();
    let mut tags: Vec<u16> = ds.iter().map(|one| one.tag).collect();
    tags.sort_unstable();
    tags.dedup();
    What::KeysDiffer {
        zone: zone.apex.clone(),
        parent: parent_of(case.walk, zone),
        ds: tags,
        keys,
        ttl: ds.iter().map(|one| one.ttl).max().unwrap_or(0),
        servers: view::servers(zone, |at, server| strangers.contains(&at).then(|| said_keys(server))),
    }
}

/// The tags of a server's keys, in words.
fn said_keys(server: &ServerSeen) -> String {
    let tags: Vec<String> =
        keys_of(server).iter().filter(|key| key.signs()).map(|key| key.tag().to_string()).collect();
    match tags.as_slice() {
        [] => "no key".to_owned(),
        [one] => format!("key {one}"),
        more => format!("keys {}", more.join(" and ")),
    }
}

/// The DS records of the zone, by any server of its parent.
fn ds_of(zone: &ZoneSeen) -> Vec<Ds> {
    let mut list: Vec<Ds> = Vec::new();
    for (_, heard) in zone.delegation.iter().flat_map(|delegation| &delegation.ds) {
        let Ok(exchange) = heard.as_ref() else { continue };
        for one in secure::ds(exchange).into_iter().filter(Ds::is_known) {
            if !list.iter().any(|known| known.is_same(&one)) {
                list.push(one);
            }
        }
    }
    list
}

/// Whether the walk began at the root, and it was heard of every zone on the way whether it has a DS, and of those that have one
/// what their keys are: only then is it known that signatures are good.
pub(crate) fn is_known_whole(case: &Case<'_>) -> bool {
    let way = case.walk.links.iter().flat_map(|link| super::path(case.walk, link));
    let mut zones = way.filter_map(|at| case.walk.zones.get(at));
    zones.all(|zone| {
        let mut ds = zone.delegation.iter().flat_map(|said| &said.ds);
        let denied_or_had = |heard: &candor_names::walk::Heard| {
            let rcode = heard.as_ref().as_ref().ok().map(|exchange| exchange.rcode);
            matches!(rcode, Some(Rcode::NOERROR | Rcode::NXDOMAIN))
        };
        let ds_heard = zone.apex == "." || ds.any(|(_, heard)| denied_or_had(heard));
        let keys_heard = zone.servers.iter().any(|server| !keys_of(server).is_empty());
        ds_heard && (keys_heard || !has_ds(zone))
    })
}

pub(crate) fn has_ds(zone: &ZoneSeen) -> bool {
    !ds_of(zone).is_empty()
}

fn keys_of(server: &ServerSeen) -> Vec<Key> {
    let heard = server.dnskey.as_ref().map(AsRef::as_ref);
    heard.and_then(|heard| heard.as_ref().ok()).map(secure::keys).unwrap_or_default()
}

/// The keys that the parent names; of a digest that is not known here, the tag has to do.
fn entries(keys: &[Key], ds: &[Ds]) -> Vec<Key> {
    let named = |key: &&Key| {
        key.signs()
            && ds.iter().any(|one| match one.fits(key) {
                Some(fits) => fits,
                None => one.tag == key.tag() && one.algorithm == key.algorithm(),
            })
    };
    keys.iter().filter(named).cloned().collect()
}
