//! The words: a sentence says one thing of one cell. Whoever reads it alone knows what is meant, and whether it works.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::seen::{Seen, Verdict};
use crate::truth::CellName;

/// What is wrong with the page's sentences, one of each form; empty where they are right.
pub(super) fn wrong(seen: &Seen) -> Vec<String> {
    let mut meant: BTreeMap<&str, (&CellName, Verdict)> = BTreeMap::new();
    let (mut silent, mut other_cell, mut other_verdict) = (None, None, None);
    for (cell, spans) in &seen.cells {
        for said in spans.iter().map(|span| &span.said) {
            let words = said.words.trim();
            if words.is_empty() {
                silent.get_or_insert_with(|| format!("{cell} was {} without a word", said.verdict.word()));
                continue;
            }
            match meant.entry(words) {
                Entry::Vacant(place) => drop(place.insert((cell, said.verdict))),
                Entry::Occupied(known) => {
                    let (first, verdict) = known.get();
                    if *first != cell {
                        other_cell.get_or_insert_with(|| format!("{first} and {cell} share \"{words}\""));
                    } else if *verdict != said.verdict {
                        let (one, other) = (verdict.word(), said.verdict.word());
                        other_verdict
                            .get_or_insert_with(|| format!("{cell} was {one} and {other} with \"{words}\""));
                    }
                }
            }
        }
    }
    [silent, other_cell, other_verdict].into_iter().flatten().map(|what| format!("{what} (words)")).collect()
}
