//! A hub on a machine that misbehaves: its clock, its disk, its descriptors, its memory are what the test says.
//!
//! * [`Stage`] — a site with the truth about it, a hub that watches it, and what its two pages say, read all the time
//! * `clock`, `disk` — libraries that the hub is started with, and the files by which the test steers them
//!
//! What always holds, whatever the machine does, is checked at each look: no green past its time, and none for longer
//! than a run and a lease after the site last answered well, by the monotonic clock; no outage while the site is well.

pub(crate) mod clock;
pub(crate) mod disk;
#[path = "../crash_loop/site.rs"]
pub(crate) mod site;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use self::site::{Mood, Site};
use crate::support::candor::{Running, candor, run};
use crate::support::http::{list, text};
use crate::support::wait_for;

/// How long a run may take.
pub(crate) const DEADLINE: Duration = Duration::from_secs(1);
/// How long a hub may take to decide, on a busy machine.
pub(crate) const DECIDES: Duration = Duration::from_secs(60);
/// Between two looks.
const POLL: Duration = Duration::from_millis(40);

/// A hub, what it watches, and what it says.
pub(crate) struct Stage {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) site: Site,
    pub(crate) hub: Running,
    lease: Duration,
    public: Reader,
    operators: Reader,
}

/// What the two pages said at a look.
pub(crate) struct Look {
    pub(crate) public: Value,
    pub(crate) operators: Value,
}

impl std::fmt::Debug for Look {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for cell in list(&self.operators, "/cells") {
            let of = |pointer| text(cell, pointer);
            let times = (of("/observed_at"), of("/valid_until"), of("/votes/0/fault/detail"));
            writeln!(f, "{} is {} {times:?}", of("/service"), of("/measured"))?;
        }
        writeln!(f, "{} incidents; operators are told:\n{}", self.incidents(), notices(&self.operators))
    }
}

impl Look {
    /// What is measured of a service.
    pub(crate) fn measured(&self, service: &str) -> &str {
        let cells = list(&self.public, "/cells").iter();
        let mut of = cells.filter(|cell| text(cell, "/service") == service);
        of.next().map_or("", |cell| text(cell, "/measured"))
    }

    pub(crate) fn is_all(&self, verdict: &str) -> bool {
        text(&self.public, "/overall") == verdict
    }

    /// Whether operators are told this.
    pub(crate) fn tells_operators(&self, words: &str) -> bool {
        notices(&self.operators).contains(words)
    }

    /// Whether the public is told this.
    pub(crate) fn tells_all(&self, words: &str) -> bool {
        notices(&self.public).contains(words)
    }

    pub(crate) fn incidents(&self) -> usize {
        list(&self.public, "/incidents").len()
    }
}

fn notices(status: &Value) -> String {
    let notices = list(status, "/notices").iter().filter_map(Value::as_str);
    notices.collect::<Vec<_>>().join("\n")
}

/// What a stage is made of.
pub(crate) struct Props<'p> {
    /// Watched every second; they exist on the site.
    pub(crate) services: &'p [&'p str],
    pub(crate) lease: Duration,
    /// How often a run asks, one after the other.
    pub(crate) asks: usize,
    /// Where the ledger lies, where not in the stage's folder.
    pub(crate) ledger: Option<&'p Path>,
    /// The environment that the hub gets on top.
    pub(crate) with: &'p [(&'p str, String)],
}

impl Default for Props<'_> {
    fn default() -> Self {
        Self { services: &["steady"], lease: Duration::from_secs(3), asks: 1, ledger: None, with: &[] }
    }
}

impl Stage {
    /// Starts a hub; it is up and has decided nothing yet.
    pub(crate) fn set(props: &Props<'_>) -> Self {
        Self::set_in(tempfile::tempdir().expect("a folder for a test"), Site::start(), props)
    }

    /// The same, where a hub has been before.
    pub(crate) fn set_in(folder: tempfile::TempDir, site: Site, props: &Props<'_>) -> Self {
        write_config(folder.path(), &site, props);
        let mut command = candor(folder.path());
        command.arg("serve");
        if let Some(ledger) = props.ledger {
            command.arg("--ledger").arg(ledger);
        }
        let mut hub = Running::start(command.envs(props.with.iter().map(|(name, value)| (name, value))));
        let public = Reader::of(hub.port_after("Status page "));
        let operators = Reader::of(hub.port_after("Operators "));
        Self { folder, site, hub, lease: props.lease, public, operators }
    }

    /// Ends the hub in good order, and leaves its folder and the site.
    pub(crate) fn strike(mut self) -> (tempfile::TempDir, Site) {
        assert_eq!(self.hub.stop().code(), Some(0), "{}", self.hub.noted());
        run(self.folder.path(), &["ledger", "verify"]).ended(0);
        (self.folder, self.site)
    }

