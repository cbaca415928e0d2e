//! Where the ledger works: on a thread for things that block, with a limit to how long anybody waits for it.
//!
//! A disk that hangs must not hold up decisions. Who asks gets an answer within [`PATIENCE`], or learns that there is
//! none; the ledger then stays with its thread until that comes back, and whether the work was done is found out
//! afterwards ([`Desk::ask`] works again then).
//!
//! A hub that came up on a disk that takes no writes has a ledger that is closed: each time something is asked of it,
//! it is tried to be opened.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use candor_ledger::{Ledger, LedgerError, OpenError};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;

/// Longest wait for the ledger: far below the usual lease, above what a busy disk takes.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where the ledger is asked, and how long that takes.
#[derive(Debug)]
pub(crate) struct Desk {
    place: Place,
    /// The longest wait since somebody looked, in milliseconds.
    waited_ms: Arc<AtomicU64>,
}

/// The ledger, or the thread that has it.
#[derive(Debug)]
enum Place {
    /// It waits to be asked.
    Here(Holding),
    /// It has not answered in time.
    Away(JoinHandle<Holding>),
    /// Its thread ended in a panic.
    Lost,
}

/// A ledger, open or to be opened.
#[derive(Debug)]
pub(crate) enum Holding {
    Open(Box<Ledger>),
    Closed(Closed),
}

/// A ledger that was read and could not be written yet.
#[derive(Debug, Clone)]
pub(crate) struct Closed {
    pub(crate) path: PathBuf,
    /// The last observation and the last entry that were read.
    pub(crate) watermark: u64,
    pub(crate) head: u64,
}

impl Desk {
    pub(crate) const fn new(holding: Holding, waited_ms: Arc<AtomicU64>) -> Self {
        Self { place: Place::Here(holding), waited_ms }
    }

    /// The ledger, where it is open and not away.
    #[cfg(test)]
    pub(crate) fn ledger(&self) -> Option<&Ledger> {
        match &self.place {
            Place::Here(Holding::Open(ledger)) => Some(ledger),
            _ => None,
        }
    }

    /// Has `work` done by the ledger.
    ///
    /// # Errors
    /// What `work` says; [`LedgerError::Io`] where there was no answer in time: it may have been done all the same.
    pub(crate) async fn ask<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Ledger) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let asked = Instant::now();
        let outcome = self.wait_for(work).await;
        let waited = u64::try_from(asked.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.waited_ms.fetch_max(waited, Ordering::Relaxed);
        outcome
    }

    async fn wait_for<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Ledger) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let holding = self.take().await?;
        let (tell, told) = oneshot::channel();
        let thread = spawn_blocking(move || {
            let (holding, outcome) = holding.ask(work);
            // Nobody may be waiting any more.
            let _ = tell.send(outcome);
            holding
        });
        match timeout(PATIENCE, told).await {
            Ok(outcome) => {
                self.place = thread.await.map_or(Place::Lost, Place::Here);
                outcome.unwrap_or_else(|_| Err(lost()))
            }
            Err(_) => {
                self.place = Place::Away(thread);
                Err(stalled())
            }
        }
    }

    async fn take(&mut self) -> Result<Holding, LedgerError> {
        match std::mem::replace(&mut self.place, Place::Lost) {
            Place::Here(holding) => Ok(holding),
            Place::Away(thread) if thread.is_finished() => thread.await.map_err(|_| lost()),
            away @ Place::Away(_) => {
                self.place = away;
                Err(stalled())
            }
            Place::Lost => Err(lost()),
        }
    }
}

impl Holding {
    pub(crate) fn open(ledger: Ledger) -> Self {
        Self::Open(Box::new(ledger))
    }

    fn ask<T>(
        self,
        work: impl FnOnce(&mut Ledger) -> Result<T, LedgerError>,
    ) -> (Self, Result<T, LedgerError>) {
        let mut ledger = match self {
            Self::Open(ledger) => ledger,
            Self::Closed(closed) => match closed.open() {
                Ok(ledger) => Box::new(ledger),
                Err(error) => return (Self::Closed(closed), Err(error)),
            },
        };
        let outcome = work(&mut ledger);
        (Self::Open(ledger), outcome)
    }
}

impl Closed {
    /// Opens it, where it is still what was read: nothing may be put behind what another hub wrote meanwhile.
    fn open(&self) -> Result<Ledger, LedgerError> {
        if self.path.try_exists().is_ok_and(|there| !there) {
            return Err(LedgerError::Gone);
        }
        let ledger = Ledger::open(&self.path).map_err(said)?;
        let head = ledger.head()?.map_or(0, |head| head.seq);
        if (ledger.watermark()?, head) != (self.watermark, self.head) {
            return Err(LedgerError::Io(
                "another hub has written to it meanwhile: start this one anew".into(),
            ));
        }
        Ok(ledger)
    }
}

/// What opening said, as something that is met while running.
fn said(error: OpenError) -> LedgerError {
    match error {
        OpenError::Full(_) => LedgerError::Full,
        OpenError::ReadOnly(_) => LedgerError::ReadOnly,
        OpenError::Locked { .. } => LedgerError::Busy,
        OpenError::Missing(_) | OpenError::Gone { .. } => LedgerError::Gone,
        other => LedgerError::Io(other.to_string()),
    }
}

fn stalled() -> LedgerError {
    LedgerError::Io("it does not answer".into())
}

fn lost() -> LedgerError {
    LedgerError::Io("its thread is gone, by a bug of Candor: start the hub anew".into())
}
