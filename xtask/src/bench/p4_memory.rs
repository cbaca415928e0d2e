//! P4: memory of `candor serve` with 10,000 checks, each having run at least once, against nginx on loopback, while a
//! reader asks for the front page and for the status in JSON again and again.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::row::{Bench, Goal, Measured, Row};
use super::stand::{Hub, Nginx, binary, fetch, plans};

/// The row.
pub(super) const ROW: Row = Row {
    id: "P4",
    title: "memory at 10,000 checks",
    peers: "none",
    needs: &["nginx"],
    profile: None,
    measure,
};

const CHECKS: usize = 10_000;
const MEASURED_WITHIN: Duration = Duration::from_secs(180);
/// How long it is read after that: some renderings of every page.
const READ: Duration = Duration::from_secs(45);
const READ_EVERY: Duration = Duration::from_secs(1);

fn measure(bench: &Bench<'_>) -> Result<Vec<Measured>, String> {
    let candor = binary(bench)?;
    let nginx = Nginx::start()?;
    let mut samples = Vec::new();
    bench.each_round(|| {
        let peak = once(&candor, &nginx)?;
        samples.push(peak);
        Ok(format!("{peak:.0} MiB"))
    })?;
    let what = "resident memory at its highest, with a reader".into();
    Ok(vec![Measured { what, unit: "MiB", samples, goal: Goal::AtMost(150.0) }])
}

fn once(candor: &Path, nginx: &Nginx) -> Result<f64, String> {
    let hub = Hub::start(candor, &plans::http(CHECKS, &nginx.urls(), "60s"))?;
    let reader = Reader::start(hub.page());
    hub.wait_until_measured(CHECKS, MEASURED_WITHIN)?;
    std::thread::sleep(READ);
    drop(reader);
    hub.process().peak_mib()
}

/// A thread that reads the page as a browser does; ends soon after this value.
struct Reader(Arc<AtomicBool>);

impl Reader {
    fn start(page: SocketAddr) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&over);
        std::thread::spawn(move || {
            while !seen.load(Ordering::Relaxed) {
                for path in ["/", "/api/v1/status"] {
                    // What comes back is nobody's affair here.
                    drop(fetch(page, path, "accept-encoding: gzip, br\r\n"));
                }
                std::thread::sleep(READ_EVERY);
            }
        });
        Self(over)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
