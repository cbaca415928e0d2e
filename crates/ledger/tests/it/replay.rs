//! Reading back: the order of decision, snapshots, configurations, and a reader beside a writer.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use candor_core::fault::Kind;
use candor_ledger::{CONFIGS_KEPT, Ledger, LedgerError, Logged, Reader, Replayed, SNAPSHOTS_KEPT};
use proptest::prelude::*;

use crate::fixture::{Home, at, entry, passes, run};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Seen {
    O(u64),
    E(u64),
}

fn replayed(reader: &Reader, after_watermark: u64, after_entry: u64) -> (Vec<Seen>, Replayed) {
    let mut seen = Vec::new();
    let sum = reader
        .replay(after_watermark, after_entry, |logged| {
            seen.push(match logged {
                Logged::Observation(seq, _) => Seen::O(seq),
                Logged::Entry(seq, _) => Seen::E(seq),
            });
            ControlFlow::Continue(())
        })
        .unwrap();
    (seen, sum)
}

#[test]
fn an_entry_comes_after_the_observations_it_was_decided_on() {
    let home = Home::new();
    let mut ledger = home.open();
    ledger.append(&entry(0)).unwrap();
    ledger.observe(&passes(3, 10)).unwrap();
    ledger.append(&entry(2)).unwrap();
    ledger.append(&entry(3)).unwrap();
    ledger.observe(&passes(1, 11)).unwrap();
    use Seen::{E, O};
    assert_eq!(replayed(&ledger, 0, 0).0, [E(1), O(1), O(2), E(2), O(3), E(3), O(4)]);
    let (seen, sum) = replayed(&ledger, 2, 2);
    assert_eq!(seen, [O(3), E(3), O(4)]);
    assert_eq!(sum, Replayed { observations: 2, entries: 1, pruned: 0 });
}

#[test]
fn what_is_read_back_is_what_was_kept() {
    let home = Home::new();
    let mut ledger = home.open();
    let runs = [run("buy", 10, 120, None), run("browse", 11, 30, Some(Kind::ContentApologyPage))];
    ledger.observe(&runs).unwrap();
    let kept = entry(2);
    ledger.append(&kept).unwrap();
    let mut seen = Vec::new();
    let _ = ledger.replay(0, 0, |logged| {
        seen.push(logged);
        ControlFlow::Continue(())
    });
    let observation = |n: usize| Logged::Observation(n as u64 + 1, runs[n].observation.clone());
    assert_eq!(seen, [observation(0), observation(1), Logged::Entry(1, Box::new(kept))]);
    let recent = ledger.recent_runs(10).unwrap();
    assert_eq!(recent, [(2, runs[1].clone()), (1, runs[0].clone())]);
}

