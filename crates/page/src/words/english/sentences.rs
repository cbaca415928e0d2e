//! A saying becomes one sentence: what works first, then "but", then the trouble, worst first.
//!
//! Claims that differ only in the deed, or only in the service, are told together. Words about what works come from
//! claims that say so and from nothing else.

use candor_core::fault::Kind;
use candor_core::saying::{Claim, Deed, Fares, PlaceScope, Saying, UnknownWhy};
use candor_core::verdict::Verdict;
use jiff::Timestamp;

use super::{kinds, nouns, times};
use crate::words::Around;

/// Claims that are told as one.
struct Phrase<'a> {
    deeds: Vec<&'a Deed>,
    services: Vec<String>,
    places: &'a PlaceScope,
    fares: Fares,
    since: Option<String>,
    from: &'a [String],
    /// In the headline places are counted rather than named.
    brief: bool,
}

impl Phrase<'_> {
    fn wherein(&self) -> String {
        if self.brief { nouns::places_counted(self.places) } else { nouns::places(self.places) }
    }
}

pub(super) fn sentence(saying: &Saying, as_of: Option<Timestamp>, around: Around) -> String {
    let phrases = merged(&saying.claims, as_of, around);
    let (works, troubles): (Vec<_>, Vec<_>) = phrases.iter().partition(|p| p.fares == Fares::Works);
    let from_all = common_origin(&phrases);
    let origin = |p: &Phrase<'_>| if from_all.is_some() { String::new() } else { origin(p.from) };

    let mut text = works
        .iter()
        .enumerate()
        .map(|(i, p)| format!("{}{}", can(p, i == 0), origin(p)))
        .collect::<Vec<_>>()
        .join(", and ");
    let told: Vec<String> = troubles
        .iter()
        .enumerate()
        .map(|(i, p)| {
            let before = if i == 0 { works.last() } else { troubles.get(i - 1) };
            let repeats = before.is_some_and(|b| b.services == p.services);
            format!("{}{}", trouble(p, repeats), origin(p))
        })
        .collect();
    let glue = if told.len() > 2 || told.iter().any(|t| t.contains(':')) { "; " } else { ", and " };
    if !told.is_empty() {
        let but = if text.is_empty() { "" } else { ", but " };
        text = format!("{text}{but}{}", told.join(glue));
    }
    if text.is_empty() {
        text = unclaimed(saying.verdict).to_owned();
    }
    text.push_str(&from_all.map(self::origin).unwrap_or_default());
    if matches!(around, Around::Nothing | Around::Service)
        && let Some(kind) = common_kind(&troubles)
    {
        text = format!("{text}: {}", kinds::kind(kind));
    }
    finished(&text)
}

/// What is said where nothing is claimed.
const fn unclaimed(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Operational | Verdict::Unknown => "there is nothing to tell yet",
        Verdict::Degraded => "something that we measure is impaired",
        Verdict::Outage => "something that we measure has failed",
    }
}

fn finished(text: &str) -> String {
    format!("{}.", capital(text))
}

/// The text with a capital at its beginning.
pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}", chars.as_str())
}

/// How much more there is, where claims were left out.
pub(super) fn further(saying: &Saying) -> Option<String> {
    let told = match (saying.more, saying.verdict) {
        (0, _) => return None,
        (1, Verdict::Unknown) => "One further thing is not known.".to_owned(),
        (n, Verdict::Unknown) => format!("{n} further things are not known."),
        (1, _) => "There is one further problem.".to_owned(),
        (n, _) => format!("There are {n} further problems."),
    };
    Some(told)
}

fn merged<'a>(claims: &'a [Claim], as_of: Option<Timestamp>, around: Around) -> Vec<Phrase<'a>> {
    let mut phrases: Vec<Phrase<'a>> = Vec::new();
    for claim in claims {
        let works = claim.fares == Fares::Works;
        let since = claim.since.filter(|_| !works).map(|at| format!(" since {}", times::moment(at, as_of)));
        let services = if matches!(around, Around::Service | Around::Card) {
            Vec::new()
        } else {
            claim.services.clone()
        };
        // The headline does not say why, so it need not be told apart.
        let fail = |fares: Fares| around == Around::Headline && matches!(fares, Fares::Fails(_));
        let alike = |p: &&mut Phrase<'a>| {
            (p.fares == claim.fares || fail(p.fares) && fail(claim.fares))
                && *p.places == claim.places
                && p.since == since
                && p.from == claim.measured_from.as_slice()
        };
        if let Some(p) = phrases.iter_mut().filter(alike).find(|p| p.services == services) {
            if !p.deeds.iter().any(|d| **d == claim.deed) {
                p.deeds.push(&claim.deed);
            }
        } else if let Some(p) = phrases.iter_mut().filter(alike).find(|p| *p.deeds == [&claim.deed]) {
            let fresh: Vec<String> = services.into_iter().filter(|s| !p.services.contains(s)).collect();
            p.services.extend(fresh);
        } else {
            let deeds = vec![&claim.deed];
            let (places, from) = (&claim.places, claim.measured_from.as_slice());
            let brief = around == Around::Headline;
            phrases.push(Phrase { deeds, services, places, fares: claim.fares, since, from, brief });
        }
    }
    phrases
}

fn common_origin<'a>(phrases: &[Phrase<'a>]) -> Option<&'a [String]> {
    let first = phrases.first()?.from;
    phrases.iter().all(|p| p.from == first).then_some(first)
}

pub(super) fn origin(from: &[String]) -> String {
    match from.len() {
        0 => String::new(),
        1..=3 => format!(
            ", measured from {}",
            nouns::list(&from.iter().map(|f| nouns::tidy(f)).collect::<Vec<_>>())
        ),
        n => format!(", measured from {n} vantages elsewhere"),
    }
}

