//! What is said of the whole: the first line, incidents, history, and Candor itself.

use std::collections::BTreeSet;

use candor_core::fault::Kind;
use candor_core::saying::{Fares, UnknownWhy};
use candor_core::verdict::Verdict;
use candor_core::view::{CapabilityView, CellView, Notice, View};
use jiff::Timestamp;

use super::{kinds, nouns, sentences, times};
use crate::scene;
use crate::words::{Around, Measured, Trouble};

/// What customers do that a title names; beyond that they are counted.
const DEEDS_NAMED: usize = 3;

/// The answer. What all cells share is said of the whole; otherwise the saying speaks. Intended downtime is not
/// counted in, and is not passed over either.
pub(super) fn headline(view: &View) -> (String, Option<String>) {
    let last = || scene::newest(view).map(|at| format!("Last measured {}.", times::clock(at, view.as_of)));
    match shared(view) {
        Some(told) if view.overall == Verdict::Unknown => (told, last()),
        Some(told) => (told, None),
        None => {
            let told = sentences::sentence(&view.saying, view.as_of, Around::Headline);
            (told, further(view))
        }
    }
}

/// How much more there is, and with what: services with trouble that the answer does not name.
fn further(view: &View) -> Option<String> {
    let told = sentences::further(&view.saying)?;
    let claims = view.saying.claims.iter().filter(|claim| claim.fares != Fares::Works);
    let named: BTreeSet<&String> = claims.flat_map(|claim| &claim.services).collect();
    let troubled = view.services.iter().filter(|s| s.verdict.is_failing() && !named.contains(&s.name));
    let others: Vec<String> = troubled.map(|s| s.name.clone()).collect();
    if others.is_empty() || view.saying.verdict == Verdict::Unknown {
        return Some(told);
    }
    Some(format!("{}, with {}.", told.trim_end_matches('.'), nouns::services(&others)))
}

/// What is said where all cells fare alike.
fn shared(view: &View) -> Option<String> {
    let all: Vec<&CellView> =
        view.services.iter().flat_map(|s| &s.capabilities).flat_map(|c| &c.cells).collect();
    if all.is_empty() {
        return Some("Nothing is being measured yet.".to_owned());
    }
    let cells: Vec<&CellView> = all.iter().copied().filter(|c| c.maintenance.is_none()).collect();
    if cells.is_empty() {
        return Some(downtime(&all, view.as_of));
    }
    let every = |verdict| view.overall == verdict && cells.iter().all(|c| c.measured == verdict);
    if every(Verdict::Operational) {
        return Some(everything(view, cells.len() == all.len()));
    }
    every(Verdict::Unknown).then(|| nothing(&cells).to_owned())
}

fn downtime(cells: &[&CellView], as_of: Option<Timestamp>) -> String {
    let until = cells.iter().filter_map(|c| c.maintenance.as_ref()).map(|m| m.until).max();
    let until = until.map(|at| format!(" until {}", times::moment(at, as_of))).unwrap_or_default();
    format!("Everything is in intended downtime{until}.")
}

fn everything(view: &View, whole: bool) -> String {
    let open = |c: &&CapabilityView| c.cells.iter().any(|cell| cell.maintenance.is_none());
    let per_service: Vec<usize> =
        view.services.iter().map(|s| s.capabilities.iter().filter(open).count()).filter(|n| *n > 0).collect();
    let deeds: usize = per_service.iter().sum();
    let services = counted(per_service.len(), "service");
    let things = counted(deeds, "thing");
    let places = match view.places.as_slice() {
        [] => String::new(),
        [one] => format!(", in {}", nouns::tidy(&one.name)),
        many => format!(", in {} places", many.len()),
    };
    let what = if whole { "Everything we measure" } else { "Everything outside of intended downtime" };
    format!("{what} works: {services}, {things} customers do{places}.")
}

/// Every cell is unknown: say why, if they share a reason.
fn nothing(cells: &[&CellView]) -> &'static str {
    let mut whys = cells.iter().flat_map(|c| &c.saying.claims).filter_map(|claim| match claim.fares {
        Fares::Unknown(why) => Some(why),
        _ => None,
    });
    let first = whys.next();
    match first.filter(|first| whys.all(|why| why == *first)) {
        _ if cells.iter().all(|c| c.observed_at.is_none()) => "Nothing has been measured yet.",
        Some(UnknownWhy::TooFew) => "We cannot tell yet: too few results have come in.",
        Some(UnknownWhy::Confirming) => "We saw failures and are checking again before we judge.",
        Some(UnknownWhy::Ours) => "We cannot tell at the moment: the trouble is on our side.",
        Some(UnknownWhy::Silent) => "We cannot tell at the moment: our measurements have stopped.",
        Some(UnknownWhy::NeverMeasured) | None => "We cannot tell at the moment.",
    }
}

