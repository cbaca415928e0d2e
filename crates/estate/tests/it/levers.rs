//! Each lever changes what customers meet, and mending it gives all of it back.

use std::time::{Duration, Instant};

use candor_estate::catalogue::Shelf;
use candor_estate::{Estate, PROBE_SHA256, Role};
use http_body_util::BodyExt;
use sha2::{Digest, Sha256};

use crate::customer::{Customer, Reply, Trouble};
use crate::estate;

fn status(reply: &Result<Reply, Trouble>) -> Option<u16> {
    reply.as_ref().ok().map(|reply| reply.status)
}

/// Everything a customer does works in every place.
async fn whole(customer: &Customer, key: &str) {
    for place in ["gb", "us", "ca", "in"] {
        let front = customer.front(place).await.unwrap();
        assert!(front.status == 200 && front.text().contains("Top charts"), "{place}: {}", front.text());
    }
    let bought = customer.buy(key).await.unwrap();
    assert_eq!(bought.status, 201, "{}", bought.text());
    assert_eq!(customer.get(&customer.urls.probe_file()).await.unwrap().status, 200);
}

/// Pulls twice, for pulling again changes nothing.
async fn pulled(id: &str) -> (Estate, Customer) {
    let mut estate = estate().await;
    let customer = Customer::of(&estate);
    whole(&customer, "before").await;
    estate.pull(id).await.unwrap();
    estate.pull(id).await.unwrap();
    (estate, customer)
}

async fn mended(mut estate: Estate, customer: &Customer, id: &str) {
    estate.mend(id).await.unwrap();
    estate.mend(id).await.unwrap();
    whole(customer, "after").await;
    estate.stop().await;
}

#[tokio::test]
async fn with_its_name_gone_buying_fails_and_browsing_works() {
    let (estate, customer) = pulled("name-gone").await;
    assert!(matches!(customer.buy("k").await, Err(Trouble::Nxdomain)));
    assert_eq!(status(&customer.front("gb").await), Some(200));
    assert_eq!(status(&customer.sign_in().await), Some(200));

    let url = customer.urls.storefront().replace("{place}", "gb") + "items/orrery/buy";
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let pressed = customer.ask("POST", &url, &form, "key=web-1").await.unwrap();
    assert_eq!(pressed.status, 503);
    assert!(pressed.text().contains("We could not complete your purchase"));
    assert!(pressed.text().contains("value=\"web-1\""), "trying again is the same purchase");
    mended(estate, &customer, "name-gone").await;
}

#[tokio::test]
async fn with_its_process_dead_buying_is_refused_though_the_name_is_there() {
    let (mut estate, customer) = pulled("process-dies").await;
    assert!(matches!(customer.buy("k").await, Err(Trouble::Refused)));
    assert_eq!(status(&customer.front("gb").await), Some(200));
    let roles = estate.state().roles;
    let commerce = roles.iter().find(|role| role.role == Role::Commerce).unwrap();
    assert!(commerce.pid.is_none() && commerce.killed);
    mended(estate, &customer, "process-dies").await;
}

#[tokio::test]
async fn a_stalled_download_sends_a_fifth_keeps_its_connection_and_goes_on_when_mended() {
    let (mut estate, customer) = pulled("downloads-stall").await;
    let mut body = customer.open("GET", &customer.urls.probe_file(), &[], "").await.unwrap().into_body();
    let mut got = Vec::new();
    while got.len() < 1_000_000 {
        got.extend_from_slice(body.frame().await.unwrap().unwrap().data_ref().unwrap());
    }
    assert_eq!(got.len(), 1_000_000);
    let more = tokio::time::timeout(Duration::from_millis(300), body.frame()).await;
    assert!(more.is_err(), "nothing comes, and nothing ends: {more:?}");
    assert_eq!(status(&customer.front("gb").await), Some(200));

    estate.mend("downloads-stall").await.unwrap();
    got.extend_from_slice(&body.collect().await.unwrap().to_bytes());
    assert_eq!(format!("{:x}", Sha256::digest(&got)), PROBE_SHA256);
    mended(estate, &customer, "downloads-stall").await;
}

#[tokio::test]
async fn the_apology_page_says_sorry_with_status_200() {
    let (estate, customer) = pulled("apology").await;
    let front = customer.front("us").await.unwrap();
    assert_eq!(front.status, 200);
    assert!(front.text().contains("temporarily unavailable") && !front.text().contains("Top charts"));
    for shelf in Shelf::ALL {
        let front = customer.get(&customer.store(shelf, "in")).await.unwrap();
        assert!(front.status == 200 && front.text().contains("temporarily unavailable"), "{}", shelf.word());
    }
    assert_eq!(status(&customer.buy("k").await), Some(201));
    mended(estate, &customer, "apology").await;
}

