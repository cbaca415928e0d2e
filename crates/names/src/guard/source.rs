//! R14 and R17: the text is whole, and what it was made from was not empty.

use super::Case;
use super::breach::{Breach, Breaches, Severity};
use super::removal::owners;
use crate::zone::ZoneFault;

const WHOLE: &str = "Write the zone again from its source, whole; its last line is by agreement the one that the config names.";
const PARSED: &str = "Mend the zone file: a name server would refuse it, or read a part of it.";
const EMPTY: &str =
    "Look at what the zone is made from: an empty source does not mean that everything is to be deleted.";

/// The text that a proposed version was read from.
#[derive(Debug, Clone, Copy, Default)]
pub struct Source<'a> {
    /// The text, where it was read from one.
    pub text: Option<&'a str>,
}

/// What is refused where there is not even a zone to judge: a text with nothing in it.
#[must_use]
pub fn empty(text: &str, origin: &str) -> Option<Breach> {
    let holds_nothing = |line: &str| {
        let line = line.trim();
        line.is_empty() || line.starts_with(';') || line.starts_with('$')
    };
    text.lines().all(holds_nothing).then(|| Breach {
        rule: "R17",
        severity: Severity::Refuse,
        names: vec![origin.to_owned()],
        words: "there is no record in what is proposed.".to_owned(),
        remedy: EMPTY,
    })
}

/// What is refused where the text is no zone: each fault with its place.
#[must_use]
pub fn unreadable(faults: &[ZoneFault], origin: &str) -> Vec<Breach> {
    let told = |fault: &ZoneFault| Breach {
        rule: "R14",
        severity: Severity::Refuse,
        names: vec![origin.to_owned()],
        words: format!("{fault}."),
        remedy: PARSED,
    };
    faults.iter().map(told).collect()
}

pub(super) fn check_whole(case: &Case<'_>, found: &mut Breaches) {
    let (Some(text), Some(last)) = (case.source.text, &case.limits.last_line) else { return };
    let is = text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
    if is != last.trim() {
        let is: String = is.chars().take(60).collect();
        let words =
            format!("the text ends with {is:?}, not with {:?}: it may have been cut short", last.trim());
        found.add_all(Severity::Refuse, WHOLE, vec![case.proposed.origin()], words);
    }
}

/// A zone of its apex alone, where there were other names.
pub(super) fn check_empty(case: &Case<'_>, found: &mut Breaches) {
    let (were, are) = (owners(case.live), owners(case.proposed));
    if are <= 1 && were > 1 {
        let words = format!("nothing but the apex would be left, of {were} names");
        found.add_all(Severity::Refuse, EMPTY, vec![case.proposed.origin()], words);
    }
}
