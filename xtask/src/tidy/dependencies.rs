//! The policy on dependencies, as deny.toml says it: licences, sources, and no crate in two versions without a reason.
//!
//! deny.toml is in cargo-deny's own format, so `cargo deny check` reads the same file; this rule needs cargo alone.
//! Looked at: what would be built for the targets that deny.toml names. Absent: advisories, which need the network.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::licence::met;
use super::{Finding, Tree};

pub(super) const NAME: &str = "dependencies";
pub(super) const WHY: &str =
    "every crate we stand on is one we may ship, from the one source we trust, and there once";

const POLICY: &str = "deny.toml";

/// Asks cargo what would be built, and holds it against deny.toml.
pub(super) fn check(root: &Path, tree: &Tree) -> Result<Vec<Finding>, String> {
    let Some(text) = tree.text(POLICY) else { return Ok(Vec::new()) };
    let policy = Policy::read(text)?;
    let mut args = vec!["metadata", "--format-version", "1", "--all-features"];
    for target in &policy.targets {
        args.extend(["--filter-platform", target]);
    }
    let answer = crate::run::ask(root, "cargo", &args).ok_or("cargo metadata failed; run it to see why")?;
    let metadata = serde_json::from_str(&answer).map_err(|error| format!("cargo metadata: {error}"))?;
    Ok(judge(&policy, &packages(&metadata)))
}

/// What deny.toml allows.
#[derive(Debug, Default)]
struct Policy {
    targets: Vec<String>,
    licences: Vec<String>,
    /// Licences that one crate alone may bring.
    exceptions: BTreeMap<String, Vec<String>>,
    sources: Vec<String>,
    /// `name@version`, and whether it gives a reason.
    skips: BTreeMap<String, bool>,
    /// Crates that are not to be used: name and reason.
    banned: BTreeMap<String, String>,
}

/// A package that would be built.
#[derive(Debug, PartialEq, Eq)]
struct Package {
    name: String,
    version: String,
    licence: String,
    source: String,
}

impl Policy {
    fn read(text: &str) -> Result<Self, String> {
        let table: toml::Table = text.parse().map_err(|error| format!("{POLICY}: {error}"))?;
        let list = |section: &str, key: &str| -> Vec<toml::Value> {
            let value = table.get(section).and_then(|section| section.get(key));
            value.and_then(toml::Value::as_array).cloned().unwrap_or_default()
        };
        let words = |section: &str, key: &str| list(section, key).iter().filter_map(word).collect();
        let field = |value: &toml::Value, key: &str| value.get(key).and_then(word).unwrap_or_default();
        Ok(Self {
            targets: words("graph", "targets"),
            licences: words("licenses", "allow"),
            exceptions: list("licenses", "exceptions")
                .iter()
                .map(|entry| {
                    let allowed =
                        entry.get("allow").and_then(toml::Value::as_array).cloned().unwrap_or_default();
                    (field(entry, "crate"), allowed.iter().filter_map(word).collect())
                })
                .collect(),
            sources: words("sources", "allow-registry"),
            skips: list("bans", "skip")
                .iter()
                .map(|entry| (field(entry, "crate"), !field(entry, "reason").is_empty()))
                .collect(),
            banned: list("bans", "deny")
                .iter()
                .map(|entry| (field(entry, "crate"), field(entry, "reason")))
                .collect(),
        })
    }
}

fn word(value: &toml::Value) -> Option<String> {
    value.as_str().map(str::to_string)
}

/// The packages of the resolved graph that are not our own.
fn packages(metadata: &Value) -> Vec<Package> {
    let nodes = metadata.pointer("/resolve/nodes").and_then(Value::as_array);
    let built: BTreeSet<&str> =
        nodes.into_iter().flatten().filter_map(|node| node.get("id")?.as_str()).collect();
    let all = metadata.get("packages").and_then(Value::as_array);
    all.into_iter()
        .flatten()
        .filter(|package| package.get("id").and_then(Value::as_str).is_some_and(|id| built.contains(id)))
        .filter_map(|package| {
            let text = |key: &str| package.get(key).and_then(Value::as_str).map(str::to_string);
            // A path of the workspace has no source.
            let source = text("source")?;
            Some(Package {
                name: text("name")?,
                version: text("version")?,
                licence: text("license").unwrap_or_default(),
                source,
            })
        })
        .collect()
}

