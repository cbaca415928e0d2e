//! What the tests share: an environment made of a table, and short ways to resolve.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use candor_config::{Environment, Faults, Resolved, Source, resolve};
use candor_core::Timestamp;

/// Variables and files of a test.
#[derive(Debug, Default, Clone)]
pub(crate) struct Table {
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) files: BTreeMap<String, String>,
}

impl Environment for Table {
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn read(&self, path: &Path) -> io::Result<String> {
        let name = path.to_string_lossy();
        let name = name.strip_prefix("./").unwrap_or(&name);
        self.files.get(name).cloned().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }
}

pub(crate) const PASSWORD: &str = "correct-horse-battery";

pub(crate) fn environment() -> Table {
    let mut table = Table::default();
    table.variables.insert("PROBE_USER".into(), "probe".into());
    table.variables.insert("PROBE_PASSWORD".into(), PASSWORD.into());
    table.files.insert("token.txt".into(), format!("{PASSWORD}\n"));
    table
}

pub(crate) fn now() -> Timestamp {
    "2026-03-27T12:00:00Z".parse().expect("a time")
}

pub(crate) fn read(text: &str) -> Result<Resolved, Faults> {
    resolve(&Source::of_text("candor.yaml", text), &environment(), now())
}

/// The faults of a text, one a line: `line:column message (hint)`.
pub(crate) fn faults(text: &str) -> Vec<String> {
    let faults = read(text).expect_err("this must be refused").0;
    faults.iter().map(|f| f.to_string().replacen("candor.yaml:", "", 1)).collect()
}

/// A plan around one capability of one service.
pub(crate) fn around(capability: &str) -> String {
    format!("services:\n- id: shop\n  capabilities:\n    open:\n{}", indent(capability, 6))
}

/// A plan around the steps of one journey.
pub(crate) fn steps(steps: &str) -> String {
    around(&format!("journey:\n{steps}"))
}

pub(crate) fn indent(text: &str, by: usize) -> String {
    text.lines().map(|line| format!("{:by$}{line}\n", "")).collect()
}
