//! How long the product's functions are, from signature to closing brace.
//!
//! Read from rustfmt's indentation: a function ends at the first `}` that stands as deep as its signature begins.
//! Absent: closures, and functions that macros make.

use super::budgets::{FUNCTION_LONG, FUNCTION_LONG_PERCENT, FUNCTION_P90, percentile};
use super::tree::{Source, item_end};
use super::{Finding, Rule, Tree};

pub(super) const RULE: Rule = Rule {
    name: "function-length",
    why: "a function that fits on a screen does one thing, and its name can say which",
    check,
};

fn check(tree: &Tree) -> Vec<Finding> {
    let mut functions: Vec<(usize, &str, usize)> = tree
        .product()
        .flat_map(|source| {
            functions(source).into_iter().map(|(line, length)| (length, source.path.as_str(), line))
        })
        .collect();
    functions.sort_unstable();
    let lengths: Vec<usize> = functions.iter().map(|(length, ..)| *length).collect();
    let p90 = percentile(&lengths, 90);
    let mut findings = Vec::new();
    if p90 > FUNCTION_P90 {
        let words =
            format!("the 90th percentile is {p90} lines, {FUNCTION_P90} at most: divide the longest ones");
        findings.push(Finding::in_file("all functions", words));
    }
    let long = functions.iter().filter(|(length, ..)| *length > FUNCTION_LONG);
    if long.clone().count() * 100 > functions.len() * FUNCTION_LONG_PERCENT {
        findings.extend(long.map(|(length, path, line)| {
            let words = format!(
                "{length} lines; more than {FUNCTION_LONG_PERCENT} % of all functions are over {FUNCTION_LONG}: divide it into steps with names"
            );
            Finding::at(path, *line, words)
        }));
    }
    findings
}

/// Line (from 1) and length of every function that has a body and is no test.
fn functions(source: &Source) -> Vec<(usize, usize)> {
    let lines: Vec<&str> = source.code.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if !begins_function(line) || source.is_test_line(at) {
            continue;
        }
        let end = item_end(&lines, at);
        if lines.get(end).is_some_and(|last| last.trim_end().ends_with('}')) {
            found.push((at + 1, end - at + 1));
        }
    }
    found
}

fn begins_function(line: &str) -> bool {
    let mut words = line.split_whitespace().peekable();
    while let Some(word) = words.next() {
        match word {
            "fn" => return words.peek().is_some(),
            "pub" | "const" | "async" | "unsafe" | "extern" | "default" => {}
            // `pub(crate)`, `pub(in path)`, and the blanked ABI of `extern "C"`.
            word if word.starts_with("pub(") || word.ends_with(')') || word.starts_with('"') => {}
            _ => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::{Tree, findings};
    use super::{RULE, functions};

    const SHAPES: &str = "\
pub(crate) async fn one(
    a: u8,
) -> u8
where
    u8: Copy,
{
    a
}

trait T {
    fn no_body(&self) -> u8;
    fn several_lines_and_no_body(
        &self,
    ) -> u8;
    fn short(&self) {}
}

#[cfg(test)]
mod tests {
    fn not_counted() {
        let x = 1;
    }
}
";

    #[test]
    fn a_function_is_as_long_as_its_signature_and_body() {
        let tree = Tree::of(&[("a.rs", SHAPES)]);
        assert_eq!(functions(tree.sources().first().unwrap()), [(1, 8), (15, 1)]);
    }

    #[test]
    fn long_functions_are_named_when_they_are_too_many() {
        let long = format!("fn long() {{\n{}}}\n", "    x();\n".repeat(70));
        let found = findings(RULE, &[("a.rs", &long)]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.iter().any(|finding| finding.starts_with("a.rs:1: 72 lines")), "{found:?}");

        let many = format!("{long}{}", "fn short() {}\n".repeat(100));
        assert!(findings(RULE, &[("a.rs", &many)]).is_empty());
    }
}
