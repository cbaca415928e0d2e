//! The recorder in trouble, and out of it again: a ledger that works, and trouble set by hand.

use candor_core::id::{CheckId, VantageId};
use candor_core::observation::Observation;
use candor_ledger::Logged;

use super::*;

struct Bench {
    recorder: Recorder,
    /// Held open, so that what is sent has somewhere to go.
    committed: mpsc::Receiver<Vec<Committed>>,
    control: mpsc::Receiver<Control>,
    runs: mpsc::Sender<Run>,
    jobs: mpsc::Sender<Job>,
    folder: tempfile::TempDir,
}

fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(&folder.path().join("candor.db")).unwrap();
    ledger.observe(&[run(), run(), run()]).unwrap();
    ledger.append(&entry(1)).unwrap();
    let (runs, runs_out) = mpsc::channel(8);
    let (jobs, jobs_out) = mpsc::channel(8);
    let (committed_in, committed) = mpsc::channel(8);
    let (engine, control) = mpsc::channel(64);
    let wires = Wires { runs: runs_out, jobs: jobs_out, committed: committed_in, engine };
    let day = Duration::from_secs(86_400);
    let keep = Keep { observations: day, minutes: day, hours: day };
    let ends = Ends { watermark: 3, head: 1, open_since: None };
    let recorder = Recorder::new(Holding::open(ledger), ends, keep, wires, Arc::default());
    Bench { recorder, committed, control, runs, jobs, folder }
}

fn run() -> Run {
    let now = clock::now();
    let observation =
        Observation { check: CheckId(7), observed_at: now, received_at: now, took_ms: 1, fault: None };
    Run { observation, steps: Vec::new(), evidence: None }
}

fn entry(watermark: u64) -> Entry {
    let what = Event::VantageSees { vantage: VantageId::new("here").unwrap() };
    Entry { at: clock::now(), watermark, ordinal: watermark, what }
}

fn kept(recorder: &Recorder) -> &Ledger {
    recorder.desk.ledger().expect("it is not away")
}

fn trouble() -> Option<Trouble> {
    let next_try = Instant::now() + TRY_AGAIN;
    Some(Trouble { since: clock::now(), why: "no space is left".into(), lost: 0, next_try })
}

