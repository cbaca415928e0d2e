//! The HTTP step against real servers: nginx, and servers of our own that misbehave.

#![expect(
    clippy::unwrap_used,
    clippy::string_slice,
    reason = "the harness of a test fails by panicking, as the tests do"
)]

#[path = "../support/mod.rs"]
mod support;

mod bounds;
mod content;
mod credentials;
mod guard;
mod nginx;
mod noise;
mod redirects;
mod runner;
mod transfer;
