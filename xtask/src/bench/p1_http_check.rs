//! P1: CPU for one HTTP check with a connection of its own, on `candor serve` with everything on, beside `ab`, which
//! does nothing with the answers. Both ask the same nginx on loopback, in turns.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::row::{Bench, Goal, Measured, Row};
use super::stand::{Hub, Nginx, binary};

/// The row.
pub(super) const ROW: Row = Row { id: "P1", title: "CPU per HTTP check", peers: "ab, same nginx", measure };

const CHECKS: usize = 400;
const REQUESTS_OF_AB: u32 = 20_000;
const WARM: Duration = Duration::from_secs(8);
const WINDOW: Duration = Duration::from_secs(15);

fn measure(bench: &Bench<'_>) -> Result<Vec<Measured>, String> {
    let candor = binary(bench.root)?;
    let nginx = Nginx::start()?;
    let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.rounds {
        let check_ms = candor_once(&candor, &nginx.url())?;
        let request_ms = ab_once(&nginx.url())?;
        ours.push(check_ms);
        theirs.push(request_ms);
        ratios.push(check_ms / request_ms);
    }
    Ok(vec![
        Measured { what: "candor, one check", unit: "ms CPU", samples: ours, goal: Goal::Beside },
        Measured { what: "ab, one request", unit: "ms CPU", samples: theirs, goal: Goal::Beside },
        Measured { what: "candor over ab", unit: "x", samples: ratios, goal: Goal::AtMost(1.5) },
    ])
}

/// Milliseconds of CPU for a check, over a window in the steady state.
fn candor_once(candor: &Path, url: &str) -> Result<f64, String> {
    let hub = Hub::start(candor, &plan(CHECKS, url, "1s"))?;
    hub.wait_until_measured(CHECKS, Duration::from_secs(30))?;
    std::thread::sleep(WARM);
    let before = (hub.cpu_seconds()?, hub.figure("candor_runs_started_total")?);
    std::thread::sleep(WINDOW);
    let after = (hub.cpu_seconds()?, hub.figure("candor_runs_started_total")?);
    Ok((after.0 - before.0) * 1_000.0 / (after.1 - before.1))
}

/// A config of so many services with one check each.
pub(super) fn plan(checks: usize, url: &str, every: &str) -> String {
    let ids: Vec<String> = (0..checks).map(|n| format!("s{n}")).collect();
    format!(
        "defaults: {{every: {every}, timeout: 500ms, deadline: 900ms}}\n\
         templates:\n  web: {{capabilities: {{serve: {{journey: [{{get: \"{url}\", expect: {{status: 200}}}}]}}}}}}\n\
         services:\n  - {{ids: [{}], template: web}}\n",
        ids.join(", ")
    )
}

/// Milliseconds of CPU for a request of `ab`, as the shell's `times` counts its children.
fn ab_once(url: &str) -> Result<f64, String> {
    let script = format!("ab -q -n {REQUESTS_OF_AB} -c 16 {url} > /dev/null && times");
    let out = Command::new("sh").args(["-c", &script]).stdin(Stdio::null()).output();
    let out = out.map_err(|error| format!("sh: {error}"))?;
    if !out.status.success() {
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        return Err(format!("ab does not run (Debian package apache2-utils): {said}"));
    }
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let children = text.lines().last().unwrap_or("");
    let seconds: Option<f64> = children.split_whitespace().map(seconds).sum();
    seconds.map(|s| s * 1_000.0 / f64::from(REQUESTS_OF_AB)).ok_or_else(|| format!("times said {children}"))
}

/// `0m1.230s` in seconds.
fn seconds(text: &str) -> Option<f64> {
    let (minutes, seconds) = text.strip_suffix('s')?.split_once('m')?;
    Some(minutes.parse::<f64>().ok()? * 60.0 + seconds.parse::<f64>().ok()?)
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_are_read_as_the_shell_writes_them() {
        assert_eq!(super::seconds("1m2.5s"), Some(62.5));
        assert_eq!(super::seconds("x"), None);
    }
}
