//! P3: all targets hang at the same moment: how long until the page says so for every one, and whether a healthy check
//! beside them stays on time.
//!
//! Every target is a host of its own by name, pinned to one of eight listeners on loopback, which answer until they are
//! told to hang: they then accept and say nothing. Timeout 10 s, interval 30 s, one failure counts (`confirm: {down: 1}`),
//! as the peers ran. A result comes 10 s after its check's next planned start: 40 s at the latest; the rest is ours.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use super::row::{Bench, Goal, Measured, Row};
use super::stand::{Hub, Target, binary, latest_ms, plans, raise_descriptors};

/// The row.
pub(super) const ROW: Row = Row {
    id: "P3",
    title: "all targets hang at once",
    peers: "none at this size; Uptime Kuma 108 s and Gatus 1,670 s at 500 (Gatus by its source)",
    needs: &["prlimit"],
    profile: None,
    measure,
};

const HEALTHY: usize = 10;
const HEALTHY_EVERY: f64 = 1.0;
const TOLD_WITHIN: Duration = Duration::from_secs(180);
const MEASURED_WITHIN: Duration = Duration::from_secs(90);

/// What one run gave.
struct Told {
    seconds: f64,
    late_ms: f64,
    late_starts: f64,
    peak_mib: f64,
}

fn measure(bench: &Bench<'_>) -> Result<Vec<Measured>, String> {
    raise_descriptors()?;
    let candor = binary(bench)?;
    let (mut few, mut many) = (Vec::new(), Vec::new());
    bench.each_round(|| {
        let mut said = String::new();
        for (targets, told) in [(500, &mut few), (10_000, &mut many)] {
            let round = once(&candor, targets)?;
            let _ = write!(said, "{targets}: {:.1} s, healthy {:.0} ms late; ", round.seconds, round.late_ms);
            told.push(round);
        }
        Ok(said)
    })?;
    Ok(values(&few, &many))
}

fn values(few: &[Told], many: &[Told]) -> Vec<Measured> {
    let all = |told: &[Told], value: fn(&Told) -> f64| told.iter().map(value).collect::<Vec<f64>>();
    let goal = |what: &str, unit, samples, most| Measured {
        what: what.into(),
        unit,
        samples,
        goal: Goal::AtMost(most),
    };
    vec![
        goal("500 targets told", "s", all(few, |told| told.seconds), 41.0),
        goal("10,000 targets told", "s", all(many, |told| told.seconds), 45.0),
        goal("a healthy check beside 500", "ms late at most", all(few, |told| told.late_ms), 100.0),
        goal("a healthy check beside 10,000", "ms late at most", all(many, |told| told.late_ms), 100.0),
        Measured::beside(
            "starts of any check over 100 ms late, beside 10,000",
            "starts",
            all(many, |told| told.late_starts),
        ),
        Measured::beside("resident memory at its highest, 10,000", "MiB", all(many, |told| told.peak_mib)),
    ]
}

fn once(candor: &Path, targets: usize) -> Result<Told, String> {
    let (hung, healthy) = (Target::start(8)?, Target::start(1)?);
    let hub = Hub::start(candor, &plan(targets, &hung, &healthy))?;
    let all = targets + HEALTHY;
    hub.wait_until(MEASURED_WITHIN, |verdicts| verdicts.get("operational") == Some(&all))?;
    drop(healthy.take_arrivals());
    let late_before = late_starts(&hub)?;
    hung.hang();
    let seconds = hub.wait_until(TOLD_WITHIN, |verdicts| verdicts.get("outage") == Some(&targets))?;
    let arrivals = healthy.take_arrivals();
    if arrivals.len() != HEALTHY {
        return Err(format!("{} of {HEALTHY} healthy checks ran at all", arrivals.len()));
    }
    Ok(Told {
        seconds,
        late_ms: arrivals.values().map(|path| latest_ms(path, HEALTHY_EVERY)).fold(0.0, f64::max),
        late_starts: late_starts(&hub)? - late_before,
        peak_mib: hub.process().peak_mib()?,
    })
}

/// Starts that were more than 100 ms late, since the hub's own.
fn late_starts(hub: &Hub) -> Result<f64, String> {
    let names = ["candor_start_late_seconds_count", "candor_start_late_seconds_bucket{le=\"0.1\"}"];
    hub.figures(names).map(|[all, in_time]| all - in_time)
}

fn plan(targets: usize, hung: &Target, healthy: &Target) -> String {
    let steps: Vec<String> = hung
        .addresses
        .iter()
        .map(|address| format!("{{get: \"http://{{id}}.bench.example:{}/\"}}", address.port()))
        .collect();
    let mut plan =
        plans::spread(targets, &steps, "every: 30s, timeout: 10s, deadline: 11s, confirm: {down: 1}");
    let every = format!("every: {HEALTHY_EVERY}s, timeout: 500ms, deadline: 900ms");
    for (n, address) in (0..HEALTHY).zip(healthy.addresses.iter().cycle()) {
        let journey = format!("[{{get: \"http://{address}/w{n}\"}}]");
        let _ = writeln!(plan, "  - {{id: w{n}, {every}, capabilities: {{serve: {{journey: {journey}}}}}}}");
    }
    plan.push_str("resolve:\n  pinned:\n");
    for (n, address) in (0..targets).zip(hung.addresses.iter().cycle()) {
        let _ = writeln!(plan, "    s{n}.bench.example: {}", address.ip());
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_is_a_host_of_its_own() {
        let (hung, healthy) = (Target::start(2).unwrap(), Target::start(1).unwrap());
        let plan = plan(3, &hung, &healthy);
        assert!(plan.contains("s0.bench.example: 127.0.0.1\n"), "{plan}");
        assert!(plan.contains("s1.bench.example: 127.0.0.2\n"), "{plan}");
        assert_eq!(plan.matches("id: w").count(), HEALTHY);
        assert!(plan.contains("every: 1s"), "{plan}");
    }
}
