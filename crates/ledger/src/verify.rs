//! Verifying: the whole chain recomputed, every signature checked.
//!
//! What the chain alone cannot show is a tail that was cut off after a group, or a chain written anew with another key;
//! who knows a head or a key from elsewhere gives it as [`Expected`].

use candor_core::entry::LedgerHead;
use rusqlite::Connection;

use crate::chain::{GENESIS, Link, entry_hash, head_of};
use crate::error::{Broken, VerifyError};
use crate::key::verify_text;
use crate::observe::last_observation;
use crate::open::Reader;

/// What a verified ledger holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many entries.
    pub entries: u64,
    /// The end of the chain; `None` where there are no entries.
    pub head: Option<LedgerHead>,
    /// How many of the entries carry a signature, all of them good.
    pub signatures: u64,
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
    /// Recomputes the whole chain, checks every signature, and that watermarks and snapshots fit it.
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
        let keys = match &expected.key {
            Some(key) => vec![(key.clone(), 1)],
            None => self.keys()?,
        };
        let mut walk = Walk::new(&keys, last_observation(&view)?, expected);
        let mut statement = view.prepare("SELECT seq, text, hash, signature FROM entries ORDER BY seq")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let link = Link::read(row).map_err(|error| walk.unreadable(&error))?;
            walk.step(link)?;
        }
        walk.finish(&view)
    }
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
}

impl<'a> Walk<'a> {
    fn new(keys: &'a [(String, u64)], newest: u64, expected: &'a Expected) -> Self {
        let hash = GENESIS.to_owned();
        Self { keys, newest, expected, entries: 0, signatures: 0, watermark: 0, hash, last: None }
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
        if let Some(signature) = &link.signature {
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

    fn finish(self, conn: &Connection) -> Result<Verified, VerifyError> {
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
        let seen: u64 =
            conn.query_row("SELECT ifnull(max(entry_seq), 0) FROM snapshots", [], |row| row.get(0))?;
        if seen > self.entries {
            return Err(broken(
                self.entries + 1,
                "a snapshot holds it, and it is missing: the end of the chain was cut off",
            ));
        }
        let head = self.last.map(head_of).transpose()?;
        Ok(Verified { entries: self.entries, head, signatures: self.signatures, keys: self.keys.to_vec() })
    }
}