/// "Trouble with buying from the App Store in all 41 places".
pub(super) fn trouble(trouble: &Trouble) -> String {
    sentences::spaced(&["Trouble with", &affected(trouble)])
}

/// "Failing: buying from the App Store in India (its name cannot be found), being looked into."
pub(super) fn unsaid(trouble: &Trouble, kind: Option<Kind>, now: Verdict) -> String {
    let why = kind.map(|kind| format!(" ({})", kinds::kind(kind))).unwrap_or_default();
    let what = affected(trouble);
    match now {
        Verdict::Outage => format!("Failing: {what}{why}, being looked into."),
        Verdict::Degraded => format!("Impaired: {what}{why}, being looked into."),
        Verdict::Operational | Verdict::Unknown => format!("Trouble with {what}{why}."),
    }
}

/// "buying from the App Store in all 41 places"
pub(super) fn affected(trouble: &Trouble) -> String {
    let mut forms: Vec<String> = trouble.deeds.iter().map(|d| nouns::tidy(&d.doing)).collect();
    // One over is named as well: "1 more" would be no shorter.
    if forms.len() > DEEDS_NAMED + 1 {
        let more = forms.split_off(DEEDS_NAMED).len();
        forms.push(format!("{more} more"));
    }
    let deeds: Vec<_> = trouble.deeds.iter().collect();
    let what = nouns::tied(&forms, &deeds, &nouns::services(&trouble.services));
    sentences::spaced(&[&what, &nouns::places(&trouble.places)])
}

pub(super) fn notice(notice: &Notice, as_of: Option<Timestamp>, operators: bool) -> Option<String> {
    let told = match notice {
        Notice::NotRecording { since, why } => {
            let why = if operators { format!(" Why: {why}.") } else { String::new() };
            let since = times::moment(*since, as_of);
            format!(
                "History has not been recorded since {since}. What this page says of now is measured all the same.{why}"
            )
        }
        Notice::ConfigRefused { at, first, faults } => {
            if !operators {
                return None;
            }
            let at = times::moment(*at, as_of);
            let faults = counted(usize::try_from(*faults).unwrap_or(usize::MAX), "fault");
            format!(
                "A changed configuration was refused at {at} with {faults}; the one before it stays in force. First: {first}"
            )
        }
        Notice::Blind { vantages, since } => {
            let (verb, they) = if vantages.len() == 1 { ("has", "It does") } else { ("have", "They do") };
            let since = times::moment(*since, as_of);
            format!(
                "{} {verb} been cut off from the network since {since}. {they} not count until this is over.",
                nouns::list(vantages)
            )
        }
        Notice::Strained { what, since } => {
            if !operators {
                return None;
            }
            format!("Since {}: {what}", times::moment(*since, as_of))
        }
        Notice::Ill { what, since } => {
            let since = times::moment(*since, as_of);
            let what = if operators { format!(" {what}") } else { String::new() };
            format!("A part of the system behind this page has been out of order since {since}.{what}")
        }
    };
    Some(told)
}

/// Never rounded up: what was not whole is never "100 %".
pub(super) fn measured(m: Measured) -> String {
    let gaps = match m.gap_days {
        0 => String::new(),
        1 => "; 1 day was not measured".to_owned(),
        n => format!("; {n} days were not measured"),
    };
    if m.known_s == 0 {
        return "Not measured on any of the last 90 days.".to_owned();
    }
    let per_myriad = m.operational_s.saturating_mul(10_000) / m.known_s;
    let share = match per_myriad {
        10_000 => "100 %".to_owned(),
        n => format!("{}.{:02} %", n / 100, n % 100),
    };
    let days = if m.days == 1 { "1 measured day".to_owned() } else { format!("{} measured days", m.days) };
    format!("Worked {share} of the time on {days}{gaps}.")
}

pub(super) fn counted(n: usize, word: &str) -> String {
    if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") }
}
