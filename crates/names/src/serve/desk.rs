//! What all sockets of a server share: the zones, who may have what, who may say that a zone changed, the counts.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use domain::base::Rtype;
use domain::base::iana::{Class, OptRcode};
use tokio::sync::{Notify, Semaphore};

use super::allow::Allow;
use super::catalog::Catalog;
use super::guests::Guests;
use super::metrics::Metrics;
use super::options::{Peer, ServeOptions};
use super::request::Request;
use super::tcp;
use crate::name::Name;
use crate::tsig::{Key, Keys};
use crate::zone::Zone;

/// Most transfers that leave at a time.
const TRANSFERS: usize = 16;

/// Shared by all sockets of a server.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) catalog: Catalog,
    pub(super) keys: Keys,
    pub(super) allow: Vec<Allow>,
    pub(super) copies: BTreeMap<Name, Copied>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) connections: Arc<Semaphore>,
    pub(super) guests: Guests,
    pub(super) transfers: Semaphore,
}

/// A zone of another server: who has it, and the bell that rings when it changed.
#[derive(Debug)]
pub(super) struct Copied {
    pub(super) primaries: Vec<Peer>,
    pub(super) bell: Arc<Notify>,
}

impl Desk {
    /// A desk with no zone yet, for `zones`.
    pub(super) fn new(zones: &[Zone], options: &ServeOptions) -> Result<Self, String> {
        let mut copies = BTreeMap::new();
        for secondary in &options.secondaries {
            let apex = crate::name::parse(&secondary.zone)
                .map_err(|why| format!("{:?} is not the name of a zone: {why}", secondary.zone))?;
            if zones.iter().any(|zone| *zone.apex() == apex) {
                return Err(format!("{} is both in a file and a copy of another server's", secondary.zone));
            }
            let copied = Copied { primaries: secondary.primaries.clone(), bell: Arc::default() };
            if copied.primaries.is_empty() || copies.insert(apex, copied).is_some() {
                return Err(format!("{} is named twice, or without a primary", secondary.zone));
            }
        }
        let mut keys = options.keys.clone();
        let peers = options.notify.iter().chain(options.secondaries.iter().flat_map(|copy| &copy.primaries));
        for key in peers.filter_map(|peer| peer.key.as_ref()) {
            if !keys.contains(key) {
                keys.push(key.clone());
            }
        }
        Ok(Self {
            catalog: Catalog::new(copies.keys().cloned().collect(), options.store.clone()),
            keys: Keys(keys),
            allow: options.allow_transfer.clone(),
            copies,
            metrics: Arc::default(),
            connections: Arc::new(Semaphore::new(tcp::MAX_CONNECTIONS)),
            guests: Guests::default(),
            transfers: Semaphore::new(TRANSFERS),
        })
    }

    /// A server that only answers.
    #[cfg(any(test, fuzzing))]
    pub(super) fn of(zones: Vec<Zone>) -> Self {
        let desk = Self::new(&zones, &ServeOptions::default())
            .expect("it stands, because there is no copy to be wrong");
        desk.catalog.replace(zones);
        desk
    }

    /// Whether a request may have a whole zone.
    pub(super) fn may_transfer(&self, request: &Request, client: SocketAddr) -> bool {
        let key = request.signed.as_ref().map(crate::tsig::Signed::wrapped_key);
        self.allow.iter().any(|allow| allow.admits(client.ip(), key))
    }

    /// What a NOTIFY is answered; rings the bell where it counts (RFC 1996, section 3.10).
    pub(super) fn notified(&self, request: &Request, client: SocketAddr) -> OptRcode {
        let Some((question, Class::IN)) = &request.question else { return OptRcode::FORMERR };
        if question.wire_type() != Rtype::SOA {
            return OptRcode::FORMERR;
        }
        let name = question.wire_name();
        let Some(copied) = self.copies.get(name) else { return OptRcode::NOTAUTH };
        let key: Option<&Key> = request.signed.as_ref().map(crate::tsig::Signed::wrapped_key);
        let ip = client.ip().to_canonical();
        let admitted = |peer: &Peer| {
            peer.address.ip() == ip && peer.key.as_ref().is_none_or(|wanted| key == Some(wanted))
        };
        if !copied.primaries.iter().any(admitted) {
            return OptRcode::REFUSED;
        }
        self.metrics.notify_received();
        let held = self.catalog.versions(name).map(|held| held.zone.serial());
        // What is here already need not be fetched.
        let known = |new: u32| held.is_some_and(|held| !crate::zone::serial::is_newer(new, held));
        if !request.serial.is_some_and(known) {
            copied.bell.notify_one();
        }
        OptRcode::NOERROR
    }
}
