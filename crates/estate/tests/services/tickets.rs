//! Tickets between customers and the desk.

use candor_estate::{DESK_PASSWORD, DESK_USER};
use serde_json::json;

use crate::estate;
use crate::person::Person;

#[tokio::test]
async fn a_customer_opens_a_ticket_the_desk_answers_and_no_other_sees_it() {
    let estate = estate().await;
    let one = Person::new(&estate, "customer-1").await;
    let two = Person::new(&estate, "customer-2").await;
    let desk = Person::known(&estate, DESK_USER, DESK_PASSWORD).await;
    let asked = json!({ "subject": "I cannot buy", "text": "It says: try again later.", "key": "k" });
    let opened = one.post("support", "/tickets", asked.clone()).await;
    assert_eq!(opened.status, 201, "{}", opened.text());
    assert_eq!(one.post("support", "/tickets", asked).await.json(), opened.json());
    let ticket = format!("/tickets/{}", opened.json()["ticket"].as_str().unwrap());
    assert_eq!(two.get("support", &ticket).await.status, 404);
    assert_eq!(
        two.post("support", &format!("{ticket}/replies"), json!({ "text": "me too" })).await.status,
        404
    );

    assert!(desk.look("support", "/").await.text().contains("I cannot buy"));
    let replied =
        desk.post("support", &format!("{ticket}/replies"), json!({ "text": "We are sorry." })).await;
    assert_eq!((replied.status, replied.json()["state"].as_str()), (201, Some("answered")));
    let seen = one.get("support", &ticket).await.json();
    assert_eq!(
        (seen["state"].as_str(), seen["words"][1]["author"].as_str()),
        (Some("answered"), Some(DESK_USER))
    );
    assert_eq!(one.form("support", &format!("{ticket}/replies"), "text=Thank+you").await.status, 303);
    assert_eq!(one.get("support", &ticket).await.json()["state"], "open");
    assert_eq!(one.post("support", &format!("{ticket}/close"), json!({})).await.json()["state"], "closed");
    assert_eq!(one.get("support", "/tickets").await.json()["tickets"][0]["state"], "closed");
    let page = one.look("support", &ticket).await.text();
    assert!(page.contains("We are sorry.") && page.contains("closed"), "{page}");

    for bad in [json!({ "subject": "", "text": "x" }), json!({ "subject": "x", "text": " " })] {
        assert_eq!(one.post("support", "/tickets", bad).await.status, 422);
    }
    let nobody = Person::nobody(&estate);
    assert_eq!(nobody.post("support", "/tickets", json!({ "subject": "x", "text": "y" })).await.status, 401);
    assert!(nobody.look("support", "/").await.text().contains("How can we help?"));
    estate.stop().await;
}
