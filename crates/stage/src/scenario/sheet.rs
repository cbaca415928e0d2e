//! The sheet that is read: it collects faults, and reads keys and plain values.
//!
//! Every read function says what is wrong and returns `None`; the caller goes on, so that one run finds everything.

use std::cell::RefCell;
use std::ops::Range;

use super::fault::{Fault, Faults};
use super::tree::{Entry, Node, NodeKind};
use crate::Ms;

/// Most faults that one reading reports.
const FAULTS_MAX: usize = 100;

/// Longest text of a reader, in characters.
pub(super) const TEXT_MAX: usize = 2_000;

/// Longest quotation in a message, in characters.
const QUOTE_MAX: usize = 48;

/// Longest duration: a week.
const DURATION_MAX: Ms = 7 * 24 * 3_600_000;

/// Units of duration in milliseconds.
const UNITS: &[(&str, Ms)] =
    &[("ms", 1), ("s", 1_000), ("m", 60_000), ("min", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

pub(super) struct Sheet<'t> {
    pub(super) file: &'t str,
    pub(super) text: &'t str,
    faults: RefCell<Vec<Fault>>,
}

/// An open map: its entries, all of known keys.
pub(super) struct Keys<'n> {
    entries: &'n [Entry],
}

impl<'n> Keys<'n> {
    pub(super) fn get(&self, key: &str) -> Option<&'n Node> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    pub(super) fn entries(&self) -> &'n [Entry] {
        self.entries
    }
}

impl<'t> Sheet<'t> {
    pub(super) fn new(file: &'t str, text: &'t str) -> Self {
        Self { file, text, faults: RefCell::default() }
    }

    pub(super) fn into_faults(self) -> Option<Faults> {
        let mut faults = self.faults.into_inner();
        faults.sort_by_key(|fault| (fault.span.start, fault.span.end));
        (!faults.is_empty()).then_some(Faults(faults))
    }

    pub(super) fn is_clean(&self) -> bool {
        self.faults.borrow().is_empty()
    }

    pub(super) fn refuse(&self, at: &Range<usize>, message: &str, hint: &str) {
        let mut faults = self.faults.borrow_mut();
        if faults.len() >= FAULTS_MAX {
            return;
        }
        let before = self.text.get(..at.start).unwrap_or(self.text);
        let first = before.rfind('\n').map_or(0, |newline| newline + 1);
        faults.push(Fault {
            file: self.file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before.get(first..).map_or(1, |text| text.chars().count() + 1),
            span: at.clone(),
            message: message.to_owned(),
            hint: hint.to_owned(),
        });
    }

    /// The line in which a byte stands, counted from 1.
    pub(super) fn line_number(&self, at: usize) -> usize {
        self.text.get(..at).map_or(1, |before| before.matches('\n').count() + 1)
    }

