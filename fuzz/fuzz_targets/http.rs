//! What an HTTP server says, in answer to a journey of ours over loopback: one part for each connection. The first byte
//! picks the journey. Statuses, fields, redirects, cookies, codings, framing, HTML, JSON, captures, a proxy, HTTP/2.
#![no_main]

use std::cell::LazyCell;

use candor_fuzz::loopback::{Manner, Stand};
use candor_fuzz::parts;
use libfuzzer_sys::fuzz_target;

const PLAN: &str = r#"
resolve: {pinned: {shop.example: 127.0.0.1, other.example: 127.0.0.1}}
defaults: {timeout: 1s, deadline: 2s}
services:
- id: shop
  allow_hosts: [127.0.0.1, shop.example]
  capabilities:
    read:
      journey:
      - get: http://shop.example:PORT/
        headers: {authorization: "Bearer ${SECRET}"}
        body_max: 64KiB
        expect: {status: 2xx, text: Top, not_text: [temporarily unavailable], headers: {content-type: text/html}}
        capture: {link: {css: "a.item", attribute: href}, name: {css: h1}, again: {regex: "id=([0-9]+)"}, where: {header: etag}}
      - get: http://shop.example:PORT/{link}?{name}{again}{where}
    click:
      journey:
      - {get: "http://shop.example:PORT/a/b", body_max: 64KiB}
      - {get: {first_link: "a"}, body_max: 64KiB}
    order:
      journey:
      - post: http://shop.example:PORT/
        json: {password: "${SECRET}"}
        body_max: 64KiB
        expect: {json: {$.state: paid, $.n: {at_least: 1}, "$..x[?@.y]": {exists: true}, $.id: {matches: "^o-"}}}
        capture: {token: $.token}
      - always:
        - {delete: "http://shop.example:PORT/{run}", headers: {authorization: "Bearer {token}"}}
    load:
      journey:
      - get: http://shop.example:PORT/
        body_max: 64KiB
        expect: {size: ">= 10B", rate: ">= 1kB/s", stall: 500ms, within: 1s}
    judge: {journey: [{get: "http://shop.example:PORT/", redirects: 0, expect: {status: [301, 302], headers: {location: {exists: true}}}}]}
    head: {journey: [{head: "http://shop.example:PORT/"}]}
    two: {journey: [{get: "http://shop.example:PORT/", version: http/2, body_max: 64KiB}]}
    tunnel: {journey: [{get: "https://other.example/", proxy: "127.0.0.1:PORT"}]}
"#;

thread_local! {
    static STAND: LazyCell<Stand> = LazyCell::new(|| Stand::new(PLAN));
}

fuzz_target!(|data: &[u8]| {
    let Some((choice, said)) = data.split_first() else { return };
    STAND.with(|stand| stand.run(*choice, Manner::Answers, &parts(said)));
});