#[tokio::test]
async fn a_place_that_is_cut_off_is_cut_off_for_open_connections_too() {
    let mut estate = estate().await;
    let customer = Customer::of(&estate);
    let url = customer.urls.storefronts_by_address()[3].1.clone();
    let address = url.trim_start_matches("http://").trim_end_matches("/in/").to_owned();
    let mut open = tokio::net::TcpStream::connect(&address).await.unwrap();
    estate.pull("place-cut").await.unwrap();
    let ended = tokio::io::AsyncReadExt::read(&mut open, &mut [0; 8]).await;
    assert!(matches!(ended, Ok(0) | Err(_)), "the open connection ends");
    for shelf in Shelf::ALL {
        assert!(matches!(customer.get(&customer.store(shelf, "in")).await, Err(Trouble::Refused)));
        for place in ["gb", "us", "ca"] {
            assert_eq!(status(&customer.get(&customer.store(shelf, place)).await), Some(200), "{place}");
        }
    }
    mended(estate, &customer, "place-cut").await;
}

#[tokio::test]
async fn a_slow_store_answers_after_three_seconds() {
    let (estate, customer) = pulled("slow").await;
    let begun = Instant::now();
    assert_eq!(status(&customer.front("gb").await), Some(200));
    assert!(begun.elapsed() >= Duration::from_secs(3));
    mended(estate, &customer, "slow").await;
}

#[tokio::test]
async fn without_identity_nobody_signs_in_or_buys_and_old_tokens_are_good_again_afterwards() {
    let (mut estate, customer) = pulled("sign-in-dies").await;
    assert!(matches!(customer.sign_in().await, Err(Trouble::Refused)));
    assert_eq!(status(&customer.front("gb").await), Some(200));
    estate.mend("sign-in-dies").await.unwrap();
    let token = customer.token().await;
    estate.pull("sign-in-dies").await.unwrap();
    let order = customer.order(&token, "gb", "orrery", "k").await.unwrap();
    assert_eq!((order.status, order.json()["error"].as_str()), (503, Some("identity")));
    estate.mend("sign-in-dies").await.unwrap();
    assert_eq!(status(&customer.order(&token, "gb", "orrery", "k").await), Some(201));
    mended(estate, &customer, "sign-in-dies").await;
}

#[tokio::test]
async fn with_an_internal_name_gone_buying_fails_though_every_public_name_is_there() {
    let (estate, customer) = pulled("internal-name-gone").await;
    // Commerce may remember the address for half a second; each attempt is an order of its own.
    let mut order = customer.buy("k-0").await.unwrap();
    for n in 1..200 {
        if order.status != 201 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        order = customer.buy(&format!("k-{n}")).await.unwrap();
    }
    let words = "temporarily unavailable, please try again later";
    assert_eq!((order.status, order.json()["message"].as_str()), (503, Some(words)));
    assert_eq!(status(&customer.sign_in().await), Some(200));
    mended(estate, &customer, "internal-name-gone").await;
}

#[tokio::test]
async fn with_every_name_gone_nothing_is_found_and_every_process_runs() {
    let (mut estate, customer) = pulled("all-names-gone").await;
    for place in ["gb", "us", "ca", "in"] {
        assert!(matches!(customer.front(place).await, Err(Trouble::Nxdomain)));
    }
    assert!(matches!(customer.sign_in().await, Err(Trouble::Nxdomain)));
    assert!(estate.state().roles.iter().all(|role| role.pid.is_some()));
    mended(estate, &customer, "all-names-gone").await;
}

#[tokio::test]
async fn levers_add_up_and_one_mended_leaves_the_others_pulled() {
    let mut estate = estate().await;
    let customer = Customer::of(&estate);
    for id in ["process-dies", "place-cut", "apology"] {
        estate.pull(id).await.unwrap();
    }
    estate.mend("apology").await.unwrap();
    assert!(customer.front("gb").await.unwrap().text().contains("Top charts"));
    assert!(matches!(customer.front("in").await, Err(Trouble::Refused)));
    assert!(matches!(customer.buy("k").await, Err(Trouble::Refused)));
    estate.mend_all().await.unwrap();
    whole(&customer, "after").await;

    let error = estate.pull("gravity").await.unwrap_err().to_string();
    assert!(error.starts_with("there is no lever \"gravity\"; there are name-gone, "), "{error}");
    estate.stop().await;
}
