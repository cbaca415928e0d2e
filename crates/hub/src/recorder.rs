//! The recorder: the only holder of the ledger.
//!
//! Runs are kept in groups, as many as have come in while the last group was written, and passed on to the engine only
//! after that: what is decided on is durable. Entries, spans, rollups and snapshots are kept in between.
//!
//! Where the ledger cannot be written, or does not answer, runs are passed on all the same, marked unrecorded, and wait in a bounded
//! buffer; the page says that history is not being recorded; when it can be written again the buffer is kept, and a gap
//! entry says what was lost.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use candor_core::Timestamp;
use candor_core::entry::{Entry, Event, LedgerHead};
use candor_core::id::CellKey;
use candor_core::model::{Keep, Plan};
use candor_core::observation::Run;
use candor_core::view::Day;
use candor_ledger::{Ledger, LedgerError, Span};
use jiff::civil::Date;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::clock;
use crate::decide::Control;
use crate::desk::{Desk, Holding};
use crate::vitals::Ailment;

/// Time between two groups at least: a few runs are kept at once, many share one sync of the disk.
const GATHER: Duration = Duration::from_millis(50);
/// Runs in one group at most.
const GROUP_MAX: usize = 1_000;
/// Jobs taken at once; entries among them that stand together are kept in one group.
const JOBS_MAX: usize = 256;
/// Runs that wait for the ledger at most, while it cannot be written; older ones are lost to history first.
const WAITING_MAX: usize = 20_000;
/// Entries that wait at most.
const ENTRIES_MAX: usize = 5_000;
/// Time between two tries while the ledger cannot be written.
const TRY_AGAIN: Duration = Duration::from_secs(2);
/// Time between two rounds of rollups and retention.
const HOUSEKEEP_EVERY: Duration = Duration::from_secs(30);
/// How long a round may hold up the runs that wait; what is left comes with the next.
const HOUSEKEEP_FOR: Duration = Duration::from_millis(200);
/// What was seen so long before an open incident began is kept with it: how it looked when all was well.
const EVIDENCE_BEFORE: Duration = Duration::from_secs(3_600);
/// Days that spans of a moment ago can have fallen into: today, and yesterday around midnight.
const DAYS_TOUCHED: u32 = 2;
/// Days of history that the page shows.
pub(crate) const HISTORY_DAYS: u32 = 90;

/// What else the ledger is asked to keep.
#[derive(Debug)]
pub(crate) enum Job {
    /// An entry.
    Append(Entry),
    /// Time in each verdict.
    Spans(Vec<Span>),
    /// The engine's state, with the watermark it stands at, and since when the oldest open incident fails.
    Snapshot { watermark: u64, bytes: Vec<u8>, open_since: Option<Timestamp> },
    /// A plan that came into force at a moment, and the config it was made from.
    Plan { at: Timestamp, plan: Arc<Plan>, config: Accepted },
}

/// A config that was accepted.
#[derive(Debug, Clone)]
pub(crate) struct Accepted {
    /// The hash of its source.
    pub(crate) hash: String,
    /// Its files by name, secrets still as references.
    pub(crate) files: Vec<(String, String)>,
}

/// A run after the ledger had it.
#[derive(Debug)]
pub(crate) struct Committed {
    /// Its number, or the last number before it where it could not be kept.
    pub(crate) seq: u64,
    /// The run.
    pub(crate) run: Run,
}

/// The recorder's figures.
#[derive(Debug, Default)]
pub(crate) struct RecorderStats {
    pub(crate) runs: AtomicU64,
    pub(crate) groups: AtomicU64,
    pub(crate) entries: AtomicU64,
    pub(crate) unrecorded: AtomicU64,
    pub(crate) waiting: AtomicU64,
    /// Runs and entries that history will never have.
    pub(crate) lost: AtomicU64,
    /// 1 while nothing can be kept.
    pub(crate) in_trouble: AtomicU64,
    /// The longest wait for the ledger since somebody looked, in milliseconds.
    pub(crate) waited_ms: Arc<AtomicU64>,
}

