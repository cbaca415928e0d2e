//! Failures of DNSSEC, with really signed zones on real servers: the diagnosis of each, and of the healthy zone.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says by a panic what it missed; helpers outside of its function too"
)]

mod lab;

use std::sync::Arc;

use candor_core::Timestamp;
use candor_core::finding::{BadSignature, Finding, What};
use candor_explain::judge;
use candor_names::Walk;
use candor_names::walk::{Heard, Unheard};
use candor_page::{Language, finding_words};

use lab::signed::{How, sign};
use lab::told::tell;
use lab::{DELEGATION, Lab, Make, NS1, NS2, SHOP, known, root_zone, zone_of_test};

/// A signed root and `test.` with this DS in its delegation, and both servers with these zones.
async fn lab(ds: &str, one: &str, two: &str) -> Lab {
    let mut lab = Lab::with_signed_delegation(&format!("{DELEGATION}{ds}\n")).await;
    lab.start(Make::Bind, NS1, &[("shop.test.", one)]).await;
    lab.start(Make::Nsd, NS2, &[("shop.test.", two)]).await;
    lab
}

#[tokio::test]
async fn a_zone_that_is_signed_well_is_healthy() {
    let signed = sign("shop.test.", SHOP, How::Well);
    let lab = lab(&signed.ds, &signed.zone, &signed.zone).await;
    for name in ["www.shop.test", "login.shop.test", "shop.test/MX"] {
        let found = lab.explain(name).await;
        assert_eq!((found.what.class(), found.asides.as_slice()), ("healthy", &[][..]), "{name}: {found:?}");
    }
    // A denial that is signed is a denial.
    assert_eq!(lab.explain("nobody.shop.test").await.what.class(), "F1");
}

#[tokio::test]
async fn what_a_dname_or_a_wildcard_makes_of_a_name_is_as_good() {
    let zone = format!("{SHOP}old DNAME shop.test.\n*.many A 192.0.2.90\n");
    let signed = sign("shop.test.", &zone, How::Well);
    let lab = lab(&signed.ds, &signed.zone, &signed.zone).await;
    for name in ["www.old.shop.test", "x.many.shop.test"] {
        let found = lab.explain(name).await;
        assert_eq!((found.what.class(), found.asides.as_slice()), ("healthy", &[][..]), "{name}: {found:?}");
    }
}

#[tokio::test]
async fn f13_a_ds_over_a_zone_that_is_not_signed() {
    let signed = sign("shop.test.", SHOP, How::Well);
    let lab = lab(&signed.ds, SHOP, SHOP).await;
    let found = lab.explain("www.shop.test").await;
    tell("f13_a_ds_over_a_zone_that_is_not_signed", &found);
    assert!(
        matches!(&found.what, What::KeysDiffer { keys, ds, parent, .. } if keys.is_empty() && ds.len() == 1 && parent == "test."),
        "{found:?}"
    );
}

#[tokio::test]
async fn f13_a_ds_for_another_key() {
    let (signed, other) = (sign("shop.test.", SHOP, How::Well), sign("shop.test.", SHOP, How::Well));
    let lab = lab(&other.ds, &signed.zone, &signed.zone).await;
    let found = lab.explain("www.shop.test").await;
    tell("f13_a_ds_for_another_key", &found);
    assert!(matches!(&found.what, What::KeysDiffer { keys, .. } if keys.len() == 2), "{found:?}");
}

#[tokio::test]
async fn f14_signatures_that_have_ended() {
    let signed = sign("shop.test.", SHOP, How::Ended);
    let lab = lab(&signed.ds, &signed.zone, &signed.zone).await;
    let found = lab.explain("www.shop.test").await;
    tell("f14_signatures_that_have_ended", &found);
    let What::Signatures { bad: BadSignature::Expired(_), servers, .. } = &found.what else {
        panic!("{found:?}")
    };
    assert_eq!((servers.these.len(), servers.of), (2, 2));
}

