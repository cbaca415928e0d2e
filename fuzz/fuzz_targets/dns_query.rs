//! A packet that comes to the name server: no answer, or one that carries the same id, keeps within its transport, and
//! is read by our own asker.
#![no_main]

use std::cell::LazyCell;

use candor_names::{Zone, fuzzing};
use libfuzzer_sys::fuzz_target;

const ZONE: &str = "\
$ORIGIN shop.example.
@ 3600 SOA ns1 hostmaster 7 3600 600 604800 300
@ NS ns1
@ NS ns.elsewhere.example.
@ MX 10 mx1
@ TXT \"a text\" \"and another\"
ns1 A 192.0.2.1
ns1 AAAA 2001:db8::1
mx1 A 192.0.2.2
www CNAME apps
apps A 192.0.2.3
apps A 192.0.2.4
* TXT wild
deep.down.below A 192.0.2.5
child NS ns.child
ns.child A 192.0.2.6
away DNAME other.example.
loop CNAME loop2
loop2 CNAME loop
";

thread_local! {
    static REPLIES: LazyCell<Box<dyn Fn(&[u8], bool) -> Option<Vec<u8>>>> = LazyCell::new(|| {
        let zone = |text: &str, origin| Zone::parse(text, Some(origin), "fuzz.zone").expect("a zone, because it is ours");
        let many: String = (0..2_000).map(|n| format!("many A 10.0.{}.{}\n", n / 250, n % 250)).collect();
        let large = format!("@ 60 SOA ns1.shop.example. h.shop.example. 1 1 1 1 1\n@ NS ns1.shop.example.\n{many}");
        Box::new(fuzzing::replies(vec![zone(ZONE, "shop.example"), zone(&large, "large.example")]))
    });
}

fuzz_target!(|data: &[u8]| {
    for tcp in [false, true] {
        let Some(reply) = REPLIES.with(|replies| replies(data, tcp)) else { continue };
        let limit = if tcp { 65_535 } else { 1_232 };
        assert!((12..=limit).contains(&reply.len()), "{} bytes", reply.len());
        assert_eq!(reply.get(..2), data.get(..2), "another id");
        assert!(reply[2] & 0x80 != 0, "not an answer");
        assert!(data[2] & 0x80 == 0, "an answer was answered");
    }
});
