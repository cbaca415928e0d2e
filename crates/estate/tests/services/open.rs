//! What needs nobody: the public timeline and the status page that people set by hand.

use candor_estate::{STATUS_KEY, SUPPORT_AUTHOR, SUPPORT_KEY};
use serde_json::json;

use crate::person::Person;
use crate::{estate, until};

#[tokio::test]
async fn customers_and_the_support_account_post_in_public_and_it_is_read_three_ways() {
    let estate = estate().await;
    let nobody = Person::nobody(&estate);
    for (author, lang, text) in [
        ("customer-1", "en", "I cannot buy <anything> & it spins"),
        ("customer-2", "hi", "ऐप डाउनलोड नहीं हो रहा"),
        ("customer-3", "ar", "المتجر لا يعمل"),
    ] {
        let post = json!({ "author": author, "lang": lang, "text": text, "place": "in" });
        assert_eq!(nobody.post("social", "/posts", post).await.status, 201);
    }
    let ours = json!({ "author": SUPPORT_AUTHOR, "lang": "en", "text": "You may be receiving an error this morning." });
    assert_eq!(nobody.post("social", "/posts", ours.clone()).await.status, 401);
    let desk = Person { token: SUPPORT_KEY.to_owned(), ..nobody.clone() };
    assert_eq!(desk.post("social", "/posts", ours).await.status, 201);

    let posts = nobody.get("social", "/timeline.json").await.json()["posts"].clone();
    let authors: Vec<_> =
        posts.as_array().unwrap().iter().map(|post| post["author"].as_str().unwrap()).collect();
    assert_eq!(authors, [SUPPORT_AUTHOR, "customer-3", "customer-2", "customer-1"]);
    let hindi = nobody.get("social", "/timeline.json?lang=hi").await.json()["posts"].clone();
    assert_eq!(
        (hindi.as_array().unwrap().len(), hindi[0]["text"].as_str()),
        (1, Some("ऐप डाउनलोड नहीं हो रहा"))
    );
    let page = nobody.look("social", "/").await.text();
    assert!(
        page.contains("lang=\"ar\" dir=\"auto\"") && page.contains("&#60;anything&#62; &#38; it"),
        "{page}"
    );

    let feed = nobody.get("social", "/timeline.rss").await;
    assert!(feed.header("content-type").starts_with("application/rss+xml"));
    let script = "import sys, xml.etree.ElementTree as t, email.utils as e\n\
        r = t.fromstring(sys.stdin.buffer.read())\n\
        assert r.tag == 'rss' and r.get('version') == '2.0'\n\
        i = r.findall('channel/item')\n\
        assert len(i) == 4 and i[3].find('description').text == 'I cannot buy <anything> & it spins', i\n\
        assert len({x.find('guid').text for x in i}) == 4\n\
        assert all(e.parsedate_to_datetime(x.find('pubDate').text) for x in i)\n";
    let mut python = std::process::Command::new("python3")
        .args(["-c", script])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .expect("python3 (Debian: python3)");
    std::io::Write::write_all(&mut python.stdin.take().unwrap(), &feed.body).unwrap();
    assert!(python.wait().unwrap().success());
    estate.stop().await;
}

#[tokio::test]
async fn an_author_who_floods_is_slowed_and_others_are_not() {
    let estate = estate().await;
    let nobody = Person::nobody(&estate);
    let post = |author: &str| json!({ "author": author, "lang": "en", "text": "down?" });
    for _ in 0..20 {
        assert_eq!(nobody.post("social", "/posts", post("customer-1")).await.status, 201);
    }
    assert_eq!(nobody.post("social", "/posts", post("customer-1")).await.status, 429);
    assert_eq!(nobody.post("social", "/posts", post("customer-2")).await.status, 201);
    estate.stop().await;
}

#[tokio::test]
async fn the_status_page_says_all_is_well_while_customers_cannot_buy_and_complain() {
    let mut estate = estate().await;
    let one = Person::new(&estate, "customer-1").await;
    assert_eq!(one.customer.buy("before").await.unwrap().status, 201);
    estate.pull("internal-name-gone").await.unwrap();
    until("buying is out", async || one.customer.buy("during").await.unwrap().status == 503).await;
    let complaint =
        json!({ "author": "customer-1", "lang": "en", "text": "I cannot buy anything", "place": "gb" });
    assert_eq!(one.post("social", "/posts", complaint).await.status, 201);

    let status = one.get("status", "/status.json").await.json();
    assert!(status["systems"].as_array().unwrap().iter().all(|system| system["state"] == "available"));
    assert!(one.look("status", "/").await.text().contains("All systems are available"));

    let wrong = json!({ "state": "outage", "note": "Unavailable to all users", "key": "guess" });
    assert_eq!(one.post("status", "/systems/apps", wrong).await.status, 403);
    let form = format!("state=outage&note=Unavailable+to+all+users&key={STATUS_KEY}");
    assert_eq!(one.form("status", "/systems/apps", &form).await.status, 303);
    let page = one.look("status", "/").await.text();
    assert!(
        page.contains("Some systems have trouble") && page.contains("Unavailable to all users"),
        "{page}"
    );

    // It is as wrong the other way round: the shop is well again, and the page still says outage.
    estate.mend_all().await.unwrap();
    until("buying works", async || one.customer.buy("after").await.unwrap().status == 201).await;
    let status = one.get("status", "/status.json").await.json();
    assert_eq!(status["systems"][0]["state"], "outage");
    let set = json!({ "state": "available", "key": STATUS_KEY });
    assert_eq!(one.post("status", "/systems/apps", set).await.json()["state"], "available");
    assert_eq!(one.get("status", "/history.json").await.json()["changes"].as_array().unwrap().len(), 2);
    for (path, body, code) in [
        ("/systems/none", json!({ "state": "outage", "key": STATUS_KEY }), 404),
        ("/systems/apps", json!({ "state": "great", "key": STATUS_KEY }), 422),
    ] {
        assert_eq!(one.post("status", path, body).await.status, code);
    }
    estate.stop().await;
}
