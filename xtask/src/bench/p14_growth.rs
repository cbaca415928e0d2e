//! P14: what growth costs: CPU for a check with 50,000 checks over that with 500, at the same number of checks a second
//! (500 every second, and 50,000 every 100 s), so that only the size of the plan differs. Beside it, what a hub costs
//! that has nothing to do: the same plans with a day between two runs.

use std::path::Path;
use std::time::{Duration, Instant};

use super::row::{Bench, Goal, Measured, Row};
use super::stand::{Hub, Nginx, Times, binary, plans, steady};

/// The row.
pub(super) const ROW: Row = Row {
    id: "P14",
    title: "growth: CPU per check",
    peers: "none",
    needs: &["nginx"],
    profile: None,
    measure,
};

const FEW: usize = 500;
const MANY: usize = 50_000;
const RATE: f64 = 500.0;
const TIMES: Times = Times { measured_within: Duration::from_secs(240), window: Duration::from_secs(30) };
/// The rush of first runs is over then, with what follows from it.
const SETTLED: Duration = Duration::from_secs(15);
const IDLE_WINDOW: Duration = Duration::from_secs(15);

/// What one round gave.
struct Round {
    few: f64,
    many: f64,
    idle_few: f64,
    idle_many: f64,
}

fn measure(bench: &Bench<'_>) -> Result<Vec<Measured>, String> {
    let candor = binary(bench)?;
    let nginx = Nginx::start()?;
    let mut rounds = Vec::new();
    bench.each_round(|| {
        let per_check =
            |checks, every| steady(&candor, &plans::http(checks, &nginx.urls(), every), checks, RATE, TIMES);
        let round = Round {
            few: per_check(FEW, "1s")?.per_check,
            many: per_check(MANY, "100s")?.per_check,
            idle_few: idle(&candor, &nginx, FEW)?,
            idle_many: idle(&candor, &nginx, MANY)?,
        };
        let said = format!("{:.4} at 500 and {:.4} ms at 50,000", round.few, round.many);
        rounds.push(round);
        Ok(said)
    })?;
    let all = |value: fn(&Round) -> f64| rounds.iter().map(value).collect::<Vec<f64>>();
    Ok(vec![
        Measured::beside("500 checks, each every second: one check", "ms CPU", all(|round| round.few)),
        Measured::beside("50,000 checks, each every 100 s: one check", "ms CPU", all(|round| round.many)),
        Measured {
            what: "50,000 over 500, at 500 checks a second".into(),
            unit: "x",
            samples: all(|round| round.many / round.few),
            goal: Goal::AtMost(1.2),
        },
        Measured::beside("a second with nothing to do, 500 checks", "ms CPU", all(|round| round.idle_few)),
        Measured::beside(
            "a second with nothing to do, 50,000 checks",
            "ms CPU",
            all(|round| round.idle_many),
        ),
    ])
}

/// Milliseconds of CPU in a second of a hub whose checks have all run and have a day until the next time.
fn idle(candor: &Path, nginx: &Nginx, checks: usize) -> Result<f64, String> {
    let hub = Hub::start(candor, &plans::http(checks, &nginx.urls(), "1d"))?;
    hub.wait_until_measured(checks, TIMES.measured_within)?;
    std::thread::sleep(SETTLED);
    let (begun, before) = (Instant::now(), hub.process().cpu_seconds()?);
    std::thread::sleep(IDLE_WINDOW);
    Ok((hub.process().cpu_seconds()? - before) * 1_000.0 / begun.elapsed().as_secs_f64())
}
