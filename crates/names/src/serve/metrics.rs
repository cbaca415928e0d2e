//! What a server has done, counted; and the text that Prometheus reads.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::base::Rtype;

use super::catalog::Catalog;
use super::reply::Via;

/// Types that are counted each for itself; the last stands for all others.
const TYPES: [&str; 18] = [
    "A", "AAAA", "NS", "SOA", "MX", "TXT", "CNAME", "PTR", "SRV", "CAA", "DS", "DNSKEY", "SVCB", "HTTPS",
    "ANY", "AXFR", "IXFR", "other",
];
/// Response codes of the header; the last stands for all others.
const RCODES: [&str; 12] = [
    "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET",
    "NOTAUTH", "NOTZONE", "other",
];
const TRANSPORTS: [&str; 2] = ["udp", "tcp"];
const CELLS: usize = TYPES.len() * RCODES.len() * TRANSPORTS.len();

/// How a request for a zone went.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sent {
    Axfr,
    Ixfr,
    Current,
    Refused,
}
const SENT: [&str; 4] = ["axfr", "ixfr", "current", "refused"];

/// How a try to fetch a zone went.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fetched {
    Axfr,
    Ixfr,
    Current,
    Failed,
}
const FETCHED: [&str; 4] = ["axfr", "ixfr", "current", "failed"];

/// Counters; adding to one is all that an answer costs.
#[derive(Debug)]
pub(super) struct Metrics {
    answers: Vec<AtomicU64>,
    dropped: AtomicU64,
    sent: [AtomicU64; SENT.len()],
    fetched: [AtomicU64; FETCHED.len()],
    notifies_received: AtomicU64,
    notifies_sent: AtomicU64,
    notifies_unanswered: AtomicU64,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            answers: (0..CELLS).map(|_| AtomicU64::new(0)).collect(),
            dropped: AtomicU64::default(),
            sent: Default::default(),
            fetched: Default::default(),
            notifies_received: AtomicU64::default(),
            notifies_sent: AtomicU64::default(),
            notifies_unanswered: AtomicU64::default(),
        }
    }
}