#[tokio::test]
async fn f14_signatures_that_have_ended_on_one_server() {
    let signed = sign("shop.test.", SHOP, How::Well);
    let old = signed.again(SHOP, How::Ended);
    let lab = lab(&signed.ds, &signed.zone, &old).await;
    let found = lab.explain("www.shop.test").await;
    tell("f14_signatures_that_have_ended_on_one_server", &found);
    let What::Signatures { bad: BadSignature::Expired(_), servers, .. } = &found.what else {
        panic!("{found:?}")
    };
    assert_eq!((servers.these.len(), servers.these[0].address.as_str()), (1, NS2));
}

#[tokio::test]
async fn f14_signatures_by_a_key_that_is_not_published() {
    let signed = sign("shop.test.", SHOP, How::Well);
    let zone = signed.without_zone_key();
    let lab = lab(&signed.ds, &zone, &zone).await;
    let found = lab.explain("www.shop.test").await;
    tell("f14_signatures_by_a_key_that_is_not_published", &found);
    // The set of keys lost a key after it was signed: its own signature fails, or that of the records names a stranger.
    let What::Signatures { bad, .. } = &found.what else { panic!("{found:?}") };
    assert!(matches!(bad, BadSignature::Wrong(_) | BadSignature::UnknownKey(_)), "{found:?}");
}

#[tokio::test]
async fn f14_data_that_was_changed_after_it_was_signed() {
    let signed = sign("shop.test.", SHOP, How::Well);
    let zone = signed.zone.replace("192.0.2.10", "192.0.2.11");
    let lab = lab(&signed.ds, &zone, &zone).await;
    let found = lab.explain("www.shop.test").await;
    tell("f14_data_that_was_changed_after_it_was_signed", &found);
    assert!(
        matches!(&found.what, What::Signatures { bad: BadSignature::Wrong(_), of, .. } if of == "A"),
        "{found:?}"
    );
    assert_eq!(lab.explain("api.shop.test").await.what.class(), "healthy");
}

/// `test.` signed with this in its delegation of `shop.test.`, then with one text in it in the place of another.
async fn signed_above(delegation: &str, text: &str, other: &str, shop: &str) -> Lab {
    let test = sign("test.", &zone_of_test(delegation), How::Well);
    assert!(test.zone.contains(text), "{text} is not in\n{}", test.zone);
    let root = sign(".", &root_zone(&format!("{}\n", test.ds)), How::Well);
    let mut lab = Lab::with_roots(&root.zone, &test.zone.replace(text, other)).await;
    lab.start(Make::Bind, NS1, &[("shop.test.", shop)]).await;
    lab.start(Make::Nsd, NS2, &[("shop.test.", shop)]).await;
    lab
}

#[tokio::test]
async fn a_chain_of_signed_zones_and_an_unsigned_one_below_are_healthy() {
    let shop = sign("shop.test.", SHOP, How::Well);
    let lab = signed_above(&format!("{DELEGATION}{}\n", shop.ds), "SOA", "SOA", &shop.zone).await;
    assert_eq!(lab.explain("www.shop.test").await.what.class(), "healthy");
    drop(lab);
    let lab = signed_above(DELEGATION, "SOA", "SOA", SHOP).await;
    assert_eq!(lab.explain("www.shop.test").await.what.class(), "healthy");
}

