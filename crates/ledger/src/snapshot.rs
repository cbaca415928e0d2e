//! State kept whole, so that a restart is quick: snapshots of the engine, and the last accepted configurations.
//!
//! Each carries a checksum; a damaged one is said in the log and passed over for the one before it.

use candor_core::Timestamp;
use rusqlite::{Connection, TransactionBehavior, params};

use crate::error::LedgerError;
use crate::open::{Ledger, Reader};
use crate::row::{nanos, timestamp};

/// How many snapshots are kept: the newest may be damaged, and the one before it too.
pub const SNAPSHOTS_KEPT: u32 = 3;
/// How many accepted configurations are kept.
pub const CONFIGS_KEPT: u32 = 10;

/// The engine's state at one point of both logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// It holds every observation up to this one.
    pub watermark: u64,
    /// It holds every entry up to this one.
    pub entry_seq: u64,
    /// The state, in its maker's form.
    pub bytes: Vec<u8>,
}

/// A configuration that came into force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedConfig {
    /// The hash of its source, as given.
    pub hash: String,
    /// When it was accepted.
    pub at: Timestamp,
    /// Its files by name, as they were.
    pub files: Vec<(String, String)>,
}

impl Ledger {
    /// Keeps a snapshot, and the [`SNAPSHOTS_KEPT`] newest of all.
    ///
    /// # Errors
    /// [`LedgerError::Refused`] where it is ahead of the logs; otherwise what the machine does.
    pub fn snapshot(&mut self, watermark: u64, entry_seq: u64, bytes: &[u8]) -> Result<(), LedgerError> {
        let newest = (self.watermark()?, self.head()?.map_or(0, |head| head.seq));
        if watermark > newest.0 || entry_seq > newest.1 {
            return Err(LedgerError::Refused(format!(
                "a snapshot at {watermark}, {entry_seq} is ahead of the logs at {}, {}",
                newest.0, newest.1
            )));
        }
        let transaction = self.reader.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction
            .prepare_cached(
                "INSERT INTO snapshots (watermark, entry_seq, checksum, bytes) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![watermark, entry_seq, snapshot_sum(watermark, entry_seq, bytes), bytes])?;
        transaction.execute(
            "DELETE FROM snapshots WHERE id NOT IN (SELECT id FROM snapshots ORDER BY id DESC LIMIT ?1)",
            [SNAPSHOTS_KEPT],
        )?;
        Ok(transaction.commit()?)
    }

    /// Keeps a configuration that came into force, and the [`CONFIGS_KEPT`] newest of all. One that is the last
    /// already, as after a restart, is not kept again.
    ///
    /// # Errors
    /// What the machine does.
    pub fn keep_config(
        &mut self,
        at: Timestamp,
        hash: &str,
        files: &[(&str, &str)],
    ) -> Result<(), LedgerError> {
        let text = serde_json::to_string(files).map_err(|error| LedgerError::Refused(error.to_string()))?;
        let same = |last: &AcceptedConfig| {
            let there = last.files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
            last.hash == hash && there.eq(files.iter().copied())
        };
        if self.last_config()?.as_ref().is_some_and(same) {
            return Ok(());
        }
        let at = nanos(at);
        let transaction = self.reader.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction
            .prepare_cached("INSERT INTO configs (hash, at, checksum, files) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![hash, at, config_sum(hash, at, &text), text])?;
        transaction.execute(
            "DELETE FROM configs WHERE id NOT IN (SELECT id FROM configs ORDER BY id DESC LIMIT ?1)",
            [CONFIGS_KEPT],
        )?;
        Ok(transaction.commit()?)
    }
}

impl Reader {
    /// The newest snapshot that is whole.
    ///
    /// # Errors
    /// What the machine does; damage to one snapshot is no error.
    pub fn latest_snapshot(&self) -> Result<Option<Snapshot>, LedgerError> {
        Ok(whole_snapshots(&self.conn)?.into_iter().next())
    }

    /// The configuration that was in force last.
    ///
    /// # Errors
    /// What the machine does; damage to one configuration is no error.
    pub fn last_config(&self) -> Result<Option<AcceptedConfig>, LedgerError> {
        for id in ids(&self.conn, "SELECT id FROM configs ORDER BY id DESC")? {
            match read_config(&self.conn, id) {
                Ok(Some(config)) => return Ok(Some(config)),
                Ok(None) | Err(LedgerError::Corrupt(_)) => {
                    tracing::warn!(id, "an accepted configuration in the ledger is damaged and passed over");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}

/// The snapshots that are whole, newest first: their oldest is as far as a restart may have to go back.
pub(crate) fn whole_snapshots(conn: &Connection) -> Result<Vec<Snapshot>, LedgerError> {
    let mut whole = Vec::new();
    for id in ids(conn, "SELECT id FROM snapshots ORDER BY id DESC")? {
        match read_snapshot(conn, id) {
            Ok(Some(snapshot)) => whole.push(snapshot),
            Ok(None) | Err(LedgerError::Corrupt(_)) => {
                tracing::warn!(id, "a snapshot in the ledger is damaged and passed over");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(whole)
}

fn ids(conn: &Connection, sql: &str) -> Result<Vec<i64>, LedgerError> {
    let mut statement = conn.prepare_cached(sql)?;
    let ids = statement.query_map([], |row| row.get(0))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

fn read_snapshot(conn: &Connection, id: i64) -> Result<Option<Snapshot>, LedgerError> {
    let mut statement =
        conn.prepare_cached("SELECT watermark, entry_seq, checksum, bytes FROM snapshots WHERE id = ?1")?;
    let (snapshot, sum): (_, String) = statement.query_row([id], |row| {
        Ok((Snapshot { watermark: row.get(0)?, entry_seq: row.get(1)?, bytes: row.get(3)? }, row.get(2)?))
    })?;
    let whole = sum == snapshot_sum(snapshot.watermark, snapshot.entry_seq, &snapshot.bytes);
    Ok(whole.then_some(snapshot))
}

fn read_config(conn: &Connection, id: i64) -> Result<Option<AcceptedConfig>, LedgerError> {
    let mut statement = conn.prepare_cached("SELECT hash, at, checksum, files FROM configs WHERE id = ?1")?;
    let (hash, at, sum, files): (String, i64, String, String) =
        statement.query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    if sum != config_sum(&hash, at, &files) {
        return Ok(None);
    }
    let files = serde_json::from_str(&files).map_err(|error| LedgerError::Corrupt(error.to_string()))?;
    Ok(Some(AcceptedConfig { hash, at: timestamp(at), files }))
}

fn snapshot_sum(watermark: u64, entry_seq: u64, bytes: &[u8]) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&watermark.to_le_bytes()).update(&entry_seq.to_le_bytes()).update(bytes);
    hasher.finalize().to_hex().to_string()
}

fn config_sum(hash: &str, at: i64, files: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(format!("{hash}\n{at}\n{files}").as_bytes());
    hasher.finalize().to_hex().to_string()
}
