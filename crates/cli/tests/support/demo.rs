//! A demo of the test's own: free ports, and folders that no other demo sees.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::POLL;
use super::candor::{Running, Said, candor, finish};
use super::http::{status, text};

/// How long the shop may take to be seen working, on a busy machine.
const WORKS: Duration = Duration::from_secs(60);

/// A running demo.
#[derive(Debug)]
pub(crate) struct Demo {
    pub(crate) process: Running,
    pub(crate) status: u16,
    pub(crate) operators: u16,
    pub(crate) levers: u16,
    folder: TempDir,
}

impl Demo {
    /// Starts one and waits until everything that it watches works.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the demo");
        for name in ["run", "tmp"] {
            std::fs::create_dir(folder.path().join(name)).expect("a folder can be made");
        }
        let free = "127.0.0.1:0";
        let words =
            ["demo", "--places", "4", "--listen", free, "--operate-listen", free, "--levers-listen", free];
        let mut process = Running::start(within(&folder).args(words));
        let [status, levers, operators] =
            ["Status page ", "Levers ", "Operators "].map(|m| process.port_after(m));
        let demo = Self { process, status, operators, levers, folder };
        demo.wait("everything works", WORKS, |seen| text(seen, "/overall") == "operational");
        demo
    }

    /// Runs `candor demo WORDS` against it.
    pub(crate) fn say(&self, words: &[&str]) -> Said {
        finish(self.command().arg("demo").args(words))
    }

    /// The binary where it finds this demo.
    pub(crate) fn command(&self) -> Command {
        within(&self.folder)
    }

    /// Waits until the public status is so, and returns it.
    pub(crate) fn wait(&self, what: &str, limit: Duration, is: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let seen = status(self.status).unwrap_or_default();
            if is(&seen) {
                return seen;
            }
            assert!(begun.elapsed() <= limit, "not within {limit:?}: {what}\n{seen:#}");
            std::thread::sleep(POLL);
        }
    }

    /// The folder in which it may keep files while it runs.
    pub(crate) fn temporary(&self) -> PathBuf {
        self.folder.path().join("tmp")
    }

    /// The folder in which it says where it is.
    pub(crate) fn runtime(&self) -> PathBuf {
        self.folder.path().join("run")
    }
}

fn within(folder: &TempDir) -> Command {
    let mut command = candor(folder.path());
    command.env("XDG_RUNTIME_DIR", folder.path().join("run")).env("TMPDIR", folder.path().join("tmp"));
    command
}