    /// What the pages say now; what always holds is checked.
    pub(crate) fn look(&mut self) -> Look {
        let asked = Instant::now();
        let public = self.public.status("/api/v1/status");
        let look = Look { operators: self.operators.status("/api/v1/status"), public };
        for cell in list(&look.public, "/cells").iter().chain(list(&look.operators, "/cells")) {
            let (service, measured) = (text(cell, "/service"), text(cell, "/measured"));
            let (good, well) = self.site.good_and_well(service);
            if measured == "operational" {
                let until = good.expect("a green was answered once") + DEADLINE + self.lease;
                assert!(asked < until, "green {:?} past its time: {cell:#}", asked - until);
            }
            let accused = matches!(measured, "outage" | "degraded");
            assert!(!(accused && well), "{service} was always well: {cell:#}\n{}", self.hub.noted());
        }
        look
    }

    /// Looks until this holds.
    pub(crate) fn until(&mut self, what: &str, holds: impl Fn(&Look) -> bool) -> Look {
        let begun = Instant::now();
        loop {
            let look = self.look();
            if holds(&look) {
                return look;
            }
            assert!(begun.elapsed() < DECIDES, "never came: {what}\n{look:?}\n{}", self.hub.noted());
            std::thread::sleep(POLL);
        }
    }

    /// Looks for a while; what was said by the public page, each once, in its order.
    pub(crate) fn watch(&mut self, time: Duration) -> Vec<String> {
        let (begun, mut said) = (Instant::now(), Vec::new());
        while begun.elapsed() < time {
            let overall = text(&self.look().public, "/overall").to_owned();
            if said.last() != Some(&overall) {
                said.push(overall);
            }
            std::thread::sleep(POLL);
        }
        said
    }

    /// What a service is from now on.
    pub(crate) fn be(&self, service: &str, mood: Mood) {
        self.site.be(service, mood);
    }

    /// Where the public page is.
    pub(crate) const fn port(&self) -> u16 {
        self.public.port
    }

    /// A figure of `/metrics`.
    pub(crate) fn figure(&mut self, name: &str) -> u64 {
        let text = self.operators.get("/metrics").expect("figures are served");
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name} in\n{text}"))
    }

    /// Sets a limit of the running hub, as an operator or an orchestrator may: `prlimit`, of util-linux.
    pub(crate) fn limit(&self, what: &str, soft: &str) {
        let pid = self.hub.id().to_string();
        let set = Command::new("prlimit").args(["--pid", &pid, &format!("--{what}={soft}:")]).output();
        let set = set.expect("prlimit runs (Debian package util-linux)");
        assert!(set.status.success(), "{}", String::from_utf8_lossy(&set.stderr));
    }
}

fn write_config(folder: &Path, site: &Site, props: &Props<'_>) {
    let mut text = format!(
        "page: {{title: Shop status, listen: \"127.0.0.1:0\"}}\noperate: {{listen: \"127.0.0.1:0\"}}\n\
         defaults: {{every: 1s, timeout: 1s, deadline: 1s, lease: {}s}}\nservices:\n",
        props.lease.as_secs()
    );
    for service in props.services {
        let step = format!("{{get: \"{}\"}}", site.url(service));
        let steps = vec![step; props.asks].join(", ");
        text.push_str(&format!("  - id: {service}\n    capabilities: {{open: {{journey: [{steps}]}}}}\n"));
    }
    std::fs::write(folder.join("candor.yaml"), text).expect("a config can be written");
}

/// Reads one of the sites on a connection that stays, so that it is heard also where new ones are not taken.
struct Reader {
    port: u16,
    stream: Option<BufReader<TcpStream>>,
}

impl Reader {
    fn of(port: u16) -> Self {
        Self { port, stream: None }
    }

    fn status(&mut self, path: &str) -> Value {
        let body = wait_for("a status is served", DECIDES, || self.get(path));
        serde_json::from_str(&body).expect("the status is JSON")
    }

    /// The body of an answer of 200. One new connection is tried where the old one has come to its end.
    fn get(&mut self, path: &str) -> Option<String> {
        for _ in 0..2 {
            match self.try_get(path) {
                Some((200, body)) => return Some(body),
                Some(_) => return None,
                None => self.stream = None,
            }
        }
        None
    }

    fn try_get(&mut self, path: &str) -> Option<(u16, String)> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
            stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
            self.stream = Some(BufReader::new(stream));
        }
        let stream = self.stream.as_mut()?;
        write!(stream.get_mut(), "GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").ok()?;
        let (mut line, mut status, mut length) = (String::new(), 0, 0);
        loop {
            line.clear();
            if stream.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let lower = line.trim_end().to_ascii_lowercase();
            if lower.is_empty() {
                break;
            }
            if let Some(rest) = lower.strip_prefix("http/1.1 ") {
                status = rest.split(' ').next()?.parse().ok()?;
            }
            if let Some(rest) = lower.strip_prefix("content-length: ") {
                length = rest.parse().ok()?;
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).ok()?;
        Some((status, String::from_utf8(body).ok()?))
    }
}
