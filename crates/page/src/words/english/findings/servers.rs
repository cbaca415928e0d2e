//! What some of a zone's servers say, or do not say.

use candor_core::finding::{BadSignature, What};

use super::parts::{bare, counted_hosts, date, each, hosts, list, out_of, some_of, verb};

pub(super) fn of_servers(what: &What) -> (String, String, String) {
    match what {
        What::Disagreement { name, zone, wrong, others, serial } => {
            let even =
                serial.map(|serial| format!(" All have serial {serial}, so the serial does not show it."));
            let words = if others.is_empty() {
                format!(
                    "The {} of {} do not agree about {}: {}. Users fail at random.{}",
                    counted_hosts(wrong),
                    bare(zone),
                    bare(name),
                    each(wrong),
                    even.unwrap_or_default()
                )
            } else {
                format!(
                    "{} of {} {} otherwise than the rest about {}: {}, and the others say {}. Users fail at random.{}",
                    some_of(wrong),
                    bare(zone),
                    verb(wrong, "answers", "answer"),
                    bare(name),
                    each(wrong),
                    bare(others),
                    even.unwrap_or_default()
                )
            };
            let rest = if others.is_empty() { String::new() } else { format!("; others: {others}") };
            (list(wrong), format!("{}{rest}", each(wrong)), words)
        }
        What::Contradiction { name, zone, denied, has, servers, fails: true } => {
            let types = denied.join(" and ");
            let words = format!(
                "{} of {} {} where asked for {types} of {}, and {} where asked for {}: {}. Who asks for {types} gets no answer.",
                some_of(servers),
                bare(zone),
                verb(servers, "fails", "fail"),
                bare(name),
                verb(servers, "answers", "answer"),
                has.join(" and "),
                each(servers)
            );
            (list(servers), each(servers), words)
        }
        What::Contradiction { name, zone, denied, has, servers, fails: false } => {
            let words = format!(
                "{} of {} {} {}, asked for {}, and {} it, asked for {}: {}. Who hears the denial takes it for the whole name: users fail at random.",
                some_of(servers),
                bare(zone),
                verb(servers, "denies", "deny"),
                bare(name),
                denied.join(" and "),
                verb(servers, "knows", "know"),
                has.join(" and "),
                each(servers)
            );
            (list(servers), each(servers), words)
        }
        What::Unreachable { zone, servers, network } => {
            let shared = network.as_ref().map(|network| format!(" All of them lie in {network}."));
            let all = u32::try_from(servers.these.len()) == Ok(servers.of);
            let words = if servers.these.is_empty() {
                format!("No server of {} is reached.", bare(zone))
            } else if all {
                format!(
                    "None of the {} of {} can be reached: {}. The parent still names {}.{}",
                    counted_hosts(servers),
                    bare(zone),
                    each(servers),
                    if hosts(servers) == 1 { "it" } else { "them" },
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
            let who = out_of(servers);
            let words = match bad {
                BadSignature::Lists(rtype) => format!(
                    "{} has no {rtype}, as {who} say, and the signed proof of it in {} says that it has: validating resolvers refuse the denial; others do not.",
                    bare(of),
                    bare(zone)
                ),
                BadSignature::Lacks(rtype) => format!(
                    "{} has {rtype}, as {who} say, and a signed proof of {} says that it has none: resolvers that answer from such proofs (RFC 8198) deny it; others do not.",
                    bare(of),
                    bare(zone)
                ),
                _ => format!(
                    "The signatures of {} {how} (those over {of}), on {who}. Validating resolvers refuse the zone; others do not.",
                    bare(zone)
                ),
            };
            (list(servers), format!("{}: {seen}", bare(of)), words)
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
        BadSignature::Lists(rtype) => {
            (format!("the proof that there is no {rtype} lists it"), "contradict its answers".to_owned())
        }
        BadSignature::Lacks(rtype) => {
            (format!("a proof does not list {rtype}, which is there"), "contradict its answers".to_owned())
        }
    }
}
