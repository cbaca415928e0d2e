//! `candor replay`: a scenario is played, and what the page said is scored.
//!
//! In reading order: `watched` (what Candor watches in a scenario), `subject` (its engine and schedule, met by the stage),
//! `causes` (its search for causes there),
//! `live` (the same on real processes), then the command. The truth is the stage's own; nothing of it comes here before the
//! run is over.

mod causes;
mod live;
mod subject;
mod watched;

use std::fs::File;
use std::io::{IsTerminal, Read};
use std::path::Path;
use std::process::ExitCode;

use candor_stage::play::{Played, play};
use candor_stage::scenario::{FILE_MAX, Scenario, read};
use candor_stage::tell::{Mode, Timeline, html, json, summary};

use super::{Failure, Outcome};
use crate::args::replay::{ReplayArgs, ReplayFormat};
use crate::print::{self, out, quoted};

pub(crate) fn run(args: &ReplayArgs) -> Outcome {
    let Some(scenario) = scenario(&args.file)? else { return Ok(ExitCode::from(2)) };
    let seeds: Vec<u64> =
        (0..u64::from(args.seeds.unwrap_or(1))).map(|n| args.seed.saturating_add(n)).collect();
    let mode = if args.live { Mode::Live } else { Mode::Simulated };
    let mut all = Vec::new();
    // What is reported is the scenario as it was last played: live, quiet is shortened.
    let mut scenario = scenario;
    let written = scenario.clone();
    for seed in seeds {
        all.push(match mode {
            Mode::Simulated => simulated(&written, seed, args)?,
            Mode::Live => {
                let live = live::played(&written, seed, args)?;
                scenario = live.scenario;
                live.played
            }
        });
    }
    if args.format == ReplayFormat::Json {
        let objects: Vec<_> = all.iter().map(|played| json(&scenario, played, mode)).collect();
        let passed = all.iter().all(|played| played.scores.passed());
        let text = match (objects.as_slice(), args.seeds) {
            ([one], None) => one.to_string(),
            _ => {
                serde_json::json!({"scenario": scenario.name, "runs": objects, "passed": passed}).to_string()
            }
        };
        out(&text);
    }
    // The run that is most worth looking at: the first that broke a bound, else the first.
    let shown = all.iter().find(|played| !played.scores.passed()).or(all.first());
    if let (Some(path), Some(played)) = (&args.report, shown) {
        let text = html(&scenario, played, mode);
        std::fs::write(path, text).map_err(|error| Failure(format!("{}: {error}", path.display())))?;
    }
    Ok(if all.iter().all(|played| played.scores.passed()) { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// The scenario of a file; `None` where it has faults, which have been printed.
fn scenario(path: &Path) -> Result<Option<Scenario>, Failure> {
    let name = path.display().to_string();
    let refused = |error: std::io::Error| {
        Failure(format!("{}: {error}\n  scenarios/ has some to begin with", quoted(&name)))
    };
    let file = File::open(path).map_err(refused)?;
    if !file.metadata().map_err(refused)?.is_file() {
        return Err(Failure(format!("{} is no file; name one scenario", quoted(&name))));
    }
    let mut bytes = Vec::new();
    file.take(FILE_MAX as u64 + 1).read_to_end(&mut bytes).map_err(refused)?;
    let text =
        String::from_utf8(bytes).map_err(|_| Failure(format!("{} is not UTF-8 text", quoted(&name))))?;
    match read(&name, &text) {
        Ok(scenario) => Ok(Some(scenario)),
        Err(faults) => {
            print::note(faults.render(&text, std::io::stderr().is_terminal()).trim_end());
            Ok(None)
        }
    }
}

/// Plays one run; people see it as it goes.
fn simulated(scenario: &Scenario, seed: u64, args: &ReplayArgs) -> Result<Played, Failure> {
    let mut candor = subject::Candor::watching(scenario).map_err(Failure)?;
    let people = args.format == ReplayFormat::Human;
    if !people || args.seeds.is_some() {
        let played = play(scenario, seed, &mut candor, &mut |_, _| {});
        if people {
            let word = if played.scores.passed() { "passed" } else { "NOT PASSED" };
            out(&format!("seed {seed}: {word}"));
            for sentence in &played.scores.broken {
                out(&format!("  {sentence}"));
            }
        }
        return Ok(played);
    }
    let mut timeline = Timeline::of(scenario, true);
    out(timeline.head(Mode::Simulated, seed).trim_end_matches('\n'));
    out("");
    let print = |text: String| {
        if !text.is_empty() {
            out(text.trim_end());
        }
    };
    let played = play(scenario, seed, &mut candor, &mut |now, told| print(timeline.told(now, told)));
    print(timeline.flush());
    out(summary(scenario, &played, true).trim_end());
    Ok(played)
}
