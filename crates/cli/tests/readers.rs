//! The page among thousands of connections that want nothing, are slow, or never end, and under `wrk` at full speed:
//! checks stay on time, memory stays bounded, and whoever comes gets the page.
//!
//! What is late is measured by the hub itself and held against the interval of its checks, not against a clock on the
//! wall. There are as many connections as the limit on descriptors lets this process hold, ten thousand at most; the test
//! fails where that is less than a thousand.

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::candor::{Running, candor};
use support::http::{get, status, text};
use support::origin::Origin;
use support::wait_for;

/// Connections that say nothing, where the system allows so many.
const IDLE: usize = 10_000;
/// Connections that are slow, one way or another.
const SLOW: usize = 1_000;
/// Checks beside them.
const CHECKS: u32 = 40;
/// Their interval: a run that starts later than that is not on time.
const EVERY: Duration = Duration::from_secs(2);
/// Runs of each check that are watched.
const ROUNDS: u32 = 4;
/// A connection may cost so much memory at most, whatever it does.
const BYTES_EACH: u64 = 40 << 10;
const PATIENCE: Duration = Duration::from_secs(60);

/// A hub that watches one site with many checks.
struct Stand {
    hub: Running,
    page: u16,
    operators: u16,
    _origin: Origin,
    folder: tempfile::TempDir,
}

impl Stand {
    fn start() -> Self {
        let (folder, origin) = (tempfile::tempdir().expect("there is room for a folder"), Origin::start());
        config(folder.path(), &origin);
        let mut hub = Running::start(candor(folder.path()).arg("serve"));
        let (page, operators) = (hub.port_after("Status page "), hub.port_after("Operators "));
        let stand = Self { hub, page, operators, _origin: origin, folder };
        wait_for("all is green", PATIENCE, || {
            status(page).filter(|seen| text(seen, "/overall") == "operational").map(drop)
        });
        stand
    }

    fn figure(&self, name: &str) -> u64 {
        let told = get(self.operators, "/metrics").expect("operators are answered").body;
        let line = told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name} in {told}"))
    }

    /// What the process has in memory, in bytes.
    fn memory(&self) -> u64 {
        let path = format!("/proc/{}/status", self.hub.id());
        let told = std::fs::read_to_string(&path).expect("the hub runs");
        let line = told.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a resident size");
        line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).expect("a number") << 10
    }

    /// Waits until every check has run so often, has `meanwhile` done all the time, and holds that none was late, none
    /// was skipped, and the page stayed green for everyone who asked.
    fn stays_on_time(&self, mut meanwhile: impl FnMut()) {
        let skipped = self.figure("candor_runs_skipped_total");
        let end = self.figure("candor_runs_started_total") + u64::from(CHECKS * ROUNDS);
        let begun = Instant::now();
        let mut asked = 0;
        while self.figure("candor_runs_started_total") < end {
            meanwhile();
            let seen = status(self.page).expect("a new reader is answered");
            assert_eq!(text(&seen, "/overall"), "operational", "the page stays green");
            assert_eq!(get(self.page, "/").expect("a new reader is answered").status, 200);
            asked += 1;
            assert!(begun.elapsed() < PATIENCE, "runs go on: {asked} pages were read meanwhile");
        }
        let late = Duration::from_millis(self.figure("candor_start_late_max_milliseconds"));
        assert!(late < EVERY, "the latest run came {late:?} late, its interval is {EVERY:?}");
        assert_eq!(self.figure("candor_runs_skipped_total"), skipped, "no run was skipped");
        assert_eq!(get(self.operators, "/healthz").expect("operators are answered").status, 200);
    }
}

/// Many checks of one site, and a page large enough that a slow reader holds up its writer.
fn config(folder: &Path, origin: &Origin) {
    let ids: Vec<String> = (0..CHECKS).map(|n| format!("s{n}")).collect();
    let journey = format!("[{{get: \"{}\", expect: {{text: Top charts}}}}]", origin.url());
    let every = EVERY.as_secs();
    let text = format!(
        "page: {{title: Shop status, listen: \"127.0.0.1:0\"}}\noperate: {{listen: \"127.0.0.1:0\"}}\n\
         defaults: {{every: {every}s, timeout: 1s, deadline: 1s}}\n\
         templates: {{web: {{capabilities: {{open: {{journey: {journey}}}}}}}}}\n\
         services: [{{ids: [{}], template: web}}]\n",
        ids.join(", ")
    );
    std::fs::write(folder.join("candor.yaml"), text).expect("a config can be written");
}

/// Takes as many descriptors as there may be, and says how many connections of each kind there can be.
fn room() -> (usize, usize) {
    let own = std::process::id().to_string();
    let limits = std::fs::read_to_string("/proc/self/limits").expect("Linux says its limits");
    let line = limits.lines().find(|line| line.starts_with("Max open files")).expect("there is one on files");
    let hard = line.split_whitespace().nth(4).and_then(|n| n.parse::<usize>().ok()).unwrap_or(usize::MAX);
    let raised = Command::new("prlimit").args(["--pid", &own, &format!("--nofile={hard}:{hard}")]).status();
    assert!(raised.is_ok_and(|status| status.success()), "prlimit is needed (Debian package util-linux)");
    // The hub keeps a quarter of its seats for others, and some for its own; it has the same limit as this process.
    let (slow, idle) = (SLOW.min(hard / 20), IDLE.min(hard / 2));
    assert!(
        idle >= 1_000,
        "with at most {hard} descriptors this shows nothing; raise the hard limit (ulimit -Hn)"
    );
    (idle, slow)
}

