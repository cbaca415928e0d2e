//! No path of one machine stands in a tracked file: the project is the same wherever it is cloned.

use super::{Finding, Rule, Tree};

pub(super) const RULE: Rule =
    Rule { name: "machine-paths", why: "what works only where it was written does not work", check };

/// Spelled in two halves, so that this list does not find itself.
const PATHS: &[&str] = &[
    concat!("/", "work/"),
    concat!("/", "root/"),
    concat!("/", "farm/"),
    concat!("/", "home/"),
    concat!("/", "Users/"),
    concat!("/tmp/", "t1"),
    concat!("/tmp/", "t2"),
    concat!("/tmp/", "t3"),
];

fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts().filter(|(path, _)| *path != "Cargo.lock") {
        for (at, line) in text.lines().enumerate() {
            if let Some(found) = PATHS.iter().find(|found| line.contains(**found)) {
                let words = format!(
                    "{found} is a path of one machine: make it relative, or take it from the environment"
                );
                findings.push(Finding::at(path, at + 1, words));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::{PATHS, RULE};

    #[test]
    fn paths_of_one_machine_are_refused_in_any_text() {
        let path = PATHS.first().unwrap();
        let text = format!("fine\nsee {path}main\n");
        let found = findings(RULE, &[("docs/a.md", &text), ("b.sh", "cd /var/lib/candor\n")]);
        assert_eq!(found.len(), 1);
        assert!(found.first().unwrap().starts_with("docs/a.md:2"), "{found:?}");
    }
}
