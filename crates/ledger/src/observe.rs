//! The log of observations: kept in groups, each one transaction and one sync, before they are decided on.
//!
//! Numbers count up from 1 and are never given twice, also after the oldest were pruned. Reports (steps and evidence)
//! lie in a table of their own, so that a replay reads only what decisions need.

use candor_core::fault::Fault;
use candor_core::id::{CapabilityId, CellId, CellKey, CheckId, PlaceId, ServiceId, VantageId};
use candor_core::observation::{Observation, Run};
use rusqlite::{CachedStatement, Connection, Row, Transaction, TransactionBehavior, params};

use crate::error::LedgerError;
use crate::open::{Ledger, Reader};
use crate::row::{kind_named, kind_word, nanos, pack, signed, timestamp, unpack, unsigned};

/// The columns that [`observation`] reads.
pub(crate) const COLUMNS: &str = "seq, check_id, observed_at, received_at, took_ms, kind, step, detail";

impl Ledger {
    /// Keeps runs as one group, all or none, and gives the watermark: the number of the last observation. They are
    /// durable when this returns.
    ///
    /// # Errors
    /// What the machine does; the group may be given again.
    pub fn observe(&mut self, runs: &[Run]) -> Result<u64, LedgerError> {
        if runs.is_empty() {
            return self.watermark();
        }
        self.in_place()?;
        let transaction = self.reader.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut seq = last_observation(&transaction)?;
        let mut group = Group {
            observations: transaction
                .prepare_cached("INSERT INTO observations VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?,
            reports: transaction.prepare_cached("INSERT INTO reports VALUES (?1, ?2, ?3)")?,
        };
        for run in runs {
            seq += 1;
            group.insert(seq, run)?;
        }
        drop(group);
        transaction.commit()?;
        Ok(seq)
    }

    /// Says what check numbers mean, so that the file can be read without its configuration.
    ///
    /// # Errors
    /// What the machine does.
    pub fn name_checks(&mut self, checks: &[(CheckId, CellKey, VantageId)]) -> Result<(), LedgerError> {
        let transaction = self.reader.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for (check, key, vantage) in checks {
            name_cell(&transaction, key)?;
            transaction
                .prepare_cached(
                    "INSERT OR REPLACE INTO checks (check_id, cell_id, vantage) VALUES (?1, ?2, ?3)",
                )?
                .execute(params![signed(check.0), signed(CellId::of(key).0), vantage.as_str()])?;
        }
        Ok(transaction.commit()?)
    }
}

impl Reader {
    /// The number of the last observation; 0 before the first.
    ///
    /// # Errors
    /// What the machine does.
    pub fn watermark(&self) -> Result<u64, LedgerError> {
        last_observation(&self.conn)
    }

