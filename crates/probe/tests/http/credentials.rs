//! Cookies stay with their host, credentials with their origin, and neither is ever shown.

use candor_core::fault::Kind;
use candor_core::model::*;
use candor_core::template::Secret;

use crate::support::certificates::Authority;
use crate::support::plan::*;
use crate::support::stub::*;

fn with_credentials(mut step: HttpStep) -> HttpStep {
    step.headers = vec![
        ("Authorization".to_owned(), template("Bearer <hunter2hunter2>")),
        ("X-Api-Key".to_owned(), template("plain-key")),
        ("X-Session".to_owned(), template("<hunter2hunter2>")),
        ("X-Plain".to_owned(), template("plain")),
    ];
    step
}

#[tokio::test]
async fn cookies_are_kept_within_a_journey_and_go_to_their_host_alone() {
    let other = Stub::start(|_| page("other")).await;
    let stub = Stub::start(|request| match request.split(' ').nth(1).unwrap() {
        "/in" => answer("200 OK", &["set-cookie: sid=77; path=/", "set-cookie: only=1; path=/deep"], "in"),
        _ => page("page"),
    })
    .await;
    let steps = vec![
        get(&stub.url("shop.example", "/in")),
        get(&stub.url("shop.example", "/next")),
        get(&other.url("other.example", "/")),
    ];
    assert_passed(&run(steps).await);
    assert!(stub.seen()[1].contains("cookie: sid=77\r\n"), "{}", stub.seen()[1]);
    assert!(!other.seen()[0].contains("cookie"), "{}", other.seen()[0]);
    assert_passed(&run(vec![get(&stub.url("shop.example", "/again"))]).await);
    assert!(!stub.seen()[2].contains("cookie"), "a cookie outlived its journey");
}

#[tokio::test]
async fn a_cookie_set_by_a_redirect_is_sent_on() {
    let stub = Stub::start(|request| match request.contains("cookie: seen=1") {
        true => page("in"),
        false => answer("302 Found", &["location: /", "set-cookie: seen=1"], ""),
    })
    .await;
    assert_passed(&run(vec![get(&stub.url("shop.example", "/"))]).await);
}

#[tokio::test]
async fn credentials_do_not_cross_origins() {
    let other = Stub::start(|_| page("other")).await;
    let to = other.url("evil.example", "/");
    let stub = Stub::start(move |_| redirect("302 Found", &to)).await;
    let step = with_credentials(get(&stub.url("user:pass@shop.example", "/")));
    assert_passed(&run_allowing(&["evil.example"], vec![step]).await);
    let (first, crossed) = (&stub.seen()[0], &other.seen()[0]);
    for field in ["authorization: bearer hunter2hunter2", "x-api-key: plain-key", "x-session: hunter2hunter2"]
    {
        assert!(first.contains(field), "{first}");
    }
    for gone in ["authorization", "x-api-key", "x-session", "hunter2"] {
        assert!(!crossed.contains(gone), "{gone} crossed: {crossed}");
    }
    assert!(crossed.contains("x-plain: plain"), "{crossed}");
}

#[tokio::test]
async fn a_host_written_by_hand_is_meant_for_the_first_origin() {
    let other = Stub::start(|_| page("other")).await;
    let to = other.url("other.example", "/");
    let stub = Stub::start(move |_| redirect("302 Found", &to)).await;
    let mut step = get(&stub.url("shop.example", "/"));
    step.headers = vec![("Host".to_owned(), template("front.example"))];
    assert_passed(&run_allowing(&["other.example"], vec![step]).await);
    assert!(stub.seen()[0].contains("host: front.example\r\n"), "{}", stub.seen()[0]);
    assert!(other.seen()[0].contains("host: other.example:"), "{}", other.seen()[0]);
}

#[tokio::test]
async fn another_port_is_another_origin() {
    let other = Stub::start(|_| page("other")).await;
    let to = other.url("shop.example", "/");
    let stub = Stub::start(move |_| redirect("302 Found", &to)).await;
    assert_passed(&run(vec![with_credentials(get(&stub.url("shop.example", "/")))]).await);
    assert!(!other.seen()[0].contains("hunter2"), "{}", other.seen()[0]);
}

