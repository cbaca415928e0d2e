//! What a diagnosis found, in sentences: where, what was seen, what was expected, since when, who can mend it, and what to
//! do next.

use candor_core::fault::Act;
use candor_core::finding::{AliasEnd, BadSignature, Finding, ResolverFault, Server, Servers, Was, What};
use jiff::Timestamp;

use super::kinds;
use crate::words::Told;

pub(super) fn told(finding: &Finding) -> Told {
    let (place, seen, words) = seen(&finding.what, &finding.name);
    let expected = expected(finding);
    let since = since(finding);
    let mut all = words;
    if let Some(before) = before(&finding.what, finding.was.as_ref()) {
        all = format!("{all} {before}");
    }
    Told {
        words: all,
        place,
        seen,
        expected,
        since,
        act: finding.what.act().map(who).unwrap_or_default().to_owned(),
        next: next(&finding.what),
    }
}

/// The class in a few words.
pub(super) fn class(what: &What) -> &'static str {
    match what {
        What::NameMissing { .. } => "a name is missing",
        What::Empty { .. } => "a name without data",
        What::MassLoss { .. } => "many names lost at once",
        What::DotMissing { .. } => "a final dot is missing",
        What::Disagreement { .. } => "name servers disagree",
        What::AliasBroken { .. } => "an alias leads nowhere",
        What::Wildcard { .. } => "a wildcard answers",
        What::WrongData { .. } => "wrong data",
        What::Lame { .. } => "a lame delegation",
        What::NoGlue { .. } => "glue is missing",
        What::GlueDiffers { .. } => "glue is wrong",
        What::GoneAtParent { .. } => "gone at the parent",
        What::HostsGone { .. } => "the name servers' own domain is gone",
        What::Unreachable { .. } => "name servers cannot be reached",
        What::SerialsDiffer { .. } => "copies of the zone differ",
        What::CopyExpired { .. } => "a copy of the zone has run out",
        What::KeysDiffer { .. } => "DS and keys do not fit",
        What::Signatures { .. } => "signatures are no good",
        What::Cached { .. } => "a resolver holds what was",
        What::Resolver { .. } => "the resolver, not the zone",
        What::Healthy { .. } | What::NotDns { .. } | What::CouldNotTell { .. } => "",
    }
}

/// Who can mend it.
fn who(act: Act) -> &'static str {
    match act {
        Act::Service => "those who run the service",
        Act::ZoneOwner => "those who publish the zone",
        Act::Registrar => "the registrar, or those who run the parent zone",
        Act::Resolver => "those who run the resolver",
        Act::Network => "those who run the name servers or the network before them",
        Act::Us => "those who run Candor",
        Act::Config => "those who wrote the configuration",
    }
}

/// Where, what was seen, and both in a sentence.
fn seen(what: &What, asked: &str) -> (String, String, String) {
    match what {
        What::NameMissing { .. }
        | What::Empty { .. }
        | What::MassLoss { .. }
        | What::DotMissing { .. }
        | What::AliasBroken { .. }
        | What::Wildcard { .. }
        | What::WrongData { .. } => of_data(what),
        What::Disagreement { .. }
        | What::Unreachable { .. }
        | What::SerialsDiffer { .. }
        | What::CopyExpired { .. }
        | What::Signatures { .. } => of_servers(what),
        What::Lame { .. }
        | What::NoGlue { .. }
        | What::GlueDiffers { .. }
        | What::GoneAtParent { .. }
        | What::HostsGone { .. }
        | What::KeysDiffer { .. } => of_parent(what),
        What::Cached { .. }
        | What::Resolver { .. }
        | What::Healthy { .. }
        | What::NotDns { .. }
        | What::CouldNotTell { .. } => of_others(what, asked),
    }
}

