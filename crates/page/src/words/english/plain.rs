//! What was found, for everyone: which name, which zone, which servers, since which serial; no address and no data.

use candor_core::finding::{AliasEnd, Servers, What};

use super::findings::class;
use super::kinds;
use super::whole::counted;

/// The finding in a sentence for everyone.
pub(super) fn told(what: &What) -> String {
    of_names(what).or_else(|| of_zones(what)).unwrap_or_else(|| of_others(what))
}

fn of_names(what: &What) -> Option<String> {
    Some(match what {
        What::NameMissing { name, zone, servers, serial } => {
            format!("{} is missing at {} of {}{}.", bare(name), all(servers), bare(zone), since(*serial))
        }
        What::Empty { name, zone, servers, serial, .. } => format!(
            "{} has lost its records at {} of {}{}.",
            bare(name),
            all(servers),
            bare(zone),
            since(*serial)
        ),
        What::MassLoss { zone, lost, of, serial, .. } => {
            format!("{} has lost {lost} of {of} names at once{}.", bare(zone), since(*serial))
        }
        What::DotMissing { owner, target, .. } => {
            format!("{} points to {}: a final dot is missing in the zone file.", bare(owner), bare(target))
        }
        What::TargetBroken { name, target, end, .. } | What::AliasBroken { name, target, end, .. } => {
            let how = match end {
                AliasEnd::Missing => "that name does not exist",
                AliasEnd::Empty => "that name has no address",
                AliasEnd::Circle => "that leads back to where it began",
                AliasEnd::TooLong => "that leads on and on",
            };
            format!("{} leads to {}, and {how}.", bare(name), bare(target))
        }
        What::Wildcard { name, wildcard, .. } => {
            format!(
                "{} has no record of its own: the wildcard {} answers for it.",
                bare(name),
                bare(wildcard)
            )
        }
        What::WrongData { name, serial, .. } => {
            format!("{} leads to a wrong place{}.", bare(name), since(*serial))
        }
        What::Cached { name, .. } => {
            format!("{} is right at all its name servers; a resolver still holds what was.", bare(name))
        }
        What::Resolver { name, .. } => {
            format!("{} is right at all its name servers; the resolver that was asked fails.", bare(name))
        }
        _ => return None,
    })
}

fn of_zones(what: &What) -> Option<String> {
    Some(match what {
        What::Disagreement { name, zone, wrong: servers, .. }
        | What::Contradiction { name, zone, servers, .. } => {
            format!("The name servers of {} do not agree about {}{}.", bare(zone), bare(name), by(servers))
        }
        What::SerialsDiffer { zone, behind, newest, .. } => {
            format!("Copies of {} differ{}; the newest has serial {newest}.", bare(zone), by(behind))
        }
        What::CopyExpired { zone, servers } => {
            format!("{} of {} have no valid copy of it.", capital(&all(servers)), bare(zone))
        }
        What::Unreachable { zone, servers, .. } => {
            format!("{} of {} cannot be reached.", capital(&all(servers)), bare(zone))
        }
        What::Signatures { zone, servers, .. } => {
            format!("The signatures of {} are no good at {}.", bare(zone), all(servers))
        }
        What::GoneAtParent { zone, parent, .. } => {
            format!("{} does not know {} any more.", capital(bare(parent)), bare(zone))
        }
        What::Lame { zone, .. }
        | What::NoGlue { zone, .. }
        | What::GlueDiffers { zone, .. }
        | What::HostsUnusable { zone, .. }
        | What::HostsGone { zone, .. }
        | What::KeysDiffer { zone, .. }
        | What::DsUnbound { zone, .. } => format!("{}: {}.", bare(zone), class(what)),
        What::RegistrationEnds { name, .. } => format!("The registration of {} ends.", bare(name)),
        _ => return None,
    })
}

fn of_others(what: &What) -> String {
    match what {
        What::NotDns { name, kind, .. } => {
            format!("It is not DNS: {} is right, and {}.", bare(name), kinds::kind(*kind))
        }
        _ => "The cause is not known yet.".to_owned(),
    }
}

fn bare(name: &str) -> &str {
    if name == "." { "the root" } else { name.trim_end_matches('.') }
}

fn since(serial: Option<u32>) -> String {
    serial.map_or_else(String::new, |serial| format!(" (zone serial {serial})"))
}

/// "all 4 name servers", "2 of 4 name servers".
fn all(servers: &Servers) -> String {
    let (these, of) = (servers.these.len(), usize::try_from(servers.of).unwrap_or(usize::MAX));
    match (these, of) {
        (1, 1) => "the only name server".to_owned(),
        (2, 2) => "both name servers".to_owned(),
        (these, of) if these >= of => format!("all {}", counted(of, "name server")),
        (these, of) => format!("{these} of {}", counted(of, "name server")),
    }
}

/// Those of them that have names.
fn by(servers: &Servers) -> String {
    let mut names: Vec<String> = Vec::new();
    for server in servers.these.iter().filter(|server| server.name != server.address) {
        let name = bare(&server.name).to_owned();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.truncate(4);
    if names.is_empty() { String::new() } else { format!(": it is {}", super::nouns::list(&names)) }
}

fn capital(text: &str) -> String {
    super::sentences::capital(text)
}
