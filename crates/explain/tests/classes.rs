//! Each class of failure made with real servers, and the diagnosis of it: which class, and which party.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says by a panic what it missed; helpers outside of its function too"
)]

mod lab;

use candor_core::fault::Act;
use candor_core::finding::{AliasEnd, What};
use candor_names::Rcode;

use lab::told::tell;
use lab::{DELEGATION, Lab, Make, NS1, NS2, NS3, SHOP, TEST, known, with, without};

/// The class, and who can mend it.
fn named(what: &What) -> (&'static str, Option<Act>) {
    (what.class(), what.act())
}

#[tokio::test]
async fn a_healthy_name_is_healthy() {
    let lab = Lab::with_zone(SHOP).await;
    for name in ["www.shop.test", "login.shop.test", "shop.test/MX", "shop.test/TXT", "test/NS"] {
        let found = lab.explain(name).await;
        let class = found.what.class();
        assert!(class == "healthy" || (name.ends_with("TXT") && class == "F2"), "{name}: {found:?}");
        assert_eq!(found.asides, [], "{name}");
    }
}

#[tokio::test]
async fn f1_a_name_that_is_gone_from_its_zone() {
    let lab = Lab::with_zone(&without(SHOP, "api A 192.0.2.20")).await;
    let found = lab.explain("api.shop.test").await;
    tell("f1_a_name_that_is_gone_from_its_zone", &found);
    assert_eq!(named(&found.what), ("F1", Some(Act::ZoneOwner)), "{found:?}");
    let What::NameMissing { servers, serial, zone, .. } = found.what else { panic!() };
    assert_eq!((servers.these.len(), servers.of, serial, zone.as_str()), (2, 2, Some(101), "shop.test."));
}

#[tokio::test]
async fn f2_a_name_whose_addresses_are_gone() {
    let lab = Lab::with_zone(&with(SHOP, "api A 192.0.2.20", "api TXT \"empty\"")).await;
    let found = lab.explain("api.shop.test").await;
    tell("f2_a_name_whose_addresses_are_gone", &found);
    assert_eq!(named(&found.what), ("F2", Some(Act::ZoneOwner)), "{found:?}");
}

#[tokio::test]
async fn f3_a_zone_that_is_cut_short() {
    let names: Vec<String> = (0..40).map(|n| format!("n{n:04} A 192.0.2.{n}\n")).collect();
    let whole = format!("{SHOP}{}", names.concat());
    let cut = format!("{SHOP}{}", names[..11].concat()).replace(" 100 600", " 101 600");
    let lab = Lab::with_zone(&cut).await;
    let expected: Vec<String> = (0..40).map(|n| format!("n{n:04}.shop.test. A 192.0.2.{n}")).collect();
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    let found = lab.explain_with("n0030.shop.test", &known(&expected), &[]).await;
    tell("f3_a_zone_that_is_cut_short", &found);
    assert_eq!(named(&found.what), ("F3", Some(Act::ZoneOwner)), "{found:?}");
    let What::MassLoss { lost, of, last, .. } = found.what else { panic!() };
    assert_eq!((lost, of, last.as_deref()), (29, 40, Some("n0010.shop.test.")));
    assert!(whole.len() > cut.len());
    // One name alone is no loss of many.
    let lab = Lab::with_zone(&whole.replace("n0030 A 192.0.2.30\n", "")).await;
    let found = lab.explain_with("n0030.shop.test", &known(&expected), &[]).await;
    assert_eq!(found.what.class(), "F1", "{found:?}");
}

#[tokio::test]
async fn f4_an_alias_without_its_last_dot() {
    let lab = Lab::with_zone(&with(SHOP, "login CNAME edge", "login CNAME edge.shop.test")).await;
    let found = lab.explain("login.shop.test").await;
    tell("f4_an_alias_without_its_last_dot", &found);
    assert_eq!(named(&found.what), ("F4", Some(Act::ZoneOwner)), "{found:?}");
    let What::DotMissing { meant, .. } = found.what else { panic!() };
    assert_eq!(meant, "edge.shop.test.");
}

