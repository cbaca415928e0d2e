//! What a crate's code may not reach: the clock, files, sockets and hash order from the core, I/O from the page,
//! and the library of another floor from anywhere. Tests may reach what they like.

use super::tree::Source;
use super::{Finding, Rule, Tree};

pub(super) const RULE: Rule = Rule {
    name: "reach",
    why: "the same log gives the same page only as long as nothing pure can ask the world",
    check,
};

/// Words that must not stand in the code of some place.
struct Ban {
    /// The folder it holds for.
    folder: &'static str,
    /// Paths inside it that are free: those that contain one of these.
    except: &'static [&'static str],
    /// The words, as they stand in code.
    words: &'static [&'static str],
    /// Why, and what instead.
    remedy: &'static str,
}

const BANS: &[Ban] = &[
    Ban {
        folder: "crates/core/src/",
        except: &[],
        words: &["std::", "HashMap", "HashSet", "SystemTime", "Instant"],
        remedy: "the core has no clock, no I/O and no hash order: use `core`, `alloc`, BTreeMap, and time as an argument",
    },
    Ban {
        folder: "crates/page/src/",
        except: &[],
        words: &[
            "std::fs",
            "std::net",
            "std::io",
            "std::env",
            "std::process",
            "std::thread",
            "std::time",
            "SystemTime",
            "Instant",
            "tokio",
            "Timestamp::now",
            "HashMap",
            "HashSet",
        ],
        remedy: "the page is a function of the view: hand in what it needs",
    },
    Ban {
        folder: "crates/explain/src/",
        except: &[],
        words: &[
            "std::fs",
            "std::net",
            "std::io",
            "std::env",
            "std::process",
            "std::thread",
            "std::time",
            "SystemTime",
            "Instant",
            "tokio",
            "Timestamp::now",
            "HashMap",
            "HashSet",
        ],
        remedy: "a judgement is a function of the evidence: hand in what it needs",
    },
    Ban {
        folder: "crates/",
        except: &[
            "crates/names/",
            "crates/probe/src/dns",
            "crates/probe/src/step/dns",
            "crates/probe/src/steps/dns",
        ],
        words: &["domain::"],
        remedy: "only candor-names and the probe's DNS step name the DNS library: use candor-names' own types",
    },
    Ban {
        folder: "crates/",
        except: &["crates/ledger/", "crates/estate/"],
        words: &["rusqlite"],
        remedy: "Candor's own state on disk goes through candor-ledger",
    },
];

const CORE: &str = "crates/core/src/lib.rs";

fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings: Vec<Finding> = tree.product().flat_map(check_source).collect();
    if tree.text(CORE).is_some_and(|text| !text.starts_with("#![no_std]")) {
        findings.push(Finding::at(CORE, 1, "begin with `#![no_std]`: then std has to be named to be used"));
    }
    findings
}

fn check_source(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let holds = |ban: &&Ban| {
        source.path.starts_with(ban.folder) && !ban.except.iter().any(|part| source.path.starts_with(part))
    };
    for ban in BANS.iter().filter(holds) {
        for (number, line) in source.product_lines() {
            if let Some(word) = ban.words.iter().find(|word| names(line, word)) {
                findings.push(Finding::at(&source.path, number, format!("{word} here: {}", ban.remedy)));
            }
        }
    }
    findings
}

/// Whether the line names the word itself, not a longer word or a module of ours that is called the same.
fn names(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at + word.len()..).and_then(|text| text.chars().next());
        let part = |c: char| c.is_alphanumeric() || c == '_';
        let ours = word.ends_with("::") && before == Some(':');
        !ours && !before.is_some_and(part) && (word.ends_with("::") || !after.is_some_and(part))
    })
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::RULE;

    #[test]
    fn the_core_cannot_ask_the_world() {
        let lib = "//! Core.\n";
        let code = "//! x\nuse std::time::SystemTime;\n// std::fs in words\nfn instantly() {}\nlet m = HashMap::new();\n#[cfg(test)]\nmod tests {\n    use std::fs;\n}\n";
        let found = findings(RULE, &[("crates/core/src/lib.rs", lib), ("crates/core/src/a.rs", code)]);
        let places: Vec<_> = found.iter().map(|f| f.split(": ").next().unwrap()).collect();
        assert_eq!(places, ["crates/core/src/a.rs:2", "crates/core/src/a.rs:5", "crates/core/src/lib.rs:1"]);
    }

    #[test]
    fn the_dns_library_stays_where_it_belongs() {
        let code = "//! x\nuse domain::base::Name;\nuse crate::domain::mine;\nlet subdomain::x = 1;\n";
        let found = findings(
            RULE,
            &[
                ("crates/hub/src/a.rs", code),
                ("crates/names/src/a.rs", code),
                ("crates/probe/src/steps/dns.rs", code),
                ("crates/probe/src/run.rs", code),
            ],
        );
        let places: Vec<_> = found.iter().map(|f| f.split(": ").next().unwrap()).collect();
        assert_eq!(places, ["crates/hub/src/a.rs:2", "crates/probe/src/run.rs:2"]);
    }

    #[test]
    fn the_page_does_no_io() {
        let found = findings(
            RULE,
            &[("crates/page/src/a.rs", "//! x\nlet f = std::fs::read(p);\nlet w: std::fmt::Error;\n")],
        );
        assert_eq!(found.len(), 1, "{found:?}");
    }
}
