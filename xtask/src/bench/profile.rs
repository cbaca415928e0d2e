//! `--profile ROW`: where a check's time goes. The hub of a row, built with symbols and frame pointers in a target folder
//! of its own, runs in its steady state while `perf` takes samples; each is folded into the phase of the innermost frame
//! that a phase knows, and counted as the kernel's or the program's own.
//!
//! Absent: pictures of flames. The file of samples stays where it is named, for `perf report`.

use std::any::Any;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::row::{Bench, Row};
use super::stand::{Hub, command, target_folder};
use crate::run::quietly_with;

const BUILD_LIMIT: Duration = Duration::from_secs(30 * 60);
const MEASURED_WITHIN: Duration = Duration::from_secs(240);
const WARM: Duration = Duration::from_secs(5);
const SECONDS: &str = "15";
const OTHER: &str = "other";

/// What is profiled: a plan of so many checks, and the server that it asks.
pub(crate) struct Subject {
    pub(crate) plan: String,
    pub(crate) checks: usize,
    pub(crate) server: Box<dyn Any>,
}

/// Phases, and what in a symbol's name belongs to each; from the narrowest to the widest.
const PHASES: &[(&str, &[&str])] = &[
    ("memory", &["malloc", "calloc", "_int_free", "cfree", "unlink_chunk"]),
    ("resolve", &["candor_names", "getaddrinfo"]),
    (
        "connect",
        &["__sys_connect", "__sys_socket", "__sys_bind", "setsockopt", "getsockopt", "candor_probe::connect"],
    ),
    ("write", &["sys_sendto", "sys_sendmsg", "sys_write", "do_writev"]),
    ("read", &["sys_recvfrom", "sys_recvmsg", "sys_read", "do_readv"]),
    ("close", &["__fput", "sys_close", "sys_shutdown"]),
    (
        "commit",
        &[
            "candor_ledger",
            "sqlite",
            "rusqlite",
            "fdatasync",
            "fsync",
            "sys_pwrite",
            "sys_pread",
            "candor_hub::recorder",
        ],
    ),
    ("publish", &["candor_page", "candor_hub::publish", "candor_hub::site", "brotli", "serde_json"]),
    ("decide", &["candor_core::engine", "candor_hub::decide", "candor_hub::span"]),
    ("schedule", &["candor_probe::schedule"]),
    ("parse", &["hyper", "httparse", "http::", "domain::", "url::"]),
    ("judge", &["candor_probe", "candor_core"]),
    (
        "runtime",
        &["tokio", "mio::", "epoll", "futex", "__schedule", "sched_yield", "sys_nanosleep", "eventfd"],
    ),
];

/// Prints where the time of a row's hub goes.
pub(crate) fn profile(bench: &Bench<'_>, row: &Row) -> Result<(), String> {
    let subject = row.profile.ok_or_else(|| format!("{} has no profile", row.id))?;
    let mut perf = command("perf")?;
    println!("{}: building with symbols ...", row.id);
    let candor = build(bench)?;
    let subject = subject()?;
    let hub = Hub::start(&candor, &subject.plan)?;
    hub.wait_until_measured(subject.checks, MEASURED_WITHIN)?;
    std::thread::sleep(WARM);
    println!("{}: taking samples for {SECONDS} s ...", row.id);
    let file = std::env::temp_dir().join(format!("candor-{}.perf", row.id));
    let runs = hub.figure("candor_runs_started_total")?;
    let process = hub.process().id().to_string();
    perf.args(["record", "-q", "-e", "cpu-clock", "-F", "997", "-g", "-p", &process, "-o"]);
    let recorded = quietly_with(perf.arg(&file).args(["--", "sleep", SECONDS]), MEASURED_WITHIN);
    let runs = hub.figure("candor_runs_started_total")? - runs;
    drop((hub, subject.server));
    let script =
        command("perf")?.args(["script", "--no-inline", "-F", "ip,sym,dso", "-i"]).arg(&file).output();
    let script = script.map_err(|error| format!("perf: {error}"))?;
    if !recorded.ok || !script.status.success() {
        return Err(format!("perf cannot take samples here: {}", recorded.output));
    }
    println!(
        "{}\nsamples are in {}",
        table(&fold(&String::from_utf8_lossy(&script.stdout)), runs),
        file.display()
    );
    Ok(())
}

