//! `candor serve` on a config of the row's, with what can be read of it from outside: page, metrics, CPU, memory.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Folder, free_address};

/// The kernel counts CPU time in hundredths of a second (`getconf CLK_TCK`; fixed at 100 in its interface).
const TICKS_PER_SECOND: f64 = 100.0;

/// A running hub; ended with this value.
pub(in super::super) struct Hub {
    child: Child,
    page: SocketAddr,
    operate: SocketAddr,
    begun: Instant,
    _folder: Folder,
}

impl Hub {
    /// Starts `binary` with an empty ledger. `body` is the config after its page, operate and ledger sections.
    pub(in super::super) fn start(binary: &Path, body: &str) -> Result<Self, String> {
        let folder = Folder::new("hub")?;
        let (page, operate) = (free_address()?, free_address()?);
        let config = folder.0.join("candor.yaml");
        let text = format!(
            "page: {{title: Bench, url: \"https://status.example\", listen: \"{page}\"}}\n\
             operate: {{listen: \"{operate}\"}}\nledger: \"sqlite:candor.db\"\n{body}"
        );
        std::fs::write(&config, text).map_err(|error| error.to_string())?;
        let begun = Instant::now();
        let child = Command::new(binary)
            .arg("serve")
            .arg(&config)
            .current_dir(&folder.0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("cannot start candor: {error}"))?;
        Ok(Self { child, page, operate, begun, _folder: folder })
    }

    /// Seconds since its start.
    pub(in super::super) fn age(&self) -> f64 {
        self.begun.elapsed().as_secs_f64()
    }

    /// Waits until so many cells of the page are measured, whatever the verdict.
    pub(in super::super) fn wait_until_measured(&self, cells: usize, limit: Duration) -> Result<(), String> {
        let begun = Instant::now();
        while begun.elapsed() < limit {
            if self.measured_cells().is_some_and(|measured| measured >= cells) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(format!(
            "after {} s the page has {:?} of {cells} cells measured",
            limit.as_secs(),
            self.measured_cells()
        ))
    }

    fn measured_cells(&self) -> Option<usize> {
        let status: serde_json::Value = serde_json::from_str(&get(self.page, "/api/v1/status")?).ok()?;
        let cells = status.get("cells")?.as_array()?;
        let known =
            |cell: &&serde_json::Value| cell.get("measured").and_then(|m| m.as_str()) != Some("unknown");
        Some(cells.iter().filter(known).count())
    }

    /// A figure of `/metrics` by its name.
    pub(in super::super) fn figure(&self, name: &str) -> Result<f64, String> {
        let text = get(self.operate, "/metrics").ok_or("the hub gives no metrics")?;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.parse().ok()).ok_or_else(|| format!("there is no figure {name}"))
    }

    /// CPU seconds used so far, its own and the kernel's for it.
    pub(in super::super) fn cpu_seconds(&self) -> Result<f64, String> {
        let path = format!("/proc/{}/stat", self.child.id());
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        // After the name in parentheses, user and system time are the 12th and 13th words (proc(5)).
        let words: Vec<&str> = text.rsplit(')').next().unwrap_or("").split_whitespace().collect();
        let ticks = |at: usize| words.get(at).and_then(|word| word.parse::<f64>().ok());
        match (ticks(11), ticks(12)) {
            (Some(user), Some(system)) => Ok((user + system) / TICKS_PER_SECOND),
            _ => Err(format!("{path} has another form than proc(5) says")),
        }
    }

    /// Resident memory at its highest, in MiB.
    pub(in super::super) fn peak_mib(&self) -> Result<f64, String> {
        let path = format!("/proc/{}/status", self.child.id());
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|rest| rest.split_whitespace().next()).and_then(|n| n.parse::<f64>().ok());
        kib.map(|kib| kib / 1024.0).ok_or_else(|| format!("{path} has no VmHWM"))
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        // It ends with the measurement, whatever came of it.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The body of an answer to a GET on loopback.
fn get(address: SocketAddr, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\nhost: {address}\r\n\r\n").as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.split_once("\r\n\r\n").map(|(_, body)| body.to_string())
}
