//! `smtp:` against a server of our own that knows STARTTLS and every way to misbehave.

mod steps_support;

use std::process::Stdio;
use std::time::Duration;

use candor_core::fault::Kind;
use candor_core::model::{SmtpStep, StartTls, Step};
use candor_core::observation::Run;
use candor_core::template::{Piece, Secret, Template};
use steps_support::aiosmtpd::Aiosmtpd;
use steps_support::certificates::{Ca, DAY};
use steps_support::smtp::{Manners, start};
use steps_support::{SECOND, evidence, failed, fault, passed, pinned, run, run_with, text, tls_expect};
use tokio::io::AsyncWriteExt;

fn step(port: u16, starttls: StartTls, ca: &Ca) -> SmtpStep {
    SmtpStep {
        host: text("mail.shop.example"),
        port,
        starttls,
        client: ca.client(),
        tls: tls_expect(),
        sign_in: None,
        within: None,
    }
}

fn password(password: &str) -> Option<(Template, Template)> {
    Some((text("probe"), Template(vec![Piece::Secret(Secret::new(password.to_owned()))])))
}

/// A run of the step that needs STARTTLS, against a server of these manners.
async fn against(manners: Manners) -> Run {
    let ca = Ca::new();
    let port = start(&ca.good("mail.shop.example"), manners).await.port();
    run(Step::Smtp(step(port, StartTls::Required, &ca))).await
}

#[tokio::test]
async fn greeting_starttls_and_sign_in_pass_with_their_phases() {
    let ca = Ca::new();
    let port = start(&ca.good("mail.shop.example"), Manners::default()).await.port();
    for starttls in [StartTls::Never, StartTls::Offered, StartTls::Required] {
        passed(&run(Step::Smtp(step(port, starttls, &ca))).await);
    }
    let signing_in = SmtpStep { sign_in: password("hunter2"), ..step(port, StartTls::Required, &ca) };
    let run_ = run(Step::Smtp(signing_in)).await;
    passed(&run_);
    let phases = run_.steps[0].phases;
    assert!(
        phases.connect_us.is_some() && phases.tls_us.is_some() && phases.first_byte_us.is_some(),
        "{phases:?}"
    );
    let implicit = Manners { implicit: true, ..Manners::default() };
    let port = start(&ca.good("mail.shop.example"), implicit).await.port();
    let signing_in = SmtpStep { sign_in: password("hunter2"), ..step(port, StartTls::Implicit, &ca) };
    passed(&run(Step::Smtp(signing_in)).await);
}

#[tokio::test]
async fn a_refusal_is_a_fault_with_code_and_text_and_never_with_the_password() {
    let ca = Ca::new();
    let port = start(&ca.good("mail.shop.example"), Manners::default()).await.port();
    let signing_in = SmtpStep { sign_in: password("wrong-horse"), ..step(port, StartTls::Required, &ca) };
    let run_ = run(Step::Smtp(signing_in)).await;
    failed(&run_, Kind::HttpStatus, "535 who is");
    let said = format!("{} {}", fault(&run_).detail, evidence(&run_));
    assert!(said.contains("C: EHLO [127.0.0.1]") && said.contains("S: 220 go ahead"), "{said}");
    // The server says the token back; its base64 is the password as well.
    assert!(!said.contains("wrong-horse") && !said.contains("AHByb2JlAHdyb25nLWhvcnNl"), "{said}");
    let busy = Manners { greeting: "554-go away\r\n554 we are closed\r\n".to_owned(), ..Manners::default() };
    failed(&against(busy).await, Kind::HttpStatus, "the greeting is: 554 go away we are closed");
    let refusing = Manners { starttls: "454 no TLS today\r\n", ..Manners::default() };
    failed(&against(refusing).await, Kind::HttpStatus, "the reply to STARTTLS is: 454 no TLS today");
}

#[tokio::test]
async fn a_password_is_never_sent_in_the_clear() {
    let ca = Ca::new();
    let plain = Manners { offers: vec!["AUTH PLAIN"], ..Manners::default() };
    let port = start(&ca.good("mail.shop.example"), plain).await.port();
    let step = |starttls| Step::Smtp(SmtpStep { sign_in: password("hunter2"), ..step(port, starttls, &ca) });
    failed(&run(step(StartTls::Never)).await, Kind::VantageConfig, "in the clear");
    failed(&run(step(StartTls::Offered)).await, Kind::TlsHandshake, "in the clear");
    failed(&run(step(StartTls::Required)).await, Kind::TlsHandshake, "does not offer STARTTLS");
    let mute = Manners { offers_under_tls: vec!["AUTH LOGIN"], ..Manners::default() };
    let port = start(&ca.good("mail.shop.example"), mute).await.port();
    let step = SmtpStep { sign_in: password("hunter2"), ..self::step(port, StartTls::Required, &ca) };
    failed(&run(Step::Smtp(step)).await, Kind::ContentAssertion, "AUTH PLAIN");
}