/// The watermarks of the chain, and the gaps in it as (lost, why).
fn chain(ledger: &Ledger) -> (Vec<u64>, Vec<(u64, String)>) {
    let (mut marks, mut gaps) = (Vec::new(), Vec::new());
    ledger
        .replay(0, 0, |logged| {
            if let Logged::Entry(_, entry) = logged {
                marks.push(entry.watermark);
                if let Event::Gap { lost, why, .. } = entry.what {
                    gaps.push((lost, why));
                }
            }
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    ledger.verify().unwrap();
    (marks, gaps)
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_that_waited_are_kept_before_the_gap_that_they_waited_through() {
    let mut bench = bench();
    let recorder = &mut bench.recorder;
    recorder.trouble = trouble();
    recorder.take_jobs([Job::Append(entry(3))].into_iter()).await;
    recorder.take_group(vec![run(), run()]).await;
    assert_eq!(recorder.waiting.len(), 2);
    assert!(bench.committed.recv().await.unwrap().iter().all(|unrecorded| unrecorded.seq == 3));
    recorder.catch_up().await;
    assert!(recorder.trouble.is_none(), "{:?}", recorder.trouble);
    assert_eq!(chain(kept(recorder)), (vec![1, 3, 3], vec![(0, "no space is left".into())]));
    assert_eq!(kept(recorder).watermark().unwrap(), 5);
    let told = std::iter::from_fn(|| bench.control.try_recv().ok()).collect::<Vec<_>>();
    assert!(matches!(told.last(), Some(Control::Recording(None))), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_keep_coming_do_not_put_off_the_next_try() {
    let mut bench = bench();
    bench.recorder.trouble = trouble();
    let due = bench.recorder.trouble.as_ref().unwrap().next_try;
    bench.recorder.take_group(vec![run()]).await;
    bench.recorder.fail(&LedgerError::Full).await;
    assert_eq!(bench.recorder.trouble.as_ref().unwrap().next_try, due);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_can_never_be_kept_does_not_stop_the_others() {
    let mut bench = bench();
    let jobs = [entry(2), entry(999), entry(3)].map(Job::Append);
    bench.recorder.take_jobs(jobs.into_iter()).await;
    assert!(bench.recorder.trouble.is_none());
    let (marks, gaps) = chain(kept(&bench.recorder));
    assert_eq!(marks, [1, 2, 3, 3]);
    assert_eq!(gaps.len(), 1);
    assert_eq!(gaps[0].0, 1, "{gaps:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_came_in_trouble_is_the_last_accepted_one_afterwards() {
    let mut bench = bench();
    let plan = candor_config::for_url("http://127.0.0.1:1/", &candor_config::Process, clock::now()).unwrap();
    let config = Accepted { hash: "abc".into(), files: vec![("candor.yaml".into(), "services: []".into())] };
    bench.recorder.trouble = trouble();
    let job = Job::Plan { at: clock::now(), plan: Arc::new(plan.plan), config };
    bench.recorder.take_jobs([job].into_iter()).await;
    assert_eq!(kept(&bench.recorder).last_config().unwrap(), None);
    bench.recorder.catch_up().await;
    assert_eq!(kept(&bench.recorder).last_config().unwrap().unwrap().hash, "abc");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_measured_before_the_end_is_kept_also_where_there_was_trouble() {
    let Bench { mut recorder, committed, control, runs, jobs, folder } = bench();
    recorder.trouble = trouble();
    runs.send(run()).await.unwrap();
    jobs.send(Job::Append(entry(3))).await.unwrap();
    drop((committed, control, jobs));
    recorder.work().await;
    let ledger = Ledger::open(&folder.path().join("candor.db")).unwrap();
    assert_eq!(ledger.watermark().unwrap(), 4);
    assert_eq!(chain(&ledger).0, [1, 3, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_answers_too_late_holds_up_nothing_and_keeps_nothing_twice() {
    let mut bench = bench();
    let recorder = &mut bench.recorder;
    let (go_on, hold) = std::sync::mpsc::channel::<()>();
    let held = recorder.desk.ask(move |ledger| {
        hold.recv().expect("the test lets go because it goes on");
        // What was asked of it is done after nobody waits any more.
        ledger.observe(&[run(), run()])?;
        ledger.append_all(&[entry(2)])
    });
    let error = held.await.unwrap_err();
    recorder.fail(&error).await;
    recorder.wait_with(&[run(), run(), run()]);
    recorder.take_jobs([entry(2), entry(3)].map(Job::Append).into_iter()).await;
    recorder.catch_up().await;
    assert!(recorder.trouble.is_some(), "it is still away");
    recorder.take_group(vec![run()]).await;
    assert_eq!(bench.committed.recv().await.unwrap().len(), 1);
    go_on.send(()).unwrap();
    while recorder.trouble.is_some() {
        recorder.catch_up().await;
        tokio::task::yield_now().await;
    }
    // Three from before, two that came late, two more that had waited; and no entry twice.
    assert_eq!(kept(recorder).watermark().unwrap(), 3 + 2 + 1 + 1);
    assert_eq!(chain(kept(recorder)).0, [1, 2, 3, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_late_ledger_kept_is_not_taken_for_what_was_measured_after_it() {
    let mut bench = bench();
    let recorder = &mut bench.recorder;
    let numbered = |took_ms: u32| {
        let run = run();
        Run { observation: Observation { took_ms, ..run.observation }, ..run }
    };
    let (go_on, hold) = std::sync::mpsc::channel::<()>();
    let first: Vec<Run> = (0..500).map(numbered).collect();
    let late = first.clone();
    let held = recorder.desk.ask(move |ledger| {
        hold.recv().expect("the test lets go because it goes on");
        ledger.observe(&late)
    });
    let error = held.await.unwrap_err();
    recorder.fail(&error).await;
    recorder.wait_with(&first);
    // More than there is room for: the first 500 are given up, and 200 behind them.
    let last = u32::try_from(WAITING_MAX).unwrap() + 700;
    recorder.wait_with(&(500..last).map(numbered).collect::<Vec<_>>());
    assert_eq!(recorder.stats.lost.load(Ordering::Relaxed), 700);
    go_on.send(()).unwrap();
    while recorder.trouble.is_some() {
        recorder.catch_up().await;
        tokio::task::yield_now().await;
    }
    let mut kept_numbers = Vec::new();
    kept(recorder)
        .replay(3, 1, |logged| {
            if let Logged::Observation(_, seen) = logged {
                kept_numbers.push(seen.took_ms);
            }
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    let expected = (0..500).chain(700..last);
    // Not all of them on a screen: the first that differs says enough.
    let differs = expected.clone().zip(&kept_numbers).find(|(expected, kept)| expected != *kept);
    assert_eq!((differs, kept_numbers.len()), (None, expected.count()));
    assert_eq!(recorder.stats.lost.load(Ordering::Relaxed), 200, "what the ledger has is not lost");
    assert_eq!(chain(kept(recorder)).1, vec![(200, "the ledger failed: it does not answer".into())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_that_was_kept_late_is_not_told_twice() {
    let mut bench = bench();
    let recorder = &mut bench.recorder;
    recorder.trouble = trouble();
    let at = clock::now();
    let gap = Event::Gap { from: at, to: at, lost: 7, why: "no space is left".into() };
    let gap = Entry { at, watermark: 1, ordinal: 0, what: gap };
    // As it stands when the ledger did not answer in time, and did the work all the same.
    let late = gap.clone();
    recorder.entries.push_front(gap);
    recorder.gap_waits = true;
    recorder.trouble.as_mut().unwrap().lost = 7 + 2;
    recorder.desk.ask(move |ledger| ledger.append(&late)).await.unwrap();
    recorder.take_jobs([Job::Append(entry(3))].into_iter()).await;
    recorder.catch_up().await;
    let lost: Vec<u64> = chain(kept(recorder)).1.into_iter().map(|(lost, _)| lost).collect();
    assert_eq!(lost, [7, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_open_incident_rests_on_is_not_pruned() {
    let mut bench = bench();
    let recorder = &mut bench.recorder;
    let ago = |hours: u64| clock::now().saturating_sub(Duration::from_secs(hours * 3_600)).unwrap();
    let old = |hours: u64| {
        let observation =
            Observation { received_at: ago(hours), observed_at: ago(hours), ..run().observation };
        Run { observation, ..run() }
    };
    // Behind the three of now, which would stop pruning, stands a ledger of its own.
    let mut ledger = Ledger::open(&bench.folder.path().join("old.db")).unwrap();
    ledger.observe(&[old(90), old(60), old(48), old(30)]).unwrap();
    ledger.snapshot(4, 0, b"state").unwrap();
    recorder.desk = Desk::new(Holding::open(ledger), Arc::default());
    let left = |recorder: &Recorder| kept(recorder).recent_runs(10).unwrap().len();
    let snapshot = |open_since| Job::Snapshot { watermark: 4, bytes: b"state".to_vec(), open_since };
    recorder.ends = Ends { watermark: 4, head: 0, open_since: Some(ago(48)) };
    recorder.housekeep().await;
    assert_eq!(left(recorder), 2, "an hour from before it is kept as well");
    recorder.take_jobs([snapshot(None)].into_iter()).await;
    recorder.housekeep().await;
    assert_eq!(left(recorder), 0, "it is over");
}
