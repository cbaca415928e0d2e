//! CPU of a hub in its steady state: cells measured and green, the first runs behind it.

use std::path::Path;
use std::time::{Duration, Instant};

use super::hub::Hub;

/// After the last first run, a hub still packs and commits what came in a rush.
const WARM: Duration = Duration::from_secs(5);
/// A hub that starts fewer runs than this part of those planned does not keep up, and is not measured.
const KEEPS_UP: f64 = 0.95;

/// How long a hub of a row may take for its first runs, and is then measured.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Times {
    pub(in super::super) measured_within: Duration,
    pub(in super::super) window: Duration,
}

/// What a hub took.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Took {
    /// Milliseconds of CPU for a check.
    pub(in super::super) per_check: f64,
    /// Milliseconds of CPU in a second.
    pub(in super::super) per_second: f64,
}

/// Runs a hub with so many checks, which start at so many a second in all, and measures it.
pub(in super::super) fn steady(
    binary: &Path,
    plan: &str,
    checks: usize,
    rate: f64,
    times: Times,
) -> Result<Took, String> {
    let hub = Hub::start(binary, plan)?;
    hub.wait_until_measured(checks, times.measured_within)?;
    std::thread::sleep(WARM);
    let figures =
        || Ok::<_, String>((hub.process().cpu_seconds()?, hub.figure("candor_runs_started_total")?));
    let (begun, before) = (Instant::now(), figures()?);
    std::thread::sleep(times.window);
    let (cpu, runs) = figures().map(|after| (after.0 - before.0, after.1 - before.1))?;
    let seconds = begun.elapsed().as_secs_f64();
    if runs / seconds < rate * KEEPS_UP {
        return Err(format!("the hub started {:.0} of {rate} runs a second", runs / seconds));
    }
    match hub.verdicts() {
        Some(verdicts) if verdicts.get("operational").is_some_and(|green| is_well(*green, checks)) => {}
        verdicts => return Err(format!("most cells should be green: {verdicts:?}")),
    }
    Ok(Took { per_check: cpu * 1_000.0 / runs, per_second: cpu * 1_000.0 / seconds })
}

/// Runs that fail cost another amount; one in a hundred that a busy machine let run out of time does not show.
fn is_well(green: usize, checks: usize) -> bool {
    green * 100 >= checks * 99
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_hub_that_sees_failures_is_not_in_its_steady_state() {
        assert!(super::is_well(49_999, 50_000));
        assert!(!super::is_well(490, 500));
        assert!(!super::is_well(0, 500));
    }
}
