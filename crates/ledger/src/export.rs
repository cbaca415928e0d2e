//! Export: the ledger as JSON lines that any tool reads.
//!
//! The first line says what follows and with which keys it was signed; then a line for each entry, its exact text last
//! (so that the chain can be recomputed from an export alone); then, where asked for, a line for each observation.
//! docs/ledger.md shows them. Absent: reports, rollups, snapshots and configurations; a backup has those.

use std::io::Write;

use candor_core::id::{CellKey, VantageId};
use candor_core::observation::Observation;
use serde::Serialize;

use crate::chain::{GENESIS, Link};
use crate::error::{ExportError, LedgerError};
use crate::observe::{COLUMNS, observation};
use crate::open::Reader;

/// The version of this format.
const FORMAT: u32 = 1;

/// What an export holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Export {
    /// Observations too, and what their check numbers mean.
    pub observations: bool,
}

#[derive(Serialize)]
struct First {
    candor_ledger: u32,
    genesis: &'static str,
    keys: Vec<KeyLine>,
}

#[derive(Serialize)]
struct KeyLine {
    public: String,
    since: u64,
}

#[derive(Serialize)]
struct CheckLine<'a> {
    /// As text: it needs all 64 bits, which many JSON readers do not have.
    check: String,
    cell: &'a CellKey,
    vantage: &'a VantageId,
}

#[derive(Serialize)]
struct ObservationLine {
    seq: u64,
    check: String,
    observation: Observation,
}

impl Reader {
    /// Writes the ledger as JSON lines.
    ///
    /// # Errors
    /// Where it cannot be read, or `to` not written: these never pass for each other.
    pub fn export(&self, mut to: impl Write, what: Export) -> Result<(), ExportError> {
        let view = self.conn.unchecked_transaction()?;
        let keys = self.keys()?.into_iter().map(|(public, since)| KeyLine { public, since }).collect();
        line(&mut to, &First { candor_ledger: FORMAT, genesis: GENESIS, keys })?;
        let mut prev = GENESIS.to_owned();
        let mut statement = view.prepare("SELECT seq, text, hash, signature FROM entries ORDER BY seq")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let link = Link::read(row)?;
            let signature = json(&link.signature)?;
            let Link { seq, text, hash, .. } = link;
            writeln!(
                to,
                r#"{{"seq":{seq},"prev":{},"hash":{},"signature":{signature},"entry":{text}}}"#,
                json(&prev)?,
                json(&hash)?
            )?;
            prev = hash;
        }
        if what.observations {
            for (check, cell, vantage) in &self.checks()? {
                line(&mut to, &CheckLine { check: check.0.to_string(), cell, vantage })?;
            }
            let mut statement = view.prepare(&format!("SELECT {COLUMNS} FROM observations ORDER BY seq"))?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let (seq, observation) = observation(row)?;
                line(&mut to, &ObservationLine { seq, check: observation.check.0.to_string(), observation })?;
            }
        }
        Ok(to.flush()?)
    }
}

fn json(value: &impl Serialize) -> Result<String, LedgerError> {
    serde_json::to_string(value).map_err(|error| LedgerError::Refused(error.to_string()))
}

fn line(to: &mut impl Write, value: &impl Serialize) -> Result<(), ExportError> {
    Ok(writeln!(to, "{}", json(value)?)?)
}