/// What a connection does with its time.
#[derive(Clone, Copy)]
enum Habit {
    /// Says nothing.
    Idle,
    /// Sends the head a byte at a time.
    SlowToAsk,
    /// Asks, and takes a byte at a time.
    SlowToRead,
    /// Asks, and hangs up its half.
    HalfClosed,
    /// Asks again and again, and never reads.
    Deaf,
}

/// A connection with a habit; one that was cut comes again.
struct Guest {
    port: u16,
    habit: Habit,
    stream: Option<TcpStream>,
}

const ASK: &[u8] = b"GET /api/v1/status HTTP/1.1\r\nhost: status.example\r\n\r\n";

impl Guest {
    fn come(&mut self) {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return };
        // All of these fit into the socket's buffer; what does not is not sent.
        let _ = stream.set_nonblocking(true);
        let _ = match self.habit {
            Habit::Idle => Ok(()),
            Habit::SlowToAsk => stream.write_all(b"GET / HTTP/1.1\r\nx-slow: "),
            Habit::SlowToRead => stream.write_all(ASK),
            Habit::HalfClosed => stream.write_all(ASK).and_then(|()| stream.shutdown(Shutdown::Write)),
            Habit::Deaf => stream.write_all(&ASK.repeat(100)),
        };
        self.stream = Some(stream);
    }

    /// Goes on with its habit.
    fn act(&mut self) {
        let Some(stream) = &mut self.stream else { return self.come() };
        let done = match self.habit {
            Habit::SlowToAsk => stream.write(b"x"),
            Habit::Deaf | Habit::HalfClosed => stream.peek(&mut [0]),
            Habit::Idle | Habit::SlowToRead => stream.read(&mut [0]),
        };
        let cut = match done {
            Ok(0) => true,
            Ok(_) => false,
            Err(error) => error.kind() != ErrorKind::WouldBlock,
        };
        if cut {
            self.come();
        }
    }
}

/// What the process was started with.
fn environment(hub: &Running) -> String {
    let bytes = std::fs::read(format!("/proc/{}/environ", hub.id())).expect("the hub runs");
    String::from_utf8_lossy(&bytes).replace('\0', "\n")
}

#[test]
fn what_is_let_go_is_not_kept_for_each_thread_unless_the_operator_wants_it_so() {
    let stand = Stand::start();
    assert!(environment(&stand.hub).contains("MALLOC_ARENA_MAX=1\n"));
    let mut command = candor(stand.folder.path());
    let mut own =
        Running::start(command.args(["serve", "--ledger", "other.db"]).env("MALLOC_ARENA_MAX", "7"));
    own.port_after("Status page ");
    assert!(
        environment(&own).contains("MALLOC_ARENA_MAX=7\n") && !environment(&own).contains("MMAP_THRESHOLD")
    );
}

#[test]
fn checks_stay_on_time_beside_ten_thousand_idle_and_a_thousand_slow_connections() {
    let (idle, slow) = room();
    let stand = Stand::start();
    let (before, port) = (stand.memory(), stand.page);
    let guest = |habit| Guest { port, habit, stream: None };
    let habits = [Habit::SlowToAsk, Habit::SlowToRead, Habit::HalfClosed, Habit::Deaf];
    let mut guests: Vec<Guest> = habits.iter().cycle().take(slow).map(|habit| guest(*habit)).collect();
    guests.extend((0..idle).map(|_| guest(Habit::Idle)));
    guests.iter_mut().for_each(Guest::come);
    let mut highest = 0;
    stand.stays_on_time(|| {
        guests.iter_mut().for_each(Guest::act);
        highest = highest.max(stand.memory());
    });
    let here = guests.iter().filter(|guest| guest.stream.is_some()).count();
    assert!(here > (idle + slow) * 9 / 10, "{here} of {} are there", idle + slow);
    let each = highest.saturating_sub(before) / u64::try_from(idle + slow).unwrap();
    assert!(each <= BYTES_EACH, "a connection costs {each} bytes");
}

#[test]
fn checks_stay_on_time_while_wrk_reads_at_full_speed() {
    let stand = Stand::start();
    let page = format!("http://127.0.0.1:{}/", stand.page);
    let mut wrk = Command::new("wrk");
    wrk.args(["-t2", "-c256", "-d60s", "-H", "accept-encoding: br", &page]);
    let wrk = wrk.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
    let mut wrk = wrk.expect("wrk can be started (Debian package wrk)");
    let (before, begun) = (stand.memory(), Instant::now());
    stand.stays_on_time(|| ());
    assert!(wrk.try_wait().is_ok_and(|ended| ended.is_none()), "wrk ran all the time: {:?}", begun.elapsed());
    let grown = stand.memory().saturating_sub(before) / 256;
    drop(wrk.kill());
    drop(wrk.wait());
    assert!(grown <= BYTES_EACH * 4, "a busy connection costs {grown} bytes");
}
