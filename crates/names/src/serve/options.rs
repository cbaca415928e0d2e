//! What a server does beside answering: who may have zones, who is told, whose zones are copied, where versions are kept.

use std::net::SocketAddr;
use std::sync::Arc;

use super::allow::Allow;
use crate::store::ZoneStore;
use crate::tsig::Key;

/// Another name server, and the key that messages to and from it are signed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Where it listens.
    pub address: SocketAddr,
    /// The key; without one nothing is signed.
    pub key: Option<Key>,
}

/// A zone that is copied from another server (RFC 1034, section 4.3.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secondary {
    /// Its apex.
    pub zone: String,
    /// Where it is fetched from, in this order; NOTIFY is taken from their addresses alone.
    pub primaries: Vec<Peer>,
}

/// What a server does beside answering; by default nothing.
#[derive(Debug, Clone, Default)]
pub struct ServeOptions {
    /// The keys that requests may be signed with, beside those of the peers below.
    pub keys: Vec<Key>,
    /// Who may have whole zones; by default nobody.
    pub allow_transfer: Vec<Allow>,
    /// Who is told when a zone changed (RFC 1996).
    pub notify: Vec<Peer>,
    /// Zones that are copied from other servers.
    pub secondaries: Vec<Secondary>,
    /// Where versions are kept.
    pub store: Option<Arc<dyn ZoneStore>>,
}
