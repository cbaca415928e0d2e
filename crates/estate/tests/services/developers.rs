//! Builds: uploaded by developers, installed by the testers they invite; and sales.

use candor_estate::{DEVELOPER_PASSWORD, DEVELOPER_USER, Estate};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::person::Person;
use crate::{estate, kill, until};

async fn developer(estate: &Estate) -> Person {
    Person::known(estate, DEVELOPER_USER, DEVELOPER_PASSWORD).await
}

/// A build of 3 MB, and its hash.
fn build(seed: u32) -> (String, String) {
    let content: String = (0..500_000_u32).map(|n| format!("{:06x}", (n ^ seed) & 0x00ff_ffff)).collect();
    let sha256 = format!("{:x}", Sha256::digest(&content));
    (content, sha256)
}

async fn processed(developer: &Person, app: &str, version: &str) {
    let path = format!("/apps/{app}/builds/{version}");
    until("the build is processed", async || {
        developer.get("connect", &path).await.json()["state"] == "processed"
    })
    .await;
}

#[tokio::test]
async fn a_developer_uploads_and_only_invited_testers_install() {
    let estate = estate().await;
    let developer = developer(&estate).await;
    let tester = Person::new(&estate, "customer-1").await;
    let other = Person::new(&estate, "customer-2").await;
    let (content, sha256) = build(1);
    let path = "/apps/tidewater/builds/1.0";
    let wrong = developer.send("PUT", "connect", &format!("{path}?sha256=00"), &[], &content).await;
    assert_eq!((wrong.status, wrong.json()["error"].as_str()), (422, Some("sha256")));
    let up = developer.send("PUT", "connect", &format!("{path}?sha256={sha256}"), &[], &content).await;
    assert_eq!((up.status, up.json()["sha256"].as_str()), (201, Some(sha256.as_str())), "{}", up.text());
    assert_eq!(developer.send("PUT", "connect", path, &[], &content).await.status, 200, "the same again");
    assert_eq!(developer.send("PUT", "connect", path, &[], "other").await.status, 409);
    for (who, path, status) in [
        (&tester, path, 403),
        (&developer, "/apps/none/builds/1.0", 404),
        (&developer, "/apps/tidewater/builds/1%20", 422),
        (&developer, "/apps/tidewater/builds/0.9", 422),
    ] {
        let body = if path.ends_with("0.9") { "" } else { "x" };
        assert_eq!(who.send("PUT", "connect", path, &[], body).await.status, status, "{path}");
    }
    processed(&developer, "tidewater", "1.0").await;

    let file = format!("{path}/file");
    assert_eq!(tester.get("testflight", &file).await.status, 403);
    let invited = json!({ "tester": tester.user });
    assert_eq!(other.post("testflight", "/apps/tidewater/invitations", invited.clone()).await.status, 403);
    assert_eq!(developer.post("testflight", "/apps/tidewater/invitations", invited).await.status, 201);
    let nobody = json!({ "tester": "nobody@shop.example" });
    assert_eq!(developer.post("testflight", "/apps/tidewater/invitations", nobody).await.status, 422);

    let betas = tester.get("testflight", "/betas").await.json();
    assert_eq!(betas["betas"][0]["builds"][0]["sha256"], sha256.as_str());
    let got = tester.get("testflight", &file).await;
    assert_eq!((got.status, format!("{:x}", Sha256::digest(&got.body))), (200, sha256.clone()));
    assert_eq!(got.header("etag"), format!("\"{sha256}\""));
    let installed = format!("{path}/installed");
    assert_eq!(tester.post("testflight", &installed, json!({ "sha256": "00" })).await.status, 409);
    assert_eq!(tester.post("testflight", &installed, json!({ "sha256": sha256 })).await.status, 201);
    assert_eq!(other.post("testflight", &installed, json!({ "sha256": sha256 })).await.status, 403);
    let installs = developer.get("testflight", "/apps/tidewater/installs").await.json();
    assert_eq!(installs["installs"][0]["tester"], tester.user.as_str());
    assert!(tester.look("testflight", "/").await.text().contains("Tidewater"));
    assert!(developer.look("connect", "/").await.text().contains("1.0 processed"));
    assert_eq!(tester.get("connect", "/held/tidewater").await.status, 404, "for other systems alone");

    assert_eq!(
        developer.post("connect", "/apps", json!({ "app": "tidewater", "name": "Mine" })).await.status,
        409
    );
    assert_eq!(
        developer.post("connect", "/apps", json!({ "app": "new-one", "name": "New" })).await.status,
        201
    );
    estate.stop().await;
}

