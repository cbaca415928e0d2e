//! `candor serve` on a config of the row's, with what can be read of it from outside: page, metrics, CPU, memory.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::process::Server;
use super::tools::pinned;
use super::{Folder, free_address};

/// Shortest pause between two looks at the page; a page that is slow to come is looked at less often.
const LOOK: Duration = Duration::from_millis(50);

/// Where it says what it has to say.
const LOG: &str = "log";

/// A running hub; ended with this value.
pub(in super::super) struct Hub {
    server: Server,
    page: SocketAddr,
    operate: SocketAddr,
    begun: Instant,
    folder: Folder,
}

impl Hub {
    /// Starts `binary` with an empty ledger. `body` is the config after its page, operate and ledger sections.
    pub(in super::super) fn start(binary: &Path, body: &str) -> Result<Self, String> {
        Self::start_on(binary, body, None)
    }

    /// The same on one core alone, where that is given.
    pub(in super::super) fn start_on(binary: &Path, body: &str, core: Option<&str>) -> Result<Self, String> {
        let folder = Folder::new("hub")?;
        let (page, operate) = (free_address()?, free_address()?);
        let config = folder.0.join("candor.yaml");
        let text = format!(
            "page: {{title: Bench, url: \"https://status.example\", listen: \"{page}\"}}\n\
             operate: {{listen: \"{operate}\"}}\nledger: \"sqlite:candor.db\"\n{body}"
        );
        std::fs::write(&config, text).map_err(|error| error.to_string())?;
        let mut serve = Command::new(binary);
        serve.arg("serve").arg(&config).current_dir(&folder.0);
        let begun = Instant::now();
        let server = match core {
            Some(core) => Server::start_telling(&mut pinned(core, &mut serve)?, &folder.0.join(LOG))?,
            None => Server::start_telling(&mut serve, &folder.0.join(LOG))?,
        };
        Ok(Self { server, page, operate, begun, folder })
    }

    /// Seconds since its start.
    pub(in super::super) fn age(&self) -> f64 {
        self.begun.elapsed().as_secs_f64()
    }

    /// Where the public page is.
    pub(in super::super) fn page(&self) -> SocketAddr {
        self.page
    }

    /// The process, for CPU and memory.
    pub(in super::super) fn process(&self) -> &Server {
        &self.server
    }

    /// Waits until so many cells of the page are measured, whatever the verdict.
    pub(in super::super) fn wait_until_measured(&self, cells: usize, limit: Duration) -> Result<(), String> {
        let measured = |verdicts: &BTreeMap<String, usize>| {
            verdicts
                .iter()
                .filter(|(verdict, _)| *verdict != "unknown")
                .map(|(_, count)| count)
                .sum::<usize>()
        };
        self.wait_until(limit, |verdicts| measured(verdicts) >= cells).map(drop)
    }

    /// Waits until the page says so of its cells, counted by verdict; how many seconds it took.
    pub(in super::super) fn wait_until(
        &self,
        limit: Duration,
        enough: impl Fn(&BTreeMap<String, usize>) -> bool,
    ) -> Result<f64, String> {
        let begun = Instant::now();
        loop {
            let asked = Instant::now();
            let verdicts = self.verdicts();
            if verdicts.as_ref().is_some_and(&enough) {
                return Ok(begun.elapsed().as_secs_f64());
            }
            if begun.elapsed() > limit {
                return Err(format!("after {} s the page has only {verdicts:?}", limit.as_secs()));
            }
            if self.server.is_over() {
                let said = std::fs::read_to_string(self.folder.0.join(LOG)).unwrap_or_default();
                return Err(format!("the hub has ended: {said}"));
            }
            // At most an eighth of the time is spent on looking.
            std::thread::sleep(LOOK.max(asked.elapsed() * 8));
        }
    }

    /// The cells of the page, counted by what was measured.
    pub(in super::super) fn verdicts(&self) -> Option<BTreeMap<String, usize>> {
        let status: serde_json::Value = serde_json::from_str(&get(self.page, "/api/v1/status", "")?).ok()?;
        let mut counts = BTreeMap::new();
        for cell in status.get("cells")?.as_array()? {
            let verdict = cell.get("measured").and_then(|measured| measured.as_str()).unwrap_or("unknown");
            *counts.entry(verdict.to_string()).or_insert(0) += 1;
        }
        Some(counts)
    }

    /// A figure of `/metrics` by its name.
    pub(in super::super) fn figure(&self, name: &str) -> Result<f64, String> {
        self.figures([name]).map(|[value]| value)
    }

    /// Several, at one moment; a name has its labels with it, where there are some.
    pub(in super::super) fn figures<const N: usize>(&self, names: [&str; N]) -> Result<[f64; N], String> {
        let text = get(self.operate, "/metrics", "").ok_or("the hub gives no metrics")?;
        let mut values = [0.0; N];
        for (value, name) in values.iter_mut().zip(names) {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            let number = line.and_then(|number| number.parse().ok());
            *value = number.ok_or_else(|| format!("there is no figure {name}"))?;
        }
        Ok(values)
    }
}

/// The body of an answer to a GET on loopback; `fields` are header fields, each with its end of line.
pub(in super::super) fn get(address: SocketAddr, path: &str, fields: &str) -> Option<String> {
    let answer = fetch(address, path, fields)?;
    String::from_utf8(answer).ok()?.split_once("\r\n\r\n").map(|(_, body)| body.to_string())
}

/// A whole answer, head and all, as it came.
pub(in super::super) fn fetch(address: SocketAddr, path: &str, fields: &str) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\nhost: {address}\r\n{fields}\r\n").as_bytes()).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    Some(answer)
}
