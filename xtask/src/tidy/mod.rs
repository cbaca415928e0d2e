//! `cargo xtask tidy`: the house rules as a test.
//!
//! Each rule is one file that says what it looks for, why, and what to do instead; a finding is always a failure.
//! Rules read a [`Tree`] and nothing else, so each is tested on a tree of a few lines. The one exception is
//! [`dependencies`], which asks cargo what would be built.

pub(crate) mod budgets;
mod code;
mod crates;
mod dependencies;
mod exceptions;
mod file_length;
mod floors;
mod function_length;
pub(crate) mod generated;
mod licence;
mod links;
mod machine_paths;
mod manifests;
mod module_docs;
mod naming;
mod panics;
mod reach;
mod test_names;
mod traceability;
mod tree;
mod unfinished;

use std::path::Path;

use crate::Stop;

pub(crate) use tree::Tree;

/// One house rule.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    /// Its name on the command line and in the output.
    pub(crate) name: &'static str,
    /// Why it is there, in a sentence.
    pub(crate) why: &'static str,
    /// Everything in the tree that breaks it.
    pub(crate) check: fn(&Tree) -> Vec<Finding>,
}

/// One place where a rule is broken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// The file, from the root.
    pub(crate) path: String,
    /// The line, from 1; 0 where the finding is about the whole file.
    pub(crate) line: usize,
    /// What is wrong, and what to do about it.
    pub(crate) words: String,
}

impl Finding {
    /// A finding at a line.
    pub(crate) fn at(path: &str, line: usize, words: impl Into<String>) -> Self {
        Self { path: path.to_string(), line, words: words.into() }
    }

    /// A finding about a whole file.
    pub(crate) fn in_file(path: &str, words: impl Into<String>) -> Self {
        Self::at(path, 0, words)
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.words),
            line => write!(f, "{}:{line}: {}", self.path, self.words),
        }
    }
}

const RULES: &[Rule] = &[
    module_docs::RULE,
    file_length::RULE,
    function_length::RULE,
    panics::RULE,
    unfinished::RULE,
    exceptions::RULE,
    floors::RULE,
    reach::RULE,
    traceability::RULE,
    test_names::RULE,
    naming::RULE,
    machine_paths::RULE,
    links::RULE,
    manifests::RULE,
    generated::RULE,
];

/// Runs the chore: every rule, or those that are named.
pub(crate) fn run(root: &Path, words: &[String]) -> Result<(), Stop> {
    let known: Vec<&str> = RULES.iter().map(|rule| rule.name).chain([dependencies::NAME]).collect();
    crate::refuse_unknown("tidy", words, &known)
        .map_err(|_| Stop::CouldNotRun(format!("the rules of tidy are: {}", known.join(", "))))?;
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| word == name);
    let tree = Tree::load(root).map_err(Stop::CouldNotRun)?;
    let mut count = 0;
    for rule in RULES.iter().filter(|rule| wanted(rule.name)) {
        count += report(rule.name, rule.why, (rule.check)(&tree));
    }
    if wanted(dependencies::NAME) {
        let findings = dependencies::check(root, &tree).map_err(Stop::CouldNotRun)?;
        count += report(dependencies::NAME, dependencies::WHY, findings);
    }
    match count {
        0 => {
            println!("tidy: {} files, {} rules, nothing to say", tree.paths().count(), known.len());
            Ok(())
        }
        _ => {
            println!("tidy: {count} findings");
            Err(Stop::Failed)
        }
    }
}

fn report(name: &str, why: &str, mut findings: Vec<Finding>) -> usize {
    findings.sort();
    if !findings.is_empty() {
        println!("{name}: {why}");
        for finding in &findings {
            println!("  {finding}");
        }
        println!();
    }
    findings.len()
}

/// The findings of a rule on a tree of a few lines, one string each: what the tests of the rules look at.
#[cfg(test)]
fn findings(rule: Rule, files: &[(&str, &str)]) -> Vec<String> {
    let mut findings = (rule.check)(&Tree::of(files));
    findings.sort();
    findings.iter().map(ToString::to_string).collect()
}
