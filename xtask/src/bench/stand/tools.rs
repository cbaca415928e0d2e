//! The peers' tools that make load: one run each of ab, dnsperf and wrk, and what they print, read.
//!
//! A run in which anything failed is an error: a refused connection is cheap, and would count as speed.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use super::process::spent;
use super::programs::command;

/// Milliseconds of CPU that `ab` takes for a request, a connection for each.
pub(in super::super) fn ab(url: &str, requests: u32) -> Result<f64, String> {
    let (seconds, said) = spent(command("ab")?.args(["-q", "-c", "16", "-n", &requests.to_string(), url]))?;
    match (count(&said, "Complete requests:"), count(&said, "Failed requests:")) {
        (Some(done), Some(0.0)) if done > 0.0 => Ok(seconds * 1_000.0 / done),
        _ => Err(format!("ab had failures: {said}")),
    }
}

/// Milliseconds of CPU that `dnsperf` takes for a query, for so many seconds. `queries` is a file of them.
pub(in super::super) fn dnsperf(server: SocketAddr, queries: &Path, seconds: u32) -> Result<f64, String> {
    let mut dnsperf = command("dnsperf")?;
    dnsperf.args(["-s", &server.ip().to_string(), "-p", &server.port().to_string(), "-c", "16", "-l"]);
    let (cpu, said) = spent(dnsperf.arg(seconds.to_string()).arg("-d").arg(queries))?;
    match (count(&said, "Queries completed:"), count(&said, "Queries lost:")) {
        (Some(done), Some(0.0)) if done > 0.0 => Ok(cpu * 1_000.0 / done),
        _ => Err(format!("dnsperf lost queries: {said}")),
    }
}

/// Answers in a second that `dnsperf` gets on one core, asking as fast as it can.
pub(in super::super) fn dnsperf_rate(
    core: &str,
    server: SocketAddr,
    queries: &Path,
    seconds: u32,
) -> Result<f64, String> {
    let mut dnsperf = command("dnsperf")?;
    dnsperf.args([
        "-s",
        &server.ip().to_string(),
        "-p",
        &server.port().to_string(),
        "-c",
        "16",
        "-q",
        "100",
        "-l",
    ]);
    dnsperf.arg(seconds.to_string()).arg("-d").arg(queries);
    let (_, said) = spent(&mut pinned(core, &mut dnsperf)?)?;
    match (count(&said, "Queries per second:"), count(&said, "Queries lost:")) {
        // At full speed a buffer of the kernel may run over; those that are lost are not counted as answers.
        (Some(rate), Some(lost)) if lost <= rate * f64::from(seconds) / 1_000.0 => Ok(rate),
        _ => Err(format!("dnsperf lost queries: {said}")),
    }
}

/// What `wrk` saw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) struct Load {
    pub(in super::super) requests: f64,
    pub(in super::super) per_second: f64,
    pub(in super::super) p99_ms: f64,
}

/// One run of `wrk` with one thread, on one core where that is given.
pub(in super::super) fn wrk(core: Option<&str>, args: &[&str], url: &str) -> Result<Load, String> {
    let mut wrk = match core {
        Some(core) => pinned(core, &mut command("wrk")?)?,
        None => command("wrk")?,
    };
    let (_, said) = spent(wrk.args(["-t1", "--latency"]).args(args).arg(url))?;
    load(&said).ok_or_else(|| format!("wrk had failures: {said}"))
}

/// The same command on one core alone.
pub(in super::super) fn pinned(core: &str, command_: &mut Command) -> Result<Command, String> {
    let mut pinned = command("taskset")?;
    pinned.args(["-c", core]).arg(command_.get_program()).args(command_.get_args());
    if let Some(folder) = command_.get_current_dir() {
        pinned.current_dir(folder);
    }
    Ok(pinned)
}

/// The number behind a label at the beginning of a line.
fn count(said: &str, label: &str) -> Option<f64> {
    let line = said.lines().find_map(|line| line.trim_start().strip_prefix(label))?;
    line.split_whitespace().next()?.parse().ok()
}

fn load(said: &str) -> Option<Load> {
    if said.contains("Socket errors") || said.contains("Non-2xx") {
        return None;
    }
    let requests = said.lines().find_map(|line| line.split_once(" requests in ")?.0.trim().parse().ok())?;
    let p99 = said.lines().find_map(|line| line.trim().strip_prefix("99%"))?;
    Some(Load { requests, per_second: count(said, "Requests/sec:")?, p99_ms: milliseconds(p99.trim())? })
}

/// `1.23ms`, `850.00us` or `1.02s` in milliseconds.
fn milliseconds(text: &str) -> Option<f64> {
    let split = text.find(|letter: char| letter.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at_checked(split)?;
    let scale = match unit {
        "us" => 0.001,
        "ms" => 1.0,
        "s" => 1_000.0,
        "m" => 60_000.0,
        _ => return None,
    };
    number.parse::<f64>().ok().map(|number| number * scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRK: &str = "Running 1s test @ http://127.0.0.1:1/\n  1 threads and 64 connections\n  Thread Stats   Avg      \
        Stdev     Max   +/- Stdev\n    Latency     1.16ms  104.65us   5.04ms   90.72%\n  Latency Distribution\n     \
        50%    1.14ms\n     75%    1.18ms\n     90%    1.24ms\n     99%    1.46ms\n  54943 requests in 1.00s, 8.91MB \
        read\nRequests/sec:  54943.17\nTransfer/sec:      8.91MB\n";

    #[test]
    fn what_wrk_says_is_read() {
        assert_eq!(load(WRK), Some(Load { requests: 54_943.0, per_second: 54_943.17, p99_ms: 1.46 }));
    }

    #[test]
    fn a_run_of_wrk_with_errors_is_no_measurement() {
        assert_eq!(load(&format!("{WRK}  Socket errors: connect 0, read 3, write 0, timeout 0\n")), None);
        assert_eq!(load(&format!("{WRK}  Non-2xx or 3xx responses: 54943\n")), None);
        assert_eq!(load("unable to connect"), None);
    }

    #[test]
    fn times_are_read_in_each_unit_of_wrk() {
        let read: Vec<_> = ["850.00us", "1.23ms", "1.02s", "2.00m", "7", "x"].map(milliseconds).into();
        assert_eq!(read, [Some(0.85), Some(1.23), Some(1_020.0), Some(120_000.0), None, None]);
    }

    #[test]
    fn counts_stand_behind_their_labels() {
        let said = "  Queries sent:         500\n  Queries completed:    497 (99.40%)\n  Queries lost:         3 (0.60%)\n";
        assert_eq!(count(said, "Queries completed:"), Some(497.0));
        assert_eq!(count(said, "Queries lost:"), Some(3.0));
        assert_eq!(count(said, "Failed requests:"), None);
    }
}
