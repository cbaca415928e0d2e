//! Processes that a row starts and measures: their CPU and memory by the kernel's count, and their end.
//!
//! Times have the resolution of the kernel's clock ticks, a hundredth of a second: windows are chosen long enough for it.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

/// The kernel counts CPU time in hundredths of a second (`getconf CLK_TCK`; fixed at 100 in its interface).
const TICKS_PER_SECOND: f64 = 100.0;

/// A process that serves while a row measures; asked to stop with this value, so that its own children go too.
#[derive(Debug)]
pub(in super::super) struct Server(Child);

impl Server {
    pub(in super::super) fn start(command: &mut Command) -> Result<Self, String> {
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let name = quiet.get_program().to_string_lossy().into_owned();
        quiet.spawn().map(Self).map_err(|error| format!("{name} cannot be started: {error}"))
    }

    /// The same, with what it says in a file.
    pub(in super::super) fn start_telling(command: &mut Command, log: &Path) -> Result<Self, String> {
        let name = command.get_program().to_string_lossy().into_owned();
        let file = File::create(log).map_err(|error| format!("{}: {error}", log.display()))?;
        let telling = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file);
        telling.spawn().map(Self).map_err(|error| format!("{name} cannot be started: {error}"))
    }

    /// Whether it has ended by itself.
    pub(in super::super) fn is_over(&self) -> bool {
        std::fs::read_to_string(format!("/proc/{}/stat", self.id())).map_or(true, |stat| {
            stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z'))
        })
    }

    pub(in super::super) fn id(&self) -> u32 {
        self.0.id()
    }

    /// CPU seconds used so far, its own and the kernel's for it.
    pub(in super::super) fn cpu_seconds(&self) -> Result<f64, String> {
        ticks(&format!("/proc/{}/stat", self.id()), USER)
    }

    /// Resident memory at its highest, in MiB.
    pub(in super::super) fn peak_mib(&self) -> Result<f64, String> {
        let path = format!("/proc/{}/status", self.id());
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|rest| rest.split_whitespace().next()).and_then(|n| n.parse::<f64>().ok());
        kib.map(|kib| kib / 1024.0).ok_or_else(|| format!("{path} has no VmHWM"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(Command::new("kill").arg("-TERM").arg(self.id().to_string()).status());
        drop(self.0.wait());
    }
}

/// Runs a program to its end: what it printed, and the CPU seconds that it took.
pub(in super::super) fn spent(command: &mut Command) -> Result<(f64, String), String> {
    // The kernel adds up the times of children that were waited for: one at a time, then, for the whole program.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _alone = ONE_AT_A_TIME.lock();
    let name = command.get_program().to_string_lossy().into_owned();
    let before = ticks("/proc/self/stat", CHILDREN_USER)?;
    let out = command.stdin(Stdio::null()).output().map_err(|error| format!("{name}: {error}"))?;
    let took = ticks("/proc/self/stat", CHILDREN_USER)? - before;
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    if !out.status.success() {
        return Err(format!("{name} fails: {said}{}", String::from_utf8_lossy(&out.stderr)));
    }
    Ok((took, said))
}

/// Nanoseconds that this thread has spent on a CPU.
pub(in super::super) fn own_nanoseconds() -> Result<f64, String> {
    let path = "/proc/thread-self/schedstat";
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    let first = text.split_whitespace().next().and_then(|word| word.parse().ok());
    first.ok_or_else(|| format!("{path} has another form than expected"))
}

/// Where user time stands in `/proc/PID/stat` after the name in parentheses; system time is the word after (proc(5)).
const USER: usize = 11;
/// The same two of children that were waited for.
const CHILDREN_USER: usize = 13;

/// The word at `at` and the one after it, as seconds.
fn ticks(path: &str, at: usize) -> Result<f64, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    sum_of_ticks(&text, at).ok_or_else(|| format!("{path} has another form than proc(5) says"))
}

fn sum_of_ticks(stat: &str, at: usize) -> Option<f64> {
    let words: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let ticks = |at: usize| words.get(at).and_then(|word| word.parse::<f64>().ok());
    Some((ticks(at)? + ticks(at + 1)?) / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_any_name_of_a_program() {
        let stat = "7 (a (b) c) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 30 20 20 0 1 0 1";
        assert_eq!(sum_of_ticks(stat, USER), Some(3.0));
        assert_eq!(sum_of_ticks(stat, CHILDREN_USER), Some(0.5));
        assert_eq!(sum_of_ticks("7 (x) S 1", USER), None);
    }

    #[test]
    fn the_cpu_of_a_program_is_counted_with_its_children() {
        let count = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo done";
        let (seconds, said) = spent(Command::new("sh").args(["-c", count])).unwrap();
        assert!(seconds > 0.0);
        assert_eq!(said, "done\n");
        assert!(spent(Command::new("sh").args(["-c", "exit 3"])).is_err());
    }

    #[test]
    fn a_server_that_ends_by_itself_is_noticed() {
        let server = Server::start(Command::new("true").arg("x")).unwrap();
        while !server.is_over() {
            std::thread::yield_now();
        }
        assert!(!Server::start(Command::new("sleep").arg("60")).unwrap().is_over());
    }

    #[test]
    fn a_thread_knows_what_it_spent() {
        let before = own_nanoseconds().unwrap();
        let sum = (0..2_000_000_u64).fold(0_u64, |sum, n| std::hint::black_box(sum ^ n));
        std::hint::black_box(sum);
        assert!(own_nanoseconds().unwrap() > before);
    }
}
