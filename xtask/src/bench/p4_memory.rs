//! P4: memory of `candor serve` with 10,000 checks, each having run at least once, against nginx on loopback.

use std::time::Duration;

use super::p1_http_check::plan;
use super::row::{Bench, Goal, Measured, Row};
use super::stand::{Hub, Nginx, binary};

/// The row.
pub(super) const ROW: Row = Row { id: "P4", title: "memory at 10,000 checks", peers: "none", measure };

const CHECKS: usize = 10_000;
const MEASURED_WITHIN: Duration = Duration::from_secs(180);

fn measure(bench: &Bench<'_>) -> Result<Vec<Measured>, String> {
    let candor = binary(bench.root)?;
    let nginx = Nginx::start()?;
    let hub = Hub::start(&candor, &plan(CHECKS, &nginx.url(), "60s"))?;
    hub.wait_until_measured(CHECKS, MEASURED_WITHIN)?;
    let samples = vec![hub.peak_mib()?];
    Ok(vec![Measured {
        what: "resident memory at its highest",
        unit: "MiB",
        samples,
        goal: Goal::AtMost(150.0),
    }])
}