#[tokio::test]
async fn a_build_that_was_acknowledged_survives_a_kill_and_is_processed_and_a_broken_upload_leaves_nothing() {
    let mut estate = estate().await;
    let developer = developer(&estate).await;
    let tester = Person::new(&estate, "customer-1").await;
    let (content, sha256) = build(2);
    let path = "/apps/orrery/builds/2.0";
    let mut uploads = tokio::task::JoinSet::new();
    for n in 0..12 {
        let (developer, content) = (developer.clone(), content.clone());
        uploads.spawn(async move {
            let bearer = format!("Bearer {}", developer.token);
            let url = developer.url("connect", &format!("/apps/orrery/builds/2.{n}"));
            let put = developer.customer.ask("PUT", &url, &[("authorization", &bearer)], &content).await;
            put.is_ok_and(|reply| reply.status == 201).then_some(n)
        });
    }
    let mut kept = Vec::new();
    while kept.is_empty() {
        kept.extend(uploads.join_next().await.expect("one is acknowledged").unwrap());
    }
    kill(&mut estate, "connect").await;
    kept.extend(uploads.join_all().await.into_iter().flatten());
    assert!(kept.len() < 12, "the kill was in the middle");
    estate.mend_all().await.unwrap();
    let left = std::fs::read_dir(estate.dir().join("builds")).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(left.iter().all(|name| !name.starts_with("part-")), "{left:?}");
    assert_eq!(developer.send("PUT", "connect", path, &[], &content).await.status / 100, 2);
    developer.post("testflight", "/apps/orrery/invitations", json!({ "tester": tester.user })).await;
    for n in kept {
        processed(&developer, "orrery", &format!("2.{n}")).await;
        let got = tester.get("testflight", &format!("/apps/orrery/builds/2.{n}/file")).await;
        assert_eq!(format!("{:x}", Sha256::digest(&got.body)), sha256);
    }
    estate.stop().await;
}

#[tokio::test]
async fn developers_see_what_was_sold_and_a_sentence_while_commerce_has_no_name() {
    let mut estate = estate().await;
    let developer = developer(&estate).await;
    let one = Person::new(&estate, "customer-1").await;
    for (place, key) in [("gb", "k1"), ("gb", "k2"), ("in", "k3")] {
        assert_eq!(one.customer.order(&one.token, place, "orrery", key).await.unwrap().status, 201);
    }
    let sales = developer.get("connect", "/sales").await;
    assert_eq!(sales.status, 200, "{}", sales.text());
    let sold = |place: &str| {
        let json = sales.json();
        let row = json["sales"]
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["item"] == "orrery" && row["place"] == place);
        row.map(|row| (row["sold"].as_u64().unwrap(), row["currency"].as_str().unwrap().to_owned()))
    };
    assert_eq!((sold("gb"), sold("in")), (Some((2, "GBP".to_owned())), Some((1, "INR".to_owned()))));
    assert!(developer.look("connect", "/").await.text().contains("<td>orrery</td>"));
    assert_eq!(one.get("connect", "/sales").await.status, 403);

    estate.pull("name-gone").await.unwrap();
    until("sales are out", async || developer.get("connect", "/sales").await.status == 503).await;
    assert_eq!(developer.get("connect", "/sales").await.json()["error"], "commerce");
    let page = developer.look("connect", "/").await;
    assert!(page.status == 200 && page.text().contains("Not available now"), "{}", page.text());
    assert_eq!(developer.get("connect", "/apps").await.status, 200, "the rest works");
    estate.mend("name-gone").await.unwrap();
    until("sales are back", async || developer.get("connect", "/sales").await.status == 200).await;

    estate.pull("internal-name-gone").await.unwrap();
    for (host, path) in [("connect", "/apps"), ("testflight", "/betas")] {
        until("developer systems are out", async || developer.get(host, path).await.status == 503).await;
    }
    estate.mend("internal-name-gone").await.unwrap();
    for (host, path) in [("connect", "/apps"), ("testflight", "/betas")] {
        until("developer systems are back", async || developer.get(host, path).await.status == 200).await;
    }
    kill(&mut estate, "connect").await;
    developer.get("testflight", "/betas").await;
    let invite = json!({ "tester": one.user });
    let gone = developer.post("testflight", "/apps/orrery/invitations", invite).await;
    assert_eq!((gone.status, gone.json()["error"].as_str()), (503, Some("connect")));
    estate.stop().await;
}
