//! A customer's whole day at each of the four stores, in all of the places, and what breaks there alone.

use std::collections::BTreeSet;

use candor_estate::catalogue::{Item, Shelf};
use candor_estate::place::PLACES;
use candor_estate::{Estate, EstateOptions};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::customer::{Customer, Reply, Trouble};
use crate::programs::verified;
use crate::{estate, options};

const JSON: (&str, &str) = ("accept", "application/json");

async fn json_of(customer: &Customer, url: &str) -> Reply {
    customer.ask("GET", url, &[JSON], "").await.unwrap()
}

#[tokio::test]
async fn a_customer_spends_a_day_at_each_of_the_four_stores() {
    let estate = estate().await;
    let customer = Customer::of(&estate);
    let token = customer.account("day@shop.example").await;
    let keys = customer.get(&format!("{}/keys", customer.urls.commerce())).await.unwrap().json();
    for (shelf, search, wanted, words) in [
        (Shelf::Apps, "birds", "nightjar", "diary of what was heard"),
        (Shelf::MacApps, "old%20files", "drydock", "Deletes nothing by itself"),
        (Shelf::Music, "film%20last%20TRAIN", "the-long-platform", "nobody wants to go"),
        (Shelf::Books, "forty%20loaves", "bread-without-hurry", "What time does to flour"),
    ] {
        // Browse, search, look.
        let front = customer.store(shelf, "us");
        let page = customer.get(&front).await.unwrap();
        assert!(page.status == 200 && page.text().contains("Top charts"), "{}", page.text());
        assert!(page.text().contains("<a class=\"item\""), "{}", page.text());
        let charts = json_of(&customer, &front).await.json();
        assert_eq!(
            (charts["store"].as_str(), charts["currency"].as_str()),
            (Some(shelf.word()), Some("USD"))
        );
        let found = json_of(&customer, &format!("{front}search?q={search}")).await.json();
        let ids: Vec<_> = found["items"].as_array().unwrap().iter().map(|item| item["id"].as_str()).collect();
        assert_eq!(ids, [Some(wanted)]);
        let page = customer.get(&format!("{front}items/{wanted}")).await.unwrap();
        assert!(page.status == 200 && page.text().contains(words), "{}", page.text());
        let item = json_of(&customer, &format!("{front}items/{wanted}")).await.json();
        assert!(
            item["about"].as_str().unwrap().contains(words)
                && !item["reviews"].as_array().unwrap().is_empty()
        );

        buy_keep_and_give_back(&customer, &token, wanted, &item, &keys).await;
    }
    estate.stop().await;
}

/// Into the cart, bought, verified, downloaded, restored, given back.
async fn buy_keep_and_give_back(
    customer: &Customer,
    token: &str,
    wanted: &str,
    item: &serde_json::Value,
    keys: &serde_json::Value,
) {
    let (buy, cdn) = (customer.urls.commerce(), customer.urls.delivery());
    let ask = async |method: &str, url: String, body| customer.with(token, method, &url, body).await.unwrap();
    let file = format!("{cdn}/items/{wanted}/file");
    assert_eq!(ask("GET", file.clone(), None).await.status, 403, "nobody downloads what they did not buy");

    let cart = ask("PUT", format!("{buy}/us/cart/{wanted}"), None).await.json();
    assert_eq!((cart["total"].clone(), cart["currency"].clone()), (item["price"].clone(), json!("USD")));
    let order = ask("POST", format!("{buy}/us/orders"), Some(json!({ "cart": true, "key": wanted }))).await;
    assert_eq!(order.status, 201, "{}", order.text());
    let order = order.json();
    assert_eq!((order["state"].as_str(), &order["price"]), (Some("paid"), &item["price"]));
    assert_eq!(ask("GET", format!("{buy}/us/cart"), None).await.json()["items"], json!([]));
    let said = verified(order["receipt"].as_str().unwrap(), keys).unwrap();
    assert_eq!((said["order"].clone(), said["state"].as_str()), (order["order"].clone(), Some("paid")));
    assert_eq!(said["items"], json!([{ "item": wanted, "price": item["price"] }]));

    let told = customer.get(&format!("{cdn}/items/{wanted}")).await.unwrap().json();
    let got = ask("GET", file.clone(), None).await;
    assert_eq!((got.status, Some(got.body.len() as u64)), (200, told["size"].as_u64()));
    assert_eq!(Some(format!("{:x}", Sha256::digest(&got.body)).as_str()), told["sha256"].as_str());

    let restored = ask("GET", format!("{buy}/purchases"), None).await.json();
    let restored = restored["purchases"].as_array().unwrap();
    assert!(
        restored.len() == 1 && restored[0]["item"] == wanted && restored[0]["receipt"] == order["receipt"]
    );
    assert_eq!(ask("DELETE", format!("{buy}/us/orders/{wanted}"), None).await.status, 204);
    assert_eq!(ask("GET", format!("{buy}/purchases"), None).await.json(), json!({ "purchases": [] }));
    assert_eq!(ask("GET", file, None).await.status, 403, "what was given back is not handed out again");
    let back = ask("GET", format!("{buy}/us/orders/{wanted}"), None).await.json();
    let said = verified(back["receipt"].as_str().unwrap(), keys).unwrap();
    assert_eq!((back["state"].as_str(), said["state"].as_str()), (Some("refunded"), Some("refunded")));
}

