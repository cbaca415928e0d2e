//! What the ledger promises, each promise against a real file: one binary, a module for each part.

mod chain;
mod copies;
mod crash;
mod fixture;
mod full_disk;
mod open;
mod past;
mod replay;
