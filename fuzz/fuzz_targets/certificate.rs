//! The certificates that a server shows, as evidence and as a demand of freshness read them. Parts are certificates.
#![no_main]

use candor_fuzz::{parts, surroundings};
use candor_probe::fuzzing::chain;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let parts = parts(data);
    let lines = chain(&parts, surroundings::now());
    assert!(lines.len() <= 11, "{} lines", lines.len());
});