#[tokio::test]
async fn a_captured_token_counts_as_a_credential() {
    let other = Stub::start(|_| page("other")).await;
    let to = other.url("other.example", "/");
    let stub = Stub::start(move |request| match request.starts_with("post") {
        true => answer("200 OK", &[], r#"{"token": "tok-12345678"}"#),
        false => redirect("302 Found", &to),
    })
    .await;
    let mut sign_in = post(&stub.url("shop.example", "/in"), Body::Empty);
    sign_in.captures =
        vec![Capture { name: "token".to_owned(), from: CaptureFrom::Json("$.token".to_owned()) }];
    let mut buy = get(&stub.url("shop.example", "/buy?t={token}"));
    buy.headers = vec![("x-token".to_owned(), template("{token}"))];
    let run = run_allowing(&["other.example"], vec![sign_in, buy]).await;
    assert_passed(&run);
    assert!(stub.seen()[1].contains("x-token: tok-12345678"));
    assert!(!other.seen()[0].contains("tok-12345678"), "{}", other.seen()[0]);
    assert_eq!(run.steps[1].target, stub.url("shop.example", "/buy?t={token}"));
}

#[tokio::test]
async fn a_body_with_a_secret_is_not_sent_to_another_origin() {
    let other = Stub::start(|_| page("other")).await;
    let to = other.url("other.example", "/");
    let stub = Stub::start(move |_| redirect("307 Temporary Redirect", &to)).await;
    let fields = vec![("password".to_owned(), JsonTemplate::Text(template("<hunter2hunter2>")))];
    let step = post(&stub.url("shop.example", "/"), Body::Json(JsonTemplate::Object(fields)));
    let run = run_allowing(&["other.example"], vec![step]).await;
    assert_eq!(kind(&run), Kind::HttpMalformed);
    assert!(stub.seen()[0].ends_with(r#"{"password":"hunter2hunter2"}"#), "{}", stub.seen()[0]);
    assert!(other.seen().is_empty());
}

#[tokio::test]
async fn a_redirect_from_https_to_http_with_credentials_is_refused() {
    let authority = Authority::new();
    let plain = Stub::start(|_| page("plain")).await;
    let to = plain.url("shop.example", "/");
    let stub =
        Stub::start_tls(authority.sign("shop.example").acceptor(), move |_| redirect("302 Found", &to)).await;
    let step = HttpStep { tls: authority.trusted(), ..get(&stub.https("shop.example", "/")) };
    assert_eq!(kind(&run(vec![with_credentials(step.clone())]).await), Kind::HttpMalformed);
    assert!(plain.seen().is_empty());
    assert_passed(&run(vec![step]).await);
}

#[tokio::test]
async fn a_secret_that_a_server_echoes_is_starred_in_detail_and_evidence() {
    let stub = Stub::start(|request| {
        let echo = format!("you sent hunter2hunter2: {request}");
        answer("500 Oops", &["set-cookie: sid=s3cr3ts3cr3t", "x-echo: hunter2hunter2"], &echo)
    })
    .await;
    let mut step = with_credentials(get(&stub.url("shop.example", "/<hunter2hunter2>")));
    step.expect.status = vec![StatusRange { first: 500, last: 500 }];
    step.expect.headers = vec![("x-echo".to_owned(), TextMatch::Equals(template("other")))];
    let run = run(vec![step]).await;
    assert_eq!(kind(&run), Kind::ContentAssertion);
    let shown = format!("{run:?}");
    assert!(!shown.contains("hunter2") && !shown.contains("s3cr3t"), "{shown}");
    assert!(run.evidence.unwrap().lines.iter().any(|line| line == "set-cookie: ••••••"));
}

#[tokio::test]
async fn a_proxy_is_asked_for_the_whole_url_and_signed_in_to() {
    let proxy = Stub::start(|request| {
        let start = "get http://shop.example/x http/1.1";
        if request.starts_with(start) { page("by proxy") } else { answer("400 Bad", &[], "") }
    })
    .await;
    let by_proxy = Proxy {
        host: "proxy.example".to_owned(),
        port: proxy.port,
        sign_in: Some(("user".to_owned(), Secret::new("proxypass".to_owned()))),
    };
    let step = HttpStep { proxy: Some(by_proxy.clone()), ..get("http://shop.example/x") };
    assert_passed(&run(vec![step]).await);
    assert!(
        proxy.seen()[0].contains("proxy-authorization: basic dxnlcjpwcm94exbhc3m="),
        "{}",
        proxy.seen()[0]
    );
    let tunnel = run(vec![HttpStep { proxy: Some(by_proxy), ..get("https://shop.example/x") }]).await;
    assert_eq!(kind(&tunnel), Kind::ConnectUnreachable);
    assert!(proxy.seen()[1].starts_with("connect shop.example:443 http/1.1"), "{}", proxy.seen()[1]);
}

#[tokio::test]
async fn tls_goes_through_the_tunnel_of_a_proxy() {
    let authority = Authority::new();
    let target = Stub::start_tls(authority.sign("shop.example").acceptor(), |_| page("behind")).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, behind) = (listener.local_addr().unwrap().port(), target.port);
    let relay = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut client, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(client.read_u8().await.unwrap());
        }
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
        let mut server = tokio::net::TcpStream::connect(("127.0.0.1", behind)).await.unwrap();
        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
    });
    let proxy = Some(Proxy { host: "proxy.example".to_owned(), port, sign_in: None });
    let step = HttpStep { proxy, tls: authority.trusted(), ..get("https://shop.example/x") };
    assert_passed(&run(vec![step]).await);
    relay.abort();
}
