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
    let recorder = Recorder::new(ledger, 3, keep, wires, Arc::default());
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
    let Desk::Here(ledger) = &recorder.desk else { panic!("it is away") };
    ledger
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
