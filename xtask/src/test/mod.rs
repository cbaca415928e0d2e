//! `cargo xtask test`: everything that CI runs, in one command that people run too.
//!
//! The parts run in order ([`parts`]); one that fails does not keep the later ones from running, except the first:
//! without the programs that the tests need, nothing is proved, and we stop with exit code 2 and one command to run.
//! A part is quiet where it passes and shows all it said where it fails. The very last line counts the parts.

mod core_floor;
mod live;
mod parts;
mod programs;

use std::path::Path;
use std::time::{Duration, Instant};

use crate::Stop;
use crate::run::Outcome;
use parts::{PARTS, Part};
pub(crate) use programs::find;

/// How a part ended.
struct Line {
    name: &'static str,
    ok: bool,
    took: Duration,
}

/// What the words on the command line ask for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wish {
    fast: bool,
    all: bool,
    list: bool,
    only: Vec<String>,
}

/// Runs the chore.
pub(crate) fn run(root: &Path, words: &[String]) -> Result<(), Stop> {
    let wish = Wish::read(words)?;
    let chosen: Vec<&Part> = PARTS.iter().filter(|part| wish.wants(part)).collect();
    if wish.list {
        for part in &chosen {
            println!("{:<10} {}", part.name, part.what);
        }
        return Ok(());
    }
    let mut lines = Vec::new();
    if wish.needs_programs() {
        let begun = Instant::now();
        programs::make_sure(root)?;
        lines.push(Line { name: "programs", ok: true, took: begun.elapsed() });
    }
    let is_chosen = |name: &str| chosen.iter().any(|part| part.name == name);
    for part in &chosen {
        // Tests wait more than they work: the part behind them is built meanwhile.
        if part.name == "tests" && is_chosen("fuzz") {
            crate::fuzz::begin(root);
        }
        lines.extend(run_part(root, part, wish.fast));
    }
    summarise(&lines)
}

impl Wish {
    fn read(words: &[String]) -> Result<Self, Stop> {
        let mut wish = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--fast" => wish.fast = true,
                "--all" => wish.all = true,
                "--list" => wish.list = true,
                "--only" => wish.only.push(known_part(words.next())?),
                other => {
                    let why = format!(
                        "test knows nothing of '{other}'; `cargo xtask test --help` says what it takes"
                    );
                    return Err(Stop::CouldNotRun(why));
                }
            }
        }
        Ok(wish)
    }

    fn wants(&self, part: &Part) -> bool {
        match self.only.is_empty() {
            true if part.long => self.all,
            true => part.fast || !self.fast,
            false => self.only.iter().any(|name| name == part.name),
        }
    }

    /// The programs are for the tests of the whole; a quick look at the libraries does without.
    fn needs_programs(&self) -> bool {
        match self.only.is_empty() {
            true => !self.fast || self.all,
            false => self.only.iter().any(|name| ["programs", "tests", "live"].contains(&name.as_str())),
        }
    }
}

fn known_part(name: Option<&String>) -> Result<String, Stop> {
    let names: Vec<&str> = ["programs"].into_iter().chain(PARTS.iter().map(|part| part.name)).collect();
    match name {
        Some(name) if names.contains(&name.as_str()) => Ok(name.clone()),
        _ => Err(Stop::CouldNotRun(format!("--only takes one of: {}", names.join(", ")))),
    }
}

/// Runs one part and says how it went; `None` where it has nothing to do on this machine.
fn run_part(root: &Path, part: &Part, fast: bool) -> Option<Line> {
    println!("{}: {}", part.name, part.what);
    let begun = Instant::now();
    let Some(Outcome { ok, output, .. }) = (part.run)(root, fast) else {
        println!("    not here: {}", part.absent);
        return None;
    };
    let took = begun.elapsed();
    if !ok {
        println!("{}", output.trim_end());
    }
    println!("    {} in {}", if ok { "passed" } else { "FAILED" }, seconds(took));
    Some(Line { name: part.name, ok, took })
}

fn summarise(lines: &[Line]) -> Result<(), Stop> {
    println!("\n{:<12} {:<8} {:>9}", "part", "result", "time");
    for line in lines {
        println!(
            "{:<12} {:<8} {:>9}",
            line.name,
            if line.ok { "passed" } else { "FAILED" },
            seconds(line.took)
        );
    }
    let failed = lines.iter().filter(|line| !line.ok).count();
    println!("{:<12} {:<8} {:>9}\n", "all", "", seconds(lines.iter().map(|line| line.took).sum()));
    println!("{} passed, {failed} failed", lines.len() - failed);
    if failed == 0 { Ok(()) } else { Err(Stop::Failed) }
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(words: &[&str]) -> Result<Wish, Stop> {
        Wish::read(&words.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    fn names(wish: &Wish) -> Vec<&'static str> {
        PARTS.iter().filter(|part| wish.wants(part)).map(|part| part.name).collect()
    }

    #[test]
    fn without_words_every_part_runs_that_is_not_long_and_with_all_every_part() {
        let long: Vec<_> = PARTS.iter().filter(|part| part.long).map(|part| part.name).collect();
        assert_eq!(long, ["live"]);
        assert_eq!(names(&wish(&[]).unwrap()).len(), PARTS.len() - long.len());
        assert_eq!(names(&wish(&["--all"]).unwrap()).len(), PARTS.len());
        assert_eq!(names(&wish(&["--only", "live"]).unwrap()), ["live"]);
    }

    #[test]
    fn only_runs_what_it_names_even_if_it_is_slow() {
        let wish = wish(&["--fast", "--only", "rustdoc", "--only", "format"]).unwrap();
        assert_eq!(names(&wish), ["format", "rustdoc"]);
        assert!(!wish.needs_programs());
    }

    #[test]
    fn fast_leaves_out_what_takes_long() {
        let wish = wish(&["--fast"]).unwrap();
        assert!(names(&wish).contains(&"tidy") && !names(&wish).contains(&"rustdoc"));
        assert!(!wish.needs_programs());
    }

    #[test]
    fn unknown_words_and_parts_are_refused() {
        assert!(matches!(wish(&["--quick"]), Err(Stop::CouldNotRun(_))));
        assert!(matches!(wish(&["--only"]), Err(Stop::CouldNotRun(_))));
        assert!(matches!(wish(&["--only", "everything"]), Err(Stop::CouldNotRun(_))));
    }
}
