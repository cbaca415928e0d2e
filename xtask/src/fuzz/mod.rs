//! `cargo xtask fuzz`: hostile bytes for every parser of ours, by libFuzzer, on the stable compiler.
//!
//! A target is a file in `fuzz/fuzz_targets/`; [`build`] makes them all, [`run`](mod@run) lets one work for a while. Each
//! begins with every input of its corpus in `fuzz/corpus/`, so that what was once found stays mended. What libFuzzer
//! learns stays in `fuzz/target/corpus/` between runs; `--keep` takes from there into the repository what reaches new code.
//! Absent: sanitizers, which want nightly, and find little where no unsafe code is.

mod build;
mod run;

use std::path::Path;
use std::time::Duration;

use crate::Stop;
use crate::run::Outcome;
use run::{Ran, Work};

/// How long a target works where nobody says.
const SECONDS: u64 = 60;
/// How long one works in `cargo xtask test`: with a build and a corpus replayed, all of it takes a few minutes.
const SECONDS_IN_TEST: u64 = 3;

/// What the words on the command line ask for.
#[derive(Debug, PartialEq, Eq)]
struct Wish {
    targets: Vec<String>,
    seconds: u64,
    keep: bool,
    list: bool,
}

/// Runs the chore.
pub(crate) fn run(root: &Path, words: &[String]) -> Result<(), Stop> {
    let known = targets(root)?;
    let wish = Wish::read(words, &known)?;
    if wish.list {
        known.iter().for_each(|name| println!("{name}"));
        return Ok(());
    }
    println!("building {} targets with coverage", known.len());
    let built = build::all(root);
    if !built.ok {
        return Err(Stop::CouldNotRun(format!("the targets do not build\n{}", built.output.trim_end())));
    }
    let names = if wish.targets.is_empty() { known } else { wish.targets };
    let ran = run::all(root, &names, &Work { seconds: wish.seconds, keep: wish.keep })?;
    print!("{}", table(&ran));
    ran.iter().filter(|ran| !ran.ok).for_each(|ran| println!("\n{}", ran.finding()));
    if ran.iter().all(|ran| ran.ok) { Ok(()) } else { Err(Stop::Failed) }
}

/// Begins to build the targets with what other work leaves of the processors.
pub(crate) fn begin(root: &Path) {
    build::begin(root);
}

/// The part of `cargo xtask test`: a short run of every target.
pub(crate) fn part(root: &Path) -> Outcome {
    let mut outcome = build::all(root);
    if !outcome.ok {
        return outcome;
    }
    let work = Work { seconds: SECONDS_IN_TEST, keep: false };
    match targets(root).and_then(|names| run::all(root, &names, &work)) {
        Ok(ran) => {
            outcome.ok = ran.iter().all(|ran| ran.ok);
            outcome.output = table(&ran);
            for ran in ran.iter().filter(|ran| !ran.ok) {
                outcome.output.push_str(&format!("\n{}\n", ran.finding()));
            }
        }
        Err(stop) => {
            outcome.ok = false;
            outcome.output = match stop {
                Stop::CouldNotRun(why) => why,
                Stop::Failed => "failed".into(),
            };
        }
    }
    outcome
}

/// The names of the targets: each is a file.
fn targets(root: &Path) -> Result<Vec<String>, Stop> {
    let folder = root.join("fuzz/fuzz_targets");
    let files = std::fs::read_dir(&folder)
        .map_err(|error| Stop::CouldNotRun(format!("cannot list {}: {error}", folder.display())))?;
    let name = |file: std::fs::DirEntry| file.file_name().to_str()?.strip_suffix(".rs").map(str::to_string);
    let mut names: Vec<String> = files.filter_map(Result::ok).filter_map(name).collect();
    names.sort();
    Ok(names)
}

impl Wish {
    fn read(words: &[String], known: &[String]) -> Result<Self, Stop> {
        let mut wish = Self { targets: Vec::new(), seconds: SECONDS, keep: false, list: false };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--keep" => wish.keep = true,
                "--list" => wish.list = true,
                "--seconds" => {
                    let seconds = words.next().and_then(|word| word.parse().ok());
                    let seconds =
                        seconds.ok_or_else(|| Stop::CouldNotRun("--seconds takes a number".into()))?;
                    wish.seconds = seconds;
                }
                name if known.iter().any(|target| target == name) => wish.targets.push(word.clone()),
                other => {
                    let why = format!("there is no fuzz target '{other}'; there are: {}", known.join(", "));
                    return Err(Stop::CouldNotRun(why));
                }
            }
        }
        Ok(wish)
    }
}

fn table(ran: &[Ran]) -> String {
    let mut table = format!(
        "{:<14} {:>12} {:>8} {:>9} {:>7} {:>9}\n",
        "target", "inputs", "seconds", "coverage", "corpus", "findings"
    );
    for ran in ran {
        let took = Duration::as_secs(&ran.took);
        let (inputs, coverage, corpus) = (ran.stats.inputs, ran.stats.coverage, ran.corpus);
        let findings = u8::from(!ran.ok);
        table.push_str(&format!(
            "{:<14} {inputs:>12} {took:>8} {coverage:>9} {corpus:>7} {findings:>9}\n",
            ran.target
        ));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(words: &[&str]) -> Result<Wish, Stop> {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        Wish::read(&words, &["config".into(), "zone_file".into()])
    }

    #[test]
    fn targets_seconds_and_flags_are_read_in_any_order() {
        let read = wish(&["--seconds", "90", "zone_file", "--keep"]).unwrap();
        assert_eq!(read, Wish { targets: vec!["zone_file".into()], seconds: 90, keep: true, list: false });
        assert_eq!(wish(&[]).unwrap().seconds, SECONDS);
    }

    #[test]
    fn what_is_no_target_and_no_number_is_refused() {
        assert!(matches!(wish(&["zone"]), Err(Stop::CouldNotRun(why)) if why.contains("config, zone_file")));
        assert!(matches!(wish(&["--seconds", "soon"]), Err(Stop::CouldNotRun(_))));
    }

    #[test]
    fn every_target_has_a_binary_and_a_corpus() {
        let root = crate::root().unwrap();
        let manifest = std::fs::read_to_string(root.join("fuzz/Cargo.toml")).unwrap();
        let names = targets(&root).unwrap();
        assert!(names.len() > 10);
        for name in names {
            assert!(
                manifest.contains(&format!("name = \"{name}\"")),
                "{name} has no [[bin]] in fuzz/Cargo.toml"
            );
            let corpus = root.join("fuzz/corpus").join(&name);
            let inputs = std::fs::read_dir(&corpus).map(Iterator::count).unwrap_or(0);
            assert!(inputs > 0, "{name} has no input in {}", corpus.display());
        }
    }
}
