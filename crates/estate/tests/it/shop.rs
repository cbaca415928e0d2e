//! The shop when nothing is broken.

use candor_estate::{PROBE_SHA256, PROBE_SIZE};
use sha2::{Digest, Sha256};

use crate::customer::Customer;
use crate::estate;

#[tokio::test]
async fn each_place_has_its_own_front_page_currency_and_items() {
    let estate = estate().await;
    let customer = Customer::of(&estate);
    for (place, sign, currency) in
        [("gb", "£1.49", "GBP"), ("us", "$1.99", "USD"), ("ca", "CA$2.29", "CAD"), ("in", "₹120.00", "INR")]
    {
        let front = customer.front(place).await.unwrap();
        assert_eq!(front.status, 200);
        assert!(front.text().contains("Top charts") && front.text().contains(sign), "{}", front.text());
        let first = format!("<a class=\"item\" href=\"/{place}/items/tidewater\">");
        assert!(front.text().contains(&first));

        let url = customer.urls.storefront().replace("{place}", place);
        let page = customer.get(&format!("{url}items/tidewater")).await.unwrap();
        assert!(page.status == 200 && page.text().contains("Tide tables") && page.text().contains(sign));
        let json = customer.get(&format!("{url}items/tidewater.json")).await.unwrap().json();
        assert_eq!(json["currency"], currency);
        let icon = customer.get(&url.replace(&format!("/{place}/"), "/icons/tidewater.svg")).await.unwrap();
        assert_eq!((icon.status, icon.header("content-type")), (200, "image/svg+xml"));
    }
    estate.stop().await;
}

#[tokio::test]
async fn the_old_address_of_a_storefront_leads_to_its_own() {
    let estate = estate().await;
    let customer = Customer::of(&estate);
    let port = customer.urls.port();
    let way = customer.get(&format!("http://apps.shop.example:{port}/in/items/orrery")).await.unwrap();
    assert_eq!(
        (way.status, way.header("location")),
        (307, format!("http://in.apps.shop.example:{port}/in/items/orrery").as_str())
    );
    let choice = customer.get(&format!("http://apps.shop.example:{port}/")).await.unwrap().text();
    assert!(choice.contains(&format!("http://in.apps.shop.example:{port}/in/")));
    let by_address = customer.get(&estate.urls().shop_by_address()).await.unwrap().text();
    assert!(!by_address.contains("shop.example:"), "a browser without our name server is led by address");
    estate.stop().await;
}

#[tokio::test]
async fn the_probe_file_comes_whole_in_ranges_and_not_again() {
    let estate = estate().await;
    let customer = Customer::of(&estate);
    let url = customer.urls.probe_file();
    let whole = customer.get(&url).await.unwrap();
    assert_eq!(
        (whole.status, whole.body.len(), whole.header("content-length")),
        (200, PROBE_SIZE, "5000000")
    );
    assert_eq!(format!("{:x}", Sha256::digest(&whole.body)), PROBE_SHA256);

    let some = customer.ask("GET", &url, &[("range", "bytes=1000-1999")], "").await.unwrap();
    assert_eq!((some.status, some.header("content-range")), (206, "bytes 1000-1999/5000000"));
    assert_eq!(some.body, whole.body.slice(1000..2000));
    let beyond = customer.ask("GET", &url, &[("range", "bytes=5000000-")], "").await.unwrap();
    assert_eq!((beyond.status, beyond.header("content-range")), (416, "bytes */5000000"));
    let changed =
        customer.ask("GET", &url, &[("range", "bytes=0-9"), ("if-range", "\"old\"")], "").await.unwrap();
    assert_eq!((changed.status, changed.body.len()), (200, PROBE_SIZE));

    let etag = whole.header("etag").to_owned();
    let again = customer.ask("GET", &url, &[("if-none-match", &etag)], "").await.unwrap();
    assert_eq!((again.status, again.body.len()), (304, 0));
    let head = customer.ask("HEAD", &url, &[], "").await.unwrap();
    assert_eq!((head.status, head.header("content-length"), head.body.len()), (200, "5000000", 0));
    estate.stop().await;
}

#[tokio::test]
async fn a_person_buys_at_the_storefront_and_downloads_what_they_bought() {
    let estate = estate().await;
    let customer = Customer::of(&estate);
    let url = customer.urls.storefront().replace("{place}", "ca") + "items/orrery";
    let page = customer.get(&url).await.unwrap().text();
    let key = page.split("name=\"key\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();

    let form = [("content-type", "application/x-www-form-urlencoded")];
    let bought = customer.ask("POST", &format!("{url}/buy"), &form, &format!("key={key}")).await.unwrap();
    assert_eq!(bought.status, 201, "{}", bought.text());
    let text = bought.text();
    let file = text.split("class=\"button\" href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let again = customer.ask("POST", &format!("{url}/buy"), &form, &format!("key={key}")).await.unwrap();
    assert!(again.text().contains(&file), "a second press is the same purchase");

    let download = customer.get(&file).await.unwrap();
    assert_eq!((download.status, download.body.len()), (200, 400_000));
    let other = customer.get(&file.replace("orrery", "larder")).await.unwrap();
    assert_eq!((other.status, other.json()["error"].as_str()), (403, Some("receipt")));
    let without = customer.get(file.split('?').next().unwrap()).await.unwrap();
    assert_eq!(without.status, 401);
    estate.stop().await;
}
