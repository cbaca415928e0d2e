//! `cargo xtask bench`: what Candor is measured by, side by side with its peers, in one run on one machine.
//!
//! A row is one file that builds what it needs, runs it in turns with its peers, and returns every repetition; this
//! file prints the table and writes docs/benchmarks.md. Absolute times vary from machine to machine and are no tests;
//! `--check` is for a machine that was chosen for it. A row that cannot be measured here says why and is no success.

mod machine;
mod p12_false_outages;
mod p13_replay;
mod p14_growth;
mod p15_first_minutes;
mod p1_http_check;
mod p2_dns_check;
mod p3_all_hang;
mod p4_memory;
mod p5_page;
mod p7_zone_serve;
mod profile;
mod row;
mod stand;
mod table;

use std::path::Path;

use crate::Stop;
use row::{Bench, Measured, Row};

const ROWS: &[Row] = &[
    p1_http_check::ROW,
    p2_dns_check::ROW,
    p3_all_hang::ROW,
    p4_memory::ROW,
    p5_page::ROW,
    p7_zone_serve::ROW,
    p12_false_outages::ROW,
    p13_replay::ROW,
    p14_growth::ROW,
    p15_first_minutes::ROW,
];
const DOCUMENT: &str = "docs/benchmarks.md";
const ROUNDS: usize = 3;

/// What came of a row.
pub(crate) type Outcome = Result<Vec<Measured>, String>;

/// Runs the chore.
pub(crate) fn run(root: &Path, words: &[String]) -> Result<(), Stop> {
    let wish = Wish::read(words)?;
    let bench = Bench { root, rounds: wish.rounds, cold: wish.cold, candor: wish.candor.as_deref() };
    let rows: Vec<&Row> = ROWS.iter().filter(|row| wish.wants(row)).collect();
    if wish.profile {
        let looked = rows.iter().map(|row| profile::profile(&bench, row));
        return looked.collect::<Result<(), String>>().map_err(Stop::CouldNotRun);
    }
    for row in &rows {
        for program in row.needs.iter().filter(|program| !stand::is_there(program)) {
            println!("{} will not be measured: {}", row.id, stand::missing(program));
        }
    }
    let results: Vec<(&Row, Outcome)> = rows.iter().map(|row| (*row, measure(row, &bench))).collect();
    let (table, missed) = (table::render(&results), table::missed(&results));
    println!("\n{table}");
    missed.iter().for_each(|line| println!("falls short: {line}"));
    if wish.check {
        return if missed.is_empty() { Ok(()) } else { Err(Stop::Failed) };
    }
    if wish.rows.is_empty() {
        let text = table::document(&table, &missed, &machine::describe(root), wish.rounds);
        std::fs::write(root.join(DOCUMENT), text)
            .map_err(|error| Stop::CouldNotRun(format!("cannot write {DOCUMENT}: {error}")))?;
        println!("written to {DOCUMENT}");
    }
    if results.iter().any(|(_, outcome)| outcome.is_err()) { Err(Stop::Failed) } else { Ok(()) }
}

fn measure(row: &Row, bench: &Bench<'_>) -> Outcome {
    if let Some(program) = row.needs.iter().find(|program| !stand::is_there(program)) {
        return Err(stand::missing(program));
    }
    println!("{} {} ...", row.id, row.title);
    let outcome = (row.measure)(bench);
    if let Err(why) = &outcome {
        println!("    not measured: {why}");
    }
    outcome
}

/// What the words on the command line ask for.
#[derive(Debug, PartialEq, Eq)]
struct Wish {
    rows: Vec<String>,
    check: bool,
    profile: bool,
    cold: bool,
    rounds: usize,
    candor: Option<String>,
}

impl Wish {
    fn read(words: &[String]) -> Result<Self, Stop> {
        let mut wish = Self {
            rows: Vec::new(),
            check: false,
            profile: false,
            cold: false,
            rounds: ROUNDS,
            candor: None,
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--check" => wish.check = true,
                "--cold" => wish.cold = true,
                "--rounds" => wish.rounds = rounds(words.next())?,
                "--profile" => {
                    wish.profile = true;
                    wish.pick(words.next().map_or("", String::as_str))?;
                }
                "--row" => wish.pick(words.next().map_or("", String::as_str))?,
                "--candor" => wish.candor = Some(path(words.next())?),
                other => wish.pick(other)?,
            }
        }
        Ok(wish)
    }

    /// Takes `P1` or `P1,P5`.
    fn pick(&mut self, words: &str) -> Result<(), Stop> {
        for word in words.split(',') {
            if !ROWS.iter().any(|row| row.id.eq_ignore_ascii_case(word)) {
                let known: Vec<&str> = ROWS.iter().map(|row| row.id).collect();
                let why = format!("bench knows nothing of '{word}'; its rows are {}", known.join(", "));
                return Err(Stop::CouldNotRun(why));
            }
            self.rows.push(word.to_uppercase());
        }
        Ok(())
    }

    fn wants(&self, row: &Row) -> bool {
        self.rows.is_empty() || self.rows.iter().any(|id| id == row.id)
    }
}

fn path(word: Option<&String>) -> Result<String, Stop> {
    word.cloned().ok_or_else(|| Stop::CouldNotRun("--candor takes the path of a binary".into()))
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
    fn several_rows_are_picked_at_once() {
        let wish = wish(&["--row", "P1,p5", "--check", "--candor", "target/candor"]).unwrap();
        assert_eq!(wish.rows, ["P1", "P5"]);
        assert!(wish.check && wish.candor.as_deref() == Some("target/candor"));
    }

    #[test]
    fn unknown_rows_and_rounds_are_refused() {
        assert!(matches!(wish(&["P99"]), Err(Stop::CouldNotRun(_))));
        assert!(matches!(wish(&["--rounds", "0"]), Err(Stop::CouldNotRun(_))));
        assert!(matches!(wish(&["--row"]), Err(Stop::CouldNotRun(_))));
        assert!(matches!(wish(&["--candor"]), Err(Stop::CouldNotRun(_))));
    }
}
