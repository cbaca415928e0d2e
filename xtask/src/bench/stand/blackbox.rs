//! blackbox_exporter, asked for probes as fast as it gives them: CPU for each.
//!
//! An optional peer: where it is not installed, its value stays empty and says so.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::hub::get;
use super::process::Server;
use super::programs::{BLACKBOX, command, is_there};
use super::tools::wrk;
use super::{Folder, free_address};

const READY_WITHIN: Duration = Duration::from_secs(10);
const SECONDS: &str = "-d5s";
const MODULES: &str = "modules:\n  http: {prober: http, timeout: 5s, http: {preferred_ip_protocol: ip4}}\n  \
    dns: {prober: dns, timeout: 5s, dns: {query_name: www.bench.example, query_type: A, preferred_ip_protocol: ip4}}\n";

/// Milliseconds of CPU for a probe with `module` (`http` or `dns`) of `target`; `None` where it is not installed.
pub(in super::super) fn blackbox(module: &str, target: &str) -> Result<Option<f64>, String> {
    if !is_there(BLACKBOX) {
        return Ok(None);
    }
    let folder = Folder::new("blackbox")?;
    let file = folder.0.join("modules.yml");
    std::fs::write(&file, MODULES).map_err(|error| error.to_string())?;
    let address = free_address()?;
    let server = Server::start(
        command(BLACKBOX)?
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--log.level=error"),
    )?;
    let path = format!("/probe?module={module}&target={target}");
    wait_for_success(address, &path)?;
    let before = server.cpu_seconds()?;
    let load = wrk(None, &["-c16", SECONDS], &format!("http://{address}{path}"))?;
    Ok(Some((server.cpu_seconds()? - before) * 1_000.0 / load.requests))
}

fn wait_for_success(address: SocketAddr, path: &str) -> Result<(), String> {
    let begun = Instant::now();
    while begun.elapsed() < READY_WITHIN {
        if get(address, path, "").is_some_and(|answer| answer.contains("probe_success 1")) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Err(format!("{BLACKBOX} does not reach its target: {path}"))
}
