//! The files that the rules read: everything git would commit, tracked or new, and never what it ignores.
//!
//! Rust files come with what most rules need: their code without words ([`super::code::blank`]) and which lines are
//! tests. A test is a file under a `tests/` or `benches/` folder, a module declared under `#[cfg(test)]` (in its own
//! file or not), or a file named `tests.rs`. Absent: macro expansion, and any look at build products.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use super::code::blank;

/// The project as the rules see it.
#[derive(Debug)]
pub(crate) struct Tree {
    paths: BTreeSet<String>,
    texts: BTreeMap<String, String>,
    sources: Vec<Source>,
}

/// One Rust file.
#[derive(Debug)]
pub(crate) struct Source {
    /// From the root, with `/`.
    pub(crate) path: String,
    /// As it is written.
    pub(crate) text: String,
    /// The same, with comments and literals blanked.
    pub(crate) code: String,
    /// Whether the whole file is a test.
    pub(crate) is_test: bool,
    /// For each line: whether it belongs to a test.
    test_lines: Vec<bool>,
}

impl Source {
    /// The lines of code that are not tests: number from 1, and the code without words.
    pub(crate) fn product_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code
            .lines()
            .enumerate()
            .filter(|(at, _)| !self.is_test_line(*at))
            .map(|(at, line)| (at + 1, line))
    }

    /// Whether the line (from 0) belongs to a test.
    pub(crate) fn is_test_line(&self, at: usize) -> bool {
        self.is_test || self.test_lines.get(at).copied().unwrap_or(false)
    }

    /// The line (from 1) that holds this byte.
    pub(crate) fn line_of(&self, byte: usize) -> usize {
        1 + self.code.bytes().take(byte).filter(|b| *b == b'\n').count()
    }
}

impl Tree {
    /// Reads the project at `root`.
    pub(crate) fn load(root: &Path) -> Result<Self, String> {
        let listing = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root)
            .output()
            .map_err(|error| format!("tidy asks git which files belong to the project: {error}"))?;
        if !listing.status.success() {
            return Err(format!(
                "tidy asks git which files belong to the project: {}",
                String::from_utf8_lossy(&listing.stderr).trim()
            ));
        }
        let names = String::from_utf8_lossy(&listing.stdout).into_owned();
        // A file that is gone from the folder but not yet from git's index is gone; bytes that are no text have no words.
        let present = names.split('\0').filter(|name| !name.is_empty() && root.join(name).is_file());
        Ok(Self::from_files(present.map(|name| {
            let text = std::fs::read(root.join(name)).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            (name.to_string(), text)
        })))
    }

    /// A project of a few lines, for the tests of the rules.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        Self::from_files(files.iter().map(|(path, text)| ((*path).to_string(), Some((*text).to_string()))))
    }

    fn from_files(files: impl Iterator<Item = (String, Option<String>)>) -> Self {
        let mut paths = BTreeSet::new();
        let mut texts = BTreeMap::new();
        for (path, text) in files {
            if let Some(text) = text {
                texts.insert(path.clone(), text);
            }
            paths.insert(path);
        }
        let sources = sources(&texts);
        Self { paths, texts, sources }
    }

    /// Whether this is a file of the project, or a folder that holds one.
    pub(crate) fn has(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        path.is_empty()
            || self.paths.contains(path)
            || self.paths.range(folder.clone()..).next().is_some_and(|next| next.starts_with(&folder))
    }

    /// The text of one file.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }

    /// All files that are text: path and content.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// All paths, of text and of other files.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(String::as_str)
    }

    /// All Rust files.
    pub(crate) fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The Rust files of the product: no tests, no benchmarks.
    pub(crate) fn product(&self) -> impl Iterator<Item = &Source> {
        self.sources.iter().filter(|source| !source.is_test)
    }
}

fn sources(texts: &BTreeMap<String, String>) -> Vec<Source> {
    let rust = || texts.iter().filter(|(path, _)| path.ends_with(".rs"));
    let codes: Vec<(String, String, String)> =
        rust().map(|(path, text)| (path.clone(), text.clone(), blank(text))).collect();
    let declared: BTreeSet<String> =
        codes.iter().flat_map(|(path, _, code)| modules_declared_for_tests(path, code)).collect();
    codes
        .into_iter()
        .map(|(path, text, code)| {
            let is_test = is_test_path(&path) || declared.iter().any(|module| inside(&path, module));
            let test_lines = test_lines(&code);
            Source { path, text, code, is_test, test_lines }
        })
        .collect()
}

