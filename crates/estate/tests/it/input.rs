//! Bad input to every endpoint gets a clear 4xx.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::customer::Customer;
use crate::estate;

const JSON: (&str, &str) = ("content-type", "application/json");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// Method, host and path, header fields, body; status and a piece of the answer's words.
type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], &'a str, u16, &'a str);

async fn each_gets_its_refusal(cases: &[Case<'_>]) {
    let estate = estate().await;
    let customer = Customer::of(&estate);
    let port = customer.urls.port();
    for (method, place, fields, body, status, words) in cases {
        let (host, path) = place.split_at(place.find('/').unwrap());
        let url = format!("http://{host}.shop.example:{port}{path}");
        let reply = customer.ask(method, &url, fields, body).await.unwrap();
        let seen = (reply.status, reply.text());
        assert!(seen.0 == *status && seen.1.contains(words), "{method} {place} {body}: {seen:?}");
    }
    estate.stop().await;
}

#[tokio::test]
async fn identity_refuses_what_it_cannot_read() {
    let long = format!("{{\"user\": \"{}\"}}", "a".repeat(20_000));
    each_gets_its_refusal(&[
        ("POST", "id/sign-in", &[], "{}", 415, "send JSON"),
        ("POST", "id/sign-in", &[JSON], "", 400, "cannot be read"),
        ("POST", "id/sign-in", &[JSON], "{\"user\": \"a\"", 400, "cannot be read"),
        ("POST", "id/sign-in", &[JSON], "{\"user\": \"a\"}", 422, "missing field `password`"),
        ("POST", "id/sign-in", &[JSON], "{\"user\": 7, \"password\": \"b\"}", 422, "invalid type"),
        (
            "POST",
            "id/sign-in",
            &[JSON],
            "{\"user\": \"a\", \"password\": \"b\", \"x\": 1}",
            422,
            "unknown field",
        ),
        ("POST", "id/sign-in", &[JSON], "{\"user\": \"a\", \"password\": \"b\"}", 401, "is wrong"),
        ("POST", "id/sign-in", &[JSON], &long, 413, "body"),
        ("GET", "id/sign-in", &[], "", 405, "does not take GET"),
        ("GET", "id/verify", &[], "", 401, "sign in first"),
        ("GET", "id/verify", &[("authorization", "Basic x")], "", 401, "sign in first"),
        ("GET", "id/verify", &[("authorization", "Bearer nonsense")], "", 401, "sign in first"),
        ("GET", "id/elsewhere", &[], "", 404, "there is nothing at /elsewhere"),
    ])
    .await;
}

#[tokio::test]
async fn commerce_refuses_what_it_cannot_sell() {
    let order = |key: &str| format!("{{\"item\": \"orrery\", \"key\": \"{key}\"}}");
    let (good, long) = (order("k"), order(&"k".repeat(101)));
    let bad = ("authorization", "Bearer nonsense");
    each_gets_its_refusal(&[
        ("POST", "buy/gb/orders", &[], &good, 415, "send JSON"),
        ("POST", "buy/gb/orders", &[JSON], "[]", 422, "cannot be read"),
        ("POST", "buy/gb/orders", &[JSON], "{\"item\": \"orrery\"}", 422, "missing field `key`"),
        (
            "POST",
            "buy/gb/orders",
            &[JSON],
            "{\"item\": \"moon\", \"key\": \"k\"}",
            422,
            "does not sell this item",
        ),
        ("POST", "buy/gb/orders", &[JSON], &order(""), 422, "a key has 1 to 100"),
        ("POST", "buy/gb/orders", &[JSON], &order("a b"), 422, "a key has 1 to 100"),
        ("POST", "buy/gb/orders", &[JSON], &long, 422, "a key has 1 to 100"),
        ("POST", "buy/zz/orders", &[JSON], &good, 404, "does not sell in"),
        ("POST", "buy/gb/orders", &[JSON], &good, 401, "sign in first"),
        ("POST", "buy/gb/orders", &[JSON, bad], &good, 401, "sign in first"),
        ("GET", "buy/gb/orders", &[], "", 405, "does not take GET"),
        ("GET", "buy/gb/orders/none", &[], "", 404, "no order with this key"),
        ("GET", "buy/zz/orders/none", &[], "", 404, "does not sell in"),
        ("DELETE", "buy/gb/orders/none", &[bad], "", 401, "sign in first"),
        ("GET", "buy/receipts/none", &[], "", 404, "no paid order"),
        ("GET", "buy/gb/orders/%ff", &[], "", 400, "UTF-8"),
    ])
    .await;
}

#[tokio::test]
async fn carts_purchases_and_receipts_refuse_what_they_cannot_do() {
    let bad = ("authorization", "Bearer nonsense");
    let many: Vec<_> = (0..21).map(|_| "\"orrery\"").collect();
    let many = format!("{{\"items\": [{}], \"key\": \"k\"}}", many.join(","));
    let coin = "{\"product\": \"probe-item.coin\", \"key\": \"k\"}";
    each_gets_its_refusal(&[
        ("POST", "buy/gb/orders", &[JSON], "{\"key\": \"k\"}", 422, "say one of"),
        ("POST", "buy/gb/orders", &[JSON], &many, 422, "say one of"),
        (
            "POST",
            "buy/gb/orders",
            &[JSON],
            "{\"item\": \"a\", \"key\": \"k\", \"x\": 1}",
            422,
            "unknown field",
        ),
        ("POST", "buy/gb/orders", &[JSON], "{\"cart\": true, \"key\": \"k\"}", 401, "sign in first"),
        (
            "POST",
            "buy/gb/orders",
            &[JSON, ("idempotency-key", "\u{ff}")],
            "{\"item\": \"orrery\"}",
            422,
            "a key has",
        ),
        ("GET", "buy/gb/cart", &[], "", 401, "sign in first"),
        ("GET", "buy/zz/cart", &[], "", 404, "does not sell in"),
        ("PUT", "buy/gb/cart/moon", &[], "", 404, "does not sell this item here"),
        ("PUT", "buy/gb/cart/orrery", &[bad], "", 401, "sign in first"),
        ("POST", "buy/gb/cart/orrery", &[], "", 405, "does not take POST"),
        ("GET", "buy/gb/apps/moon/products", &[], "", 404, "does not sell this app"),
        ("POST", "buy/gb/apps/probe-item/purchases", &[JSON], "{}", 422, "missing field `product`"),
        ("POST", "buy/gb/apps/probe-item/purchases", &[JSON], coin, 401, "sign in first"),
        ("POST", "buy/gb/apps/orrery/purchases", &[JSON], coin, 422, "does not sell this product"),
        ("GET", "buy/purchases", &[], "", 401, "sign in first"),
        ("POST", "buy/purchases/o/i/consume", &[bad], "", 401, "sign in first"),
        ("GET", "buy/entitlements/orrery", &[bad], "", 401, "sign in first"),
        ("GET", "buy/sales/orrery", &[], "", 401, "sign in first"),
        ("GET", "buy/receipts/%00", &[], "", 404, "no paid order"),
        ("GET", "details.internal/gb/items/moon", &[], "", 404, "nothing is told"),
        ("GET", "details.internal/cn/items/nightjar", &[], "", 404, "nothing is told"),
        ("GET", "details.internal/zz/items/orrery", &[], "", 404, "nothing is told"),
    ])
    .await;
}

#[tokio::test]
async fn delivery_refuses_who_did_not_buy() {
    each_gets_its_refusal(&[
        ("GET", "cdn/items/orrery/file", &[], "", 401, "for those who bought it"),
        ("GET", "cdn/items/orrery/file?receipt=", &[], "", 401, "for those who bought it"),
        ("GET", "cdn/items/orrery/file?receipt=../probe", &[], "", 401, "for those who bought it"),
        ("GET", "cdn/items/orrery/file?receipt=abc", &[], "", 403, "not for this item"),
        ("GET", "cdn/items/moon/file?receipt=abc", &[], "", 404, "does not sell"),
        ("GET", "cdn/items/orrery/file", &[("authorization", "Bearer nonsense")], "", 401, "sign in first"),
        ("GET", "cdn/items/moon", &[], "", 404, "does not sell"),
        ("POST", "cdn/probe.bin", &[], "", 405, "does not take POST"),
        ("GET", "cdn/etc/passwd", &[], "", 404, "there is nothing at"),
    ])
    .await;
}

#[tokio::test]
async fn the_store_refuses_what_is_not_there() {
    let search = format!("gb.music/gb/search?q={}", "a".repeat(201));
    each_gets_its_refusal(&[
        ("GET", "gb.apps/zz/", &[], "", 404, "not the storefront of"),
        ("GET", "gb.apps/in/", &[], "", 404, "not the storefront of"),
        ("GET", "gb.apps/gb/items/moon", &[], "", 404, "We do not sell this"),
        ("GET", "gb.apps/gb/items/moon.json", &[], "", 404, "does not sell this item"),
        ("GET", "gb.apps/icons/moon.svg", &[], "", 404, "no such picture"),
        ("GET", "gb.apps/gb/items/orrery/buy", &[], "", 405, "does not take GET"),
        ("POST", "gb.apps/gb/items/orrery/buy", &[], "key=k", 415, "form"),
        ("POST", "gb.apps/gb/items/orrery/buy", &[FORM], "lock=k", 422, "form"),
        ("POST", "gb.apps/gb/items/orrery/buy", &[FORM], "key=", 422, "a key"),
        ("POST", "gb.apps/gb/items/moon/buy", &[FORM], "key=k", 404, "does not sell"),
        ("GET", "gb.books/gb/items/orrery", &[], "", 404, "We do not sell this"),
        ("GET", "gb.books/icons/orrery.svg", &[], "", 404, "no such picture"),
        ("POST", "gb.music/gb/items/orrery/buy", &[FORM], "key=k", 404, "does not sell"),
        ("GET", "gb.music/in/search?q=a", &[], "", 404, "not the storefront of"),
        ("GET", &search, &[], "", 422, "at most 200 bytes"),
        ("GET", "gb.music/gb/search?q=%3Cscript%3E", &[], "", 200, "Nothing has all of “&#60;script&#62;”"),
        ("GET", "gb.music/gb/to/apps/x", &[], "", 404, "there is nothing at"),
        ("GET", "apps/zz/", &[], "", 404, "no shop in"),
        ("GET", "apps/a/b/c", &[], "", 404, "no shop in"),
    ])
    .await;
}

/// Sends this to the sign-in on a connection of its own, and returns all that comes back until it is closed.
async fn raw<const N: usize>(customer: &Customer, parts: [&[u8]; N]) -> String {
    let authority = format!("id.shop.example:{}", customer.urls.port());
    let mut stream = customer.connect(&authority).await.unwrap();
    for part in parts {
        // It may have been closed already.
        drop(stream.write_all(part).await);
    }
    let mut answer = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(60), stream.read_to_end(&mut answer)).await;
    // A connection that is cut while we still send ends in a reset.
    drop(ended.expect("the connection is closed"));
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn slow_huge_and_nonsense_requests_are_cut_and_nobody_else_notices() {
    let estate = estate().await;
    let customer = Customer::of(&estate);
    let head = |fields: &str| {
        format!("POST /sign-in HTTP/1.1\r\nhost: id.shop.example\r\nconnection: close\r\n{fields}\r\n")
    };
    let json = "content-type: application/json\r\n";
    let endless = format!("GET / HTTP/1.1\r\nx: {}", "y".repeat(2 << 20));
    let fields = format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(10_000));
    let huge = head(&format!("{json}content-length: 18446744073709551615\r\n"));
    let nonsense = head(&format!("{json}transfer-encoding: chunked\r\n"));
    let slow = head(&format!("{json}content-length: 10\r\n"));
    let (garbage, path) = (
        vec![0xff_u8; 100_000],
        format!("GET /{} HTTP/1.1\r\nconnection: close\r\n\r\n", "../".repeat(20_000)),
    );
    let answers = tokio::join!(
        raw(&customer, [&garbage]),
        raw(&customer, [endless.as_bytes()]),
        raw(&customer, [fields.as_bytes()]),
        raw(&customer, [huge.as_bytes(), b"{\"user\""]),
        raw(&customer, [nonsense.as_bytes(), b"zz\r\n\0\0\r\n"]),
        raw(&customer, [path.as_bytes()]),
        raw(&customer, [slow.as_bytes(), b"k"]),
    );
    for answer in [&answers.0, &answers.1, &answers.2, &answers.3, &answers.4, &answers.5] {
        let refused = answer.is_empty() || answer.starts_with("HTTP/1.1 4");
        assert!(refused, "{}", answer.chars().take(200).collect::<String>());
    }
    assert!(answers.6.starts_with("HTTP/1.1 408 "), "{}", answers.6);
    assert_eq!(customer.front("gb").await.unwrap().status, 200);
    estate.stop().await;
}
