//! Journeys against nginx: statuses, redirects, TLS, HTTP/2, certificates, compression.

use candor_core::fault::Kind;
use candor_core::model::*;
use candor_core::template::Secret;

use crate::support::certificates::Authority;
use crate::support::nginx::Nginx;
use crate::support::plan::*;

fn text(mut step: HttpStep, text: &str) -> HttpStep {
    step.expect.text = vec![template(text)];
    step
}

#[tokio::test]
async fn a_page_of_nginx_passes_with_its_phases_measured_apart() {
    let authority = Authority::new();
    let nginx = Nginx::start(&authority);
    let run = run(vec![text(
        HttpStep { tls: authority.trusted(), ..get(&nginx.https("/page.html")) },
        "Top charts",
    )])
    .await;
    assert_passed(&run);
    let phases = run.steps[0].phases;
    let measured = [phases.dns_us, phases.connect_us, phases.tls_us, phases.first_byte_us, phases.body_us];
    assert!(measured.iter().all(Option::is_some), "{phases:?}");
    assert_eq!(run.steps[0].address.as_deref(), Some(format!("127.0.0.1:{}", nginx.https).as_str()));
    assert_eq!(run.steps[0].target, nginx.https("/page.html"));
}

#[tokio::test]
async fn a_status_of_nginx_that_does_not_pass_is_a_fault() {
    let nginx = Nginx::start(&Authority::new());
    let missing = run(vec![get(&nginx.url("/missing"))]).await;
    assert_eq!(kind(&missing), Kind::HttpStatus);
    insta::assert_snapshot!(fault(&missing).detail, @"status 404 Not Found, expected 200 to 299");
    assert_eq!(missing.evidence.unwrap().lines[0], "HTTP/1.1 404 Not Found");
    assert_eq!(kind(&run(vec![get(&nginx.url("/broken"))]).await), Kind::HttpStatus);
}

#[tokio::test]
async fn redirects_of_nginx_are_followed_and_change_the_method_as_rfc_9110_says() {
    let nginx = Nginx::start(&Authority::new());
    let body = || Body::Text(template("x"));
    let passing = run(vec![
        text(get(&nginx.url("/moved")), "Top charts"),
        text(post(&nginx.url("/found-after-post"), body()), "GET "),
        text(post(&nginx.url("/keep-method"), body()), "POST "),
    ])
    .await;
    assert_passed(&passing);
    let judged = HttpStep { redirects: 0, ..get(&nginx.url("/moved")) };
    assert_eq!(kind(&run(vec![judged]).await), Kind::HttpStatus);
}

#[tokio::test]
async fn the_user_agent_says_who_measures_and_where_to_complain() {
    let nginx = Nginx::start(&Authority::new());
    let agent = format!("candor/{} (+https://shop-status.example)", env!("CARGO_PKG_VERSION"));
    assert_passed(&run(vec![text(get(&nginx.url("/echo")), &agent)]).await);
}

#[tokio::test]
async fn both_versions_of_http_are_spoken() {
    let authority = Authority::new();
    let nginx = Nginx::start(&authority);
    let step = |version| HttpStep { version, tls: authority.trusted(), ..get(&nginx.https("/echo")) };
    let host = format!("shop.example:{}", nginx.https);
    assert_passed(&run(vec![text(step(HttpVersion::Auto), &format!("HTTP/2.0 {host}"))]).await);
    assert_passed(&run(vec![text(step(HttpVersion::Http2), &format!("HTTP/2.0 {host}"))]).await);
    assert_passed(&run(vec![text(step(HttpVersion::Http1), &format!("HTTP/1.1 {host}"))]).await);
}

#[tokio::test]
async fn http2_is_spoken_in_the_clear_where_it_is_demanded() {
    let nginx = Nginx::start(&Authority::new());
    let url = format!("http://shop.example:{}/echo", nginx.http2);
    let mut step = HttpStep { version: HttpVersion::Http2, ..post(&url, Body::Text(template("x"))) };
    step.headers =
        vec![("X-Plain".to_owned(), template("plain")), ("Host".to_owned(), template("shop.example"))];
    assert_passed(&run(vec![text(step, "HTTP/2.0 POST plain")]).await);
    let only_1 = HttpStep { version: HttpVersion::Http2, ..get(&nginx.url("/echo")) };
    assert!(run(vec![only_1]).await.observation.fault.is_some());
}

#[tokio::test]
async fn head_asks_for_no_content() {
    let nginx = Nginx::start(&Authority::new());
    let mut step = HttpStep { method: Method::Head, ..get(&nginx.url("/page.html")) };
    step.expect.headers = vec![("content-type".to_owned(), TextMatch::Equals(template("text/html")))];
    assert_passed(&run(vec![step]).await);
}

