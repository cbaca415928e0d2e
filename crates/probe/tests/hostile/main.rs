//! Targets that mean harm: each gets its own fault, within its deadline, in bounded memory, and delays nobody.
//!
//! A role (`role`) is a misbehaviour: a server, which is a function from a connection to bytes, and the fault that it
//! must get. `http1`, `http2`, `framing`, `redirects`, `judged` and `tls` hold the roles; to add one is to add an entry
//! to one of these lists. Every role is played alone there, and all of them at once in `crowd`, beside a healthy check.
//! `memory` measures what contents cost, `inert` follows hostile texts to the end of a run. The bounds that are held
//! are those of the table in the probe's module `step::http`.

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

mod crowd;
mod framing;
mod http1;
mod http2;
mod inert;
mod judged;
mod memory;
mod peer;
mod redirects;
mod role;
mod tls;
