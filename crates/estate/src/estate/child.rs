//! One process of the estate: started, ordered, watched, killed.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

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
}

impl Child {
    /// Starts a role and waits until it is ready.
    pub(super) async fn start(
        options: &EstateOptions,
        args: &RoleArgs,
        dir: &Path,
    ) -> Result<Self, EstateError> {
        let mut child = Self::spawn(options, args, dir)?;
        match child.line(READY_WITHIN).await? {
            line if line == "ready" => Ok(child),
            line => match line.strip_prefix("taken ") {
                Some(why) => Err(EstateError::Taken { why: format!("{}: {why}", args.listen) }),
                None => Err(child.fault(&format!("said {line:?} instead of getting ready"))),
            },
        }
    }

    fn spawn(options: &EstateOptions, args: &RoleArgs, dir: &Path) -> Result<Self, EstateError> {
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
        Ok(Self { role, process, orders, answers: BufReader::new(answers).lines(), log })
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
