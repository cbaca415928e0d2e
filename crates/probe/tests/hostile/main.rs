//! Targets that mean harm: each gets its own fault, within its deadline, in bounded memory, and delays nobody.
//!
//! A role (`role`) is a misbehaviour: a server, which is a function from a connection to bytes, and the fault that it
//! must get. `http1`, `http2`, `framing`, `redirects` and `tls` hold the roles; to add one is to add an entry to one of
//! these lists. Every role is played alone here, and all of them at once in `crowd`, beside a healthy check.
//! `inert` follows hostile texts to where people read them. What our own tests call bounds are those of the table in
//! the module `bounds` of the probe.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::cast_possible_truncation,
    reason = "the harness of a test fails by panicking, as the tests do; frames are built from small numbers"
)]

#[path = "../support/certificates.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod certificates;
#[path = "../support/plan.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod plan;

mod framing;
mod http1;
mod http2;
mod peer;
mod redirects;
mod role;
mod tls;
