//! What a plan costs its targets: requests, bytes and writing journeys for each host and day, and where that is rude.
//!
//! Bytes are an upper bound: what a step would read at most, or the size that it expects. Redirects, resolver traffic and rechecks are not counted.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use candor_core::model::{Cell, HttpStep, Journey, Plan, Policy, Step, Target};
use candor_core::template::{Piece, Template};
use url::Url;

use crate::quantity::Words;

/// Requests a second to one host beyond which watching is a load.
const RUDE_PER_DAY: u64 = 86_400;
/// Journeys that write should not run more often than this.
const RUDE_WRITING: Duration = Duration::from_secs(60);

/// Bytes of small dialogues, roughly: a DNS answer, a connection, a handshake with its chain.
const DNS_BYTES: u64 = 1_000;
const TCP_BYTES: u64 = 500;
const TLS_BYTES: u64 = 8_000;
/// Header fields of an HTTP answer, with the handshake before it.
const HTTP_BYTES: u64 = 10_000;

/// The host of steps whose target is known only when they run.
const CHOSEN: &str = "(chosen by an answer)";

/// What a plan costs its targets.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Cost {
    /// By host, those with the most requests first.
    pub hosts: Vec<HostCost>,
    /// Where it is rude, in words.
    pub warnings: Vec<String>,
}

/// What one host sees in a day, from all vantages together.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct HostCost {
    /// Its name or address.
    pub host: String,
    /// Requests, connections or questions.
    pub requests: u64,
    /// Of these, from the busiest vantage.
    pub requests_per_vantage: u64,
    /// Bytes that it sends, at most.
    pub bytes_at_most: u64,
    /// Runs of journeys that write there.
    pub writing_journeys: u64,
}

#[derive(Default)]
struct Tally {
    requests: u64,
    bytes: u64,
    writes: u64,
    by_vantage: BTreeMap<String, u64>,
}

/// Adds up what a plan costs its targets.
#[must_use]
pub fn cost(plan: &Plan) -> Cost {
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let mut warnings = Vec::new();
    for service in &plan.services {
        for capability in &service.capabilities {
            if capability.journey.writes && capability.policy.every < RUDE_WRITING {
                let often = Words(capability.policy.every);
                warnings.push(format!(
                    "{}/{} writes every {often}; at most every 1m is polite",
                    service.id, capability.id
                ));
            }
            for cell in &capability.cells {
                add_cell(&mut tallies, cell, &capability.journey, &capability.policy);
            }
        }
    }
    let mut hosts: Vec<HostCost> = tallies.into_iter().map(host_cost).collect();
    hosts.sort_by(|a, b| b.requests.cmp(&a.requests).then_with(|| a.host.cmp(&b.host)));
    for host in hosts.iter().filter(|h| h.requests > RUDE_PER_DAY) {
        let tenths = host.requests.saturating_mul(10) / RUDE_PER_DAY;
        warnings.push(format!(
            "{} gets {}.{} requests a second, day and night",
            host.host,
            tenths / 10,
            tenths % 10
        ));
    }
    Cost { hosts, warnings }
}

fn host_cost((host, tally): (String, Tally)) -> HostCost {
    HostCost {
        host,
        requests: tally.requests,
        requests_per_vantage: tally.by_vantage.values().copied().max().unwrap_or(0),
        bytes_at_most: tally.bytes,
        writing_journeys: tally.writes,
    }
}

