//! Every scenario of the repository, played live: real processes and packets, one after the other.
//!
//! A scenario is judged by how `candor replay FILE --live` ends: 0 every bound was kept, 1 one was not, 2 it could not be
//! played. One that is refused is a failure too: which causes live mode has no hands for is written in docs/scenarios.md,
//! and no scenario of ours may need them. Each line is printed when its scenario ends; what a failed one said is kept.
//! Absent: two at once; they would be each other's trouble.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::run::{Outcome, quietly};

/// How long the build may take.
const BUILD_LIMIT: Duration = Duration::from_secs(25 * 60);
/// How long a scenario may take: the day itself has twelve causes, and its lifetimes are minutes.
const PLAY_LIMIT: Duration = Duration::from_secs(2 * 60 * 60);

/// Plays them all.
pub(super) fn part(root: &Path) -> Outcome {
    let begun = Instant::now();
    let built = quietly(root, "cargo", &["build", "--quiet", "--release", "-p", "candor"], BUILD_LIMIT);
    if !built.ok {
        return built;
    }
    let files = match scenarios(root) {
        Ok(files) if !files.is_empty() => files,
        Ok(_) => return failed(begun, "scenarios/ is empty"),
        Err(error) => return failed(begun, &format!("scenarios/: {error}")),
    };
    let mut told = String::new();
    for file in files {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let path = file.display().to_string();
        // Cargo becomes the program that it runs: who ends the one ends the other.
        let words = ["run", "--quiet", "--release", "-p", "candor", "--", "replay", &path, "--live"];
        let played = quietly(root, "cargo", &words, PLAY_LIMIT);
        let word = if played.ok { "passed" } else { "NOT PASSED" };
        println!("    {name:<28} {word:<10} {:>7.1} s", played.took.as_secs_f64());
        if !played.ok {
            told.push_str(&format!("--- {name}\n{}\n", played.output.trim_end()));
        }
    }
    Outcome { ok: told.is_empty(), output: told, took: begun.elapsed() }
}

fn failed(begun: Instant, why: &str) -> Outcome {
    Outcome { ok: false, output: why.to_owned(), took: begun.elapsed() }
}

/// The files, in order.
fn scenarios(root: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(root.join("scenarios"))?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    files.retain(|file| file.extension().is_some_and(|kind| kind == "yaml"));
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scenarios_are_found_in_order_and_nothing_else() {
        let root = std::env::temp_dir().join(format!("candor-xtask-live-{}", std::process::id()));
        std::fs::create_dir_all(root.join("scenarios")).unwrap();
        for name in ["b.yaml", "a.yaml", "notes.md"] {
            std::fs::write(root.join("scenarios").join(name), "").unwrap();
        }
        let found = scenarios(&root);
        drop(std::fs::remove_dir_all(&root));
        let names = ["a.yaml", "b.yaml"].map(|name| root.join("scenarios").join(name));
        assert_eq!(found.unwrap(), names);
        assert!(scenarios(&root).is_err());
    }
}