fn of_data(what: &What) -> (String, String, String) {
    match what {
        What::NameMissing { name, zone, servers, serial } => {
            let seen = format!("NXDOMAIN from {}{}", all_of(servers), at_serial(*serial));
            let words = format!(
                "{} does not exist according to {} of {} (NXDOMAIN{}).",
                bare(name),
                all_of(servers),
                bare(zone),
                at_serial(*serial)
            );
            (format!("zone {}", bare(zone)), seen, words)
        }
        What::Empty { name, types, zone, servers, serial } => {
            let types = types.join(" or ");
            let seen = format!("NOERROR with no {types} from {}{}", all_of(servers), at_serial(*serial));
            let words = format!(
                "{} exists, and has no {types} record: {} of {} {} with nothing in it{}.",
                bare(name),
                all_of(servers),
                bare(zone),
                verb(servers, "answers", "answer"),
                at_serial(*serial)
            );
            (format!("zone {}", bare(zone)), seen, words)
        }
        What::MassLoss { name, zone, lost, of, last, serial } => {
            let seen = format!("{lost} of {of} known names denied{}", at_serial(*serial));
            let after = last.as_ref().map(|last| format!(" The last that is still there is {}.", bare(last)));
            let words = format!(
                "{} has lost {lost} of the {of} names that are known of it, {} among them: this looks like an incomplete zone, not like separate deletions.{}",
                bare(zone),
                bare(name),
                after.unwrap_or_default()
            );
            (format!("zone {}", bare(zone)), seen, words)
        }
        What::DotMissing { owner, rtype, target, meant, zone } => {
            let seen = format!("{rtype} {target}");
            let words = format!(
                "{} points to {}: the name {} is in it twice, so a final dot is missing in the zone file. {} is meant.",
                record_of(owner, rtype),
                bare(target),
                bare(zone),
                bare(meant)
            );
            (format!("zone {}", bare(zone)), seen, words)
        }
        What::AliasBroken { name, target, end, link, of, zone } => {
            let (seen, how) = match end {
                AliasEnd::Missing => ("NXDOMAIN", "that name does not exist"),
                AliasEnd::Empty => ("NODATA", "that name has no address"),
                AliasEnd::Circle => ("a circle", "that leads back to where it began"),
            };
            let words = format!(
                "{} is an alias of {}, and {how}. Link {link} of {of} is broken.",
                bare(name),
                bare(target)
            );
            (format!("zone {}", bare(zone)), format!("CNAME {target} {seen}"), words)
        }
        What::Wildcard { name, wildcard, data, ttl } => {
            let words = format!(
                "{} has no record of its own: the wildcard {} answers for it with {} (TTL {ttl}), as for any other name.",
                bare(name),
                bare(wildcard),
                shown_data(data)
            );
            (format!("the wildcard {}", bare(wildcard)), data.join(", "), words)
        }
        What::WrongData { name, zone, data, expected, serial } => {
            let words = format!(
                "{} answers {}, which is not what is expected: {}{}.",
                bare(name),
                shown_data(data),
                shown_data(expected),
                at_serial(*serial)
            );
            (format!("zone {}", bare(zone)), data.join(", "), words)
        }
        _ => Default::default(),
    }
}

