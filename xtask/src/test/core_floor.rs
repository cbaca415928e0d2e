//! The core stays without std and without I/O, proved twice: by what it stands on, and, where a target without an
//! operating system is installed, by building for it.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::run::{Outcome, ask, quietly};

/// Targets that have no std to fall back on.
const BARE: &[&str] =
    &["thumbv7em-none-eabi", "thumbv7em-none-eabihf", "thumbv7m-none-eabi", "x86_64-unknown-none"];

/// Crates that give access to the world, or to chance; none may stand beneath the core.
const BANNED: &[&str] = &[
    "tokio",
    "mio",
    "libc",
    "socket2",
    "hyper",
    "axum",
    "rustls",
    "domain",
    "rusqlite",
    "getrandom",
    "rand",
    "tempfile",
    "time",
    "chrono",
    "tracing",
];

/// Runs the part.
pub(super) fn check(root: &Path, limit: Duration) -> Outcome {
    let begun = Instant::now();
    let tree =
        quietly(root, "cargo", &["tree", "-p", "candor-core", "-e", "normal", "--prefix", "none"], limit);
    let found = banned(&tree.output);
    if !tree.ok || !found.is_empty() {
        let output = format!("{}\nbeneath the core stand: {}\n", tree.output, found.join(", "));
        return Outcome { ok: false, output, took: begun.elapsed() };
    }
    match installed(root) {
        Some(target) => {
            quietly(root, "cargo", &["build", "--quiet", "-p", "candor-core", "--target", &target], limit)
        }
        None => tree,
    }
}

/// The banned crates in the output of `cargo tree --prefix none`.
fn banned(tree: &str) -> Vec<&str> {
    let names = tree.lines().filter_map(|line| line.split_whitespace().next());
    names.filter(|name| BANNED.contains(name)).collect()
}

fn installed(root: &Path) -> Option<String> {
    let targets = ask(root, "rustup", &["target", "list", "--installed"])?;
    targets.lines().map(str::trim).find(|target| BARE.contains(target)).map(str::to_string)
}

#[cfg(test)]
mod tests {
    use super::banned;

    #[test]
    fn what_reaches_the_world_is_found_beneath_the_core() {
        let tree = "candor-core v0.1.0\njiff v0.2.1\nserde v1.0.0\nlibc v0.2.0 (*)\n";
        assert_eq!(banned(tree), ["libc"]);
    }
}
