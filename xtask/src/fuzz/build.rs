//! The targets, built with the coverage that libFuzzer steers by.
//!
//! These are the flags of `cargo fuzz run --sanitizer none`; all of them are the stable compiler's. `cfg(fuzzing)` opens
//! the doors to what is private. The flags are for the host that is named, so that build scripts go without them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::run::{Outcome, ask, quietly_with};

const FLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

/// A cold build on a slow machine.
const LIMIT: Duration = Duration::from_secs(25 * 60);

/// Builds them all.
pub(super) fn all(root: &Path) -> Outcome {
    quietly_with(&mut command(root, "cargo"), LIMIT)
}

/// Begins to build them beside something that leaves the processors idle, with what it leaves. Whoever builds them next
/// waits for the lock that cargo holds meanwhile, and finds them built; where it cannot begin, it is done then.
pub(super) fn begin(root: &Path) {
    let mut command = command(root, "nice");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    drop(command.spawn());
}

/// By cargo, or by what runs it behind everything else.
fn command(root: &Path, program: &str) -> Command {
    let mut command = Command::new(program);
    if program != "cargo" {
        command.args(["-n", "19", "cargo"]);
    }
    command.args(["build", "--quiet", "--release", "--manifest-path", "fuzz/Cargo.toml"]);
    command.args(["--target", &host(root)]).arg("--target-dir").arg(folder(root));
    command.env("RUSTFLAGS", FLAGS).env_remove("CARGO_ENCODED_RUSTFLAGS").current_dir(root);
    command
}

/// Where what is built lies.
pub(super) fn folder(root: &Path) -> PathBuf {
    root.join("fuzz/target")
}

/// The program of a target.
pub(super) fn program(root: &Path, target: &str) -> PathBuf {
    folder(root).join(host(root)).join("release").join(target)
}

/// The machine that the compiler makes programs for.
fn host(root: &Path) -> String {
    let told = ask(root, "rustc", &["-vV"]).unwrap_or_default();
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    host.unwrap_or("x86_64-unknown-linux-gnu").to_string()
}
