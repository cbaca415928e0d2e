//! Causes beside names that are gone: each is real, each changes what customers meet, each can be taken back.

use std::time::{Duration, Instant};

use candor_estate::catalogue::Shelf;
use candor_estate::{Estate, EstateOptions, Role, ServedPage};
use serde_json::json;

use crate::customer::{Customer, Trouble};
use crate::{estate, options};

async fn pulled(id: &str) -> (Estate, Customer) {
    let mut estate = estate().await;
    let customer = Customer::of(&estate);
    assert_eq!(customer.buy("before").await.unwrap().status, 201);
    estate.pull(id).await.unwrap();
    (estate, customer)
}

async fn mended(mut estate: Estate, customer: &Customer) {
    estate.mend_all().await.unwrap();
    assert_eq!(customer.buy("after").await.unwrap().status, 201);
    assert_eq!(customer.get(&customer.urls.probe_file()).await.unwrap().status, 200);
    estate.stop().await;
}

#[tokio::test]
async fn a_name_without_an_address_is_no_missing_name() {
    let (estate, customer) = pulled("addresses-gone").await;
    assert!(matches!(customer.buy("k").await, Err(Trouble::Lookup(_))));
    mended(estate, &customer).await;
}

#[tokio::test]
async fn at_the_wrong_address_somebody_else_answers() {
    let (estate, customer) = pulled("wrong-address").await;
    assert_eq!(customer.buy("k").await.unwrap().status, 404);
    mended(estate, &customer).await;
}

#[tokio::test]
async fn without_its_last_dot_an_alias_leads_nowhere() {
    let (estate, customer) = pulled("dot-missing").await;
    assert!(matches!(customer.buy("k").await, Err(Trouble::Lookup(_))));
    assert!(estate.zone_text().contains("buy IN CNAME orders.shop.example\n"));
    mended(estate, &customer).await;
}

#[tokio::test]
async fn without_its_middle_a_chain_of_aliases_leads_nowhere() {
    let (estate, customer) = pulled("alias-broken").await;
    assert!(matches!(customer.get(&customer.urls.probe_file()).await, Err(Trouble::Lookup(_))));
    assert_eq!(customer.buy("k").await.unwrap().status, 201);
    mended(estate, &customer).await;
}

#[tokio::test]
async fn a_zone_that_was_cut_off_has_lost_who_is_further_down() {
    let (estate, customer) = pulled("zone-truncated").await;
    assert_eq!(customer.buy("k").await.unwrap().status, 201);
    let books = customer.store(Shelf::Books, "in");
    assert!(matches!(customer.get(&books).await, Err(Trouble::Nxdomain)));
    mended(estate, &customer).await;
}

#[tokio::test]
async fn with_every_name_server_silent_what_lives_apart_is_still_there() {
    let (mut estate, customer) = pulled("servers-silent").await;
    let social = estate.urls().host("social") + "/timeline.json";
    assert_eq!(customer.get(&social).await.unwrap().status, 200);
    for (role, _) in estate.name_servers() {
        assert_eq!(estate.serial_of(role).await, None, "{}", role.word());
        assert!(
            estate
                .state()
                .roles
                .iter()
                .any(|state| state.role == role && state.paused && state.pid.is_some())
        );
    }
    // Pulled together with another lever, both hold; one is mended, and the other is not forgotten.
    estate.pull("name-gone").await.unwrap();
    estate.mend("servers-silent").await.unwrap();
    assert!(matches!(customer.buy("k").await, Err(Trouble::Nxdomain)));
    mended(estate, &customer).await;
}

/// Asks a host with curl, who trusts the shop's authority; the status, or why there is none.
async fn by_curl(estate: &Estate, scheme: &str, host: &str, path: &str, words: &[&str]) -> String {
    let port = estate.urls().port();
    let address = Customer::of(estate).address(host).await;
    let run = tokio::process::Command::new("curl")
        .args(["-sS", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "10", "--cacert"])
        .arg(estate.ca_file())
        .args(["--resolve", &format!("{host}:{port}:{address}")])
        .args(words)
        .arg(format!("{scheme}://{host}:{port}{path}"))
        .output()
        .await
        .expect("curl (Debian: curl)");
    String::from_utf8_lossy(&[run.stdout, run.stderr].concat()).into_owned()
}

/// Signs in by TLS.
async fn by_tls(estate: &Estate) -> String {
    let body = json!({ "user": candor_estate::PROBE_USER, "password": candor_estate::PROBE_PASSWORD });
    let words = ["-H", "content-type: application/json", "-d", &body.to_string()];
    by_curl(estate, "https", "account.shop.example", "/sign-in", &words).await
}

#[tokio::test]
async fn an_expired_certificate_is_refused_and_a_new_one_is_taken() {
    let (mut estate, customer) = pulled("certificate-expired").await;
    let refused = by_tls(&estate).await;
    assert!(refused.contains("expired"), "{refused}");
    assert_eq!(customer.sign_in().await.unwrap().status, 200, "by the other name");
    estate.mend("certificate-expired").await.unwrap();
    assert_eq!(by_tls(&estate).await, "200");
    mended(estate, &customer).await;
}

