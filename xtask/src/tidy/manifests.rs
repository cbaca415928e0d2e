//! Every crate takes version, edition, licence and lints from the workspace, and says what it is.

use super::crates::{Member, members};
use super::{Finding, Rule, Tree};

pub(super) const RULE: Rule = Rule {
    name: "manifests",
    why: "one crate with its own lints or licence is where the house rules end",
    check,
};

const INHERITED: &[&str] = &["version", "edition", "rust-version", "license", "publish"];
/// Files that every clone must have.
const OWED: &[&str] = &[
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "LICENSE-MIT",
    "LICENSE-APACHE",
    "deny.toml",
    ".ci/run",
];

fn check(tree: &Tree) -> Vec<Finding> {
    let missing = OWED.iter().filter(|path| tree.text(path).is_none());
    let missing = missing.map(|path| Finding::in_file(path, "it is not there, and every clone is owed one"));
    missing.chain(members(tree).iter().flat_map(check_member)).collect()
}

fn check_member(member: &Member) -> Vec<Finding> {
    let finding = |words: String| Finding::in_file(&member.manifest, words);
    let mut findings = Vec::new();
    let inherits = |value: Option<&toml::Value>| {
        value.and_then(|value| value.get("workspace")).and_then(toml::Value::as_bool) == Some(true)
    };
    for key in INHERITED {
        if !inherits(member.table.get("package").and_then(|package| package.get(key))) {
            findings.push(finding(format!("write `{key}.workspace = true`")));
        }
    }
    if !inherits(member.table.get("lints")) {
        findings.push(finding("write `[lints]` with `workspace = true`".into()));
    }
    if member.description.is_empty() {
        findings.push(finding(
            "say in `description` what the crate is: ARCHITECTURE.md's list is made of it".into(),
        ));
    }
    for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
        let table = member.table.get(section).and_then(toml::Value::as_table);
        for (name, value) in table.into_iter().flatten() {
            if !inherits(Some(value)) {
                findings.push(finding(format!(
                    "write `{name}.workspace = true` and name version and features once, in the root's manifest"
                )));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::{OWED, RULE};

    const GOOD: &str = "\
[package]
name = \"a\"
description = \"A crate\"
version.workspace = true
edition.workspace = true
rust-version.workspace = true
license.workspace = true
publish.workspace = true
[lints]
workspace = true
[dependencies]
serde = { workspace = true, features = [\"std\"] }
";

    fn owed() -> Vec<(&'static str, &'static str)> {
        OWED.iter().map(|path| (*path, "")).collect()
    }

    #[test]
    fn a_crate_that_takes_everything_from_the_workspace_is_fine() {
        let mut files = owed();
        files.push(("crates/a/Cargo.toml", GOOD));
        assert!(findings(RULE, &files).is_empty());
    }

    #[test]
    fn a_workspace_of_its_own_keeps_its_own_versions() {
        let mut files = owed();
        let own = "[package]\nname = \"x\"\nversion = \"1\"\n[workspace]\n";
        files.push(("fuzz/Cargo.toml", own));
        assert!(findings(RULE, &files).is_empty());
    }

    #[test]
    fn what_a_crate_decides_for_itself_is_named() {
        let own = GOOD
            .replace("license.workspace = true", "license = \"MIT\"")
            .replace("{ workspace = true, ", "{ version = \"1\", ");
        let mut files = owed();
        files.push(("crates/a/Cargo.toml", &own));
        let found = findings(RULE, &files);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.iter().any(|f| f.contains("license.workspace")), "{found:?}");
        assert!(found.iter().any(|f| f.contains("serde.workspace")), "{found:?}");
    }

    #[test]
    fn a_file_that_is_owed_is_missed() {
        let files: Vec<_> = owed().into_iter().skip(1).collect();
        assert_eq!(findings(RULE, &files), ["README.md: it is not there, and every clone is owed one"]);
    }
}
