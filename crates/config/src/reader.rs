//! The reader that all sections share: it collects faults and reads the plain kinds of value.
//!
//! Policy: every read function reports what is wrong and returns `None`; the caller goes on with the next thing, so
//! that one run finds everything. A plan is only handed out where no fault was reported.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::rc::Rc;

use jiff::Timestamp;

use crate::budget::Budget;
use crate::environment::Environment;
use crate::fault::{Fault, Severity};
use crate::source::Source;
use crate::tree::{Node, NodeKind, Span};
use crate::unseen::printable;

/// Most faults that one reading reports; a file with more is not a configuration.
pub const FAULTS_MAX: usize = 500;

/// Words that a misspelt one is compared with at most.
const NEAR_MAX: usize = 1_000;

/// Longest quotation of the user's text in a message, in characters.
const QUOTE_MAX: usize = 48;

pub(crate) struct Reader<'s> {
    pub(crate) source: &'s Source,
    pub(crate) environment: &'s dyn Environment,
    pub(crate) now: Timestamp,
    pub(crate) budget: Budget,
    faults: RefCell<Vec<Fault>>,
    /// How many of them are errors, and how many warnings.
    tallies: [Cell<usize>; 2],
    known: RefCell<HashSet<(usize, usize, String)>>,
    /// Where the lines of each file begin.
    lines: Vec<Vec<usize>>,
}

/// A value with the place where it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Given<T> {
    pub(crate) value: T,
    pub(crate) at: Span,
}

impl<'s> Reader<'s> {
    pub(crate) fn new(source: &'s Source, environment: &'s dyn Environment, now: Timestamp) -> Self {
        let starts =
            |text: &str| std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let lines = source.files.iter().map(|f| starts(&f.text)).collect();
        Self {
            source,
            environment,
            now,
            budget: Budget::default(),
            faults: RefCell::default(),
            tallies: Default::default(),
            known: RefCell::default(),
            lines,
        }
    }

    /// The faults and the warnings, each in the order of the files.
    pub(crate) fn into_faults(self) -> (Vec<Fault>, Vec<Fault>) {
        let mut all = self.faults.into_inner();
        let order = |f: &Fault| self.source.files.iter().position(|s| s.name == f.file);
        all.sort_by_key(|f| (order(f), f.span.start, f.span.end));
        all.into_iter().partition(|f| f.severity == Severity::Error)
    }

    /// Whether nothing has been refused so far.
    pub(crate) fn is_clean(&self) -> bool {
        self.tally(Severity::Error).get() == 0
    }

    /// Whether no further fault would be kept.
    pub(crate) fn is_full(&self) -> bool {
        self.tally(Severity::Error).get() >= FAULTS_MAX
    }

    fn tally(&self, severity: Severity) -> &Cell<usize> {
        let [errors, warnings] = &self.tallies;
        match severity {
            Severity::Error => errors,
            Severity::Warning => warnings,
        }
    }

    pub(crate) fn refuse(&self, at: Span, message: impl Into<String>) {
        self.report(Severity::Error, at, message.into(), None);
    }

    pub(crate) fn refuse_hint(&self, at: Span, message: impl Into<String>, hint: impl Into<String>) {
        self.report(Severity::Error, at, message.into(), Some(hint.into()));
    }

    /// For what could not be read although nothing was refused: it must not go missing without a word.
    pub(crate) fn refuse_if_silent(&self, at: Span) {
        if self.is_clean() {
            self.refuse_hint(at, "this cannot be read", "please report it: Candor should say why");
        }
    }

    pub(crate) fn warn(&self, at: Span, message: impl Into<String>, hint: impl Into<String>) {
        self.report(Severity::Warning, at, message.into(), Some(hint.into()));
    }

    /// Templates and aliases are read many times; what is wrong in them is said once.
    fn report(&self, severity: Severity, at: Span, message: String, hint: Option<String>) {
        let known = (at.file, at.start, message.clone());
        let count = self.tally(severity);
        if count.get() >= FAULTS_MAX || !self.known.borrow_mut().insert(known) {
            return;
        }
        count.set(count.get() + 1);
        let file = self.source.files.get(at.file).map_or("", |f| f.name.as_str()).to_owned();
        let (line, column) = self.line_column(at);
        let text = clip(self.text_at(at));
        self.faults.borrow_mut().push(Fault {
            severity,
            file,
            line,
            column,
            span: at.start..at.end,
            text,
            message,
            hint,
        });
    }

