//! In-app purchase, restoring, using up, refunds, and the rules of keys.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::customer::{Customer, Reply};
use crate::estate;
use crate::programs::verified;

/// Another program, which buys for its customer.
struct Program {
    customer: Customer,
    token: String,
}

impl Program {
    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let url = format!("{}{path}", self.customer.urls.commerce());
        self.customer.with(&self.token, method, &url, body).await.unwrap()
    }

    async fn buy(&self, product: &str, key: &str) -> Reply {
        let body = json!({ "product": product, "key": key });
        self.ask("POST", "/gb/apps/paper-boats/purchases", Some(body)).await
    }

    async fn has(&self) -> Vec<String> {
        let purchases = self.ask("GET", "/purchases", None).await.json();
        let mut items: Vec<_> =
            purchases["purchases"].as_array().unwrap().iter().map(|one| one["item"].to_string()).collect();
        items.sort();
        items
    }
}

#[tokio::test]
async fn a_program_buys_for_its_customer_and_what_is_used_up_is_used_up_once() {
    let estate = estate().await;
    let customer = Customer::of(&estate);
    let token = customer.account("player@shop.example").await;
    let program = Program { customer: customer.clone(), token };
    let products = program.ask("GET", "/gb/apps/paper-boats/products", None).await.json();
    assert_eq!(
        products["products"][1],
        json!({ "id": "paper-boats.hint", "name": "A hint", "price": "0.79", "consumable": true })
    );

    let hint = program.buy("paper-boats.hint", "hint-1").await;
    assert_eq!((hint.status, hint.json()["price"].as_str()), (201, Some("0.79")));
    assert_eq!(
        program.buy("paper-boats.hint", "hint-1").await.json(),
        hint.json(),
        "the same key, the same answer"
    );
    assert_eq!(program.buy("paper-boats.hint", "hint-2").await.status, 201);
    assert_eq!(program.buy("paper-boats.all-streams", "all").await.status, 201);
    let keys = customer.get(&format!("{}/keys", customer.urls.commerce())).await.unwrap().json();
    let said = verified(hint.json()["receipt"].as_str().unwrap(), &keys).unwrap();
    assert_eq!(
        (said["customer"].as_str(), said["currency"].as_str()),
        (Some("player@shop.example"), Some("GBP"))
    );
    let all = ["\"paper-boats.all-streams\"", "\"paper-boats.hint\"", "\"paper-boats.hint\""];
    assert_eq!(program.has().await, all, "nothing that was paid and not used is lost");

    let use_up = format!("/purchases/{}/paper-boats.hint/consume", hint.json()["order"].as_str().unwrap());
    assert_eq!(program.ask("POST", &use_up, None).await.status, 200);
    let again = program.ask("POST", &use_up, None).await;
    assert_eq!((again.status, again.json()["error"].as_str()), (409, Some("consumed")));
    assert_eq!(program.has().await, all[..2]);
    let back = program.ask("DELETE", "/gb/orders/hint-1", None).await;
    assert_eq!(
        (back.status, back.json()["error"].as_str()),
        (409, Some("consumed")),
        "what was used up stays paid"
    );
    assert_eq!(program.ask("DELETE", "/gb/orders/hint-2", None).await.status, 204);
    assert_eq!(program.has().await, all[..1]);

    for (product, status) in [("paper-boats.moon", 422), ("slow-train.coal", 422)] {
        assert_eq!(program.buy(product, "odd").await.status, status);
    }
    let stranger = Program { token: customer.token().await, customer };
    assert_eq!(stranger.ask("POST", &use_up, None).await.status, 404);
    assert_eq!(stranger.has().await, [""; 0]);
    estate.stop().await;
}

#[tokio::test]
async fn a_receipt_that_was_changed_does_not_verify() {
    let estate = estate().await;
    let customer = Customer::of(&estate);
    let token = customer.token().await;
    let order = customer.order(&token, "gb", "larder", "k").await.unwrap().json();
    let keys = customer.get(&format!("{}/keys", customer.urls.commerce())).await.unwrap().json();
    let receipt = order["receipt"].as_str().unwrap();
    assert!(verified(receipt, &keys).is_some());
    let mut changed: Vec<&str> = receipt.split('.').collect();
    let said =
        String::from_utf8(data_encoding::BASE64URL_NOPAD.decode(changed[1].as_bytes()).unwrap()).unwrap();
    let dearer = data_encoding::BASE64URL_NOPAD.encode(said.replace("larder", "orrery").as_bytes());
    changed[1] = &dearer;
    assert!(verified(&changed.join("."), &keys).is_none());
    estate.stop().await;
}

#[tokio::test]
async fn one_key_sent_at_once_with_different_orders_is_one_of_them_and_paid_once() {
    let estate = estate().await;
    let customer = Customer::of(&estate);
    let token = customer.account("twice@shop.example").await;
    let mut posts = JoinSet::new();
    for n in 0..30 {
        let (customer, token) = (customer.clone(), token.clone());
        let item = ["orrery", "longhand", "third-floor"][n % 3];
        posts.spawn(async move { customer.order(&token, "us", item, "one").await.unwrap() });
    }
    let replies = posts.join_all().await;
    let paid: Vec<_> = replies.iter().filter(|reply| reply.status == 201).map(Reply::json).collect();
    assert!(paid.len() == 10 && paid.iter().all(|order| *order == paid[0]), "{paid:?}");
    assert!(replies.iter().all(|reply| reply.status == 201 || reply.status == 422));
    let purchases =
        customer.with(&token, "GET", &format!("{}/purchases", customer.urls.commerce()), None).await;
    assert_eq!(purchases.unwrap().json()["purchases"].as_array().unwrap().len(), 1);
    estate.stop().await;
}

#[tokio::test]
async fn several_items_are_one_order_and_a_key_may_come_as_a_header() {
    let estate = estate().await;
    let customer = Customer::of(&estate);
    let token = customer.token().await;
    let (url, bearer) = (customer.orders("gb"), format!("Bearer {token}"));
    let send = async |key: &str, body: Value| {
        let fields = [
            ("content-type", "application/json"),
            ("authorization", bearer.as_str()),
            ("idempotency-key", key),
        ];
        customer.ask("POST", &url, &fields, &body.to_string()).await.unwrap()
    };
    let order = send("\"a1\"", json!({ "items": ["tidewater", "paper-boats", "tidewater"] })).await;
    assert_eq!((order.status, order.json()["price"].as_str()), (201, Some("2.28")));
    assert_eq!(order.json()["items"].as_array().unwrap().len(), 2);
    let same = send("a1", json!({ "items": ["paper-boats", "tidewater"], "key": "a1" })).await;
    assert_eq!(same.json(), order.json());
    for (key, body) in [
        ("a1", json!({ "item": "tidewater" })),
        ("a1", json!({ "items": ["paper-boats", "tidewater"], "key": "a2" })),
        ("a3", json!({ "items": [] })),
        ("a3", json!({ "item": "orrery", "cart": true })),
        ("a3", json!({ "cart": true })),
        ("a 3", json!({ "item": "orrery" })),
    ] {
        let refused = send(key, body.clone()).await;
        assert_eq!(refused.status, 422, "{body} {}", refused.text());
    }
    let sales = format!("{}/sales/tidewater", customer.urls.commerce());
    let sales = customer.with(&token, "GET", &sales, None).await.unwrap().json();
    let row = json!({ "place": "gb", "currency": "GBP", "sold": 1, "given_back": 0, "takings": "1.49" });
    assert_eq!(sales["sales"], json!([row]));
    estate.stop().await;
}
