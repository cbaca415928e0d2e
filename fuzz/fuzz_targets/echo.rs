//! An ICMP message as it comes from a socket: an answer of ours, or not. The first byte says which socket, and whether
//! the token is put where the bytes have room for it.
#![no_main]

use candor_probe::fuzzing::answered;
use libfuzzer_sys::fuzz_target;

const TOKEN: [u8; 16] = *b"a token of ours.";

fuzz_target!(|data: &[u8]| {
    let Some((choice, packet)) = data.split_first() else { return };
    let mut packet = packet.to_vec();
    if choice & 4 == 0 {
        packet.extend_from_slice(&TOKEN);
    }
    if answered(&packet, TOKEN, choice & 1 == 1, choice & 2 == 2).is_some() {
        assert!(packet.ends_with(&TOKEN), "an answer without our token");
    }
});
