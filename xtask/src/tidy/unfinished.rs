//! Nothing is left for later in the code: no macros that stand for missing code, no notes to come back, no traces.

use super::{Finding, Rule, Tree};

pub(super) const RULE: Rule = Rule {
    name: "unfinished",
    why: "what is missing belongs into an issue, where it is seen; in the code it is forgotten",
    check,
};

const MACROS: &[&str] = &["todo!", "unimplemented!", "dbg!"];
/// Spelled in two halves, so that this list does not find itself.
const NOTES: &[&str] = &[concat!("FIX", "ME"), concat!("XX", "X"), concat!("TO", "DO")];

fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in tree.sources() {
        for (at, line) in source.code.lines().enumerate() {
            if let Some(found) = MACROS.iter().find(|word| contains_word(line, word)) {
                let words = format!("{found} is left in: finish it, or take it out and open an issue");
                findings.push(Finding::at(&source.path, at + 1, words));
            }
        }
    }
    let written =
        |path: &str| [".rs", ".md", ".toml", ".html", ".css", ".js"].iter().any(|end| path.ends_with(end));
    for (path, text) in tree.texts().filter(|(path, _)| written(path)) {
        for (at, line) in text.lines().enumerate() {
            if let Some(found) = NOTES.iter().find(|word| contains_word(line, word)) {
                let words = format!("{found} is a note to nobody: do it, or open an issue");
                findings.push(Finding::at(path, at + 1, words));
            }
        }
    }
    findings
}

/// Whether the word stands in the line by itself, not inside a longer one.
pub(super) fn contains_word(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at + word.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::{NOTES, RULE};

    #[test]
    fn what_is_left_for_later_is_named() {
        let note = NOTES.first().unwrap();
        let text = format!(
            "//! A map.\nfn a() {{ todo!() }}\n// {note}: later\n// \"todo!\" in words\nfn my_todo() {{}}\n"
        );
        let found = findings(RULE, &[("a.rs", &text)]);
        let places: Vec<_> = found.iter().map(|f| f.split(": ").next().unwrap()).collect();
        assert_eq!(places, ["a.rs:2", "a.rs:3"]);
    }

    #[test]
    fn a_note_inside_a_longer_word_is_a_word() {
        let text = format!("A{}B", NOTES.get(1).unwrap());
        assert!(findings(RULE, &[("a.md", &text)]).is_empty());
    }
}
