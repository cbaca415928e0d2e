//! The estate as its customers meet it: real processes of the `candor-estate` binary, found by name.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what fails in a test's own tools fails the test"
)]

mod board;
mod causes;
mod copies;
mod crash;
mod customer;
mod day;
mod input;
mod levers;
mod life;
mod orders;
mod programs;
mod purchases;
mod resume;
mod shop;

use std::path::PathBuf;

use candor_estate::{Estate, EstateOptions};

/// Options for an estate of this crate's own binary.
fn options() -> EstateOptions {
    EstateOptions {
        lead: Vec::new(),
        ..EstateOptions::new(PathBuf::from(env!("CARGO_BIN_EXE_candor-estate")))
    }
}

async fn estate() -> Estate {
    Estate::start(options()).await.unwrap()
}