impl RecorderStats {
    /// Takes the longest wait for the ledger since it was last taken. For one taker alone.
    pub(crate) fn take_wait(&self) -> Duration {
        Duration::from_millis(self.waited_ms.swap(0, Ordering::Relaxed))
    }
}

/// What a start could not keep, and why not: kept as soon as that works.
#[derive(Debug)]
pub(crate) struct Unkept {
    pub(crate) entries: Vec<Entry>,
    pub(crate) plan: (Timestamp, Arc<Plan>, Accepted),
    pub(crate) why: LedgerError,
}

/// Where the two logs end, as far as is known for sure, and since when what is in them is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ends {
    /// The last observation.
    pub(crate) watermark: u64,
    /// The last entry.
    pub(crate) head: u64,
    /// When the oldest open incident began.
    pub(crate) open_since: Option<Timestamp>,
}

/// Ends of the queues that the recorder works between.
#[derive(Debug)]
pub(crate) struct Wires {
    pub(crate) runs: mpsc::Receiver<Run>,
    pub(crate) jobs: mpsc::Receiver<Job>,
    pub(crate) committed: mpsc::Sender<Vec<Committed>>,
    pub(crate) engine: mpsc::Sender<Control>,
}

/// The recorder at work. Holds the ledger until all senders of jobs are gone.
#[derive(Debug)]
pub(crate) struct Recorder {
    desk: Desk,
    wires: Wires,
    keep: Keep,
    /// What the ledger is known to have.
    ends: Ends,
    /// Runs and entries that were given up for want of room since then: they stood before those that wait.
    given_up: (u64, u64),
    /// Entries that the ledger refused since the last gap.
    refused: u64,
    /// Whether the first entry that waits is the gap of this trouble.
    gap_waits: bool,
    trouble: Option<Trouble>,
    waiting: VecDeque<Run>,
    entries: VecDeque<Entry>,
    /// The plan in force, where it is not kept yet.
    plan: Option<(Timestamp, Arc<Plan>, Accepted)>,
    /// Whether the engine was told that rollups fail.
    ill: bool,
    /// When the next group may be written.
    next_group: Instant,
    stats: Arc<RecorderStats>,
}

/// Since when nothing can be kept, and what that cost so far.
#[derive(Debug)]
struct Trouble {
    since: Timestamp,
    why: String,
    lost: u64,
    next_try: Instant,
}

impl Recorder {
    pub(crate) fn new(
        holding: Holding,
        ends: Ends,
        keep: Keep,
        wires: Wires,
        stats: Arc<RecorderStats>,
    ) -> Self {
        Self {
            desk: Desk::new(holding, Arc::clone(&stats.waited_ms)),
            wires,
            keep,
            ends,
            given_up: (0, 0),
            refused: 0,
            gap_waits: false,
            trouble: None,
            waiting: VecDeque::new(),
            entries: VecDeque::new(),
            plan: None,
            ill: false,
            next_group: Instant::now(),
            stats,
        }
    }

    /// Works as [`work`](Self::work), and begins in trouble where a start could not keep what it had to.
    pub(crate) async fn work_from(mut self, unkept: Option<Unkept>) {
        if let Some(Unkept { entries, plan, why }) = unkept {
            self.entries.extend(entries);
            self.plan = Some(plan);
            self.fail(&why).await;
        }
        self.work().await;
    }

    /// Works until nobody can send jobs any more.
    pub(crate) async fn work(mut self) {
        let mut housekeep = tokio::time::interval(HOUSEKEEP_EVERY);
        housekeep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut group = Vec::with_capacity(GROUP_MAX);
        let mut jobs = Vec::with_capacity(JOBS_MAX);
        let mut runs_end = false;
        loop {
            let try_again = self.trouble.as_ref().map_or_else(|| Instant::now() + TRY_AGAIN, |t| t.next_try);
            tokio::select! {
                biased;
                // Rare and short, so they come first: else a busy hub would never get to them.
                () = tokio::time::sleep_until(try_again), if self.trouble.is_some() => self.catch_up().await,
                _ = housekeep.tick() => self.housekeep().await,
                n = self.wires.jobs.recv_many(&mut jobs, JOBS_MAX) => {
                    if n == 0 {
                        return self.finish().await;
                    }
                    self.take_jobs(jobs.drain(..)).await;
                }
                n = self.wires.runs.recv_many(&mut group, GROUP_MAX), if !runs_end => {
                    runs_end = n == 0;
                    self.take_group(std::mem::take(&mut group)).await;
                }
            }
        }
    }

