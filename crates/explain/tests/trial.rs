//! What a trial with real servers found wrong, each with the tree that shows it: small trees in memory, some of whose servers
//! answer otherwise than any zone would.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says by a panic what it missed; helpers outside of its function too"
)]

mod tree;

use candor_core::fault::Act;
use candor_core::finding::{AliasEnd, Finding, NoAddress, What};
use candor_names::Rcode;
use candor_page::{Language, finding_words};

use tree::{Tree, known, shop, words};

const NS1: &str = "127.81.0.12";
const NS2: &str = "127.81.0.13";

async fn explained(lines: &str, name: &str) -> Finding {
    Tree::with_shop(&shop(100, lines)).explain(name).await
}

#[tokio::test]
async fn a_mail_server_or_service_host_that_is_gone_or_has_no_address_is_named() {
    let mail = "@ MX 10 mail\n_x._tcp SRV 0 0 443 svc\n";
    let found = explained(mail, "shop.test/MX").await;
    assert_eq!((found.what.class(), found.what.act()), ("F1", Some(Act::ZoneOwner)), "{found:?}");
    insta::assert_snapshot!(words(&found), @"MX of shop.test points to mail.shop.test, and that name does not exist.");
    let found = explained(&format!("{mail}svc TXT \"no address\"\n"), "_x._tcp.shop.test/SRV").await;
    assert_eq!(found.what.class(), "F2", "{found:?}");
    insta::assert_snapshot!(words(&found), @"SRV of _x._tcp.shop.test points to svc.shop.test, and that name has no address.");
    let found = explained(&format!("{mail}mail A 192.0.2.40\nsvc AAAA 2001:db8::1\n"), "shop.test/MX").await;
    assert_eq!((found.what.class(), found.asides.len()), ("healthy", 0), "{found:?}");
}

#[tokio::test]
async fn one_mail_server_of_two_that_is_gone_is_named_and_none_at_all_is_right() {
    let found = explained("@ MX 10 mail\n@ MX 20 spare\nmail A 192.0.2.40\n", "shop.test/MX").await;
    assert!(
        matches!(&found.what, What::TargetBroken { target, end: AliasEnd::Missing, .. } if target == "spare.shop.test."),
        "{found:?}"
    );
    assert_eq!(explained("@ MX 0 .\n", "shop.test/MX").await.what.class(), "healthy");
    assert_eq!(explained("_x._tcp SRV 0 0 0 .\n", "_x._tcp.shop.test/SRV").await.what.class(), "healthy");
}

#[tokio::test]
async fn a_mail_server_elsewhere_is_looked_up_where_it_is() {
    let mut tree = Tree::with_shop(&shop(100, "@ MX 10 mx.post.test.\n"));
    tree.delegate("post NS ns.post\nns.post A 127.81.0.20\n");
    let post = "$ORIGIN post.test.\n$TTL 300\n@ SOA ns h 1 600 300 86400 60\n@ NS ns\nns A 127.81.0.20\n";
    tree.serve("127.81.0.20", &[&format!("{post}mx A 192.0.2.70\n")]);
    assert_eq!(tree.explain("shop.test/MX").await.what.class(), "healthy");
    tree.serve("127.81.0.20", &[post]);
    assert_eq!(tree.explain("shop.test/MX").await.what.class(), "F1");
    tree.serve("127.81.0.20", &[&format!("{post}mx CNAME gone\n")]);
    assert_eq!(tree.explain("shop.test/MX").await.what.class(), "F6");
    tree.silence("127.81.0.20");
    let found = tree.explain("shop.test/MX").await;
    assert!(matches!(&found.what, What::Unreachable { zone, .. } if zone == "post.test."), "{found:?}");
}

#[tokio::test]
async fn a_name_that_has_the_zone_twice_lacks_no_dot_where_it_is_there() {
    let twice = "@ MX 10 mail.shop.test\n";
    assert_eq!(explained(twice, "shop.test/MX").await.what.class(), "F4");
    let there = format!("{twice}mail.shop.test A 192.0.2.40\n");
    let found = explained(&there, "shop.test/MX").await;
    assert_eq!((found.what.class(), found.asides.len()), ("healthy", 0), "{found:?}");
    // Any name is there: somebody may have meant it, and it works.
    let found = explained(&format!("{twice}* A 192.0.2.99\n"), "shop.test/MX").await;
    assert_eq!(found.what.class(), "healthy", "{found:?}");
    assert!(matches!(found.asides.as_slice(), [What::DotMissing { .. }]), "{found:?}");
}