    /// The last runs, newest first, with their numbers; steps and evidence where they are still kept.
    ///
    /// # Errors
    /// What the machine does.
    pub fn recent_runs(&self, limit: u32) -> Result<Vec<(u64, Run)>, LedgerError> {
        let sql = format!(
            "SELECT {COLUMNS}, steps, evidence FROM observations LEFT JOIN reports USING (seq)
             ORDER BY seq DESC LIMIT ?1"
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        let mut rows = statement.query([limit])?;
        let mut runs = Vec::new();
        while let Some(row) = rows.next()? {
            let (seq, observation) = observation(row)?;
            let steps: Option<String> = row.get(8)?;
            let evidence: Option<String> = row.get(9)?;
            let steps = steps.map_or(Ok(Vec::new()), |text| unpack(&text))?;
            let evidence = evidence.map(|text| serde_json::from_str(&text)).transpose();
            let evidence = evidence.map_err(|error| LedgerError::Corrupt(error.to_string()))?;
            runs.push((seq, Run { observation, steps, evidence }));
        }
        Ok(runs)
    }

    /// What the check numbers mean.
    ///
    /// # Errors
    /// What the machine does.
    pub fn checks(&self) -> Result<Vec<(CheckId, CellKey, VantageId)>, LedgerError> {
        let mut statement = self.conn.prepare(
            "SELECT check_id, vantage, service, capability, place FROM checks JOIN cells USING (cell_id)
             ORDER BY service, capability, place, vantage",
        )?;
        let mut rows = statement.query([])?;
        let mut checks = Vec::new();
        while let Some(row) = rows.next()? {
            let vantage: String = row.get(1)?;
            let vantage =
                VantageId::new(&vantage).map_err(|error| LedgerError::Corrupt(error.to_string()))?;
            checks.push((CheckId(unsigned(row.get(0)?)), cell_key(row, 2)?, vantage));
        }
        Ok(checks)
    }
}

/// The number of the last observation that was ever kept.
pub(crate) fn last_observation(conn: &Connection) -> Result<u64, LedgerError> {
    let mut statement = conn.prepare_cached(
        "SELECT max(ifnull((SELECT max(seq) FROM observations), 0),
                    ifnull((SELECT seq FROM marks WHERE name = 'pruned'), 0))",
    )?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// The statements of a group, prepared once.
struct Group<'conn> {
    observations: CachedStatement<'conn>,
    reports: CachedStatement<'conn>,
}

impl Group<'_> {
    fn insert(&mut self, seq: u64, run: &Run) -> Result<(), LedgerError> {
        let o = &run.observation;
        let fault = o.fault.as_ref();
        self.observations.execute(params![
            seq,
            signed(o.check.0),
            nanos(o.observed_at),
            nanos(o.received_at),
            o.took_ms,
            fault.map(|fault| kind_word(fault.kind)),
            fault.map(|fault| fault.step),
            fault.map(|fault| &*fault.detail),
        ])?;
        if run.steps.is_empty() && run.evidence.is_none() {
            return Ok(());
        }
        // What a passing step saw explains nothing.
        let evidence =
            run.evidence.as_ref().filter(|_| fault.is_some()).map(serde_json::to_string).transpose();
        let evidence = evidence.map_err(|error| LedgerError::Refused(error.to_string()))?;
        self.reports.execute(params![seq, pack(&run.steps)?, evidence])?;
        Ok(())
    }
}

/// Reads the [`COLUMNS`] of a row.
pub(crate) fn observation(row: &Row<'_>) -> Result<(u64, Observation), LedgerError> {
    let fault = match row.get_ref(5)?.as_str_or_null().map_err(rusqlite::Error::from)? {
        Some(word) => Some(Fault { kind: kind_named(word)?, step: row.get(6)?, detail: row.get(7)? }),
        None => None,
    };
    let observation = Observation {
        check: CheckId(unsigned(row.get(1)?)),
        observed_at: timestamp(row.get(2)?),
        received_at: timestamp(row.get(3)?),
        took_ms: row.get(4)?,
        fault,
    };
    Ok((row.get(0)?, observation))
}

/// Notes what a cell's number means.
pub(crate) fn name_cell(transaction: &Transaction<'_>, key: &CellKey) -> Result<(), LedgerError> {
    transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO cells (cell_id, service, capability, place) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            signed(CellId::of(key).0),
            key.service.as_str(),
            key.capability.as_str(),
            key.place.as_ref().map(PlaceId::as_str),
        ])?;
    Ok(())
}

/// Reads service, capability and place from three columns on.
pub(crate) fn cell_key(row: &Row<'_>, first: usize) -> Result<CellKey, LedgerError> {
    let corrupt = |error: candor_core::id::IdError| LedgerError::Corrupt(error.to_string());
    let service: String = row.get(first)?;
    let capability: String = row.get(first + 1)?;
    let place: Option<String> = row.get(first + 2)?;
    Ok(CellKey {
        service: ServiceId::new(&service).map_err(corrupt)?,
        capability: CapabilityId::new(&capability).map_err(corrupt)?,
        place: place.as_deref().map(PlaceId::new).transpose().map_err(corrupt)?,
    })
}
