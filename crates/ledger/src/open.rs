//! Opening: what is checked before the first write, and in which order.
//!
//! The folder must exist; `PATH.lock` is held for as long as the ledger is open; a new database is made under another
//! name and renamed, so a file at PATH is whole or not ours. A file that is there is never recreated, whatever is wrong
//! with it, and one that is gone is not begun anew beside what it left. The end of the chain must hold before anything
//! is signed on top of it. A newer or an older layout is refused; the older is brought forward on demand, after a copy
//! of it was made. Until all that is in order nothing is written, not even what a write-ahead log holds.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io;
use std::ops::Deref;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::backup::copy_database;
use crate::error::{LedgerError, OpenError};
use crate::files::{
    Lock, Place, beside, beside_by_sqlite, check_file, check_folder, followed, lock, sync_with_folder,
    what_is_left,
};
use crate::key::Signer;
use crate::schema::{self, APPLICATION_ID, STEPS};

/// How long a statement waits for another process before it fails as busy.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Statements kept prepared on a connection: more than the crate has.
const STATEMENTS: usize = 64;
/// The write-ahead log is folded into the database at this many pages (16 MiB), and cut back to [`WAL_KEPT_BYTES`].
const CHECKPOINT_PAGES: u32 = 4_096;
const WAL_KEPT_BYTES: u32 = 64 << 20;

/// A ledger open for reading, beside a hub that may be writing to it.
pub struct Reader {
    pub(crate) conn: Connection,
    pub(crate) path: PathBuf,
}

/// A ledger open for writing: at most one process has it so. All that a [`Reader`] does, it does too.
pub struct Ledger {
    pub(crate) reader: Reader,
    pub(crate) signer: Signer,
    /// The last entry, where it is known for sure.
    pub(crate) known: Option<(u64, String)>,
    place: Place,
    /// Held, not read: the lock ends with it.
    _lock: Lock,
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("path", &self.path).finish_non_exhaustive()
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").field("path", &self.reader.path).finish_non_exhaustive()
    }
}

impl Deref for Ledger {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.reader
    }
}

/// What [`Ledger::migrate`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// The layout before.
    pub from: u32,
    /// The layout now.
    pub to: u32,
    /// The copy made before, where anything had to be done.
    pub backup: Option<PathBuf>,
}

impl Ledger {
    /// Opens the ledger at `path` for writing, and makes it where there is none.
    ///
    /// # Errors
    /// [`OpenError`]; nothing was changed.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        Self::open_with(path, STEPS, Older::Refused).map(|(ledger, _)| ledger)
    }

    /// Opens the ledger at `path` to read, while a hub may be writing to it.
    ///
    /// # Errors
    /// [`OpenError`]; also where there is none, and where its layout is older.
    pub fn open_to_read(path: &Path) -> Result<Reader, OpenError> {
        let path = &followed(path)?;
        check_file(path)?.ok_or_else(|| missing(path))?;
        let sqlite = |error| OpenError::sqlite(path, error);
        let conn = Connection::open_with_flags(path, flags()).map_err(sqlite)?;
        examine(&conn, path, STEPS, Older::Refused)?;
        conn.pragma_update(None, "query_only", true).map_err(sqlite)?;
        fold_at_close(&conn, true).map_err(sqlite)?;
        Ok(Reader { conn, path: path.clone() })
    }

    /// Brings the ledger at `path` to the newest layout, after a copy of it was made beside it.
    ///
    /// # Errors
    /// [`OpenError`]; also where there is none.
    pub fn migrate(path: &Path) -> Result<Migrated, OpenError> {
        let path = &followed(path)?;
        check_file(path)?.ok_or_else(|| missing(path))?;
        Self::open_with(path, STEPS, Older::BroughtForward).map(|(_, migrated)| migrated)
    }

    /// As [`open`](Self::open), with the layouts that `steps` make.
    pub(crate) fn open_with(
        path: &Path,
        steps: &[&str],
        older: Older,
    ) -> Result<(Self, Migrated), OpenError> {
        let path = followed(path)?;
        let sqlite = |error| OpenError::sqlite(&path, error);
        check_folder(&path)?;
        let lock = lock(&path)?;
        if check_file(&path)?.is_none() {
            if let Some(left) = what_is_left(&path) {
                return Err(OpenError::Gone { path, left });
            }
            create(&path, steps)?;
        }
        let mut conn = Connection::open_with_flags(&path, flags()).map_err(sqlite)?;
        if conn.is_readonly("main").map_err(sqlite)? {
            return Err(OpenError::ReadOnly(path));
        }
        examine(&conn, &path, steps, older)?;
        let migrated = bring_forward(&mut conn, &path, steps)?;
        let reader = Reader { conn, path: path.clone() };
        let known = reader.verify_tail().map_err(|error| OpenError::verify(&path, error))?;
        make_durable(&reader.conn, &path)?;
        let signer = Signer::load_or_make(&path)?;
        fold_at_close(&reader.conn, true).map_err(sqlite)?;
        let place = Place::of(&path).map_err(|error| OpenError::io(&path, &error))?;
        Ok((Self { reader, signer, known, place, _lock: lock }, migrated))
    }

    /// Nothing is acknowledged to a file that nobody would find again.
    pub(crate) fn in_place(&self) -> Result<(), LedgerError> {
        self.place.check(&self.reader.path)
    }
}

