//! How long the product's files are: median, the longest tenth, and the longest of all.
//!
//! A file counts with its inline tests; files that are tests do not count.

use super::budgets::{FILE_MAX, FILE_MEDIAN, FILE_P90, percentile};
use super::{Finding, Rule, Tree};

pub(super) const RULE: Rule = Rule {
    name: "file-length",
    why: "a file that is read from the top in one sitting is a file that is understood",
    check,
};

fn check(tree: &Tree) -> Vec<Finding> {
    let mut files: Vec<(usize, &str)> =
        tree.product().map(|source| (source.text.lines().count(), source.path.as_str())).collect();
    files.sort_unstable();
    let lengths: Vec<usize> = files.iter().map(|(length, _)| *length).collect();
    let mut findings: Vec<Finding> = files
        .iter()
        .filter(|(length, _)| *length > FILE_MAX)
        .map(|(length, path)| {
            Finding::in_file(path, format!("{length} lines, {FILE_MAX} at most: divide it by what it knows"))
        })
        .collect();
    for (name, percent, budget) in [("median", 50, FILE_MEDIAN), ("90th percentile", 90, FILE_P90)] {
        let length = percentile(&lengths, percent);
        if length > budget {
            let longest: Vec<_> =
                files.iter().rev().take(5).map(|(length, path)| format!("{path} ({length})")).collect();
            let words = format!(
                "the {name} is {length} lines, {budget} at most; the longest are {}",
                longest.join(", ")
            );
            findings.push(Finding::in_file("all files", words));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::RULE;

    #[test]
    fn long_files_and_a_long_middle_are_named() {
        let long = "//! x\n".repeat(801);
        let found = findings(RULE, &[("a.rs", &long), ("tests/b.rs", &long), ("c.rs", "//! x\n")]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.first().unwrap().starts_with("a.rs: 801 lines"), "{found:?}");
        assert!(found.last().unwrap().contains("90th percentile is 801"), "{found:?}");
    }

    #[test]
    fn short_files_are_fine() {
        assert!(findings(RULE, &[("a.rs", "//! x\n"), ("b.rs", "//! y\n")]).is_empty());
    }
}