#[tokio::test]
async fn four_stores_have_a_front_in_41_places_each_in_its_currency() {
    let everywhere: EstateOptions = options().everywhere();
    let estate = Estate::start(everywhere).await.unwrap();
    let customer = Customer::of(&estate);
    let token = customer.token().await;
    let mut fronts = 0;
    for place in PLACES {
        for shelf in Shelf::ALL {
            let front = json_of(&customer, &customer.store(shelf, place.code)).await;
            let front = (front.status, front.json());
            assert_eq!((front.0, front.1["currency"].as_str()), (200, Some(place.currency)));
            let decimals = |price: &str| price.split_once('.').map_or(0, |(_, decimals)| decimals.len());
            for item in front.1["items"].as_array().unwrap() {
                let price = item["price"].as_str().unwrap();
                assert_eq!(decimals(price), usize::from(place.decimals), "{} {price}", place.code);
                assert!(Item::find(item["id"].as_str().unwrap()).unwrap().is_sold_in(place));
            }
            fronts += 1;
        }
        let order = customer.order(&token, place.code, "probe-item", place.code).await.unwrap();
        assert_eq!((order.status, order.json()["price"].as_str()), (201, Some(place.price(1).as_str())));
    }
    assert_eq!(fronts, 164);
    let choice = format!("http://music.shop.example:{}/", customer.urls.port());
    let choice = customer.get(&choice).await.unwrap().text();
    let at: Vec<_> =
        ["Australia", "Kuwait", "South Korea", "United States"].map(|name| choice.find(name)).into();
    assert!(at.is_sorted() && at[0].is_some(), "countries are found by their names: {at:?}");
    let pages: BTreeSet<_> = [customer.get(&customer.store(Shelf::Books, "jp")).await.unwrap().text()].into();
    assert!(pages.iter().all(|page| page.contains("¥600") && page.contains("Japan · JPY")), "{pages:?}");
    estate.stop().await;
}

#[tokio::test]
async fn what_is_not_sold_in_a_place_is_neither_shown_nor_sold_there() {
    let everywhere = EstateOptions { places: vec!["us".into(), "cn".into()], ..options() };
    let estate = Estate::start(everywhere).await.unwrap();
    let customer = Customer::of(&estate);
    let token = customer.token().await;
    let (here, there) = (customer.store(Shelf::Books, "us"), customer.store(Shelf::Books, "cn"));
    assert!(customer.get(&here).await.unwrap().text().contains("seventeen-islands"));
    assert!(!customer.get(&there).await.unwrap().text().contains("seventeen-islands"));
    assert_eq!(customer.get(&format!("{there}items/seventeen-islands")).await.unwrap().status, 404);
    let order = customer.order(&token, "cn", "seventeen-islands", "k").await.unwrap();
    assert_eq!((order.status, order.json()["error"].as_str()), (422, Some("item")));
    let cart = format!("{}/cn/cart/seventeen-islands", customer.urls.commerce());
    assert_eq!(customer.with(&token, "PUT", &cart, None).await.unwrap().status, 404);
    // A store shows what is on its own shelf.
    assert_eq!(customer.get(&format!("{here}items/orrery")).await.unwrap().status, 404);
    estate.stop().await;
}