/// What becomes of an older layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Older {
    /// A person is told how to bring it forward.
    Refused,
    /// A person asked for it.
    BroughtForward,
}

pub(crate) fn missing(path: &Path) -> OpenError {
    let path = path.to_path_buf();
    match what_is_left(&path) {
        Some(left) => OpenError::Gone { path, left },
        None => OpenError::Missing(path),
    }
}

impl Reader {
    /// Where the ledger lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Makes a new database under another name, and renames it.
fn create(path: &Path, steps: &[&str]) -> Result<(), OpenError> {
    let io = |error: io::Error| OpenError::io(path, &error);
    let part = beside(path, "new");
    for stale in [part.clone(), beside_by_sqlite(&part, "journal")] {
        match fs::remove_file(&stale) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io(error)),
            _ => {}
        }
    }
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part).map_err(io)?;
    let sqlite = |error| OpenError::sqlite(path, error);
    let mut conn = Connection::open_with_flags(&part, flags()).map_err(sqlite)?;
    schema::bring_forward(&mut conn, 0, steps).map_err(sqlite)?;
    conn.close().map_err(|(_, error)| sqlite(error))?;
    fs::rename(&part, path).map_err(io)?;
    sync_with_folder(path).map_err(io)
}

pub(crate) fn flags() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

/// Looks at a database that is there, and refuses what is not ours, not of a layout that is known here, or damaged
/// where that shows at once. Nothing is written, whatever is found.
pub(crate) fn examine(conn: &Connection, path: &Path, steps: &[&str], older: Older) -> Result<(), OpenError> {
    let sqlite = |error| OpenError::sqlite(path, error);
    fold_at_close(conn, false).map_err(sqlite)?;
    conn.busy_timeout(BUSY_TIMEOUT).map_err(sqlite)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    conn.pragma_update(None, "trusted_schema", false).map_err(sqlite)?;
    conn.pragma_update(None, "cell_size_check", true).map_err(sqlite)?;
    let stamp = schema::stamp(conn).map_err(sqlite)?;
    let (found, known) = (stamp.layout, schema::newest(steps));
    if stamp.application_id != APPLICATION_ID {
        return Err(OpenError::Foreign(path.to_path_buf()));
    }
    if found > known {
        return Err(OpenError::Newer { path: path.to_path_buf(), found, known });
    }
    // Reads the whole schema: damage there shows now, not in the middle of the night.
    conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, u64>(0)).map_err(sqlite)?;
    if found < known {
        let refused = OpenError::Older { path: path.to_path_buf(), found, known };
        return if older == Older::Refused { Err(refused) } else { Ok(()) };
    }
    match schema::first_difference(conn, steps).map_err(sqlite)? {
        None => Ok(()),
        Some(why) => Err(OpenError::Corrupt { path: path.to_path_buf(), why }),
    }
}

/// Whether closing folds the write-ahead log into the database, as is usual: a ledger that was refused is left as it is.
pub(crate) fn fold_at_close(conn: &Connection, fold: bool) -> rusqlite::Result<()> {
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, !fold).map(drop)
}

fn layout(conn: &Connection, path: &Path) -> Result<u32, OpenError> {
    schema::stamp(conn).map(|stamp| stamp.layout).map_err(|error| OpenError::sqlite(path, error))
}

/// Acknowledged is durable: a commit returns after the write-ahead log is synced.
fn make_durable(conn: &Connection, path: &Path) -> Result<(), OpenError> {
    let sqlite = |error| OpenError::sqlite(path, error);
    let mode: String = conn.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(sqlite)?;
    if mode != "wal" {
        let why = format!("its file system has no shared memory (journal mode {mode}); use a local disk");
        return Err(OpenError::Io { path: path.to_path_buf(), why });
    }
    conn.pragma_update(None, "synchronous", "FULL").map_err(sqlite)?;
    conn.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES).map_err(sqlite)?;
    conn.pragma_update(None, "journal_size_limit", WAL_KEPT_BYTES).map_err(sqlite)?;
    // The first read opens the log, which is there from then on.
    conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, u64>(0))
        .map(drop)
        .map_err(sqlite)
}

fn bring_forward(conn: &mut Connection, path: &Path, steps: &[&str]) -> Result<Migrated, OpenError> {
    let (from, to) = (layout(conn, path)?, schema::newest(steps));
    if from == to {
        return Ok(Migrated { from, to, backup: None });
    }
    let backup = beside(path, &format!("layout-{from}"));
    let failed = |why: String| OpenError::Migration {
        path: path.to_path_buf(),
        from,
        to,
        backup: backup.clone(),
        why,
    };
    // One from an earlier try is stale by now.
    match fs::remove_file(&backup) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error.to_string())),
        _ => {}
    }
    copy_database(conn, &backup).map_err(|error| failed(error.to_string()))?;
    schema::bring_forward(conn, from, steps).map_err(|error| failed(error.to_string()))?;
    tracing::info!(from, to, backup = %backup.display(), "the ledger was brought to a newer layout");
    Ok(Migrated { from, to, backup: Some(backup) })
}
