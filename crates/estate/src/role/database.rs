//! A role's own SQLite file: what was answered with success is on the disk.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::watch;

use super::control::Faults;
use crate::http::Problem;

/// How long a write waits for another process's.
const BUSY: Duration = Duration::from_secs(2);
/// How long each use of a slow disk waits.
const SLOW_DISK: Duration = Duration::from_secs(3);

/// One connection, used by one request at a time, away from the runtime's threads.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    connection: Arc<Mutex<Connection>>,
    faults: watch::Receiver<Faults>,
}

impl Database {
    /// Opens `file`, made if missing, with the tables of `schema`.
    ///
    /// `synchronous = FULL`: a commit that was answered survives the process and the machine.
    pub(crate) fn open(file: &Path, schema: &str, faults: watch::Receiver<Faults>) -> rusqlite::Result<Self> {
        let connection = Connection::open(file)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.execute_batch(schema)?;
        Ok(Self { connection: Arc::new(Mutex::new(connection)), faults })
    }

    /// Runs `work` before the first request.
    pub(crate) fn prepare(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        work(&self.connection.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs `work` on the connection; what goes wrong is the role's own fault and is logged.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let (connection, faults) = (Arc::clone(&self.connection), self.faults.clone());
        let done = tokio::task::spawn_blocking(move || {
            // A panic in another request leaves no half transaction: it was rolled back when it unwound.
            let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            // Whoever is next waits for this one, as at a disk.
            let slow = faults.borrow().slow_disk;
            if slow {
                std::thread::sleep(SLOW_DISK);
            }
            work(&mut connection)
        });
        match done.await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(Problem::broken(&error)),
            Err(error) => Err(Problem::broken(&error)),
        }
    }
}