#[tokio::test]
async fn f4_a_mail_server_without_its_last_dot() {
    let lab = Lab::with_zone(&with(SHOP, "@ MX 10 mail", "@ MX 10 mail.shop.test")).await;
    let found = lab.explain("shop.test/MX").await;
    tell("f4_a_mail_server_without_its_last_dot", &found);
    assert_eq!(named(&found.what), ("F4", Some(Act::ZoneOwner)), "{found:?}");
}

#[tokio::test]
async fn f4_a_delegation_without_its_last_dot() {
    let mut lab = Lab::with_delegation("shop NS ns1.shop.test\nshop NS ns2.shop.test\n").await;
    lab.start(Make::Nsd, NS2, &[("shop.test.", SHOP)]).await;
    let found = lab.explain("www.shop.test").await;
    tell("f4_a_delegation_without_its_last_dot", &found);
    assert_eq!(named(&found.what), ("F4", Some(Act::ZoneOwner)), "{found:?}");
    let What::DotMissing { zone, target, .. } = found.what else { panic!() };
    assert_eq!((zone.as_str(), target.as_str()), ("test.", "ns1.shop.test.test."));
}

#[tokio::test]
async fn f5_one_server_is_blank_under_the_same_serial() {
    let blank = "$TTL 300\n@ SOA ns1 hostmaster 100 600 300 86400 60\n@ NS ns1\n@ NS ns2\nns1 A 127.0.0.1\nns2 A 127.77.0.13\n";
    let lab = Lab::with_zones(SHOP, blank).await;
    let found = lab.explain("www.shop.test").await;
    tell("f5_one_server_is_blank_under_the_same_serial", &found);
    assert_eq!(named(&found.what), ("F5", Some(Act::ZoneOwner)), "{found:?}");
    let What::Disagreement { wrong, serial, others, .. } = found.what else { panic!() };
    assert_eq!((wrong.these[0].address.as_str(), wrong.of, serial), (NS2, 2, Some(100)));
    assert_eq!((wrong.these[0].said.as_str(), others.as_str()), ("NXDOMAIN", "A 192.0.2.10"));
}

#[tokio::test]
async fn f5_one_server_of_four_says_another_address_under_the_same_serial() {
    let four = "shop NS ns1.shop\nshop NS ns2.shop\nshop NS ns3.shop\nns1.shop A 127.0.0.1\nns2.shop A 127.77.0.13\nns3.shop A 127.77.0.14\n";
    let mut lab = Lab::with_delegation(four).await;
    let shop = SHOP.replace("@ NS ns2\n", "@ NS ns2\n@ NS ns3\nns3 A 127.77.0.14\n");
    let other = shop.replace("www A 192.0.2.10", "www A 198.51.100.66");
    lab.start(Make::Bind, NS1, &[("shop.test.", &shop)]).await;
    lab.start(Make::Nsd, NS2, &[("shop.test.", &shop)]).await;
    lab.start(Make::Knot, NS3, &[("shop.test.", &other)]).await;
    let found = lab.explain("www.shop.test").await;
    tell("f5_one_server_of_four_says_another_address_under_the_same_serial", &found);
    assert_eq!(named(&found.what), ("F5", Some(Act::ZoneOwner)), "{found:?}");
    let What::Disagreement { wrong, .. } = found.what else { panic!() };
    let wrong: Vec<&str> = wrong.these.iter().map(|server| server.address.as_str()).collect();
    assert_eq!(wrong, [NS3]);
}

#[tokio::test]
async fn f6_an_alias_whose_target_is_gone() {
    let lab = Lab::with_zone(&without(SHOP, "edge A 192.0.2.30")).await;
    let found = lab.explain("login.shop.test").await;
    tell("f6_an_alias_whose_target_is_gone", &found);
    assert_eq!(named(&found.what), ("F6", Some(Act::ZoneOwner)), "{found:?}");
}