    /// Nobody decides any more: what is still here is kept for the next start, if it can be.
    async fn finish(&mut self) {
        let mut runs = Vec::new();
        while let Ok(run) = self.wires.runs.try_recv() {
            runs.push(run);
        }
        self.take_group(runs).await;
        if self.trouble.is_some() {
            self.catch_up().await;
        }
    }

    /// Waits for the next moment at which a group may be written, and takes what came in until then.
    async fn gather(&mut self, runs: &mut Vec<Run>) {
        if Instant::now() < self.next_group {
            tokio::time::sleep_until(self.next_group).await;
        }
        while runs.len() < GROUP_MAX
            && let Ok(run) = self.wires.runs.try_recv()
        {
            runs.push(run);
        }
        self.next_group = Instant::now() + GATHER;
    }

    async fn take_group(&mut self, mut runs: Vec<Run>) {
        if runs.is_empty() {
            return;
        }
        self.gather(&mut runs).await;
        let received_at = clock::now();
        for run in &mut runs {
            run.observation.received_at = received_at;
        }
        if self.trouble.is_none() {
            let group = Arc::new(runs);
            let kept = self.keep_runs(Arc::clone(&group)).await;
            // A ledger that is late still holds it; else it is ours alone again.
            runs = Arc::try_unwrap(group).unwrap_or_else(|shared| Vec::clone(&shared));
            match kept {
                Ok(last) => {
                    let first = last.saturating_sub(runs.len() as u64) + 1;
                    let committed = (first..).zip(runs).map(|(seq, run)| Committed { seq, run }).collect();
                    let _ = self.wires.committed.send(committed).await;
                    return;
                }
                Err(error) => self.fail(&error).await,
            }
        }
        self.wait_with(&runs);
        // The engine takes numbers that never fall; unrecorded ones share the last.
        let committed = runs.into_iter().map(|run| Committed { seq: self.ends.watermark, run });
        let _ = self.wires.committed.send(committed.collect()).await;
    }

    async fn keep_runs(&mut self, runs: Arc<Vec<Run>>) -> Result<u64, LedgerError> {
        let n = runs.len() as u64;
        self.ends.watermark = self.desk.ask(move |ledger| ledger.observe(&runs)).await?;
        self.stats.runs.fetch_add(n, Ordering::Relaxed);
        self.stats.groups.fetch_add(1, Ordering::Relaxed);
        Ok(self.ends.watermark)
    }

    fn wait_with(&mut self, runs: &[Run]) {
        self.stats.unrecorded.fetch_add(runs.len() as u64, Ordering::Relaxed);
        self.waiting.extend(runs.iter().cloned());
        while self.waiting.len() > WAITING_MAX {
            self.waiting.pop_front();
            self.given_up.0 += 1;
            self.lose(1);
        }
        self.stats.waiting.store(self.waiting.len() as u64, Ordering::Relaxed);
    }

    fn lose(&mut self, n: u64) {
        self.stats.lost.fetch_add(n, Ordering::Relaxed);
        if let Some(trouble) = &mut self.trouble {
            trouble.lost += n;
        }
    }

    /// What was given up for lost, and the ledger had after all.
    fn find_again(&mut self, n: u64) {
        self.stats.lost.fetch_sub(n, Ordering::Relaxed);
        if let Some(trouble) = &mut self.trouble {
            trouble.lost = trouble.lost.saturating_sub(n);
        }
    }

    async fn take_jobs(&mut self, jobs: impl Iterator<Item = Job>) {
        for job in jobs {
            match job {
                Job::Append(entry) => self.entries.push_back(entry),
                other => {
                    // In their order: a snapshot must stand behind the entries before it.
                    self.append_or_fail().await;
                    self.take_job(other).await;
                }
            }
        }
        self.append_or_fail().await;
    }

