//! What the zone above says, and should not.

use candor_core::finding::What;

use super::parts::{
    bare, each, lasting, list, named_by, names, parent_place, parent_words, servers_named, some_of, tags,
    verb,
};

pub(super) fn of_parent(what: &What) -> (String, String, String) {
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
