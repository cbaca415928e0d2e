//! A packet of a zone that says it is signed: its keys, its DS, and every signature in it, looked at without a panic and in
//! bounded time. The first byte says which question.
#![no_main]

use candor_names::Question;
use candor_names::fuzzing::signatures;
use libfuzzer_sys::fuzz_target;

const ASKED: [(&str, &str); 4] =
    [("shop.test", "DNSKEY"), ("www.shop.test", "A"), ("shop.test", "DS"), ("nobody.shop.test", "A")];

fuzz_target!(|data: &[u8]| {
    let Some((choice, packet)) = data.split_first() else { return };
    let (name, rtype) = ASKED[usize::from(choice & 3)];
    let question = Question::parse(name, rtype).expect("a question, because it is in the list");
    let _ = signatures(packet, &question, 1_795_000_000);
});
