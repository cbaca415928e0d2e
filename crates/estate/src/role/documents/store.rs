//! Documents and their versions, in SQLite. Conditions are checked in the transaction that changes.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// How many versions of a document are kept.
pub(super) const VERSIONS_MAX: u32 = 20;
/// How many documents a customer may have, and how many bytes in all, versions too.
const DOCUMENTS_MAX: u32 = 500;
const BYTES_MAX: u64 = 64 * 1024 * 1024;

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS versions (
        owner TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, etag TEXT NOT NULL, content BLOB NOT NULL,
        at INTEGER NOT NULL, PRIMARY KEY (owner, name, version)) STRICT;
";

/// When a document may be written or discarded (RFC 9110, section 13.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    None,
    /// There is none of this name.
    New,
    /// There is one.
    There,
    /// Its entity tag is one of these.
    Same(String),
}

impl Condition {
    fn holds(&self, etag: Option<&str>) -> bool {
        match (self, etag) {
            (Self::None, _) | (Self::New, None) | (Self::There, Some(_)) => true,
            (Self::New, Some(_)) | (Self::There | Self::Same(_), None) => false,
            // Strong comparison: a weak tag matches nothing.
            (Self::Same(tags), Some(etag)) => tags.split(',').any(|tag| tag.trim() == etag),
        }
    }
}

/// A document to keep.
pub(super) struct Put {
    pub(super) owner: String,
    pub(super) name: String,
    pub(super) content: Vec<u8>,
    pub(super) condition: Condition,
}

/// What became of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Kept(Version),
    /// The condition does not hold.
    Changed,
    Full,
}

/// A version of a document.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Version {
    pub(super) name: String,
    pub(super) version: u32,
    pub(super) size: u32,
    pub(super) etag: String,
    pub(super) at: String,
}

const VERSION: &str =
    "SELECT name, version, length(content), etag, strftime('%Y-%m-%dT%H:%M:%SZ', at, 'unixepoch')";

impl Version {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            name: row.get(0)?,
            version: row.get(1)?,
            size: row.get(2)?,
            etag: row.get(3)?,
            at: row.get(4)?,
        })
    }
}

fn etag(version: u32, content: &[u8]) -> String {
    let hash = Sha256::new().chain_update(version.to_be_bytes()).chain_update(content).finalize();
    let short: String = hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{short}\"")
}