fn of_servers(what: &What) -> (String, String, String) {
    match what {
        What::Disagreement { name, zone, wrong, others, serial } => {
            let even =
                serial.map(|serial| format!(" All have serial {serial}, so the serial does not show it."));
            let words = if others.is_empty() {
                format!(
                    "The {} of {} do not agree about {}: {}. Users fail at random.{}",
                    counted(wrong.of, "name server"),
                    bare(zone),
                    bare(name),
                    each(wrong),
                    even.unwrap_or_default()
                )
            } else {
                format!(
                    "{} of {} {} otherwise than the rest about {}: {}, and the others say {others}. Users fail at random.{}",
                    some_of(wrong),
                    bare(zone),
                    verb(wrong, "answers", "answer"),
                    bare(name),
                    each(wrong),
                    even.unwrap_or_default()
                )
            };
            let rest = if others.is_empty() { String::new() } else { format!("; others: {others}") };
            (list(wrong), format!("{}{rest}", each(wrong)), words)
        }
        What::Unreachable { zone, servers, network } => {
            let shared = network.as_ref().map(|network| format!(" All of them lie in {network}."));
            let all = u32::try_from(servers.these.len()) == Ok(servers.of);
            let words = if servers.these.is_empty() {
                format!("No server of {} is reached.", bare(zone))
            } else if all {
                format!(
                    "None of the {} of {} can be reached: {}. The parent still names {}.{}",
                    counted(servers.of, "name server"),
                    bare(zone),
                    each(servers),
                    verb(servers, "it", "them"),
                    shared.unwrap_or_default()
                )
            } else {
                format!(
                    "{} of {} cannot be reached: {}. Some questions are answered late, or not at all.",
                    some_of(servers),
                    bare(zone),
                    each(servers)
                )
            };
            (list(servers), each(servers), words)
        }
        What::SerialsDiffer { zone, name, behind, newest, backwards } => {
            let words = if *backwards {
                format!(
                    "The primary of {} is behind its copies: {}, and they have {newest}. They will never take the lower one.",
                    bare(zone),
                    each(behind)
                )
            } else {
                format!(
                    "{} of {} {} an older zone than the rest, and says otherwise about {}: {}; the newest is {newest}.",
                    some_of(behind),
                    bare(zone),
                    verb(behind, "has", "have"),
                    bare(name),
                    each(behind)
                )
            };
            (list(behind), format!("{}; newest {newest}", each(behind)), words)
        }
        What::CopyExpired { zone, servers } => {
            let words = format!(
                "{} of {} {} the zone and {} no valid copy of it: {}. The copy has run out, or could not be loaded.",
                some_of(servers),
                bare(zone),
                verb(servers, "knows", "know"),
                verb(servers, "has", "have"),
                each(servers)
            );
            (list(servers), each(servers), words)
        }
        What::Signatures { zone, of, bad, servers } => {
            let (seen, how) = signature(bad);
            let words = format!(
                "The signatures of {} {how} (those over {of}), on {} of {}. Validating resolvers refuse the zone; others do not.",
                bare(zone),
                servers.these.len(),
                counted(servers.of, "server")
            );
            (list(servers), format!("{of}: {seen}"), words)
        }
        _ => Default::default(),
    }
}

fn signature(bad: &BadSignature) -> (String, String) {
    match bad {
        BadSignature::Expired(at) => (format!("expired {}", date(*at)), format!("expired on {}", date(*at))),
        BadSignature::NotYet(at) => {
            (format!("valid from {}", date(*at)), format!("are not valid before {}", date(*at)))
        }
        BadSignature::Wrong(tag) => {
            (format!("does not verify with key {tag}"), format!("do not verify with the published key {tag}"))
        }
        BadSignature::UnknownKey(tag) => (
            format!("signed by key {tag}, not published"),
            format!("are made with key {tag}, which the zone does not publish"),
        ),
        BadSignature::Missing => ("not signed".to_owned(), "are missing".to_owned()),
    }
}

