//! A role's own SQLite file: what was answered with success is on the disk.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;

use crate::http::Problem;

/// How long a write waits for another process's.
const BUSY: Duration = Duration::from_secs(2);

/// One connection, used by one request at a time, away from the runtime's threads.
#[derive(Debug, Clone)]
pub(crate) struct Database(Arc<Mutex<Connection>>);

impl Database {
    /// Opens `file`, made if missing, with the tables of `schema`.
    ///
    /// `synchronous = FULL`: a commit that was answered survives the process and the machine.
    pub(crate) fn open(file: &Path, schema: &str) -> rusqlite::Result<Self> {
        let connection = Connection::open(file)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.execute_batch(schema)?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// Runs `work` before the first request.
    pub(crate) fn prepare(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        work(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs `work` on the connection; what goes wrong is the role's own fault and is logged.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let connection = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || {
            // A panic in another request leaves no half transaction: it was rolled back when it unwound.
            work(&mut connection.lock().unwrap_or_else(PoisonError::into_inner))
        });
        match done.await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(Problem::broken(&error)),
            Err(error) => Err(Problem::broken(&error)),
        }
    }
}
