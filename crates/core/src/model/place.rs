//! Places (markets) and vantages (where checks run from), and how names are resolved there.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::SocketAddr;

use serde::Serialize;

use crate::id::{PlaceId, VantageId};

/// A market or storefront that a customer belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Its id: an ISO 3166-1 code or a name of the user's own.
    pub id: PlaceId,
    /// Its name for readers: "India".
    pub name: String,
    /// Variables for journeys there, besides `{place}`.
    pub variables: BTreeMap<String, String>,
}

/// Where checks run from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Vantage {
    /// Its id.
    pub id: VantageId,
    /// Its name for readers: "London".
    pub name: String,
    /// The places it lies in.
    pub lies_in: Vec<PlaceId>,
    /// How it finds addresses. `Inherit` asks the plan's.
    pub resolve: Resolve,
}

/// How addresses are found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolve {
    /// As the next wider scope says; at the widest, as [`Resolve::System`].
    Inherit,
    /// As the host does: its hosts file and its resolvers.
    System,
    /// By asking these servers, recursion desired.
    Servers(Vec<SocketAddr>),
    /// By a fixed table, for names in it; other names do not exist.
    Pinned(BTreeMap<String, Vec<core::net::IpAddr>>),
}

/// A name server by address, with the name it is known by where the user gave one: `ns1.shop.example@192.0.2.1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServerAddress {
    /// Its name.
    pub name: Option<String>,
    /// Where it is asked; the port is 53 unless told otherwise.
    pub address: SocketAddr,
}

/// What a vantage must be able to reach to be believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// A server that answers a query for this name at all.
    Dns {
        /// The server.
        server: SocketAddr,
        /// The name it is asked for (type SOA).
        name: String,
    },
    /// An address that accepts a connection. Host names are resolved as the vantage resolves.
    Tcp {
        /// Host name or address.
        host: String,
        /// Port.
        port: u16,
    },
}
