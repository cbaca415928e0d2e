//! Runs another program without its noise: the output is kept in a file and handed over only when asked for.
//!
//! Every run has a limit; past it the program is asked to stop (SIGTERM) and, if it will not, killed.
//! A run that takes long says every minute that it is still at it, so that a silent CI is not taken for a dead one.
//! Standard input is closed: nothing here may wait for an answer.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How often the child is looked at.
const POLL: Duration = Duration::from_millis(50);
/// How often a long run says that it is still running.
const SIGN_OF_LIFE: Duration = Duration::from_secs(60);
/// How long a program that was asked to stop may take to do so.
const GRACE: Duration = Duration::from_secs(10);

/// How a program ended, and all it said.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// It ended by itself with exit code 0.
    pub(crate) ok: bool,
    /// Standard output and standard error, as they came.
    pub(crate) output: String,
    /// From start to end.
    pub(crate) took: Duration,
}

/// Runs `program` in `folder` and waits for it, `limit` at most.
pub(crate) fn quietly(folder: &Path, program: &str, args: &[&str], limit: Duration) -> Outcome {
    quietly_with(Command::new(program).args(args).current_dir(folder), limit)
}

/// Runs a command that the caller has prepared.
pub(crate) fn quietly_with(command: &mut Command, limit: Duration) -> Outcome {
    let begun = Instant::now();
    let log = log_path();
    let result = spawn(command, &log).map(|child| wait(child, begun, limit));
    let mut output =
        std::fs::read(&log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    // The log is ours and already read; one that cannot be removed costs a file in the temporary folder.
    drop(std::fs::remove_file(&log));
    let ok = match result {
        Ok(Ended::Alone(status)) => status.success(),
        Ok(Ended::Stopped) => {
            output.push_str(&format!("\nstopped: it ran longer than {} s\n", limit.as_secs()));
            false
        }
        Err(error) => {
            output.push_str(&format!("cannot run {}: {error}\n", command.get_program().to_string_lossy()));
            false
        }
    };
    Outcome { ok, output, took: begun.elapsed() }
}

/// The standard output of a program that takes no time, or `None` if it is not there or fails.
pub(crate) fn ask(folder: &Path, program: &str, args: &[&str]) -> Option<String> {
    let answer = Command::new(program).args(args).current_dir(folder).stdin(Stdio::null()).output().ok()?;
    answer.status.success().then(|| String::from_utf8_lossy(&answer.stdout).into_owned())
}

enum Ended {
    Alone(ExitStatus),
    Stopped,
}

/// What cargo tells a program that it runs about that program's package. A cargo started from here must not hear it:
/// build scripts that look at it (ring's) would build everything above them anew, back and forth.
const OUR_PACKAGE: [&str; 4] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_NAME", "CARGO_CRATE_NAME"];

/// Keeps from a command what cargo told this program about its package.
pub(crate) fn forget_our_package(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| OUR_PACKAGE.iter().any(|ours| name.starts_with(ours))) {
            command.env_remove(&name);
        }
    }
}

fn spawn(command: &mut Command, log: &Path) -> std::io::Result<Child> {
    forget_our_package(command);
    let file = File::create(log)?;
    let twin = file.try_clone()?;
    command.stdin(Stdio::null()).stdout(file).stderr(twin).spawn()
}

fn wait(mut child: Child, begun: Instant, limit: Duration) -> Ended {
    let mut said = begun;
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Ended::Alone(status);
        }
        if begun.elapsed() > limit {
            stop(&mut child);
            return Ended::Stopped;
        }
        if said.elapsed() > SIGN_OF_LIFE {
            said = Instant::now();
            println!("    still running after {} s", begun.elapsed().as_secs());
        }
        std::thread::sleep(POLL);
    }
}

/// Asks first, because a test runner that is asked takes its tests' servers down with it.
fn stop(child: &mut Child) {
    let asked = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    let patience = Instant::now();
    while asked.is_ok() && patience.elapsed() < GRACE {
        if matches!(child.try_wait(), Ok(Some(_))) {
            return;
        }
        std::thread::sleep(POLL);
    }
    drop(child.kill());
    drop(child.wait());
}

fn log_path() -> std::path::PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("candor-xtask-{}-{number}.log", std::process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here() -> std::path::PathBuf {
        std::env::current_dir().unwrap()
    }

    #[test]
    fn both_streams_are_kept_and_the_exit_code_decides() {
        let outcome =
            quietly(&here(), "sh", &["-c", "echo out; echo err >&2; exit 3"], Duration::from_secs(30));
        assert!(!outcome.ok);
        assert_eq!(outcome.output, "out\nerr\n");
    }

    #[test]
    fn a_run_past_its_limit_is_stopped_and_fails() {
        let outcome = quietly(&here(), "sleep", &["600"], Duration::from_millis(100));
        assert!(!outcome.ok);
        assert!(outcome.output.contains("stopped"), "{}", outcome.output);
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let outcome = quietly(&here(), "no-such-program-here", &[], Duration::from_secs(1));
        assert!(!outcome.ok);
        assert!(outcome.output.contains("no-such-program-here"), "{}", outcome.output);
    }
}