    async fn append_or_fail(&mut self) {
        if self.trouble.is_none()
            && !self.entries.is_empty()
            && let Err(error) = self.append_waiting().await
        {
            self.fail(&error).await;
        }
        while self.entries.len() > ENTRIES_MAX {
            // The gap in front of the others may be in the ledger already; they are not.
            self.entries.remove(usize::from(self.gap_waits));
            self.given_up.1 += u64::from(!self.gap_waits);
            self.lose(1);
        }
    }

    async fn take_job(&mut self, job: Job) {
        if let Job::Snapshot { open_since, .. } = &job {
            self.ends.open_since = *open_since;
        }
        let outcome = match job {
            Job::Append(_) => Ok(()),
            Job::Plan { at, plan, config } => {
                self.keep = plan.keep.clone();
                self.plan = Some((at, plan, config));
                if self.trouble.is_some() { Ok(()) } else { self.keep_waiting_plan().await }
            }
            // Days have a gap where nothing is recorded, and a snapshot is only a quicker start.
            Job::Spans(_) | Job::Snapshot { .. } if self.trouble.is_some() => Ok(()),
            Job::Spans(spans) => self.keep_spans(spans).await,
            Job::Snapshot { watermark, bytes, .. } => self.snapshot(watermark, bytes).await,
        };
        match outcome {
            Ok(()) => {}
            // A bug of ours, which trying again does not mend.
            Err(error @ LedgerError::Refused(_)) => tracing::error!(%error, "something is lost to history"),
            Err(error) => self.fail(&error).await,
        }
    }

    async fn keep_waiting_plan(&mut self) -> Result<(), LedgerError> {
        let Some((at, plan, config)) = self.plan.clone() else { return Ok(()) };
        let kept = self.desk.ask(move |ledger| keep_plan(ledger, at, &plan, &config)).await;
        if matches!(kept, Ok(()) | Err(LedgerError::Refused(_))) {
            self.plan = None;
        }
        kept
    }

    /// A snapshot stands behind the entries before it: where those still wait, there is none.
    async fn snapshot(&mut self, watermark: u64, bytes: Vec<u8>) -> Result<(), LedgerError> {
        if !self.entries.is_empty() {
            return Ok(());
        }
        let work = move |ledger: &mut Ledger| {
            let entry_seq = ledger.head()?.map_or(0, |head| head.seq);
            ledger.snapshot(watermark, entry_seq, &bytes)
        };
        self.desk.ask(work).await
    }

    async fn append_waiting(&mut self) -> Result<(), LedgerError> {
        let entries: Vec<Entry> = self.entries.iter().cloned().collect();
        let n = entries.len() as u64;
        match self.desk.ask(move |ledger| ledger.append_all(&entries)).await {
            Ok(head) => {
                self.stats.entries.fetch_add(n, Ordering::Relaxed);
                self.entries.clear();
                self.tell_head(head).await;
                Ok(())
            }
            Err(LedgerError::Refused(why)) => self.append_each(why).await,
            Err(error) => Err(error),
        }
    }

    /// One of the entries that wait can never be kept, which is a bug of ours: it goes, and a gap says so. The others
    /// must not wait behind it for ever.
    async fn append_each(&mut self, why: String) -> Result<(), LedgerError> {
        let from = self.entries.front().map_or_else(clock::now, |entry| entry.at);
        while let Some(entry) = self.entries.front().cloned() {
            let text = format!("{entry:?}");
            match self.desk.ask(move |ledger| ledger.append(&entry)).await {
                Ok(head) => self.tell_head(Some(head)).await,
                Err(LedgerError::Refused(why)) => {
                    tracing::error!(%why, entry = text, "an entry is lost to history");
                    self.refused += 1;
                    self.stats.lost.fetch_add(1, Ordering::Relaxed);
                }
                Err(error) => return Err(error),
            }
            self.entries.pop_front();
        }
        self.append_gap(from, 0, why).await
    }

