//! Redirects are counted, resolved against the page, and never lead out of HTTP.

use candor_core::fault::Kind;
use candor_core::model::*;

use crate::support::plan::*;
use crate::support::stub::*;

#[tokio::test]
async fn a_circle_of_redirects_is_a_fault() {
    let stub =
        Stub::start(|request| redirect("302 Found", if request.starts_with("get /a") { "/b" } else { "/a" }))
            .await;
    let run = run(vec![get(&stub.url("shop.example", "/a"))]).await;
    assert_eq!(kind(&run), Kind::HttpRedirectLoop);
    insta::assert_snapshot!(fault(&run).detail, @r#"redirected more than 5 times; the last answer points at "/a""#);
    assert_eq!(stub.seen().len(), 6);
}

#[tokio::test]
async fn a_redirect_out_of_http_is_malformed() {
    for to in ["file:///etc/passwd", "javascript:alert(1)", "gopher://shop.example/", "http://[bad/"] {
        let stub = Stub::start(move |_| redirect("302 Found", to)).await;
        assert_eq!(kind(&run(vec![get(&stub.url("shop.example", "/"))]).await), Kind::HttpMalformed, "{to}");
    }
}

#[tokio::test]
async fn a_redirect_without_a_place_to_go_is_judged_itself() {
    let stub = Stub::start(|_| answer("302 Found", &[], "")).await;
    assert_eq!(kind(&run(vec![get(&stub.url("shop.example", "/"))]).await), Kind::HttpStatus);
}

#[tokio::test]
async fn the_content_of_a_redirected_post_is_sent_again_only_where_the_method_stays() {
    let stub = Stub::start(|request| match request.split(' ').nth(1).unwrap() {
        "/307" => redirect("307 Temporary Redirect", "/end"),
        "/302" => redirect("302 Found", "/end"),
        _ => page("end"),
    })
    .await;
    let form = || Body::Form(vec![("item".to_owned(), template("a&b {place}"))]);
    assert_passed(&run(vec![post(&stub.url("shop.example", "/307"), form())]).await);
    assert_passed(&run(vec![post(&stub.url("shop.example", "/302"), form())]).await);
    let seen = stub.seen();
    assert!(seen[1].starts_with("post /end") && seen[1].ends_with("item=a%26b+gb"), "{}", seen[1]);
    assert!(seen[3].starts_with("get /end") && !seen[3].contains("content-"), "{}", seen[3]);
}
