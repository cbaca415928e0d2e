//! Killed at any moment: what was acknowledged is there, the chain holds, and a group is there whole or not at all.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use candor_ledger::Ledger;

use crate::fixture::{Home, entry, passes};

/// Runs in each group: large enough that a kill falls into the middle of one.
const GROUP: usize = 200;
const PATH: &str = "CANDOR_TEST_LEDGER";

/// The writer, in a process of its own: says what was acknowledged, and never ends by itself.
#[test]
#[ignore = "the child of killed_at_any_moment_nothing_acknowledged_is_lost"]
fn writer() {
    let path = std::env::var_os(PATH).expect("the parent says where");
    let mut ledger = Ledger::open(Path::new(&path)).unwrap();
    let mut out = std::io::stdout();
    loop {
        let watermark = ledger.observe(&passes(GROUP, 10)).unwrap();
        writeln!(out, "\nkept {watermark} 0").unwrap();
        let head = ledger.append(&entry(watermark)).unwrap();
        writeln!(out, "\nkept {watermark} {}", head.seq).unwrap();
    }
}

fn spawn(home: &Home) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "crash::writer"])
        .env(PATH, &home.path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    (child, out)
}

/// Reads acknowledgements into `kept`, `most` of them or until the pipe ends.
fn read(out: &mut BufReader<ChildStdout>, most: u64, kept: &mut (u64, u64)) {
    let mut lines = 0;
    for line in out.lines().map_while(Result::ok) {
        let Some(said) = line.strip_prefix("kept ") else { continue };
        let (watermark, seq) = said.split_once(' ').unwrap();
        // The last line may be cut off in the middle, and then says less than was kept.
        let (Ok(watermark), Ok(seq)) = (watermark.parse::<u64>(), seq.parse::<u64>()) else { continue };
        *kept = (kept.0.max(watermark), kept.1.max(seq));
        lines += 1;
        if lines == most {
            return;
        }
    }
}

#[test]
fn killed_at_any_moment_nothing_acknowledged_is_lost() {
    let home = Home::new();
    let mut kept = (0, 0);
    for round in 0..10_u64 {
        let (mut child, mut out) = spawn(&home);
        // A different number of acknowledgements each time, then a moment that the scheduler chooses.
        read(&mut out, 1 + round * 7 % 11, &mut kept);
        child.kill().unwrap();
        child.wait().unwrap();
        read(&mut out, u64::MAX, &mut kept);

        let ledger = home.open();
        let verified = ledger.verify().unwrap();
        let watermark = ledger.watermark().unwrap();
        assert!(watermark >= kept.0, "round {round}: {watermark} of {kept:?}");
        assert!(verified.entries >= kept.1, "round {round}: {} of {kept:?}", verified.entries);
        assert_eq!(watermark % GROUP as u64, 0, "round {round}: half a group");
        assert_eq!(verified.entries, verified.signatures);
        let replayed = ledger.replay(0, 0, |_| std::ops::ControlFlow::Continue(())).unwrap();
        assert_eq!(replayed.observations, watermark);
        ledger.integrity().unwrap();
    }
    assert!(kept.0 > 0);
}
