//! English: the first language.
//!
//! [`sentences`] turns sayings into sentences, [`whole`] speaks of the whole view, [`nouns`] and [`times`] hold names
//! and times, [`kinds`] the faults in a customer's words, [`findings`] and [`causes`] what a diagnosis found, [`plain`] the same for everyone, [`labels`] the fixed texts of the page.

mod causes;
mod findings;
mod kinds;
mod labels;
mod nouns;
mod plain;
mod sentences;
mod times;
mod whole;

use candor_core::fault::{Act, Kind};
use candor_core::finding::{Finding, What};
use candor_core::incident::{Cause, RuledOut};
use candor_core::saying::{Fares, PlaceScope, Saying};
use candor_core::verdict::Verdict;
use candor_core::view::{Notice, View, Vote};
use jiff::Timestamp;
use jiff::civil::Date;

use super::{Around, Labels, Measured, Speech, Told, Trouble};

#[derive(Debug)]
pub(super) struct English;

impl Speech for English {
    fn tag(&self) -> &'static str {
        "en"
    }

    fn labels(&self) -> &'static Labels {
        &labels::LABELS
    }

    fn sentence(&self, saying: &Saying, as_of: Option<Timestamp>, around: Around) -> String {
        let told = sentences::sentence(saying, as_of, around);
        sentences::further(saying).map_or_else(|| told.clone(), |more| format!("{told} {more}"))
    }

    fn headline(&self, view: &View) -> (String, Option<String>) {
        whole::headline(view)
    }

    fn kind(&self, kind: Kind) -> &'static str {
        kinds::kind(kind)
    }

    fn brief(&self, fares: Fares) -> String {
        sentences::brief(fares)
    }

    fn measured_from(&self, brief: &str, vantages: &[String]) -> String {
        let origin = sentences::origin(vantages);
        if brief.is_empty() { origin.trim_start_matches(", ").to_owned() } else { format!("{brief}{origin}") }
    }

    fn finding(&self, finding: &Finding) -> Told {
        findings::told(finding)
    }

    fn class(&self, what: &What) -> &'static str {
        findings::class(what)
    }

    fn cause(&self, cause: &Cause, operators: bool) -> String {
        causes::told(cause, operators)
    }

    fn cause_scope(&self, cause: &Cause, of: usize) -> String {
        causes::scope(cause, of)
    }

    fn ruled_out(&self, other: &RuledOut) -> String {
        causes::ruled_out(other)
    }

    fn act(&self, act: Act) -> &'static str {
        kinds::act(act)
    }

    fn vote(&self, vote: Vote) -> &'static str {
        match vote {
            Vote::Passing => "passing",
            Vote::Failing => "failing",
            Vote::Wavering => "being confirmed",
            Vote::Silent => "silent",
            Vote::Blind => "blind",
        }
    }

    fn verdict(&self, verdict: Verdict) -> &'static str {
        match verdict {
            Verdict::Operational => "works",
            Verdict::Unknown => "not known",
            Verdict::Degraded => "impaired",
            Verdict::Outage => "out of order",
        }
    }

    fn overall(&self, verdict: Verdict) -> &'static str {
        match verdict {
            Verdict::Operational => "All works",
            Verdict::Unknown => "Not known",
            Verdict::Degraded => "Impaired",
            Verdict::Outage => "Outage",
        }
    }

    fn trouble(&self, trouble: &Trouble) -> String {
        whole::trouble(trouble)
    }

    fn affected(&self, trouble: &Trouble) -> String {
        sentences::capital(&whole::affected(trouble))
    }

    fn unsaid(&self, trouble: &Trouble, kind: Option<Kind>, now: Verdict) -> String {
        whole::unsaid(trouble, kind, now)
    }

    fn places(&self, scope: &PlaceScope) -> String {
        nouns::places(scope)
    }

    fn downtime(&self, name: &str, until: Timestamp, as_of: Option<Timestamp>) -> String {
        format!("Intended downtime ({}) until {}", nouns::tidy(name), times::moment(until, as_of))
    }

    fn notice(&self, notice: &Notice, as_of: Option<Timestamp>, operators: bool) -> Option<String> {
        whole::notice(notice, as_of, operators)
    }

    fn clock(&self, at: Timestamp, as_of: Option<Timestamp>) -> String {
        times::clock(at, as_of)
    }

    fn moment(&self, at: Timestamp, as_of: Option<Timestamp>) -> String {
        times::moment(at, as_of)
    }

    fn day(&self, date: Date) -> String {
        times::day(date)
    }

    fn month(&self, date: Date) -> String {
        times::month(date)
    }

    fn lasted(&self, seconds: i64) -> String {
        times::lasted(seconds)
    }

    fn so_far(&self, seconds: i64) -> String {
        format!("{} so far", times::lasted(seconds))
    }

    fn measured(&self, measured: Measured) -> String {
        whole::measured(measured)
    }

    fn list(&self, names: &[String]) -> String {
        nouns::list(names)
    }

    fn each_place(&self, n: usize) -> String {
        format!("See each of the {n} places")
    }

    fn more_services(&self, n: usize) -> String {
        format!("And {}", whole::counted(n, "more service"))
    }

    fn all_services(&self, n: usize) -> String {
        if n == 1 { "The one service".to_owned() } else { format!("All {n} services") }
    }
}