fn add_cell(tallies: &mut BTreeMap<String, Tally>, cell: &Cell, journey: &Journey, policy: &Policy) {
    let every = u64::try_from(policy.every.as_millis()).unwrap_or(u64::MAX).max(1);
    let runs = 86_400_000 / every;
    let vantages = cell.checks.len() as u64;
    let mut last = CHOSEN.to_owned();
    let mut written = Vec::new();
    for step in &journey.steps {
        let (host, bytes) = step_cost(&step.step, cell, journey, &last);
        last.clone_from(&host);
        let tally = tallies.entry(host.clone()).or_default();
        let total = runs.saturating_mul(vantages);
        tally.requests = tally.requests.saturating_add(total);
        tally.bytes = tally.bytes.saturating_add(total.saturating_mul(bytes));
        for check in &cell.checks {
            let seen = tally.by_vantage.entry(check.vantage.to_string()).or_default();
            *seen = seen.saturating_add(runs);
        }
        let writes = matches!(&step.step, Step::Http(http) if http.method.writes());
        if journey.writes && writes && !written.contains(&host) {
            tally.writes = tally.writes.saturating_add(total);
            written.push(host);
        }
    }
}

/// The host of a step, and the bytes that it sends at most.
fn step_cost(step: &Step, cell: &Cell, journey: &Journey, last: &str) -> (String, u64) {
    let named = |host: &Template| fill(host, cell, journey).unwrap_or_else(|| CHOSEN.into());
    match step {
        Step::Http(http) => (http_host(http, cell, journey, last), http_bytes(http)),
        Step::Dns(dns) => match dns.servers.first() {
            Some(server) => (server.ip().to_string(), DNS_BYTES),
            None => ("(resolver)".into(), DNS_BYTES),
        },
        Step::Tcp(tcp) => (named(&tcp.host), if tcp.tls.is_some() { TLS_BYTES } else { TCP_BYTES }),
        Step::Tls(tls) => (named(&tls.host), TLS_BYTES),
        Step::Smtp(smtp) => (named(&smtp.host), TLS_BYTES),
        Step::Ping(ping) => (named(&ping.host), 100),
    }
}

fn http_bytes(step: &HttpStep) -> u64 {
    step.expect.size.map_or(step.body_max, |size| size.max.min(step.body_max)).saturating_add(HTTP_BYTES)
}

fn http_host(step: &HttpStep, cell: &Cell, journey: &Journey, last: &str) -> String {
    match &step.target {
        // A link usually stays on its site.
        Target::FirstLink(_) => last.to_owned(),
        Target::Url(url) => {
            let host = fill(url, cell, journey)
                .and_then(|u| Url::parse(&u).ok())
                .and_then(|u| u.host_str().map(str::to_owned));
            host.unwrap_or_else(|| CHOSEN.into())
        }
    }
}

/// A template with what is known before the run; what a run makes up becomes `x`. A secret in a host stays one.
fn fill(template: &Template, cell: &Cell, journey: &Journey) -> Option<String> {
    let mut out = String::new();
    for (at, piece) in template.0.iter().enumerate() {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Secret(_) => out.push('x'),
            Piece::Hole(name) => match cell.variables.get(name).or_else(|| journey.variables.get(name)) {
                Some(text) => out.push_str(text),
                None if at == 0 => return None,
                None => out.push('x'),
            },
        }
    }
    Some(out)
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "What the targets see in a day, from all vantages together:")?;
        writeln!(f, "{:<40} {:>10} {:>12} {:>14}", "host", "requests", "at most", "writing runs")?;
        for host in &self.hosts {
            let name = if host.host.chars().count() > 40 {
                format!("{}…", host.host.chars().take(39).collect::<String>())
            } else {
                host.host.clone()
            };
            let (requests, writes) = (thousands(host.requests), thousands(host.writing_journeys));
            writeln!(f, "{name:<40} {requests:>10} {:>12} {writes:>14}", rounded(host.bytes_at_most))?;
        }
        for warning in &self.warnings {
            writeln!(f, "rude: {warning}")?;
        }
        Ok(())
    }
}

/// `12,345`.
fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, c) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// `1.2 GB`.
fn rounded(bytes: u64) -> String {
    for (unit, size) in
        [("TB", 1_000_000_000_000_u64), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)]
    {
        if bytes >= size {
            let tenths = u128::from(bytes) * 10 / u128::from(size);
            return format!("{}.{} {unit}", tenths / 10, tenths % 10);
        }
    }
    format!("{bytes} B")
}