#[tokio::test]
async fn f6_aliases_in_a_circle() {
    let lab = Lab::with_zone(&format!("{SHOP}a1 CNAME a2\na2 CNAME a1\n")).await;
    let found = lab.explain("a1.shop.test").await;
    tell("f6_aliases_in_a_circle", &found);
    assert_eq!(named(&found.what), ("F6", Some(Act::ZoneOwner)), "{found:?}");
}

#[tokio::test]
async fn f7_a_wildcard_answers_for_a_name_that_is_gone() {
    let zone = format!("{}* 3600 A 198.51.100.99\n", without(SHOP, "api A 192.0.2.20"));
    let lab = Lab::with_zone(&zone).await;
    let expected = known(&["api.shop.test A 192.0.2.20"]);
    let found = lab.explain_with("api.shop.test", &expected, &[]).await;
    tell("f7_a_wildcard_answers_for_a_name_that_is_gone", &found);
    assert_eq!(named(&found.what), ("F7", Some(Act::ZoneOwner)), "{found:?}");
    let What::Wildcard { wildcard, ttl, .. } = found.what else { panic!() };
    assert_eq!((wildcard.as_str(), ttl), ("*.shop.test.", 3600));
}

#[tokio::test]
async fn f8_another_address_than_expected() {
    let lab = Lab::with_zone(&with(SHOP, "api A 192.0.2.20", "api A 198.51.100.66")).await;
    let found = lab.explain_with("api.shop.test", &known(&["api.shop.test A 192.0.2.20"]), &[]).await;
    tell("f8_another_address_than_expected", &found);
    assert_eq!(named(&found.what), ("F8", Some(Act::ZoneOwner)), "{found:?}");
    // What nobody expects otherwise is right.
    assert_eq!(lab.explain("api.shop.test").await.what.class(), "healthy");
}

#[tokio::test]
async fn f8_other_servers_than_expected() {
    let lab = Lab::with_zone(SHOP).await;
    let expected = known(&["shop.test NS ns1.shop-hosting.test.", "shop.test NS ns2.shop-hosting.test."]);
    let found = lab.explain_with("www.shop.test", &expected, &[]).await;
    tell("f8_other_servers_than_expected", &found);
    assert_eq!(found.what.class(), "F8", "{found:?}");
}

#[tokio::test]
async fn f9_servers_that_do_not_serve_the_zone() {
    let mut lab = Lab::with_delegation(DELEGATION).await;
    lab.start(Make::Bind, NS1, &[("other.test.", SHOP)]).await;
    lab.start(Make::Nsd, NS2, &[("other.test.", SHOP)]).await;
    let found = lab.explain("www.shop.test").await;
    tell("f9_servers_that_do_not_serve_the_zone", &found);
    assert_eq!(named(&found.what), ("F9", Some(Act::ZoneOwner)), "{found:?}");
    let What::Lame { servers, parent, .. } = found.what else { panic!() };
    assert_eq!(
        (servers.these.len(), servers.these[0].said.as_str(), parent.as_str()),
        (2, "REFUSED", "test.")
    );
}

#[tokio::test]
async fn f9_servers_without_an_address_at_the_parent() {
    let mut lab = Lab::with_delegation("shop NS ns1.shop\nshop NS ns2.shop\n").await;
    lab.start(Make::Bind, NS1, &[("shop.test.", SHOP)]).await;
    let found = lab.explain("www.shop.test").await;
    tell("f9_servers_without_an_address_at_the_parent", &found);
    assert_eq!(named(&found.what), ("F9", Some(Act::Registrar)), "{found:?}");
    assert!(matches!(&found.what, What::NoGlue { hosts, .. } if hosts.len() == 2));
}

#[tokio::test]
async fn f9_an_old_address_at_the_parent() {
    let delegation = "shop NS ns1.shop\nshop NS ns2.shop\nns1.shop A 127.77.0.14\nns2.shop A 127.77.0.13\n";
    let mut lab = Lab::with_delegation(delegation).await;
    lab.start(Make::Nsd, NS2, &[("shop.test.", SHOP)]).await;
    let found = lab.explain("www.shop.test").await;
    tell("f9_an_old_address_at_the_parent", &found);
    assert_eq!(named(&found.what), ("F9", Some(Act::Registrar)), "{found:?}");
    assert!(matches!(&found.what, What::GlueDiffers { host, .. } if host == "ns1.shop.test."), "{found:?}");
}

