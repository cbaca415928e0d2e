//! Tickets and what was said in them, in SQLite.

use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use serde::Serialize;

/// Tickets of one customer that wait for the desk.
const WAITING_MAX: u32 = 500;
/// Replies in one ticket that are shown, and tickets in a list.
const SHOWN_MAX: u32 = 200;

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS tickets (
        ticket TEXT PRIMARY KEY, user TEXT NOT NULL, subject TEXT NOT NULL, key TEXT, at INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('open', 'answered', 'closed')), UNIQUE (user, key)) STRICT;
    CREATE INDEX IF NOT EXISTS tickets_of ON tickets (user, at);
    CREATE TABLE IF NOT EXISTS words (
        id INTEGER PRIMARY KEY, ticket TEXT NOT NULL REFERENCES tickets, author TEXT NOT NULL, text TEXT NOT NULL,
        at INTEGER NOT NULL) STRICT;
    CREATE INDEX IF NOT EXISTS words_of ON words (ticket, id);
";

/// Who asks: a customer sees their own tickets, the desk all.
#[derive(Debug, Clone)]
pub(super) struct Asker {
    pub(super) user: String,
    pub(super) desk: bool,
}

/// What became of a new ticket.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Opened {
    Yes(String),
    TooMany,
}

/// A ticket in a list.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Ticket {
    pub(super) ticket: String,
    pub(super) user: String,
    pub(super) subject: String,
    pub(super) state: String,
    pub(super) at: String,
}

/// A ticket with what was said in it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Whole {
    #[serde(flatten)]
    pub(super) ticket: Ticket,
    pub(super) words: Vec<Words>,
}

/// Something said in a ticket.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Words {
    pub(super) author: String,
    pub(super) text: String,
    pub(super) at: String,
}

const TICKET: &str =
    "SELECT ticket, user, subject, state, strftime('%Y-%m-%dT%H:%M:%SZ', at, 'unixepoch') FROM tickets";

impl Ticket {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            ticket: row.get(0)?,
            user: row.get(1)?,
            subject: row.get(2)?,
            state: row.get(3)?,
            at: row.get(4)?,
        })
    }
}

/// Opens a ticket; with a key, once.
pub(super) fn open(
    db: &mut Connection,
    user: &str,
    subject: &str,
    text: &str,
    key: Option<&str>,
) -> rusqlite::Result<Opened> {
    let change = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let known = "SELECT ticket FROM tickets WHERE user = ?1 AND key = ?2";
    let known: Option<String> = change.query_row(known, params![user, key], |row| row.get(0)).optional()?;
    if let Some(ticket) = known {
        return Ok(Opened::Yes(ticket));
    }
    let waiting = "SELECT count(*) FROM tickets WHERE user = ?1 AND state = 'open'";
    let waiting: u32 = change.query_row(waiting, [user], |row| row.get(0))?;
    if waiting >= WAITING_MAX {
        return Ok(Opened::TooMany);
    }
    let ticket: String = change.query_row(
        "INSERT INTO tickets (ticket, user, subject, key, at, state)
         VALUES (lower(hex(randomblob(6))), ?1, ?2, ?3, unixepoch(), 'open') RETURNING ticket",
        params![user, subject, key],
        |row| row.get(0),
    )?;
    say(&change, &ticket, user, text)?;
    change.commit()?;
    Ok(Opened::Yes(ticket))
}

fn say(db: &Connection, ticket: &str, author: &str, text: &str) -> rusqlite::Result<()> {
    let insert = "INSERT INTO words (ticket, author, text, at) VALUES (?1, ?2, ?3, unixepoch())";
    db.execute(insert, [ticket, author, text]).map(drop)
}

/// The asker's tickets, newest first; the desk's are everybody's, those that wait first.
pub(super) fn list(db: &mut Connection, asker: &Asker) -> rusqlite::Result<Vec<Ticket>> {
    let sql = format!(
        "{TICKET} WHERE ?2 OR user = ?1
         ORDER BY (?2 AND state = 'open') DESC, tickets.at DESC, rowid DESC LIMIT {SHOWN_MAX}"
    );
    db.prepare(&sql)?.query_map(params![asker.user, asker.desk], Ticket::from_row)?.collect()
}

