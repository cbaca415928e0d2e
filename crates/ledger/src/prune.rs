//! Retention: what is old goes, in batches small enough that nobody waits for them.
//!
//! An observation goes only when it is older than `keep.observations`, older than what is pinned, in the rollups, and
//! below the oldest snapshot that is whole: a restart must find all that it needs, also where the newest snapshot is
//! damaged. So without a snapshot nothing goes. Reports of passing runs go after a day. Day rollups, the days of
//! history and entries stay for good. Freed pages are used again; the file does not shrink.

use candor_core::Timestamp;
use candor_core::model::Keep;
use rusqlite::{Transaction, TransactionBehavior, params};

use crate::error::LedgerError;
use crate::mark::{Mark, mark, set_mark};
use crate::observe::last_observation;
use crate::open::Ledger;
use crate::rollup::Width;
use crate::row::nanos;
use crate::snapshot::whole_snapshots;

/// Rows of a kind that one call removes at most.
const BATCH: u32 = 5_000;
/// How long the steps of passing runs are kept.
const PASSING_REPORTS: std::time::Duration = std::time::Duration::from_secs(86_400);
/// Received so far in the future: a clock was wrong, and it is not kept for ever because of that.
const CLOCK_WAS_WRONG: std::time::Duration = std::time::Duration::from_secs(86_400);

/// What one call of [`Ledger::prune`] removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    /// Observations, with their reports.
    pub observations: u64,
    /// Reports of passing runs alone.
    pub reports: u64,
    /// Rollup buckets.
    pub buckets: u64,
    /// Whether there is more to remove: call again.
    pub more: bool,
}

impl Ledger {
    /// Removes one batch of what is older than `keep` says at `now`. Raw observations from `pinned_since` on are kept
    /// whatever their age: an incident's report is open.
    ///
    /// # Errors
    /// What the machine does.
    pub fn prune(
        &mut self,
        now: Timestamp,
        keep: &Keep,
        pinned_since: Option<Timestamp>,
    ) -> Result<Pruned, LedgerError> {
        let transaction = self.reader.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let ago = |age: std::time::Duration| {
            let cutoff = now.saturating_sub(age).unwrap_or(Timestamp::MIN);
            cutoff.min(pinned_since.unwrap_or(Timestamp::MAX))
        };
        let late = now.saturating_add(CLOCK_WAS_WRONG).unwrap_or(Timestamp::MAX);
        let mut pruned = Pruned::default();
        observations(&transaction, Age { cutoff: ago(keep.observations), late }, &mut pruned)?;
        reports(&transaction, Age { cutoff: ago(PASSING_REPORTS), late }, &mut pruned)?;
        for (width, age) in [(Width::Minute, keep.minutes), (Width::Hour, keep.hours)] {
            let cutoff = now.saturating_sub(age).unwrap_or(Timestamp::MIN);
            buckets(&transaction, width, cutoff.as_second(), &mut pruned)?;
        }
        transaction.commit()?;
        Ok(pruned)
    }
}

/// What is too old.
#[derive(Clone, Copy)]
struct Age {
    cutoff: Timestamp,
    late: Timestamp,
}

/// How far rows after `from` are too old, in one batch: the number of the last, and whether the batch was full.
fn too_old(transaction: &Transaction<'_>, from: u64, to: u64, age: Age) -> Result<(u64, bool), LedgerError> {
    let mut statement = transaction.prepare_cached(
        "SELECT seq, received_at FROM observations WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3",
    )?;
    let mut rows = statement.query(params![from, to, BATCH])?;
    let (cutoff, late) = (nanos(age.cutoff), nanos(age.late));
    let (mut last, mut count) = (from, 0);
    while let Some(row) = rows.next()? {
        let received: i64 = row.get(1)?;
        if received >= cutoff && received <= late {
            return Ok((last, false));
        }
        (last, count) = (row.get(0)?, count + 1);
    }
    Ok((last, count == BATCH))
}

fn observations(transaction: &Transaction<'_>, age: Age, pruned: &mut Pruned) -> Result<(), LedgerError> {
    let from = mark(transaction, Mark::Pruned)?;
    let needed = whole_snapshots(transaction)?.iter().map(|snapshot| snapshot.watermark).min().unwrap_or(0);
    let (to, more) = too_old(transaction, from, needed.min(mark(transaction, Mark::RolledUp)?), age)?;
    if to == from {
        return Ok(());
    }
    transaction.prepare_cached("DELETE FROM reports WHERE seq > ?1 AND seq <= ?2")?.execute([from, to])?;
    let gone = transaction
        .prepare_cached("DELETE FROM observations WHERE seq > ?1 AND seq <= ?2")?
        .execute([from, to])?;
    set_mark(transaction, Mark::Pruned, to)?;
    pruned.observations = u64::try_from(gone).unwrap_or(u64::MAX);
    pruned.more |= more;
    Ok(())
}

fn reports(transaction: &Transaction<'_>, age: Age, pruned: &mut Pruned) -> Result<(), LedgerError> {
    let from = mark(transaction, Mark::ReportsPruned)?.max(mark(transaction, Mark::Pruned)?);
    let (to, more) = too_old(transaction, from, last_observation(transaction)?, age)?;
    if to == from {
        return Ok(());
    }
    let gone = transaction
        .prepare_cached(
            "DELETE FROM reports WHERE seq > ?1 AND seq <= ?2
             AND seq IN (SELECT seq FROM observations WHERE seq > ?1 AND seq <= ?2 AND kind IS NULL)",
        )?
        .execute([from, to])?;
    set_mark(transaction, Mark::ReportsPruned, to)?;
    pruned.reports = u64::try_from(gone).unwrap_or(u64::MAX);
    pruned.more |= more;
    Ok(())
}

fn buckets(
    transaction: &Transaction<'_>,
    width: Width,
    cutoff: i64,
    pruned: &mut Pruned,
) -> Result<(), LedgerError> {
    let width = width.seconds();
    // All buckets of one start go together, so a batch ends with the start that fills it.
    let full: Option<i64> = transaction
        .prepare_cached(
            "SELECT max(start) FROM (SELECT start FROM buckets WHERE width = ?1 AND start < ?2 ORDER BY start LIMIT ?3)",
        )?
        .query_row(params![width, cutoff - width, BATCH], |row| row.get(0))?;
    let Some(last) = full else { return Ok(()) };
    transaction
        .prepare_cached("DELETE FROM bucket_faults WHERE width = ?1 AND start <= ?2")?
        .execute([width, last])?;
    let gone = transaction
        .prepare_cached("DELETE FROM buckets WHERE width = ?1 AND start <= ?2")?
        .execute([width, last])?;
    pruned.buckets += u64::try_from(gone).unwrap_or(u64::MAX);
    pruned.more |= gone >= usize::try_from(BATCH).unwrap_or(usize::MAX);
    Ok(())
}