#[tokio::test]
async fn f10_a_zone_that_its_parent_does_not_know_any_more() {
    let mut lab = Lab::with_delegation("").await;
    lab.start(Make::Bind, NS1, &[("shop.test.", SHOP)]).await;
    let found = lab.explain("api.shop.test").await;
    tell("f10_a_zone_that_its_parent_does_not_know_any_more", &found);
    assert_eq!(named(&found.what), ("F10", Some(Act::Registrar)), "{found:?}");
    assert!(
        matches!(&found.what, What::GoneAtParent { zone, parent, .. } if zone == "shop.test." && parent == "test.")
    );
}

#[tokio::test]
async fn f10_the_servers_of_a_zone_that_is_on_hold_still_answer() {
    let mut lab = Lab::with_delegation("").await;
    lab.start(Make::Bind, NS1, &[("shop.test.", SHOP)]).await;
    let expected = known(&["shop.test NS ns1.shop.test.", "ns1.shop.test A 127.0.0.1"]);
    let found = lab.explain_with("api.shop.test", &expected, &[]).await;
    tell("f10_the_servers_of_a_zone_that_is_on_hold_still_answer", &found);
    assert!(matches!(&found.what, What::GoneAtParent { still_served: Some(true), .. }), "{found:?}");
    lab.stop(NS1);
    let found = lab.explain_with("api.shop.test", &expected, &[]).await;
    assert!(matches!(&found.what, What::GoneAtParent { still_served: Some(false), .. }), "{found:?}");
}

#[tokio::test]
async fn f10_servers_whose_own_domain_is_gone() {
    let mut lab = Lab::with_delegation("shop NS ns1.dnsco\nshop NS ns2.dnsco\n").await;
    lab.start(Make::Bind, NS1, &[("shop.test.", SHOP)]).await;
    let found = lab.explain("www.shop.test").await;
    tell("f10_servers_whose_own_domain_is_gone", &found);
    assert_eq!(named(&found.what), ("F10", Some(Act::Registrar)), "{found:?}");
    assert!(
        matches!(&found.what, What::HostsGone { at, denied_by, .. } if at == "dnsco.test." && denied_by == "test."),
        "{found:?}"
    );
}

#[tokio::test]
async fn f11_no_server_answers() {
    let mut lab = Lab::with_zone(SHOP).await;
    lab.stop(NS1);
    lab.halt(NS2);
    let found = lab.explain("www.shop.test").await;
    tell("f11_no_server_answers", &found);
    assert_eq!(named(&found.what), ("F11", Some(Act::Network)), "{found:?}");
    let What::Unreachable { servers, zone, .. } = found.what else { panic!() };
    let said: Vec<&str> = servers.these.iter().map(|server| server.said.as_str()).collect();
    assert_eq!((zone.as_str(), said), ("shop.test.", vec!["port closed", "silent"]));
}

#[tokio::test]
async fn f11_one_server_of_two_is_silent() {
    let lab = Lab::with_zone(SHOP).await;
    lab.halt(NS2);
    let found = lab.explain("www.shop.test").await;
    tell("f11_one_server_of_two_is_silent", &found);
    assert_eq!(named(&found.what), ("F11", Some(Act::Network)), "{found:?}");
    assert!(
        matches!(&found.what, What::Unreachable { servers, .. } if servers.these.len() == 1 && servers.of == 2)
    );
}

