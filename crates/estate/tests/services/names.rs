//! When an internal name is gone: a sentence within two seconds, and well again when the name is back.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::letters::talk;
use crate::person::Person;
use crate::{estate, until};

/// Longer than the clients of the estate wait for a service (two seconds), with room for a busy machine.
const SOON: Duration = Duration::from_secs(6);

/// What needs identity, by service: method, host, path, body, and what it answers when all is well.
const NEEDS_IDENTITY: &[(&str, &str, &str, &str, u16)] = &[
    ("GET", "mail", "/letters", "", 200),
    (
        "POST",
        "mail",
        "/letters",
        r#"{"to": "customer-1@shop.example", "subject": "s", "text": "t", "key": "k"}"#,
        201,
    ),
    ("GET", "docs", "/documents", "", 200),
    ("PUT", "docs", "/documents/a", "text", 201),
    ("GET", "support", "/tickets", "", 200),
    ("POST", "support", "/tickets", r#"{"subject": "s", "text": "t", "key": "k"}"#, 201),
];

#[tokio::test]
async fn mail_documents_and_support_are_out_while_the_internal_name_of_identity_is_gone() {
    let mut estate = estate().await;
    let one = Person::new(&estate, "customer-1").await;
    let json = [("content-type", "application/json")];
    estate.pull("internal-name-gone").await.unwrap();
    until("nobody remembers the name", async || one.get("support", "/tickets").await.status == 503).await;
    for (method, host, path, body, _) in NEEDS_IDENTITY {
        let begun = Instant::now();
        let reply = one.send(method, host, path, &json, body).await;
        assert_eq!(
            (reply.status, reply.json()["error"].as_str()),
            (503, Some("identity")),
            "{method} {host}{path}"
        );
        assert!(reply.json()["message"].as_str().unwrap().contains("try again later"));
        assert!(begun.elapsed() < SOON, "{method} {host}{path} took {:?}", begun.elapsed());
    }
    let page = one.look("docs", "/").await;
    assert!(page.status == 503 && page.text().contains("Not available now"), "{}", page.text());
    // A sender outside keeps its letter: the fault is not the letter's.
    let lines = [
        ("EHLO client.example", 250),
        ("MAIL FROM:<a@elsewhere.example>", 250),
        ("RCPT TO:<customer-1@shop.example>", 451),
        ("DATA", 554),
        ("QUIT", 221),
    ];
    talk(&one, &lines).await;
    // What needs nobody goes on.
    assert_eq!(one.get("social", "/timeline.json").await.status, 200);
    assert_eq!(one.get("status", "/status.json").await.status, 200);
    assert_eq!(Person::nobody(&estate).look("support", "/").await.status, 200);

    estate.mend("internal-name-gone").await.unwrap();
    until("the name is found again", async || one.get("mail", "/letters").await.status == 200).await;
    for (method, host, path, body, status) in NEEDS_IDENTITY {
        let reply = one.send(method, host, path, &json, body).await;
        assert_eq!(reply.status, *status, "{method} {host}{path}: {}", reply.text());
    }
    estate.stop().await;
}

#[tokio::test]
async fn support_is_out_together_with_what_it_supports() {
    let mut estate = estate().await;
    let one = Person::new(&estate, "customer-1").await;
    let asked =
        |key: &str| json!({ "subject": "I cannot buy", "text": "It says: try again later.", "key": key });
    assert_eq!(one.post("support", "/tickets", asked("before")).await.status, 201);
    estate.pull("internal-name-gone").await.unwrap();
    // One name, and both are out, as soon as nobody remembers it.
    until("buying is out", async || one.customer.buy("during").await.unwrap().status == 503).await;
    until("support is out", async || one.post("support", "/tickets", asked("during")).await.status == 503)
        .await;
    estate.mend("internal-name-gone").await.unwrap();
    until("support is back", async || one.post("support", "/tickets", asked("during")).await.status == 201)
        .await;
    assert_eq!(one.customer.buy("during").await.unwrap().status, 201);
    assert_eq!(
        one.get("support", "/tickets").await.json()["tickets"].as_array().unwrap().len(),
        2,
        "none twice"
    );
    estate.stop().await;
}

#[tokio::test]
async fn mail_documents_and_sign_in_are_out_while_identity_is_dead_and_come_back() {
    let mut estate = estate().await;
    let one = Person::new(&estate, "customer-1").await;
    assert_eq!(one.send("PUT", "docs", "/documents/a", &[], "kept").await.status, 201);
    // Who was known a second ago is known a second longer.
    estate.pull("sign-in-dies").await.unwrap();
    until("documents notice", async || one.get("docs", "/documents").await.status == 503).await;
    assert_eq!(one.get("mail", "/letters").await.status, 503);
    assert!(one.customer.sign_in().await.is_err());
    estate.mend("sign-in-dies").await.unwrap();
    until("documents are back", async || one.get("docs", "/documents").await.status == 200).await;
    assert_eq!(one.get("docs", "/documents/a").await.text(), "kept");
    assert_eq!(
        (one.get("mail", "/letters").await.status, one.customer.sign_in().await.unwrap().status),
        (200, 200)
    );
    estate.stop().await;
}
