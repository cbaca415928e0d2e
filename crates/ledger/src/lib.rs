//! What must survive: observations and the chained entries, in SQLite.
//!
//! Two logs in one file. *Observations* are many, kept in groups before they are decided on, and pruned after some days;
//! *entries* are few, kept for good, chained by BLAKE3 and signed. Beside them lie what is derived and worth keeping:
//! rollups, the days of history, snapshots of the engine, accepted configurations. docs/ledger.md explains the tables
//! and how to check the chain by hand.
//!
//! Everything here blocks: the hub calls it on a thread of its own. No clock is read; times come in as arguments.
//!
//! Failure policy: what was acknowledged is durable, whatever is killed or pulled. A group is kept whole or not at all.
//! A full or read-only disk is an error of that call alone ([`LedgerError`]), and the next may succeed. A damaged or
//! foreign file is named and never recreated ([`OpenError`]).
//!
//! In reading order:
//! * `error` — every way to fail, by who must act
//! * `schema` — the tables and their versions; `row` — how values stand in them
//! * `open` — opening, migrating; `unwritable` — reading where nothing can be written; `files` — the files, and the lock;
//!   `key` — the signing key
//! * `observe` and `chain` — the two logs; `verify` — the chain checked; `replay` — both, in the order of decision
//! * `snapshot` — snapshots and accepted configurations
//! * `rollup`, `days`, `prune` — what remains of the past; `mark` — how far they have come
//! * `export`, `backup` — copies
//! * `zones` — versions of zones, in a file of their own
//!
//! Absent: several machines (a later backend), encryption at rest, personal data.

mod backup;
mod chain;
mod days;
mod error;
mod export;
mod files;
mod key;
mod mark;
mod observe;
mod open;
mod prune;
mod replay;
mod rollup;
mod row;
mod schema;
mod snapshot;
mod unwritable;
mod verify;
mod zones;

#[cfg(test)]
mod tests;

pub use chain::{GENESIS, entry_hash};
pub use days::{SPAN_MAX_MS, Span};
pub use error::{Broken, CopyError, ExportError, LedgerError, OpenError, VerifyError};
pub use export::Export;
pub use key::verify_head;
pub use open::{Ledger, Migrated, Reader};
pub use prune::Pruned;
pub use replay::{Logged, Replayed};
pub use rollup::{BUCKETS_MAX, Bucket, RolledUp, Width};
pub use snapshot::{AcceptedConfig, CONFIGS_KEPT, SNAPSHOTS_KEPT, Snapshot};
pub use verify::{Expected, Verified};
pub use zones::{VersionsOfZone, ZoneKept, ZoneVersions};