#[tokio::test]
async fn f12_a_primary_that_went_backwards() {
    let old = SHOP.replace(" 100 600", " 2026112101 600");
    let new = SHOP.replace(" 100 600", " 1763700000 600").replace("api A 192.0.2.20", "api A 192.0.2.21");
    let lab = Lab::with_zones(&new, &old).await;
    let found = lab.explain("api.shop.test").await;
    tell("f12_a_primary_that_went_backwards", &found);
    assert_eq!(named(&found.what), ("F12", Some(Act::ZoneOwner)), "{found:?}");
    // Also where the name itself is the same on both.
    let found = lab.explain("www.shop.test").await;
    assert!(matches!(found.what, What::SerialsDiffer { backwards: true, .. }), "{found:?}");
}

#[tokio::test]
async fn f12_a_copy_that_has_run_out() {
    // A secondary of a hidden primary that has stopped: five seconds later the copy is too old to be served.
    let mut lab = Lab::with_delegation(DELEGATION).await;
    lab.start(Make::Bind, NS1, &[("shop.test.", SHOP)]).await;
    lab.start(Make::Nsd, NS3, &[("shop.test.", &SHOP.replace(" 600 300 86400 ", " 1 1 5 "))]).await;
    lab.secondary(NS2, "shop.test.", NS3).await;
    assert_eq!(lab.explain("www.shop.test").await.what.class(), "healthy");
    lab.stop(NS3);
    lab.until(NS2, "shop.test.", Rcode::SERVFAIL).await;
    let found = lab.explain("www.shop.test").await;
    tell("f12_a_copy_that_has_run_out", &found);
    assert_eq!(named(&found.what), ("F12", Some(Act::ZoneOwner)), "{found:?}");
    assert!(matches!(&found.what, What::CopyExpired { servers, .. } if servers.these[0].address == NS2));
}

#[tokio::test]
async fn f12_a_copy_that_could_not_be_loaded() {
    let mut lab = Lab::with_delegation(DELEGATION).await;
    lab.start(Make::Bind, NS1, &[("shop.test.", SHOP)]).await;
    lab.start(Make::Nsd, NS2, &[("shop.test.", "this is no zone\n")]).await;
    let found = lab.explain("www.shop.test").await;
    assert!(
        matches!(&found.what, What::CopyExpired { servers, .. } if servers.these[0].address == NS2),
        "{found:?}"
    );
}

#[tokio::test]
async fn what_the_parent_itself_does_not_answer_is_said_of_the_parent() {
    let mut lab = Lab::with_zone(SHOP).await;
    lab.stop(TEST);
    let found = lab.explain("www.shop.test").await;
    assert!(matches!(&found.what, What::Unreachable { zone, .. } if zone == "test."), "{found:?}");
}

#[tokio::test]
async fn a_zone_on_the_servers_of_its_parent_is_walked_to_as_well() {
    let mut lab = Lab::with_delegation(DELEGATION).await;
    let inner = "$TTL 300\n@ SOA ns1.shop.test. hostmaster 5 600 300 86400 60\n@ NS ns1.shop.test.\nwww A 192.0.2.70\n";
    let outer = SHOP.replace("@ NS ns2\n", "").replace("ns2 A 127.77.0.13\n", "eu NS ns1\n");
    lab.start(Make::Bind, NS1, &[("shop.test.", &outer), ("eu.shop.test.", inner)]).await;
    lab.start(Make::Nsd, NS2, &[("shop.test.", &outer), ("eu.shop.test.", inner)]).await;
    let walk = lab.walk("www.eu.shop.test", &known(&[]), &[]).await;
    let apexes: Vec<&str> = walk.zones.iter().map(|zone| zone.apex.as_str()).collect();
    assert_eq!(apexes, [".", "test.", "shop.test.", "eu.shop.test."]);
    let found = lab.explain("www.eu.shop.test").await;
    assert_eq!(found.what.class(), "healthy", "{found:?}");
    assert_eq!(lab.explain("nobody.eu.shop.test").await.what.class(), "F1");
}