    /// The text of that line.
    pub(super) fn line_at(&self, at: usize) -> &'t str {
        self.text.lines().nth(self.line_number(at).saturating_sub(1)).unwrap_or("")
    }

    /// The keys of a map, unknown ones refused.
    pub(super) fn keys<'n>(&self, node: &'n Node, known: &[&str], what: &str) -> Option<Keys<'n>> {
        let NodeKind::Map(entries) = &node.kind else {
            let hint = format!("{what} has keys: {}", known.join(", "));
            self.refuse(&node.head(), &format!("{what} is a map"), &hint);
            return None;
        };
        for entry in entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            self.refuse_word(
                &entry.at,
                &format!("{} is no key of {what}", quote(&entry.key)),
                &entry.key,
                known,
            );
        }
        Some(Keys { entries })
    }

    /// Refuses a word that is none of `known`, with the one that was probably meant.
    pub(super) fn refuse_word(&self, at: &Range<usize>, message: &str, word: &str, known: &[&str]) {
        let hint = match near(word, known) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("known are: {}", known.join(", ")),
        };
        self.refuse(at, message, &hint);
    }

    /// A text of one or more lines.
    pub(super) fn passage<'n>(&self, node: &'n Node) -> Option<&'n str> {
        let NodeKind::Scalar(text) = &node.kind else {
            self.refuse(
                &node.head(),
                "a text belongs here",
                "quote it if it starts with { or [, or holds `: `",
            );
            return None;
        };
        let unseen = |c: char| c.is_control() && c != '\n';
        if text.trim().is_empty() {
            self.refuse(&node.at, "a text is missing", "write something after the colon");
        } else if text.chars().any(unseen) {
            self.refuse(&node.at, "a character that nobody sees", "take it out");
        } else {
            return Some(text);
        }
        None
    }

    /// A text of one line, not long.
    pub(super) fn text<'n>(&self, node: &'n Node) -> Option<&'n str> {
        let text = self.passage(node)?.trim();
        if text.contains('\n') || text.chars().count() > 120 {
            self.refuse(&node.at, "too long, or more than one line", "one line of at most 120 characters");
            return None;
        }
        Some(text)
    }

    /// One of some words.
    pub(super) fn word(&self, node: &Node, known: &[&str], what: &str) -> Option<String> {
        let text = self.text(node)?;
        if known.contains(&text) {
            return Some(text.to_owned());
        }
        self.refuse_word(&node.at, &format!("there is no {what} {}", quote(text)), text, known);
        None
    }

    /// A value alone, or a list of such.
    pub(super) fn items<'n>(&self, node: &'n Node) -> Vec<&'n Node> {
        match &node.kind {
            NodeKind::List(items) => items.iter().collect(),
            NodeKind::Scalar(_) | NodeKind::Map(_) => vec![node],
        }
    }

    /// `1m 30s`, `250ms`; `0s` is a duration too.
    pub(super) fn duration(&self, node: &Node) -> Option<Ms> {
        let text = self.text(node)?;
        match parse_duration(text) {
            Some(ms) if ms <= DURATION_MAX => Some(ms),
            Some(_) => {
                self.refuse(&node.at, &format!("{} is longer than a week", quote(text)), "make it shorter");
                None
            }
            None => {
                let hint = "a number and a unit: 250ms, 20s, 1m 30s, 12h";
                self.refuse(&node.at, &format!("{} is no duration", quote(text)), hint);
                None
            }
        }
    }

    /// A duration in whole seconds.
    pub(super) fn seconds(&self, node: &Node) -> Option<u32> {
        u32::try_from(self.duration(node)? / 1_000).ok()
    }

    /// `30%`.
    pub(super) fn percent(&self, node: &Node) -> Option<u8> {
        let text = self.text(node)?;
        let value = text.strip_suffix('%').and_then(|n| n.trim().parse::<u8>().ok()).filter(|n| *n <= 100);
        if value.is_none() {
            self.refuse(&node.at, &format!("{} is no share", quote(text)), "from 0% to 100%, with the sign");
        }
        value
    }

    /// A whole number within bounds.
    pub(super) fn count(&self, node: &Node, least: u32, most: u32) -> Option<u32> {
        let text = self.text(node)?;
        let value = text.parse::<u32>().ok().filter(|n| (least..=most).contains(n));
        if value.is_none() {
            let hint = format!("a whole number from {least} to {most}");
            self.refuse(&node.at, &format!("{} does not fit here", quote(text)), &hint);
        }
        value
    }

    pub(super) fn truth(&self, node: &Node) -> Option<bool> {
        self.word(node, &["true", "false"], "answer").map(|word| word == "true")
    }
}

/// The user's text for a message.
pub(super) fn quote(text: &str) -> String {
    let mut chars = text.lines().next().unwrap_or("").chars().filter(|c| !c.is_control());
    let kept: String = chars.by_ref().take(QUOTE_MAX).collect();
    if chars.next().is_some() { format!("`{kept}…`") } else { format!("`{kept}`") }
}

fn parse_duration(text: &str) -> Option<Ms> {
    let mut total: Ms = 0;
    for part in text.split_whitespace() {
        let digits = part.find(|c: char| !c.is_ascii_digit())?;
        let (number, unit) = part.split_at(digits);
        let unit = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, ms)| *ms)?;
        total = total.checked_add(number.parse::<Ms>().ok()?.checked_mul(unit)?)?;
    }
    (!text.trim().is_empty()).then_some(total)
}

/// The word that was probably meant.
fn near<'w>(text: &str, known: &[&'w str]) -> Option<&'w str> {
    let letters =
        |word: &str| word.chars().take(QUOTE_MAX).flat_map(char::to_lowercase).collect::<Vec<char>>();
    let text = letters(text);
    let limit = (text.len() / 3).clamp(1, 3);
    let far = known.iter().map(|word| (distance(&text, &letters(word)), *word));
    far.filter(|(steps, _)| *steps <= limit).min().map(|(_, word)| word)
}

/// How many letters must be added, dropped or changed (Levenshtein), two swapped ones counted as one.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    let at = |row: &[usize], k: usize| row.get(k).copied().unwrap_or(usize::MAX / 2);
    for (i, from) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let change = at(&row, j) + usize::from(from != to);
            let mut best = change.min(at(&row, j + 1) + 1).min(at(&next, j) + 1);
            if i > 0 && j > 0 && a.get(i - 1) == Some(to) && b.get(j - 1) == Some(from) {
                best = best.min(at(&before, j - 1) + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        let read: Vec<_> = ["1m 30s", "250ms", "12h", "0s"].map(parse_duration).into();
        assert_eq!(read, [Some(90_000), Some(250), Some(43_200_000), Some(0)]);
        for text in ["", "30", "s", "1 m", "-1s", "1.5h", "99999999999999999999s", "99999999999999999d"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    #[test]
    fn a_slip_of_the_finger_is_understood() {
        assert_eq!(near("pubilsh", &["publish", "pause"]), Some("publish"));
        assert_eq!(near("comerce", &["commerce", "connect"]), Some("commerce"));
        assert_eq!(near("zebra", &["publish", "pause"]), None);
    }
}
