//! What the zone above says, and should not.

use candor_core::finding::{NoAddress, Registration, Servers, What};
use jiff::Timestamp;

use super::parts::{
    bare, date, each, lasting, list, named_by, names, out_of, parent_place, parent_words, servers_named,
    some_of, tags, verb,
};

/// Whether every DS is for a key that is published: then what differs is what it says of the key.
pub(super) fn wrong_digest(ds: &[u16], keys: &[u16]) -> bool {
    !ds.is_empty() && ds.iter().all(|tag| keys.contains(tag))
}

/// Whether only some of the servers have other keys than the DS says.
pub(super) fn some_differ(servers: &Servers) -> bool {
    let these = u32::try_from(servers.these.len()).unwrap_or(u32::MAX);
    these > 0 && these < servers.of
}

/// Why the names of servers lead to no address.
fn no_address(count: usize, why: &NoAddress) -> (String, String) {
    let one = |one: &'static str, many: &'static str| if count == 1 { one } else { many };
    match why {
        NoAddress::Alias => (
            "an alias".to_owned(),
            format!(
                "{}, which the name of a server may not be (RFC 2181): many resolvers do not follow {}",
                one("is an alias", "are aliases"),
                one("it", "them")
            ),
        ),
        NoAddress::Empty => {
            ("no address".to_owned(), format!("{} without an address", one("exists", "exist")))
        }
        NoAddress::Missing(zone) => {
            ("NXDOMAIN".to_owned(), format!("{} not exist in {}", one("does", "do"), bare(zone)))
        }
        NoAddress::Circular(zone) => (
            "a circle".to_owned(),
            format!(
                "can only be looked up in {}, whose own servers can only be looked up there again: nobody can begin",
                bare(zone)
            ),
        ),
    }
}

/// Why a zone is not in its parent, as far as its registry says.
fn why_gone(zone: &str, registration: Option<&Registration>, at: Timestamp) -> String {
    let Some(registration) = registration else {
        return "It has expired, is on hold, or was never registered.".to_owned();
    };
    let zone = bare(zone);
    match registration.ends {
        _ if !registration.known => {
            format!("The registry does not know {zone} (RDAP): it is not registered.")
        }
        Some(ends) if ends <= at => format!("The registration of {zone} ended on {}.", date(ends)),
        _ if !registration.held.is_empty() => {
            format!("The registry says of {zone}: {}.", registration.held.join(", "))
        }
        Some(ends) => {
            format!("It is registered until {}, and not on hold by what the registry says.", date(ends))
        }
        None => {
            "The registry knows it, and says neither that it has expired nor that it is on hold.".to_owned()
        }
    }
}

pub(super) fn of_parent(what: &What, at: Timestamp) -> (String, String, String) {
    match what {
        What::Lame { zone, parent, servers } => {
            let words = format!(
                "{} that {} {} the zone: {}. {} running, and not configured for it.",
                some_of(servers),
                named_by(zone, parent, servers),
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
        What::HostsUnusable { zone, parent, hosts, why } => {
            let (seen, how) = no_address(hosts.len(), why);
            let words = format!("The name {} of {} {how}.", servers_named(hosts), bare(zone));
            let place = match why {
                NoAddress::Circular(_) => parent_place(parent),
                _ => format!("the name {}", servers_named(hosts)),
            };
            (place, format!("{}: {seen}", names(hosts)), words)
        }
        What::RegistrationEnds { name, at: ends } => {
            let how = if *ends <= at { "ended" } else { "ends" };
            let words = format!(
                "The registration of {} {how} on {}: the registry may take it out of the DNS {}.",
                bare(name),
                date(*ends),
                if *ends <= at { "at any time" } else { "from then on" }
            );
            ("the registry".to_owned(), format!("expiration {}", date(*ends)), words)
        }
        What::GoneAtParent { zone, parent, still_served, registration } => {
            let still = match still_served {
                Some(true) => " Its own name servers still answer for it: nothing in the zone is wrong.",
                Some(false) => " Its own name servers do not answer for it any more.",
                None => "",
            };
            let words = format!(
                "{} is not in {}: the parent says that it does not exist.{still} {}",
                bare(zone),
                parent_words(parent),
                why_gone(zone, registration.as_ref(), at)
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
        What::DsUnbound { zone, parent, unsigned, seen } => {
            let why = match seen {
                true => format!("because {} is not signed", bare(unsigned)),
                false => format!("unless {} is signed from above, which was not seen", bare(unsigned)),
            };
            let words = format!(
                "{} has a DS for {}, and by it {} would be refused; nobody is held to that, {why}.",
                parent_words(parent),
                bare(zone),
                bare(zone)
            );
            (parent_place(parent), format!("DS for {}", bare(zone)), words)
        }
        What::KeysDiffer { zone, parent, ds, keys, ttl, servers } => {
            let has = if keys.is_empty() {
                "publishes no key at all".to_owned()
            } else {
                format!("publishes only {}", tags(keys))
            };
            let who = if some_differ(servers) {
                format!("{} of the zone {has}: {}", out_of(servers), list(servers))
            } else {
                format!("the zone {has}")
            };
            let says = if wrong_digest(ds, keys) {
                format!(
                    "{} has a DS for key {} of {}, and its digest is not that of the key of this tag which the zone publishes.",
                    parent_words(parent),
                    tags(ds),
                    bare(zone)
                )
            } else {
                format!(
                    "{} says that {} is signed with key {}; {who}.",
                    parent_words(parent),
                    bare(zone),
                    tags(ds)
                )
            };
            let words = format!(
                "{says} Validating resolvers refuse it; others do not. What the parent says may be believed for {} more.",
                lasting(*ttl)
            );
            (
                if some_differ(servers) { list(servers) } else { parent_place(parent) },
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
