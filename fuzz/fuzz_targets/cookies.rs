//! `Set-Cookie` fields, a part each, set by turns from two hosts: what goes back is a header field, and never crosses.
#![no_main]

use candor_fuzz::parts;
use candor_probe::fuzzing::cookies;
use libfuzzer_sys::fuzz_target;

const FROM: [&str; 3] = ["https://a.shop.example/x/y", "http://a.shop.example/", "https://127.0.0.1/"];
const TO: [&str; 4] = [
    "https://a.shop.example/x/z",
    "http://a.shop.example/",
    "https://shop.example/",
    "https://evil.example/",
];

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let parts = parts(text.as_bytes());
    let set = parts.iter().zip(FROM.iter().cycle());
    let set: Vec<(&str, &str)> =
        set.map(|(part, from)| (*from, std::str::from_utf8(part).unwrap_or_default())).collect();
    for to in TO {
        let field = cookies(&set, to);
        assert!(field.is_none() || !to.contains("evil"), "a cookie crosses: {field:?}");
        assert!(field.is_none_or(|field| !field.contains(['\r', '\n', '\0'])), "a field of two lines");
    }
});
