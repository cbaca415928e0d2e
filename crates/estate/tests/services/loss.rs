//! Nothing that was acknowledged is lost when a process is killed in the middle of much.

use std::collections::BTreeSet;

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::task::JoinSet;

use crate::letters::{answer, talk};
use crate::person::Person;
use crate::{estate, kill};

/// How many are on their way when the process is killed.
const MANY: usize = 60;

/// Runs `MANY` of these at once, kills `word` once the first was acknowledged, starts it again, and returns those that
/// were acknowledged.
async fn acknowledged<F>(
    estate: &mut candor_estate::Estate,
    word: &str,
    make: impl Fn(usize) -> F,
) -> BTreeSet<usize>
where
    F: Future<Output = bool> + Send + 'static,
{
    let mut all = JoinSet::new();
    for n in 0..MANY {
        let one = make(n);
        all.spawn(async move { one.await.then_some(n) });
    }
    let mut done = BTreeSet::new();
    while done.is_empty() {
        done.extend(all.join_next().await.expect("one of them is acknowledged").unwrap());
    }
    kill(estate, word).await;
    done.extend(all.join_all().await.into_iter().flatten());
    estate.mend_all().await.unwrap();
    done
}

#[tokio::test]
async fn every_letter_that_was_acknowledged_is_in_the_mailbox_after_a_kill() {
    let mut estate = estate().await;
    let one = Person::new(&estate, "customer-1").await;
    let kept = acknowledged(&mut estate, "mail", |n| {
        let one = one.clone();
        async move {
            let authority = format!("mx.shop.example:{}", one.customer.urls.port());
            let Ok(stream) = one.customer.connect(&authority).await else { return false };
            let mut stream = tokio::io::BufReader::new(stream);
            let lines = format!(
                "HELO client.example\r\nMAIL FROM:<a@elsewhere.example>\r\nRCPT TO:<customer-1@shop.example>\r\nDATA\r\n\
                 Subject: letter {n}\r\n\r\nbody\r\n.\r\n"
            );
            if stream.write_all(lines.as_bytes()).await.is_err() {
                return false;
            }
            for code in [220, 250, 250, 250, 354, 250] {
                if answer(&mut stream).await != code {
                    return false;
                }
            }
            true
        }
    })
    .await;
    let letters = one.get("mail", "/letters").await.json()["letters"].as_array().unwrap().clone();
    let there: BTreeSet<_> =
        letters.iter().map(|letter| letter["subject"].as_str().unwrap().to_owned()).collect();
    let lost: Vec<_> = kept.iter().filter(|n| !there.contains(&format!("letter {n}"))).collect();
    assert!(lost.is_empty() && kept.len() < MANY, "lost {lost:?} of {}", kept.len());
    talk(&one, &[("EHLO client.example", 250), ("QUIT", 221)]).await;
    estate.stop().await;
}

/// Sends one request and says whether it was acknowledged with this status.
async fn sent(one: Person, method: &str, host: &str, path: &str, body: &str, status: u16) -> bool {
    let bearer = format!("Bearer {}", one.token);
    let fields = [("content-type", "application/json"), ("authorization", bearer.as_str())];
    let reply = one.customer.ask(method, &one.url(host, path), &fields, body).await;
    reply.is_ok_and(|reply| reply.status == status)
}

#[tokio::test]
async fn every_ticket_that_was_acknowledged_is_there_after_a_kill_and_sending_again_makes_no_second() {
    let mut estate = estate().await;
    let one = Person::new(&estate, "customer-1").await;
    let body = |n: usize| {
        json!({ "subject": format!("ticket {n}"), "text": "help", "key": format!("k{n}") }).to_string()
    };
    let kept = acknowledged(&mut estate, "support", |n| {
        let (one, body) = (one.clone(), body(n));
        async move { sent(one, "POST", "support", "/tickets", &body, 201).await }
    })
    .await;
    let tickets = one.get("support", "/tickets").await.json()["tickets"].as_array().unwrap().clone();
    let there: BTreeSet<_> =
        tickets.iter().map(|ticket| ticket["subject"].as_str().unwrap().to_owned()).collect();
    assert!(
        kept.iter().all(|n| there.contains(&format!("ticket {n}"))) && kept.len() < MANY,
        "{} of {MANY}",
        kept.len()
    );
    for n in 0..MANY {
        assert!(sent(one.clone(), "POST", "support", "/tickets", &body(n), 201).await);
    }
    assert_eq!(one.get("support", "/tickets").await.json()["tickets"].as_array().unwrap().len(), MANY);
    estate.stop().await;
}

#[tokio::test]
async fn every_document_that_was_acknowledged_is_whole_after_a_kill() {
    let mut estate = estate().await;
    let one = Person::new(&estate, "customer-1").await;
    let content = |n: usize| format!("{n} ").repeat(20_000);
    let kept = acknowledged(&mut estate, "documents", |n| {
        let (one, content) = (one.clone(), content(n));
        async move { sent(one, "PUT", "docs", &format!("/documents/d{n}"), &content, 201).await }
    })
    .await;
    assert!(kept.len() < MANY, "all {MANY} were acknowledged before the kill: it was not in the middle");
    for n in kept {
        assert_eq!(one.get("docs", &format!("/documents/d{n}")).await.text(), content(n));
    }
    estate.stop().await;
}