/// Keeps a new version, if its condition holds.
pub(super) fn put(db: &mut Connection, put: Put) -> rusqlite::Result<Outcome> {
    let Put { owner, name, content, condition } = put;
    let change = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let latest =
        "SELECT version, etag FROM versions WHERE owner = ?1 AND name = ?2 ORDER BY version DESC LIMIT 1";
    let latest: Option<(u32, String)> =
        change.query_row(latest, [&owner, &name], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    if !condition.holds(latest.as_ref().map(|(_, etag)| etag.as_str())) {
        return Ok(Outcome::Changed);
    }
    let held =
        "SELECT count(DISTINCT name), coalesce(sum(length(content)), 0) FROM versions WHERE owner = ?1";
    let (names, bytes): (u32, u64) =
        change.query_row(held, [&owner], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let more = u64::try_from(content.len()).unwrap_or(u64::MAX);
    if (latest.is_none() && names >= DOCUMENTS_MAX) || bytes.saturating_add(more) > BYTES_MAX {
        return Ok(Outcome::Full);
    }
    let version = latest.map_or(0, |(version, _)| version).saturating_add(1);
    change.execute(
        "INSERT INTO versions VALUES (?1, ?2, ?3, ?4, ?5, unixepoch())",
        params![owner, name, version, etag(version, &content), content],
    )?;
    let old = "DELETE FROM versions WHERE owner = ?1 AND name = ?2 AND version <= ?3";
    change.execute(old, params![owner, name, version.saturating_sub(VERSIONS_MAX)])?;
    let sql = format!("{VERSION} FROM versions WHERE owner = ?1 AND name = ?2 AND version = ?3");
    let kept = change.query_row(&sql, params![owner, name, version], Version::from_row)?;
    change.commit()?;
    Ok(Outcome::Kept(kept))
}

/// The latest version of every document.
pub(super) fn list(db: &mut Connection, owner: &str) -> rusqlite::Result<Vec<Version>> {
    let sql = format!(
        "{VERSION} FROM versions AS v WHERE owner = ?1 AND version =
           (SELECT max(version) FROM versions WHERE owner = v.owner AND name = v.name) ORDER BY name"
    );
    db.prepare(&sql)?.query_map([owner], Version::from_row)?.collect()
}

/// Every version of one, newest first.
pub(super) fn versions(db: &mut Connection, owner: &str, name: &str) -> rusqlite::Result<Vec<Version>> {
    let sql = format!("{VERSION} FROM versions WHERE owner = ?1 AND name = ?2 ORDER BY version DESC");
    db.prepare(&sql)?.query_map([owner, name], Version::from_row)?.collect()
}

/// A version and its content; the latest if none is named.
pub(super) fn read(
    db: &mut Connection,
    owner: &str,
    name: &str,
    version: Option<u32>,
) -> rusqlite::Result<Option<(Version, Vec<u8>)>> {
    let sql = format!(
        "{VERSION}, content FROM versions WHERE owner = ?1 AND name = ?2 AND version = coalesce(?3, version)
         ORDER BY version DESC LIMIT 1"
    );
    db.query_row(&sql, params![owner, name, version], |row| Ok((Version::from_row(row)?, row.get(5)?)))
        .optional()
}

/// Discards a document with its versions; false if the condition does not hold.
pub(super) fn discard(
    db: &mut Connection,
    owner: &str,
    name: &str,
    condition: &Condition,
) -> rusqlite::Result<bool> {
    let change = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let latest = "SELECT etag FROM versions WHERE owner = ?1 AND name = ?2 ORDER BY version DESC LIMIT 1";
    let latest: Option<String> = change.query_row(latest, [owner, name], |row| row.get(0)).optional()?;
    if !condition.holds(latest.as_deref()) {
        return Ok(false);
    }
    change.execute("DELETE FROM versions WHERE owner = ?1 AND name = ?2", [owner, name])?;
    change.commit()?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database() -> Connection {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(SCHEMA).unwrap();
        db
    }

    fn keep(db: &mut Connection, content: &[u8], condition: Condition) -> Outcome {
        let put = Put { owner: "o".to_owned(), name: "n".to_owned(), content: content.to_vec(), condition };
        super::put(db, put).unwrap()
    }

    fn kept(outcome: Outcome) -> Version {
        match outcome {
            Outcome::Kept(version) => version,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn of_two_who_write_over_the_same_version_one_is_refused() {
        let mut db = database();
        let first = kept(keep(&mut db, b"one", Condition::New));
        assert_eq!(keep(&mut db, b"one", Condition::New), Outcome::Changed);
        let second = kept(keep(&mut db, b"two", Condition::Same(format!("\"x\", {}", first.etag))));
        assert_eq!(keep(&mut db, b"three", Condition::Same(first.etag.clone())), Outcome::Changed);
        assert_eq!(keep(&mut db, b"three", Condition::Same(format!("W/{}", second.etag))), Outcome::Changed);
        assert_eq!(read(&mut db, "o", "n", None).unwrap().unwrap(), (second, b"two".to_vec()));
        assert_eq!(read(&mut db, "o", "n", Some(1)).unwrap().unwrap().1, b"one");
        assert!(read(&mut db, "other", "n", None).unwrap().is_none());
    }

    #[test]
    fn the_oldest_of_many_versions_is_forgotten() {
        let mut db = database();
        for n in 0..=VERSIONS_MAX {
            kept(keep(&mut db, &n.to_be_bytes(), Condition::None));
        }
        let numbers: Vec<u32> = versions(&mut db, "o", "n").unwrap().iter().map(|row| row.version).collect();
        assert_eq!(numbers, (2..=VERSIONS_MAX + 1).rev().collect::<Vec<_>>());
        assert_eq!(list(&mut db, "o").unwrap().len(), 1);
    }

    #[test]
    fn a_customer_has_so_much_room_and_no_more() {
        let mut db = database();
        for n in 0..DOCUMENTS_MAX {
            let put = Put {
                owner: "o".to_owned(),
                name: format!("{n}"),
                content: Vec::new(),
                condition: Condition::None,
            };
            kept(super::put(&mut db, put).unwrap());
        }
        assert_eq!(keep(&mut db, b"", Condition::None), Outcome::Full);
        assert!(discard(&mut db, "o", "7", &Condition::There).unwrap());
        assert!(!discard(&mut db, "o", "7", &Condition::There).unwrap());
        kept(keep(&mut db, b"", Condition::None));
    }
}
