//! One target at work, and what libFuzzer says of it. As many work at once as there are processors.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::build;
use crate::Stop;
use crate::run::{Outcome, quietly_with};

/// An input that takes longer is a finding: a hang.
const HANGS_AFTER_SECONDS: u32 = 5;
/// A target that holds more is a finding: growth without bound.
const MEMORY_MB: u32 = 2_048;
/// Longest input, where a target's is not longer in [`longest`].
const LONGEST: u32 = 4_096;
/// What a run may take beyond its seconds: the corpus replayed, and slow machines.
const GRACE: Duration = Duration::from_secs(600);
/// Lines shown of a target that found something.
const SHOWN: usize = 60;

/// How long, and whether what is learnt goes into the repository.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) seconds: u64,
    pub(super) keep: bool,
}

/// How a target fared.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) target: String,
    pub(super) ok: bool,
    pub(super) took: Duration,
    pub(super) stats: Stats,
    /// Inputs in the repository.
    pub(super) corpus: usize,
    output: String,
}

/// What libFuzzer says at its end.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Stats {
    pub(super) inputs: u64,
    pub(super) coverage: u64,
}

/// Lets every target work.
pub(super) fn all(root: &Path, names: &[String], work: &Work) -> Result<Vec<Ran>, Stop> {
    let next = AtomicUsize::new(0);
    let ran = Mutex::new(Vec::new());
    let at_once = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..at_once.min(names.len()) {
            scope.spawn(|| {
                while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let one = one(root, name, work);
                    ran.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(one);
                }
            });
        }
    });
    let ran: Vec<Result<Ran, String>> = ran.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut ran = ran.into_iter().collect::<Result<Vec<_>, _>>().map_err(Stop::CouldNotRun)?;
    ran.sort_by(|a, b| a.target.cmp(&b.target));
    Ok(ran)
}

fn one(root: &Path, name: &str, work: &Work) -> Result<Ran, String> {
    let corpus = root.join("fuzz/corpus").join(name);
    let learnt = build::folder(root).join("corpus").join(name);
    let found = root.join("fuzz/artifacts").join(name);
    for folder in [&learnt, &found] {
        std::fs::create_dir_all(folder)
            .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    }
    let mut command = at_work(root, name, &found);
    command.arg(format!("-max_total_time={}", work.seconds)).arg("-print_final_stats=1");
    command.args([&learnt, &corpus]);
    let Outcome { ok, output, took } = quietly_with(&mut command, Duration::from_secs(work.seconds) + GRACE);
    if ok && work.keep {
        keep(root, name, &found, &learnt, &corpus)?;
    }
    let stats = Stats::read(&output);
    Ok(Ran { target: name.into(), ok, took, stats, corpus: count(&corpus), output })
}

/// Takes into the corpus what reaches code that nothing in it reaches.
fn keep(root: &Path, name: &str, found: &Path, learnt: &Path, corpus: &Path) -> Result<(), String> {
    let mut command = at_work(root, name, found);
    command.arg("-merge=1").args([corpus, learnt]);
    let merged = quietly_with(&mut command, GRACE);
    if merged.ok { Ok(()) } else { Err(format!("{name}: cannot merge its corpus\n{}", merged.output)) }
}

fn at_work(root: &Path, name: &str, found: &Path) -> Command {
    let mut command = Command::new(build::program(root, name));
    command.current_dir(root);
    command.arg(format!("-timeout={HANGS_AFTER_SECONDS}")).arg(format!("-rss_limit_mb={MEMORY_MB}"));
    command.arg(format!("-max_len={}", longest(name)));
    command.arg(format!("-artifact_prefix={}/", found.display()));
    let words = root.join("fuzz/dictionaries").join(format!("{name}.dict"));
    if words.is_file() {
        command.arg(format!("-dict={}", words.display()));
    }
    command
}

fn longest(name: &str) -> u32 {
    match name {
        "config" | "guard" | "http" | "zone_file" => 4 * LONGEST,
        "value" | "echo" | "cookies" => LONGEST / 4,
        _ => LONGEST,
    }
}

fn count(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

impl Ran {
    /// What was found, where it lies, and what to do.
    pub(super) fn finding(&self) -> String {
        let lines: Vec<&str> = self.output.lines().collect();
        let tail = lines.get(lines.len().saturating_sub(SHOWN)..).unwrap_or_default().join("\n");
        let found = self.output.lines().find_map(|line| line.split("Test unit written to ").nth(1));
        let found = found.map_or_else(|| PathBuf::from("fuzz/artifacts").join(&self.target), PathBuf::from);
        format!(
            "{tail}\n{}: {} breaks it. Mend it, with a test beside the code, and keep the input in fuzz/corpus/{}.",
            self.target,
            found.display(),
            self.target
        )
    }
}

impl Stats {
    fn read(output: &str) -> Self {
        let after = |line: &str, word: &str| -> Option<u64> {
            line.split(word).nth(1)?.split_whitespace().next()?.parse().ok()
        };
        let mut units = output.lines().filter_map(|line| after(line, "stat::number_of_executed_units:"));
        let coverage = output.lines().filter_map(|line| after(line, " cov:"));
        Self { inputs: units.next_back().unwrap_or(0), coverage: coverage.max().unwrap_or(0) }
    }
}

#[cfg(test)]
mod tests {
    use super::Stats;

    #[test]
    fn inputs_and_coverage_are_read_from_what_libfuzzer_says() {
        let output = "#2\tINITED cov: 7 ft: 8 corp: 1/1b exec/s: 0 rss: 40Mb\n\
            #16\tNEW    cov: 29 ft: 31 corp: 2/5b lim: 4 exec/s: 0 rss: 41Mb L: 4/4\n\
            stat::number_of_executed_units: 1048576\nstat::average_exec_per_sec:     349525\n";
        assert_eq!(Stats::read(output), Stats { inputs: 1_048_576, coverage: 29 });
        assert_eq!(Stats::read("it did not begin"), Stats::default());
    }
}
