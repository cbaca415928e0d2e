//! `cargo xtask bench`: what Candor is measured by, side by side with its peers, in one run on one machine.
//!
//! A row is one file that builds what it needs, runs it in turns with its peers, and returns every repetition; this
//! file prints the table and writes docs/benchmarks.md. Absolute times vary from machine to machine and are no tests;
//! `--check` is for a machine that was chosen for it. A row that cannot be measured here says why and is no success.

mod machine;
mod p12_false_outages;
mod p13_replay;
mod p15_first_minutes;
mod p1_http_check;
mod p4_memory;
mod row;
mod stand;
mod table;

use std::path::Path;

use crate::Stop;
use row::{Bench, Measured, Row};

const ROWS: &[Row] =
    &[p1_http_check::ROW, p4_memory::ROW, p12_false_outages::ROW, p13_replay::ROW, p15_first_minutes::ROW];
const DOCUMENT: &str = "docs/benchmarks.md";
const ROUNDS: usize = 5;

/// What came of a row.
pub(crate) type Outcome = Result<Vec<Measured>, String>;

/// Runs the chore.
pub(crate) fn run(root: &Path, words: &[String]) -> Result<(), Stop> {
    let wish = Wish::read(words)?;
    let bench = Bench { root, rounds: wish.rounds, cold: wish.cold };
    let mut results: Vec<(&Row, Outcome)> = Vec::new();
    for row in ROWS.iter().filter(|row| wish.wants(row)) {
        println!("{} {} ...", row.id, row.title);
        results.push((row, (row.measure)(&bench)));
    }
    let table = table::render(&results);
    println!("\n{table}");
    if wish.check {
        let missed =
            |outcome: &Outcome| !matches!(outcome, Ok(values) if values.iter().all(Measured::meets_goal));
        return if results.iter().any(|(_, outcome)| missed(outcome)) { Err(Stop::Failed) } else { Ok(()) };
    }
    if wish.rows.is_empty() {
        let text = table::document(&table, &machine::describe(root), wish.rounds);
        std::fs::write(root.join(DOCUMENT), text)
            .map_err(|error| Stop::CouldNotRun(format!("cannot write {DOCUMENT}: {error}")))?;
        println!("written to {DOCUMENT}");
    }
    if results.iter().any(|(_, outcome)| outcome.is_err()) { Err(Stop::Failed) } else { Ok(()) }
}

/// What the words on the command line ask for.
#[derive(Debug, PartialEq, Eq)]
struct Wish {
    rows: Vec<String>,
    check: bool,
    cold: bool,
    rounds: usize,
}

impl Wish {
    fn read(words: &[String]) -> Result<Self, Stop> {
        let mut wish = Self { rows: Vec::new(), check: false, cold: false, rounds: ROUNDS };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--check" => wish.check = true,
                "--cold" => wish.cold = true,
                "--rounds" => wish.rounds = rounds(words.next())?,
                id if ROWS.iter().any(|row| row.id.eq_ignore_ascii_case(id)) => {
                    wish.rows.push(id.to_uppercase());
                }
                other => {
                    let known: Vec<&str> = ROWS.iter().map(|row| row.id).collect();
                    let why = format!("bench knows nothing of '{other}'; its rows are {}", known.join(", "));
                    return Err(Stop::CouldNotRun(why));
                }
            }
        }
        Ok(wish)
    }

    fn wants(&self, row: &Row) -> bool {
        self.rows.is_empty() || self.rows.iter().any(|id| id == row.id)
    }
}

fn rounds(word: Option<&String>) -> Result<usize, Stop> {
    word.and_then(|word| word.parse().ok())
        .filter(|rounds| (1..=1000).contains(rounds))
        .ok_or_else(|| Stop::CouldNotRun("--rounds takes a number from 1 to 1000".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(words: &[&str]) -> Result<Wish, Stop> {
        Wish::read(&words.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn rows_are_named_in_either_case() {
        let wish = wish(&["p13", "--rounds", "3"]).unwrap();
        assert_eq!((wish.rows, wish.rounds), (vec!["P13".to_string()], 3));
    }

    #[test]
    fn unknown_rows_and_rounds_are_refused() {
        assert!(matches!(wish(&["P99"]), Err(Stop::CouldNotRun(_))));
        assert!(matches!(wish(&["--rounds", "0"]), Err(Stop::CouldNotRun(_))));
    }
}