#[tokio::test]
async fn servers_that_balance_load_by_chance_do_not_disagree() {
    for seed in 0..100 {
        let mut tree = Tree::with_shop(&shop(100, "www A 192.0.2.1\n"));
        tree.by_chance(seed, "www.shop.test.", &["192.0.2.1", "192.0.2.2"]);
        let found = tree.explain("www.shop.test").await;
        assert_eq!((found.what.class(), found.asides.len()), ("healthy", 0), "seed {seed}: {found:?}");
    }
    // Who always says the same, and not what the others say, is found all the same.
    let mut tree = Tree::with_shop(&shop(100, "www A 192.0.2.1\n"));
    tree.serve(NS2, &[&shop(100, "www A 198.51.100.66\n")]);
    assert_eq!(tree.explain("www.shop.test").await.what.class(), "F5");
}

#[tokio::test]
async fn a_name_that_is_denied_for_one_type_and_there_for_another_is_never_called_gone() {
    let www = "www A 192.0.2.1\nwww TXT \"x\"\n";
    for (servers, said) in [(vec![NS1], "1 of 2 name servers"), (vec![NS1, NS2], "Both name servers")] {
        let mut tree = Tree::with_shop(&shop(100, www));
        for server in &servers {
            tree.denies(server, "www.shop.test.", "AAAA");
        }
        let found = tree.explain("www.shop.test").await;
        assert_eq!(found.what.class(), "F5", "{found:?}");
        let What::Contradiction { denied, has, servers: named, .. } = &found.what else {
            panic!("{found:?}")
        };
        assert_eq!(
            (denied, has, named.these.len()),
            (&vec!["AAAA".into()], &vec!["A".into()], servers.len())
        );
        assert!(words(&found).starts_with(said), "{}", words(&found));
    }
    // A name without any address that is there for one type is there.
    let mut tree = Tree::with_shop(&shop(100, "www TXT \"x\"\n"));
    tree.denies(NS1, "www.shop.test.", "AAAA");
    let found = tree.explain("www.shop.test").await;
    assert_eq!(found.what.class(), "F2", "{found:?}");
    assert!(matches!(found.asides.as_slice(), [What::Contradiction { .. }]), "{found:?}");
}

#[tokio::test]
async fn a_server_that_fails_for_one_type_has_a_copy_of_the_zone_all_the_same() {
    let mut tree = Tree::with_shop(&shop(100, "www A 192.0.2.1\n"));
    tree.fails(NS1, "www.shop.test.", "AAAA");
    let found = tree.explain("www.shop.test").await;
    insta::assert_snapshot!(words(&found), @"1 of 2 name servers of shop.test fails where asked for AAAA of www.shop.test, and answers where asked for A: ns1.shop.test (127.81.0.12) SERVFAIL for AAAA. Who asks for AAAA gets no answer.");
    tree.fails(NS2, "www.shop.test.", "AAAA");
    tree.fails(NS1, "www.shop.test.", "A");
    tree.fails(NS2, "www.shop.test.", "A");
    let found = tree.explain("www.shop.test").await;
    insta::assert_snapshot!(words(&found), @"Both name servers of shop.test fail where asked for A and AAAA of www.shop.test, and answer where asked for the SOA of the zone: ns1.shop.test (127.81.0.12) SERVFAIL for A, SERVFAIL for AAAA, ns2.shop.test (127.81.0.13) SERVFAIL for A, SERVFAIL for AAAA. Who asks for A and AAAA gets no answer.");
}

#[tokio::test]
async fn a_resolver_is_not_accused_of_what_the_servers_themselves_do_not_agree_in() {
    let mut tree = Tree::with_shop(&shop(100, "www A 192.0.2.1\n"));
    tree.compare_with_one_that_fails();
    assert_eq!(tree.explain("www.shop.test").await.what.class(), "F16");
    tree.denies(NS1, "www.shop.test.", "AAAA");
    let found = tree.explain("www.shop.test").await;
    assert_eq!((found.what.class(), found.asides.len()), ("F5", 0), "{found:?}");
    let mut tree = Tree::with_shop(&shop(100, "www A 192.0.2.1\n"));
    tree.compare_with_one_that_fails();
    tree.serve(NS2, &[&shop(100, "")]);
    let found = tree.explain("www.shop.test").await;
    assert_eq!((found.what.class(), found.asides.len()), ("F5", 0), "{found:?}");
}

