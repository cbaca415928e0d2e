//! P1: CPU for one HTTP check with a connection of its own, on `candor serve` with everything on, beside `ab`, which
//! does nothing with the answers. All ask the same nginx on loopback, in turns.
//!
//! Taken at two rates, because a hub also has costs by the second (groups that are synced, pages, snapshots) that few
//! checks share at the lower one. The goal is judged at the higher: the peers too are taken as fast as they go.

use std::path::Path;
use std::time::Duration;

use super::profile::Subject;
use super::row::{Bench, Goal, Measured, Row};
use super::stand::{BLACKBOX, Nginx, Times, Took, ab, binary, blackbox, floor, missing, plans, steady};

/// The row.
pub(super) const ROW: Row = Row {
    id: "P1",
    title: "CPU per HTTP check",
    peers: "ab, same nginx",
    needs: &["ab", "nginx"],
    profile: Some(subject),
    measure,
};

/// Each check once a second.
const RATES: [u16; 2] = [400, 2_000];
const REQUESTS: u32 = 20_000;
const TIMES: Times = Times { measured_within: Duration::from_secs(30), window: Duration::from_secs(15) };

fn subject() -> Result<Subject, String> {
    let (nginx, [_, checks]) = (Nginx::start()?, RATES.map(usize::from));
    Ok(Subject { plan: plans::http(checks, &nginx.urls(), "1s"), checks, server: Box::new(nginx) })
}

/// What one round gave.
struct Round {
    slow: Took,
    fast: Took,
    ab: f64,
    floor: f64,
    blackbox: Option<f64>,
}

fn measure(bench: &Bench<'_>) -> Result<Vec<Measured>, String> {
    let candor = binary(bench)?;
    let nginx = Nginx::start()?;
    let mut rounds = Vec::new();
    bench.each_round(|| {
        let round = once(&candor, &nginx)?;
        let said = format!(
            "candor {:.4} and {:.4}, ab {:.4}, floor {:.4} ms",
            round.slow.per_check, round.fast.per_check, round.ab, round.floor
        );
        rounds.push(round);
        Ok(said)
    })?;
    Ok(values(&rounds))
}

fn once(candor: &Path, nginx: &Nginx) -> Result<Round, String> {
    let at = |rate: u16| {
        let plan = plans::http(rate.into(), &nginx.urls(), "1s");
        steady(candor, &plan, rate.into(), rate.into(), TIMES)
    };
    let [slow, fast] = RATES;
    Ok(Round {
        slow: at(slow)?,
        ab: ab(&nginx.url(), REQUESTS)?,
        fast: at(fast)?,
        floor: floor::http(nginx.address(), REQUESTS)?,
        blackbox: blackbox("http", &nginx.url())?,
    })
}

fn values(rounds: &[Round]) -> Vec<Measured> {
    let all = |value: fn(&Round) -> f64| rounds.iter().map(value).collect::<Vec<f64>>();
    let blackbox: Vec<f64> = rounds.iter().filter_map(|round| round.blackbox).collect();
    let blackbox_is =
        if blackbox.is_empty() { missing(BLACKBOX) } else { "blackbox_exporter, one probe".into() };
    vec![
        Measured::beside("candor, one check at 400/s", "ms CPU", all(|round| round.slow.per_check)),
        Measured::beside("candor, one check at 2,000/s", "ms CPU", all(|round| round.fast.per_check)),
        Measured::beside("ab, one request", "ms CPU", all(|round| round.ab)),
        Measured::beside(
            "floor: connect, write, read, close and no more",
            "ms CPU",
            all(|round| round.floor),
        ),
        Measured::beside(blackbox_is, "ms CPU", blackbox),
        Measured::beside("candor over ab at 400/s", "x", all(|round| round.slow.per_check / round.ab)),
        Measured {
            what: "candor over ab at 2,000/s".into(),
            unit: "x",
            samples: all(|round| round.fast.per_check / round.ab),
            goal: Goal::AtMost(1.5),
        },
        Measured::beside("what a second costs without its checks", "ms CPU", all(fixed)),
    ]
}

/// The cost of a second at no checks, on the line through both rates.
fn fixed(round: &Round) -> f64 {
    let [slow, fast] = RATES.map(f64::from);
    round.slow.per_second - slow * (round.fast.per_second - round.slow.per_second) / (fast - slow)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_second_costs_by_itself_is_told_from_what_its_checks_cost() {
        let took = |checks: f64| Took { per_check: 0.1 + 30.0 / checks, per_second: 30.0 + 0.1 * checks };
        let round = Round { slow: took(400.0), fast: took(2_000.0), ab: 0.1, floor: 0.05, blackbox: None };
        assert!((fixed(&round) - 30.0).abs() < 1e-9);
        let values = values(&[round]);
        assert!(values.iter().any(|value| value.what.contains("not installed") && value.samples.is_empty()));
    }
}
