//! The binary as people run it: to its end with [`run`], or in the background as [`Running`].
//!
//! The environment is the test's own: no colours, 80 columns, nothing from the machine but `PATH`. Whatever was
//! started is gone when the test ends, also when it fails.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::wait_for;

/// How long a command may take that is not meant to stay.
const LIMIT: Duration = Duration::from_secs(60);
/// How long a process may take to say something, or to stop.
const SOON: Duration = Duration::from_secs(30);

/// The binary, with an environment of its own in `folder`.
pub(crate) fn candor(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_candor"));
    command.env_clear().current_dir(folder);
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("COLUMNS", "80").env("NO_COLOR", "1").env("HOME", folder);
    command.stdin(Stdio::null());
    command
}

/// What a command said, and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// All of it, for a snapshot.
    pub(crate) fn all(&self) -> String {
        let code = self.code.map_or_else(|| "by a signal".into(), |code| code.to_string());
        format!("{}-- standard error --\n{}-- exit {code} --\n", self.out, self.err)
    }

    /// What it printed, where it ended with this code; fails the test otherwise.
    pub(crate) fn ended(&self, code: i32) -> &str {
        assert_eq!(self.code, Some(code), "{}", self.all());
        &self.out
    }
}

/// Runs the binary in `folder` to its end.
pub(crate) fn run(folder: &Path, words: &[&str]) -> Said {
    finish(candor(folder).args(words))
}

/// Runs a command to its end.
pub(crate) fn finish(command: &mut Command) -> Said {
    let mut running = Running::start(command);
    let status = running.ended(LIMIT);
    Said { code: status.code(), out: running.printed(), err: running.noted() }
}

/// A process that runs until it is stopped; killed when the value goes.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    out: Heard,
    err: Heard,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        let out = Heard::of(child.stdout.take().expect("its output is a pipe"));
        let err = Heard::of(child.stderr.take().expect("its errors are a pipe"));
        Self { child, out, err }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has printed so far.
    pub(crate) fn printed(&self) -> String {
        self.out.text()
    }

    /// What it has written to standard error so far.
    pub(crate) fn noted(&self) -> String {
        self.err.text()
    }

    /// The rest of the first line that has this mark, wherever it was written; waits for it.
    pub(crate) fn after(&mut self, mark: &str) -> String {
        let what = format!("it says {mark:?}");
        wait_for(&what, SOON, || {
            let said = format!("{}{}", self.printed(), self.noted());
            let rest =
                said.lines().find_map(|line| line.split_once(mark)).map(|(_, rest)| rest.trim().to_owned());
            let gone = rest.is_none() && self.child.try_wait().is_ok_and(|ended| ended.is_some());
            assert!(!gone || !self.err.is_at_end(), "it ended before it said {mark:?}:\n{said}");
            rest
        })
    }

    /// The port in the first address after this mark.
    pub(crate) fn port_after(&mut self, mark: &str) -> u16 {
        let rest = self.after(mark);
        let digits = rest.rsplit_once(':').map(|(_, port)| port.trim_matches(|c: char| !c.is_ascii_digit()));
        let first = digits.and_then(|d| d.split(|c: char| !c.is_ascii_digit()).next());
        first.and_then(|port| port.parse().ok()).unwrap_or_else(|| panic!("no port in {rest:?}"))
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "the signal {name} can be sent");
    }

    /// How it ended, waiting for the end and for the last of what it said.
    pub(crate) fn ended(&mut self, limit: Duration) -> ExitStatus {
        let status =
            wait_for("it ends", limit, || self.child.try_wait().expect("a child of ours can be waited for"));
        wait_for("its output ends", SOON, || (self.out.is_at_end() && self.err.is_at_end()).then_some(()));
        status
    }

    /// Ends it in good order and says how it ended.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.ended(SOON)
    }

    /// Whether it has ended.
    pub(crate) fn is_over(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|ended| ended.is_some())
    }

    /// Kills it on the spot.
    pub(crate) fn kill(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What came through a pipe so far.
#[derive(Debug, Clone, Default)]
struct Heard(Arc<Mutex<(String, bool)>>);

impl Heard {
    fn of(pipe: impl Read + Send + 'static) -> Self {
        let heard = Self::default();
        let writes = heard.clone();
        std::thread::spawn(move || {
            let (mut pipe, mut line) = (BufReader::new(pipe), Vec::new());
            while pipe.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                writes.0.lock().expect("no reader panics").0.push_str(&String::from_utf8_lossy(&line));
                line.clear();
            }
            writes.0.lock().expect("no reader panics").1 = true;
        });
        heard
    }

    fn text(&self) -> String {
        self.0.lock().expect("no reader panics").0.clone()
    }

    fn is_at_end(&self) -> bool {
        self.0.lock().expect("no reader panics").1
    }
}

/// The processes that were started by this one and still run; those that only wait to be collected do not count.
pub(crate) fn children_of(id: u32) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(|&child| parent(child) == Some(id)).collect()
}

/// Whether a process runs.
pub(crate) fn runs(id: u32) -> bool {
    parent(id).is_some()
}

/// The parent of a process that runs, from `/proc/ID/stat`: "ID (name) STATE PARENT …".
fn parent(id: u32) -> Option<u32> {
    let about = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let mut words = about.rsplit_once(')')?.1.split_whitespace();
    let state = words.next()?;
    words.next()?.parse().ok().filter(|_| state != "Z")
}

/// Every file and folder beneath a folder.
pub(crate) fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        found.push(entry.path());
        found.extend(files_in(&entry.path()));
    }
    found
}
