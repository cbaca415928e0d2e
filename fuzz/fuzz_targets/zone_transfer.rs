//! Messages of a zone transfer that a primary sends: what they make is a zone that can be kept and read again, newer than the
//! one held and told apart from it, or nothing. The first byte says whether a difference was asked for; then come messages, each
//! behind its length.
#![no_main]

use std::sync::LazyLock;

use candor_names::fuzzing::transfer;
use candor_names::{Zone, ZoneDiff};
use libfuzzer_sys::fuzz_target;

static HELD: LazyLock<Zone> = LazyLock::new(|| {
    let text = "$ORIGIN z.example.\n@ 60 SOA a b 1 2 3 4 5\n@ 60 NS a\na 60 A 192.0.2.1\nb 60 TXT \"t\"\n";
    Zone::parse(text, None, "held").expect("a zone, because it is written here")
});

fuzz_target!(|data: &[u8]| {
    let Some((choice, mut rest)) = data.split_first() else { return };
    let mut messages = Vec::new();
    while let Some((length, more)) = rest.split_at_checked(2) {
        let length = usize::from(u16::from_be_bytes([length[0], length[1]])).min(more.len());
        let (message, after) = more.split_at(length);
        messages.push(message.to_vec());
        rest = after;
    }
    let Ok(Some(zone)) = transfer(&HELD, choice & 1 == 1, messages) else { return };
    assert!(candor_names::zone::serial::is_newer(zone.serial(), HELD.serial()), "not newer");
    let diff = HELD.diff(&zone).expect("the same zone, because only its own records are taken");
    assert_eq!(HELD.apply(&diff).expect("it fits, because it was made from it"), zone);
    let text = zone.to_zone_file();
    match Zone::parse(&text, None, "again") {
        Ok(again) => assert_eq!(again, zone, "{text}"),
        Err(faults) => panic!("what was taken cannot be kept: {faults:?}\n{text}"),
    }
    assert_eq!(ZoneDiff::parse(&diff.to_text()).expect("a difference, because it was just written"), diff);
});
