//! Contacts: whether an address takes a connection, which tells a name that is wrong from what it leads to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use candor_core::fault::Kind;
use candor_core::id::VantageId;
use tokio::task::JoinSet;

use super::witness::Witness;
use super::{Inquiry, Looked};

/// How long a connection may take.
const WITHIN: Duration = Duration::from_millis(900);
/// Most connections in one inquiry.
const MAX_CONTACTS: usize = 48;

/// The future of one connection.
pub type ConnectFuture<'a> = Pin<Box<dyn Future<Output = Result<(), Kind>> + Send + 'a>>;

/// What can be connected to.
pub trait Reach: Send + Sync + fmt::Debug {
    /// Connects from a vantage to an address, where `host` is meant, and hangs up.
    ///
    /// # Errors
    /// The future's error says how it failed.
    fn connect<'a>(
        &'a self,
        from: &'a VantageId,
        to: SocketAddr,
        host: &'a str,
        within: Duration,
    ) -> ConnectFuture<'a>;
}

/// What connections met, by vantage and address.
pub(crate) type Contacts = BTreeMap<(VantageId, SocketAddr), Result<(), Kind>>;

/// Connects to what failing checks reached while all was well, to where their names lead now, and to what they need.
pub(super) async fn make(
    inquiry: &Inquiry,
    witnesses: &[Witness<'_>],
    looked: &BTreeMap<String, Looked>,
    reach: &Arc<dyn Reach>,
) -> Contacts {
    let mut wanted: BTreeSet<(VantageId, SocketAddr, String)> = BTreeSet::new();
    for witness in witnesses.iter().filter(|witness| witness.accuses().is_some()) {
        let Some(aim) = witness.aim() else { continue };
        let mut want = |host: &str, address: SocketAddr| {
            if wanted.len() < MAX_CONTACTS {
                wanted.insert((witness.vantage.clone(), address, host.to_owned()));
            }
        };
        before(inquiry, witness).into_iter().for_each(|address| want(&aim.host, address));
        let Some(port) = aim.port else { continue };
        let of = |host: &str| looked.get(host).and_then(|looked| looked.addresses.first());
        for host in std::iter::once(&aim.host).chain(&witness.needs) {
            of(host).into_iter().for_each(|ip| want(host, SocketAddr::new(*ip, port)));
        }
    }
    let mut under_way = JoinSet::new();
    for (from, to, host) in wanted {
        let reach = Arc::clone(reach);
        under_way.spawn(async move {
            let met = reach.connect(&from, to, &host, WITHIN).await;
            ((from, to), met)
        });
    }
    let mut contacts = Contacts::new();
    while let Some(done) = under_way.join_next().await {
        contacts.extend(done.ok());
    }
    contacts
}

/// The address at which the check reached the host of its failing step while all was well.
pub(super) fn before(inquiry: &Inquiry, witness: &Witness<'_>) -> Option<SocketAddr> {
    let reached = inquiry.reached.get(&witness.check)?;
    let aim = witness.aim()?;
    reached.iter().find(|(host, _)| *host == aim.host).map(|(_, address)| *address)
}
