//! `candor replay --live`: the same scenario on real processes: this binary runs the estate's roles, and watches.

use std::sync::Mutex;

use candor_stage::Scenario;
use candor_stage::live::{Live, Options, Progress, play};
use candor_stage::tell::{Mode, Timeline, summary};

use super::super::{Failure, runtime};
use crate::args::replay::{ReplayArgs, ReplayFormat};
use crate::print::{note, out};

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
    let live = runtime()?.block_on(play(scenario, options))?;
    if people {
        out(summary(&live.scenario, &live.played, true).trim_end());
    }
    Ok(live)
}