#[tokio::test]
async fn a_name_is_not_called_empty_where_nothing_was_heard_of_one_type() {
    let mut tree = Tree::with_shop(&shop(100, "www AAAA 2001:db8::1\nlogin CNAME www\n@ MX 10 www\n"));
    tree.drops("www.shop.test.", "AAAA");
    for name in ["www.shop.test", "login.shop.test"] {
        assert_eq!(tree.explain(name).await.what.class(), "could_not_tell", "{name}");
    }
    assert_eq!(tree.explain("shop.test/MX").await.what.class(), "healthy");
    // What is there of the other type is right.
    let mut tree = Tree::with_shop(&shop(100, "www A 192.0.2.1\n"));
    tree.drops("www.shop.test.", "AAAA");
    assert_eq!(tree.explain("www.shop.test").await.what.class(), "healthy");
}

#[tokio::test]
async fn what_is_expected_of_other_names_and_types_is_held_against_them() {
    let tree =
        Tree::with_shop(&shop(100, "www A 192.0.2.1\napi A 192.0.2.66\nbare TXT \"x\"\n@ MX 10 www\n"));
    let expected = known(&[
        "www.shop.test A 192.0.2.1",
        "api.shop.test A 192.0.2.20",
        "gone.shop.test A 192.0.2.21",
        "bare.shop.test A 192.0.2.22",
        "mail.elsewhere.test A 192.0.2.23",
        "www.shop.test AAAA 2001:db8::1",
    ]);
    let (found, unused) = tree.explain_with("www.shop.test/A", &expected).await;
    // Another type of the same name is about the name.
    assert!(matches!(&found.what, What::Empty { types, .. } if *types == ["AAAA"]), "{found:?}");
    let mut classes: Vec<_> = found.asides.iter().map(What::class).collect();
    classes.sort_unstable();
    assert_eq!(classes, ["F1", "F2", "F8"], "{found:?}");
    assert_eq!(unused, ["mail.elsewhere.test A"]);
    let (found, unused) = tree.explain_with("www.shop.test/A", &known(&["www.shop.test A 192.0.2.1"])).await;
    assert_eq!((found.what.class(), found.asides.len(), unused.len()), ("healthy", 0, 0), "{found:?}");
    // What the walk came by counts as looked at: the zone's servers, a mail server.
    let expected = known(&["shop.test NS ns1.shop.test.", "www.shop.test A 192.0.2.9"]);
    let (found, unused) = tree.explain_with("shop.test/MX", &expected).await;
    assert_eq!(unused.len(), 0, "{unused:?}");
    assert!(matches!(found.asides.as_slice(), [What::WrongData { .. }]), "{found:?}");
}

/// `test.` delegates `shop.test.` to this host of `dns.test.`, and to a good one if there is another.
fn with_host(lines: &str, hosts: &[&str]) -> Tree {
    let named: String = hosts.iter().map(|host| format!("shop NS {host}.dns.test.\n")).collect();
    let own: String = hosts.iter().map(|host| format!("@ NS {host}.dns.test.\n")).collect();
    let zone = format!(
        "$ORIGIN shop.test.\n$TTL 300\n@ SOA {}.dns.test. h 1 600 300 86400 60\n{own}www A 192.0.2.1\n",
        hosts[0]
    );
    let dns = format!(
        "$ORIGIN dns.test.\n$TTL 300\n@ SOA ns h 1 600 300 86400 60\n@ NS ns\nns A 127.81.0.20\ngood A {NS1}\nreal A {NS2}\n{lines}"
    );
    let mut tree = Tree::with_delegation(&format!("{named}dns NS ns.dns\nns.dns A 127.81.0.20\n"));
    tree.serve("127.81.0.20", &[&dns]);
    tree.serve(NS1, &[&zone]);
    tree.serve(NS2, &[&zone]);
    tree
}

