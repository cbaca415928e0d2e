//! An exception from a lint is `#[expect(lint, reason = "...")]`: it argues its case, and goes when it is not needed.
//!
//! One `allow` is right, with its reason: in a module that several test binaries share, what one of them does not use.

use super::{Finding, Rule, Tree};

pub(super) const RULE: Rule = Rule {
    name: "exceptions",
    why: "`allow` stays for ever and says nothing; `expect` with a reason says why and complains once it is idle",
    check,
};

fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in tree.sources() {
        for (byte, attribute) in attributes(&source.code) {
            let line = source.line_of(byte);
            let argued = attribute.contains("reason =");
            if attribute.contains("allow(") && !(argued && source.is_test_line(line - 1)) {
                let words = "`allow` hides a lint for ever: use `expect(lint, reason = \"...\")`";
                findings.push(Finding::at(&source.path, line, words));
            } else if attribute.contains("expect(") && !argued {
                findings.push(Finding::at(
                    &source.path,
                    line,
                    "an exception argues its case: add `reason = \"...\"`",
                ));
            }
        }
    }
    findings
}

/// Every attribute in blanked code: where it begins, and all of it up to its closing bracket.
fn attributes(code: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for opening in ["#[", "#!["] {
        for (byte, _) in code.match_indices(opening) {
            let rest = code.get(byte..).unwrap_or("");
            let mut depth = 0_i32;
            let end = rest.char_indices().find(|(_, c)| {
                depth += match c {
                    '[' => 1,
                    ']' => -1,
                    _ => 0,
                };
                *c == ']' && depth == 0
            });
            found.push((byte, end.and_then(|(end, _)| rest.get(..end)).unwrap_or(rest)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::RULE;

    const CODE: &str = "\
#![allow(dead_code)]
#[expect(clippy::unwrap_used)]
fn a() {}
#[expect(
    clippy::unwrap_used,
    reason = \"it is a map [of] things\"
)]
fn b() { allow(1); table.expect(2); }
#[cfg_attr(test, allow(unused))]
fn c() {}
";

    #[test]
    fn an_exception_needs_a_reason() {
        let found = findings(RULE, &[("a.rs", CODE)]);
        let places: Vec<_> = found.iter().map(|f| f.split(": ").next().unwrap()).collect();
        assert_eq!(places, ["a.rs:1", "a.rs:2", "a.rs:9"]);
    }

    #[test]
    fn what_several_tests_share_may_be_idle_in_one_of_them() {
        let text = "#![allow(dead_code, reason = \"each test uses a part\")]\n";
        assert!(findings(RULE, &[("a/tests/support/mod.rs", text)]).is_empty());
        assert_eq!(findings(RULE, &[("a/src/lib.rs", text)]).len(), 1);
    }
}
