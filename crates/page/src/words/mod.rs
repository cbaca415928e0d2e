//! Words: typed values become sentences here, and nowhere else.
//!
//! Each language is one folder beside this file; adding one means writing that folder and one line in `speak` and
//! in [`Language`]. A sentence never claims more than the [`Saying`] it was made from; property tests hold that.

mod english;
mod labels;

use candor_core::fault::{Act, Kind};
use candor_core::finding::{Finding, What};
use candor_core::incident::{Cause, RuledOut};
use candor_core::saying::{Deed, Fares, PlaceScope, Saying};
use candor_core::verdict::Verdict;
use candor_core::view::{Notice, View, Vote};
use jiff::Timestamp;
use jiff::civil::Date;

pub(crate) use labels::Labels;

/// A language that the page can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English.
    #[default]
    English,
}

/// What a sentence may leave out, because what stands around it says it already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Around {
    /// Nothing: the sentence stands alone, with the reason where there is one.
    Nothing,
    /// Nothing but the reason: the first line of the page stays short.
    Headline,
    /// The service is named above.
    Service,
    /// The service is named above, and the reasons stand beneath.
    Card,
}

/// What an incident is about, for its title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) deeds: Vec<Deed>,
    pub(crate) services: Vec<String>,
    pub(crate) places: PlaceScope,
}

/// A finding in words; a part that there is nothing to say of is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The sentence: where, what was seen, what was expected.
    pub words: String,
    /// Where.
    pub place: String,
    /// What was seen.
    pub seen: String,
    /// What was expected.
    pub expected: String,
    /// Since when.
    pub since: String,
    /// Who can mend it.
    pub act: String,
    /// What to do next.
    pub next: String,
}

/// How much of 90 days was measured, and what that showed. Seconds and days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Measured {
    pub(crate) operational_s: u64,
    pub(crate) known_s: u64,
    pub(crate) days: u32,
    pub(crate) gap_days: u32,
}

/// One language. Times are written in UTC; `as_of` is the day that needs no date.
pub(crate) trait Speech: Sync {
    /// The BCP 47 tag.
    fn tag(&self) -> &'static str;
    fn labels(&self) -> &'static Labels;
    fn sentence(&self, saying: &Saying, as_of: Option<Timestamp>, around: Around) -> String;
    /// The answer, and how much more there is to say.
    fn headline(&self, view: &View) -> (String, Option<String>);
    /// What is wrong, as a clause in a customer's words.
    fn kind(&self, kind: Kind) -> &'static str;
    /// How a deed fares, in a few words beside its verdict; empty where it works.
    fn brief(&self, fares: Fares) -> String;
    /// The same with where it was measured from.
    fn measured_from(&self, brief: &str, vantages: &[String]) -> String;
    fn act(&self, act: Act) -> &'static str;
    fn vote(&self, vote: Vote) -> &'static str;
    fn verdict(&self, verdict: Verdict) -> &'static str;
    /// The whole in a word or two, for the title of the window.
    fn overall(&self, verdict: Verdict) -> &'static str;
    fn trouble(&self, trouble: &Trouble) -> String;
    /// The same without saying that it is trouble.
    fn affected(&self, trouble: &Trouble) -> String;
    /// What is measured of an incident of which nothing was said yet, and why, where there is one reason.
    fn unsaid(&self, trouble: &Trouble, kind: Option<Kind>, now: Verdict) -> String;
    fn places(&self, scope: &PlaceScope) -> String;
    /// What is down on purpose, and until when.
    fn downtime(&self, name: &str, until: Timestamp, as_of: Option<Timestamp>) -> String;
    fn notice(&self, notice: &Notice, as_of: Option<Timestamp>, operators: bool) -> Option<String>;
    /// `08:53:10 UTC`, with the day where it is another.
    fn clock(&self, at: Timestamp, as_of: Option<Timestamp>) -> String;
    /// `08:53 UTC`, with the day where it is another.
    fn moment(&self, at: Timestamp, as_of: Option<Timestamp>) -> String;
    fn day(&self, date: Date) -> String;
    fn month(&self, date: Date) -> String;
    fn lasted(&self, seconds: i64) -> String;
    /// The same of what still goes on.
    fn so_far(&self, seconds: i64) -> String;
    fn measured(&self, measured: Measured) -> String;
    fn list(&self, names: &[String]) -> String;
    fn finding(&self, finding: &Finding) -> Told;
    fn class(&self, what: &What) -> &'static str;
    /// What an incident comes from; the public is told no address.
    fn cause(&self, cause: &Cause, operators: bool) -> String;
    /// How much of what fails it explains, and what speaks against it.
    fn cause_scope(&self, cause: &Cause, of: usize) -> String;
    fn ruled_out(&self, other: &RuledOut) -> String;
    fn each_place(&self, n: usize) -> String;
    /// Services that there is no room for.
    fn more_services(&self, n: usize) -> String;
    /// Where all of them are listed.
    fn all_services(&self, n: usize) -> String;
}

/// The voice of a language.
pub(crate) fn speak(language: Language) -> &'static dyn Speech {
    match language {
        Language::English => &english::English,
    }
}

/// The sentence for a saying: what works, what does not, where, since when, and why where there is one reason.
/// Times on the day of `as_of` are written without a date.
///
/// Never empty, and never a claim that something works which the saying does not hold.
#[must_use]
pub fn sentence(saying: &Saying, language: Language, as_of: Option<Timestamp>) -> String {
    speak(language).sentence(saying, as_of, Around::Nothing)
}

/// The answer, for the first line of the page.
#[must_use]
pub fn headline(view: &View, language: Language) -> String {
    whole(speak(language), view)
}

/// The answer, with how much more there is to say.
pub(crate) fn whole(speech: &dyn Speech, view: &View) -> String {
    match speech.headline(view) {
        (told, None) => told,
        (told, Some(more)) => format!("{told} {more}"),
    }
}

/// What is wrong, as a clause in a customer's words: "its name cannot be found".
#[must_use]
pub fn fault_words(kind: Kind, language: Language) -> &'static str {
    speak(language).kind(kind)
}

/// The class of what was found, in a few words; empty where nothing is wrong or nothing is known.
#[must_use]
pub fn class_title(what: &What, language: Language) -> &'static str {
    speak(language).class(what)
}

/// What a diagnosis found.
#[must_use]
pub fn finding_words(finding: &Finding, language: Language) -> Told {
    speak(language).finding(finding)
}
