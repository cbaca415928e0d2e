//! What to do next.

use candor_core::finding::{AliasEnd, BadSignature, NoAddress, What};

use super::parent::some_differ;

/// What to do next.
pub(super) fn next(what: &What) -> String {
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
        What::AliasBroken { end: AliasEnd::TooLong, .. } => {
            "Point the alias to the name at the end of the chain: resolvers give up after eleven to sixteen."
        }
        What::AliasBroken { .. } => "Put the target back, or point the alias to a name that exists.",
        What::Wildcard { .. } => "Put the name's own record back beside the wildcard.",
        What::WrongData { .. } => {
            "If nobody meant this change, put the expected data back, and find out who made it: an account may have been taken over."
        }
        What::TargetBroken { .. } => {
            "Put the host back, or let the record name one that exists and has an address."
        }
        What::Contradiction { .. } => {
            "Look at the software of the servers named: of a name that exists, a type that it has not is answered without an error and without records."
        }
        What::HostsUnusable { why: NoAddress::Circular(_), .. } => {
            "Let the registrar publish an address for one of the servers, or name servers that lie elsewhere."
        }
        What::HostsUnusable { why: NoAddress::Alias, .. } => {
            "Give the name of the server addresses of its own in the place of the alias, or name another server, in the zone and at the registrar."
        }
        What::HostsUnusable { .. } => {
            "Give the name of the server an address, or name another server, in the zone and at the registrar."
        }
        What::RegistrationEnds { .. } => "Renew the registration.",
        What::DsUnbound { .. } => "Sign the zones above, or take the DS away; nothing fails by it today.",
        What::Signatures { bad: BadSignature::Lists(_) | BadSignature::Lacks(_), .. } => {
            "Look at the software that signs: what it proves of the name is not what it answers. Signing the zone anew may mend it."
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
        What::KeysDiffer { servers, .. } if some_differ(servers) => {
            "Load the zone with the keys of the others on the servers named."
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
