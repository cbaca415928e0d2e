//! P15: the first minutes of a newcomer: the size of the binary, the time from start to the first measured page with
//! 100 checks, and, with `--cold`, a release build from nothing.
//!
//! The page is measured against a server of this process on loopback that answers every request at once.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::row::{Bench, Goal, Measured, Row};
use super::stand::{Hub, binary, target_folder};
use crate::run::quietly_with;

/// The row.
pub(super) const ROW: Row =
    Row { id: "P15", title: "the first minutes", peers: "none", needs: &[], profile: None, measure };

const CHECKS: usize = 100;
const INTERVAL_SECONDS: u8 = 10;
const BUILD_LIMIT: Duration = Duration::from_secs(20 * 60);
const PAGE_LIMIT: Duration = Duration::from_secs(60);

fn measure(bench: &Bench<'_>) -> Result<Vec<Measured>, String> {
    let binary = binary(bench)?;
    let mut values = vec![size(&binary)?, first_page(bench, &binary)?];
    if bench.cold {
        values.push(cold_build(bench)?);
    }
    Ok(values)
}

fn size(binary: &Path) -> Result<Measured, String> {
    let bytes = std::fs::metadata(binary).map_err(|error| format!("{}: {error}", binary.display()))?.len();
    // KiB first: they fit into 32 bits, and so into a float without loss.
    let kib = u32::try_from(bytes / 1024).map_err(|_| "the binary is larger than 4 TiB".to_string())?;
    Ok(Measured {
        what: "size of the binary".into(),
        unit: "MiB",
        samples: vec![f64::from(kib) / 1024.0],
        goal: Goal::AtMost(30.0),
    })
}

fn cold_build(bench: &Bench<'_>) -> Result<Measured, String> {
    let folder = target_folder(bench.root)?.join("cold");
    let mut command = Command::new("cargo");
    command.args(["build", "--quiet", "--release", "-p", "candor"]).current_dir(bench.root);
    command.env("CARGO_TARGET_DIR", &folder);
    let built = quietly_with(&mut command, BUILD_LIMIT);
    // Ours alone, and a gigabyte; one that stays is overwritten by the next cold build.
    drop(std::fs::remove_dir_all(&folder));
    if !built.ok {
        return Err(format!("the cold build fails: {}", built.output));
    }
    Ok(Measured {
        what: "release build from nothing, crates downloaded".into(),
        unit: "s",
        samples: vec![built.took.as_secs_f64()],
        goal: Goal::AtMost(300.0),
    })
}

fn first_page(bench: &Bench<'_>, binary: &Path) -> Result<Measured, String> {
    let target = answering_server()?;
    let mut samples = Vec::new();
    bench.each_round(|| {
        let seconds = once(binary, target)?;
        samples.push(seconds);
        Ok(format!("{seconds:.2} s"))
    })?;
    Ok(Measured {
        what: "start to a page with 100 checks measured, at a 10 s interval".into(),
        unit: "s",
        samples,
        goal: Goal::AtMost(f64::from(INTERVAL_SECONDS) + 1.0),
    })
}

/// A server on loopback that answers every request with 200, until this process ends.
fn answering_server() -> Result<SocketAddr, String> {
    let listener =
        TcpListener::bind("127.0.0.1:0").map_err(|error| format!("no socket on loopback: {error}"))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream));
        }
    });
    Ok(address)
}

fn answer(mut stream: TcpStream) {
    let mut request = [0; 4096];
    if matches!(stream.read(&mut request), Ok(read) if read > 0) {
        // A client that is gone needs no answer.
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"));
    }
}

/// One start with an empty ledger: seconds until every cell of the page is measured.
fn once(binary: &Path, target: SocketAddr) -> Result<f64, String> {
    let hub = Hub::start(binary, &plan(target))?;
    hub.wait_until_measured(CHECKS, PAGE_LIMIT)?;
    Ok(hub.age())
}

fn plan(target: SocketAddr) -> String {
    let services: String = (0..CHECKS)
        .map(|n| format!("  - {{id: s{n}, name: Service {n}, capabilities: {{browse: {{journey: [{{get: \"http://{target}/{n}\"}}]}}}}}}\n"))
        .collect();
    format!("defaults: {{every: {INTERVAL_SECONDS}s, timeout: 5s}}\nservices:\n{services}")
}
