//! What a diagnosis found, in sentences: where, what was seen, what was expected, since when, who can mend it, and what to
//! do next. `zone`, `servers`, `parent` and `others` hold the sentences, by whom they are about; `next` says what to do.

mod next;
mod others;
mod parent;
mod parts;
mod servers;
mod zone;

use candor_core::fault::Act;
use candor_core::finding::{Finding, Was, What};

use self::parts::{moment, shown_data, shown_list, tags};
use crate::words::Told;

pub(super) fn told(finding: &Finding) -> Told {
    let (place, seen, words) = seen(finding);
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
        next: next::next(&finding.what),
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
        What::TargetBroken { .. } => "a record leads nowhere",
        What::Contradiction { .. } => "a name server contradicts itself",
        What::Wildcard { .. } => "a wildcard answers",
        What::WrongData { .. } => "wrong data",
        What::Lame { .. } => "a lame delegation",
        What::NoGlue { .. } => "glue is missing",
        What::GlueDiffers { .. } => "glue is wrong",
        What::HostsUnusable { .. } => "name servers without an address",
        What::GoneAtParent { .. } => "gone at the parent",
        What::HostsGone { .. } => "the name servers' own domain is gone",
        What::RegistrationEnds { .. } => "a registration ends",
        What::Unreachable { .. } => "name servers cannot be reached",
        What::SerialsDiffer { .. } => "copies of the zone differ",
        What::CopyExpired { .. } => "a copy of the zone has run out",
        What::KeysDiffer { .. } => "DS and keys do not fit",
        What::DsUnbound { .. } => "a DS that binds nobody",
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
fn seen(finding: &Finding) -> (String, String, String) {
    let what = &finding.what;
    match what {
        What::NameMissing { .. }
        | What::Empty { .. }
        | What::MassLoss { .. }
        | What::DotMissing { .. }
        | What::AliasBroken { .. }
        | What::TargetBroken { .. }
        | What::Wildcard { .. }
        | What::WrongData { .. } => zone::of_zone(what),
        What::Disagreement { .. }
        | What::Contradiction { .. }
        | What::Unreachable { .. }
        | What::SerialsDiffer { .. }
        | What::CopyExpired { .. }
        | What::Signatures { .. } => servers::of_servers(what),
        What::Lame { .. }
        | What::NoGlue { .. }
        | What::GlueDiffers { .. }
        | What::HostsUnusable { .. }
        | What::GoneAtParent { .. }
        | What::HostsGone { .. }
        | What::RegistrationEnds { .. }
        | What::KeysDiffer { .. }
        | What::DsUnbound { .. } => parent::of_parent(what, finding.at),
        What::Cached { .. }
        | What::Resolver { .. }
        | What::Healthy { .. }
        | What::NotDns { .. }
        | What::CouldNotTell { .. } => others::of_others(what, &finding.name),
    }
}

/// What was expected in the place of what was seen.
fn expected(finding: &Finding) -> String {
    match (&finding.what, &finding.was) {
        (What::WrongData { expected, .. }, _) => shown_list(expected),
        (What::Disagreement { others, .. }, None) => others.clone(),
        (What::DotMissing { meant, rtype, .. }, _) => format!("{rtype} {meant}"),
        (What::Cached { right, .. }, _) => shown_list(right),
        (What::KeysDiffer { ds, keys, .. }, _) if parent::wrong_digest(ds, keys) => {
            "the key that the DS is made of".to_owned()
        }
        (What::KeysDiffer { ds, .. }, _) => format!("a key with tag {}", tags(ds)),
        (What::GlueDiffers { own, .. }, _) => own.join(", "),
        (_, Some(was)) => shown_list(&was.records),
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