    /// A gap stands behind what was kept, because the chain's watermarks never go back. Nothing else may wait. What was
    /// refused meanwhile is lost as well.
    async fn append_gap(&mut self, from: Timestamp, lost: u64, why: String) -> Result<(), LedgerError> {
        let watermark = self.desk.ask(|ledger| ledger.decided()).await?;
        let to = clock::now();
        let what = Event::Gap { from: from.min(to), to, lost: lost + self.refused, why };
        self.entries.push_front(Entry { at: to, watermark, ordinal: 0, what });
        self.gap_waits = true;
        let entry = self.entries.front().cloned();
        let head = self.desk.ask(move |ledger| entry.map(|entry| ledger.append(&entry)).transpose()).await?;
        self.entries.pop_front();
        (self.gap_waits, self.refused) = (false, 0);
        self.stats.entries.fetch_add(1, Ordering::Relaxed);
        self.tell_head(head).await;
        Ok(())
    }

    async fn tell_head(&mut self, head: Option<LedgerHead>) {
        if let Some(head) = head {
            self.ends.head = head.seq;
            let _ = self.wires.engine.send(Control::Head(head)).await;
        }
    }

    /// Trouble begins; where there is some already, that goes on and is tried again when it is due.
    async fn fail(&mut self, error: &LedgerError) {
        if self.trouble.is_some() {
            return;
        }
        let (since, why) = (clock::now(), error.to_string());
        tracing::error!(%why, "history is not being recorded; the page goes on");
        self.stats.in_trouble.store(1, Ordering::Relaxed);
        let next_try = Instant::now() + TRY_AGAIN;
        self.trouble = Some(Trouble { since, why: why.clone(), lost: 0, next_try });
        let _ = self.wires.engine.send(Control::Recording(Some((since, why)))).await;
    }

    /// Keeps what has waited; where that works, the trouble is over and a gap entry says what it cost.
    async fn catch_up(&mut self) {
        if let Err(error) = self.keep_all_that_waits().await {
            tracing::debug!(%error, "still not recorded");
            if let Some(trouble) = &mut self.trouble {
                trouble.next_try = Instant::now() + TRY_AGAIN;
            }
            return;
        }
        let lost = self.trouble.take().map_or(0, |trouble| trouble.lost);
        self.stats.in_trouble.store(0, Ordering::Relaxed);
        tracing::info!(lost, "history is recorded again");
        let _ = self.wires.engine.send(Control::Recording(None)).await;
    }

    async fn keep_all_that_waits(&mut self) -> Result<(), LedgerError> {
        self.find_out().await?;
        let mut at_once = GROUP_MAX;
        while !self.waiting.is_empty() {
            let runs: Vec<Run> = self.waiting.iter().take(at_once).cloned().collect();
            let n = runs.len();
            match self.keep_runs(Arc::new(runs)).await {
                // One of them can never be kept: it must not hold up the others for ever.
                Err(LedgerError::Refused(_)) if n > 1 => {
                    at_once = 1;
                    continue;
                }
                Err(LedgerError::Refused(why)) => {
                    tracing::error!(%why, "a run is lost to history");
                    self.lose(1);
                }
                outcome => drop(outcome?),
            }
            self.waiting.drain(..n);
            self.stats.waiting.store(self.waiting.len() as u64, Ordering::Relaxed);
        }
        match self.keep_waiting_plan().await {
            Err(LedgerError::Refused(why)) => tracing::error!(%why, "a config is not kept"),
            outcome => outcome?,
        }
        if !self.entries.is_empty() {
            self.append_waiting().await?;
        }
        let Some(trouble) = &self.trouble else { return Ok(()) };
        let (since, lost, why) = (trouble.since, trouble.lost, trouble.why.clone());
        self.append_gap(since, lost, why).await
    }

