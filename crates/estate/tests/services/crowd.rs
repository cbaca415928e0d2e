//! Customers who come by themselves: they buy while things work, complain while they do not, and what was not taken is counted.

use candor_estate::Estate;
use candor_estate::catalogue::Item;
use serde_json::{Value, json};

use crate::person::Person;
use crate::{estate, kill, until};

async fn tally(nobody: &Person) -> Value {
    nobody.get("customers", "/tally.json").await.json()
}

fn orders(tally: &Value, what: &str) -> u64 {
    tally[what].as_array().unwrap().iter().map(|sum| sum["wishes"].as_u64().unwrap()).sum()
}

async fn posts(nobody: &Person) -> Vec<Value> {
    nobody.get("social", "/timeline.json").await.json()["posts"].as_array().unwrap().clone()
}

async fn pace(estate: &Estate, per_minute: u32) -> Person {
    let nobody = Person::nobody(estate);
    let set = json!({ "per_minute": per_minute, "seed": 7, "hour": 12 });
    assert_eq!(nobody.post("customers", "/pace", set).await.status, 200);
    nobody
}

#[tokio::test]
async fn customers_buy_while_things_work_and_say_nothing() {
    let estate = estate().await;
    let nobody = Person::nobody(&estate);
    assert_eq!(tally(&nobody).await["counts"], json!({}), "nobody comes by themselves");
    pace(&estate, 600).await;
    until("some have bought in both places", async || {
        tally(&nobody).await["taken"].as_array().unwrap().len() == 2
    })
    .await;
    until("some have downloaded", async || tally(&nobody).await["counts"]["downloads"].as_u64() > Some(3))
        .await;
    let seen = tally(&nobody).await;
    assert_eq!((orders(&seen, "not_taken"), orders(&seen, "unknown")), (0, 0), "{seen}");
    assert!(posts(&nobody).await.is_empty());
    assert!(nobody.look("customers", "/").await.text().contains("Really not taken"));
    let wild = json!({ "per_minute": 1_000_000 });
    assert_eq!(nobody.post("customers", "/pace", wild).await.status, 422);
    estate.stop().await;
}

#[tokio::test]
async fn what_is_given_up_is_counted_by_place_and_complained_of_until_it_works_again() {
    let mut estate = estate().await;
    let nobody = pace(&estate, 300).await;
    until("somebody bought", async || orders(&tally(&nobody).await, "taken") > 0).await;
    estate.pull("name-gone").await.unwrap();
    until("both places gave something up", async || {
        tally(&nobody).await["not_taken"].as_array().unwrap().len() == 2
    })
    .await;
    until("it is complained of in two languages", async || {
        let posts = posts(&nobody).await;
        ["en", "hi"].iter().all(|lang| posts.iter().any(|post| post["lang"] == *lang))
    })
    .await;
    let during = tally(&nobody).await;
    let minutes: u64 =
        during["minutes"].as_array().unwrap().iter().map(|row| row["wishes"].as_u64().unwrap()).sum();
    assert_eq!(minutes, orders(&during, "not_taken"));

    estate.mend("name-gone").await.unwrap();
    let before = orders(&tally(&nobody).await, "taken");
    until("they buy again", async || orders(&tally(&nobody).await, "taken") > before + 5).await;
    // Who was still trying has ended by now: from here on nothing is given up, and nobody complains.
    let (lost, said) = (orders(&tally(&nobody).await, "not_taken"), posts(&nobody).await.len());
    let after = orders(&tally(&nobody).await, "taken");
    until("they go on", async || orders(&tally(&nobody).await, "taken") > after + 10).await;
    assert_eq!((orders(&tally(&nobody).await, "not_taken"), posts(&nobody).await.len()), (lost, said));
    estate.stop().await;
}

#[tokio::test]
async fn what_customers_count_as_taken_is_what_commerce_was_paid_also_over_a_kill() {
    let mut estate = estate().await;
    let nobody = pace(&estate, 900).await;
    until("somebody bought", async || orders(&tally(&nobody).await, "taken") > 5).await;
    kill(&mut estate, "commerce").await;
    until("somebody gave up", async || {
        let seen = tally(&nobody).await;
        orders(&seen, "not_taken") + orders(&seen, "unknown") > 0
    })
    .await;
    estate.mend_all().await.unwrap();
    let before = orders(&tally(&nobody).await, "taken");
    until("what may have been paid is looked up", async || {
        let seen = tally(&nobody).await;
        orders(&seen, "taken") > before + 10 && orders(&seen, "unknown") == 0
    })
    .await;
    pace(&estate, 0).await;
    until("every visit has ended", async || {
        let seen = tally(&nobody).await;
        let ended = orders(&seen, "taken") + orders(&seen, "not_taken") + orders(&seen, "unknown");
        seen["counts"]["visits"].as_u64() == Some(ended)
    })
    .await;
    let one = Person::new(&estate, "customer-x").await;
    let mut paid = 0;
    for item in Item::all() {
        let sales = one.get("buy", &format!("/sales/{}", item.id)).await.json();
        paid +=
            sales["sales"].as_array().unwrap().iter().map(|sum| sum["sold"].as_u64().unwrap()).sum::<u64>();
    }
    let seen = tally(&nobody).await;
    assert_eq!((orders(&seen, "taken"), orders(&seen, "unknown")), (paid, 0), "{seen}");
    estate.stop().await;
}
