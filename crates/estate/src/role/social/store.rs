//! The posts, in SQLite, the oldest forgotten.

use std::time::{Duration, SystemTime};

use rusqlite::{Connection, TransactionBehavior, params};
use serde::{Deserialize, Serialize};

/// How many posts an answer has.
pub(super) const SHOWN: usize = 50;
/// How many are kept.
const KEPT: u32 = 20_000;
/// How many one author may write in a minute.
const A_MINUTE: u32 = 20;

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS posts (
        id INTEGER PRIMARY KEY AUTOINCREMENT, author TEXT NOT NULL, lang TEXT NOT NULL, place TEXT, text TEXT NOT NULL,
        at INTEGER NOT NULL) STRICT;
    CREATE INDEX IF NOT EXISTS posts_of ON posts (author, at);
";

/// Which posts are asked for.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    lang: Option<String>,
    author: Option<String>,
    place: Option<String>,
    before: Option<i64>,
}

/// A post.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Post {
    pub(super) id: i64,
    pub(super) author: String,
    pub(super) lang: String,
    pub(super) place: Option<String>,
    pub(super) text: String,
    pub(super) at: String,
    #[serde(skip)]
    seconds: u64,
}

impl Post {
    /// When it was written, as RSS wants it.
    pub(super) fn date(&self) -> String {
        httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(self.seconds))
    }

    /// Whether the shop wrote it.
    pub(super) fn is_ours(&self) -> bool {
        self.author == super::SUPPORT_AUTHOR
    }
}

/// What became of a post.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Posted {
    Yes(i64),
    TooFast,
}

pub(super) fn post(
    db: &mut Connection,
    author: &str,
    lang: &str,
    place: Option<&str>,
    text: &str,
) -> rusqlite::Result<Posted> {
    let change = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let lately = "SELECT count(*) FROM posts WHERE author = ?1 AND at > unixepoch() - 60";
    if change.query_row(lately, [author], |row| row.get::<_, u32>(0))? >= A_MINUTE {
        return Ok(Posted::TooFast);
    }
    change.execute(
        "INSERT INTO posts (author, lang, place, text, at) VALUES (?1, ?2, ?3, ?4, unixepoch())",
        params![author, lang, place, text],
    )?;
    let id = change.last_insert_rowid();
    change.execute("DELETE FROM posts WHERE id <= ?1 - ?2", params![id, KEPT])?;
    change.commit()?;
    Ok(Posted::Yes(id))
}

pub(super) fn list(db: &mut Connection, asked: &Asked) -> rusqlite::Result<Vec<Post>> {
    let sql = format!(
        "SELECT id, author, lang, place, text, strftime('%Y-%m-%dT%H:%M:%SZ', at, 'unixepoch'), at FROM posts
         WHERE id < coalesce(?1, id + 1) AND lang = coalesce(?2, lang) AND author = coalesce(?3, author)
           AND (?4 IS NULL OR place = ?4) ORDER BY id DESC LIMIT {SHOWN}"
    );
    let mut query = db.prepare(&sql)?;
    let rows = query.query_map(params![asked.before, asked.lang, asked.author, asked.place], |row| {
        Ok(Post {
            id: row.get(0)?,
            author: row.get(1)?,
            lang: row.get(2)?,
            place: row.get(3)?,
            text: row.get(4)?,
            at: row.get(5)?,
            seconds: row.get(6)?,
        })
    })?;
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_author_who_posts_without_end_is_slowed_and_the_oldest_is_forgotten() {
        let mut db = Connection::open_in_memory().unwrap();
        db.execute_batch(SCHEMA).unwrap();
        for _ in 0..A_MINUTE {
            assert!(matches!(post(&mut db, "customer-1", "en", None, "down?").unwrap(), Posted::Yes(_)));
        }
        assert_eq!(post(&mut db, "customer-1", "en", None, "down?").unwrap(), Posted::TooFast);
        db.execute("UPDATE posts SET id = id + ?1 WHERE id > 5", [KEPT]).unwrap();
        assert!(matches!(post(&mut db, "customer-2", "de", Some("gb"), "kaputt").unwrap(), Posted::Yes(_)));
        let kept = list(&mut db, &Asked::default()).unwrap();
        assert_eq!(u32::try_from(kept.len()), Ok(A_MINUTE - 5 + 1));
        let german = Asked { lang: Some("de".to_owned()), ..Asked::default() };
        assert_eq!(list(&mut db, &german).unwrap()[0].text, "kaputt");
        let older = Asked { before: Some(kept[0].id), ..Asked::default() };
        assert_eq!(list(&mut db, &older).unwrap().len(), kept.len() - 1);
    }
}