#[tokio::test]
async fn a_store_leads_to_the_others_by_name_and_by_address() {
    let estate = estate().await;
    let customer = Customer::of(&estate);
    let port = customer.urls.port();
    let way = customer.get(&format!("{}to/books", customer.store(Shelf::Apps, "gb"))).await.unwrap();
    assert_eq!((way.status, way.header("location")), (307, customer.store(Shelf::Books, "gb").as_str()));
    let apps = customer.address("gb.apps.shop.example").await;
    let way = customer.get(&format!("http://{apps}:{port}/gb/to/music")).await.unwrap();
    let music = customer.address("gb.music.shop.example").await;
    assert_eq!(way.header("location"), format!("http://{music}:{port}/gb/"));
    let nowhere = customer.get(&format!("{}to/moon", customer.store(Shelf::Apps, "gb"))).await.unwrap();
    assert_eq!(nowhere.status, 404);
    estate.stop().await;
}

/// Item pages are broken at every store, and everything else is as always.
async fn only_item_pages_are_broken(customer: &Customer, key: &str) {
    for (shelf, id) in [
        (Shelf::Apps, "orrery"),
        (Shelf::MacApps, "longhand"),
        (Shelf::Music, "rain-on-zinc"),
        (Shelf::Books, "small-engines"),
    ] {
        let front = customer.store(shelf, "in");
        let page = customer.get(&front).await.unwrap();
        assert!(page.status == 200 && page.text().contains(id), "{}", page.text());
        let found = json_of(customer, &format!("{front}search?q={}", id.replace('-', "%20"))).await.json();
        assert_eq!(found["items"][0]["id"], id);
        // The store may remember the address for half a second.
        let mut broken = customer.get(&format!("{front}items/{id}")).await.unwrap();
        for _ in 0..200 {
            if broken.status != 200 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            broken = customer.get(&format!("{front}items/{id}")).await.unwrap();
        }
        assert!(broken.status == 503 && broken.text().contains("cannot be shown"), "{}", broken.text());
        let broken = json_of(customer, &format!("{front}items/{id}")).await;
        assert_eq!((broken.status, broken.json()["error"].as_str()), (503, Some("details")));
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let buy = format!("{front}items/{id}/buy");
        let bought = customer.ask("POST", &buy, &form, &format!("key={key}-{id}")).await.unwrap();
        assert!(bought.status == 201 && bought.text().contains("is yours"), "{}", bought.text());
    }
}

#[tokio::test]
async fn item_pages_break_while_front_pages_stand_when_what_they_tell_cannot_be_had() {
    let mut estate = estate().await;
    let customer = Customer::of(&estate);
    estate.pull("details-gone").await.unwrap();
    only_item_pages_are_broken(&customer, "name").await;
    estate.mend("details-gone").await.unwrap();
    let item = format!("{}items/orrery", customer.store(Shelf::Apps, "in"));
    assert_eq!(customer.get(&item).await.unwrap().status, 200);

    // The same with its process gone, which nobody's lever did.
    let roles = estate.state().roles;
    let pid = roles.iter().find(|role| role.role.word() == "details").unwrap().pid.unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-KILL", &pid]).status().unwrap().success());
    only_item_pages_are_broken(&customer, "process").await;
    while estate.state().roles.iter().all(|role| role.pid.is_some()) {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    estate.mend_all().await.unwrap();
    assert_eq!(customer.get(&item).await.unwrap().status, 200);
    assert!(!matches!(customer.front("in").await, Err(Trouble::Refused)));
    estate.stop().await;
}
