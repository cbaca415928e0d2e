//! The zone is right, and a resolver is not: it holds what was, or fails by itself.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says by a panic what it missed; helpers outside of its function too"
)]

mod lab;

use std::sync::Arc;

use candor_core::Timestamp;
use candor_core::fault::Act;
use candor_core::finding::{ResolverFault, What};
use candor_explain::judge;
use candor_names::walk::Unheard;

use lab::told::tell;
use lab::{Lab, Make, NS1, NS2, RESOLVER, SHOP, known, question, without};

#[tokio::test]
async fn a_resolver_that_says_the_same_is_healthy() {
    let mut lab = Lab::with_zone(SHOP).await;
    let resolver = lab.resolver("").await;
    let found = lab.explain_with("www.shop.test", &known(&[]), &[resolver]).await;
    assert_eq!(found.what.class(), "healthy", "{found:?}");
}

#[tokio::test]
async fn f15_a_resolver_still_holds_the_denial() {
    let mut lab = Lab::with_zone(
        &without(SHOP, "api A 192.0.2.20")
            .replace(" 86400 60", " 86400 3600")
            .replace("$TTL 300", "$TTL 3600"),
    )
    .await;
    let resolver = lab.resolver("").await;
    let asked =
        candor_names::ask(resolver, &question("api.shop.test", "A"), &candor_names::AskOptions::default())
            .await;
    assert_eq!(asked.unwrap().rcode, candor_names::Rcode::NXDOMAIN);
    for (make, ip) in [(Make::Bind, NS1), (Make::Nsd, NS2)] {
        lab.stop(ip);
        lab.start(make, ip, &[("shop.test.", &SHOP.replace(" 100 600", " 102 600"))]).await;
    }
    let found = lab.explain_with("api.shop.test", &known(&[]), &[resolver]).await;
    tell("f15_a_resolver_still_holds_the_denial", &found);
    assert_eq!((found.what.class(), found.what.act()), ("F15", Some(Act::Resolver)), "{found:?}");
    let What::Cached { holds, seconds, .. } = found.what else { panic!() };
    assert_eq!(holds, "NXDOMAIN");
    assert!((3_000..=3_600).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn f16_a_resolver_that_denies_by_itself() {
    let mut lab = Lab::with_zone(SHOP).await;
    let resolver = lab.resolver("  local-zone: \"www.shop.test.\" always_nxdomain\n").await;
    let found = lab.explain_with("www.shop.test", &known(&[]), &[resolver]).await;
    assert!(matches!(found.what, What::Resolver { fault: ResolverFault::Error(_), .. }), "{found:?}");
}

#[tokio::test]
async fn f16_a_resolver_that_does_not_answer() {
    let mut lab = Lab::with_zone(SHOP).await;
    let resolver = lab.resolver("").await;
    lab.halt(RESOLVER);
    let found = lab.explain_with("www.shop.test", &known(&[]), &[resolver]).await;
    tell("f16_a_resolver_that_does_not_answer", &found);
    assert!(matches!(found.what, What::Resolver { fault: ResolverFault::Silent, .. }), "{found:?}");
    lab.stop(RESOLVER);
    let found = lab.explain_with("www.shop.test", &known(&[]), &[resolver]).await;
    assert!(matches!(found.what, What::Resolver { fault: ResolverFault::Unreachable(_), .. }), "{found:?}");
}

#[tokio::test]
async fn f16_a_resolver_that_trusts_a_key_that_never_was() {
    let mut lab = Lab::with_zone(SHOP).await;
    let anchor = "  trust-anchor: \"shop.test. DS 12345 13 2 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"\n";
    let resolver = lab.resolver(anchor).await;
    let found = lab.explain_with("www.shop.test", &known(&[]), &[resolver]).await;
    tell("f16_a_resolver_that_trusts_a_key_that_never_was", &found);
    assert!(matches!(found.what, What::Resolver { fault: ResolverFault::Validation(_), .. }), "{found:?}");
}

/// A key that no zone here ever had.
const STRANGER: &str = "trust-anchors { \"shop.test.\" static-ds 12345 13 2 \"00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF\"; };";

/// Both names of servers lead to NS2: BIND as a resolver has the address of NS1.
async fn with_one_server(zone: &str) -> Lab {
    let mut lab = Lab::with_delegation("shop NS ns2.shop\nns2.shop A 127.77.0.13\n").await;
    lab.start(Make::Nsd, NS2, &[("shop.test.", zone)]).await;
    lab
}

#[tokio::test]
async fn f15_bind_still_holds_the_address_of_old() {
    let zone = SHOP.replace("@ NS ns1\n", "").replace("$TTL 300", "$TTL 3600");
    let mut lab = with_one_server(&zone).await;
    let resolver = lab.bind_resolver("").await;
    candor_names::ask(resolver, &question("api.shop.test", "A"), &candor_names::AskOptions::default())
        .await
        .unwrap();
    let moved = zone.replace("192.0.2.20", "192.0.2.21").replace(" 100 600", " 101 600");
    lab.stop(NS2);
    lab.start(Make::Nsd, NS2, &[("shop.test.", &moved)]).await;
    let found = lab.explain_with("api.shop.test", &known(&["api.shop.test A 192.0.2.21"]), &[resolver]).await;
    tell("f15_bind_still_holds_the_address_of_old", &found);
    assert!(matches!(&found.what, What::Cached { holds, .. } if holds == "A 192.0.2.20"), "{found:?}");
}

#[tokio::test]
async fn f16_bind_with_a_key_that_never_was() {
    let mut lab = with_one_server(&SHOP.replace("@ NS ns1\n", "")).await;
    let resolver = lab.bind_resolver(STRANGER).await;
    let mut walk = lab.walk("www.shop.test", &known(&[]), &[resolver]).await;
    let found = judge(&walk, &known(&[]), Timestamp::now());
    assert!(matches!(found.what, What::Resolver { fault: ResolverFault::Validation(_), .. }), "{found:?}");
    // Where nothing was heard of the zone's DS, the resolver may be right.
    let delegations = walk.zones.iter_mut().flat_map(|zone| &mut zone.delegation);
    for (_, heard) in delegations.flat_map(|said| &mut said.ds) {
        *heard = Arc::new(Err(Unheard::StillSilent(resolver)));
    }
    let found = judge(&walk, &known(&[]), Timestamp::now());
    assert_eq!(found.what.class(), "could_not_tell", "{found:?}");
}
