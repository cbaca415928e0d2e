//! Reading both logs back in the order in which they were decided.
//!
//! Entries come in the order of their numbers; before an entry with watermark `w` come all observations up to `w`.
//! So a fold over what is given here makes the same decisions that were made.

use std::ops::ControlFlow;

use candor_core::entry::Entry;
use candor_core::observation::Observation;
use rusqlite::{Rows, params};

use crate::chain::{Link, damaged};
use crate::error::LedgerError;
use crate::mark::{Mark, mark};
use crate::observe::{COLUMNS, observation};
use crate::open::Reader;

/// One thing read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Logged {
    /// An observation and its number.
    Observation(u64, Observation),
    /// An entry and its number.
    Entry(u64, Box<Entry>),
}

/// What a replay gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Replayed {
    /// Observations given.
    pub observations: u64,
    /// Entries given.
    pub entries: u64,
    /// Observations asked for that are pruned: state from them needs a snapshot.
    pub pruned: u64,
}

impl Reader {
    /// Gives all observations after `after_watermark` and all entries after `after_entry`, in the order in which they
    /// were decided, until `each` breaks.
    ///
    /// # Errors
    /// What the machine does, and [`LedgerError::Corrupt`] where a row is not what was kept.
    pub fn replay(
        &self,
        after_watermark: u64,
        after_entry: u64,
        mut each: impl FnMut(Logged) -> ControlFlow<()>,
    ) -> Result<Replayed, LedgerError> {
        let view = self.conn.unchecked_transaction()?;
        let pruned = mark(&view, Mark::Pruned)?.saturating_sub(after_watermark);
        let mut replayed = Replayed { pruned, ..Replayed::default() };
        let sql = format!("SELECT {COLUMNS} FROM observations WHERE seq > ?1 ORDER BY seq");
        let mut observations = view.prepare(&sql)?;
        let mut observations =
            Observations { rows: observations.query(params![after_watermark])?, next: None };
        let mut entries =
            view.prepare("SELECT seq, text, hash, signature FROM entries WHERE seq > ?1 ORDER BY seq")?;
        let mut entries = entries.query(params![after_entry])?;
        while let Some(row) = entries.next()? {
            let link = Link::read(row)?;
            let entry = link.entry().map_err(damaged)?;
            while let Some((seq, observation)) = observations.up_to(entry.watermark)? {
                replayed.observations += 1;
                if each(Logged::Observation(seq, observation)).is_break() {
                    return Ok(replayed);
                }
            }
            replayed.entries += 1;
            if each(Logged::Entry(link.seq, Box::new(entry))).is_break() {
                return Ok(replayed);
            }
        }
        while let Some((seq, observation)) = observations.up_to(u64::MAX)? {
            replayed.observations += 1;
            if each(Logged::Observation(seq, observation)).is_break() {
                break;
            }
        }
        Ok(replayed)
    }
}

/// Observations with one read ahead.
struct Observations<'stmt> {
    rows: Rows<'stmt>,
    next: Option<(u64, Observation)>,
}

impl Observations<'_> {
    /// The next one, where its number is at most `watermark`.
    fn up_to(&mut self, watermark: u64) -> Result<Option<(u64, Observation)>, LedgerError> {
        if self.next.is_none() {
            self.next = self.rows.next()?.map(observation).transpose()?;
        }
        Ok(self.next.take_if(|(seq, _)| *seq <= watermark))
    }
}
