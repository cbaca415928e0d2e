//! A copy of another server's zone, kept current: the timers of its SOA, NOTIFY, and transfers (RFC 1034, section 4.3.5).
//!
//! Failure policy: what is in force stays until a newer version came whole; a copy that was not known to be current for as
//! long as its SOA allows is not served any longer, and still looked for. Failures are said once, and again when it works.

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use domain::rdata::Soa;
use tokio::time::{Instant, sleep, sleep_until};

use super::catalog::Base;
use super::desk::Desk;
use super::metrics::Fetched;
use super::options::Peer;
use super::timers::Timers;
use crate::name::{self, Name};
use crate::store::StoreError;
use crate::transfer::{self, How, TransferError};
use crate::zone::Zone;

/// Least time between two looks that NOTIFY asked for.
const GAP: Duration = Duration::from_millis(500);

/// Keeps one copy current until it is dropped.
pub(super) async fn follow(apex: Name, desk: Arc<Desk>) -> io::Result<()> {
    let Some(copied) = desk.copies.get(&apex) else {
        return Err(io::Error::other("a copy that nobody named"));
    };
    let mut follower =
        Follower { apex: &apex, desk: &desk, timers: Timers::start(Instant::now()), failing: false };
    follower.restore().await;
    loop {
        let now = Instant::now();
        if follower.timers.is_expired(now) {
            follower.expire();
        }
        if follower.timers.is_due(now) {
            follower.look(&copied.primaries).await;
            sleep(GAP).await;
            continue;
        }
        tokio::select! {
            () = sleep_until(follower.timers.wake_at(now)) => {}
            () = copied.bell.notified() => follower.timers.at_once(Instant::now()),
        }
    }
}

struct Follower<'a> {
    apex: &'a Name,
    desk: &'a Arc<Desk>,
    timers: Timers,
    failing: bool,
}

impl Follower<'_> {
    /// Takes up what was kept, as old as it is by now.
    async fn restore(&mut self) {
        let (desk, apex) = (Arc::clone(self.desk), self.apex.clone());
        match blocking(move || desk.catalog.kept(&apex)).await {
            Ok(Some((versions, checked_at))) => {
                let age = Duration::from_secs(checked_at.map_or(0, |at| unix_now().saturating_sub(at)));
                // An age before the machine's start cannot be told as an instant: it is too old all the same.
                let at = Instant::now().checked_sub(age);
                let soa = versions.newest().soa().clone();
                self.desk.catalog.restore(versions);
                match at {
                    Some(at) => self.good(&soa, at),
                    None => self.desk.catalog.set_expired(self.apex, true),
                }
                self.timers.at_once(Instant::now());
                if self.timers.is_expired(Instant::now()) {
                    self.expire();
                }
            }
            Ok(None) => {}
            Err(fault) => {
                tracing::error!(zone = name::show(self.apex), %fault, "the kept copy cannot be taken up");
            }
        }
    }

    fn good(&mut self, soa: &Soa<Name>, at: Instant) {
        self.timers.good(soa, at);
        self.desk.catalog.set_refreshed(self.apex, at);
    }

    fn expire(&self) {
        let entry = self.desk.catalog.now().get(self.apex).cloned().unwrap_or_default();
        if entry.served().is_some() {
            tracing::error!(zone = name::show(self.apex), "the copy is too old: it is not served any longer");
            self.desk.catalog.set_expired(self.apex, true);
        }
    }

    /// Asks the primaries, in their order, until one has an answer that can be used.
    async fn look(&mut self, primaries: &[Peer]) {
        for primary in primaries {
            let held = self.desk.catalog.versions(self.apex).map(|held| Arc::clone(&held.zone));
            let found = transfer::fetch(self.apex, held.clone(), primary.address, primary.key.as_ref()).await;
            let settled = match found {
                Ok((how, zone)) => self.take(how, zone, held).await,
                Err(fault) => Err(fault),
            };
            match settled {
                Ok(()) => return,
                Err(fault) => self.say_failed(primary, &fault),
            }
        }
        self.failing = true;
        self.timers.failed(Instant::now());
    }

    async fn take(
        &mut self,
        how: How,
        zone: Option<Zone>,
        held: Option<Arc<Zone>>,
    ) -> Result<(), TransferError> {
        let at = Instant::now();
        if let Some(zone) = zone {
            self.publish(zone, held).await?;
        }
        self.desk.catalog.set_expired(self.apex, false);
        let Some(held) = self.desk.catalog.versions(self.apex) else { return Err(TransferError::Short) };
        self.desk.metrics.fetched(match how {
            How::Current => Fetched::Current,
            How::Axfr => Fetched::Axfr,
            How::Ixfr => Fetched::Ixfr,
        });
        self.good(held.zone.soa(), at);
        if std::mem::take(&mut self.failing) {
            tracing::info!(
                zone = name::show(self.apex),
                serial = held.zone.serial(),
                "the copy is current again"
            );
        }
        let (desk, apex) = (Arc::clone(self.desk), self.apex.clone());
        if let Err(fault) = blocking(move || desk.catalog.checked(&apex, unix_now())).await {
            tracing::error!(zone = name::show(self.apex), %fault, "when the copy was current is not kept");
        }
        Ok(())
    }

    async fn publish(&self, zone: Zone, held: Option<Arc<Zone>>) -> Result<(), TransferError> {
        let desk = Arc::clone(self.desk);
        let base = Base::Is(held.map(|held| held.serial()));
        let kept = blocking(move || desk.catalog.publish(base, zone)).await;
        kept.map_err(|fault| TransferError::Connection(io::Error::other(fault)))
    }

    fn say_failed(&self, primary: &Peer, fault: &TransferError) {
        self.desk.metrics.fetched(Fetched::Failed);
        let (zone, primary) = (name::show(self.apex), primary.address);
        if self.failing {
            tracing::debug!(zone, %primary, %fault, "the zone was not fetched");
        } else {
            tracing::warn!(zone, %primary, %fault, "the zone was not fetched");
        }
    }
}

/// A call of the store on a thread where it may block.
async fn blocking<T: Send + 'static>(
    call: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let done = tokio::task::spawn_blocking(call).await;
    done.unwrap_or_else(|fault| Err(StoreError::Failed(fault.to_string())))
}

fn unix_now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