#[tokio::test]
async fn f14_a_ds_whose_own_signature_is_wrong_is_the_parents_doing() {
    let (shop, other) = (sign("shop.test.", SHOP, How::Well), sign("shop.test.", SHOP, How::Well));
    // The parent signed the DS of one key, and publishes that of another.
    let data = |ds: &str| ds.rsplit(' ').next().unwrap().to_owned();
    let tag = |ds: &str| ds.split(' ').nth(4).unwrap().to_owned();
    let test = sign("test.", &zone_of_test(&format!("{DELEGATION}{}\n", other.ds)), How::Well);
    let is_ds = |line: &&str| line.contains("IN DS");
    let line = test.zone.lines().find(is_ds).unwrap();
    assert!(line.contains(&tag(&other.ds)), "{line}");
    let swapped = test.zone.replace(line, &shop.ds);
    assert!(swapped.contains(&data(&shop.ds)));
    let root = sign(".", &root_zone(&format!("{}\n", test.ds)), How::Well);
    let mut lab = Lab::with_roots(&root.zone, &swapped).await;
    lab.start(Make::Bind, NS1, &[("shop.test.", &shop.zone)]).await;
    lab.start(Make::Nsd, NS2, &[("shop.test.", &shop.zone)]).await;
    let found = lab.explain("www.shop.test").await;
    assert!(
        matches!(&found.what, What::Signatures { zone, of, .. } if zone == "test." && of == "DS"),
        "{found:?}"
    );
}

#[tokio::test]
async fn a_ds_is_asked_for_above_and_one_of_an_unknown_kind_binds_nobody() {
    let shop = sign("shop.test.", SHOP, How::Well);
    let lab = signed_above(&format!("{DELEGATION}{}\n", shop.ds), "SOA", "SOA", &shop.zone).await;
    assert_eq!(lab.explain("shop.test/DS").await.what.class(), "healthy");
    drop(lab);
    let unknown = format!("{DELEGATION}shop DS 12345 12 2 {}\n", "AB".repeat(32));
    let lab = signed_above(&unknown, "SOA", "SOA", SHOP).await;
    assert_eq!(lab.explain("www.shop.test").await.what.class(), "healthy");
}

#[tokio::test]
async fn a_ds_under_a_zone_that_is_not_signed_binds_nobody() {
    let (signed, other) = (sign("shop.test.", SHOP, How::Well), sign("shop.test.", SHOP, How::Well));
    let old = signed.again(SHOP, How::Ended);
    // `test.` is not signed; then it is, and the root is not.
    for (ds, zone) in [(&other.ds, &signed.zone), (&other.ds, &SHOP.to_owned()), (&signed.ds, &old)] {
        let mut lab = Lab::with_delegation(&format!("{DELEGATION}{ds}\n")).await;
        lab.start(Make::Bind, NS1, &[("shop.test.", zone)]).await;
        lab.start(Make::Nsd, NS2, &[("shop.test.", zone)]).await;
        let found = lab.explain("www.shop.test").await;
        assert_eq!(found.what.class(), "healthy", "{found:?}");
        assert!(
            matches!(found.asides.as_slice(), [What::DsUnbound { zone, unsigned, seen: true, .. }] if zone == "shop.test." && unsigned == "."),
            "{found:?}"
        );
    }
    let test = sign("test.", &zone_of_test(&format!("{DELEGATION}{}\n", other.ds)), How::Well);
    let mut lab = Lab::with_roots(&sign(".", &root_zone(""), How::Well).zone, &test.zone).await;
    lab.start(Make::Bind, NS1, &[("shop.test.", &signed.zone)]).await;
    lab.start(Make::Nsd, NS2, &[("shop.test.", &signed.zone)]).await;
    let found = lab.explain("www.shop.test").await;
    assert_eq!(found.what.class(), "healthy", "{found:?}");
    let told = finding_words(&Finding { what: found.asides[0].clone(), ..found }, Language::English);
    insta::assert_snapshot!(told.words, @"test has a DS for shop.test, and by it shop.test would be refused; nobody is held to that, because test is not signed.");
}