#[tokio::test]
async fn an_alias_into_a_zone_that_is_broken_is_told_of_that_zone() {
    let delegation = format!("{DELEGATION}cdn NS ns.cdn\nns.cdn A {NS3}\n");
    let mut lab = Lab::with_delegation(&delegation).await;
    let shop = with(SHOP, "login CNAME edge", "login CNAME edge.cdn.test.");
    lab.start(Make::Bind, NS1, &[("shop.test.", &shop)]).await;
    lab.start(Make::Nsd, NS2, &[("shop.test.", &shop)]).await;
    let found = lab.explain("login.shop.test").await;
    assert!(matches!(&found.what, What::Unreachable { zone, .. } if zone == "cdn.test."), "{found:?}");
}

#[tokio::test]
async fn two_servers_that_differ_are_both_named_where_nothing_says_who_is_right() {
    let lab = Lab::with_zones(SHOP, &SHOP.replace("www A 192.0.2.10", "www A 198.51.100.66")).await;
    let found = lab.explain("www.shop.test").await;
    assert!(
        matches!(&found.what, What::Disagreement { wrong, others, .. } if wrong.these.len() == 2 && others.is_empty()),
        "{found:?}"
    );
    let found = lab.explain_with("www.shop.test", &known(&["www.shop.test A 192.0.2.10"]), &[]).await;
    assert!(
        matches!(&found.what, What::Disagreement { wrong, .. } if wrong.these[0].address == NS2 && wrong.these.len() == 1),
        "{found:?}"
    );
}

#[tokio::test]
async fn a_question_for_the_alias_itself_ends_there() {
    let lab = Lab::with_zone(SHOP).await;
    assert_eq!(lab.explain("login.shop.test/CNAME").await.what.class(), "healthy");
}

#[tokio::test]
async fn f1_a_mail_server_that_is_gone() {
    let lab = Lab::with_zone(&without(SHOP, "mail A 192.0.2.40")).await;
    let found = lab.explain("shop.test/MX").await;
    tell("f1_a_mail_server_that_is_gone", &found);
    assert_eq!(named(&found.what), ("F1", Some(Act::ZoneOwner)), "{found:?}");
    assert!(matches!(&found.what, What::TargetBroken { target, .. } if target == "mail.shop.test."));
}

#[tokio::test]
async fn f6_a_chain_of_aliases_that_is_too_long() {
    let chain: String = (0..20).map(|n| format!("a{n} CNAME a{}\n", n + 1)).collect();
    let lab = Lab::with_zone(&format!("{SHOP}{chain}a20 A 192.0.2.50\n")).await;
    let found = lab.explain("a0.shop.test").await;
    tell("f6_a_chain_of_aliases_that_is_too_long", &found);
    assert_eq!(named(&found.what), ("F6", Some(Act::ZoneOwner)), "{found:?}");
    assert!(matches!(&found.what, What::AliasBroken { end: AliasEnd::TooLong, .. }));
}

#[tokio::test]
async fn f9_servers_whose_names_are_aliases() {
    let mut lab = Lab::with_delegation(&format!("shop NS ns1.dns\ndns NS ns.dns\nns.dns A {NS2}\n")).await;
    let dns = "$TTL 300\n@ SOA ns hostmaster 1 600 300 86400 60\n@ NS ns\nns A 127.77.0.13\nns1 CNAME real\nreal A 127.0.0.1\n";
    lab.start(Make::Nsd, NS2, &[("dns.test.", dns)]).await;
    lab.start(Make::Bind, NS1, &[("shop.test.", SHOP)]).await;
    let found = lab.explain("www.shop.test").await;
    tell("f9_servers_whose_names_are_aliases", &found);
    assert_eq!(named(&found.what), ("F9", Some(Act::ZoneOwner)), "{found:?}");
}

#[tokio::test]
async fn f9_servers_that_can_only_be_found_by_asking_themselves() {
    let mut lab = Lab::with_delegation("shop NS ns.post.test.\npost NS ns.shop.test.\n").await;
    lab.start(Make::Bind, NS1, &[("shop.test.", SHOP)]).await;
    let found = lab.explain("www.shop.test").await;
    tell("f9_servers_that_can_only_be_found_by_asking_themselves", &found);
    assert_eq!(named(&found.what), ("F9", Some(Act::Registrar)), "{found:?}");
}
