//! A name tells what a thing is, in the words of DNS, HTTP and operations; these words tell nothing.
//!
//! Looked at: names of files, modules, types and traits. Words in prose are free, and so are
//! associated types, whose names other people's traits choose.

use super::{Finding, Rule, Tree};

pub(super) const RULE: Rule =
    Rule { name: "naming", why: "a module called after no thing becomes the place for everything", check };

const EMPTY_WORDS: &[&str] = &["manager", "helper", "helpers", "util", "utils", "data"];
const DECLARATIONS: &[&str] = &["mod ", "struct ", "enum ", "trait "];

fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in tree.sources() {
        let name = source.path.rsplit('/').next().unwrap_or("").trim_end_matches(".rs");
        if let Some(word) = empty_word(name) {
            findings.push(Finding::in_file(&source.path, remedy(name, word)));
        }
        for (at, line) in source.code.lines().enumerate() {
            let Some(name) = declared(line) else { continue };
            if let Some(word) = empty_word(name) {
                findings.push(Finding::at(&source.path, at + 1, remedy(name, word)));
            }
        }
    }
    findings
}

fn remedy(name: &str, word: &str) -> String {
    format!("`{name}`: \"{word}\" says nothing; call it by what it is or does in the domain")
}

/// The name that a line declares, if it declares a module, type or trait.
fn declared(line: &str) -> Option<&str> {
    let mut rest = line.trim_start();
    if let Some(after) = rest.strip_prefix("pub") {
        rest = if after.starts_with('(') { after.split_once(')')?.1 } else { after }.trim_start();
    }
    let rest = DECLARATIONS.iter().find_map(|word| rest.strip_prefix(word))?;
    rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().filter(|name| !name.is_empty())
}

/// The first word of a name, in either spelling, that is an empty one.
fn empty_word(name: &str) -> Option<&'static str> {
    let mut words = String::new();
    for c in name.chars() {
        if c.is_uppercase() {
            words.push('_');
        }
        words.extend(c.to_lowercase());
    }
    EMPTY_WORDS.iter().copied().find(|empty| words.split('_').any(|word| word == *empty))
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::RULE;

    #[test]
    fn empty_words_in_names_are_refused() {
        let text = "pub(crate) struct ZoneManager;\nmod dns_util {}\nenum Metadata {}\nstruct Database;\n// a helper, in words\n";
        let found = findings(RULE, &[("a.rs", text), ("helpers.rs", "")]);
        let places: Vec<_> = found.iter().map(|f| f.split(": ").next().unwrap()).collect();
        assert_eq!(places, ["a.rs:1", "a.rs:2", "helpers.rs"]);
    }
}
