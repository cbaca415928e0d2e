//! An order is made once, whatever happens.

use std::collections::BTreeSet;

use tokio::task::JoinSet;

use crate::customer::Customer;
use crate::{estate, options};
use candor_estate::{Estate, EstateOptions};

#[tokio::test]
async fn the_same_key_sent_many_times_at_once_is_one_order() {
    let estate = estate().await;
    let customer = Customer::of(&estate);
    let token = customer.token().await;
    let mut posts = JoinSet::new();
    for _ in 0..24 {
        let (customer, token) = (customer.clone(), token.clone());
        posts.spawn(async move { customer.order(&token, "gb", "probe-item", "run-1").await.unwrap() });
    }
    let replies = posts.join_all().await;
    assert!(replies.iter().all(|reply| reply.status == 201 && reply.json()["state"] == "paid"));
    let numbers: BTreeSet<_> = replies.iter().map(|reply| reply.json()["order"].to_string()).collect();
    assert_eq!(numbers.len(), 1);
    estate.stop().await;
}

#[tokio::test]
async fn every_order_that_was_answered_survives_a_killed_process() {
    let mut estate = estate().await;
    let customer = Customer::of(&estate);
    let token = customer.token().await;
    let mut posts = JoinSet::new();
    for n in 0..60 {
        let (customer, token) = (customer.clone(), token.clone());
        posts
            .spawn(async move { (n, customer.order(&token, "us", "probe-item", &format!("run-{n}")).await) });
    }
    // The process is killed as soon as it has answered something, in the middle of the others.
    let mut answered: Vec<_> = posts.join_next().await.into_iter().collect::<Result<_, _>>().unwrap();
    estate.pull("process-dies").await.unwrap();
    answered.extend(posts.join_all().await);
    estate.mend("process-dies").await.unwrap();

    let mut kept = 0;
    for (n, reply) in answered {
        let again = customer.order(&token, "us", "probe-item", &format!("run-{n}")).await.unwrap();
        assert_eq!(again.status, 201, "an order can always be sent again");
        if let Ok(reply) = reply.as_ref().map(|reply| (reply.status, reply))
            && reply.0 == 201
        {
            assert_eq!(again.json()["order"], reply.1.json()["order"]);
            kept += 1;
        }
    }
    assert!(kept >= 1);
    estate.stop().await;
}

#[tokio::test]
async fn an_order_given_back_is_not_bought_again_by_a_late_repetition() {
    let estate = estate().await;
    let customer = Customer::of(&estate);
    let token = customer.token().await;
    assert_eq!(customer.order(&token, "gb", "probe-item", "run-1").await.unwrap().status, 201);
    let url = format!("{}/run-1", customer.orders("gb"));
    assert_eq!(customer.get(&url).await.unwrap().json()["state"], "paid");
    // Twice, and without a token: an automatic customer tidies up even when it could not sign in.
    for _ in 0..2 {
        assert_eq!(customer.ask("DELETE", &url, &[], "").await.unwrap().status, 204);
    }
    assert_eq!(customer.get(&url).await.unwrap().json()["state"], "refunded");
    let late = customer.order(&token, "gb", "probe-item", "run-1").await.unwrap();
    assert_eq!((late.status, late.json()["error"].as_str()), (409, Some("given_back")));
    assert_eq!(customer.ask("DELETE", &format!("{url}-never"), &[], "").await.unwrap().status, 204);
    estate.stop().await;
}

#[tokio::test]
async fn a_key_is_for_one_order_and_without_a_token_only_for_the_probe_item() {
    let estate = estate().await;
    let customer = Customer::of(&estate);
    let token = customer.token().await;
    assert_eq!(customer.order(&token, "gb", "orrery", "mine").await.unwrap().status, 201);
    let other = customer.order(&token, "gb", "larder", "mine").await.unwrap();
    assert_eq!((other.status, other.json()["error"].as_str()), (422, Some("key")));
    assert_eq!(customer.order(&token, "us", "orrery", "mine").await.unwrap().status, 422);

    let url = format!("{}/mine", customer.orders("gb"));
    assert_eq!(customer.get(&url).await.unwrap().status, 404);
    customer.ask("DELETE", &url, &[], "").await.unwrap();
    let own = customer.ask("GET", &url, &[("authorization", &format!("Bearer {token}"))], "").await.unwrap();
    assert_eq!(own.json()["state"], "paid");
    estate.stop().await;
}

#[tokio::test]
async fn orders_and_tokens_survive_the_whole_estate_where_its_directory_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let kept = || EstateOptions { dir: Some(dir.path().join("shop")), ..options() };
    let estate = Estate::start(kept()).await.unwrap();
    let customer = Customer::of(&estate);
    let token = customer.token().await;
    let before = customer.order(&token, "in", "orrery", "k").await.unwrap().json();
    assert_eq!((before["price"].as_str(), before["currency"].as_str()), (Some("120.00"), Some("INR")));
    drop(estate);

    let estate = Estate::start(kept()).await.unwrap();
    let after = Customer::of(&estate).order(&token, "in", "orrery", "k").await.unwrap().json();
    assert_eq!(before, after);
    estate.stop().await;
}
