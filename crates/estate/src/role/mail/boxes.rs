//! The mailboxes, in SQLite: a letter is in all its recipients' boxes or in none.

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;

use super::letter::{self, Letter};

/// The most letters in one box.
pub(super) const LETTERS_MAX: u32 = 1000;
/// How many are listed.
const LISTED_MAX: u32 = 100;

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS letters (
        id TEXT PRIMARY KEY, owner TEXT NOT NULL, sender TEXT NOT NULL, subject TEXT NOT NULL, content BLOB NOT NULL,
        at INTEGER NOT NULL, seen INTEGER NOT NULL DEFAULT 0, key TEXT, UNIQUE (sender, key)) STRICT;
    CREATE INDEX IF NOT EXISTS letters_of ON letters (owner, at);
";

/// What became of a letter.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// It is on the disk; its number in the last recipient's box.
    Yes(String),
    /// One of the boxes is full: it is in none.
    Full,
}

/// A letter in a list.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    pub(super) id: String,
    pub(super) from: String,
    pub(super) subject: String,
    pub(super) at: String,
    pub(super) seen: bool,
}

/// A letter that is read.
#[derive(Debug, Serialize)]
pub(super) struct Opened {
    pub(super) id: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) subject: String,
    pub(super) at: String,
    pub(super) text: String,
}

const AT: &str = "strftime('%Y-%m-%dT%H:%M:%SZ', at, 'unixepoch')";

/// Puts a letter into every recipient's box, in one transaction; with a `key`, once.
pub(super) fn keep(
    db: &mut Connection,
    letter: &Letter,
    to: &[String],
    key: Option<&str>,
) -> rusqlite::Result<Kept> {
    let change = db.transaction()?;
    let known = "SELECT id FROM letters WHERE sender = ?1 AND key = ?2";
    let known: Option<String> =
        change.query_row(known, params![letter.sender, key], |row| row.get(0)).optional()?;
    if let Some(id) = known {
        return Ok(Kept::Yes(id));
    }
    let mut number = String::new();
    for owner in to {
        if is_full(&change, owner)? {
            return Ok(Kept::Full);
        }
        number = change.query_row(
            "INSERT INTO letters (id, owner, sender, subject, content, at, key)
             VALUES (lower(hex(randomblob(8))), ?1, ?2, ?3, ?4, unixepoch(), ?5) RETURNING id",
            params![owner, letter.sender, letter.subject, letter.content, key],
            |row| row.get(0),
        )?;
    }
    change.commit()?;
    Ok(Kept::Yes(number))
}

/// Whether a box takes no more.
pub(super) fn is_full(db: &Connection, owner: &str) -> rusqlite::Result<bool> {
    db.query_row("SELECT count(*) >= ?2 FROM letters WHERE owner = ?1", params![owner, LETTERS_MAX], |row| {
        row.get(0)
    })
}

pub(super) fn list(db: &mut Connection, owner: &str) -> rusqlite::Result<Vec<Line>> {
    let sql = format!(
        "SELECT id, sender, subject, {AT}, seen FROM letters WHERE owner = ?1
         ORDER BY letters.at DESC, rowid DESC LIMIT {LISTED_MAX}"
    );
    let mut query = db.prepare(&sql)?;
    let rows = query.query_map([owner], |row| {
        Ok(Line {
            id: row.get(0)?,
            from: row.get(1)?,
            subject: row.get(2)?,
            at: row.get(3)?,
            seen: row.get(4)?,
        })
    })?;
    rows.collect()
}

/// A letter, which is seen from now on.
pub(super) fn read(db: &mut Connection, owner: &str, id: &str) -> rusqlite::Result<Option<Opened>> {
    db.execute("UPDATE letters SET seen = 1 WHERE owner = ?1 AND id = ?2 AND seen = 0", [owner, id])?;
    let sql = format!("SELECT sender, subject, {AT}, content FROM letters WHERE owner = ?1 AND id = ?2");
    let opened = db.query_row(&sql, [owner, id], |row| {
        Ok(Opened {
            id: id.to_owned(),
            from: row.get(0)?,
            to: owner.to_owned(),
            subject: row.get(1)?,
            at: row.get(2)?,
            text: letter::body(&row.get::<_, Vec<u8>>(3)?),
        })
    });
    opened.optional()
}

pub(super) fn discard(db: &mut Connection, owner: &str, id: &str) -> rusqlite::Result<()> {
    db.execute("DELETE FROM letters WHERE owner = ?1 AND id = ?2", [owner, id]).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database() -> Connection {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(SCHEMA).unwrap();
        db
    }

    fn letter() -> Letter {
        Letter {
            sender: "a@b.example".to_owned(),
            subject: "s".to_owned(),
            content: b"S: s\r\n\r\nhello\r\n".to_vec(),
        }
    }

    #[test]
    fn a_letter_is_in_every_box_or_in_none() {
        let mut db = database();
        let both = ["x".to_owned(), "y".to_owned()];
        assert!(matches!(keep(&mut db, &letter(), &both, None).unwrap(), Kept::Yes(_)));
        for _ in 0..LETTERS_MAX - 1 {
            assert!(matches!(keep(&mut db, &letter(), &both[1..], None).unwrap(), Kept::Yes(_)));
        }
        assert_eq!(keep(&mut db, &letter(), &both, None).unwrap(), Kept::Full);
        assert_eq!((list(&mut db, "x").unwrap().len(), is_full(&db, "y").unwrap()), (1, true));
    }

    #[test]
    fn a_letter_is_seen_once_it_is_read_and_only_by_its_owner() {
        let mut db = database();
        let Kept::Yes(id) = keep(&mut db, &letter(), &["x".to_owned()], Some("k")).unwrap() else { panic!() };
        assert!(!list(&mut db, "x").unwrap()[0].seen && read(&mut db, "y", &id).unwrap().is_none());
        assert_eq!(read(&mut db, "x", &id).unwrap().unwrap().text, "hello");
        assert!(list(&mut db, "x").unwrap()[0].seen);
        assert_eq!(keep(&mut db, &letter(), &["x".to_owned()], Some("k")).unwrap(), Kept::Yes(id.clone()));
        discard(&mut db, "y", &id).unwrap();
        assert_eq!(list(&mut db, "x").unwrap().len(), 1);
        discard(&mut db, "x", &id).unwrap();
        assert!(list(&mut db, "x").unwrap().is_empty());
    }
}
