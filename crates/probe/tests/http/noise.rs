//! Whatever a server sends, a run ends, and ends in bounds.

use candor_core::fault::DETAIL_MAX;
use candor_core::model::*;
use proptest::prelude::*;

use crate::support::plan::*;
use crate::support::stub::*;

/// Pieces from which answers are made that are nearly right.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 302 Found\r\n",
        "HTTP/1.0 200\r\n",
        "\r\n",
        "location: /next\r\n",
        "location: http://[::1\r\n",
        "content-length: 5\r\n",
        "content-length: 99999999999999999999\r\n",
        "transfer-encoding: chunked\r\n",
        "5\r\nhello\r\n",
        "0\r\n\r\n",
        "ffffffffffffffff\r\n",
        "content-encoding: gzip\r\n",
        "content-encoding: br\r\n",
        "content-type: text/html\r\n",
        "<title>",
        "<h1",
        "</h1>",
        "{\"a\": [1,",
        "set-cookie: a=b; domain=.\r\n",
        "set-cookie: =;expires=x\r\n",
        "\u{1f}\u{8b}",
        "é",
    ]);
    prop_oneof![
        4 => known.prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_server_sends_a_run_ends_in_bounds(pieces in prop::collection::vec(piece(), 0..14), good_start: bool) {
        let mut sent = if good_start { b"HTTP/1.1 200 OK\r\n".to_vec() } else { Vec::new() };
        sent.extend(pieces.concat());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let run = runtime.block_on(async {
            let stub = Stub::start(move |_| vec![Act::Send(sent.clone())]).await;
            let mut step = get(&stub.url("shop.example", "/"));
            step.expect.text = vec![template("hello")];
            step.expect.json = vec![("$.a".to_owned(), JsonMatch::Exists)];
            let css = CaptureFrom::Css { selector: "h1".to_owned(), attribute: None };
            step.captures = vec![Capture { name: "title".to_owned(), from: css }];
            let follow = HttpStep { target: Target::FirstLink("a".to_owned()), ..get("unused") };
            run(vec![step, follow]).await
        });
        let fault = fault(&run);
        prop_assert!(!fault.is_ours(), "{fault}");
        prop_assert!(fault.detail.len() <= DETAIL_MAX);
        if let Some(evidence) = run.evidence {
            prop_assert!(evidence.body.len() <= 2048 && evidence.lines.len() <= 40);
            prop_assert!(evidence.lines.iter().all(|line| line.len() <= 200));
        }
    }
}
