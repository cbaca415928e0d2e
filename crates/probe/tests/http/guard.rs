//! Targets that a response chose do not reach into the vantage's own network, unless config names them.

use candor_core::fault::Kind;
use candor_core::model::*;

use crate::support::plan::*;
use crate::support::stub::*;

#[tokio::test]
async fn a_redirect_into_our_own_network_is_refused_and_the_remedy_named() {
    let inner = Stub::start(|_| page("secret console")).await;
    let port = inner.port;
    for host in
        ["evil.example", "127.0.0.1", "[::1]", "localhost", "[::ffff:127.0.0.1]", "0x7f.1", "2130706433", "0"]
    {
        let stub = Stub::start(move |_| redirect("302 Found", &format!("http://{host}:{port}/"))).await;
        let run = run(vec![get(&stub.url("shop.example", "/"))]).await;
        let expected = if host == "localhost" { Kind::DnsNxdomain } else { Kind::HttpMalformed };
        assert_eq!(kind(&run), expected, "{host}");
        assert!(host == "localhost" || fault(&run).detail.contains("`allow:`"), "{host}: {:?}", fault(&run));
    }
    assert!(inner.seen().is_empty(), "{:?}", inner.seen());
}

#[tokio::test]
async fn metadata_services_are_out_of_reach() {
    for host in ["169.254.169.254", "[fd00:ec2::254]"] {
        let stub = Stub::start(move |_| redirect("302 Found", &format!("http://{host}/latest/"))).await;
        let run = run(vec![get(&stub.url("shop.example", "/"))]).await;
        assert_eq!(kind(&run), Kind::HttpMalformed);
        assert!(fault(&run).detail.contains("a metadata address"), "{:?}", fault(&run));
    }
}

#[tokio::test]
async fn a_host_that_config_names_is_reached_wherever_it_lies() {
    let inner = Stub::start(|_| page("inner")).await;
    let to = inner.url("other.example", "/");
    let stub = Stub::start(move |_| redirect("302 Found", &to)).await;
    assert_passed(&run_allowing(&["other.example"], vec![get(&stub.url("shop.example", "/"))]).await);
    let by_a_step = vec![get(&stub.url("shop.example", "/")), get(&inner.url("other.example", "/"))];
    assert_passed(&run(by_a_step).await);
}

#[tokio::test]
async fn a_link_and_a_captured_host_are_guarded_alike() {
    let inner = Stub::start(|_| page("inner")).await;
    let link = inner.url("evil.example", "/");
    let stub = Stub::start(move |_| page(&format!("<a href='{link}'>x</a>"))).await;
    let first_link = HttpStep { target: Target::FirstLink("a".to_owned()), ..get("unused") };
    let run_ = run(vec![get(&stub.url("shop.example", "/")), first_link]).await;
    assert_eq!((kind(&run_), fault(&run_).step), (Kind::HttpMalformed, 1));

    let mut capturing = get(&stub.url("shop.example", "/"));
    let from = CaptureFrom::Css { selector: "a".to_owned(), attribute: Some("href".to_owned()) };
    capturing.captures = vec![Capture { name: "link".to_owned(), from }];
    let run_ = run(vec![capturing, get("{link}")]).await;
    assert_eq!((kind(&run_), fault(&run_).step), (Kind::HttpMalformed, 1));
    assert!(inner.seen().is_empty());
}

#[tokio::test]
async fn a_captured_path_leaves_its_host_named_by_config() {
    let stub = Stub::start(|_| answer("200 OK", &["x-order: 7"], "")).await;
    let mut first = get(&stub.url("shop.example", "/"));
    first.captures =
        vec![Capture { name: "order".to_owned(), from: CaptureFrom::Header("x-order".to_owned()) }];
    assert_passed(&run(vec![first, get(&stub.url("shop.example", "/orders/{order}"))]).await);
    assert!(stub.seen()[1].starts_with("get /orders/7 "));
}

#[tokio::test]
async fn a_proxy_is_not_asked_for_our_own_network() {
    let proxy = Stub::start(|_| redirect("302 Found", "http://127.0.0.1/")).await;
    let by_proxy = Proxy { host: "proxy.example".to_owned(), port: proxy.port, sign_in: None };
    let run = run(vec![HttpStep { proxy: Some(by_proxy), ..get("http://shop.example/") }]).await;
    assert_eq!(kind(&run), Kind::HttpMalformed);
    assert_eq!(proxy.seen().len(), 1);
}
