//! The running system: what is measured is kept, decided on, and told.
//!
//! Tasks, joined by bounded queues; none can hold another up:
//!
//! ```text
//! schedule --runs--> recorder --committed--> engine --view--> publisher --site--> public and operators' servers
//!     ^                 ^  (ledger)            | |
//!     '---- rechecks ---|----------------------' '--- ask --> anchors --sight--> engine
//!                       '------- entries, spans, snapshots
//! reload --plan--> engine, schedule        clock --step--> engine
//! ```
//!
//! In reading order:
//! * `start` — what a hub is made of, put together; `options` — what it is told
//! * `opening` — the ledger at a start
//! * `clock` — wall time, and when it was stepped
//! * `recorder` — the only holder of the ledger; `desk` — its thread, and how long it is waited for; `recovery` — the state after a restart
//! * `decide` — the engine's loop; `causes` — the search for causes beside it; `span` — how time in each verdict becomes history
//! * `publish`, `site`, `packed` — from view to bytes in memory; `render` — the thread that makes them
//! * `serve` — the two listeners; `metrics`; `health`, `pulse` — whether every part works
//! * `vitals` — descriptors, memory, disk, lateness: whether our own parts are well, and what operators are told
//! * `config` — getting a plan; `reload`, `looks` — a changed config, noticed, and taken or refused
//!
//! Failure policy: the page goes on. A ledger that cannot be written is said on the page, and caught up later; a config
//! that cannot be read leaves the old one in force; a page past its time is served with its greens turned to unknown.

pub mod causes;
mod clock;
mod config;
mod decide;
mod desk;
mod health;
mod looks;
mod metrics;
mod opening;
mod options;
mod packed;
mod publish;
mod pulse;
mod recorder;
mod recovery;
mod reload;
mod render;
mod serve;
mod site;
mod span;
mod start;
mod vitals;

pub use options::{HubError, HubOptions, Origin, Probes};
pub use start::Hub;