#[tokio::test]
async fn a_name_server_whose_name_is_an_alias_or_has_no_address_is_named() {
    let all = "alias CNAME real\nempty TXT \"no address\"\n";
    for (host, why, sentence) in [
        (
            "alias",
            NoAddress::Alias,
            "The name server alias.dns.test of shop.test is an alias, which the name of a server may not be (RFC 2181): many resolvers do not follow it.",
        ),
        ("empty", NoAddress::Empty, "The name server empty.dns.test of shop.test exists without an address."),
        (
            "gone",
            NoAddress::Missing("dns.test.".into()),
            "The name server gone.dns.test of shop.test does not exist in dns.test.",
        ),
    ] {
        let found = with_host(all, &[host]).explain("www.shop.test").await;
        assert_eq!((found.what.class(), found.what.act()), ("F9", Some(Act::ZoneOwner)), "{found:?}");
        assert!(matches!(&found.what, What::HostsUnusable { why: told, .. } if *told == why), "{found:?}");
        assert_eq!(words(&found), sentence);
        // Where another is there, its fate is that of the zone; where it works, nobody fails.
        let mut tree = with_host(all, &[host, "good"]);
        tree.silence(NS1);
        let found = tree.explain("www.shop.test").await;
        assert_eq!(found.what.class(), "F11", "{found:?}");
        assert!(matches!(found.asides.as_slice(), [What::HostsUnusable { .. }]), "{found:?}");
        let found = with_host(all, &[host, "good"]).explain("www.shop.test").await;
        assert_eq!(found.what.class(), "healthy", "{found:?}");
        assert!(matches!(found.asides.as_slice(), [What::HostsUnusable { .. }]), "{found:?}");
    }
}

#[tokio::test]
async fn a_name_server_of_whose_name_nothing_was_heard_is_not_said_to_have_no_address() {
    let mut tree = with_host("", &["good"]);
    for rtype in ["A", "AAAA"] {
        tree.drops("good.dns.test.", rtype);
    }
    let found = tree.explain("www.shop.test").await;
    assert_eq!(found.what.class(), "could_not_tell", "{found:?}");
    insta::assert_snapshot!(words(&found), @"What is wrong with www.shop.test cannot be told: no server of dns.test says where good.dns.test is.");
}

#[tokio::test]
async fn zones_whose_servers_lie_in_each_other_are_a_circle_and_not_unreachable() {
    let tree = Tree::with_delegation("shop NS ns.post.test.\npost NS ns.shop.test.\n");
    for name in ["www.shop.test", "www.post.test"] {
        let found = tree.explain(name).await;
        assert_eq!((found.what.class(), found.what.act()), ("F9", Some(Act::Registrar)), "{found:?}");
        assert!(matches!(&found.what, What::HostsUnusable { why: NoAddress::Circular(_), .. }), "{found:?}");
        assert_eq!(found.asides.len(), 0, "{found:?}");
    }
    let three = Tree::with_delegation("shop NS ns.post.test.\npost NS ns.far.test.\nfar NS ns.shop.test.\n");
    let found = three.explain("www.shop.test").await;
    insta::assert_snapshot!(words(&found), @"The name server ns.post.test of shop.test can only be looked up in post.test, whose own servers can only be looked up there again: nobody can begin.");
    // A way out of the circle is enough.
    let mut tree = Tree::with_delegation(
        "shop NS ns.post.test.\npost NS ns.shop.test.\npost NS ns.post.test.\nns.post A 127.81.0.12\n",
    );
    let post = "$ORIGIN post.test.\n$TTL 300\n@ SOA ns h 1 600 300 86400 60\n@ NS ns\n@ NS ns.shop.test.\nns A 127.81.0.12\n";
    let zone = "$ORIGIN shop.test.\n$TTL 300\n@ SOA ns.post.test. h 1 600 300 86400 60\n@ NS ns.post.test.\nns A 127.81.0.12\nwww A 192.0.2.1\n";
    tree.serve(NS1, &[post, zone]);
    assert_eq!(tree.explain("www.shop.test").await.what.class(), "healthy");
}