#[tokio::test]
async fn a_resolver_that_holds_the_zone_to_its_signatures_says_that_they_bind() {
    // `test.` is not signed; the resolver has a key of its own for the zone, which is refused for its own fault.
    let signed = sign("shop.test.", &one_server(SHOP), How::Well);
    let old = signed.again(&one_server(SHOP), How::Ended);
    let delegation = format!("shop NS ns2.shop\nns2.shop A {NS2}\n{}\n", signed.ds);
    let mut lab = Lab::with_delegation(&delegation).await;
    lab.start(Make::Nsd, NS2, &[("shop.test.", &old)]).await;
    let words: Vec<&str> = signed.ds.split(' ').collect();
    let anchor = format!(
        "trust-anchors {{ \"shop.test.\" static-ds {} {} {} \"{}\"; }};",
        words[4], words[5], words[6], words[7]
    );
    let resolver = lab.bind_resolver(&anchor).await;
    let found = lab.explain_with("www.shop.test", &known(&[]), &[resolver]).await;
    assert!(
        matches!(&found.what, What::Signatures { bad: BadSignature::Expired(_), zone, .. } if zone == "shop.test."),
        "{found:?}"
    );
}

/// The zone with one server: BIND as a resolver has the address of the other.
fn one_server(zone: &str) -> String {
    zone.replace("@ NS ns1\n", "")
}

#[tokio::test]
async fn f13_one_server_with_keys_that_do_not_fit_is_named() {
    let (signed, other) = (sign("shop.test.", SHOP, How::Well), sign("shop.test.", SHOP, How::Well));
    let lab = lab(&signed.ds, &signed.zone, &other.zone).await;
    let found = lab.explain("www.shop.test").await;
    tell("f13_one_server_with_keys_that_do_not_fit", &found);
    let What::KeysDiffer { servers, .. } = &found.what else { panic!("{found:?}") };
    assert_eq!((servers.these.len(), servers.these[0].address.as_str(), servers.of), (1, NS2, 2));
}

#[tokio::test]
async fn f13_a_ds_with_a_digest_of_another_key() {
    let signed = sign("shop.test.", SHOP, How::Well);
    let (before, _) = signed.ds.rsplit_once(' ').unwrap();
    let lab = lab(&format!("{before} {}", "AB".repeat(32)), &signed.zone, &signed.zone).await;
    let found = lab.explain("www.shop.test").await;
    tell("f13_a_ds_with_a_digest_of_another_key", &found);
    assert!(matches!(&found.what, What::KeysDiffer { ds, keys, .. } if keys.contains(&ds[0])), "{found:?}");
}

/// The lines of a signed zone that are of this owner and type, or sign such.
fn lines_of<'z>(zone: &'z str, owner: &str, rtype: &str) -> Vec<&'z str> {
    let is_it = |line: &&str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.first() == Some(&owner)
            && (words.get(3) == Some(&rtype)
                || (words.get(3) == Some(&"RRSIG") && words.get(4) == Some(&rtype)))
    };
    let lines: Vec<&str> = zone.lines().filter(is_it).collect();
    assert!(lines.len() > 1, "no {owner} {rtype} in\n{zone}");
    lines
}

fn without_lines(zone: &str, lines: &[&str]) -> String {
    zone.lines().filter(|line| !lines.contains(line)).map(|line| format!("{line}\n")).collect()
}

#[tokio::test]
async fn f14_a_proof_that_lists_the_type_which_it_denies() {
    let both = SHOP.replace("www A 192.0.2.10\n", "www A 192.0.2.10\nwww AAAA 2001:db8::10\n");
    for how in [How::Well, How::Hashed] {
        let signed = sign("shop.test.", &both, how);
        let zone = without_lines(&signed.zone, &lines_of(&signed.zone, "www.shop.test.", "AAAA"));
        let lab = lab(&signed.ds, &zone, &zone).await;
        let found = lab.explain("www.shop.test").await;
        assert!(
            matches!(&found.what, What::Signatures { bad: BadSignature::Lists(rtype), .. } if rtype == "AAAA"),
            "{how:?} {found:?}"
        );
        if how == How::Well {
            tell("f14_a_proof_that_lists_the_type_which_it_denies", &found);
        }
        assert_eq!(lab.explain("api.shop.test").await.what.class(), "healthy");
    }
}

