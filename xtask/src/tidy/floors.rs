//! Who may stand on whom: the floors of the house, and which crate may use what from outside.
//!
//! The table below is ARCHITECTURE.md's, spelled for a machine; a crate that is not in it has no floor yet.

use super::crates::{Member, members};
use super::{Finding, Rule, Tree};

pub(super) const RULE: Rule = Rule {
    name: "floors",
    why: "imports go down only, so that each floor can be read, tested and trusted without the ones above it",
    check,
};

/// Each crate, and the crates of the house that it may use.
const FLOORS: &[(&str, &[&str])] = &[
    ("candor-core", &[]),
    ("candor-config", &["candor-core"]),
    ("candor-names", &[]),
    ("candor-ledger", &["candor-core"]),
    ("candor-page", &["candor-core"]),
    ("candor-probe", &["candor-core", "candor-names"]),
    ("candor-explain", &["candor-core", "candor-names"]),
    ("candor-change", &["candor-core", "candor-names"]),
    (
        "candor-hub",
        &[
            "candor-core",
            "candor-config",
            "candor-names",
            "candor-ledger",
            "candor-page",
            "candor-probe",
            "candor-explain",
        ],
    ),
    ("candor-estate", &["candor-names"]),
    ("candor-stage", &["candor-estate"]),
    (
        "candor",
        &[
            "candor-core",
            "candor-config",
            "candor-names",
            "candor-ledger",
            "candor-page",
            "candor-probe",
            "candor-explain",
            "candor-change",
            "candor-hub",
            "candor-estate",
            "candor-stage",
        ],
    ),
    ("xtask", &[]),
];

/// Outside crates that only some may use, and why.
const KEPT: &[(&str, &[&str], &str)] = &[
    ("domain", &["candor-names", "candor-probe"], "DNS types stay in candor-names and the probe's DNS step"),
    (
        "rusqlite",
        &["candor-ledger", "candor-estate"],
        "Candor's own state goes through candor-ledger; the estate's databases are the estate's",
    ),
];

/// All that the core may use: both work without std.
const CORE_NEEDS: &[&str] = &["jiff", "serde"];

fn check(tree: &Tree) -> Vec<Finding> {
    let members = members(tree);
    let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
    members.iter().flat_map(|member| check_member(member, &names)).collect()
}

fn check_member(member: &Member, names: &[&str]) -> Vec<Finding> {
    let finding = |words: String| Finding::in_file(&member.manifest, words);
    let Some((_, below)) = FLOORS.iter().find(|(name, _)| *name == member.name) else {
        return vec![finding(format!("{} has no floor: add it to xtask/src/tidy/floors.rs", member.name))];
    };
    let mut findings = Vec::new();
    for need in &member.needs {
        let need = need.as_str();
        if names.contains(&need) && !below.contains(&need) {
            findings.push(finding(format!("{} must not use {need}: imports go down only", member.name)));
        }
        if member.name == "candor-core" && !CORE_NEEDS.contains(&need) {
            findings.push(finding(format!("the core uses {} only, not {need}", CORE_NEEDS.join(" and "))));
        }
        if let Some((_, users, why)) = KEPT.iter().find(|(kept, ..)| *kept == need)
            && !users.contains(&member.name.as_str())
        {
            findings.push(finding(format!("{} must not use {need}: {why}", member.name)));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::RULE;

    fn manifest(name: &str, needs: &[&str]) -> String {
        let lines: String = needs.iter().map(|need| format!("{need}.workspace = true\n")).collect();
        format!("[package]\nname = \"{name}\"\n[dependencies]\n{lines}[dev-dependencies]\ntempfile = \"3\"\n")
    }

    #[test]
    fn imports_go_down_only() {
        let core = manifest("candor-core", &["serde", "candor-page"]);
        let page = manifest("candor-page", &["candor-core", "domain"]);
        let found = findings(RULE, &[("crates/core/Cargo.toml", &core), ("crates/page/Cargo.toml", &page)]);
        assert_eq!(
            found,
            [
                "crates/core/Cargo.toml: candor-core must not use candor-page: imports go down only",
                "crates/core/Cargo.toml: the core uses jiff and serde only, not candor-page",
                "crates/page/Cargo.toml: candor-page must not use domain: DNS types stay in candor-names and the probe's DNS step",
            ]
        );
    }

    #[test]
    fn a_crate_without_a_floor_is_named() {
        let attic = manifest("candor-attic", &[]);
        let found = findings(RULE, &[("crates/attic/Cargo.toml", &attic)]);
        assert!(found.first().unwrap().contains("candor-attic has no floor"), "{found:?}");
    }
}