#[tokio::test]
async fn what_is_wrong_with_the_zone_of_the_servers_names_is_what_is_wrong() {
    let mut tree = Tree::with_delegation("shop NS ns.post.test.\npost NS ns.post\n");
    let found = tree.explain("www.shop.test").await;
    assert!(matches!(&found.what, What::NoGlue { zone, .. } if zone == "post.test."), "{found:?}");
    tree = Tree::with_delegation("shop NS ns.eu.post.test.\npost NS ns.post\nns.post A 127.81.0.20\n");
    let post = "$ORIGIN post.test.\n$TTL 300\n@ SOA ns h 1 600 300 86400 60\n@ NS ns\nns A 127.81.0.20\neu NS ns.eu\nns.eu A 127.81.0.21\n";
    tree.serve("127.81.0.20", &[post]);
    tree.serve("127.81.0.21", &[]);
    let found = tree.explain("www.shop.test").await;
    assert!(matches!(&found.what, What::Lame { zone, .. } if zone == "eu.post.test."), "{found:?}");
}

#[tokio::test]
async fn servers_that_only_the_zone_itself_names_are_not_counted_as_the_parents() {
    let mut tree = Tree::with_shop(&shop(100, "@ NS ns3\nns3 A 127.81.0.30\nwww A 192.0.2.1\n"));
    tree.serve("127.81.0.30", &[]);
    let found = tree.explain("www.shop.test").await;
    insta::assert_snapshot!(words(&found), @"1 of 3 name servers that shop.test names for itself does not serve the zone: ns3.shop.test (127.81.0.30) REFUSED. It is running, and not configured for it.");
    tree.serve(NS2, &[]);
    let found = tree.explain("www.shop.test").await;
    insta::assert_snapshot!(words(&found), @"1 of 2 name servers that test names for shop.test does not serve the zone: ns2.shop.test (127.81.0.13) REFUSED. It is running, and not configured for it.");
}

#[tokio::test]
async fn a_wildcard_that_is_an_alias_is_a_wildcard() {
    let tree = Tree::with_shop(&shop(100, "* CNAME edge\nedge A 192.0.2.99\n"));
    let (found, _) = tree.explain_with("api.shop.test", &known(&["api.shop.test A 192.0.2.20"])).await;
    assert_eq!(found.what.class(), "F7", "{found:?}");
    insta::assert_snapshot!(words(&found), @"api.shop.test has no record of its own: the wildcard *.shop.test answers for it with CNAME edge.shop.test (TTL 300), as for any other name. A 192.0.2.20 is expected.");
    // It lies where it lies, however deep the name is.
    let (found, _) = tree.explain_with("a.b.c.shop.test", &known(&["a.b.c.shop.test A 192.0.2.20"])).await;
    assert!(
        matches!(&found.what, What::Wildcard { wildcard, .. } if wildcard == "*.shop.test."),
        "{found:?}"
    );
    let deeper = Tree::with_shop(&shop(100, "*.c A 192.0.2.99\n"));
    let (found, _) = deeper.explain_with("a.b.c.shop.test", &known(&["a.b.c.shop.test A 192.0.2.20"])).await;
    assert!(
        matches!(&found.what, What::Wildcard { wildcard, .. } if wildcard == "*.c.shop.test."),
        "{found:?}"
    );
    // It leads to what is expected; and where the name's own alias is expected, that is not it.
    let (found, _) = tree.explain_with("api.shop.test", &known(&["api.shop.test A 192.0.2.99"])).await;
    assert_eq!(found.what.class(), "healthy", "{found:?}");
    let own = known(&["api.shop.test CNAME own.shop.test."]);
    assert_eq!(tree.explain_with("api.shop.test", &own).await.0.what.class(), "F7");
    let tree = Tree::with_shop(&shop(100, "api CNAME edge\nedge A 192.0.2.99\n"));
    assert_eq!(tree.explain_with("api.shop.test", &own).await.0.what.class(), "F8");
}

#[tokio::test]
async fn a_chain_of_aliases_that_is_too_long_is_no_circle() {
    let chain = |links: usize| -> String {
        let all = (0..links).map(|n| format!("a{n} CNAME a{}\n", n + 1));
        format!("{}a{links} A 192.0.2.1\n", all.collect::<String>())
    };
    assert_eq!(explained(&chain(16), "a0.shop.test").await.what.class(), "healthy");
    let found = explained(&chain(17), "a0.shop.test").await;
    assert!(matches!(&found.what, What::AliasBroken { end: AliasEnd::TooLong, .. }), "{found:?}");
    insta::assert_snapshot!(words(&found), @"a16.shop.test is an alias of a17.shop.test, and the chain of aliases is longer than resolvers follow. Link 17 of 17 is broken.");
}