fn judge(policy: &Policy, packages: &[Package]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = packages.iter().flat_map(|package| judge_one(policy, package)).collect();
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in packages {
        versions.entry(&package.name).or_default().insert(&package.version);
    }
    for (name, versions) in &versions {
        let skipped = |version: &str| policy.skips.keys().any(|skip| covers(skip, name, version));
        let unexplained: Vec<&str> = versions.iter().copied().filter(|version| !skipped(version)).collect();
        if unexplained.len() > 1 {
            let words = format!(
                "{name} is built in several versions ({}): bring them together, or add a skip with a reason",
                unexplained.join(", ")
            );
            findings.push(Finding::in_file(POLICY, words));
        }
    }
    for (skip, has_reason) in &policy.skips {
        let needed = |(name, versions): (&&str, &BTreeSet<&str>)| {
            versions.len() > 1 && versions.iter().any(|version| covers(skip, name, version))
        };
        if !versions.iter().any(needed) {
            findings.push(Finding::in_file(POLICY, format!("the skip of {skip} is idle: take it out")));
        } else if !has_reason {
            findings.push(Finding::in_file(POLICY, format!("the skip of {skip} gives no reason")));
        }
    }
    findings
}

/// Whether a skip (`name@1`, `name@0.9`, `name@1.2.3`) means this version.
fn covers(skip: &str, name: &str, version: &str) -> bool {
    let wanted = skip.split_once('@').filter(|(skipped, _)| *skipped == name).map(|(_, wanted)| wanted);
    wanted.is_some_and(|wanted| {
        version.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

fn judge_one(policy: &Policy, package: &Package) -> Vec<Finding> {
    let Package { name, version, licence, source } = package;
    let mut findings = Vec::new();
    let mut allowed: Vec<&str> = policy.licences.iter().map(String::as_str).collect();
    allowed.extend(policy.exceptions.get(name).into_iter().flatten().map(String::as_str));
    if !met(licence, &allowed) {
        let words =
            format!("{name} {version} is under '{licence}', which is not allowed here: use another crate");
        findings.push(Finding::in_file(POLICY, words));
    }
    let registry = source.trim_start_matches("registry+").trim_start_matches("sparse+");
    if !policy.sources.iter().any(|allowed| allowed == registry) {
        findings.push(Finding::in_file(
            POLICY,
            format!("{name} {version} comes from {source}: only {} is trusted", policy.sources.join(", ")),
        ));
    }
    if let Some(reason) = policy.banned.get(name) {
        findings.push(Finding::in_file(POLICY, format!("{name} {version} is banned: {reason}")));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY_TEXT: &str = r#"
[graph]
targets = ["x86_64-unknown-linux-gnu"]
[licenses]
allow = ["MIT"]
exceptions = [{ allow = ["ISC"], crate = "ring" }]
[bans]
deny = [{ crate = "openssl", reason = "we speak rustls" }]
skip = [
    { crate = "syn@1", reason = "two makers of macros disagree" },
    { crate = "old@1.0.0", reason = "gone" },
]
[sources]
allow-registry = ["https://github.com/rust-lang/crates.io-index"]
"#;

    fn package(name: &str, version: &str, licence: &str) -> Package {
        Package {
            name: name.into(),
            version: version.into(),
            licence: licence.into(),
            source: "registry+https://github.com/rust-lang/crates.io-index".into(),
        }
    }

    fn judged(packages: &[Package]) -> Vec<String> {
        let policy = Policy::read(POLICY_TEXT).unwrap();
        judge(&policy, packages).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn licences_sources_bans_and_duplicates_are_held() {
        let mut foreign = package("foreign", "1.0.0", "MIT");
        foreign.source = "git+https://host.example/foreign".into();
        let found = judged(&[
            package("ring", "0.17.0", "ISC"),
            package("copyleft", "1.0.0", "GPL-3.0-only"),
            package("openssl", "0.10.0", "MIT"),
            package("syn", "1.0.0", "MIT"),
            package("syn", "2.0.0", "MIT"),
            package("twice", "1.0.0", "MIT"),
            package("twice", "2.0.0", "MIT"),
            foreign,
        ]);
        assert_eq!(found.len(), 5, "{found:#?}");
        for part in [
            "copyleft 1.0.0 is under",
            "openssl 0.10.0 is banned",
            "twice is built in several",
            "foreign 1.0.0 comes",
            "old@1.0.0 is idle",
        ] {
            assert!(found.iter().any(|finding| finding.contains(part)), "{part}: {found:#?}");
        }
    }

    #[test]
    fn only_what_is_built_counts_and_our_own_crates_do_not() {
        let metadata = serde_json::json!({
            "packages": [
                {"id": "a", "name": "a", "version": "1.0.0", "license": "MIT", "source": "registry+x"},
                {"id": "b", "name": "b", "version": "1.0.0", "license": "MIT", "source": "registry+x"},
                {"id": "ours", "name": "ours", "version": "1.0.0", "license": "MIT", "source": null},
            ],
            "resolve": {"nodes": [{"id": "a"}, {"id": "ours"}]},
        });
        let names: Vec<_> = packages(&metadata).into_iter().map(|package| package.name).collect();
        assert_eq!(names, ["a"]);
    }
}
