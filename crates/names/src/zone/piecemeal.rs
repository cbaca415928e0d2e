//! A zone file with bad records, read entry by entry: each by a reader of its own, so that one that fails stops no other.
//!
//! What an entry takes from those before it (origin, owner, TTLs) is put before it. A bad record is one fault at its
//! place; a bad directive ends the reading, since what follows it may mean anything. Far slower than the reader in one go,
//! and only for files that are refused.

use domain::zonefile::inplace::Entry;

use super::entries::{Entries, Place, Start};
use super::read::{Faults, Line, line, reader};
use crate::name::{self, Name};

/// What entries hand down to those after them.
#[derive(Default)]
struct Inherited {
    origin: Option<Name>,
    /// The `$TTL` in force, as it stands in the file.
    dollar_ttl: Option<String>,
    /// The last record's owner and TTL.
    last: Option<(Name, u32)>,
}

/// Why an entry was not read.
struct Unreadable {
    place: Place,
    why: String,
}

/// Reads all records that can be read, and reports each that cannot.
pub(super) fn scan(text: &str, origin: Option<&Name>, faults: &mut Faults<'_>) -> Vec<Line> {
    let mut inherited = Inherited { origin: origin.cloned(), ..Inherited::default() };
    let mut lines = Vec::new();
    let mut starts = Entries::of(text).peekable();
    while let Some(start) = starts.next() {
        let end = starts.peek().map_or(text.len(), Start::line_offset);
        let entry = text.get(start.line_offset()..end).unwrap_or_default();
        match inherited.read(entry, &start) {
            Ok(found) => {
                let read = found.and_then(|entry| line(entry, start.place(), faults));
                inherited.last =
                    read.as_ref().map(|line| (line.owner.clone(), line.ttl.as_secs())).or(inherited.last);
                lines.extend(read);
            }
            Err(bad) => {
                faults.add(bad.place, bad.why);
                if start.directive || faults.is_full() {
                    break;
                }
            }
        }
    }
    lines
}

impl Inherited {
    /// Reads one entry; nothing for a directive, which is taken over.
    fn read(&mut self, entry: &str, start: &Start) -> Result<Option<Entry>, Unreadable> {
        // Columns are right from the second line of a text on.
        let mut before = String::from("\n");
        let mut skip = 0;
        if let Some((owner, ttl)) = &self.last {
            before.push_str(&format!("{} {ttl} IN TYPE65280 \\# 0\n", name::show(owner)));
            skip = 1;
        }
        before.extend(self.dollar_ttl.iter().map(String::as_str));
        let lines_before = before.matches('\n').count();
        let mut reader = reader(&format!("{before}{entry}"), self.origin.as_ref());
        let mut found = None;
        for _ in 0..=skip {
            found = reader
                .next_entry()
                .map_err(|fault| unreadable(&fault.to_string(), lines_before, entry, start))?;
        }
        if start.directive && found.is_none() {
            self.origin = reader.origin().ok().or(self.origin.take());
            if entry.trim_start().get(..4).is_some_and(|word| word.eq_ignore_ascii_case("$TTL")) {
                self.dollar_ttl = Some(format!("{}\n", entry.trim_end()));
            }
        }
        Ok(found)
    }
}

/// The reader's `line:column: message`, at its place in the file.
fn unreadable(said: &str, lines_before: usize, entry: &str, start: &Start) -> Unreadable {
    let mut parts = said.splitn(3, ':');
    let mut number = || parts.next().and_then(|word| word.trim().parse::<usize>().ok());
    let (line, column) = (number().unwrap_or(0), number().unwrap_or(0));
    let words = parts.next().unwrap_or(said).trim();
    let within = line.saturating_sub(lines_before + 1);
    let entry = entry.trim_end();
    let last = entry.matches('\n').count();
    let tail = entry.rsplit('\n').next().unwrap_or_default();
    let place = if words == "unexpected end of entry" {
        Place { line: start.line + last, column: tail.len() + 1 }
    } else if line <= lines_before || within > last {
        // It had read the last word, and the end of the entry with it.
        Place { line: start.line + last, column: word_at(tail, tail.len()) + 1 }
    } else {
        let said_of = entry.split('\n').nth(within).unwrap_or_default();
        Place { line: start.line + within, column: word_at(said_of, column.saturating_sub(1)) + 1 }
    };
    Unreadable { place, why: in_words(words) }
}

/// Where the word begins that the reader had read when it stopped, or is about to read.
fn word_at(line: &str, stopped: usize) -> usize {
    let read = line.get(..stopped).unwrap_or(line);
    read.rfind([' ', '\t']).map_or(0, |space| space + 1)
}

/// In more words where the reader's own are few.
fn in_words(words: &str) -> String {
    match words {
        "missing origin" => "a relative name, and no origin: give one, or write $ORIGIN first".to_owned(),
        "missing last owner" => "a record without an owner, and none before it".to_owned(),
        "expected rtype" => {
            "no record type here (types by mnemonic or as TYPE65; TTLs in plain seconds, without units)"
                .to_owned()
        }
        "unbalanced parens" => "parentheses that do not match".to_owned(),
        "unexpected end of entry" => "the record ends too early".to_owned(),
        "trailing tokens" => "more words than the record has fields".to_owned(),
        other => format!("cannot be read: {other}"),
    }
}
