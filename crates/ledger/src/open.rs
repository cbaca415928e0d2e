//! Opening: what is checked before the first write, and in which order.
//!
//! The folder must exist; `PATH.lock` is held for as long as the ledger is open; a new database is made under another
//! name and renamed, so a file at PATH is whole or not ours. A file that is there is never recreated, whatever is wrong
//! with it. An older layout is brought forward after a copy of it was made; a newer one is refused.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::ops::Deref;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::backup::copy_database;
use crate::error::OpenError;
use crate::files::{beside, beside_by_sqlite, check_file, check_folder, lock, sync_with_folder};
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
    /// Held, not read: the lock ends with it.
    _lock: File,
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
    /// Opens the ledger at `path` for writing, and makes it where there is none. An older layout is brought forward.
    ///
    /// # Errors
    /// [`OpenError`]; nothing was changed.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        Self::open_with(path, STEPS).map(|(ledger, _)| ledger)
    }

    /// Opens the ledger at `path` to read, while a hub may be writing to it.
    ///
    /// # Errors
    /// [`OpenError`]; also where there is none, and where its layout is older.
    pub fn open_to_read(path: &Path) -> Result<Reader, OpenError> {
        let known = schema::newest(STEPS);
        check_file(path)?.ok_or_else(|| OpenError::Missing(path.to_path_buf()))?;
        let conn = connect(path, known)?;
        let found = layout(&conn, path)?;
        if found < known {
            return Err(OpenError::Older { path: path.to_path_buf(), found, known });
        }
        conn.pragma_update(None, "query_only", true).map_err(|error| OpenError::sqlite(path, error))?;
        Ok(Reader { conn, path: path.to_path_buf() })
    }

    /// Brings the ledger at `path` to the newest layout, after a copy of it was made beside it.
    ///
    /// # Errors
    /// [`OpenError`]; also where there is none.
    pub fn migrate(path: &Path) -> Result<Migrated, OpenError> {
        check_file(path)?.ok_or_else(|| OpenError::Missing(path.to_path_buf()))?;
        Self::open_with(path, STEPS).map(|(_, migrated)| migrated)
    }

    /// As [`open`](Self::open), with the layouts that `steps` make.
    pub(crate) fn open_with(path: &Path, steps: &[&str]) -> Result<(Self, Migrated), OpenError> {
        check_folder(path)?;
        let lock = lock(path)?;
        if check_file(path)?.is_none() {
            create(path, steps)?;
        }
        let known = schema::newest(steps);
        let mut conn = connect(path, known)?;
        if conn.is_readonly("main").map_err(|error| OpenError::sqlite(path, error))? {
            return Err(OpenError::ReadOnly(path.to_path_buf()));
        }
        let migrated = bring_forward(&mut conn, path, steps)?;
        make_durable(&conn, path)?;
        let signer = Signer::load_or_make(path)?;
        let ledger = Self { reader: Reader { conn, path: path.to_path_buf() }, signer, _lock: lock };
        ledger.note_key().map_err(|error| OpenError::ledger(path, error))?;
        Ok((ledger, migrated))
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

/// Connects to a database that is there, and refuses what is not ours or newer than `known`.
fn connect(path: &Path, known: u32) -> Result<Connection, OpenError> {
    let sqlite = |error| OpenError::sqlite(path, error);
    let conn = Connection::open_with_flags(path, flags()).map_err(sqlite)?;
    conn.busy_timeout(BUSY_TIMEOUT).map_err(sqlite)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    conn.pragma_update(None, "trusted_schema", false).map_err(sqlite)?;
    conn.pragma_update(None, "cell_size_check", true).map_err(sqlite)?;
    let stamp = schema::stamp(&conn).map_err(sqlite)?;
    if stamp.application_id != APPLICATION_ID {
        return Err(OpenError::Foreign(path.to_path_buf()));
    }
    if stamp.layout > known {
        return Err(OpenError::Newer { path: path.to_path_buf(), found: stamp.layout, known });
    }
    // Reads the whole schema: damage there shows now, not in the middle of the night.
    conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, u64>(0)).map_err(sqlite)?;
    Ok(conn)
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
    conn.pragma_update(None, "journal_size_limit", WAL_KEPT_BYTES).map_err(sqlite)
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
