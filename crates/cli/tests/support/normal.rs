//! What differs between two runs, and the word that stands for it in snapshots. Each rule is declared here, by name;
//! a test says which it uses.

use regex::Regex;

/// Ports of loopback addresses.
pub(crate) const PORT: Rule = Rule(r"((?:127\.\d+\.\d+\.\d+|localhost|\[::1\])):\d+", "$1:PORT");
/// Durations in milliseconds, with the columns that they stand in.
pub(crate) const TOOK: Rule = Rule(r" +\d+ ms", " N ms");
/// Times of day and dates, RFC 3339.
pub(crate) const TIME: Rule = Rule(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME");
/// The `time` of a JUnit case.
pub(crate) const SECONDS: Rule = Rule(r#" time="\d+\.\d+""#, r#" time="S""#);
/// Process numbers.
pub(crate) const PROCESS: Rule = Rule(r"process \d+", "process N");
/// The user's number in the name of the file by which a demo is found.
pub(crate) const USER: Rule = Rule(r"candor-demo-\d+", "candor-demo-USER");
/// Hashes of the ledger.
pub(crate) const HASH: Rule = Rule(r"\b[0-9a-f]{64}\b", "HASH");
/// Numbers of entries of the ledger.
pub(crate) const ENTRY: Rule = Rule(r"\b(entry|head) \d+", "$1 N");
/// How many entries and observations a ledger has.
pub(crate) const ENTRIES: Rule = Rule(r"\b\d+ entries, \d+ observations?", "N entries, N observations");
/// The version of the binary.
pub(crate) const VERSION: Rule = Rule(r"\b\d+\.\d+\.\d+\b(-[a-z0-9.]+)?$", "VERSION");
/// Figures of JSON whose key ends in `_ms`.
pub(crate) const MS: Rule = Rule(r#"(_ms": )\d+(\.\d+)?"#, "${1}0");

/// A pattern and what is put in its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule(&'static str, &'static str);

/// The text with the rules applied, in this order.
pub(crate) fn normal(text: &str, rules: &[Rule]) -> String {
    rules.iter().fold(text.to_owned(), |text, Rule(pattern, word)| {
        let pattern = Regex::new(&format!("(?m){pattern}")).expect("a rule is a pattern");
        pattern.replace_all(&text, *word).into_owned()
    })
}

/// Fails where a line is wider than a terminal.
pub(crate) fn assert_narrow(text: &str) {
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
    }
}
