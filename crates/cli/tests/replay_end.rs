//! `candor replay --live` that does not come to its end: nothing that it started stays, however it is ended.
//!
//! Its processes are those that it is the parent of; its files are those of a folder that is its alone.

mod support;

use std::path::Path;
use std::time::Duration;

use support::candor::{Running, candor, children_of, files_in, runs};
use support::wait_for;

/// How long processes may take to be gone, on a busy machine.
const GONE: Duration = Duration::from_secs(20);

/// A process that is paused hears of no end: it must go all the same.
const SCENARIO: &str = "scenario: A test\nlasts: 20m\nplaces: [gb]\ncustomers: 60\n\
    watch: {every: 3s, timeout: 2s, deadline: 3s}\ntimeline:\n  - {at: 1s, for: 5m, pause: commerce}\n";

/// A live run in this folder.
fn started(folder: &Path) -> Running {
    std::fs::create_dir(folder.join("tmp")).expect("a folder can be made");
    std::fs::write(folder.join("mine.yaml"), SCENARIO).expect("a file can be written");
    let mut command = candor(folder);
    Running::start(command.args(["replay", "mine.yaml", "--live"]).env("TMPDIR", folder.join("tmp")))
}

/// The same, with what it has broken in force, and its processes.
fn playing(folder: &Path) -> (Running, Vec<u32>) {
    let mut run = started(folder);
    run.after("commerce is halted");
    let children = children_of(run.id());
    let watches = |id: &u32| {
        let words = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        words.split(|byte| *byte == 0).nth(1) == Some(b"serve")
    };
    assert!(children.len() > 10 && children.iter().any(watches), "its processes are found: {children:?}");
    (run, children)
}

fn all_gone(children: &[u32]) {
    let left = || children.iter().copied().filter(|child| runs(*child)).collect::<Vec<_>>();
    wait_for("every process is gone", GONE, || left().is_empty().then_some(()));
}

#[test]
fn a_run_that_is_stopped_leaves_neither_process_nor_file() {
    let folder = tempfile::tempdir().expect("an empty folder");
    let (mut run, children) = playing(folder.path());
    assert_eq!(run.stop().code(), Some(2));
    all_gone(&children);
    assert_eq!(files_in(&folder.path().join("tmp")), Vec::<std::path::PathBuf>::new());
    assert!(run.noted().contains("stopped before its end"), "{}", run.noted());
}

#[test]
fn a_run_that_is_interrupted_while_it_starts_leaves_nothing_either() {
    let folder = tempfile::tempdir().expect("an empty folder");
    let mut run = started(folder.path());
    run.after("Starting whoever watches");
    let children = children_of(run.id());
    run.signal("INT");
    assert_eq!(run.ended(GONE).code(), Some(2));
    all_gone(&children);
    assert_eq!(files_in(&folder.path().join("tmp")), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_run_that_is_killed_leaves_no_process() {
    let folder = tempfile::tempdir().expect("an empty folder");
    let (mut run, children) = playing(folder.path());
    run.kill();
    all_gone(&children);
}
