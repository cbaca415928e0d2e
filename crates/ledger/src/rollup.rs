//! Rollups by the minute, the hour and the day: what remains when raw observations are pruned, and what charts read.
//!
//! Each observation is added once, in the order of the log, to its three buckets; the mark of how far this got moves in
//! the same transaction. It falls by [`Observation::fresh_from`], so late evidence fills the past. No clock is read.
//! Times taken are summed over passing runs only: a timeout says nothing about speed.

use std::collections::BTreeMap;

use candor_core::Timestamp;
use candor_core::fault::{Fault, Kind};
use candor_core::id::CheckId;
use candor_core::observation::Observation;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use crate::error::LedgerError;
use crate::mark::{Mark, mark, set_mark};
use crate::observe::{COLUMNS, observation};
use crate::open::{Ledger, Reader};
use crate::row::{kind_named, kind_word, signed, timestamp};

/// Observations added in one transaction: a few hundredths of a second.
const BATCH: u32 = 10_000;
/// Most buckets that one question gives: 90 days by the hour, a week by the minute.
pub const BUCKETS_MAX: u32 = 11_000;
const NANOS: i64 = 1_000_000_000;

/// How wide a bucket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Width {
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// A UTC day.
    Day,
}

impl Width {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Minute, Self::Hour, Self::Day];

    /// In seconds.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        match self {
            Self::Minute => 60,
            Self::Hour => 3_600,
            Self::Day => 86_400,
        }
    }
}

/// What the runs of one check within one bucket came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// When it starts.
    pub start: Timestamp,
    /// Runs.
    pub runs: u64,
    /// Of these, failures of the target.
    pub failures: u64,
    /// Of these, failures of ours, which say nothing about the target.
    pub ours: u64,
    /// Milliseconds taken by all passing runs together.
    pub took_sum_ms: u64,
    /// By the quickest.
    pub took_min_ms: Option<u32>,
    /// By the slowest.
    pub took_max_ms: Option<u32>,
    /// Failures by kind, ours among them.
    pub faults: BTreeMap<Kind, u64>,
}

/// What one call of [`Ledger::roll_up`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RolledUp {
    /// Observations added.
    pub observations: u64,
    /// Whether there is more to add: call again.
    pub more: bool,
}

impl Ledger {
    /// Adds the next batch of observations to the rollups.
    ///
    /// # Errors
    /// What the machine does; nothing is added twice.
    pub fn roll_up(&mut self) -> Result<RolledUp, LedgerError> {
        let transaction = self.reader.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let from = mark(&transaction, Mark::RolledUp)?.max(mark(&transaction, Mark::Pruned)?);
        let (tallies, observations, last) = tally(&transaction, from)?;
        if observations == 0 {
            return Ok(RolledUp { observations, more: false });
        }
        for (slot, tally) in &tallies {
            add(&transaction, *slot, tally)?;
        }
        set_mark(&transaction, Mark::RolledUp, last)?;
        transaction.commit()?;
        Ok(RolledUp { observations, more: observations == u64::from(BATCH) })
    }
}

impl Reader {
    /// The buckets of a check that start in `from..to`, oldest first, at most [`BUCKETS_MAX`]; none where nothing ran.
    ///
    /// # Errors
    /// What the machine does.
    pub fn latency(
        &self,
        check: CheckId,
        from: Timestamp,
        to: Timestamp,
        width: Width,
    ) -> Result<Vec<Bucket>, LedgerError> {
        let seconds = width.seconds();
        let first = from.as_second().div_euclid(seconds).saturating_mul(seconds);
        // Asked for start by start, because the table is ordered by time before check: that keeps writing cheap.
        let mut statement = self.conn.prepare_cached(
            "WITH RECURSIVE starts (at, n) AS (
                 SELECT ?2, 1 WHERE ?2 < ?3
                 UNION ALL SELECT at + ?1, n + 1 FROM starts WHERE at + ?1 < ?3 AND n < ?5)
             SELECT start, runs, failures, ours, took_sum, took_min, took_max
             FROM starts CROSS JOIN buckets ON width = ?1 AND start = at AND check_id = ?4 ORDER BY start",
        )?;
        let mut rows =
            statement.query(params![seconds, first, to.as_second(), signed(check.0), BUCKETS_MAX])?;
        let mut buckets = Vec::new();
        while let Some(row) = rows.next()? {
            let start: i64 = row.get(0)?;
            buckets.push(Bucket {
                start: timestamp(start.saturating_mul(NANOS)),
                runs: row.get(1)?,
                failures: row.get(2)?,
                ours: row.get(3)?,
                took_sum_ms: row.get(4)?,
                took_min_ms: row.get(5)?,
                took_max_ms: row.get(6)?,
                faults: faults(&self.conn, Slot { width, start, check: signed(check.0) })?,
            });
        }
        Ok(buckets)
    }
}

