//! A test's name is a fact about the product, so it needs no `test_` before it.

use super::{Finding, Rule, Tree};

pub(super) const RULE: Rule = Rule {
    name: "test-names",
    why: "a failing test says by its name what is no longer true: `silence_turns_green_to_unknown`",
    check,
};

const PREFIX: &str = concat!("fn test", "_");

fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in tree.sources() {
        for (at, line) in source.code.lines().enumerate() {
            let named = line.trim_start().trim_start_matches("async ").trim_start_matches("pub ");
            if source.is_test_line(at) && named.starts_with(PREFIX) {
                findings.push(Finding::at(
                    &source.path,
                    at + 1,
                    "name the fact that holds, without the prefix",
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::{PREFIX, RULE};

    #[test]
    fn a_prefix_says_nothing() {
        let text = format!(
            "#[cfg(test)]\nmod tests {{\n    {PREFIX}x() {{}}\n    async {PREFIX}y() {{}}\n    fn a_fact() {{}}\n}}\n"
        );
        assert_eq!(findings(RULE, &[("a.rs", &text)]).len(), 2);
        assert!(findings(RULE, &[("a.rs", &format!("{PREFIX}bed() {{}}\n"))]).is_empty());
    }
}
