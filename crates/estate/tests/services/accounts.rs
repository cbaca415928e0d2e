//! Accounts, sessions, and wrong passwords.

use serde_json::json;

use crate::person::{PASSWORD, Person};
use crate::{estate, kill};

#[tokio::test]
async fn an_account_is_opened_once_and_its_sessions_are_listed_and_ended() {
    let estate = estate().await;
    let one = Person::new(&estate, "customer-1").await;
    let again = json!({ "user": one.user, "password": "another-password" });
    assert_eq!(one.post("id", "/accounts", again).await.status, 409);
    for given in [("customer 1@shop.example", PASSWORD), ("customer-2@shop.example", "short")] {
        let given = json!({ "user": given.0, "password": given.1 });
        assert_eq!(one.post("id", "/accounts", given).await.status, 422);
    }
    let other = Person::known(&estate, &one.user, PASSWORD).await;
    let verified = other.get("id.internal", "/verify").await.json();
    assert_eq!(verified, json!({ "user": one.user, "kind": "customer" }));

    let sessions = one.get("id", "/sessions").await.json()["sessions"].as_array().unwrap().clone();
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions.iter().filter(|session| session["current"] == true).count(), 1);
    let theirs = sessions.iter().find(|session| session["current"] == false).unwrap()["id"].as_str().unwrap();
    let stranger = Person::new(&estate, "customer-3").await;
    assert_eq!(stranger.send("DELETE", "id", &format!("/sessions/{theirs}"), &[], "").await.status, 204);
    assert_eq!(other.get("id", "/verify").await.status, 200, "nobody ends another's session");
    assert_eq!(one.send("DELETE", "id", &format!("/sessions/{theirs}"), &[], "").await.status, 204);
    assert_eq!((other.get("id", "/verify").await.status, one.get("id", "/verify").await.status), (401, 200));
    estate.stop().await;
}

#[tokio::test]
async fn wrong_passwords_are_bounded_over_a_killed_process_and_hurt_nobody_else() {
    let mut estate = estate().await;
    let one = Person::new(&estate, "customer-1").await;
    let wrong = json!({ "user": one.user, "password": "not-the-password" });
    for _ in 0..10 {
        assert_eq!(one.post("id", "/sign-in", wrong.clone()).await.status, 401);
    }
    assert_eq!(one.post("id", "/sign-in", wrong.clone()).await.status, 429);
    kill(&mut estate, "identity").await;
    estate.mend_all().await.unwrap();
    let right = json!({ "user": one.user, "password": PASSWORD });
    assert_eq!(
        one.post("id", "/sign-in", right).await.status,
        429,
        "also with the right one, until the time is over"
    );
    assert_eq!(one.get("id", "/verify").await.status, 200, "who is signed in stays so");
    Person::new(&estate, "customer-2").await;
    estate.stop().await;
}

#[tokio::test]
async fn every_account_and_session_that_was_answered_survives_a_killed_process() {
    let mut estate = estate().await;
    let nobody = Person::nobody(&estate);
    let mut posts = tokio::task::JoinSet::new();
    for n in 0..40 {
        let nobody = nobody.clone();
        let user = format!("customer-{n}@shop.example");
        posts.spawn(async move {
            let body = json!({ "user": user, "password": PASSWORD }).to_string();
            let fields = [("content-type", "application/json")];
            let url = nobody.url("id", "/accounts");
            let reply = nobody.customer.ask("POST", &url, &fields, &body).await;
            reply.is_ok_and(|reply| reply.status == 201).then_some(user)
        });
    }
    let mut opened = Vec::new();
    while opened.is_empty() {
        opened.extend(posts.join_next().await.unwrap().unwrap());
    }
    kill(&mut estate, "identity").await;
    opened.extend(posts.join_all().await.into_iter().flatten());
    estate.mend_all().await.unwrap();
    for user in opened {
        Person::known(&estate, &user, PASSWORD).await;
    }
    estate.stop().await;
}

#[tokio::test]
async fn people_sign_in_by_a_page_and_are_led_back() {
    let estate = estate().await;
    let nobody = Person::nobody(&estate);
    let page = nobody.look("id", "/").await;
    assert!(page.status == 200 && page.text().contains("Open an account"), "{}", page.text());
    let opened =
        nobody.form("id", "/accounts", "user=customer-9%40shop.example&password=open-sesame-9").await;
    assert_eq!((opened.status, opened.header("location")), (303, "/"));
    let cookie = opened.header("set-cookie").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let token = cookie.strip_prefix("token=").unwrap().split(';').next().unwrap().to_owned();
    let person = Person { token, ..nobody };
    assert!(person.look("id", "/").await.text().contains("customer-9@shop.example"));

    let wrong =
        person.form("mail", "/session", "user=customer-9%40shop.example&password=wrong-password").await;
    assert!(wrong.status == 401 && wrong.text().contains("password is wrong"), "{}", wrong.text());
    let right =
        person.form("mail", "/session", "user=customer-9%40shop.example&password=open-sesame-9").await;
    assert!(right.status == 303 && right.header("set-cookie").starts_with("token="));
    estate.stop().await;
}