    fn line_column(&self, at: Span) -> (usize, usize) {
        let Some(starts) = self.lines.get(at.file) else { return (1, 1) };
        let line = starts.partition_point(|start| *start <= at.start).max(1);
        let first = starts.get(line - 1).copied().unwrap_or(0);
        let text = self.source.files.get(at.file).map_or("", |f| f.text.as_str());
        (line, text.get(first..at.start).map_or(1, |before| before.chars().count() + 1))
    }

    /// `line 3`, or with the file's name where there are several.
    pub(crate) fn place(&self, at: Span) -> String {
        let (line, _) = self.line_column(at);
        match self.source.files.get(at.file) {
            Some(file) if self.source.files.len() > 1 => format!("in {}, line {line}", file.name),
            _ => format!("in line {line}"),
        }
    }

    pub(crate) fn text_at(&self, at: Span) -> &str {
        self.source.files.get(at.file).and_then(|f| f.text.get(at.start..at.end)).unwrap_or("")
    }

    /// The whole line in which a span begins.
    pub(crate) fn line_text(&self, at: Span) -> Option<&str> {
        let starts = self.lines.get(at.file)?;
        let line = starts.partition_point(|start| *start <= at.start).max(1);
        let text = self.source.files.get(at.file)?.text.get(*starts.get(line - 1)?..)?;
        text.lines().next()
    }

    /// The part of a value that holds `needle`, to point at it; the whole value where it is written otherwise.
    pub(crate) fn within(&self, at: Span, needle: &str) -> Span {
        match self.text_at(at).find(needle) {
            Some(offset) if !needle.is_empty() => {
                let start = at.start + offset;
                Span { start, end: start + needle.len(), ..at }
            }
            _ => at,
        }
    }

    /// A text without secrets, of characters that a word of the language may have.
    pub(crate) fn text<'n>(&self, node: &'n Node) -> Option<&'n str> {
        let text = self.passage(node)?;
        if let Some(c) = text.chars().find(|c| c.is_control()) {
            self.refuse_unseen(text, c, node.span);
            return None;
        }
        Some(text)
    }

    /// A text without secrets, of any characters.
    pub(crate) fn passage<'n>(&self, node: &'n Node) -> Option<&'n str> {
        let text = self.scalar(node)?;
        if text.contains("${") {
            let hint = "secrets may stand in what a step sends: URLs, headers, bodies, proxy and TLS keys";
            self.refuse_hint(self.within(node.span, "${"), "a secret cannot stand here", hint);
            return None;
        }
        Some(text)
    }

    /// The text of a scalar, whatever it holds.
    pub(crate) fn scalar<'n>(&self, node: &'n Node) -> Option<&'n str> {
        match &node.kind {
            NodeKind::Scalar { text, .. } if text.is_empty() => {
                self.refuse(node.span, "a text is missing");
                None
            }
            NodeKind::Scalar { text, .. } => self.spend_bytes(node.span, text.len()).then_some(&**text),
            NodeKind::Map(entries) if is_hole(entries) => {
                let key = entries.first().map_or("", |e| &e.key);
                let hint = format!("a value that starts with a hole must stand in quotes: \"{{{key}}}\"");
                self.refuse_hint(node.span, "YAML reads this as a map, not as a text with a hole", hint);
                None
            }
            NodeKind::Map(_) => {
                self.refuse_hint(
                    node.head(),
                    "a text belongs here, not a map",
                    "quote it if it holds `: ` or starts with {",
                );
                None
            }
            NodeKind::List(_) => {
                self.refuse_hint(
                    node.head(),
                    "a text belongs here, not a list",
                    "quote it if it starts with [ or -",
                );
                None
            }
        }
    }

    /// One of some words.
    pub(crate) fn word<T: Clone>(&self, node: &Node, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(node)?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Some(value.clone());
        }
        let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let hint = match near(text, all.iter().copied()) {
            Some(word) => format!("did you mean `{word}`? one of: {}", all.join(", ")),
            None => format!("one of: {}", all.join(", ")),
        };
        self.refuse_hint(node.span, format!("{} is not known here", quote(text)), hint);
        None
    }

    pub(crate) fn boolean(&self, node: &Node) -> Option<bool> {
        match self.text(node)? {
            "true" => Some(true),
            "false" => Some(false),
            other => {
                self.refuse_hint(
                    node.span,
                    format!("{} is neither true nor false", quote(other)),
                    "write true or false",
                );
                None
            }
        }
    }

    pub(crate) fn list<'n>(&self, node: &'n Node) -> &'n [Rc<Node>] {
        match &node.kind {
            NodeKind::List(items) => items,
            _ if node.is_nothing() => &[],
            _ => {
                self.refuse_hint(
                    node.head(),
                    "a list belongs here",
                    "put `- ` before each item, or write [a, b]",
                );
                &[]
            }
        }
    }

    /// A value alone, or a list of such.
    pub(crate) fn one_or_many<'n>(&self, node: &'n Rc<Node>) -> Vec<&'n Rc<Node>> {
        match &node.kind {
            NodeKind::List(items) => items.iter().collect(),
            _ => vec![node],
        }
    }

    /// An id of some kind, made by `make`.
    pub(crate) fn id<T>(
        &self,
        node: &Node,
        make: impl Fn(&str) -> Result<T, candor_core::id::IdError>,
    ) -> Option<T> {
        let text = self.text(node)?;
        self.id_of(text, node.span, make)
    }

    pub(crate) fn id_of<T>(
        &self,
        text: &str,
        at: Span,
        make: impl Fn(&str) -> Result<T, candor_core::id::IdError>,
    ) -> Option<T> {
        match make(text) {
            Ok(id) => Some(id),
            Err(error) => {
                let hint = "an id is for ever; the name for readers goes into `name:`";
                self.refuse_hint(at, format!("{} is not an id: {error}", quote(text)), hint);
                None
            }
        }
    }
}

