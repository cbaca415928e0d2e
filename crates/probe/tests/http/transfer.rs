//! Stalled, truncated, too slow: three faults, told apart. And connections that break before any answer.

use std::time::Duration;

use candor_core::fault::Kind;
use candor_core::model::*;

use crate::support::plan::*;
use crate::support::stub::*;

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n";

fn with_timeout(timeout: Duration, step_: HttpStep) -> Journey {
    journey(vec![JourneyStep { timeout, ..step(step_) }])
}

#[tokio::test]
async fn a_download_that_stops_making_progress_is_stalled() {
    let stub = Stub::start(|_| vec![say(HEAD), say("half"), Act::Hang]).await;
    let mut step = get(&stub.url("shop.example", "/"));
    step.expect.stall = Duration::from_millis(200);
    let run = run(vec![step]).await;
    assert_eq!(kind(&run), Kind::TransferStalled);
    insta::assert_snapshot!(fault(&run).detail, @"no byte for 200 ms after 4 bytes of content");
    assert_eq!(run.evidence.unwrap().body, "half");
}

#[tokio::test]
async fn a_download_that_ends_early_is_truncated() {
    let stub = Stub::start(|_| vec![say(HEAD), say("half")]).await;
    let run_ = run(vec![get(&stub.url("shop.example", "/"))]).await;
    assert_eq!(kind(&run_), Kind::TransferTruncated);
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n";
    let stub = Stub::start(move |_| vec![say(chunked)]).await;
    assert_eq!(kind(&run(vec![get(&stub.url("shop.example", "/"))]).await), Kind::TransferTruncated);
}

#[tokio::test]
async fn a_download_shorter_than_expected_is_truncated_and_a_longer_one_another() {
    let stub = Stub::start(|_| page("0123456789")).await;
    let sized = |min, max| {
        let mut step = get(&stub.url("shop.example", "/"));
        step.expect.size = Some(SizeMatch { min, max });
        step
    };
    assert_passed(&run(vec![sized(10, 10)]).await);
    assert_eq!(kind(&run(vec![sized(11, 20)]).await), Kind::TransferTruncated);
    assert_eq!(kind(&run(vec![sized(1, 9)]).await), Kind::ContentAssertion);
}

fn dripping() -> Vec<Act> {
    let mut acts = vec![say(HEAD)];
    for _ in 0..1000 {
        acts.extend([say("x"), Act::Wait(Duration::from_millis(20))]);
    }
    acts
}

#[tokio::test]
async fn a_download_that_keeps_coming_past_the_timeout_is_too_slow() {
    let stub = Stub::start(|_| dripping()).await;
    let mut step = get(&stub.url("shop.example", "/"));
    step.expect.stall = Duration::from_secs(2);
    let run = run_journey(with_timeout(Duration::from_millis(400), step)).await;
    assert_eq!(kind(&run), Kind::TransferTooSlow, "{run:#?}");
}

#[tokio::test]
async fn a_download_slower_than_its_rate_is_too_slow() {
    let acts = || {
        let mut acts = vec![say("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n")];
        (0..10).for_each(|_| acts.extend([say("x"), Act::Wait(Duration::from_millis(20))]));
        acts
    };
    let stub = Stub::start(move |_| acts()).await;
    let rated = |rate| {
        let mut step = get(&stub.url("shop.example", "/"));
        step.expect.rate = Some(rate);
        step
    };
    assert_eq!(kind(&run(vec![rated(1_000_000)]).await), Kind::TransferTooSlow);
    assert_passed(&run(vec![rated(1)]).await);
}

#[tokio::test]
async fn an_answer_later_than_within_is_a_fault_although_it_came() {
    let stub = Stub::start(|_| [vec![Act::Wait(Duration::from_millis(150))], page("late")].concat()).await;
    let mut step = get(&stub.url("shop.example", "/"));
    step.expect.within = Some(Duration::from_millis(100));
    let run = run(vec![step]).await;
    assert_eq!(kind(&run), Kind::DeadlineExceeded);
    assert!(fault(&run).detail.ends_with("allowed 100 ms"), "{:?}", fault(&run));
}

#[tokio::test]
async fn a_server_that_never_answers_exceeds_the_deadline() {
    let stub = Stub::start(|_| vec![Act::Hang]).await;
    let run =
        run_journey(with_timeout(Duration::from_millis(200), get(&stub.url("shop.example", "/")))).await;
    assert_eq!(kind(&run), Kind::DeadlineExceeded);
    insta::assert_snapshot!(fault(&run).detail, @"the step's 200 ms ran out while waiting for the answer");
}

#[tokio::test]
async fn a_handshake_that_hangs_is_a_tls_fault() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://shop.example:{}/", listener.local_addr().unwrap().port());
    let run = run_journey(with_timeout(Duration::from_millis(200), get(&url))).await;
    assert_eq!(kind(&run), Kind::TlsHandshake);
}

#[tokio::test]
async fn a_status_that_does_not_pass_tells_more_than_a_content_that_stalls() {
    let stub = Stub::start(|_| vec![say("HTTP/1.1 503 Busy\r\ncontent-length: 9\r\n\r\n"), Act::Hang]).await;
    let mut step = get(&stub.url("shop.example", "/"));
    step.expect.stall = Duration::from_millis(100);
    assert_eq!(kind(&run(vec![step]).await), Kind::HttpStatus);
}

#[tokio::test]
async fn a_connection_closed_before_the_answer_is_reset() {
    let stub = Stub::start(|_| Vec::new()).await;
    assert_eq!(kind(&run(vec![get(&stub.url("shop.example", "/"))]).await), Kind::ConnectReset);
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_refused() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://shop.example:{}/", listener.local_addr().unwrap().port());
    drop(listener);
    assert_eq!(kind(&run(vec![get(&url)]).await), Kind::ConnectRefused);
}

#[tokio::test]
async fn an_address_that_does_not_answer_is_a_timeout() {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    // Nobody accepts, and the queue is short: once it is full, the kernel drops what knocks.
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = tokio::task::JoinSet::new();
    (0..8).for_each(|_| {
        drop(waiting.spawn(async move {
            let _held = tokio::net::TcpStream::connect(address).await;
            std::future::pending::<()>().await;
        }));
    });
    let full = || std::net::TcpStream::connect_timeout(&address, Duration::from_millis(100)).is_err();
    while !full() {
        tokio::task::yield_now().await;
    }
    let url = format!("http://shop.example:{}/", address.port());
    let run = run_journey(with_timeout(Duration::from_millis(300), get(&url))).await;
    assert_eq!(kind(&run), Kind::ConnectTimeout);
    let report = &run.steps[0];
    assert!(report.phases.connect_us.is_some() && report.phases.first_byte_us.is_none(), "{report:?}");
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_a_fault_of_dns() {
    assert_eq!(kind(&run(vec![get("http://gone.example/")]).await), Kind::DnsNxdomain);
}