#[tokio::test]
async fn f14_a_proof_that_leaves_out_a_type_which_is_there() {
    let signed = sign("shop.test.", SHOP, How::Well);
    let other = signed.again(&SHOP.replace("www A 192.0.2.10\n", "www TXT \"x\"\n"), How::Well);
    let own = lines_of(&signed.zone, "www.shop.test.", "NSEC");
    let zone =
        without_lines(&signed.zone, &own) + &lines_of(&other, "www.shop.test.", "NSEC").join("\n") + "\n";
    let lab = lab(&signed.ds, &zone, &zone).await;
    let found = lab.explain("www.shop.test").await;
    tell("f14_a_proof_that_leaves_out_a_type_which_is_there", &found);
    assert!(
        matches!(&found.what, What::Signatures { bad: BadSignature::Lacks(rtype), .. } if rtype == "A"),
        "{found:?}"
    );
}

#[tokio::test]
async fn proofs_of_every_kind_that_are_right_are_not_accused() {
    let zone = format!("{SHOP}*.many A 192.0.2.90\nx.ent A 192.0.2.91\n*.alias CNAME www\n");
    for how in [How::Well, How::Hashed] {
        let signed = sign("shop.test.", &zone, how);
        let lab = lab(&signed.ds, &signed.zone, &signed.zone).await;
        for (name, class) in [
            ("www.shop.test", "healthy"),
            ("x.many.shop.test", "healthy"),
            ("x.alias.shop.test", "healthy"),
            ("login.shop.test", "healthy"),
            ("shop.test/MX", "healthy"),
            ("x.many.shop.test/TXT", "F2"),
            ("ent.shop.test", "F2"),
            ("www.shop.test/TXT", "F2"),
            ("nobody.shop.test", "F1"),
        ] {
            let found = lab.explain(name).await;
            assert_eq!((found.what.class(), found.asides.len()), (class, 0), "{how:?} {name}: {found:?}");
        }
    }
}

/// Every answer that a walk heard of zones and names.
fn all_heard(walk: &mut Walk) -> Vec<&mut Heard> {
    let mut list = Vec::new();
    for zone in &mut walk.zones {
        for server in &mut zone.servers {
            list.push(&mut server.soa);
            list.extend([&mut server.tcp, &mut server.ns, &mut server.dnskey].into_iter().flatten());
        }
        if let Some(said) = &mut zone.delegation {
            list.extend(said.said.iter_mut().chain(&mut said.ds).map(|(_, heard)| heard));
        }
    }
    for link in &mut walk.links {
        list.extend(link.replies.iter_mut().chain(&mut link.stranger).map(|reply| &mut reply.heard));
    }
    list
}

#[tokio::test]
async fn whichever_answer_is_lost_a_signed_zone_that_is_well_is_not_accused() {
    let signed = sign("shop.test.", &format!("{SHOP}*.many A 192.0.2.90\n"), How::Well);
    let lab = lab(&signed.ds, &signed.zone, &signed.zone).await;
    for name in ["www.shop.test", "login.shop.test", "x.many.shop.test", "shop.test/MX"] {
        let mut walk = lab.walk(name, &known(&[]), &[]).await;
        let count = all_heard(&mut walk).len();
        assert!(count > 20, "{count}");
        let whole: Vec<Heard> = all_heard(&mut walk).into_iter().map(|heard| Arc::clone(heard)).collect();
        // One of them, then several that lie apart.
        for (at, step) in (0..count).flat_map(|at| [count, 2, 3, 5, 7, 11].map(|step| (at, step))) {
            for (index, heard) in all_heard(&mut walk).into_iter().enumerate() {
                let lost = index >= at && (index - at) % step == 0;
                let silent = || Arc::new(Err(Unheard::StillSilent(lab.at(NS1))));
                *heard = if lost { silent() } else { Arc::clone(&whole[index]) };
            }
            let found = judge(&walk, &known(&[]), Timestamp::now());
            let told = found.what.class();
            assert!(["healthy", "could_not_tell", "F11"].contains(&told), "{name} {at} {step}: {found:?}");
        }
    }
}