#[test]
fn a_replay_stops_where_it_is_told() {
    let home = Home::new();
    let mut ledger = home.open();
    ledger.observe(&passes(9, 10)).unwrap();
    let sum = ledger.replay(0, 0, |logged| match logged {
        Logged::Observation(4, _) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    assert_eq!(sum.unwrap().observations, 4);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn a_snapshot_and_the_rest_make_the_whole(groups in proptest::collection::vec((0_usize..4, 0_usize..3), 1..8), cut in 0_usize..8) {
        let home = Home::new();
        let mut ledger = home.open();
        let mut marks = vec![(0, 0)];
        for (observations, entries) in groups {
            let watermark = ledger.observe(&passes(observations, 10)).unwrap();
            let head = ledger.append_all(&vec![entry(watermark); entries]).unwrap();
            marks.push((watermark, head.map_or(0, |head| head.seq)));
        }
        let (whole, _) = replayed(&ledger, 0, 0);
        let (watermark, entry_seq) = marks[cut % marks.len()];
        let first = whole.iter().filter(|seen| match seen {
            Seen::O(seq) => *seq <= watermark,
            Seen::E(seq) => *seq <= entry_seq,
        });
        let (rest, _) = replayed(&ledger, watermark, entry_seq);
        let joined: Vec<_> = first.copied().chain(rest).collect();
        prop_assert_eq!(joined, whole);
        ledger.verify().unwrap();
    }
}

#[test]
fn a_damaged_snapshot_falls_back_to_the_one_before() {
    let home = Home::new();
    let mut ledger = home.open();
    ledger.observe(&passes(5, 10)).unwrap();
    assert_eq!(ledger.latest_snapshot().unwrap(), None);
    for watermark in 1..=5 {
        ledger.snapshot(watermark, 0, &[u8::try_from(watermark).unwrap(); 10_000]).unwrap();
    }
    let watermark = |ledger: &Ledger| ledger.latest_snapshot().unwrap().map(|snapshot| snapshot.watermark);
    assert_eq!(watermark(&ledger), Some(5));
    home.tamper("UPDATE snapshots SET bytes = zeroblob(10000) WHERE watermark = 5");
    assert_eq!(watermark(&ledger), Some(4));
    home.tamper("UPDATE snapshots SET entry_seq = 7, checksum = 'x' WHERE watermark = 4");
    assert_eq!(watermark(&ledger), Some(3));
    home.tamper("DELETE FROM snapshots WHERE watermark = 3");
    assert_eq!(watermark(&ledger), None, "only the last {SNAPSHOTS_KEPT} are kept");
}

#[test]
fn a_snapshot_ahead_of_the_logs_is_refused() {
    let home = Home::new();
    let mut ledger = home.open();
    assert!(matches!(ledger.snapshot(1, 0, b""), Err(LedgerError::Refused(_))));
    assert!(matches!(ledger.snapshot(0, 1, b""), Err(LedgerError::Refused(_))));
}

#[test]
fn the_last_accepted_config_comes_back_whole() {
    let home = Home::new();
    let mut ledger = home.open();
    assert_eq!(ledger.last_config().unwrap(), None);
    for n in 0..=i64::from(CONFIGS_KEPT) {
        let text = format!("page: {{title: 'é {n}'}}\n");
        ledger.keep_config(at(n), &format!("h{n}"), &[("candor.yaml", &text), ("more.yaml", "")]).unwrap();
    }
    drop(ledger);
    let mut ledger = home.open();
    let text = "page: {title: 'é 10'}\n";
    ledger.keep_config(at(99), "h10", &[("candor.yaml", text), ("more.yaml", "")]).unwrap();
    let config = ledger.last_config().unwrap().unwrap();
    assert_eq!((config.hash.as_str(), config.at), ("h10", at(10)), "kept once");
    assert_eq!(config.files[0], ("candor.yaml".to_owned(), "page: {title: 'é 10'}\n".to_owned()));
    home.tamper("UPDATE configs SET files = '[]' WHERE hash = 'h10'");
    assert_eq!(ledger.last_config().unwrap().unwrap().hash, "h9");
}

#[test]
fn readers_see_whole_groups_while_a_writer_writes() {
    let home = Home::new();
    let mut ledger = home.open();
    ledger.append(&entry(0)).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for _ in 0..60 {
                let watermark = ledger.observe(&passes(10, 10)).unwrap();
                ledger.append(&entry(watermark)).unwrap();
            }
            done.store(true, Ordering::Release);
        });
        let reader = Ledger::open_to_read(&home.path).unwrap();
        let copied = reader.backup(&home.beside("copy.db")).unwrap();
        assert!(copied.entries > 0);
        while !done.load(Ordering::Acquire) && !writer.is_finished() {
            let (seen, sum) = replayed(&reader, 0, 0);
            assert_eq!(seen.len() as u64, sum.observations + sum.entries);
            assert_eq!(sum.observations % 10, 0);
            assert!(sum.entries * 10 >= sum.observations, "at most the last group waits for its entry");
            reader.verify().unwrap();
        }
        writer.join().unwrap();
    });
    assert_eq!(ledger.verify().unwrap().entries, 61);
}