/// `{place}` without quotes: a flow map of one key without a value.
fn is_hole(entries: &[crate::tree::Entry]) -> bool {
    matches!(entries, [only] if only.value.is_nothing())
}

/// The user's text for a message: one line, no control characters, not long.
pub(crate) fn quote(text: &str) -> String {
    format!("`{}`", clip(text))
}

fn clip(text: &str) -> String {
    let line = text.lines().next().unwrap_or("");
    let mut chars = line.chars();
    let mut out = printable(&chars.by_ref().take(QUOTE_MAX).collect::<String>());
    if chars.next().is_some() {
        out.push('…');
    }
    out
}

/// The word that was probably meant.
pub(crate) fn near<'w>(text: &str, words: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    let text = beginning(text);
    let limit = (text.len() / 3).clamp(1, 3);
    let words = words.take(NEAR_MAX).map(|w| (distance(&text, &beginning(w)), w));
    words.filter(|(d, _)| *d <= limit).min().map(|(_, w)| w)
}

/// As much of a word as is compared.
fn beginning(word: &str) -> Vec<char> {
    word.chars().take(QUOTE_MAX).flat_map(char::to_lowercase).collect()
}

/// How many letters must be added, dropped, changed or swapped with the next (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, cb) in b.iter().enumerate() {
            let at = |r: &[usize], k: usize| r.get(k).copied().unwrap_or(usize::MAX / 2);
            let mut best =
                (at(&row, j) + usize::from(ca != cb)).min(at(&row, j + 1) + 1).min(at(&next, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(cb) && b.get(j - 1) == Some(ca);
            if swapped {
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
    fn a_slip_of_the_finger_is_one_step_away() {
        assert_eq!(distance(&beginning("evrey"), &beginning("Every")), 1);
        assert_eq!(distance(&beginning("timout"), &beginning("timeout")), 1);
        assert_eq!(near("capabilites", ["capabilities", "captures"].into_iter()), Some("capabilities"));
        assert_eq!(near("zebra", ["every", "timeout"].into_iter()), None);
    }
}
