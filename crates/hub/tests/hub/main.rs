//! The hub as a whole, from outside: config files in, HTTP out, with probes that do as they are told.
//!
//! * `support` — a folder with a config, a script for the probes, a running hub, a plain HTTP client
//! * `lease` — silence, and probes that hang; `history` — time in each verdict
//! * `restart` — what survives; `reload`, `storms` — what a changed config does; `trouble` — a ledger that cannot be written
//! * `serving` — what is told to whom, and how; `readers` — many and slow ones
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "in a test a panic is the message")]

mod history;
mod lease;
mod readers;
mod reload;
mod restart;
mod serving;
mod storms;
mod support;
mod trouble;
mod trouble_disk;
