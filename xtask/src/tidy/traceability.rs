//! docs/traceability.md has one row for every demand of the product, and every test that a row names exists.
//!
//! A row is `| id | demand | where it lives | test that proves it |`. Tests stand in backticks, with or without the
//! path before their name; a demand without proof says "not yet" and nothing else.
//!
//! docs/reliability.md says what shows each of its facts in the second cell of a row: the tests named there exist as well.

use std::collections::BTreeSet;

use super::{Finding, Rule, Tree};

pub(super) const RULE: Rule = Rule {
    name: "traceability",
    why: "a demand without a test that would fail is a wish, and a row that points at nothing is worse",
    check,
};

const FILE: &str = "docs/traceability.md";
const PROMISES: &str = "docs/reliability.md";
/// The demands: systems, behaviours, duties; how many there are of each.
const DEMANDS: &[(char, usize)] = &[('S', 15), ('B', 11), ('M', 12)];
/// What a row without proof says.
const NOT_YET: &str = "not yet";

fn check(tree: &Tree) -> Vec<Finding> {
    let Some(text) = tree.text(FILE) else {
        return vec![Finding::in_file(
            FILE,
            "it is not there: it maps every demand to the test that proves it",
        )];
    };
    let known = function_names(tree);
    let mut seen = BTreeSet::new();
    let mut findings = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
        let Some(id) = cells.first().filter(|id| is_demand(id)) else { continue };
        if !seen.insert(id.to_string()) {
            findings.push(Finding::at(FILE, at + 1, format!("{id} has a second row: join them")));
        }
        match cells.as_slice() {
            [_, _, _, proof] => findings.extend(check_proof(id, proof, &known, at + 1)),
            _ => findings.push(Finding::at(
                FILE,
                at + 1,
                format!("{id}: four cells are due: id, demand, where, test"),
            )),
        }
    }
    let missing =
        DEMANDS.iter().flat_map(|(letter, count)| (1..=*count).map(move |n| format!("{letter}{n}")));
    findings.extend(
        missing.filter(|id| !seen.contains(id)).map(|id| {
            Finding::in_file(FILE, format!("{id} has no row: add it, with `{NOT_YET}` if need be"))
        }),
    );
    findings.extend(promises(tree, &known));
    findings
}

/// What docs/reliability.md names as a test, and is none.
fn promises(tree: &Tree, known: &BTreeSet<&str>) -> Vec<Finding> {
    let Some(text) = tree.text(PROMISES) else { return Vec::new() };
    let rows = text.lines().enumerate().filter(|(_, line)| line.starts_with('|'));
    let named = rows.flat_map(|(at, line)| {
        let cell = line.split('|').nth(2).unwrap_or("");
        cell.split('`').skip(1).step_by(2).map(move |word| (at, word))
    });
    named
        .filter(|(_, word)| is_fact(word) && !known.contains(word))
        .map(|(at, test)| {
            Finding::at(PROMISES, at + 1, format!("there is no test `{test}`: name one that exists"))
        })
        .collect()
}

/// Whether a word has the form of a test's name: a sentence, not a command or a path.
fn is_fact(word: &str) -> bool {
    word.contains('_') && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn check_proof(id: &str, proof: &str, known: &BTreeSet<&str>, line: usize) -> Vec<Finding> {
    let named: Vec<&str> = proof.split('`').skip(1).step_by(2).collect();
    if named.is_empty() && proof != NOT_YET {
        return vec![Finding::at(FILE, line, format!("{id}: name a test in backticks, or say `{NOT_YET}`"))];
    }
    named
        .into_iter()
        .filter(|test| !known.contains(test.rsplit("::").next().unwrap_or(test)))
        .map(|test| {
            Finding::at(
                FILE,
                line,
                format!("{id}: there is no test `{test}`: name one that exists, or `{NOT_YET}`"),
            )
        })
        .collect()
}

fn is_demand(id: &str) -> bool {
    let mut letters = id.chars();
    let number = |text: &str| text.parse::<usize>().ok();
    let kind = letters.next().and_then(|letter| DEMANDS.iter().find(|(known, _)| *known == letter));
    kind.zip(number(letters.as_str())).is_some_and(|((_, count), n)| (1..=*count).contains(&n))
}

/// The names of all functions that stand in tests.
fn function_names(tree: &Tree) -> BTreeSet<&str> {
    tree.sources()
        .iter()
        .flat_map(|source| source.code.lines().enumerate().filter(|(at, _)| source.is_test_line(*at)))
        .filter_map(|(_, line)| line.trim().split_once("fn ")?.1.split_once(['(', '<']))
        .map(|(name, _)| name.trim())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::{DEMANDS, RULE};

    fn table(change: impl Fn(&str) -> String) -> String {
        let ids =
            DEMANDS.iter().flat_map(|(letter, count)| (1..=*count).map(move |n| format!("{letter}{n}")));
        let rows: String = ids.map(|id| change(&id)).collect();
        format!("| id | demand | where | test |\n|---|---|---|---|\n{rows}")
    }

    const TEST: &str = "#[tokio::test]\nasync fn names_go() {}\n";

    #[test]
    fn a_row_for_every_demand_and_a_test_for_every_claim() {
        let text = table(|id| match id {
            "S2" => String::new(),
            "B3" => "| B3 | stalls | probe | `candor::names_go` |\n".into(),
            "M4" => "| M4 | survives | page | `gone`, `names_go` |\n".into(),
            "M5" => "| M5 | tells | page | soon |\n".into(),
            id => format!("| {id} | x | y | not yet |\n"),
        });
        let found = findings(RULE, &[("docs/traceability.md", &text), ("crates/a/tests/a.rs", TEST)]);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found.iter().any(|f| f.contains("S2 has no row")), "{found:?}");
        assert!(found.iter().any(|f| f.contains("M4: there is no test `gone`")), "{found:?}");
        assert!(found.iter().any(|f| f.contains("M5: name a test")), "{found:?}");
    }

    #[test]
    fn a_second_row_and_a_missing_file_are_named() {
        let twice =
            table(|id| format!("| {id} | x | y | not yet |\n").repeat(if id == "S1" { 2 } else { 1 }));
        assert_eq!(findings(RULE, &[("docs/traceability.md", &twice)]).len(), 1);
        assert_eq!(findings(RULE, &[]).len(), 1);
    }

    #[test]
    fn a_function_of_the_product_proves_nothing() {
        let text =
            table(|id| format!("| {id} | x | y | {} |\n", if id == "S1" { "`product`" } else { "not yet" }));
        let found =
            findings(RULE, &[("docs/traceability.md", &text), ("crates/a/src/lib.rs", "fn product() {}\n")]);
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn a_promise_names_tests_that_exist() {
        let text = table(|id| format!("| {id} | x | y | not yet |\n"));
        let promises = "| fact | test |\n|---|---|\n| it holds | `names_go`, `cargo xtask soak` |\n| so | `it_is_gone` |\n";
        let files = [("docs/traceability.md", &*text), ("crates/a/tests/a.rs", TEST)];
        let with = |promises| findings(RULE, &[&files[..], &[("docs/reliability.md", promises)]].concat());
        let found = with(promises);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found.iter().any(|f| f.contains("there is no test `it_is_gone`")), "{found:?}");
        assert!(with("| it holds | `names_go` |\n").is_empty());
    }
}