#[tokio::test]
async fn serials_are_spoken_of_where_they_explain_what_differs_and_nowhere_else() {
    let three = |serial: u32, www: &str| shop(serial, &format!("@ NS ns3\nns3 A 127.81.0.30\nwww A {www}\n"));
    let tree = |serials: [u32; 3], data: [&str; 3]| {
        let mut tree = Tree::with_delegation(&format!(
            "shop NS ns1.shop\nshop NS ns2.shop\nshop NS ns3.shop\nns1.shop A {NS1}\nns2.shop A {NS2}\nns3.shop A 127.81.0.30\n"
        ));
        for ((ip, serial), www) in [NS1, NS2, "127.81.0.30"].into_iter().zip(serials).zip(data) {
            tree.serve(ip, &[&three(serial, www)]);
        }
        tree
    };
    let (good, bad) = ("192.0.2.1", "198.51.100.66");
    // The old copy is not the one that differs.
    let found = tree([101, 100, 101], [good, good, bad]).explain("www.shop.test").await;
    insta::assert_snapshot!(words(&found), @"1 of 3 name servers of shop.test answers otherwise than the rest about www.shop.test: ns3.shop.test (127.81.0.30) A 198.51.100.66, and the others say A 192.0.2.1. Users fail at random.");
    let found = tree([101, 100, 101], [good, bad, good]).explain("www.shop.test").await;
    assert!(
        matches!(&found.what, What::SerialsDiffer { newest: 101, behind, .. } if behind.these.len() == 1),
        "{found:?}"
    );
    let found = tree([101, 101, 101], [good, bad, good]).explain("www.shop.test").await;
    assert!(matches!(&found.what, What::Disagreement { serial: Some(101), .. }), "{found:?}");
}

#[tokio::test]
async fn a_long_answer_is_cut_in_every_sentence() {
    let long = (0..40).map(|_| format!("\"{}\"", "t".repeat(200))).collect::<Vec<_>>().join(" ");
    let many: String = (0..50).map(|n| format!("many TXT \"{n}\"\n")).collect();
    let tree = Tree::with_shop(&shop(100, &format!("big TXT {long}\n{many}")));
    for name in ["big.shop.test/TXT", "many.shop.test/TXT"] {
        let found = tree.explain(name).await;
        assert_eq!(found.what.class(), "healthy", "{found:?}");
        let told = finding_words(&found, Language::English);
        assert!(told.words.len() < 400 && told.words.contains("more"), "{}", told.words);
        assert!(told.seen.len() < 400, "{}", told.seen);
    }
    let (found, _) = tree.explain_with("big.shop.test/TXT", &known(&["big.shop.test TXT \"short\""])).await;
    assert_eq!(found.what.class(), "F8", "{found:?}");
    assert!(words(&found).len() < 500, "{}", words(&found));
}

#[tokio::test]
async fn a_host_with_two_addresses_is_one_server() {
    let lines = "ns1 A 127.81.0.31\nns2 A 127.81.0.32\nwww A 192.0.2.1\n";
    let delegation = format!(
        "shop NS ns1.shop\nshop NS ns2.shop\nns1.shop A {NS1}\nns1.shop A 127.81.0.31\nns2.shop A {NS2}\nns2.shop A 127.81.0.32\n"
    );
    let mut tree = Tree::with_delegation(&delegation);
    for ip in [NS1, NS2, "127.81.0.31", "127.81.0.32"] {
        tree.serve(ip, &[]);
    }
    let found = tree.explain("www.shop.test").await;
    assert!(
        words(&found).starts_with("Both name servers that test names for shop.test do not serve"),
        "{}",
        words(&found)
    );
    for ip in [NS1, NS2, "127.81.0.31"] {
        tree.serve(ip, &[&shop(100, lines)]);
    }
    let found = tree.explain("www.shop.test").await;
    insta::assert_snapshot!(words(&found), @"1 of the 4 addresses of the 2 name servers that test names for shop.test does not serve the zone: ns2.shop.test (127.81.0.32) REFUSED. It is running, and not configured for it.");
    assert_eq!(tree.rcode("127.81.0.32", "www.shop.test").await, Some(Rcode::REFUSED));
}
