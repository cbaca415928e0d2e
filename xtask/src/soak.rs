//! `cargo xtask soak`: the hub is killed again and again, for as long as it is told.
//!
//! The loop itself is the test of the same name in `crates/cli/tests/crash.rs`, which CI runs for 25 kills: one loop, one
//! set of checks. This runs it for longer, and shows what it prints as it comes: the seed first, then progress, at the
//! end the figures. The same seed makes the same choices again.

use std::path::Path;
use std::process::Command;

use crate::Stop;
use crate::run::forget_our_package;

/// The loop.
const TEST: &str = "a_hub_killed_at_any_moment_loses_nothing_acknowledged_and_invents_nothing";
/// Kills where nobody says how many, or for how long.
const KILLS: u64 = 1_000;

/// What the words on the command line ask for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wish {
    kills: Option<u64>,
    minutes: Option<u64>,
    seed: Option<u64>,
}

/// Runs the chore.
pub(crate) fn run(root: &Path, words: &[String]) -> Result<(), Stop> {
    let wish = Wish::read(words)?;
    let mut command = Command::new("cargo");
    command.args([
        "test",
        "--quiet",
        "-p",
        "candor",
        "--test",
        "crash",
        "--",
        "--exact",
        TEST,
        "--nocapture",
    ]);
    command.current_dir(root).envs(wish.environment());
    forget_our_package(&mut command);
    let ended = command.status().map_err(|error| Stop::CouldNotRun(format!("cannot run cargo: {error}")))?;
    if ended.success() { Ok(()) } else { Err(Stop::Failed) }
}

impl Wish {
    fn read(words: &[String]) -> Result<Self, Stop> {
        let mut wish = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let place = match word.as_str() {
                "--kills" => &mut wish.kills,
                "--minutes" => &mut wish.minutes,
                "--seed" => &mut wish.seed,
                other => {
                    let why = format!(
                        "soak knows nothing of '{other}'; `cargo xtask soak --help` says what it takes"
                    );
                    return Err(Stop::CouldNotRun(why));
                }
            };
            let number = words.next().and_then(|number| number.parse().ok());
            *place = Some(number.ok_or_else(|| Stop::CouldNotRun(format!("{word} takes a whole number")))?);
        }
        Ok(wish)
    }

    /// What the loop is told. Minutes alone are kept whole, however many kills they hold.
    fn environment(&self) -> Vec<(&'static str, String)> {
        let kills = self.kills.or(self.minutes.is_none().then_some(KILLS));
        let said = [
            ("CANDOR_SOAK_KILLS", kills),
            ("CANDOR_SOAK_MINUTES", self.minutes),
            ("CANDOR_SOAK_SEED", self.seed),
        ];
        said.into_iter().filter_map(|(name, number)| Some((name, number?.to_string()))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Wish, Stop> {
        Wish::read(&words.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn a_thousand_kills_are_what_nobody_asks_for() {
        assert_eq!(read(&[]).unwrap().environment(), [("CANDOR_SOAK_KILLS", "1000".to_string())]);
        let wish = read(&["--minutes", "10", "--seed", "7"]).unwrap();
        let told = wish.environment();
        assert_eq!(
            told,
            [("CANDOR_SOAK_MINUTES", "10".to_string()), ("CANDOR_SOAK_SEED", "7".to_string())],
            "as many as there is time for"
        );
    }

    #[test]
    fn words_that_are_no_numbers_are_refused() {
        assert!(matches!(read(&["--kills", "many"]), Err(Stop::CouldNotRun(_))));
        assert!(matches!(read(&["--kill", "3"]), Err(Stop::CouldNotRun(_))));
    }
}
