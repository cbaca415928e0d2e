//! Where the ledger works: on a thread for things that block, with a limit to how long anybody waits for it.
//!
//! A disk that hangs must not hold up decisions. Who asks gets an answer within [`PATIENCE`], or learns that there is
//! none; the ledger then stays with its thread until that comes back, and whether the work was done is found out
//! afterwards ([`Desk::ask`] works again then).

use std::time::Duration;

use candor_ledger::{Ledger, LedgerError};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;

/// Longest wait for the ledger: far below the usual lease, above what a busy disk takes.
const PATIENCE: Duration = Duration::from_secs(2);

/// The ledger, or the thread that has it.
#[derive(Debug)]
pub(crate) enum Desk {
    /// It waits to be asked.
    Here(Box<Ledger>),
    /// It has not answered in time.
    Away(JoinHandle<Box<Ledger>>),
    /// Its thread ended in a panic.
    Lost,
}

impl Desk {
    pub(crate) fn new(ledger: Ledger) -> Self {
        Self::Here(Box::new(ledger))
    }

    /// Has `work` done by the ledger.
    ///
    /// # Errors
    /// What `work` says; [`LedgerError::Io`] where there was no answer in time: it may have been done all the same.
    pub(crate) async fn ask<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Ledger) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let mut ledger = self.take().await?;
        let (tell, told) = oneshot::channel();
        let thread = spawn_blocking(move || {
            // Nobody may be waiting any more.
            let _ = tell.send(work(&mut ledger));
            ledger
        });
        match timeout(PATIENCE, told).await {
            Ok(outcome) => {
                *self = thread.await.map_or(Self::Lost, Self::Here);
                outcome.unwrap_or_else(|_| Err(lost()))
            }
            Err(_) => {
                *self = Self::Away(thread);
                Err(stalled())
            }
        }
    }

    async fn take(&mut self) -> Result<Box<Ledger>, LedgerError> {
        match std::mem::replace(self, Self::Lost) {
            Self::Here(ledger) => Ok(ledger),
            Self::Away(thread) if thread.is_finished() => thread.await.map_err(|_| lost()),
            away @ Self::Away(_) => {
                *self = away;
                Err(stalled())
            }
            Self::Lost => Err(lost()),
        }
    }
}

fn stalled() -> LedgerError {
    LedgerError::Io("it does not answer".into())
}

fn lost() -> LedgerError {
    LedgerError::Io("its thread is gone, by a bug of Candor: start the hub anew".into())
}
