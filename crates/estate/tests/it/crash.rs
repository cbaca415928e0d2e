//! Commerce is killed in the middle of many orders, and its name is lost: nobody pays twice, and nobody pays for nothing.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::customer::Customer;
use crate::estate;

/// How many orders are made.
const ORDERS: usize = 160;

/// What a shopper was told: the number of each order by its key.
type Told = BTreeMap<String, String>;

/// Orders until it is answered, as a client does that retries with the same key; what was answered at last.
async fn order_until_answered(
    customer: Customer,
    token: String,
    n: usize,
    answered: Arc<AtomicUsize>,
) -> (String, String) {
    let key = format!("crash-{n}");
    let item = ["orrery", "longhand", "the-allotment", "small-engines"][n % 4];
    loop {
        match customer.order(&token, "us", item, &key).await {
            Ok(reply) if reply.status == 201 => {
                answered.fetch_add(1, Ordering::Relaxed);
                let order: Value = reply.json();
                assert_eq!(order["state"], "paid");
                return (key, order["order"].as_str().unwrap().to_owned());
            }
            Ok(reply) => assert_eq!(reply.status, 503, "{}", reply.text()),
            Err(_) => {}
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn killed_and_unnamed_in_the_middle_of_orders_commerce_charges_once_and_sells_what_is_paid() {
    let mut estate = estate().await;
    let customer = Customer::of(&estate);
    let token = customer.account("crash@shop.example").await;
    let answered = Arc::new(AtomicUsize::new(0));
    let mut posts = JoinSet::new();
    for n in 0..ORDERS {
        // Each order is sent by two of its customer's devices at once.
        for _ in 0..2 {
            posts.spawn(order_until_answered(customer.clone(), token.clone(), n, Arc::clone(&answered)));
        }
    }
    for (lever, after) in
        [("process-dies", 20), ("name-gone", 60), ("process-dies", 110), ("process-dies", 180)]
    {
        while answered.load(Ordering::Relaxed) < after {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        estate.pull(lever).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        estate.mend(lever).await.unwrap();
    }
    let mut told = Told::new();
    while let Some(one) = posts.join_next().await {
        let (key, order) = one.unwrap();
        assert_eq!(*told.entry(key).or_insert_with(|| order.clone()), order, "two devices, one order");
    }
    assert_eq!(told.len(), ORDERS);
    let purchases = format!("{}/purchases", customer.urls.commerce());
    let restored = customer.with(&token, "GET", &purchases, None).await.unwrap().json();
    assert_eq!(restored["purchases"].as_array().unwrap().len(), 4);
    // One last time, so that what is compared is what a restart finds.
    estate.pull("process-dies").await.unwrap();
    balanced(&estate.dir().join("commerce.db"), &told);
    estate.stop().await;
}

#[tokio::test]
async fn killed_in_the_middle_of_refunds_commerce_gives_each_back_once() {
    let mut estate = estate().await;
    let customer = Customer::of(&estate);
    let token = customer.account("back@shop.example").await;
    let answered = Arc::new(AtomicUsize::new(0));
    let mut days = JoinSet::new();
    for n in 0..ORDERS {
        let (customer, token, answered) = (customer.clone(), token.clone(), Arc::clone(&answered));
        days.spawn(async move {
            order_until_answered(customer.clone(), token.clone(), n, answered).await;
            let url = format!("{}/crash-{n}", customer.orders("us"));
            // Twice each: a refund can always be asked for again.
            let mut given_back = 0;
            while given_back < 2 {
                match customer.with(&token, "DELETE", &url, None).await {
                    Ok(reply) if reply.status == 204 => given_back += 1,
                    _ => tokio::time::sleep(Duration::from_millis(20)).await,
                }
            }
        });
    }
    for after in [30, 70, 130] {
        while answered.load(Ordering::Relaxed) < after {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        estate.pull("process-dies").await.unwrap();
        estate.mend("process-dies").await.unwrap();
    }
    while let Some(day) = days.join_next().await {
        day.unwrap();
    }
    estate.pull("process-dies").await.unwrap();
    let db = Connection::open(estate.dir().join("commerce.db")).unwrap();
    let one = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let all = i64::try_from(ORDERS).unwrap();
    assert_eq!(one("SELECT count(*) FROM orders WHERE state = 'refunded'"), all);
    assert_eq!(one("SELECT count(*) FROM payments WHERE what = 'refund'"), all, "each is given back once");
    assert_eq!(one("SELECT count(*) FROM entitlements WHERE state = 'revoked'"), all);
    let balance = "SELECT sum(CASE what WHEN 'charge' THEN amount ELSE -amount END) FROM payments";
    assert_eq!(one(balance), 0, "nobody has won or lost");
    estate.stop().await;
}

/// Orders, charges and entitlements agree with each other and with what was answered.
fn balanced(file: &Path, told: &Told) {
    let db = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    let one = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let all = i64::try_from(told.len()).unwrap();
    assert_eq!(one("SELECT count(*) FROM orders WHERE state = 'paid'"), all);
    assert_eq!(one("SELECT count(*) FROM payments WHERE what = 'charge'"), all, "each is charged once");
    assert_eq!(one("SELECT count(*) FROM payments WHERE what = 'refund'"), 0);
    assert_eq!(one("SELECT count(*) FROM entitlements WHERE state = 'held'"), all, "each is handed out");
    assert_eq!(one("SELECT sum(amount) FROM payments"), one("SELECT sum(amount) FROM lines"));
    assert_eq!(one("SELECT sum(amount) FROM payments"), one("SELECT sum(total) FROM orders"));
    let odd = "SELECT count(*) FROM orders WHERE
        id NOT IN (SELECT order_id FROM payments WHERE what = 'charge') OR
        id NOT IN (SELECT order_id FROM entitlements)";
    assert_eq!(one(odd), 0, "no paid order is without its charge or its item");
    let mut kept = db.prepare("SELECT key, id FROM orders").unwrap();
    let kept = kept.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let kept: Told = kept.map(Result::unwrap).collect();
    assert_eq!(kept, *told, "what was answered is what is kept");
}
