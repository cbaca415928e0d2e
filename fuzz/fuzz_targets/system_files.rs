//! `hosts` and `resolv.conf`, one after the other: what cannot be read is passed over.
#![no_main]

use candor_fuzz::parts;
use candor_names::fuzzing::system_files;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let parts = parts(data);
    let text = |at: usize| String::from_utf8_lossy(parts.get(at).copied().unwrap_or_default());
    let (_, servers) = system_files(&text(0), &text(1));
    assert!((1..=3).contains(&servers), "{servers} servers");
});
