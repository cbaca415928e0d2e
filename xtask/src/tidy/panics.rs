//! No `.unwrap()` outside tests, and an `.expect("...")` says why it cannot fail: its text contains "because".

use super::tree::Source;
use super::{Finding, Rule, Tree};

pub(super) const RULE: Rule = Rule {
    name: "panics",
    why: "a panic must not be reachable from input, and whoever writes one argues why it is not",
    check,
};

const UNWRAP: &str = ".unwrap()";
const EXPECT: &str = ".expect(";

fn check(tree: &Tree) -> Vec<Finding> {
    tree.product().flat_map(|source| unwraps(source).into_iter().chain(bare_expects(source))).collect()
}

fn unwraps(source: &Source) -> Vec<Finding> {
    let lines = source.product_lines().filter(|(_, line)| line.contains(UNWRAP));
    lines
        .map(|(line, _)| {
            let words = "unwrap outside tests: return an error, or `expect(\"... because ...\")` where it cannot fail";
            Finding::at(&source.path, line, words)
        })
        .collect()
}

fn bare_expects(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (byte, found) in source.code.match_indices(EXPECT) {
        let line = source.line_of(byte);
        let argument = source.text.get(byte + found.len()..).unwrap_or("").trim_start();
        // Only a literal is a reason; `expect(Token::Comma)` is somebody's own method.
        let Some(literal) = argument.strip_prefix('"') else { continue };
        let reason = literal.split('"').next().unwrap_or("");
        if !source.is_test_line(line - 1) && !reason.contains("because") {
            let words = "an expect says why it cannot fail: `expect(\"what holds, because ...\")`";
            findings.push(Finding::at(&source.path, line, words));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::RULE;

    const CODE: &str = "\
fn a() {
    x.unwrap(); // x.unwrap()
    x.expect(\"there\");
    x.expect(
        \"it is there, because it was put there above\",
    );
    parser.expect(Token::Comma);
    let text = \".unwrap()\";
}
#[cfg(test)]
mod tests {
    fn t() {
        x.unwrap();
        x.expect(\"there\");
    }
}
";

    #[test]
    fn unwraps_and_bare_expects_outside_tests_are_named() {
        let found = findings(RULE, &[("a.rs", CODE), ("tests/b.rs", CODE)]);
        let places: Vec<_> = found.iter().map(|f| f.split(": ").next().unwrap()).collect();
        assert_eq!(places, ["a.rs:2", "a.rs:3"]);
    }
}
