//! P2: CPU for one DNS check, a port and an id of its own for each, on `candor serve` with everything on, beside
//! `dnsperf`, which keeps its sockets and does nothing with the answers. All ask the same NSD on loopback, in turns.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use super::profile::Subject;
use super::row::{Bench, Goal, Measured, Row};
use super::stand::{BLACKBOX, Nsd, Times, binary, blackbox, dnsperf, floor, missing, plans, steady};

/// The row.
pub(super) const ROW: Row = Row {
    id: "P2",
    title: "CPU per DNS check",
    peers: "dnsperf, same NSD",
    needs: &["dnsperf", "nsd"],
    profile: Some(subject),
    measure,
};

/// Each check once a second.
const RATE: u16 = 2_000;
const EXCHANGES: u32 = 20_000;
const DNSPERF_SECONDS: u32 = 5;
const TIMES: Times = Times { measured_within: Duration::from_secs(30), window: Duration::from_secs(15) };

fn subject() -> Result<Subject, String> {
    let nsd = Nsd::start()?;
    Ok(Subject { plan: plan(&nsd), checks: RATE.into(), server: Box::new(nsd) })
}

fn plan(nsd: &Nsd) -> String {
    let step = |server: &SocketAddr| {
        format!("{{dns: www.bench.example A, servers: [\"{server}\"], expect: {{answer: [192.0.2.1]}}}}")
    };
    let steps: Vec<String> = nsd.addresses().iter().map(step).collect();
    plans::spread(RATE.into(), &steps, "every: 1s, timeout: 500ms, deadline: 900ms")
}

/// What one round gave.
struct Round {
    candor: f64,
    dnsperf: f64,
    floor: f64,
    blackbox: Option<f64>,
}

fn measure(bench: &Bench<'_>) -> Result<Vec<Measured>, String> {
    let candor = binary(bench)?;
    let nsd = Nsd::start()?;
    let mut rounds = Vec::new();
    bench.each_round(|| {
        let round = once(&candor, &nsd)?;
        let said =
            format!("candor {:.4}, dnsperf {:.4}, floor {:.4} ms", round.candor, round.dnsperf, round.floor);
        rounds.push(round);
        Ok(said)
    })?;
    Ok(values(&rounds))
}

fn once(candor: &Path, nsd: &Nsd) -> Result<Round, String> {
    let server = *nsd.addresses().first().ok_or("NSD has no address")?;
    Ok(Round {
        candor: steady(candor, &plan(nsd), RATE.into(), RATE.into(), TIMES)?.per_check,
        dnsperf: dnsperf(server, &nsd.queries(), DNSPERF_SECONDS)?,
        floor: floor::dns(server, EXCHANGES)?,
        blackbox: blackbox("dns", &server.to_string())?,
    })
}

fn values(rounds: &[Round]) -> Vec<Measured> {
    let all = |value: fn(&Round) -> f64| rounds.iter().map(value).collect::<Vec<f64>>();
    let blackbox: Vec<f64> = rounds.iter().filter_map(|round| round.blackbox).collect();
    let blackbox_is =
        if blackbox.is_empty() { missing(BLACKBOX) } else { "blackbox_exporter, one probe".into() };
    vec![
        Measured::beside("candor, one check at 2,000/s", "ms CPU", all(|round| round.candor)),
        Measured::beside("dnsperf, one query", "ms CPU", all(|round| round.dnsperf)),
        Measured::beside(
            "floor: socket, send, receive, close and no more",
            "ms CPU",
            all(|round| round.floor),
        ),
        Measured::beside(blackbox_is, "ms CPU", blackbox),
        Measured {
            what: "candor over dnsperf".into(),
            unit: "x",
            samples: all(|round| round.candor / round.dnsperf),
            goal: Goal::AtMost(3.0),
        },
    ]
}
