//! One process of the estate: started, ordered, watched, killed.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, prlimit};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{ChildStdin, ChildStdout, Command};

use super::{EstateError, EstateOptions};
use crate::role::{Role, RoleArgs};

/// How long a role may take to get ready.
const READY_WITHIN: Duration = Duration::from_secs(20);
/// How long a role may take to obey.
const OBEYS_WITHIN: Duration = Duration::from_secs(5);
/// How long to wait for a killed process to be gone.
const GONE_WITHIN: Duration = Duration::from_secs(2);
/// How often to look, meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// How much of a log's end is shown, in bytes.
const LOG_TAIL: usize = 600;

/// A process that runs a role.
#[derive(Debug)]
pub(super) struct Child {
    role: Role,
    process: tokio::process::Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    log: PathBuf,
    paused: bool,
    limited: bool,
}

impl Child {
    /// Starts a role and waits until it is ready.
    pub(super) async fn start(
        options: &EstateOptions,
        args: &RoleArgs,
        dir: &Path,
    ) -> Result<Self, EstateError> {
        let mut child = Self::spawn(options, args, dir)?;
        child.ready(args).await.map(|()| child)
    }

    /// Waits until it is ready.
    pub(super) async fn ready(&mut self, args: &RoleArgs) -> Result<(), EstateError> {
        match self.line(READY_WITHIN).await? {
            line if line == "ready" => Ok(()),
            line => match line.strip_prefix("taken ") {
                Some(why) => Err(EstateError::Taken { why: format!("{}: {why}", args.listen) }),
                None => Err(self.fault(&format!("said {line:?} instead of getting ready"))),
            },
        }
    }

    /// Starts a role, which gets ready by itself.
    pub(super) fn spawn(options: &EstateOptions, args: &RoleArgs, dir: &Path) -> Result<Self, EstateError> {
        let role = args.role;
        let log = dir.join(format!("{}.log", role.word()));
        let opened = OpenOptions::new().create(true).append(true).open(&log);
        let lines = opened.map_err(|source| EstateError::File { file: log.clone(), source })?;
        let spawn_error = |source| EstateError::Spawn { exe: options.exe.clone(), source };
        let mut process = Command::new(&options.exe)
            .args(&options.lead)
            .args(args.to_words())
            .current_dir(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::from(lines))
            // Ctrl-C at the terminal is for whoever started the estate, who then stops the roles.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(spawn_error)?;
        let (Some(orders), Some(answers)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(spawn_error(std::io::Error::other("its pipes are missing")));
        };
        let answers = BufReader::new(answers).lines();
        Ok(Self { role, process, orders, answers, log, paused: false, limited: false })
    }

    /// Gives an order and waits until it is obeyed. A role that does not answer as it should is killed: what is in
    /// force in it is not known, and its next start begins from what should be.
    pub(super) async fn order(&mut self, order: &str) -> Result<(), EstateError> {
        let obeyed = self.try_order(order).await;
        if obeyed.is_err() {
            drop(self.process.start_kill());
        }
        obeyed
    }

    async fn try_order(&mut self, order: &str) -> Result<(), EstateError> {
        if let Err(error) = self.orders.write_all(format!("{order}\n").as_bytes()).await {
            return Err(self.fault(&format!("does not hear the order {order:?}: {error}")));
        }
        match self.line(OBEYS_WITHIN).await? {
            line if line == "done" => Ok(()),
            line => Err(self.fault(&format!("answered {line:?} to the order {order:?}"))),
        }
    }

    async fn line(&mut self, within: Duration) -> Result<String, EstateError> {
        match tokio::time::timeout(within, self.answers.next_line()).await {
            Ok(Ok(Some(line))) => Ok(line),
            Ok(Ok(None) | Err(_)) => Err(self.fault("ended")),
            Err(_) => Err(self.fault(&format!("said nothing for {} s", within.as_secs()))),
        }
    }

    /// Its process id, while it runs.
    pub(super) fn pid(&mut self) -> Option<u32> {
        match self.process.try_wait() {
            Ok(None) => self.process.id(),
            Ok(Some(_)) | Err(_) => None,
        }
    }

    /// Stops it in its tracks: it holds what it has, and does nothing.
    pub(super) fn pause(&mut self) -> Result<(), EstateError> {
        if !self.paused {
            self.signal(Signal::STOP)?;
            self.paused = true;
        }
        Ok(())
    }

    /// Lets it go on.
    pub(super) fn resume(&mut self) -> Result<(), EstateError> {
        if self.paused {
            self.signal(Signal::CONT)?;
            self.paused = false;
        }
        Ok(())
    }

    pub(super) const fn is_paused(&self) -> bool {
        self.paused
    }

    /// Lets it write nothing more to files, as on a disk that is full, or again what it may.
    pub(super) fn limit(&mut self, full: bool) -> Result<(), EstateError> {
        if self.limited == full {
            return Ok(());
        }
        let ours = getrlimit(Resource::Fsize);
        let current = if full { Some(0) } else { ours.current };
        let pid = self.process_id()?;
        prlimit(Some(pid), Resource::Fsize, Rlimit { current, maximum: ours.maximum })
            .map_err(|error| self.fault(&format!("its files cannot be limited: {error}")))?;
        self.limited = full;
        Ok(())
    }

    fn signal(&mut self, signal: Signal) -> Result<(), EstateError> {
        let pid = self.process_id()?;
        kill_process(pid, signal).map_err(|error| self.fault(&format!("takes no signal: {error}")))
    }

    fn process_id(&mut self) -> Result<Pid, EstateError> {
        let pid = self.pid().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
        pid.ok_or_else(|| self.fault("does not run"))
    }

    /// Tells it to end (SIGTERM), and waits; one that does not is killed. The end of its orders would mean that the whole
    /// estate has ended.
    pub(super) async fn end(mut self) {
        drop(self.resume());
        drop(self.signal(Signal::TERM));
        if tokio::time::timeout(GONE_WITHIN, self.process.wait()).await.is_err() {
            drop(self.process.kill().await);
        }
    }

    /// Kills it and waits until it is gone.
    pub(super) async fn kill(&mut self) {
        // It fails only where the process has gone already.
        drop(self.process.kill().await);
    }

    /// Kills it and waits, without a runtime.
    pub(super) fn kill_now(&mut self) {
        drop(self.process.start_kill());
        let begun = Instant::now();
        while matches!(self.process.try_wait(), Ok(None)) && begun.elapsed() < GONE_WITHIN {
            std::thread::sleep(LOOK_EVERY);
        }
    }

    fn fault(&self, what: &str) -> EstateError {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let from = (log.len().saturating_sub(LOG_TAIL)..=log.len()).find(|at| log.is_char_boundary(*at));
        let tail = from.and_then(|from| log.get(from..)).unwrap_or_default().trim();
        let why = if tail.is_empty() { what.to_owned() } else { format!("{what}; its log ends:\n{tail}") };
        EstateError::Role { role: self.role, why }
    }
}
