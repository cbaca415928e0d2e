//! What the zone itself says of a name, and should not.

use candor_core::finding::{AliasEnd, What};

use super::parts::{all_of, at_serial, bare, record_of, shown_data, shown_list, verb};

pub(super) fn of_zone(what: &What) -> (String, String, String) {
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
                AliasEnd::TooLong => {
                    ("too many aliases", "the chain of aliases is longer than resolvers follow")
                }
            };
            let words = format!(
                "{} is an alias of {}, and {how}. Link {link} of {of} is broken.",
                bare(name),
                bare(target)
            );
            (format!("zone {}", bare(zone)), format!("CNAME {target} {seen}"), words)
        }
        What::TargetBroken { name, rtype, target, end, zone } => {
            let (seen, how) = match end {
                AliasEnd::Missing => ("NXDOMAIN", "that name does not exist"),
                AliasEnd::Empty => ("NODATA", "that name has no address"),
                AliasEnd::Circle => ("a circle", "that is an alias which leads in a circle"),
                AliasEnd::TooLong => {
                    ("too many aliases", "that is an alias in a chain longer than resolvers follow")
                }
            };
            let words = format!("{} points to {}, and {how}.", record_of(name, rtype), bare(target));
            (format!("zone {}", bare(zone)), format!("{rtype} {target} {seen}"), words)
        }
        What::Wildcard { name, wildcard, data, ttl } => {
            let words = format!(
                "{} has no record of its own: the wildcard {} answers for it with {} (TTL {ttl}), as for any other name.",
                bare(name),
                bare(wildcard),
                shown_data(data)
            );
            (format!("the wildcard {}", bare(wildcard)), shown_list(data), words)
        }
        What::WrongData { name, zone, data, expected, serial } => {
            let words = format!(
                "{} answers {}, which is not what is expected: {}{}.",
                bare(name),
                shown_data(data),
                shown_data(expected),
                at_serial(*serial)
            );
            (format!("zone {}", bare(zone)), shown_list(data), words)
        }
        _ => Default::default(),
    }
}