#[tokio::test]
async fn commands_slipped_in_behind_starttls_are_a_breach_of_protocol() {
    let slipped = Manners {
        starttls: "220 go ahead\r\n250-mail.shop.example\r\n250 AUTH PLAIN\r\n",
        ..Manners::default()
    };
    failed(&against(slipped).await, Kind::HttpMalformed, "before they were asked for: 250-mail");
}

#[tokio::test]
async fn what_is_not_smtp_or_breaks_its_bounds_is_malformed() {
    let greeted = |greeting: &str| Manners { greeting: greeting.to_owned(), ..Manners::default() };
    failed(&against(greeted("HTTP/1.1 400 Bad Request\r\n\r\n")).await, Kind::HttpMalformed, "HTTP/1.1 400");
    failed(&against(greeted("220-a\r\n250 b\r\n")).await, Kind::HttpMalformed, "250 b");
    failed(
        &against(greeted("220 a\r\n250 too soon\r\n")).await,
        Kind::HttpMalformed,
        "before they were asked for",
    );
    failed(
        &against(greeted(&"220-and so on\r\n".repeat(101))).await,
        Kind::HttpMalformed,
        "more than 100 lines",
    );
    let endless = |greeting: &str| Manners { endless: true, ..greeted(greeting) };
    failed(&against(endless("220 and so on ")).await, Kind::HttpMalformed, "more than 2000 bytes");
    failed(&against(endless("220-and so on\r\n")).await, Kind::HttpMalformed, "more than 100 lines");
    passed(&against(greeted("220-first\r\n220-second\r\n220 last\r\n")).await);
}

#[tokio::test]
async fn silence_and_hanging_up_are_told_apart() {
    let ca = Ca::new();
    let silent = Manners { greeting: String::new(), ..Manners::default() };
    let port = start(&ca.good("mail.shop.example"), silent).await.port();
    let run_ = run_with(Step::Smtp(step(port, StartTls::Never, &ca)), pinned(), SECOND / 2).await;
    failed(&run_, Kind::TransferStalled, "waiting for the greeting");
    let rude = Manners { hangs_up: true, ..Manners::default() };
    let fault = against(rude).await.observation.fault.unwrap();
    assert_eq!(fault.kind, Kind::ConnectReset, "{fault}");
}

#[tokio::test]
async fn the_certificate_behind_starttls_is_judged_like_any_other() {
    let ca = Ca::new();
    let old = start(&ca.leaf("mail.shop.example", Err(DAY)), Manners::default()).await.port();
    failed(&run(Step::Smtp(step(old, StartTls::Required, &ca))).await, Kind::TlsExpired, "ran out");
    failed(&run(Step::Smtp(step(old, StartTls::Offered, &ca))).await, Kind::TlsExpired, "ran out");
    passed(&run(Step::Smtp(step(old, StartTls::Never, &ca))).await);
    let other = start(&ca.good("other.example"), Manners::default()).await.port();
    failed(&run(Step::Smtp(step(other, StartTls::Required, &ca))).await, Kind::TlsWrongName, "other.example");
}

/// The server of these tests is ours; a client that is not ours finds that it speaks SMTP.
#[tokio::test]
async fn the_client_of_openssl_agrees_that_our_server_speaks_smtp() {
    let ca = Ca::new();
    let address = start(&ca.good("mail.shop.example"), Manners::default()).await;
    let mut client = tokio::process::Command::new("openssl")
        .args(["s_client", "-starttls", "smtp", "-brief", "-connect", &address.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("OpenSSL must be installed for this test: Debian package openssl");
    client.stdin.take().unwrap().write_all(b"QUIT\r\n").await.unwrap();
    let ended =
        tokio::time::timeout(Duration::from_secs(20), client.wait_with_output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(said.contains("CONNECTION ESTABLISHED"), "{said}");
}

#[tokio::test]
async fn a_server_that_is_not_ours_greets_and_starts_tls() {
    let ca = Ca::new();
    let server = Aiosmtpd::start(&ca.good("mail.shop.example"));
    for starttls in [StartTls::Never, StartTls::Offered, StartTls::Required] {
        passed(&run(Step::Smtp(step(server.address.port(), starttls, &ca))).await);
    }
    let stranger = Ca::named("CA of somebody else");
    let run_ = run(Step::Smtp(step(server.address.port(), StartTls::Required, &stranger))).await;
    failed(&run_, Kind::TlsUntrusted, "");
    assert!(evidence(&run_).contains("Python SMTP"), "{}", evidence(&run_));
}
