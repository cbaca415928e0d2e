//! What an incident comes from, in sentences: the cause, what speaks for it and against it, and what was ruled out.

use candor_core::cause::Feature;
use candor_core::finding::What;
use candor_core::incident::{Cause, RuledOut, WhyNot};

use super::findings;
use super::nouns;
use super::plain;
use super::whole::counted;

/// Names that are told beside the first.
const ALSO: usize = 3;

/// The cause in a sentence or two. The public is told names, and no address of what is behind them.
pub(super) fn told(cause: &Cause, operators: bool) -> String {
    let words = match &cause.finding.what {
        What::CouldNotTell { .. } if names_are_right(cause) => {
            return "The cause is not known yet. It is not DNS: the names that were asked for are right at every name server.".to_owned();
        }
        What::CouldNotTell { .. } | What::Healthy { .. } => return "The cause is not known yet.".to_owned(),
        What::NotDns { .. } if between(cause).is_some() => {
            let vantage = between(cause).unwrap_or_default();
            return format!(
                "It is not DNS: the names are right, and what is not reached from {vantage} is reached from elsewhere. The way between is at fault."
            );
        }
        what @ What::NotDns { address, .. } if address.is_empty() => plain::told(what),
        _ if operators => findings::told(&cause.finding).words,
        what => plain::told(what),
    };
    format!("{words}{}", also(&cause.also))
}

/// The vantage from which much is not reached that is reached from elsewhere.
fn between(cause: &Cause) -> Option<&str> {
    cause.covers.iter().find_map(|feature| match feature {
        Feature::Vantage(vantage) => Some(vantage.as_str()),
        _ => None,
    })
}

/// Whether names were looked at, and all of them are right.
fn names_are_right(cause: &Cause) -> bool {
    let mut names = cause.ruled_out.iter().filter(|other| matches!(other.feature, Feature::Name(_)));
    names.clone().next().is_some() && names.all(|other| other.why == WhyNot::Healthy)
}

fn also(names: &[String]) -> String {
    let told: Vec<String> = names.iter().take(ALSO).cloned().collect();
    match names.len().checked_sub(ALSO) {
        None | Some(0) if told.is_empty() => String::new(),
        None | Some(0) => format!(" The same befell {}.", nouns::list(&told)),
        Some(more) => format!(" The same befell {} and {}.", told.join(", "), counted(more, "more name")),
    }
}

/// How much it explains, and what speaks against it.
pub(super) fn scope(cause: &Cause, of: usize) -> String {
    let explains = usize::try_from(cause.explains).unwrap_or(usize::MAX).min(of);
    let much = match (explains, of) {
        (1, 1) => "It explains what fails".to_owned(),
        (explains, of) if explains == of => format!("It explains all {of} that fail"),
        (explains, of) => format!("It explains {explains} of {of} that fail"),
    };
    match cause.contradicts {
        0 => format!("{much}; nothing that works speaks against it."),
        1 => format!("{much}; one check that goes there passes all the same."),
        n => format!("{much}; {n} checks that go there pass all the same."),
    }
}

/// Something that was ruled out, and why.
pub(super) fn ruled_out(other: &RuledOut) -> String {
    let what = match &other.feature {
        Feature::Name(name) => format!("The name {name}"),
        Feature::Need(name) => format!("{name}, which is needed inside,"),
        Feature::Address(address) => format!("The address {address}"),
        Feature::Certificate(print) => {
            format!("The certificate with the SHA-256 {}\u{2026}", print.get(..16).unwrap_or(print))
        }
        Feature::Network(prefix) => format!("The network {prefix}"),
        Feature::Zone(zone) => format!("The zone {zone}"),
        Feature::Service(service) => format!("The service {service} as a whole"),
        Feature::Place(place) => format!("The place {place} as a whole"),
        Feature::Vantage(vantage) => format!("The vantage {vantage} as a whole"),
    };
    match other.why {
        WhyNot::Passes(1) => format!("{what}: one check that has it passes."),
        WhyNot::Passes(n) => format!("{what}: {n} checks that have it pass."),
        WhyNot::Healthy => format!("{what}: it is right at every name server."),
        WhyNot::ExplainsNothing => format!("{what}: it is wrong as well, and explains none of this."),
    }
}