fn of_parent(what: &What) -> (String, String, String) {
    match what {
        What::Lame { zone, parent, servers } => {
            let words = format!(
                "{} that {} for {} {} the zone: {}. {} running, and not configured for it.",
                some_of(servers),
                named_by(parent, servers),
                bare(zone),
                verb(servers, "does not serve", "do not serve"),
                each(servers),
                verb(servers, "It is", "They are")
            );
            (list(servers), each(servers), words)
        }
        What::NoGlue { zone, parent, hosts } => {
            let words = format!(
                "No address is published for {}, which {} inside of the zone that {}: nobody can find {}.",
                names(hosts),
                if hosts.len() == 1 { "lies" } else { "lie" },
                if hosts.len() == 1 { "it serves" } else { "they serve" },
                bare(zone)
            );
            (parent_place(parent), format!("no address for {}", names(hosts)), words)
        }
        What::GlueDiffers { zone, parent, host, glue, own } => {
            let words = format!(
                "{} gives {} for {}, a server of {}; its address is {}.",
                parent_words(parent),
                glue.join(", "),
                bare(host),
                bare(zone),
                own.join(", ")
            );
            (parent_place(parent), format!("{} {}", bare(host), glue.join(", ")), words)
        }
        What::GoneAtParent { zone, parent, still_served } => {
            let still = match still_served {
                Some(true) => " Its own name servers still answer for it: nothing in the zone is wrong.",
                Some(false) => " Its own name servers do not answer for it any more.",
                None => "",
            };
            let words = format!(
                "{} is not in {}: the parent says that it does not exist.{still} It has expired, is on hold, or was never registered.",
                bare(zone),
                parent_words(parent)
            );
            (parent_place(parent), format!("NXDOMAIN from {}", parent_words(parent)), words)
        }
        What::HostsGone { zone, hosts, at, denied_by } => {
            let words = format!(
                "The name {} of {} cannot be found: {} is not in {} any more. The servers themselves may be well.",
                servers_named(hosts),
                bare(zone),
                bare(at),
                parent_words(denied_by)
            );
            (parent_place(denied_by), format!("NXDOMAIN for {}", bare(at)), words)
        }
        What::KeysDiffer { zone, parent, ds, keys, ttl } => {
            let has = if keys.is_empty() {
                "publishes no key at all".to_owned()
            } else {
                format!("publishes only {}", tags(keys))
            };
            let words = format!(
                "{} says that {} is signed with key {}; the zone {has}. Validating resolvers refuse it; others do not. What the parent says may be believed for {} more.",
                parent_words(parent),
                bare(zone),
                tags(ds),
                lasting(*ttl)
            );
            (
                parent_place(parent),
                format!(
                    "DS {}, keys {}",
                    tags(ds),
                    if keys.is_empty() { "none".to_owned() } else { tags(keys) }
                ),
                words,
            )
        }
        _ => Default::default(),
    }
}

fn of_others(what: &What, asked: &str) -> (String, String, String) {
    match what {
        What::Cached { name, resolver, holds, right, seconds } => {
            let words = format!(
                "{} is right at all its name servers ({}); the resolver {resolver} still holds what was: {holds}, for {} more.",
                bare(name),
                shown_data(right),
                lasting(*seconds)
            );
            (format!("resolver {resolver}"), holds.clone(), words)
        }
        What::Resolver { name, resolver, fault } => {
            let (seen, how) = match fault {
                ResolverFault::Silent => ("silent".to_owned(), "does not answer".to_owned()),
                ResolverFault::Unreachable(why) => (why.clone(), format!("cannot be reached: {why}")),
                ResolverFault::Error(said) => (said.clone(), format!("fails: {said}")),
                ResolverFault::Validation(said) => {
                    (said.clone(), format!("fails to validate what others validate: {said}"))
                }
            };
            let words =
                format!("{} is healthy at all its name servers; the resolver {resolver} {how}.", bare(name));
            (format!("resolver {resolver}"), seen, words)
        }
        What::Healthy { name, data } => {
            let words = format!(
                "{} is healthy: every name server on the way agrees on {}.",
                bare(name),
                shown_data(data)
            );
            (String::new(), data.join(", "), words)
        }
        What::NotDns { name, address, kind, detail } => {
            let detail = if detail.is_empty() { String::new() } else { format!(": {detail}") };
            let words = format!(
                "It is not DNS: {} leads to {address}, and there {}{detail}.",
                bare(name),
                kinds::kind(*kind)
            );
            (address.clone(), format!("{}.{}", kind.layer().word(), kind.word()), words)
        }
        What::CouldNotTell { why } => {
            (String::new(), why.clone(), format!("What is wrong with {} cannot be told: {why}.", bare(asked)))
        }
        _ => Default::default(),
    }
}

/// What was expected in the place of what was seen.
fn expected(finding: &Finding) -> String {
    match (&finding.what, &finding.was) {
        (What::WrongData { expected, .. }, _) => expected.join(", "),
        (What::Disagreement { others, .. }, None) => others.clone(),
        (What::DotMissing { meant, rtype, .. }, _) => format!("{rtype} {meant}"),
        (What::Cached { right, .. }, _) => right.join(", "),
        (What::KeysDiffer { ds, .. }, _) => format!("a key with tag {}", tags(ds)),
        (What::GlueDiffers { own, .. }, _) => own.join(", "),
        (_, Some(was)) => was.records.join(", "),
        _ => String::new(),
    }
}