fn common_kind(troubles: &[&Phrase<'_>]) -> Option<Kind> {
    let mut kinds = troubles.iter().map(|p| match p.fares {
        Fares::Fails(kind) | Fares::Sometimes(_, _, kind) | Fares::FromSome(_, _, kind) => Some(kind),
        Fares::Works | Fares::Slow(..) | Fares::Unknown(_) => None,
    });
    let first = kinds.next()??;
    kinds.all(|kind| kind == Some(first)).then_some(first)
}

fn can(p: &Phrase<'_>, first: bool) -> String {
    let forms = forms(p, |d| &d.can, "use");
    let done = nouns::tied(&forms, &p.deeds, &nouns::services(&p.services));
    let you = if first { "you can" } else { "" };
    spaced(&[you, &done, &p.wherein()])
}

fn trouble(p: &Phrase<'_>, repeats: bool) -> String {
    let services = if repeats { String::new() } else { nouns::services(&p.services) };
    let what = nouns::tied(&forms(p, |d| &d.doing, "using"), &p.deeds, &services);
    let many = p.deeds.len() > 1;
    let place = p.wherein();
    let since = p.since.clone().unwrap_or_default();
    match p.fares {
        Fares::Works => String::new(),
        Fares::Fails(_) if since.is_empty() => spaced(&[&what, if many { "fail" } else { "fails" }, &place]),
        Fares::Fails(_) => format!("{}{since}", spaced(&[&what, has(many), "failed", &place])),
        Fares::Slow(took, allowed) => {
            let verb = if since.is_empty() { if many { "are slow" } else { "is slow" } } else { "slow" };
            let been = if since.is_empty() {
                ""
            } else if many {
                "have been"
            } else {
                "has been"
            };
            format!(
                "{}{since} ({} instead of at most {})",
                spaced(&[&what, been, verb, &place]),
                span(took),
                span(allowed)
            )
        }
        Fares::Sometimes(failed, of, _) => {
            let text = spaced(&[&what, has(many), "sometimes failed", &place]);
            format!("{text}{since} ({failed} of the last {of} tries)")
        }
        Fares::FromSome(failing, of, _) => {
            let text = spaced(&[&what, has(many), "failed", &place]);
            format!("{text} for {failing} of our {of} vantages{since}")
        }
        Fares::Unknown(why) => unknown(why, &what, many, p.places, &since),
    }
}

/// How a deed fares, in a few words.
pub(super) fn brief(fares: Fares) -> String {
    match fares {
        Fares::Works => String::new(),
        Fares::Fails(kind) => kinds::kind(kind).to_owned(),
        Fares::Slow(took, allowed) => format!("{} instead of at most {}", span(took), span(allowed)),
        Fares::Sometimes(failed, of, kind) => {
            format!("{failed} of the last {of} tries: {}", kinds::kind(kind))
        }
        Fares::FromSome(failing, of, kind) => {
            format!("{failing} of our {of} vantages: {}", kinds::kind(kind))
        }
        Fares::Unknown(UnknownWhy::NeverMeasured) => "not measured yet".to_owned(),
        Fares::Unknown(UnknownWhy::Silent) => "our measurements have stopped".to_owned(),
        Fares::Unknown(UnknownWhy::TooFew) => "too few results have come in".to_owned(),
        Fares::Unknown(UnknownWhy::Confirming) => "a first failure is being checked".to_owned(),
        Fares::Unknown(UnknownWhy::Ours) => "the trouble is on our side".to_owned(),
    }
}

fn unknown(why: UnknownWhy, what: &str, many: bool, places: &PlaceScope, since: &str) -> String {
    let place = nouns::any_place(places);
    let works = if many { "work" } else { "works" };
    match why {
        UnknownWhy::NeverMeasured => spaced(&["we have not measured", what, &place, "yet"]),
        UnknownWhy::Silent => {
            let know = if since.is_empty() { "we do not know" } else { "we have not known" };
            let whether = spaced(&["whether", what, works, &place]);
            format!("{know}{since} {whether}: our measurements have stopped")
        }
        UnknownWhy::TooFew => {
            let whether = spaced(&["whether", what, works, &place]);
            format!("we do not know yet {whether}: too few results have come in")
        }
        UnknownWhy::Confirming => {
            let fail = spaced(&["we saw", what, "fail", &nouns::places(places)]);
            format!("{fail} and are checking again before we judge")
        }
        UnknownWhy::Ours => {
            let have =
                if since.is_empty() { "we cannot measure" } else { "we have not been able to measure" };
            format!("{}{since}: the trouble is on our side", spaced(&[have, what, &place]))
        }
    }
}

fn forms(p: &Phrase<'_>, form: fn(&Deed) -> &String, empty: &str) -> Vec<String> {
    p.deeds
        .iter()
        .map(|d| nouns::tidy(form(d)))
        .map(|text| if text.is_empty() { empty.to_owned() } else { text })
        .collect()
}

const fn has(many: bool) -> &'static str {
    if many { "have" } else { "has" }
}

/// The parts in a row. "signing in" and "in India" need a comma between them.
pub(super) fn spaced(parts: &[&str]) -> String {
    let mut row = String::new();
    for part in parts.iter().copied().filter(|p| !p.is_empty()) {
        match (row.is_empty(), row.ends_with(" in") && part.starts_with("in ")) {
            (true, _) => {}
            (false, true) => row.push_str(", "),
            (false, false) => row.push(' '),
        }
        row.push_str(part);
    }
    row
}

/// `800 ms`, `4.2 s`.
fn span(ms: u32) -> String {
    if ms < 1_000 { format!("{ms} ms") } else { format!("{}.{} s", ms / 1_000, ms % 1_000 / 100) }
}
