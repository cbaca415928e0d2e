//! A packet that comes back for a question: read whole, refused as another's, or refused as broken. The first byte says
//! which question, and whether the head is made to fit it, so that what lies behind is reached.
#![no_main]

use candor_names::Question;
use candor_names::fuzzing::response;
use libfuzzer_sys::fuzz_target;

const ASKED: [(&str, &str); 4] =
    [("www.shop.example", "A"), ("shop.example", "SOA"), ("shop.example", "MX"), ("a.example", "TXT")];

fuzz_target!(|data: &[u8]| {
    let Some((choice, packet)) = data.split_first() else { return };
    let (name, rtype) = ASKED[usize::from(choice & 3)];
    let question = Question::parse(name, rtype).expect("a question, because it is in the list");
    let mut packet = packet.to_vec();
    if choice & 4 == 0 {
        fit(&mut packet, name, &rtype_code(rtype).to_be_bytes());
    }
    if let Ok(records) = response(&packet, choice & 8 == 0, 0x2a2a, &question) {
        assert!(records.len() <= 4_097, "{} records", records.len());
        for record in records {
            assert!(!record.contains('\n') && record.is_ascii() || record.len() < 70_000, "{record:?}");
        }
    }
});

/// Puts the right id, flags and question into the head of a packet.
fn fit(packet: &mut Vec<u8>, name: &str, rtype: &[u8]) {
    let mut asked = Vec::new();
    for label in name.split('.') {
        asked.push(u8::try_from(label.len()).unwrap_or(0));
        asked.extend_from_slice(label.as_bytes());
    }
    asked.extend_from_slice(&[0, rtype[0], rtype[1], 0, 1]);
    let mut head = [0x2a, 0x2a, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0];
    for (place, byte) in packet.iter().take(8).enumerate() {
        match place {
            0 => head[3] = *byte,
            1 => head[2] = 0x80 | (byte & 0x07),
            _ => head[4 + place] = *byte,
        }
    }
    let tail = packet.split_off(packet.len().min(8));
    *packet = head.to_vec();
    packet.extend_from_slice(&asked);
    packet.extend_from_slice(&tail);
}

fn rtype_code(rtype: &str) -> u16 {
    match rtype {
        "SOA" => 6,
        "MX" => 15,
        "TXT" => 16,
        _ => 1,
    }
}
