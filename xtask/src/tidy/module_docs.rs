//! The first line of every Rust file is `//!`: a map of the file. Inner attributes may stand before it.

use super::{Finding, Rule, Tree};

pub(super) const RULE: Rule = Rule {
    name: "module-docs",
    why: "a reader who opens a file learns from its first line what it is for, how it fails and what it leaves out",
    check,
};

fn check(tree: &Tree) -> Vec<Finding> {
    let undocumented = |text: &str| {
        let first = text.lines().find(|line| !line.trim().is_empty() && !is_attribute(line));
        !first.is_some_and(|line| line.starts_with("//! ")) && !text.contains("#![doc = include_str!(")
    };
    tree.sources()
        .iter()
        .filter(|source| undocumented(&source.text))
        .map(|source| {
            Finding::in_file(&source.path, "begin with `//! ` and a sentence on what this file is for")
        })
        .collect()
}

fn is_attribute(line: &str) -> bool {
    line.starts_with("#![")
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::RULE;

    #[test]
    fn every_file_begins_with_its_map() {
        let found = findings(
            RULE,
            &[
                ("a.rs", "//! A map.\nfn a() {}\n"),
                ("b.rs", "#![no_std]\n//! A map.\n"),
                ("c.rs", "#![no_std]\n#![doc = include_str!(\"../README.md\")]\n"),
                ("d.rs", "// Only a comment.\nfn d() {}\n"),
                ("e.rs", "use std::fmt;\n//! Too late.\n"),
            ],
        );
        let paths: Vec<_> = found.iter().filter_map(|finding| finding.split(':').next()).collect();
        assert_eq!(paths, ["d.rs", "e.rs"]);
    }
}