#[tokio::test]
async fn the_certificate_of_one_storefront_expires_and_the_others_are_well() {
    let certified = ["gb.apps", "in.apps"].map(str::to_owned).to_vec();
    let mut estate = Estate::start(EstateOptions { certified, ..options() }).await.unwrap();
    let front = async |estate: &Estate, scheme: &str, place: &str| {
        let host = format!("{place}.apps.shop.example");
        by_curl(estate, scheme, &host, &format!("/{place}/"), &[]).await
    };
    for scheme in ["http", "https"] {
        assert_eq!(front(&estate, scheme, "gb").await, "200", "{scheme}");
    }
    estate.expire_certificate("gb.apps", true).await.unwrap();
    let refused = front(&estate, "https", "gb").await;
    assert!(refused.contains("expired"), "{refused}");
    assert_eq!(front(&estate, "https", "in").await, "200", "the same store elsewhere");
    assert_eq!(front(&estate, "http", "gb").await, "200", "whoever does not ask for it");
    // It stays so when the store is started again.
    estate.kill(Role::Store(Shelf::Apps)).await.unwrap();
    estate.revive(Role::Store(Shelf::Apps)).await.unwrap();
    assert!(front(&estate, "https", "gb").await.contains("expired"));
    estate.expire_certificate("gb.apps", false).await.unwrap();
    assert_eq!(front(&estate, "https", "gb").await, "200");
    assert!(estate.expire_certificate("gb.music", true).await.is_err(), "it has none");
    estate.stop().await;
}

#[tokio::test]
async fn on_a_full_disk_nothing_is_bought_and_what_was_bought_is_there() {
    let (estate, customer) = pulled("disk-full").await;
    let refused = customer.buy("k").await.unwrap();
    assert_eq!((refused.status, refused.json()["error"].as_str()), (500, Some("internal")));
    let token = customer.token().await;
    let order = customer.with(&token, "GET", &(customer.orders("gb") + "/before"), None).await.unwrap();
    assert_eq!((order.status, order.json()["state"].as_str()), (200, Some("paid")));
    mended(estate, &customer).await;
}

#[tokio::test]
async fn a_slow_role_answers_rightly_and_as_late_as_it_is_told() {
    let mut estate = estate().await;
    let customer = Customer::of(&estate);
    estate.slow(Role::Commerce, Some(Duration::from_millis(700))).await.unwrap();
    let begun = Instant::now();
    assert_eq!(customer.buy("k").await.unwrap().status, 201);
    assert!(begun.elapsed() >= Duration::from_millis(700));
    assert!(estate.slow(Role::Commerce, Some(Duration::from_secs(3_600))).await.is_err());
    estate.slow(Role::Commerce, None).await.unwrap();
    mended(estate, &customer).await;
}

#[tokio::test]
async fn at_a_slow_disk_buying_waits() {
    let (estate, customer) = pulled("disk-slow").await;
    let begun = Instant::now();
    assert_eq!(customer.buy("k").await.unwrap().status, 201);
    assert!(begun.elapsed() >= Duration::from_secs(3));
    mended(estate, &customer).await;
}

#[tokio::test]
async fn a_page_can_stand_in_front_of_any_system() {
    let (mut estate, customer) = pulled("apology-elsewhere").await;
    let support = estate.urls().host("support") + "/tickets";
    let page = customer.get(&support).await.unwrap();
    assert!(page.status == 200 && page.text().contains("We will be back soon."), "{}", page.text());
    let words = ServedPage { status: 503, text: "Down <for> work".to_owned() };
    estate.serve_page(Role::Mail, Some(words)).await.unwrap();
    let mail = customer.get(&(estate.urls().host("mail") + "/letters")).await.unwrap();
    assert!(mail.status == 503 && mail.text().contains("Down &lt;for> work"));
    estate.serve_page(Role::Mail, None).await.unwrap();
    assert_eq!(customer.get(&(estate.urls().host("mail") + "/letters")).await.unwrap().status, 401);
    mended(estate, &customer).await;
}

#[tokio::test]
async fn a_role_that_hangs_goes_on_where_it_was_and_one_that_was_told_to_end_comes_back() {
    let mut estate = estate().await;
    let customer = Customer::of(&estate);
    estate.stall(Role::Details, true).await.unwrap();
    let item = customer.urls.storefront().replace("{place}", "gb") + "items/orrery";
    assert_eq!(customer.get(&item).await.unwrap().status, 503);
    estate.stall(Role::Details, false).await.unwrap();
    assert_eq!(customer.get(&item).await.unwrap().status, 200);
    estate.halt(Role::Details).await.unwrap();
    assert_eq!(customer.get(&item).await.unwrap().status, 503);
    estate.revive(Role::Details).await.unwrap();
    assert_eq!(customer.get(&item).await.unwrap().status, 200);
    estate.stop().await;
}
