//! Apps and the rows of their builds, in SQLite; the files are `builds`'s.

use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use serde::Serialize;

/// How many apps one developer may have beyond the first ones, and builds one app.
const APPS_MAX: u32 = 200;
const BUILDS_MAX: u32 = 50;

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS apps (app TEXT PRIMARY KEY, name TEXT NOT NULL, owner TEXT NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS builds (
        app TEXT NOT NULL REFERENCES apps, version TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('received', 'processed', 'damaged')), at INTEGER NOT NULL,
        PRIMARY KEY (app, version)) STRICT;
";

/// An app with its builds.
#[derive(Debug, Serialize)]
pub(super) struct App {
    pub(super) app: String,
    pub(super) name: String,
    pub(super) builds: Vec<Build>,
}

/// A build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Build {
    pub(super) app: String,
    pub(super) version: String,
    pub(super) size: u64,
    pub(super) sha256: String,
    pub(super) state: String,
    pub(super) at: String,
}

impl Build {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            app: row.get(0)?,
            version: row.get(1)?,
            size: row.get(2)?,
            sha256: row.get(3)?,
            state: row.get(4)?,
            at: row.get(5)?,
        })
    }
}

const BUILD: &str =
    "SELECT app, version, size, sha256, state, strftime('%Y-%m-%dT%H:%M:%SZ', at, 'unixepoch') FROM builds";

/// What became of a new app.
pub(super) enum Added {
    Yes,
    Taken,
    Full,
}

/// What became of an upload.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kept {
    New(Build),
    /// The same was uploaded before.
    Known(Build),
    /// This version has other content.
    Other,
    Full,
}

/// The apps that are there from the first start on.
pub(super) fn first<'a>(
    db: &Connection,
    owner: &str,
    apps: impl Iterator<Item = (&'a str, &'a str)>,
) -> rusqlite::Result<()> {
    // One transaction: a start writes to the disk once.
    let change = db.unchecked_transaction()?;
    for (app, name) in apps {
        change.execute("INSERT INTO apps VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING", [app, name, owner])?;
    }
    change.commit()
}

pub(super) fn add(db: &mut Connection, owner: &str, app: &str, name: &str) -> rusqlite::Result<Added> {
    let change = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let own: u32 =
        change.query_row("SELECT count(*) FROM apps WHERE owner = ?1", [owner], |row| row.get(0))?;
    if own >= APPS_MAX {
        return Ok(Added::Full);
    }
    let insert = "INSERT INTO apps VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    if change.execute(insert, [app, name, owner])? == 0 {
        return Ok(Added::Taken);
    }
    change.commit()?;
    Ok(Added::Yes)
}

/// Whose app it is, and its name.
pub(super) fn owner(db: &mut Connection, app: &str) -> rusqlite::Result<Option<(String, String)>> {
    let sql = "SELECT owner, name FROM apps WHERE app = ?1";
    db.query_row(sql, [app], |row| Ok((row.get(0)?, row.get(1)?))).optional()
}

/// A developer's apps, those with builds first.
pub(super) fn apps(db: &mut Connection, owner: &str) -> rusqlite::Result<Vec<App>> {
    let sql = "SELECT app, name FROM apps WHERE owner = ?1
               ORDER BY EXISTS (SELECT 1 FROM builds WHERE builds.app = apps.app) DESC, name, app";
    let named: Vec<(String, String)> = db
        .prepare(sql)?
        .query_map([owner], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let whole = named.into_iter().map(|(app, name)| {
        let builds = builds(db, &app)?;
        Ok(App { app, name, builds })
    });
    whole.collect()
}

/// An app's builds, newest first.
pub(super) fn builds(db: &mut Connection, app: &str) -> rusqlite::Result<Vec<Build>> {
    let sql = format!("{BUILD} WHERE app = ?1 ORDER BY builds.at DESC, rowid DESC");
    db.prepare(&sql)?.query_map([app], Build::from_row)?.collect()
}

pub(super) fn build(db: &mut Connection, app: &str, version: &str) -> rusqlite::Result<Option<Build>> {
    find(db, app, version)
}

fn find(db: &Connection, app: &str, version: &str) -> rusqlite::Result<Option<Build>> {
    db.query_row(&format!("{BUILD} WHERE app = ?1 AND version = ?2"), [app, version], Build::from_row)
        .optional()
}

/// Builds that were acknowledged and not yet processed.
pub(super) fn waiting(db: &mut Connection) -> rusqlite::Result<Vec<Build>> {
    db.prepare(&format!("{BUILD} WHERE state = 'received'"))?.query_map([], Build::from_row)?.collect()
}

/// Keeps the row of a build whose file is on the disk.
pub(super) fn keep(
    db: &mut Connection,
    app: &str,
    version: &str,
    size: u64,
    sha256: &str,
) -> rusqlite::Result<Kept> {
    let change = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if let Some(known) = find(&change, app, version)? {
        return Ok(if known.sha256 == sha256 { Kept::Known(known) } else { Kept::Other });
    }
    let own: u32 = change.query_row("SELECT count(*) FROM builds WHERE app = ?1", [app], |row| row.get(0))?;
    if own >= BUILDS_MAX {
        return Ok(Kept::Full);
    }
    change.execute(
        "INSERT INTO builds VALUES (?1, ?2, ?3, ?4, 'received', unixepoch())",
        params![app, version, size, sha256],
    )?;
    let kept = find(&change, app, version)?;
    change.commit()?;
    Ok(kept.map_or(Kept::Full, Kept::New))
}

pub(super) fn set_state(db: &mut Connection, app: &str, version: &str, state: &str) -> rusqlite::Result<()> {
    db.execute("UPDATE builds SET state = ?3 WHERE app = ?1 AND version = ?2", [app, version, state])
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_upload_is_known_other_content_is_not_and_builds_are_bounded() {
        let mut db = Connection::open_in_memory().unwrap();
        db.execute_batch(SCHEMA).unwrap();
        first(&db, "dev", [("a", "A")].into_iter()).unwrap();
        assert!(matches!(add(&mut db, "other", "a", "Mine").unwrap(), Added::Taken));
        assert_eq!(owner(&mut db, "a").unwrap(), Some(("dev".to_owned(), "A".to_owned())));
        assert!(
            matches!(keep(&mut db, "a", "1.0", 3, "x").unwrap(), Kept::New(build) if build.state == "received")
        );
        assert_eq!(waiting(&mut db).unwrap().len(), 1);
        set_state(&mut db, "a", "1.0", "processed").unwrap();
        assert!(
            matches!(keep(&mut db, "a", "1.0", 3, "x").unwrap(), Kept::Known(build) if build.state == "processed")
        );
        assert_eq!(keep(&mut db, "a", "1.0", 3, "y").unwrap(), Kept::Other);
        for n in 1..BUILDS_MAX {
            assert!(matches!(keep(&mut db, "a", &format!("1.{n}"), 3, "x").unwrap(), Kept::New(_)));
        }
        assert_eq!(keep(&mut db, "a", "2.0", 3, "x").unwrap(), Kept::Full);
    }
}
