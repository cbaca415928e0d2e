//! The regions of the documents that are made from the code: what they hold, and that they are current.
//!
//! A region stands between `<!-- generated: NAME -->` and `<!-- end: NAME -->`; `cargo xtask docs` rewrites it.

use super::crates::{Member, members};
use super::{Finding, Rule, Tree};

pub(super) const RULE: Rule = Rule {
    name: "generated",
    why: "a list kept by hand is wrong by the second week; one that is made is not",
    check,
};

/// A part of a document that is made from the code.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Region {
    /// The document.
    pub(crate) file: &'static str,
    /// The name in the markers.
    pub(crate) name: &'static str,
    /// What stands between them.
    make: fn(&Tree) -> String,
}

/// Every region there is.
pub(crate) const REGIONS: &[Region] = &[
    Region { file: "ARCHITECTURE.md", name: "crates", make: crate_list },
    Region { file: "docs/dns.md", name: "classes", make: classes },
];

impl Region {
    /// The whole document with this region as it should be.
    pub(crate) fn rewritten(&self, tree: &Tree) -> Result<String, String> {
        let text = tree.text(self.file).ok_or_else(|| format!("{} is not there", self.file))?;
        let begin = format!("<!-- generated: {} -->", self.name);
        let end = format!("<!-- end: {} -->", self.name);
        let parts =
            text.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
        let (before, after) =
            parts.ok_or_else(|| format!("{} has no markers `{begin}` and `{end}`", self.file))?;
        Ok(format!("{before}{begin}\n\n{}\n{end}{after}", (self.make)(tree)))
    }
}

fn check(tree: &Tree) -> Vec<Finding> {
    REGIONS
        .iter()
        .filter_map(|region| match region.rewritten(tree) {
            Ok(wanted) if tree.text(region.file) == Some(wanted.as_str()) => None,
            Ok(_) => Some(Finding::in_file(
                region.file,
                format!("the region `{}` is stale: run `cargo xtask docs`", region.name),
            )),
            Err(words) => Some(Finding::in_file(region.file, words)),
        })
        .collect()
}

/// Where the tests of the diagnosis keep what each case was told.
const TOLD: &str = "crates/explain/tests/told/";

/// The classes of failure, each with what users are told of it.
fn classes(tree: &Tree) -> String {
    let mut rows: Vec<(u32, String)> = tree
        .texts()
        .filter_map(|(path, text)| path.strip_prefix(TOLD)?.strip_suffix(".snap").map(|case| (case, text)))
        .map(|(case, text)| {
            let field = |name: &str| {
                let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
                line.unwrap_or_default().replace('|', "\\|")
            };
            let class = field("class");
            let number = class.trim_start_matches('F').parse().unwrap_or(u32::MAX);
            let what = case.split_once('_').map_or(case, |(_, what)| what).replace('_', " ");
            (number, format!("| {class} | {what} | {} | {} |\n", field("words"), field("who")))
        })
        .collect();
    rows.sort();
    let rows: String = rows.into_iter().map(|(_, row)| row).collect();
    format!("| class | made by | told | who can mend it |\n|---|---|---|---|\n{rows}")
}

/// The crates by floor: the ground floor uses none of the others.
fn crate_list(tree: &Tree) -> String {
    let members = members(tree);
    let mut rows: Vec<(usize, String)> =
        members.iter().map(|member| (floor(member, &members), row(member, &members))).collect();
    rows.sort();
    let rows: String = rows.into_iter().map(|(floor, row)| format!("| {floor} {row}\n")).collect();
    format!("| floor | crate | folder | what it is | stands on |\n|---|---|---|---|---|\n{rows}")
}

fn row(member: &Member, members: &[Member]) -> String {
    let below: Vec<&str> =
        below(member, members).map(|below| below.name.trim_start_matches("candor-")).collect();
    let below = if below.is_empty() { "nothing of ours".to_string() } else { below.join(", ") };
    format!(
        "| `{}` | [{folder}]({folder}) | {} | {below} |",
        member.name,
        member.description,
        folder = member.folder
    )
}

fn below<'a>(member: &'a Member, members: &'a [Member]) -> impl Iterator<Item = &'a Member> {
    members.iter().filter(|other| member.needs.contains(&other.name))
}

/// One above the highest floor it stands on. Cargo refuses circles, so this ends.
fn floor(member: &Member, members: &[Member]) -> usize {
    below(member, members).map(|other| 1 + floor(other, members)).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::{Tree, findings};
    use super::{REGIONS, RULE};

    const CORE: &str = "[package]\nname = \"candor-core\"\ndescription = \"The domain\"\n";
    const PAGE: &str = "[package]\nname = \"candor-page\"\ndescription = \"The page\"\n[dependencies]\ncandor-core.workspace = true\n";
    const EMPTY: &str = "Before\n<!-- generated: crates -->\n<!-- end: crates -->\nAfter\n";

    const NO_CLASSES: &str = "<!-- generated: classes -->\n\n| class | made by | told | who can mend it |\n|---|---|---|---|\n\n<!-- end: classes -->\n";

    fn files(document: &str) -> Vec<(&str, &str)> {
        vec![
            ("ARCHITECTURE.md", document),
            ("docs/dns.md", NO_CLASSES),
            ("crates/core/Cargo.toml", CORE),
            ("crates/page/Cargo.toml", PAGE),
        ]
    }

    #[test]
    fn the_list_of_crates_is_made_from_their_manifests() {
        let wanted = REGIONS.first().unwrap().rewritten(&Tree::of(&files(EMPTY))).unwrap();
        assert!(wanted.starts_with("Before\n") && wanted.ends_with("-->\nAfter\n"), "{wanted}");
        assert!(
            wanted.contains(
                "| 0 | `candor-core` | [crates/core](crates/core) | The domain | nothing of ours |"
            ),
            "{wanted}"
        );
        assert!(
            wanted.contains("| 1 | `candor-page` | [crates/page](crates/page) | The page | core |"),
            "{wanted}"
        );
        assert!(findings(RULE, &files(&wanted)).is_empty());
    }

    #[test]
    fn the_classes_are_made_from_what_the_tests_were_told_in_their_order() {
        let told =
            |class: &str| format!("---\nsource: x\n---\nclass: {class}\nwords: It | is.\nwho: somebody\n");
        let (ten, two) = (told("F10"), told("F2"));
        let mut files = files(EMPTY);
        files.push(("crates/explain/tests/told/f10_gone.snap", &ten));
        files.push(("crates/explain/tests/told/f2_a_name_without.snap", &two));
        let classes = REGIONS.iter().find(|region| region.name == "classes").unwrap();
        let wanted = classes.rewritten(&Tree::of(&files)).unwrap();
        let rows =
            "| F2 | a name without | It \\| is. | somebody |\n| F10 | gone | It \\| is. | somebody |\n";
        assert!(wanted.contains(rows), "{wanted}");
    }

    #[test]
    fn a_stale_list_and_missing_markers_are_named() {
        assert_eq!(
            findings(RULE, &files(EMPTY)),
            ["ARCHITECTURE.md: the region `crates` is stale: run `cargo xtask docs`"]
        );
        assert!(findings(RULE, &files("x")).first().unwrap().contains("no markers"));
    }
}
