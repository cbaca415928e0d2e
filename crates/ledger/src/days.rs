//! The days of the page's history: how long each cell spent in each verdict, by UTC day.
//!
//! The hub reports spans as time passes. Time that no span covers was not watched, and stays a gap. A time that was
//! reported once is not counted again (a clock set back, a span given twice), and a day holds no more than a day.
//! Kept in milliseconds, so that many short spans lose nothing; given in seconds.

use std::collections::BTreeMap;

use candor_core::Timestamp;
use candor_core::id::{CellId, CellKey};
use candor_core::verdict::Verdict;
use candor_core::view::Day;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rusqlite::{OptionalExtension, Row, Transaction, TransactionBehavior, params};

use crate::error::LedgerError;
use crate::observe::{cell_key, name_cell};
use crate::open::{Ledger, Reader};
use crate::row::signed;

/// A UTC day, in milliseconds.
const DAY_MS: i64 = 86_400_000;
/// Longest span that is taken: who slept longer was not watching.
pub const SPAN_MAX_MS: i64 = 2 * DAY_MS;

/// A cell's verdict over a stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Which cell.
    pub cell: CellKey,
    /// What was measured.
    pub verdict: Verdict,
    /// Whether intended downtime lay over it.
    pub under_maintenance: bool,
    /// From when.
    pub from: Timestamp,
    /// Until when, exclusive.
    pub to: Timestamp,
}

impl Ledger {
    /// Adds spans to the days of their cells, all or none.
    ///
    /// # Errors
    /// [`LedgerError::Refused`] where one is longer than [`SPAN_MAX_MS`]; otherwise what the machine does.
    pub fn record_spans(&mut self, spans: &[Span]) -> Result<(), LedgerError> {
        let transaction = self.reader.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for span in spans {
            record(&transaction, span)?;
        }
        Ok(transaction.commit()?)
    }
}

impl Reader {
    /// The `days` days up to and including `today`, by cell, oldest first. Days without a row are gaps.
    ///
    /// # Errors
    /// What the machine does.
    pub fn history(&self, days: u32, today: Date) -> Result<BTreeMap<CellKey, Vec<Day>>, LedgerError> {
        let last = day_of(today);
        let mut statement = self.conn.prepare_cached(
            "SELECT service, capability, place, day, operational_ms, degraded_ms, outage_ms, unknown_ms, maintenance_ms
             FROM days JOIN cells USING (cell_id) WHERE day > ?1 AND day <= ?2 ORDER BY cell_id, day",
        )?;
        let mut rows = statement.query(params![last - i64::from(days), last])?;
        let mut history: BTreeMap<CellKey, Vec<Day>> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            history.entry(cell_key(row, 0)?).or_default().push(read_day(row, 3)?);
        }
        Ok(history)
    }
}

fn record(transaction: &Transaction<'_>, span: &Span) -> Result<(), LedgerError> {
    let (from, to) = (span.from.as_millisecond(), span.to.as_millisecond());
    if to.saturating_sub(from) > SPAN_MAX_MS {
        return Err(LedgerError::Refused(format!(
            "a span of {} from {} to {}",
            span.cell, span.from, span.to
        )));
    }
    let cell = signed(CellId::of(&span.cell).0);
    let covered: Option<i64> = transaction
        .prepare_cached("SELECT until_ms FROM covered WHERE cell_id = ?1")?
        .query_row([cell], |row| row.get(0))
        .optional()?;
    let mut from = match covered {
        // Far ahead: a clock was wrong for a while, and must not silence what is true now.
        Some(until) if until.saturating_sub(to) <= DAY_MS => from.max(until),
        _ => from,
    };
    if from >= to {
        return Ok(());
    }
    name_cell(transaction, &span.cell)?;
    while from < to {
        let day = from.div_euclid(DAY_MS);
        let end = to.min((day + 1) * DAY_MS);
        add(transaction, cell, day, span, end - from)?;
        from = end;
    }
    transaction
        .prepare_cached("INSERT OR REPLACE INTO covered (cell_id, until_ms) VALUES (?1, ?2)")?
        .execute([cell, to])?;
    Ok(())
}

fn add(transaction: &Transaction<'_>, cell: i64, day: i64, span: &Span, ms: i64) -> Result<(), LedgerError> {
    transaction
        .prepare_cached("INSERT OR IGNORE INTO days (cell_id, day) VALUES (?1, ?2)")?
        .execute([cell, day])?;
    let sql = match span.verdict {
        Verdict::Operational => "UPDATE days SET operational_ms = operational_ms + ?3, ",
        Verdict::Degraded => "UPDATE days SET degraded_ms = degraded_ms + ?3, ",
        Verdict::Outage => "UPDATE days SET outage_ms = outage_ms + ?3, ",
        Verdict::Unknown => "UPDATE days SET unknown_ms = unknown_ms + ?3, ",
    };
    let sql = format!("{sql} maintenance_ms = maintenance_ms + ?4 WHERE cell_id = ?1 AND day = ?2");
    let free: i64 = transaction
        .prepare_cached(
            "SELECT ?3 - operational_ms - degraded_ms - outage_ms - unknown_ms FROM days WHERE cell_id = ?1 AND day = ?2",
        )?
        .query_row([cell, day, DAY_MS], |row| row.get(0))?;
    let ms = ms.min(free);
    let maintenance = if span.under_maintenance { ms } else { 0 };
    transaction.prepare_cached(&sql)?.execute([cell, day, ms, maintenance])?;
    Ok(())
}

fn read_day(row: &Row<'_>, first: usize) -> Result<Day, LedgerError> {
    let mut sum: u32 = 0;
    let mut given: u32 = 0;
    // Rounded as a running sum: the parts add up to the whole, and never to more than a day.
    let mut seconds = |column: usize| -> rusqlite::Result<u32> {
        sum += row.get::<_, u32>(column)?.min(100_000_000);
        let part = (sum + 500) / 1_000 - given;
        given += part;
        Ok(part)
    };
    let date = date_of(row.get(first)?)?;
    let operational_s = seconds(first + 1)?;
    let degraded_s = seconds(first + 2)?;
    let outage_s = seconds(first + 3)?;
    let unknown_s = seconds(first + 4)?;
    let maintenance_s = ((row.get::<_, u32>(first + 5)?.min(100_000_000) + 500) / 1_000).min(given);
    Ok(Day { date, operational_s, degraded_s, outage_s, unknown_s, maintenance_s })
}

fn day_of(date: Date) -> i64 {
    let midnight = date.at(0, 0, 0, 0).to_zoned(TimeZone::UTC);
    midnight.map_or(0, |zoned| zoned.timestamp().as_second().div_euclid(DAY_MS / 1_000))
}

fn date_of(day: i64) -> Result<Date, LedgerError> {
    Timestamp::from_second(day.saturating_mul(DAY_MS / 1_000))
        .map(|at| at.to_zoned(TimeZone::UTC).date())
        .map_err(|error| LedgerError::Corrupt(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_one_number_and_comes_back_from_it() {
        for (text, number) in [("1970-01-01", 0), ("1969-12-31", -1), ("2015-03-11", 16_505)] {
            let date: Date = text.parse().unwrap();
            assert_eq!((day_of(date), date_of(number).unwrap()), (number, date));
        }
    }
}
