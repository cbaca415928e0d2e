//! The project's own chores, as one command: `cargo xtask test | tidy | docs | bench | fuzz | soak`.
//!
//! * [`mod@test`] runs everything that CI runs, part by part, and ends with one line that counts them
//! * [`tidy`] holds the house rules: each is a small file with its reason and a remedy
//! * [`docs`] rewrites what is generated in the documents
//! * [`mod@bench`] measures, side by side with peers, and writes docs/benchmarks.md
//! * [`fuzz`] feeds every parser hostile bytes, for as long as it is told
//! * [`soak`] kills the hub again and again, and checks what it leaves
//!
//! Exit codes: 0 all is well, 1 something failed, 2 it could not run.
//! Absent: anything asynchronous, and anything that the product itself needs to run.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a chore speaks to its terminal")]

mod bench;
mod docs;
mod fuzz;
mod help;
mod run;
mod soak;
mod test;
mod tidy;

use std::path::PathBuf;
use std::process::ExitCode;

/// Why a chore stopped: what is wrong with the project, or what kept us from looking.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The project does not pass; everything worth saying has been printed.
    Failed,
    /// We could not look, and this is why.
    CouldNotRun(String),
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Stop::Failed) => ExitCode::from(1),
        Err(Stop::CouldNotRun(why)) => {
            eprintln!("xtask: {why}");
            ExitCode::from(2)
        }
    }
}

fn dispatch(words: &[String]) -> Result<(), Stop> {
    let Some((chore, rest)) = words.split_first() else {
        print!("{}", help::GENERAL);
        return Ok(());
    };
    if rest.iter().any(|word| word == "--help" || word == "-h") {
        print!("{}", help::of(chore));
        return Ok(());
    }
    match chore.as_str() {
        "test" => test::run(&root()?, rest),
        "tidy" => tidy::run(&root()?, rest),
        "docs" => docs::run(&root()?, rest),
        "bench" => bench::run(&root()?, rest),
        "fuzz" => fuzz::run(&root()?, rest),
        "soak" => soak::run(&root()?, rest),
        "help" | "--help" | "-h" => {
            print!("{}", rest.first().map_or(help::GENERAL, |chore| help::of(chore)));
            Ok(())
        }
        other => {
            Err(Stop::CouldNotRun(format!("there is no chore '{other}'; `cargo xtask --help` lists them")))
        }
    }
}

/// The root of the workspace: the nearest folder at or above the current one that holds `xtask/Cargo.toml`.
fn root() -> Result<PathBuf, Stop> {
    let here = std::env::current_dir()
        .map_err(|error| Stop::CouldNotRun(format!("cannot tell the current folder: {error}")))?;
    here.ancestors()
        .find(|folder| folder.join("xtask/Cargo.toml").is_file())
        .map(PathBuf::from)
        .ok_or_else(|| Stop::CouldNotRun("run this inside the repository: no xtask/Cargo.toml above".into()))
}

/// The words that are none of the known flags, or the first that looks like a flag and is unknown.
pub(crate) fn refuse_unknown(chore: &str, words: &[String], known: &[&str]) -> Result<(), Stop> {
    match words.iter().find(|word| !known.contains(&word.as_str())) {
        None => Ok(()),
        Some(word) => Err(Stop::CouldNotRun(format!(
            "{chore} knows nothing of '{word}'; `cargo xtask {chore} --help` says what it takes"
        ))),
    }
}
