//! The parts of the test, in the order in which they run: what is quick to fail comes first.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::{core_floor, live};
use crate::run::{Outcome, quietly, quietly_with};

/// One part of the test.
pub(super) struct Part {
    /// Its name in the table and for `--only`.
    pub(super) name: &'static str,
    /// What it proves.
    pub(super) what: &'static str,
    /// Whether `--fast` runs it.
    pub(super) fast: bool,
    /// Whether it takes so long that it runs only where it is asked for: with `--all`, or by its name.
    pub(super) long: bool,
    /// What is said where it has nothing to do.
    pub(super) absent: &'static str,
    /// Runs it, with whether to be fast; `None` where it has nothing to do on this machine.
    pub(super) run: fn(&Path, bool) -> Option<Outcome>,
}

/// No part may hang a build machine: a cold build on two cores takes a third of this.
const LIMIT: Duration = Duration::from_secs(25 * 60);

/// All of them.
pub(super) const PARTS: &[Part] = &[
    part("format", "the code is as rustfmt writes it", true, |root, _| {
        cargo(root, &["fmt", "--all", "--check", "--", "--color", "never"])
    }),
    part("tidy", "the house rules hold", true, |root, _| cargo(root, &["xtask", "tidy"])),
    part("clippy", "no lint has anything to say about any target", true, |root, _| {
        cargo(root, &["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"])
    }),
    part(
        "core",
        "the core builds without std and stands on nothing that reaches the world",
        true,
        |root, _| Some(core_floor::check(root, LIMIT)),
    ),
    part("build", "every target of every crate builds", false, |root, _| {
        cargo(root, &["build", "--quiet", "--workspace", "--all-targets"])
    }),
    part("tests", "unit, property, end-to-end and browser tests pass", true, tests),
    part(
        "fuzz",
        "no parser panics, hangs or grows on hostile bytes; what was found stays mended",
        false,
        |root, _| Some(crate::fuzz::part(root)),
    ),
    part("doctests", "the examples in the docs run", false, |root, _| {
        cargo(root, &["test", "--quiet", "--workspace", "--doc", "--no-fail-fast"])
    }),
    part("rustdoc", "the docs build without a warning", false, rustdoc),
    Part {
        absent: "cargo-deny is not installed; tidy has held the same policy",
        ..part("deny", "cargo-deny agrees with the policy on dependencies", false, deny)
    },
    Part {
        long: true,
        ..part("live", "every scenario keeps its bounds on real processes and packets", false, |root, _| {
            Some(live::part(root))
        })
    },
];

const fn part(
    name: &'static str,
    what: &'static str,
    fast: bool,
    run: fn(&Path, bool) -> Option<Outcome>,
) -> Part {
    Part { name, what, fast, long: false, absent: "", run }
}

fn cargo(root: &Path, args: &[&str]) -> Option<Outcome> {
    Some(quietly(root, "cargo", args, LIMIT))
}

/// How many tests run at once: most of the long ones wait for intervals and leases, and leave the processors idle. What
/// fills them counts for two, by `.config/nextest.toml`.
fn at_once() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from) * 2
}

/// With nextest, which runs each test in a process of its own and shows the slow ones; without it, with cargo's own.
fn tests(root: &Path, fast: bool) -> Option<Outcome> {
    let with_nextest = crate::run::ask(root, "cargo", &["nextest", "--version"]).is_some();
    let mut args = if with_nextest {
        vec![
            "nextest",
            "run",
            "--workspace",
            "--no-fail-fast",
            "--status-level",
            "fail",
            "--final-status-level",
            "slow",
        ]
    } else {
        vec!["test", "--quiet", "--workspace", "--no-fail-fast", "--lib", "--bins", "--tests"]
    };
    if fast {
        // The libraries and the chores; the tests of the whole are the one binary's.
        args.extend(["--exclude", "candor"]);
    }
    let at_once = at_once().to_string();
    if !with_nextest {
        args.push("--");
    }
    args.extend(["--test-threads", &at_once]);
    cargo(root, &args)
}

fn rustdoc(root: &Path, _: bool) -> Option<Outcome> {
    let mut command = Command::new("cargo");
    command.args(["doc", "--quiet", "--workspace", "--no-deps", "--document-private-items", "--keep-going"]);
    command.env("RUSTDOCFLAGS", "-D warnings").current_dir(root);
    Some(quietly_with(&mut command, LIMIT))
}

fn deny(root: &Path, _: bool) -> Option<Outcome> {
    crate::run::ask(root, "cargo", &["deny", "--version"])?;
    cargo(root, &["deny", "check", "licenses", "bans", "sources"])
}
