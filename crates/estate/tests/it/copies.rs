//! One primary and three copies: what is published reaches each of them by NOTIFY and a signed transfer, or does not.

use std::time::Duration;

use candor_estate::{Estate, Region, Role, ZoneEdit};
use candor_names::{AskOptions, Question, ask};

use crate::customer::{Customer, Trouble};
use crate::estate;

const INDIA: Role = Role::Copy(Region::India);
const WEST: Role = Role::Copy(Region::West);

/// What a server says of a name: its addresses, or the code of its answer.
async fn said(estate: &Estate, role: Role, name: &str) -> Vec<String> {
    let question = Question::parse(name, "A").unwrap();
    let options = AskOptions { deadline: Duration::from_secs(2), ..AskOptions::default() };
    match ask(estate.address(role), &question, &options).await {
        Ok(answer) if answer.answer.is_empty() => vec![answer.rcode.to_string()],
        Ok(answer) => answer.answer.into_iter().map(|record| record.data).collect(),
        Err(error) => vec![error.to_string()],
    }
}

#[tokio::test]
async fn what_is_published_is_on_every_copy_when_it_returns_and_outlives_their_restart() {
    let mut estate = estate().await;
    let text = "$ORIGIN shop.example.\n$TTL 2\n@ IN SOA ns1 h 1 20 5 60 1\n@ IN NS ns1\nns1 IN A 192.0.2.1\n\
                buy IN A 192.0.2.7\n";
    let serial = estate.publish(text).await.unwrap();
    for (role, _) in estate.name_servers() {
        assert_eq!(estate.serial_of(role).await, Some(serial), "{}", role.word());
        assert_eq!(said(&estate, role, "buy.shop.example").await, ["192.0.2.7"]);
    }
    let set = vec!["buy 2 IN A 192.0.2.8".to_owned()];
    let next = estate.edit(&ZoneEdit { set, ..ZoneEdit::default() }).await.unwrap();
    assert!(next > serial);
    assert_eq!(said(&estate, INDIA, "buy.shop.example").await, ["192.0.2.8"]);

    // With the primary dead, a copy that starts again goes on with what it kept.
    estate.kill(Role::Dns).await.unwrap();
    estate.kill(INDIA).await.unwrap();
    assert_eq!(estate.serial_of(INDIA).await, None);
    estate.revive(INDIA).await.unwrap();
    for _ in 0..200 {
        if estate.serial_of(INDIA).await == Some(next) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(said(&estate, INDIA, "buy.shop.example").await, ["192.0.2.8"]);
    estate.mend_all().await.unwrap();
    assert_eq!(Customer::of(&estate).buy("k").await.unwrap().status, 201);
    estate.stop().await;
}

#[tokio::test]
async fn a_copy_that_is_withheld_from_keeps_the_old_zone_until_it_is_delivered_to() {
    let mut estate = estate().await;
    let before = estate.zone_serial();
    estate.withhold(INDIA).await.unwrap();
    let after =
        estate.edit(&ZoneEdit { remove: vec!["orders".to_owned()], ..ZoneEdit::default() }).await.unwrap();
    assert_eq!((estate.serial_of(INDIA).await, estate.serial_of(WEST).await), (Some(before), Some(after)));
    assert!(Customer::at(&estate, "in").buy("k-1").await.is_ok());
    assert!(matches!(Customer::at(&estate, "gb").buy("k-2").await, Err(Trouble::Lookup(_))));
    estate.deliver(INDIA).await.unwrap();
    assert_eq!(estate.serial_of(INDIA).await, Some(after));
    let whole = estate.publish_whole().await.unwrap();
    assert_eq!(estate.serial_of(INDIA).await, Some(whole));
    estate.stop().await;
}

#[tokio::test]
async fn nobody_has_the_zone_without_the_key() {
    let estate = estate().await;
    let refused = tokio::process::Command::new("dig")
        .args(["+tcp", "+time=2", "+tries=1", "-p", &estate.dns_addr().port().to_string()])
        .args([&format!("@{}", estate.dns_addr().ip()), "shop.example", "AXFR"])
        .output()
        .await
        .expect("dig (Debian: bind9-dnsutils)");
    let told = String::from_utf8_lossy(&refused.stdout).into_owned();
    assert!(told.contains("Transfer failed"), "{told}");
    estate.stop().await;
}

#[tokio::test]
async fn what_is_no_zone_is_not_published() {
    let mut estate = estate().await;
    let serial = estate.zone_serial();
    for (text, words) in [
        ("buy IN A 1.2.3", "cannot be published"),
        ("$ORIGIN other.example.\n@ 2 IN SOA a b 1 1 1 1 1\n@ 2 IN NS a\n", "not shop.example."),
    ] {
        let error = estate.publish(text).await.unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    assert_eq!((estate.zone_serial(), estate.serial_of(INDIA).await), (serial, Some(serial)));
    estate.stop().await;
}

#[tokio::test]
async fn the_copies_differ_while_a_bad_zone_is_on_its_way() {
    let mut estate = estate().await;
    estate.pull("bad-zone-india").await.unwrap();
    assert!(matches!(Customer::at(&estate, "in").buy("k-1").await, Err(Trouble::Nxdomain)));
    assert_eq!(Customer::at(&estate, "gb").buy("k-2").await.unwrap().status, 201);
    // A storefront asks for what it needs where its customers ask.
    let item = |place: &str| estate.urls().storefront().replace("{place}", place) + "items/orrery";
    let (gb, india) = (item("gb"), item("in"));
    assert_eq!(Customer::at(&estate, "gb").get(&gb).await.unwrap().status, 200);
    assert_eq!(Customer::at(&estate, "in").get(&india).await.unwrap().status, 503);

    estate.shift(&["bad-zone"], &["bad-zone-india"]).await.unwrap();
    assert!(matches!(Customer::at(&estate, "gb").buy("k-3").await, Err(Trouble::Nxdomain)));
    estate.shift(&["copy-old"], &["bad-zone"]).await.unwrap();
    assert_eq!(Customer::at(&estate, "gb").buy("k-4").await.unwrap().status, 201);
    assert!(matches!(Customer::at(&estate, "in").buy("k-5").await, Err(Trouble::Nxdomain)));
    estate.mend_all().await.unwrap();
    assert_eq!(Customer::at(&estate, "in").buy("k-6").await.unwrap().status, 201);
    estate.stop().await;
}

#[tokio::test]
async fn a_copy_that_is_cut_off_for_too_long_says_that_it_cannot_answer() {
    let mut estate = estate().await;
    estate.pull("copy-expired").await.unwrap();
    assert_eq!(Customer::at(&estate, "in").front("in").await.unwrap().status, 200, "not yet");
    for _ in 0..1000 {
        if said(&estate, INDIA, "in.apps.shop.example").await == ["SERVFAIL"] {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(said(&estate, INDIA, "in.apps.shop.example").await, ["SERVFAIL"]);
    assert_eq!(Customer::at(&estate, "gb").front("gb").await.unwrap().status, 200);
    estate.mend("copy-expired").await.unwrap();
    assert_eq!(Customer::at(&estate, "in").front("in").await.unwrap().status, 200);
    estate.stop().await;
}
