//! The crates of the workspace, read from their manifests: what each is, and what it stands on.

use super::Tree;

/// One crate of the workspace.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    /// The path of its `Cargo.toml`, from the root.
    pub(crate) manifest: String,
    /// Its folder, from the root.
    pub(crate) folder: String,
    /// The package's name.
    pub(crate) name: String,
    /// What it says about itself.
    pub(crate) description: String,
    /// What it needs to be built: `[dependencies]` and `[build-dependencies]`, for every target.
    pub(crate) needs: Vec<String>,
    /// The manifest, whole.
    pub(crate) table: toml::Table,
}

/// Every crate of the workspace, by name; a manifest that cannot be read is cargo's to complain about. A folder that is
/// a workspace of its own (`fuzz/`, whose crates are all built with coverage) is none of them.
pub(crate) fn members(tree: &Tree) -> Vec<Member> {
    let mut members: Vec<Member> = tree
        .texts()
        .filter(|(path, _)| path.ends_with("/Cargo.toml"))
        .filter_map(|(path, text)| member(path, text))
        .collect();
    members.sort_by(|a, b| a.name.cmp(&b.name));
    members
}

fn member(path: &str, text: &str) -> Option<Member> {
    let table: toml::Table = text.parse().ok()?;
    if table.contains_key("workspace") {
        return None;
    }
    let package = table.get("package")?;
    let word = |key: &str| package.get(key).and_then(toml::Value::as_str).unwrap_or("").to_string();
    let mut needs = needs_of(&table);
    for target in table.get("target").and_then(toml::Value::as_table).into_iter().flat_map(|t| t.values()) {
        needs.extend(target.as_table().map(needs_of).unwrap_or_default());
    }
    needs.sort();
    needs.dedup();
    Some(Member {
        manifest: path.to_string(),
        folder: path.trim_end_matches("/Cargo.toml").to_string(),
        name: word("name"),
        description: word("description"),
        needs,
        table,
    })
}

fn needs_of(table: &toml::Table) -> Vec<String> {
    ["dependencies", "build-dependencies"]
        .iter()
        .filter_map(|section| table.get(*section)?.as_table())
        .flat_map(|section| section.keys().cloned())
        .collect()
}
