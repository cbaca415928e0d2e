//! How much memory hostile contents cost at most, all of it counted: measured in a process of its own.

use std::process::Command;
use std::time::Duration;

use candor_probe::Runner;
use tokio::task::JoinSet;

use crate::crowd::runtime;
use crate::role::BODY_MAX;
use crate::{http1, judged, plan};

/// Tells the process of its own from the one that starts it.
const ALONE: &str = "CANDOR_TEST_ALONE";

/// What a run may hold at once: its content in all its forms, and the elements or values made from it.
const HELD_MAX: u64 = 8 * BODY_MAX + (64 << 20);

#[test]
fn hostile_contents_cost_no_more_than_a_few_times_their_bound() {
    if std::env::var_os(ALONE).is_some() {
        return measure();
    }
    let test = "memory::hostile_contents_cost_no_more_than_a_few_times_their_bound";
    let mut alone = Command::new(std::env::current_exe().unwrap());
    let ended = alone.args(["--exact", test, "--nocapture"]).env(ALONE, "1").output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout).into_owned() + &String::from_utf8_lossy(&ended.stderr);
    println!("{said}");
    assert!(ended.status.success(), "{said}");
}

/// Plays each role whose content is what is wrong with it, one after another, and holds the growth of the peak to the bound. What one
/// run gave back, the next may take: so the growth over all is that of the costliest.
#[expect(clippy::print_stdout, reason = "its figures are for whoever runs it by hand")]
fn measure() {
    let (theirs, probe) = (runtime(1), runtime(1));
    let cast = [http1::contents(), http1::codings(), judged::hoards()].concat();
    let begun = peak();
    let mut most = ("nobody", 0);
    for role in cast {
        let stage = theirs.block_on(role.open());
        let (plan, check) = plan::plan(role.journey(stage.port), Duration::from_secs(40));
        let before = peak();
        probe.block_on(async {
            let mut runs = JoinSet::new();
            runs.spawn(async move { Runner::new(plan).run(check).await });
            runs.join_all().await;
        });
        let grown = peak().saturating_sub(before);
        if grown > most.1 {
            most = (role.name, grown);
        }
    }
    println!("the costliest role: {} with {} KiB", most.0, most.1 >> 10);
    let grown = peak() - begun;
    println!("all roles: {} KiB", grown >> 10);
    assert!(grown < HELD_MAX, "the peak grew by {grown} bytes, most by {}", most.0);
}

/// The most memory that this process had so far, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kibibytes: u64 = line.split_whitespace().next().unwrap().parse().unwrap();
    kibibytes << 10
}