fn is_test_path(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    name == "tests.rs" || folders.split('/').any(|folder| folder == "tests" || folder == "benches")
}

/// Whether `path` is the module's file (`x.rs`, `x/mod.rs`) or lies beneath it.
fn inside(path: &str, module: &str) -> bool {
    path.strip_prefix(module).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

/// The modules in files of their own that stand under `#[cfg(test)]`, as paths without `.rs`.
fn modules_declared_for_tests(path: &str, code: &str) -> Vec<String> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let base = match name {
        "lib.rs" | "main.rs" | "mod.rs" => folder.to_string(),
        _ => path.trim_end_matches(".rs").to_string(),
    };
    let lines: Vec<&str> = code.lines().map(str::trim).collect();
    lines
        .iter()
        .enumerate()
        .filter(|(_, line)| is_test_attribute(line))
        .filter_map(|(at, _)| lines.iter().skip(at + 1).find(|line| !line.starts_with('#')))
        .filter_map(|item| item.strip_suffix(';')?.rsplit_once("mod ").map(|(_, module)| module))
        .map(|module| format!("{base}/{module}"))
        .collect()
}

/// Marks the lines of every item under `#[cfg(test)]`, by the indentation that rustfmt gives.
fn test_lines(code: &str) -> Vec<bool> {
    let lines: Vec<&str> = code.lines().collect();
    let mut marks = vec![false; lines.len()];
    for (at, line) in lines.iter().enumerate() {
        if !is_test_attribute(line.trim()) {
            continue;
        }
        let item = lines.iter().skip(at + 1).position(|line| !line.trim_start().starts_with('#'));
        let end = item.map_or(at, |item| item_end(&lines, at + 1 + item));
        for mark in marks.iter_mut().take(end + 1).skip(at) {
            *mark = true;
        }
    }
    marks
}

fn is_test_attribute(line: &str) -> bool {
    line.starts_with("#[cfg(test)]") || line.starts_with("#[cfg(all(test")
}

/// The last line (from 0) of the item that begins at line `start` (from 0): its closing brace stands at the item's own
/// indentation, or, where it has no body, its semicolon does.
pub(crate) fn item_end(lines: &[&str], start: usize) -> usize {
    let Some(first) = lines.get(start) else { return start };
    if first.trim_end().ends_with([';', '}']) {
        return start;
    }
    let indent = indentation(first);
    // Past the opening brace, a semicolon at this depth belongs to the inside: a string that runs over lines.
    let mut opened = first.trim_end().ends_with('{');
    for (at, line) in lines.iter().enumerate().skip(start + 1) {
        if indentation(line) != indent || line.trim().is_empty() {
            continue;
        }
        if line.trim().starts_with('}') || (!opened && line.trim_end().ends_with(';')) {
            return at;
        }
        opened |= line.trim_end().ends_with('{');
    }
    start
}

/// How many blanks a line begins with.
pub(crate) fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_a_test_module_are_no_product() {
        let tree = Tree::of(&[(
            "a/src/lib.rs",
            "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n",
        )]);
        let lines: Vec<_> = tree.sources().iter().flat_map(Source::product_lines).collect();
        assert_eq!(lines, [(1, "fn a() {}"), (6, "fn c() {}")]);
    }

    #[test]
    fn a_test_module_in_its_own_file_is_a_test_with_all_beneath_it() {
        let tree = Tree::of(&[
            ("a/src/engine/mod.rs", "#[cfg(test)]\nmod simulator;\nmod real;\n"),
            ("a/src/engine/simulator.rs", ""),
            ("a/src/engine/simulator/clock.rs", ""),
            ("a/src/engine/real.rs", ""),
            ("a/tests/it.rs", ""),
        ]);
        let product: Vec<_> = tree.product().map(|source| source.path.as_str()).collect();
        assert_eq!(product, ["a/src/engine/mod.rs", "a/src/engine/real.rs"]);
    }

    #[test]
    fn a_string_over_several_lines_does_not_end_the_item_around_it() {
        let text = "mod tests {\n    const T: &str = \"\\\n}\n\";\n    fn b() {}\n}\nfn c() {}\n";
        let code = blank(text);
        let lines: Vec<&str> = code.lines().collect();
        assert_eq!(item_end(&lines, 0), 5);
    }

    #[test]
    fn folders_are_known_by_what_they_hold() {
        let tree = Tree::of(&[("docs/a/b.md", "")]);
        assert!(tree.has("docs") && tree.has("docs/a/") && tree.has("docs/a/b.md"));
        assert!(!tree.has("docs/a/b") && !tree.has("doc"));
    }
}
