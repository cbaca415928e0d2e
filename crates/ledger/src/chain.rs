//! The chain of entries: appended, and its head.
//!
//! `hash(n) = BLAKE3(hash(n-1) LF text(n) LF n)`, where hashes are 64 hex digits, `text` is the entry's JSON exactly as
//! it is stored, `n` is decimal, and `hash(0)` is 64 zeros. The last entry of every group that was appended together
//! carries a signature over its head. `verify` checks all that.

use candor_core::entry::{Entry, LedgerHead};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};

use crate::error::{Broken, LedgerError};
use crate::key::one_line;
use crate::observe::last_observation;
use crate::open::{Ledger, Reader};

/// The hash before the first entry.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The hash of entry `seq`, whose exact stored text is `text`, after the one whose hash is `prev`.
#[must_use]
pub fn entry_hash(prev: &str, text: &str, seq: u64) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in [prev, "\n", text, "\n", &seq.to_string()] {
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

/// A row of `entries`.
pub(crate) struct Link {
    pub(crate) seq: u64,
    pub(crate) text: String,
    pub(crate) hash: String,
    pub(crate) signature: Option<String>,
}

impl Link {
    pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { seq: row.get(0)?, text: row.get(1)?, hash: row.get(2)?, signature: row.get(3)? })
    }

    pub(crate) fn entry(&self) -> Result<Entry, Broken> {
        serde_json::from_str(&self.text)
            .map_err(|error| Broken { seq: self.seq, why: format!("its text is not an entry: {error}") })
    }
}

impl Ledger {
    /// Keeps an entry. It is durable when this returns.
    ///
    /// # Errors
    /// As [`append_all`](Self::append_all).
    pub fn append(&mut self, entry: &Entry) -> Result<LedgerHead, LedgerError> {
        self.append_all(std::slice::from_ref(entry))?
            .ok_or_else(|| LedgerError::Corrupt("an entry was appended, and there is none".to_owned()))
    }

    /// Keeps entries in this order, all or none, and signs the last. Gives the head; `None` only of an empty ledger.
    ///
    /// # Errors
    /// [`LedgerError::Refused`] where a watermark is below that of the entry before it, or names an observation that
    /// is not there; otherwise what the machine does.
    pub fn append_all(&mut self, entries: &[Entry]) -> Result<Option<LedgerHead>, LedgerError> {
        if entries.is_empty() {
            return self.head();
        }
        self.in_place()?;
        let transaction = self.reader.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let newest = last_observation(&transaction)?;
        let last = last_link(&transaction)?;
        // What went bad on the disk since must not be signed as if it had always been so.
        if self.known.as_ref().is_some_and(|known| {
            last.as_ref().map(|link| (link.seq, &link.hash)) != Some((known.0, &known.1))
        }) {
            return Err(LedgerError::Corrupt(
                "its last entry is not the one that was appended last".to_owned(),
            ));
        }
        let mut floor =
            last.as_ref().map_or(Ok(0), |link| link.entry().map(|entry| entry.watermark)).map_err(damaged)?;
        let (mut seq, mut hash) = last.map_or((0, GENESIS.to_owned()), |link| (link.seq, link.hash));
        for (nth, entry) in entries.iter().enumerate() {
            if entry.watermark < floor || entry.watermark > newest {
                let at = entry.watermark;
                return Err(LedgerError::Refused(format!(
                    "watermark {at} is not between {floor} and {newest}"
                )));
            }
            floor = entry.watermark;
            seq += 1;
            let text =
                serde_json::to_string(entry).map_err(|error| LedgerError::Refused(error.to_string()))?;
            hash = entry_hash(&hash, &text, seq);
            let signature = if nth + 1 == entries.len() { Some(self.signer.sign(seq, &hash)?) } else { None };
            transaction
                .prepare_cached("INSERT INTO entries (seq, text, hash, signature) VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![seq, text, hash, signature])?;
        }
        let since = note_key(&transaction, &self.signer.public(), seq + 1 - entries.len() as u64)?;
        // Whether a commit that fails was one is seen at the next.
        self.known = None;
        transaction.commit()?;
        self.known = Some((seq, hash));
        if let Some(since) = since.filter(|since| *since > 1) {
            let public = self.signer.public();
            tracing::warn!(
                public,
                since,
                "the ledger is signed with a new key from this entry on: tell its readers"
            );
        }
        self.head()
    }
}

/// Notes the key that signs entry `since`, where it is new here: together with what it signs first, so that no key is
/// announced that then signs nothing.
fn note_key(transaction: &Transaction<'_>, public: &str, since: u64) -> Result<Option<u64>, LedgerError> {
    let new = transaction
        .prepare_cached("INSERT OR IGNORE INTO keys (public, since) VALUES (?1, ?2)")?
        .execute(params![public, since])?;
    Ok((new > 0).then_some(since))
}

impl Reader {
    /// The end of the chain; `None` where there are no entries.
    ///
    /// # Errors
    /// What the machine does.
    pub fn head(&self) -> Result<Option<LedgerHead>, LedgerError> {
        last_link(&self.conn)?.map(head_of).transpose()
    }

    /// The watermark of the last entry; 0 where there is none. An entry that does not rest on observations of its own
    /// (the hub came up) carries at least this, and no more than what the engine has decided on: otherwise the
    /// engine's next entry would go back behind it and be refused.
    ///
    /// # Errors
    /// What the machine does.
    pub fn decided(&self) -> Result<u64, LedgerError> {
        last_link(&self.conn)?
            .map_or(Ok(0), |link| link.entry().map(|entry| entry.watermark))
            .map_err(damaged)
    }

    /// Public keys that have signed here, each with the entry since which it did, oldest first.
    ///
    /// # Errors
    /// What the machine does.
    pub fn keys(&self) -> Result<Vec<(String, u64)>, LedgerError> {
        let mut statement = self.conn.prepare("SELECT public, since FROM keys ORDER BY since, public")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

pub(crate) fn last_link(conn: &Connection) -> Result<Option<Link>, LedgerError> {
    let mut statement =
        conn.prepare_cached("SELECT seq, text, hash, signature FROM entries ORDER BY seq DESC LIMIT 1")?;
    Ok(statement.query_row([], Link::read).optional()?)
}

pub(crate) fn head_of(link: Link) -> Result<LedgerHead, LedgerError> {
    let signature = one_line(link.signature.as_deref().unwrap_or_default())?;
    Ok(LedgerHead { seq: link.seq, hash: link.hash, signature })
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err, which gives the value away")]
pub(crate) fn damaged(broken: Broken) -> LedgerError {
    LedgerError::Corrupt(broken.to_string())
}
