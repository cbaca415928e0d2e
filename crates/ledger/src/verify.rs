//! Verifying: the whole chain recomputed, every signature checked, every row read that a start may read.
//!
//! A start looks at the end of the chain alone ([`TAIL`]), which takes milliseconds: what is signed next must rest on
//! something that holds.
//!
//! What the chain alone cannot show is a tail that was cut off after a group, or a chain written anew with another key;
//! who knows a head or a key from elsewhere gives it as [`Expected`].

use candor_core::entry::LedgerHead;
use candor_core::observation::Evidence;
use rusqlite::{Connection, OptionalExtension, Row};

use crate::chain::{GENESIS, Link, entry_hash, head_of};
use crate::error::{Broken, LedgerError, VerifyError};
use crate::key::verify_text;
use crate::mark::{Mark, mark};
use crate::observe::{COLUMNS, cell_key, last_observation, observation};
use crate::open::{Reader, fold_at_close};
use crate::row::unpack;

/// Entries at the end of the chain that a start looks at.
const TAIL: u64 = 10_000;

/// What a verified ledger holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many entries.
    pub entries: u64,
    /// The end of the chain; `None` where there are no entries.
    pub head: Option<LedgerHead>,
    /// How many of the entries carry a signature, all of them good.
    pub signatures: u64,
    /// How many observations there are, every one readable.
    pub observations: u64,
    /// The public keys in use here, each with the entry since which it is.
    pub keys: Vec<(String, u64)>,
}

/// What an auditor knows from elsewhere, and the ledger must agree with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// Every signature must be by this public key (minisign's one line, or a whole `.pub` file).
    pub key: Option<String>,
    /// This entry must be there with this hash: a head seen on the page, in a mail, in an earlier export.
    pub head: Option<(u64, String)>,
}

impl Reader {
    /// Recomputes the whole chain, checks every signature, that watermarks and snapshots fit it, and that every
    /// observation is there and can be read.
    ///
    /// # Errors
    /// [`VerifyError::Broken`] names the first entry that does not hold.
    pub fn verify(&self) -> Result<Verified, VerifyError> {
        self.verify_expecting(&Expected::default())
    }

    /// As [`verify`](Self::verify), and against what is known from elsewhere: only so a cut tail, or a chain written
    /// anew with another key, shows.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn verify_expecting(&self, expected: &Expected) -> Result<Verified, VerifyError> {
        // One view of both logs, while a hub may be writing.
        let view = self.conn.unchecked_transaction()?;
        let outcome = self.walk_all(&view, expected);
        if outcome.is_err() {
            // Damaged as it is, it is left so.
            fold_at_close(&self.conn, false)?;
        }
        outcome
    }

    fn walk_all(&self, view: &Connection, expected: &Expected) -> Result<Verified, VerifyError> {
        let keys = match &expected.key {
            Some(key) => vec![(key.clone(), 1)],
            None => self.keys()?,
        };
        let mut walk = Walk::new(&keys, last_observation(view)?, expected);
        walk.all_entries(view)?;
        walk.check_end(view)?;
        let observations = observations(view)?;
        meanings(view)?;
        let Walk { entries, signatures, last, .. } = walk;
        let head = last.map(head_of).transpose()?;
        Ok(Verified { entries, head, signatures, observations, keys })
    }

    /// The end of the chain: hashes of the last [`TAIL`] entries, and the signature over the last, which vouches for
    /// all before it. Gives the last entry's number and hash.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub(crate) fn verify_tail(&self) -> Result<Option<(u64, String)>, VerifyError> {
        let view = self.conn.unchecked_transaction()?;
        let (keys, expected) = (self.keys()?, Expected::default());
        let mut walk = Walk::new(&keys, last_observation(&view)?, &expected);
        let last: u64 = view.query_row("SELECT ifnull(max(seq), 0) FROM entries", [], |row| row.get(0))?;
        let from = last.saturating_sub(TAIL);
        if from > 0 {
            walk.entries = from;
            walk.hash = view
                .query_row("SELECT hash FROM entries WHERE seq = ?1", [from], |row| row.get(0))
                .optional()?
                .ok_or_else(|| Broken { seq: from, why: "it is missing".to_owned() })?;
        }
        walk.signed_from = last;
        walk.all_entries(&view)?;
        walk.check_end(&view)?;
        Ok(walk.last.map(|link| (link.seq, link.hash)))
    }
}

/// Reads every observation and report, and sees that none between the first and the last is missing.
fn observations(view: &Connection) -> Result<u64, VerifyError> {
    let mut seq = mark(view, Mark::Pruned)?;
    let broken = |seq: u64, why: String| Broken { seq: 0, why: format!("observation {seq}: {why}") };
    let sql = format!(
        "SELECT {COLUMNS}, steps, evidence FROM observations LEFT JOIN reports USING (seq) ORDER BY seq"
    );
    let (mut statement, mut count) = (view.prepare(&sql)?, 0);
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        seq += 1;
        let found = observation(row).map_err(|error| broken(seq, error.to_string()))?.0;
        if found != seq {
            return Err(broken(seq, format!("it is missing; observation {found} follows")).into());
        }
        report(row).map_err(|error| broken(seq, format!("its report: {error}")))?;
        count += 1;
    }
    Ok(count)
}