    /// What the ledger did after nobody waited for it any more, it did from the front of what waits, or waited before
    /// it was given up.
    async fn find_out(&mut self) -> Result<(), LedgerError> {
        let marks = |ledger: &mut Ledger| Ok((ledger.watermark()?, ledger.head()?));
        let (watermark, head) = self.desk.ask(marks).await?;
        let of = |n: u64, len: usize| usize::try_from(n).unwrap_or(usize::MAX).min(len);
        let (runs_given_up, entries_given_up) = std::mem::take(&mut self.given_up);
        let kept = watermark.saturating_sub(self.ends.watermark);
        let found = kept.min(runs_given_up);
        self.find_again(found);
        self.waiting.drain(..of(kept - found, self.waiting.len()));
        self.stats.waiting.store(self.waiting.len() as u64, Ordering::Relaxed);
        self.ends.watermark = watermark;
        let seq = head.as_ref().map_or(0, |head| head.seq);
        let kept = seq.saturating_sub(self.ends.head);
        if std::mem::take(&mut self.gap_waits) {
            self.find_gap(kept > 0);
        } else {
            let found = kept.min(entries_given_up);
            self.find_again(found);
            self.entries.drain(..of(kept - found, self.entries.len()));
        }
        self.tell_head(head).await;
        Ok(())
    }

    /// The gap that stood in front: where it was kept, the trouble goes on from its end; else it is made anew.
    fn find_gap(&mut self, kept: bool) {
        let gap = self.entries.pop_front();
        if let (true, Some(Event::Gap { to, lost, .. })) = (kept, gap.map(|gap| gap.what)) {
            let told = lost.saturating_sub(std::mem::take(&mut self.refused));
            if let Some(trouble) = &mut self.trouble {
                (trouble.since, trouble.lost) = (to, trouble.lost.saturating_sub(told));
            }
        }
    }

    /// Keeps time in verdicts, and tells the engine what the days that it fell into are like now.
    async fn keep_spans(&mut self, spans: Vec<Span>) -> Result<(), LedgerError> {
        let today = today(clock::now());
        let work = move |ledger: &mut Ledger| {
            ledger.record_spans(&spans)?;
            ledger.history(DAYS_TOUCHED, today)
        };
        let days = self.desk.ask(work).await?;
        let _ = self.wires.engine.send(Control::History(days, today)).await;
        Ok(())
    }

    async fn housekeep(&mut self) {
        if self.trouble.is_some() {
            return;
        }
        let (now, keep) = (clock::now(), self.keep.clone());
        let pinned = self.ends.open_since.map(|since| since.saturating_sub(EVIDENCE_BEFORE).unwrap_or(since));
        let work = move |ledger: &mut Ledger| {
            let begun = Instant::now();
            while ledger.roll_up()?.more && begun.elapsed() < HOUSEKEEP_FOR {}
            while ledger.prune(now, &keep, pinned)?.more && begun.elapsed() < HOUSEKEEP_FOR {}
            Ok(())
        };
        match self.desk.ask(work).await {
            Ok(()) => self.tell_ill(None).await,
            Err(error @ (LedgerError::Corrupt(_) | LedgerError::Refused(_))) => {
                tracing::error!(%error, "rollups and retention fail");
                self.tell_ill(Some(format!("Rollups and retention fail: {error}."))).await;
            }
            // The disk: new runs will meet it as well.
            Err(error) => self.fail(&error).await,
        }
    }

    async fn tell_ill(&mut self, what: Option<String>) {
        if self.ill != what.is_some() {
            self.ill = what.is_some();
            let _ = self.wires.engine.send(Control::Part("rollups", what.map(Ailment::ill))).await;
        }
    }
}

/// Keeps the names of a plan's checks, and the config it was made from.
pub(crate) fn keep_plan(
    ledger: &mut Ledger,
    at: Timestamp,
    plan: &Plan,
    config: &Accepted,
) -> Result<(), LedgerError> {
    let checks: Vec<_> = plan
        .cells()
        .flat_map(|(_, _, cell)| cell.checks.iter().map(|c| (c.id, cell.key.clone(), c.vantage.clone())))
        .collect();
    ledger.name_checks(&checks)?;
    let files: Vec<(&str, &str)> = config.files.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
    ledger.keep_config(at, &config.hash, &files)
}

/// Days of history by cell.
pub(crate) type History = BTreeMap<CellKey, Vec<Day>>;

/// The UTC day of `at`.
pub(crate) fn today(at: Timestamp) -> Date {
    at.to_zoned(jiff::tz::TimeZone::UTC).date()
}

#[cfg(test)]
mod tests;