/// Since when: the serial then and now.
fn since(finding: &Finding) -> String {
    let now = match &finding.what {
        What::NameMissing { serial, .. }
        | What::Empty { serial, .. }
        | What::MassLoss { serial, .. }
        | What::WrongData { serial, .. }
        | What::Disagreement { serial, .. } => *serial,
        _ => None,
    };
    let was = finding.was.as_ref();
    let then = was.and_then(|was| was.at).map(|at| format!("after {}", moment(at)));
    let serial = match (was.and_then(|was| was.serial), now) {
        (Some(old), Some(new)) if old != new => Some(format!("between serial {old} and {new}")),
        (_, Some(new)) => Some(format!("serial {new}")),
        _ => None,
    };
    let parts: Vec<String> = serial.into_iter().chain(then).collect();
    parts.join(", ")
}

/// How it was before.
fn before(what: &What, was: Option<&Was>) -> Option<String> {
    let was = was.filter(|was| !was.records.is_empty())?;
    let known = matches!(
        what,
        What::NameMissing { .. } | What::Empty { .. } | What::AliasBroken { .. } | What::Wildcard { .. }
    );
    let at = match (was.serial, was.at) {
        (Some(serial), _) => format!(" at serial {serial}"),
        (None, Some(at)) => format!(" on {}", moment(at)),
        (None, None) => return known.then(|| format!("{} is expected.", shown_data(&was.records))),
    };
    known.then(|| format!("It had {}{at}.", shown_data(&was.records)))
}

/// What to do next.
fn next(what: &What) -> String {
    let text = match what {
        What::NameMissing { .. } => {
            "Put the record back into the zone, under a higher serial. Renaming is quicker than waiting where the denial is cached for long."
        }
        What::Empty { .. } => {
            "Put an address back. If something generates the zone, look whether its source is empty."
        }
        What::MassLoss { .. } => {
            "Put the last complete version of the zone back, under a higher serial, before looking for the reason."
        }
        What::DotMissing { .. } => "Write the target with a dot at its end, under a higher serial.",
        What::Disagreement { .. } => {
            "Load the right zone on the servers named, or take them out of the delegation."
        }
        What::AliasBroken { .. } => "Put the target back, or point the alias to a name that exists.",
        What::Wildcard { .. } => "Put the name's own record back beside the wildcard.",
        What::WrongData { .. } => {
            "If nobody meant this change, put the expected data back, and find out who made it: an account may have been taken over."
        }
        What::Lame { .. } => {
            "Configure the zone on the servers named, or let the registrar name those that have it."
        }
        What::NoGlue { .. } | What::GlueDiffers { .. } => {
            "Let the registrar publish the right addresses of the name servers."
        }
        What::GoneAtParent { .. } | What::HostsGone { .. } => {
            "Call the registrar: ask for the state of the domain (expired, clientHold, serverHold), not for DNS."
        }
        What::Unreachable { .. } => {
            "Look at the servers and the network before them; if others run them, call these."
        }
        What::SerialsDiffer { backwards: true, .. } => {
            "Give the primary a serial above those of all its copies."
        }
        What::SerialsDiffer { .. } => "Look why the servers named do not transfer the newer zone.",
        What::CopyExpired { .. } => {
            "Look why the servers named cannot transfer or load the zone; their log says it."
        }
        What::KeysDiffer { .. } => {
            "Put the old key back and sign with it, or let the registrar publish the DS of the new one."
        }
        What::Signatures { .. } => {
            "Sign the zone anew with the published keys, and look why that did not happen by itself."
        }
        What::Cached { .. } => {
            "Flush the name in the resolver, or wait. Nothing in the zone needs to be changed."
        }
        What::Resolver { .. } => {
            "Use another resolver, and call those who run this one. Nothing in the zone needs to be changed."
        }
        What::NotDns { .. } => "Leave the DNS alone, and look at the service at that address.",
        What::Healthy { .. } => "",
        What::CouldNotTell { .. } => "Walk from another place, or with --hints, --stub and --resolver.",
    };
    text.to_owned()
}