fn report(row: &Row<'_>) -> Result<(), LedgerError> {
    let (steps, evidence): (Option<String>, Option<String>) = (row.get(8)?, row.get(9)?);
    steps.map(|text| unpack(&text)).transpose()?;
    let evidence = evidence.map(|text| serde_json::from_str::<Evidence>(&text)).transpose();
    evidence.map(drop).map_err(|error| LedgerError::Corrupt(error.to_string()))
}

/// What the numbers of cells mean: history cannot be shown without.
fn meanings(view: &Connection) -> Result<(), VerifyError> {
    let mut statement = view.prepare("SELECT service, capability, place, cell_id FROM cells")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        cell_key(row, 0).map_err(|error| Broken { seq: 0, why: format!("a cell's name: {error}") })?;
    }
    Ok(())
}

/// One pass over the chain.
struct Walk<'a> {
    keys: &'a [(String, u64)],
    newest: u64,
    expected: &'a Expected,
    entries: u64,
    signatures: u64,
    watermark: u64,
    hash: String,
    last: Option<Link>,
    /// Signatures are checked from this entry on.
    signed_from: u64,
}

impl<'a> Walk<'a> {
    fn new(keys: &'a [(String, u64)], newest: u64, expected: &'a Expected) -> Self {
        let hash = GENESIS.to_owned();
        let (entries, signatures, watermark, signed_from) = (0, 0, 0, 0);
        Self { keys, newest, expected, entries, signatures, watermark, hash, last: None, signed_from }
    }

    /// Walks from where it stands to the end.
    fn all_entries(&mut self, view: &Connection) -> Result<(), VerifyError> {
        let mut statement =
            view.prepare("SELECT seq, text, hash, signature FROM entries WHERE seq > ?1 ORDER BY seq")?;
        let mut rows = statement.query([self.entries])?;
        while let Some(row) = rows.next()? {
            let link = Link::read(row).map_err(|error| self.unreadable(&error))?;
            self.step(link)?;
        }
        Ok(())
    }

    fn unreadable(&self, error: &rusqlite::Error) -> Broken {
        Broken { seq: self.entries + 1, why: format!("it cannot be read: {error}") }
    }

    fn step(&mut self, link: Link) -> Result<(), Broken> {
        let seq = self.entries + 1;
        let broken = |why: String| Broken { seq, why };
        if link.seq != seq {
            return Err(broken(format!("it is missing; entry {} follows", link.seq)));
        }
        if entry_hash(&self.hash, &link.text, seq) != link.hash {
            return Err(broken("its hash does not follow from its text and the hash before it".to_owned()));
        }
        let watermark = link.entry()?.watermark;
        if watermark < self.watermark {
            return Err(broken(format!("its watermark {watermark} is below {}", self.watermark)));
        }
        if watermark > self.newest {
            return Err(broken(format!(
                "its watermark {watermark} is beyond the last observation {}",
                self.newest
            )));
        }
        if let Some(signature) = link.signature.as_ref().filter(|_| seq >= self.signed_from) {
            self.check_signature(seq, &link.hash, signature).map_err(broken)?;
            self.signatures += 1;
        }
        self.check_expected(&link)?;
        self.entries = seq;
        self.watermark = watermark;
        self.hash.clone_from(&link.hash);
        self.last = Some(link);
        Ok(())
    }

    fn check_signature(&self, seq: u64, hash: &str, signature: &str) -> Result<(), String> {
        let mut why = "no public key is known for its signature".to_owned();
        for (key, _) in self.keys {
            match verify_text(key, seq, hash, signature) {
                Ok(()) => return Ok(()),
                Err(error) => why = format!("its signature does not hold: {error}"),
            }
        }
        Err(why)
    }

    fn check_expected(&self, link: &Link) -> Result<(), Broken> {
        match &self.expected.head {
            Some((seq, hash)) if *seq == link.seq && *hash != link.hash => Err(Broken {
                seq: link.seq,
                why: format!("its hash is {}, and {hash} was seen before", link.hash),
            }),
            _ => Ok(()),
        }
    }

    /// What can be said of the end: that it is the end of a group, and that nothing knows of more.
    fn check_end(&self, view: &Connection) -> Result<(), VerifyError> {
        let broken = |seq: u64, why: &str| VerifyError::Broken(Broken { seq, why: why.to_owned() });
        if self.last.as_ref().is_some_and(|link| link.signature.is_none()) {
            return Err(broken(
                self.entries,
                "the last entry is not signed: the end of the chain was cut off",
            ));
        }
        let wanted = self.expected.head.as_ref().map_or(0, |(seq, _)| *seq);
        if wanted > self.entries {
            return Err(broken(
                self.entries + 1,
                "it was seen before, and is missing: the end of the chain was cut off",
            ));
        }
        let (seen, watermark): (u64, u64) = view.query_row(
            "SELECT ifnull(max(entry_seq), 0), ifnull(max(watermark), 0) FROM snapshots",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        if seen > self.entries {
            return Err(broken(
                self.entries + 1,
                "a snapshot holds it, and it is missing: the end of the chain was cut off",
            ));
        }
        if watermark > self.newest {
            let newest = self.newest;
            return Err(broken(
                0,
                &format!("a snapshot holds observation {watermark}, and the last is {newest}"),
            ));
        }
        Ok(())
    }
}
