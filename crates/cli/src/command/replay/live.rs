//! `candor replay --live`: the same scenario on real processes: this binary runs the estate's roles, and watches.

use std::sync::Mutex;

use candor_stage::Scenario;
use candor_stage::live::{Live, Options, Progress, play};
use candor_stage::tell::{Mode, Timeline, summary};

use super::super::serve::wait_for_end;
use super::super::{Failure, runtime};
use crate::args::replay::{ReplayArgs, ReplayFormat};
use crate::print::{note, out};

/// What is said of a run that was ended by whoever started it.
const STOPPED: &str = "stopped before its end, and nothing is left behind; it has no score";

/// Plays one run; people see it as it goes.
pub(super) fn played(scenario: &Scenario, seed: u64, args: &ReplayArgs) -> Result<Live, Failure> {
    let people = args.format == ReplayFormat::Human;
    let timeline = Mutex::new(Timeline::of(scenario, true));
    let print = |tells: &dyn Fn(&mut Timeline<'_>) -> String| {
        let Ok(mut timeline) = timeline.lock() else { return };
        let text = tells(&mut timeline);
        if people && !text.trim().is_empty() {
            out(text.trim_end());
        }
    };
    let progress = |progress: &Progress<'_>| match progress {
        Progress::Prepares(what) => note(&format!("Starting {what} …")),
        Progress::Begins => print(&|timeline| timeline.head(Mode::Live, seed)),
        Progress::Told(now, told) => print(&|timeline| timeline.told(*now, told)),
        Progress::Ends(_) => print(&|timeline| timeline.flush()),
        Progress::Fares(..) | Progress::Skips(..) => {}
    };
    let binary = std::env::current_exe()?;
    let lead = vec!["estate".to_owned()];
    let options = Options { watcher: binary.clone(), estate: binary, lead, seed, progress: &progress };
    let live = runtime()?.block_on(async {
        tokio::select! {
            // First, so that a signal is listened for before anything is begun.
            biased;
            ended = wait_for_end() => Err(ended.map_or_else(Failure::from, |()| Failure(STOPPED.to_owned()))),
            // Dropped, it ends every process and removes every file.
            played = play(scenario, options) => Ok(played?),
        }
    })?;
    if people {
        out(summary(&live.scenario, &live.played, true).trim_end());
    }
    Ok(live)
}