fn build(bench: &Bench<'_>) -> Result<PathBuf, String> {
    let folder = target_folder(bench.root)?.join("profile");
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--quiet", "--release", "-p", "candor"]).current_dir(bench.root);
    cargo.env("CARGO_TARGET_DIR", &folder).env("CARGO_PROFILE_RELEASE_STRIP", "none");
    cargo
        .env("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only")
        .env("RUSTFLAGS", "-C force-frame-pointers=yes");
    let built = quietly_with(&mut cargo, BUILD_LIMIT);
    built
        .ok
        .then(|| folder.join("release/candor"))
        .ok_or_else(|| format!("it does not build: {}", built.output))
}

/// Samples by phase: the program's own, and the kernel's for it.
type Folded = BTreeMap<&'static str, (u32, u32)>;

/// Folds what `perf script` prints: samples apart by an empty line, a frame on each line, the innermost first.
fn fold(script: &str) -> Folded {
    let mut folded = Folded::new();
    for sample in script.split("\n\n").filter(|sample| !sample.trim().is_empty()) {
        let phase = sample.lines().find_map(phase_of).unwrap_or(OTHER);
        let (own, kernels) = folded.entry(phase).or_default();
        let in_kernel = sample.trim_start().lines().next().is_some_and(|frame| frame.contains("[kernel"));
        *(if in_kernel { kernels } else { own }) += 1;
    }
    folded
}

fn phase_of(frame: &str) -> Option<&'static str> {
    let known = |words: &[&str]| words.iter().any(|word| frame.contains(word));
    PHASES.iter().find(|(_, words)| known(words)).map(|(phase, _)| *phase)
}

fn table(folded: &Folded, runs: f64) -> String {
    let all: u32 = folded.values().map(|(own, kernels)| own + kernels).sum();
    let share = |samples: u32| format!("{:.1} %", 100.0 * f64::from(samples) / f64::from(all.max(1)));
    // A sample each 1/997 s.
    let per_check = |samples: u32| format!("{:.4} ms", f64::from(samples) * 1_000.0 / 997.0 / runs.max(1.0));
    let mut rows: Vec<_> = folded.iter().collect();
    rows.sort_by_key(|(_, (own, kernels))| std::cmp::Reverse(own + kernels));
    let line = |(phase, (own, kernels)): (&&str, &(u32, u32))| {
        let sum = own + kernels;
        format!("| {phase} | {} | {} | {} | {} |\n", per_check(sum), share(sum), share(*own), share(*kernels))
    };
    let lines: String = rows.into_iter().map(line).collect();
    format!(
        "\n| phase | CPU per check | of all | own | kernel |\n|---|---|---|---|---|\n{lines}| all | {} | 100 % | | |",
        per_check(all)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "\
\tffffffff81 tcp_v4_connect ([kernel.kallsyms])\n\tffffffff82 __sys_connect ([kernel.kallsyms])\n\
\t55 candor_probe::runner::Passage::take::{{closure}} (/x/candor)\n\t56 tokio::runtime::task (/x/candor)\n\n\
\t57 hyper::proto::h1::role::parse (/x/candor)\n\t56 tokio::runtime::task (/x/candor)\n\n\
\t58 malloc (libc.so.6)\n\t59 <candor_probe::runner::Runner as Probe>::run (/x/candor)\n\n\
\t60 main (/x/candor)\n\n";

    #[test]
    fn a_sample_belongs_to_the_innermost_phase_that_it_is_in() {
        let folded = fold(SCRIPT);
        assert_eq!(folded.get("connect"), Some(&(0, 1)));
        assert_eq!(folded.get("parse"), Some(&(1, 0)));
        assert_eq!(folded.get("memory"), Some(&(1, 0)));
        assert_eq!(folded.get("judge"), None);
        assert_eq!(folded.get(OTHER), Some(&(1, 0)));
        assert_eq!(folded.get("runtime"), None);
    }

    #[test]
    fn shares_add_up_in_the_table() {
        let table = table(&fold(SCRIPT), 4.0);
        assert!(table.contains("| parse | 0.2508 ms | 25.0 % | 25.0 % | 0.0 % |"), "{table}");
        assert!(table.ends_with("| all | 1.0030 ms | 100 % | | |"), "{table}");
    }
}
