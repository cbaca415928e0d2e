//! What the ledger promises, each promise against a real file: one binary, a module for each part.

#![expect(clippy::unwrap_used, clippy::string_slice, reason = "this is a test; its fixtures may fail it too")]

mod chain;
mod copies;
mod crash;
mod damage;
mod fixture;
mod full_disk;
mod open;
mod past;
mod replay;
mod small_disk;
