//! DNS for Candor: asking, zones, answering.
//!
//! * [`ask()`]: one question to one server, every field of the answer kept.
//! * [`resolve`]: a host's addresses, from the system's files, given servers, pinned addresses, or a zone.
//! * [`zone`]: one canonical zone with one `answer()`, used to serve, to guard and to try journeys.
//! * [`guard`]: whether a new version of a zone may be published.
//! * [`serve`]: an authoritative server over such zones, UDP and TCP: a primary, and a secondary of others; transfers
//!   (AXFR, IXFR), NOTIFY, and signatures with shared keys (TSIG).
//! * [`store`]: where versions of zones are kept; who keeps them on disk implements it.
//! * [`authorities()`]: every server of a zone asked the same question.
//! * [`secure`]: keys, their DS, and signatures.
//! * [`walk()`]: from the roots down to a name, every server at every cut asked itself.
//!
//! Failure policy: nothing read from a network or a file may panic; everything is bounded in size and time.
//! Absent: recursion, dynamic update.

pub mod ask;
pub mod authorities;
mod by_name;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod guard;
mod name;
mod network;
pub mod question;
pub mod record;
pub mod resolve;
pub mod secure;
pub mod serve;
pub mod store;
mod transfer;
mod tsig;
pub mod walk;
mod wire;
pub mod zone;

pub use ask::{AskError, AskOptions, Exchange, Transport, TransportUsed, ask, fails_validation};
pub use authorities::{
    Authorities, AuthoritiesError, Authority, AuthorityError, ask_each, authorities, authorities_at,
};
pub use network::{Network, NetworkError};
pub use question::{Question, QuestionError};
pub use record::{Flags, Rcode, Record};
pub use resolve::{
    Lookup, LookupError, PinnedResolver, Resolver, ServersResolver, SystemResolver, ZoneResolver,
};
pub use serve::{
    Allow, FileServer, Peer, Secondary, ServeError, ServeOptions, Server, ServerHandle, serve_files,
};
pub use store::{KeptZone, MemoryStore, NewVersion, StoreError, Versions, ZoneStore};
pub use transfer::{TransferError, fetch_zone};
pub use tsig::{Key, KeyError};
pub use walk::{KnownServer, Start, StartError, Walk, WalkRequest, walk, walk_in};
pub use zone::{DiffError, Zone, ZoneAnswer, ZoneDiff, ZoneFault};