fn bare(name: &str) -> &str {
    if name == "." { "the root" } else { name.trim_end_matches('.') }
}

/// Data within a sentence, which has a full stop of its own.
fn shown_data(data: &[String]) -> String {
    data.iter().map(|record| record.trim_end_matches('.')).collect::<Vec<_>>().join(", ")
}

fn record_of(owner: &str, rtype: &str) -> String {
    if rtype == "CNAME" { bare(owner).to_owned() } else { format!("{rtype} of {}", bare(owner)) }
}

fn at_serial(serial: Option<u32>) -> String {
    serial.map_or_else(String::new, |serial| format!(", zone serial {serial}"))
}

fn counted(count: u32, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// "both of its name servers", "all 4 name servers".
fn all_of(servers: &Servers) -> String {
    match (servers.these.len(), servers.of) {
        (1, 1) => "the only name server".to_owned(),
        (2, 2) => "both name servers".to_owned(),
        (some, of) if u32::try_from(some) == Ok(of) => format!("all {of} name servers"),
        (some, of) => format!("{some} of {of} name servers"),
    }
}

fn some_of(servers: &Servers) -> String {
    match (servers.these.len(), servers.of) {
        (1, 1) => "The only name server".to_owned(),
        (2, 2) => "Both name servers".to_owned(),
        (some, of) if u32::try_from(some) == Ok(of) => format!("All {of} name servers"),
        (some, of) => format!("{some} of {}", counted(of, "name server")),
    }
}

fn verb<'a>(servers: &Servers, one: &'a str, many: &'a str) -> &'a str {
    if servers.these.len() == 1 { one } else { many }
}

fn shown(server: &Server) -> String {
    let name = bare(&server.name);
    if name == server.address { name.to_owned() } else { format!("{name} ({})", server.address) }
}

/// Servers that are named in one sentence; there may be dozens.
const NAMED: usize = 4;

fn each(servers: &Servers) -> String {
    let list: Vec<String> =
        servers.these.iter().take(NAMED).map(|server| format!("{} {}", shown(server), server.said)).collect();
    with_rest(&list, servers.these.len())
}

fn list(servers: &Servers) -> String {
    let list: Vec<String> = servers.these.iter().take(NAMED).map(shown).collect();
    with_rest(&list, servers.these.len())
}

fn names(hosts: &[String]) -> String {
    let list: Vec<String> = hosts.iter().take(NAMED).map(|host| bare(host).to_owned()).collect();
    with_rest(&list, hosts.len())
}

fn with_rest(list: &[String], all: usize) -> String {
    match all.saturating_sub(list.len()) {
        0 => list.join(", "),
        more => format!("{} and {more} more", list.join(", ")),
    }
}

fn servers_named(hosts: &[String]) -> String {
    if hosts.len() == 1 { format!("server {}", names(hosts)) } else { format!("servers {}", names(hosts)) }
}

fn named_by(parent: &str, servers: &Servers) -> String {
    if parent.is_empty() {
        verb(servers, "is given", "are given").to_owned()
    } else {
        format!("{} names", bare(parent))
    }
}

fn parent_words(parent: &str) -> String {
    if parent.is_empty() { "the zone above".to_owned() } else { bare(parent).to_owned() }
}

fn parent_place(parent: &str) -> String {
    format!("the parent {}", parent_words(parent))
}

fn tags(tags: &[u16]) -> String {
    tags.iter().map(u16::to_string).collect::<Vec<_>>().join(", ")
}

/// A time in the future, rounded to what people plan with.
fn lasting(seconds: u32) -> String {
    match seconds {
        0..=119 => counted(seconds, "second"),
        120..=7_199 => counted(seconds / 60, "minute"),
        7_200..=172_799 => counted(seconds / 3_600, "hour"),
        _ => counted(seconds / 86_400, "day"),
    }
}

fn date(at: Timestamp) -> String {
    at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC").to_string()
}

fn moment(at: Timestamp) -> String {
    date(at)
}