fn count(counter: Option<&AtomicU64>) {
    if let Some(counter) = counter {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// Where a type stands in [`TYPES`].
fn column(rtype: Option<Rtype>) -> usize {
    match rtype {
        Some(Rtype::A) => 0,
        Some(Rtype::AAAA) => 1,
        Some(Rtype::NS) => 2,
        Some(Rtype::SOA) => 3,
        Some(Rtype::MX) => 4,
        Some(Rtype::TXT) => 5,
        Some(Rtype::CNAME) => 6,
        Some(Rtype::PTR) => 7,
        Some(Rtype::SRV) => 8,
        Some(Rtype::CAA) => 9,
        Some(Rtype::DS) => 10,
        Some(Rtype::DNSKEY) => 11,
        Some(Rtype::SVCB) => 12,
        Some(Rtype::HTTPS) => 13,
        Some(Rtype::ANY) => 14,
        Some(Rtype::AXFR) => 15,
        Some(Rtype::IXFR) => 16,
        _ => TYPES.len() - 1,
    }
}

impl Metrics {
    pub(super) fn answered(&self, via: Via, rtype: Option<Rtype>, rcode: u8) {
        let transport = usize::from(via == Via::Tcp);
        let rcode = usize::from(rcode).min(RCODES.len() - 1);
        count(self.answers.get((column(rtype) * RCODES.len() + rcode) * TRANSPORTS.len() + transport));
    }

    pub(super) fn dropped(&self) {
        count(Some(&self.dropped));
    }

    pub(super) fn sent(&self, how: Sent) {
        count(self.sent.get(how as usize));
    }

    pub(super) fn fetched(&self, how: Fetched) {
        count(self.fetched.get(how as usize));
    }

    pub(super) fn notify_received(&self) {
        count(Some(&self.notifies_received));
    }

    pub(super) fn notify_sent(&self) {
        count(Some(&self.notifies_sent));
    }

    pub(super) fn notify_unanswered(&self) {
        count(Some(&self.notifies_unanswered));
    }

    /// The text that Prometheus reads.
    pub(super) fn render(&self, catalog: &Catalog) -> String {
        let mut page = Page(String::new());
        page.family(
            "candor_dns_answers_total",
            "counter",
            "Answers given, by type asked, response code and transport.",
        );
        for (at, counter) in self.answers.iter().enumerate() {
            let value = counter.load(Ordering::Relaxed);
            let (rest, transport) = (at / TRANSPORTS.len(), at % TRANSPORTS.len());
            let (rtype, rcode) = (rest / RCODES.len(), rest % RCODES.len());
            if let (Some(rtype), Some(rcode), Some(transport), 1..) =
                (TYPES.get(rtype), RCODES.get(rcode), TRANSPORTS.get(transport), value)
            {
                let labels = format!("type=\"{rtype}\",rcode=\"{rcode}\",transport=\"{transport}\"");
                page.line("candor_dns_answers_total", &labels, value);
            }
        }
        page.single("candor_dns_dropped_total", "Packets that must not be answered.", &self.dropped);
        page.family(
            "candor_dns_transfers_sent_total",
            "counter",
            "Requests for a zone, by what they were given.",
        );
        page.each("candor_dns_transfers_sent_total", &SENT, &self.sent);
        page.family(
            "candor_dns_transfers_fetched_total",
            "counter",
            "Tries to fetch a zone, by what came of them.",
        );
        page.each("candor_dns_transfers_fetched_total", &FETCHED, &self.fetched);
        page.single(
            "candor_dns_notifies_received_total",
            "NOTIFY taken from a primary.",
            &self.notifies_received,
        );
        page.single("candor_dns_notifies_sent_total", "NOTIFY sent, with each try.", &self.notifies_sent);
        page.single(
            "candor_dns_notifies_unanswered_total",
            "NOTIFY given up after the last try.",
            &self.notifies_unanswered,
        );
        page.zones(catalog);
        page.0
    }
}

struct Page(String);

impl Page {
    // Writing to a string cannot fail.
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &str, value: u64) {
        let _ = writeln!(self.0, "{name}{{{labels}}} {value}");
    }

    fn single(&mut self, name: &str, help: &str, counter: &AtomicU64) {
        self.family(name, "counter", help);
        let _ = writeln!(self.0, "{name} {}", counter.load(Ordering::Relaxed));
    }

    fn each(&mut self, name: &str, results: &[&str], counters: &[AtomicU64]) {
        for (result, counter) in results.iter().zip(counters) {
            self.line(name, &format!("result=\"{result}\""), counter.load(Ordering::Relaxed));
        }
    }

    fn zones(&mut self, catalog: &Catalog) {
        let zones = catalog.now();
        let label =
            |apex| format!("zone=\"{}\"", crate::name::show(apex).replace('\\', "\\\\").replace('"', "\\\""));
        self.family("candor_dns_zone_serial", "gauge", "The serial of the version in force.");
        for (apex, entry) in zones.iter() {
            if let Some(versions) = &entry.versions {
                self.line("candor_dns_zone_serial", &label(apex), versions.zone.serial().into());
            }
        }
        self.family("candor_dns_zone_records", "gauge", "Records of the version in force.");
        for (apex, entry) in zones.iter() {
            if let Some(versions) = &entry.versions {
                self.line("candor_dns_zone_records", &label(apex), versions.zone.len() as u64);
            }
        }
        self.family(
            "candor_dns_zone_served",
            "gauge",
            "1 where a zone is served, 0 where a copy is too old or missing.",
        );
        for (apex, entry) in zones.iter() {
            self.line("candor_dns_zone_served", &label(apex), entry.served().is_some().into());
        }
        let copies = || catalog.copies().iter().filter_map(|apex| Some((apex, catalog.versions(apex)?)));
        self.family(
            "candor_dns_zone_expires_seconds",
            "gauge",
            "Seconds until a copy is too old to be served, by the EXPIRE of its SOA.",
        );
        for (apex, held) in copies() {
            let age = catalog.refreshed(apex).map(|at| at.elapsed().as_secs());
            let left = age.map_or(0, |age| u64::from(held.zone.soa().expire().as_secs()).saturating_sub(age));
            self.line("candor_dns_zone_expires_seconds", &label(apex), left);
        }
        self.family(
            "candor_dns_zone_refreshed_seconds",
            "gauge",
            "Seconds since a copy was last known to be current.",
        );
        for (apex, at) in copies().filter_map(|(apex, _)| Some((apex, catalog.refreshed(apex)?))) {
            self.line("candor_dns_zone_refreshed_seconds", &label(apex), at.elapsed().as_secs());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use tokio::time::{Instant, advance};

    use super::*;
    use crate::store::Versions;
    use crate::zone::Zone;

    #[tokio::test(start_paused = true)]
    async fn a_copy_tells_how_old_it_is_and_how_long_it_may_still_be_served() {
        let apex = crate::name::parse("z.example").unwrap();
        let catalog = Catalog::new(BTreeSet::from([apex.clone()]), None);
        let told = || {
            let page = Metrics::default().render(&catalog);
            let wanted = ["candor_dns_zone_expires_seconds{", "candor_dns_zone_refreshed_seconds{"];
            let lines = page.lines().filter(|line| wanted.iter().any(|name| line.starts_with(name)));
            lines.filter_map(|line| line.split(' ').nth(1)?.parse().ok()).collect::<Vec<u64>>()
        };
        assert_eq!(told(), [], "of a copy that was never fetched nothing is known");
        let text = "z.example. 60 SOA a. b. 1 100 30 200 5\nz.example. 60 NS a.\n";
        catalog.restore(Versions::of(Zone::parse(text, None, "z").unwrap()));
        assert_eq!(told(), [0], "older than can be told");
        catalog.set_refreshed(&apex, Instant::now());
        assert_eq!(told(), [200, 0]);
        advance(Duration::from_secs(150)).await;
        assert_eq!(told(), [50, 150]);
        advance(Duration::from_secs(150)).await;
        assert_eq!(told(), [0, 300]);
    }
}