#[tokio::test]
async fn each_way_of_a_certificate_to_be_wrong_has_its_own_fault() {
    let authority = Authority::new();
    let nginx = Nginx::start(&authority);
    let at =
        |port: u16| HttpStep { tls: authority.trusted(), ..get(&format!("https://shop.example:{port}/")) };
    let expired = run(vec![at(nginx.expired)]).await;
    assert_eq!(kind(&expired), Kind::TlsExpired);
    insta::assert_snapshot!(fault(&expired).detail, @"the certificate of shop.example ran out at 2001-01-01T00:00:00Z");
    let wrong = run(vec![at(nginx.wrong_name)]).await;
    assert_eq!(kind(&wrong), Kind::TlsWrongName);
    assert!(fault(&wrong).detail.contains("other.example"), "{:?}", fault(&wrong));
    let stranger = run(vec![get(&nginx.https("/"))]).await;
    assert_eq!(kind(&stranger), Kind::TlsUntrusted);
    let lines = stranger.evidence.unwrap().lines;
    assert!(lines[0].contains("issued by CN=Example Private CA"), "{lines:?}");
    let not_tls = run(vec![get(&format!("https://shop.example:{}/", nginx.http))]).await;
    assert_eq!(kind(&not_tls), Kind::TlsHandshake);
}

#[tokio::test]
async fn a_client_certificate_is_shown_where_one_is_asked_for() {
    let authority = Authority::new();
    let nginx = Nginx::start(&authority);
    let ours = authority.sign("probe.example");
    let known = TlsClient {
        cert_pem: Some(ours.certificate),
        key_pem: Some(Secret::new(ours.key)),
        ..authority.trusted()
    };
    let url = format!("https://shop.example:{}/whoami", nginx.clients_only);
    assert_passed(&run(vec![text(HttpStep { tls: known, ..get(&url) }, "SUCCESS")]).await);
    let unknown = run(vec![HttpStep { tls: authority.trusted(), ..get(&url) }]).await;
    assert_eq!(kind(&unknown), Kind::HttpStatus);
}

#[tokio::test]
async fn size_and_hash_are_those_of_the_content_with_its_coding_undone() {
    let nginx = Nginx::start(&Authority::new());
    let mut step = get(&nginx.url("/probe.txt"));
    step.expect.size = Some(SizeMatch { min: 131_072, max: 131_072 });
    step.expect.headers = vec![("content-encoding".to_owned(), TextMatch::Equals(template("gzip")))];
    let whole = std::fs::read(nginx.folder().join("files/probe.txt")).unwrap();
    let hash = <sha2::Sha256 as sha2::Digest>::digest(&whole);
    step.expect.sha256 = Some(hash.iter().map(|byte| format!("{byte:02x}")).collect());
    assert_passed(&run(vec![step.clone()]).await);
    step.expect.sha256 = Some("0".repeat(64));
    assert_eq!(kind(&run(vec![step]).await), Kind::ContentAssertion);
}

#[tokio::test]
async fn the_first_link_of_a_page_is_followed() {
    let nginx = Nginx::start(&Authority::new());
    let follow =
        |selector: &str| HttpStep { target: Target::FirstLink(selector.to_owned()), ..get("unused") };
    let passing = run(vec![get(&nginx.url("/page.html")), text(follow("a.item"), "Buy me")]).await;
    assert_passed(&passing);
    assert_eq!(passing.steps[1].target, nginx.url("/item.html"));
    let none = run(vec![get(&nginx.url("/page.html")), follow("a.gone")]).await;
    assert_eq!(kind(&none), Kind::ContentMissingCapture);
    assert_eq!(fault(&none).step, 1);
}

#[tokio::test]
async fn json_paths_are_held_to_what_stands_there() {
    let nginx = Nginx::start(&Authority::new());
    let step = |path: &str, wanted: JsonMatch| {
        let mut step = get(&nginx.url("/json"));
        step.expect.json = vec![(path.to_owned(), wanted)];
        step
    };
    let text = |text: &str| JsonMatch::Equals(JsonTemplate::Text(template(text)));
    assert_passed(
        &run(vec![
            step("$.state", text("paid")),
            step("$.items[*].id", JsonMatch::Exists),
            step("$.items[0].id", JsonMatch::Equals(JsonTemplate::Float(7.0))),
            step("$.total", JsonMatch::AtLeast(12.5)),
            step("$.total", JsonMatch::AtMost(13.0)),
            step("$.state", JsonMatch::Matches("^pa.d$".to_owned())),
        ])
        .await,
    );
    let other = run(vec![step("$.state", text("open"))]).await;
    assert_eq!(kind(&other), Kind::ContentAssertion);
    insta::assert_snapshot!(fault(&other).detail, @r#"$.state is "paid", expected "open""#);
    let gone = run(vec![step("$.gone", JsonMatch::Exists)]).await;
    insta::assert_snapshot!(fault(&gone).detail, @"nothing stands at $.gone");
    assert_eq!(kind(&run(vec![step("$.total", JsonMatch::AtLeast(99.0))]).await), Kind::ContentAssertion);
}