/// A ticket, if the asker may see it.
pub(super) fn read(db: &mut Connection, asker: &Asker, ticket: &str) -> rusqlite::Result<Option<Whole>> {
    let sql = format!("{TICKET} WHERE ticket = ?1 AND (?3 OR user = ?2)");
    let found = db.query_row(&sql, params![ticket, asker.user, asker.desk], Ticket::from_row).optional()?;
    let Some(found) = found else { return Ok(None) };
    let mut said = db.prepare(&format!(
        "SELECT author, text, strftime('%Y-%m-%dT%H:%M:%SZ', at, 'unixepoch') FROM words WHERE ticket = ?1
         ORDER BY id LIMIT {SHOWN_MAX}"
    ))?;
    let words = said
        .query_map([ticket], |row| Ok(Words { author: row.get(0)?, text: row.get(1)?, at: row.get(2)? }))?;
    Ok(Some(Whole { ticket: found, words: words.collect::<Result<_, _>>()? }))
}

/// Adds words to a ticket that the asker may see: it is answered by the desk, open again by its customer.
pub(super) fn reply(
    db: &mut Connection,
    asker: &Asker,
    ticket: &str,
    text: &str,
) -> rusqlite::Result<Option<&'static str>> {
    let state = if asker.desk { "answered" } else { "open" };
    let change = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let update = "UPDATE tickets SET state = ?4 WHERE ticket = ?1 AND (?3 OR user = ?2)";
    if change.execute(update, params![ticket, asker.user, asker.desk, state])? == 0 {
        return Ok(None);
    }
    say(&change, ticket, &asker.user, text)?;
    change.commit()?;
    Ok(Some(state))
}

/// Closes a ticket that the asker may see; words open it again.
pub(super) fn close(db: &mut Connection, asker: &Asker, ticket: &str) -> rusqlite::Result<bool> {
    let update = "UPDATE tickets SET state = 'closed' WHERE ticket = ?1 AND (?3 OR user = ?2)";
    Ok(db.execute(update, params![ticket, asker.user, asker.desk])? > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asker(user: &str, desk: bool) -> Asker {
        Asker { user: user.to_owned(), desk }
    }

    #[test]
    fn a_ticket_is_its_customers_and_the_desks() {
        let mut db = Connection::open_in_memory().unwrap();
        db.execute_batch(SCHEMA).unwrap();
        let (one, two, desk) = (asker("one", false), asker("two", false), asker("desk", true));
        let Opened::Yes(ticket) = open(&mut db, "one", "s", "help", Some("k")).unwrap() else { panic!() };
        assert_eq!(open(&mut db, "one", "s", "help", Some("k")).unwrap(), Opened::Yes(ticket.clone()));
        assert!(read(&mut db, &two, &ticket).unwrap().is_none());
        assert_eq!(reply(&mut db, &two, &ticket, "mine").unwrap(), None);
        assert!(!close(&mut db, &two, &ticket).unwrap());
        assert_eq!(reply(&mut db, &desk, &ticket, "sorry").unwrap(), Some("answered"));
        assert_eq!(reply(&mut db, &one, &ticket, "still").unwrap(), Some("open"));
        assert!(close(&mut db, &one, &ticket).unwrap());
        let whole = read(&mut db, &desk, &ticket).unwrap().unwrap();
        let said: Vec<_> = whole.words.iter().map(|w| (w.author.as_str(), w.text.as_str())).collect();
        assert_eq!(said, [("one", "help"), ("desk", "sorry"), ("one", "still")]);
        assert_eq!(whole.ticket.state, "closed");
        assert_eq!((list(&mut db, &two).unwrap().len(), list(&mut db, &desk).unwrap().len()), (0, 1));
    }

    #[test]
    fn tickets_that_wait_are_bounded() {
        let mut db = Connection::open_in_memory().unwrap();
        db.execute_batch(SCHEMA).unwrap();
        for _ in 0..WAITING_MAX {
            assert!(matches!(open(&mut db, "one", "s", "t", None).unwrap(), Opened::Yes(_)));
        }
        assert_eq!(open(&mut db, "one", "s", "t", None).unwrap(), Opened::TooMany);
        assert!(matches!(open(&mut db, "two", "s", "t", None).unwrap(), Opened::Yes(_)));
    }
}