/// Which bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Slot {
    width: Width,
    start: i64,
    check: i64,
}

#[derive(Default)]
struct Tally {
    runs: u64,
    failures: u64,
    ours: u64,
    took_sum: u64,
    took: Option<(u32, u32)>,
    faults: BTreeMap<Kind, u64>,
}

impl Tally {
    fn add(&mut self, observation: &Observation) {
        self.runs += 1;
        match &observation.fault {
            Some(fault) => {
                *self.faults.entry(fault.kind).or_default() += 1;
                if Fault::is_ours(fault) {
                    self.ours += 1;
                } else {
                    self.failures += 1;
                }
            }
            None => {
                let took = observation.took_ms;
                self.took_sum += u64::from(took);
                self.took = Some(self.took.map_or((took, took), |(min, max)| (min.min(took), max.max(took))));
            }
        }
    }
}

type Tallies = BTreeMap<Slot, Tally>;

/// Tallies one batch after `from`; how many they were, and the number of the last.
fn tally(transaction: &Transaction<'_>, from: u64) -> Result<(Tallies, u64, u64), LedgerError> {
    let sql = format!("SELECT {COLUMNS} FROM observations WHERE seq > ?1 ORDER BY seq LIMIT ?2");
    let mut statement = transaction.prepare_cached(&sql)?;
    let mut rows = statement.query(params![from, BATCH])?;
    let (mut tallies, mut count, mut last) = (Tallies::new(), 0, from);
    while let Some(row) = rows.next()? {
        let (seq, observation) = observation(row)?;
        for width in Width::ALL {
            let seconds = width.seconds();
            let at = observation.fresh_from().as_second();
            let start = at.div_euclid(seconds).saturating_mul(seconds);
            let slot = Slot { width, start, check: signed(observation.check.0) };
            tallies.entry(slot).or_default().add(&observation);
        }
        (count, last) = (count + 1, seq);
    }
    Ok((tallies, count, last))
}

fn add(transaction: &Transaction<'_>, slot: Slot, tally: &Tally) -> Result<(), LedgerError> {
    let (min, max) = tally.took.unzip();
    let width = slot.width.seconds();
    transaction
        .prepare_cached(
            "INSERT INTO buckets VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (width, start, check_id) DO UPDATE SET
                 runs = runs + excluded.runs, failures = failures + excluded.failures,
                 ours = ours + excluded.ours, took_sum = took_sum + excluded.took_sum,
                 took_min = ifnull(min(took_min, excluded.took_min), ifnull(took_min, excluded.took_min)),
                 took_max = ifnull(max(took_max, excluded.took_max), ifnull(took_max, excluded.took_max))",
        )?
        .execute(params![
            width,
            slot.start,
            slot.check,
            tally.runs,
            tally.failures,
            tally.ours,
            tally.took_sum,
            min,
            max
        ])?;
    for (kind, count) in &tally.faults {
        transaction
            .prepare_cached(
                "INSERT INTO bucket_faults VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (width, start, check_id, kind) DO UPDATE SET count = count + excluded.count",
            )?
            .execute(params![width, slot.start, slot.check, kind_word(*kind), count])?;
    }
    Ok(())
}

fn faults(conn: &Connection, slot: Slot) -> Result<BTreeMap<Kind, u64>, LedgerError> {
    let mut statement = conn.prepare_cached(
        "SELECT kind, count FROM bucket_faults WHERE width = ?1 AND start = ?2 AND check_id = ?3",
    )?;
    let mut rows = statement.query(params![slot.width.seconds(), slot.start, slot.check])?;
    let mut faults = BTreeMap::new();
    while let Some(row) = rows.next()? {
        faults.insert(kind_named(&row.get::<_, String>(0)?)?, row.get(1)?);
    }
    Ok(faults)
}
