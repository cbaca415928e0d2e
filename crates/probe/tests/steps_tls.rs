//! `tls:` and `tcp:` against `openssl s_server`, with certificates good, old, soon old, misnamed and self-made.

mod steps_support;

use candor_core::fault::Kind;
use candor_core::model::{Step, TcpStep, TlsClient, TlsExpect, TlsStep};
use steps_support::certificates::{Ca, DAY};
use steps_support::openssl::Openssl;
use steps_support::{SECOND, closed_port, evidence, failed, passed, pinned, run, run_with, text, tls_expect};
use tokio::net::TcpListener;

fn tls(port: u16, expect: TlsExpect, client: TlsClient) -> Step {
    Step::Tls(TlsStep { host: text("shop.example"), port, expect, client })
}

fn tcp(port: u16, tls: Option<TlsExpect>) -> Step {
    Step::Tcp(TcpStep { host: text("shop.example"), port, tls, within: None })
}

#[tokio::test]
async fn a_good_chain_passes_with_its_phases_apart() {
    let ca = Ca::new();
    let server = Openssl::start(&ca.good("shop.example"));
    let expect = TlsExpect { expires_in: 14 * DAY, name: None };
    let run = run(tls(server.address.port(), expect, ca.client())).await;
    passed(&run);
    let phases = run.steps[0].phases;
    assert!(phases.dns_us.is_some() && phases.connect_us.is_some() && phases.tls_us.is_some(), "{phases:?}");
    assert_eq!(run.steps[0].address, Some(server.address.to_string()));
    assert_eq!(run.steps[0].target, format!("shop.example:{}", server.address.port()));
}

#[tokio::test]
async fn a_certificate_that_has_run_out_or_soon_will_is_expired() {
    let ca = Ca::new();
    let old = Openssl::start(&ca.leaf("shop.example", Err(DAY)));
    let run_ = run(tls(old.address.port(), tls_expect(), ca.client())).await;
    failed(&run_, Kind::TlsExpired, "ran out at");
    assert!(evidence(&run_).contains("shop.example"), "{}", evidence(&run_));
    let soon = Openssl::start(&ca.leaf("shop.example", Ok(3 * DAY + 100 * SECOND)));
    let expect = TlsExpect { expires_in: 14 * DAY, name: None };
    let run_ = run(tls(soon.address.port(), expect, ca.client())).await;
    failed(&run_, Kind::TlsExpired, "in 3 days; demanded are 14 days");
    passed(&run(tls(soon.address.port(), TlsExpect { expires_in: 3 * DAY, name: None }, ca.client())).await);
}

#[tokio::test]
async fn a_certificate_is_known_again_whether_it_passed_or_was_refused() {
    let ca = Ca::new();
    let (one, other) = (Openssl::start(&ca.good("shop.example")), Openssl::start(&ca.good("shop.example")));
    let shown = async |server: &Openssl, client| {
        run(tls(server.address.port(), tls_expect(), client)).await.steps[0].certificate.clone().unwrap()
    };
    let passed = shown(&one, ca.client()).await;
    assert_eq!(passed.len(), 64, "{passed}");
    assert_eq!(shown(&one, Ca::named("CA of somebody else").client()).await, passed, "refused, and the same");
    assert_ne!(shown(&other, ca.client()).await, passed, "another of the same name");
    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    assert_eq!(run(tcp(plain.local_addr().unwrap().port(), None)).await.steps[0].certificate, None);
}

#[tokio::test]
async fn a_certificate_for_another_name_is_for_that_name_alone() {
    let ca = Ca::new();
    let server = Openssl::start(&ca.good("other.example"));
    let run_ = run(tls(server.address.port(), tls_expect(), ca.client())).await;
    failed(&run_, Kind::TlsWrongName, "other.example");
    let named = TlsExpect { name: Some(text("other.example")), ..tls_expect() };
    passed(&run(tls(server.address.port(), named, ca.client())).await);
}

#[tokio::test]
async fn a_certificate_that_nobody_we_trust_vouches_for_is_untrusted() {
    let (ours, theirs) = (Ca::new(), Ca::named("CA of somebody else"));
    let server = Openssl::start(&theirs.good("shop.example"));
    failed(
        &run(tls(server.address.port(), tls_expect(), ours.client())).await,
        Kind::TlsUntrusted,
        "vouches",
    );
    // A TCP step trusts who the host trusts.
    failed(&run(tcp(server.address.port(), Some(tls_expect()))).await, Kind::TlsUntrusted, "vouches");
}

#[tokio::test]
async fn what_is_not_tls_fails_the_handshake_and_silence_runs_out() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let silent = run_with(tls(port, tls_expect(), TlsClient::default()), pinned(), SECOND / 2).await;
    failed(&silent, Kind::TlsHandshake, "500 ms ran out");
    let speaking = tokio::spawn(async move {
        use tokio::io::AsyncWriteExt;
        let (_first, _) = listener.accept().await.unwrap();
        let (mut second, _) = listener.accept().await.unwrap();
        second.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        second
    });
    failed(&run(tls(port, tls_expect(), TlsClient::default())).await, Kind::TlsHandshake, "shop.example");
    drop(speaking.await.unwrap());
}

#[tokio::test]
async fn a_tcp_step_passes_when_the_port_is_open_and_says_refused_when_not() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    passed(&run(tcp(listener.local_addr().unwrap().port(), None)).await);
    failed(&run(tcp(closed_port(), None)).await, Kind::ConnectRefused, "127.0.0.1");
    let nobody = Step::Tcp(TcpStep { host: text("nobody.example"), port: 1, tls: None, within: None });
    failed(&run(nobody).await, Kind::DnsNxdomain, "nobody.example");
}
