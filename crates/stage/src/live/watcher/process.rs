//! Whoever watches, as a process: Candor's binary with a config in a folder of its own. It is ended by its id, whatever
//! happens.
//!
//! Failure policy: a process that does not say where its page is, or ends, is an error with the end of its log.
//! Absent: what it is, beyond where its page is; nothing of it is linked into the stage.

use std::fs::OpenOptions;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use super::steps::WallClock;
use crate::live::LiveError;

/// How long it may take to say where its page is.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// How long to wait for a killed process to be gone.
const GONE_WITHIN: Duration = Duration::from_secs(2);
/// Between two looks at what it says.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How much of its log is read, in bytes, and shown.
const LOG_MAX: u64 = 1 << 20;
const LOG_TAIL: usize = 1500;
/// What stands before the address of its page.
const MARK: &str = "Status page ";

/// A running watcher.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `candor serve CONFIG` and waits for its page.
    pub(super) async fn start(
        binary: &Path,
        config: &Path,
        folder: &Path,
        clock: Option<&WallClock>,
    ) -> Result<(Self, SocketAddr), LiveError> {
        let log = folder.join("watcher.log");
        let opened = OpenOptions::new().create(true).append(true).open(&log);
        let lines = opened.map_err(|error| LiveError::file(&log, error))?;
        let mut command = Command::new(binary);
        // It ends with its standard input: also where this process is killed and can end nothing.
        command.arg("serve").arg("--while-stdin").arg(config).current_dir(folder).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", folder).env("NO_COLOR", "1").env("COLUMNS", "80");
        command.envs(clock.map(WallClock::environment).unwrap_or_default());
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::from(lines));
        // Ctrl-C at the terminal is for whoever plays, who then ends it.
        command.process_group(0).kill_on_drop(true);
        let child = command.spawn().map_err(|error| LiveError::file(binary, error))?;
        let mut process = Self { child, log };
        let page = process.page().await?;
        Ok((process, page))
    }

    async fn page(&mut self) -> Result<SocketAddr, LiveError> {
        let begun = Instant::now();
        loop {
            let said = self.said();
            if let Some(address) = said.lines().find_map(address) {
                return Ok(address);
            }
            let gone = self.child.try_wait().is_ok_and(|ended| ended.is_some());
            if gone || begun.elapsed() > READY_WITHIN {
                return Err(LiveError::Watcher(format!(
                    "it does not say where its page is:\n{}",
                    self.tail()
                )));
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Whether it has ended by itself.
    pub(super) fn is_over(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|ended| ended.is_some())
    }

    /// The end of its log.
    pub(super) fn tail(&self) -> String {
        let said = self.said();
        let from = said.char_indices().rev().nth(LOG_TAIL).map_or(0, |(at, _)| at);
        said.get(from..).unwrap_or_default().to_owned()
    }

    fn said(&self) -> String {
        use std::io::Read;
        let mut said = Vec::new();
        let read = std::fs::File::open(&self.log).and_then(|file| file.take(LOG_MAX).read_to_end(&mut said));
        drop(read);
        String::from_utf8_lossy(&said).into_owned()
    }

    /// Ends it.
    pub(super) async fn stop(mut self) {
        // It fails only where it has ended already.
        drop(self.child.kill().await);
    }
}

impl Drop for Process {
    /// Kills it and waits, without a runtime: what it writes to is removed next.
    fn drop(&mut self) {
        drop(self.child.start_kill());
        let begun = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && begun.elapsed() < GONE_WITHIN {
            std::thread::sleep(LOOK_EVERY);
        }
    }
}

fn address(line: &str) -> Option<SocketAddr> {
    let (_, url) = line.split_once(MARK)?;
    url.trim().strip_prefix("http://")?.trim_end_matches('/').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn the_page_is_found_in_what_it_says() {
        assert_eq!(address("Status page http://127.0.0.1:8080/"), "127.0.0.1:8080".parse().ok());
        assert_eq!(address("Operators   http://127.0.0.1:8081/  (metrics at /metrics)"), None);
    }
}
