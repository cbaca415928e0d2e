//! What a page says: texts, apologies, fields, captures.

use candor_core::fault::Kind;
use candor_core::model::*;

use crate::support::plan::*;
use crate::support::stub::*;

async fn judged(content: &'static str, change: impl Fn(&mut HttpExpect)) -> Option<Kind> {
    let stub = Stub::start(move |_| page(content)).await;
    let mut step = get(&stub.url("shop.example", "/"));
    change(&mut step.expect);
    run(vec![step]).await.observation.fault.map(|fault| fault.kind)
}

#[tokio::test]
async fn texts_must_and_must_not_be_there() {
    let charts = "<title>Shop</title>Top charts";
    assert_eq!(judged(charts, |e| e.text = vec![template("Top charts")]).await, None);
    assert_eq!(judged(charts, |e| e.text = vec![template("Checkout")]).await, Some(Kind::ContentAssertion));
    assert_eq!(judged(charts, |e| e.not_text = vec![template("sold out")]).await, None);
    assert_eq!(
        judged(charts, |e| e.not_text = vec![template("charts")]).await,
        Some(Kind::ContentApologyPage)
    );
}

#[tokio::test]
async fn an_apology_page_with_status_200_is_a_fault() {
    let sorry = "<title>Shop</title><h1>We&#39;ll be right back.</h1>";
    assert_eq!(judged(sorry, |_| ()).await, Some(Kind::ContentApologyPage));
    assert_eq!(
        judged(sorry, |e| e.text = vec![template("Top charts")]).await,
        Some(Kind::ContentApologyPage)
    );
    let meant = |e: &mut HttpExpect| e.text = vec![template("be right back")];
    assert_eq!(judged(sorry, meant).await, None);
    let early = "<title>Shop</title><p>Could not complete your request.";
    assert_eq!(
        judged(early, |e| e.text = vec![template("Top charts")]).await,
        Some(Kind::ContentApologyPage)
    );
    assert_eq!(judged(early, |_| ()).await, None);
}

#[tokio::test]
async fn fields_are_held_to_their_match() {
    let stub = Stub::start(|_| answer("200 OK", &["x-a: one", "x-a: two", "set-cookie: s=1"], "")).await;
    let step = |name: &str, wanted: TextMatch| {
        let mut step = get(&stub.url("shop.example", "/"));
        step.expect.headers = vec![(name.to_owned(), wanted)];
        step
    };
    let passing = [
        step("X-A", TextMatch::Exists),
        step("x-a", TextMatch::Equals(template("two"))),
        step("x-a", TextMatch::Contains(template("on"))),
        step("x-a", TextMatch::Matches("^t.o$".to_owned())),
    ];
    assert_passed(&run(passing.into()).await);
    let other = run(vec![step("x-a", TextMatch::Equals(template("three")))]).await;
    insta::assert_snapshot!(fault(&other).detail, @r#"the field "x-a" holds "one", not what is expected"#);
    let gone = run(vec![step("x-b", TextMatch::Exists)]).await;
    insta::assert_snapshot!(fault(&gone).detail, @r#"the answer has no field "x-b""#);
    let secret = run(vec![step("Set-Cookie", TextMatch::Equals(template("t=2")))]).await;
    assert!(!fault(&secret).detail.contains("s=1"));
}

fn capture(name: &str, from: CaptureFrom) -> Capture {
    Capture { name: name.to_owned(), from }
}

#[tokio::test]
async fn captures_fill_the_holes_of_later_steps() {
    let json = r#"{"order": {"id": 42}, "key": "k<b class='c' data-x='dx'>css</b>"}"#;
    let stub = Stub::start(move |_| answer("200 OK", &["x-head: head"], json)).await;
    let css = |attribute: Option<&str>| CaptureFrom::Css {
        selector: "b.c".to_owned(),
        attribute: attribute.map(str::to_owned),
    };
    let mut first = get(&stub.url("shop.example", "/"));
    first.captures = vec![
        capture("json", CaptureFrom::Json("$.order.id".to_owned())),
        capture("text", css(None)),
        capture("attribute", css(Some("data-x"))),
        capture("head", CaptureFrom::Header("X-Head".to_owned())),
        capture("group", CaptureFrom::Regex("\"(k)<".to_owned())),
        capture("whole", CaptureFrom::Regex("ord.r".to_owned())),
    ];
    let next =
        get(&stub.url("shop.example", "/{json}/{text}/{attribute}/{head}/{group}/{whole}/{place}/{id}"));
    assert_passed(&run(vec![first, next]).await);
    assert!(stub.seen()[1].starts_with("get /42/css/dx/head/k/order/gb/shop http"), "{}", stub.seen()[1]);
}

#[tokio::test]
async fn a_capture_that_is_not_there_or_too_long_is_a_fault() {
    let stub = Stub::start(|_| page(&format!("<p>{}</p>", "x".repeat(5000)))).await;
    let missing = [
        CaptureFrom::Json("$.token".to_owned()),
        CaptureFrom::Css { selector: "b".to_owned(), attribute: None },
        CaptureFrom::Css { selector: "p".to_owned(), attribute: Some("id".to_owned()) },
        CaptureFrom::Css { selector: "p".to_owned(), attribute: None },
        CaptureFrom::Header("x-token".to_owned()),
        CaptureFrom::Regex("y+".to_owned()),
        CaptureFrom::Regex("x+".to_owned()),
    ];
    for from in missing {
        let mut step = get(&stub.url("shop.example", "/"));
        step.captures = vec![capture("token", from.clone())];
        assert_eq!(kind(&run(vec![step]).await), Kind::ContentMissingCapture, "{from:?}");
    }
}
