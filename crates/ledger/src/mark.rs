//! Marks: how far pruning and rolling up have come along the observations.

use rusqlite::{Connection, params};

use crate::error::LedgerError;

/// Where something that follows the observations stands.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mark {
    /// Observations up to here are gone.
    Pruned,
    /// Reports of passing runs up to here are gone.
    ReportsPruned,
    /// Observations up to here are in the rollups.
    RolledUp,
}

impl Mark {
    const fn name(self) -> &'static str {
        match self {
            Self::Pruned => "pruned",
            Self::ReportsPruned => "reports_pruned",
            Self::RolledUp => "rolled_up",
        }
    }
}

pub(crate) fn mark(conn: &Connection, mark: Mark) -> Result<u64, LedgerError> {
    let mut statement = conn.prepare_cached("SELECT ifnull(max(seq), 0) FROM marks WHERE name = ?1")?;
    Ok(statement.query_row([mark.name()], |row| row.get(0))?)
}

pub(crate) fn set_mark(conn: &Connection, mark: Mark, seq: u64) -> Result<(), LedgerError> {
    conn.prepare_cached("INSERT OR REPLACE INTO marks (name, seq) VALUES (?1, ?2)")?
        .execute(params![mark.name(), seq])?;
    Ok(())
}
