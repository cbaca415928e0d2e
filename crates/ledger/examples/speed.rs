//! How quickly the ledger writes and reads here: `cargo run --release -p candor-ledger --example speed [FOLDER]`.
//!
//! One thread; groups of 1,000 runs of three steps each, every group synced; every hundredth run fails with evidence.
//! Prints runs per second written, rolled up and replayed, and entries per second verified.

use std::error::Error;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

use candor_core::Timestamp;
use candor_core::entry::{Entry, Event};
use candor_core::fault::{Fault, Kind};
use candor_core::id::CheckId;
use candor_core::observation::{Evidence, Observation, Phases, Run, StepReport};
use candor_ledger::Ledger;

const GROUPS: u64 = 200;
const GROUP: u64 = 1_000;
const ENTRIES: u32 = 200;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = tempfile::TempDir::new_in(folder)?;
    let path = folder.path().join("candor.db");
    let mut ledger = Ledger::open(&path)?;
    let groups = (0..GROUPS).map(group).collect::<Result<Vec<_>, _>>()?;

    let clock = Instant::now();
    for runs in &groups {
        ledger.observe(runs)?;
    }
    say("runs written", GROUPS * GROUP, clock)?;

    let clock = Instant::now();
    while ledger.roll_up()?.more {}
    say("runs rolled up", GROUPS * GROUP, clock)?;

    let clock = Instant::now();
    let replayed = ledger.replay(0, 0, |_| ControlFlow::Continue(()))?;
    say("observations replayed", replayed.observations, clock)?;

    let clock = Instant::now();
    let at = Timestamp::UNIX_EPOCH;
    for ordinal in 0..u64::from(ENTRIES) {
        ledger.append(&Entry { at, watermark: 1, ordinal, what: Event::Stopped })?;
    }
    say("entries appended one by one", u64::from(ENTRIES), clock)?;

    let clock = Instant::now();
    say("entries verified", ledger.verify()?.entries, clock)?;
    let bytes = std::fs::metadata(&path)?.len();
    writeln!(std::io::stdout(), "{:>12} bytes a run", bytes / (GROUPS * GROUP))?;
    Ok(())
}

fn group(nth: u64) -> Result<Vec<Run>, Box<dyn Error>> {
    (0..GROUP).map(|n| run(nth, n)).collect()
}

fn run(nth: u64, n: u64) -> Result<Run, Box<dyn Error>> {
    let at =
        Timestamp::from_second(1_426_060_000 + i64::try_from(nth)?).map_err(|error| error.to_string())?;
    let failing = n.is_multiple_of(100);
    let step = StepReport {
        step: "get".to_owned(),
        target: format!("https://shop.example/gb/{n}"),
        passed: !failing,
        phases: Phases {
            dns_us: Some(310),
            connect_us: Some(420),
            tls_us: Some(1_900),
            first_byte_us: Some(7_000),
            body_us: Some(90),
        },
        address: Some("192.0.2.7:443".to_owned()),
        certificate: None,
    };
    let evidence = Evidence {
        lines: vec!["HTTP/1.1 503 Service Unavailable".to_owned(); 10],
        body: "sorry ".repeat(300),
    };
    let observation = Observation {
        check: CheckId(n.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        observed_at: at,
        received_at: at,
        took_ms: 120,
        fault: failing.then(|| Fault::new(Kind::HttpStatus, 2, "503 where 200 was expected")),
    };
    Ok(Run { observation, steps: vec![step; 3], evidence: failing.then_some(evidence) })
}

fn say(what: &str, count: u64, since: Instant) -> std::io::Result<()> {
    let nanos = since.elapsed().as_nanos().max(1);
    writeln!(std::io::stdout(), "{:>12} {what} a second", u128::from(count) * 1_000_000_000 / nanos)
}
