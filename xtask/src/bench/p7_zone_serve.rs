//! P7: answers of `candor zone serve`, beside NSD with one worker. Both serve the same zone from one and the same core, in
//! turns, and `dnsperf` asks from another: names that are there, names that are not, types that a name has not, and a wildcard.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use super::row::{Bench, Goal, Measured, Row};
use super::stand::{Nsd, Server, binary, dnsperf_rate, free_address, pinned, wait_until_answered};

/// The row.
pub(super) const ROW: Row = Row {
    id: "P7",
    title: "answers of `zone serve`",
    peers: "NSD, one worker, one core each",
    needs: &["dnsperf", "nsd", "taskset"],
    profile: None,
    measure,
};

const HOSTS: usize = 10_000;
const SECONDS: u32 = 5;
const SERVER_CORE: &str = "0";
const CLIENT_CORE: &str = "1";

fn measure(bench: &Bench<'_>) -> Result<Vec<Measured>, String> {
    if std::thread::available_parallelism().map_or(1, usize::from) < 2 {
        return Err("one core for the server and one for dnsperf are needed".into());
    }
    let candor = binary(bench)?;
    let (zone, queries) = (zone(), queries());
    let mut rounds = Vec::new();
    bench.each_round(|| {
        let (ours, theirs) = once(&candor, &zone, &queries)?;
        rounds.push((ours, theirs));
        Ok(format!("candor {ours:.0}, NSD {theirs:.0} answers/s"))
    })?;
    let all = |value: fn(&(f64, f64)) -> f64| rounds.iter().map(value).collect::<Vec<f64>>();
    Ok(vec![
        Measured::beside("candor", "answers/s", all(|(ours, _)| *ours)),
        Measured::beside("NSD", "answers/s", all(|(_, theirs)| *theirs)),
        Measured {
            what: "candor over NSD".into(),
            unit: "x",
            samples: all(|(ours, theirs)| ours / theirs),
            goal: Goal::AtLeast(0.7),
        },
    ])
}

fn once(candor: &Path, zone: &str, queries: &str) -> Result<(f64, f64), String> {
    let nsd = Nsd::serve(zone, queries, Some(SERVER_CORE))?;
    let at = *nsd.addresses().first().ok_or("NSD has no address")?;
    let theirs = dnsperf_rate(CLIENT_CORE, at, &nsd.queries(), SECONDS)?;
    let address = free_address()?;
    let mut serve = Command::new(candor);
    serve.args(["zone", "serve"]).arg(nsd.zone()).args(["--listen", &address.to_string()]);
    let _server = Server::start(&mut pinned(SERVER_CORE, &mut serve)?)?;
    wait_until_answered(address.port())?;
    Ok((dnsperf_rate(CLIENT_CORE, address, &nsd.queries(), SECONDS)?, theirs))
}

fn zone() -> String {
    let mut text =
        "$ORIGIN bench.example.\n$TTL 60\n@ SOA ns1 hostmaster 1 3600 600 86400 60\n@ NS ns1\n@ MX 10 mail\n\
        ns1 A 127.0.0.1\nmail A 192.0.2.2\nwww A 192.0.2.1\n*.wild A 192.0.2.3\n"
            .to_owned();
    for host in 0..HOSTS {
        let (high, low) = (host >> 8 & 255, host & 255);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "host-{host} A 10.0.{high}.{low}\nalias-{host} CNAME host-{host}");
    }
    text
}

fn queries() -> String {
    let mut text = String::new();
    for at in 0..HOSTS {
        // Spread over the zone, so that no part of it stays at hand.
        let host = at * 7_919 % HOSTS;
        let _ = match at % 20 {
            0 => writeln!(text, "gone-{host}.bench.example A"),
            1 => writeln!(text, "host-{host}.bench.example AAAA"),
            2 => writeln!(text, "x{host}.wild.bench.example A"),
            3 => writeln!(text, "bench.example MX"),
            4..7 => writeln!(text, "alias-{host}.bench.example A"),
            _ => writeln!(text, "host-{host}.bench.example A"),
        };
    }
    text
}
