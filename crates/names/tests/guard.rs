//! The guard: each class of failure that the owner of a zone can publish is refused by the rule that is there for it, and a
//! good change of the same size passes.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that finds nothing fails"
)]

use candor_names::Zone;
use candor_names::guard::{
    Around, Breach, Case, Limits, Required, ServerSaid, Severity, Source, empty, guard,
};

const SHOP: &str = "$ORIGIN shop.test.
$TTL 300
@ SOA ns1 host 100 3600 600 1209600 300
@ NS ns1
@ NS ns2
@ MX 10 mail
@ TXT \"v=spf1 include:_spf.mail.test ip4:192.0.2.30 ~all\"
ns1 A 127.0.2.1
ns2 A 127.0.3.1
www A 192.0.2.10
api A 192.0.2.20
mail A 192.0.2.30
login CNAME edge
edge A 192.0.2.40
old A 192.0.2.50
";

const REQUIRED: &[&str] = &["www A", "api A", "login A", "@ MX", "@ TXT"];

fn zone(text: &str) -> Zone {
    Zone::parse(text, None, "shop.test.zone").unwrap_or_else(|faults| panic!("{faults:?}\n{text}"))
}

/// The live zone with these lines for those, and the next serial.
fn changed(changes: &[(&str, &str)]) -> String {
    let mut text = SHOP.replacen(" 100 ", " 101 ", 1);
    for (old, new) in changes {
        assert!(text.contains(old), "{old:?} is not in the zone");
        text = text.replacen(old, new, 1);
    }
    text
}

fn limits() -> Limits {
    let owned = ["192.0.2.0/24", "127.0.0.0/8"].map(|text| text.parse().unwrap());
    Limits { owned: owned.into(), ..Limits::default() }
}

fn judged(live: &str, proposed: &str, limits: &Limits) -> Vec<Breach> {
    let (live, new) = (zone(live), zone(proposed));
    let required: Vec<Required> =
        REQUIRED.iter().map(|text| Required::parse(text, "shop.test", "it is listed").unwrap()).collect();
    let around = Around::default();
    let case = Case::new(&live, &new, &required, limits, &around).unwrap();
    guard(&case.with_source(Source { text: Some(proposed) }))
}

/// The rules that refuse a change of the zone, each once.
fn refused(changes: &[(&str, &str)]) -> Vec<&'static str> {
    rules(&judged(SHOP, &changed(changes), &limits()))
}

fn rules(breaches: &[Breach]) -> Vec<&'static str> {
    let refusing = breaches.iter().filter(|breach| breach.severity == Severity::Refuse);
    let mut list: Vec<&str> = refusing.map(|breach| breach.rule).collect();
    list.dedup();
    list
}

#[test]
fn f1_a_required_name_deleted_is_refused_by_r1() {
    assert!(refused(&[("api A 192.0.2.20\n", "")]).contains(&"R1"));
    assert_eq!(refused(&[("old A 192.0.2.50\n", "")]), [""; 0], "nobody needs that one");
}

#[test]
fn f2_an_address_set_emptied_is_refused_by_r1_and_r2() {
    assert_eq!(refused(&[("api A 192.0.2.20", "api TXT gone")]), ["R1", "R2"]);
}

#[test]
fn f3_a_zone_cut_short_is_refused_by_r2_and_by_its_missing_end() {
    let names: String = (0..2_000).map(|n| format!("n{n:04} A 192.0.2.60\n")).collect();
    let live = format!("{SHOP}{names}; end\n");
    let next = live.replacen(" 100 ", " 101 ", 1);
    let limits = Limits { last_line: Some("; end".to_owned()), ..limits() };
    let cut: String = next.split_inclusive('\n').take(15 + 560).collect();
    assert_eq!(rules(&judged(&live, &cut, &limits)), ["R2", "R14"]);
    // At the last line but one, only the end tells.
    let cut = next.replace("n1999 A 192.0.2.60\n; end\n", "");
    assert_eq!(rules(&judged(&live, &cut, &limits)), ["R14"]);
    let whole = next.replace("n1999 A 192.0.2.60\n", "");
    assert_eq!(rules(&judged(&live, &whole, &limits)), [""; 0]);
}

#[test]
fn f4_a_missing_final_dot_is_refused_by_r3() {
    for (old, new) in [
        ("login CNAME edge", "login CNAME edge.shop.test"),
        ("MX 10 mail", "MX 10 mail.shop.test"),
        ("old A 192.0.2.50", "old.shop.test A 192.0.2.50"),
        ("@ NS ns2", "@ NS ns2.shop.test"),
    ] {
        assert!(refused(&[(old, new)]).contains(&"R3"), "{new}");
        let dotted = new.replace("shop.test", "shop.test.");
        assert_eq!(refused(&[(old, &dotted)]), [""; 0], "{dotted}");
    }
}

#[test]
fn f6_a_broken_alias_is_refused_by_r1_and_r4() {
    assert_eq!(refused(&[("edge A 192.0.2.40\n", "")]), ["R1", "R4"]);
    let circle = refused(&[("edge A 192.0.2.40", "edge CNAME login")]);
    assert!(circle.contains(&"R1"), "{circle:?}");
    // The target renamed, and the alias with it.
    let moved = [("edge A 192.0.2.40", "front A 192.0.2.40"), ("login CNAME edge", "login CNAME front")];
    assert_eq!(refused(&moved), [""; 0]);
}

#[test]
fn f7_a_wildcard_in_place_of_a_required_name_is_refused_by_r9() {
    let star = "* 3600 A 192.0.2.99\n";
    assert!(refused(&[("api A 192.0.2.20\n", star)]).contains(&"R9"));
    assert_eq!(refused(&[("old A 192.0.2.50\n", star)]), [""; 0]);
}

#[test]
fn f8_wrong_data_is_refused_by_r10() {
    assert_eq!(refused(&[("api A 192.0.2.20", "api A 198.51.100.66")]), ["R10"]);
    assert_eq!(refused(&[("api A 192.0.2.20", "api A 192.0.2.21")]), [""; 0], "inside of what is owned");
    let hardened = [("include:_spf.mail.test ip4:192.0.2.30 ~all", "ip4:192.0.2.30 -all")];
    assert_eq!(refused(&hardened), ["R10"]);
    assert_eq!(refused(&[("~all", "-all")]), [""; 0], "stricter, and nothing lost");
    assert!(refused(&[("@ MX 10 mail\n", "")]).contains(&"R10"));
}

#[test]
fn f11_name_servers_all_in_one_place_are_refused_by_r7() {
    assert_eq!(refused(&[("ns2 A 127.0.3.1", "ns2 A 127.0.2.2")]), ["R7"]);
    assert_eq!(refused(&[("ns2 A 127.0.3.1", "ns2 A 127.0.2.1")]), ["R7"]);
    assert_eq!(refused(&[("@ NS ns2\n", "")]), ["R7"]);
    assert_eq!(refused(&[("ns2 A 127.0.3.1", "ns2 A 127.0.4.1")]), [""; 0]);
}

#[test]
fn f12_serials_that_copies_would_not_take_are_refused_by_r5() {
    for serial in [" 100 ", " 99 ", " 2147483748 "] {
        let text = changed(&[(" 101 ", serial), ("old A 192.0.2.50\n", "")]);
        assert_eq!(rules(&judged(SHOP, &text, &limits())), ["R5"], "{serial}");
    }
    // Past the end of the numbers it goes on from the beginning (RFC 1982).
    let live = SHOP.replacen(" 100 ", " 4294967295 ", 1);
    let text = changed(&[(" 101 ", " 1 "), ("old A 192.0.2.50\n", "")]);
    assert_eq!(rules(&judged(&live, &text, &limits())), [""; 0]);
    // One server is ahead of what is taken for live.
    let (live, new) = (zone(SHOP), zone(&changed(&[])));
    let said =
        |is_new, serial, otherwise| ServerSaid { name: "ns2.shop.test.".into(), is_new, serial, otherwise };
    let around = Around { servers: vec![said(false, Ok(200), Vec::new())], ..Around::default() };
    let limits = limits();
    let found = guard(&Case::new(&live, &new, &[], &limits, &around).unwrap());
    assert_eq!(rules(&found), ["R5"]);
    assert!(found.first().unwrap().words.contains("ns2.shop.test. has 200; the next is 201"), "{found:?}");
}

#[test]
fn f9_a_new_name_server_that_does_not_serve_the_zone_is_refused_by_r6() {
    let (live, new) = (zone(SHOP), zone(&changed(&[])));
    let limits = limits();
    let rules_of = |is_new, serial: Result<u32, &str>, otherwise: &[(&str, &str)]| {
        let otherwise = otherwise.iter().map(|(name, said)| ((*name).into(), (*said).into())).collect();
        let server =
            ServerSaid { name: "ns3.".into(), is_new, serial: serial.map_err(Into::into), otherwise };
        let around = Around { servers: vec![server], ..Around::default() };
        guard(&Case::new(&live, &new, &[], &limits, &around).unwrap())
    };
    for (serial, otherwise) in [(Err("REFUSED"), &[][..]), (Ok(100), &[("www.shop.test. A", "NXDOMAIN")][..])]
    {
        assert_eq!(rules(&rules_of(true, serial, otherwise)), ["R6"]);
        // One that was there before is not this change's doing; it is said all the same.
        let told = rules_of(false, serial, otherwise);
        assert_eq!((rules(&told).len(), told.first().map(|breach| breach.rule)), (0, Some("R6")));
    }
    assert_eq!(rules_of(true, Ok(100), &[]), []);
}

#[test]
fn f15_what_caches_would_remember_for_long_is_refused_by_r11() {
    assert_eq!(refused(&[("$TTL 300", "$TTL 86400"), ("1209600 300", "1209600 86400")]), ["R11"]);
    assert_eq!(refused(&[("old A", "old 31536000 A")]), ["R11"]);
    assert_eq!(refused(&[("$TTL 300", "$TTL 60")]), [""; 0], "lowering is always well");
}

#[test]
fn f17_an_empty_source_is_refused_by_r17() {
    let bare: String = changed(&[])
        .lines()
        .filter(|line| line.starts_with(['$', '@']))
        .map(|line| format!("{line}\n"))
        .collect();
    let bare = bare
        .replace("NS ns1", "NS ns1.other.test.")
        .replace("NS ns2", "NS ns2.other.test.")
        .replace("@ MX 10 mail\n", "");
    assert!(rules(&judged(SHOP, &bare, &limits())).contains(&"R17"));
    assert_eq!(empty("; nothing\n$ORIGIN shop.test.\n\n", "shop.test.").expect("it is refused").rule, "R17");
    assert_eq!(empty(SHOP, "shop.test."), None);
}

#[test]
fn copies_that_would_expire_at_once_are_refused_by_r16() {
    assert_eq!(refused(&[("1209600", "86400")]), ["R16"]);
    assert_eq!(refused(&[("3600 600 1209600", "800000 600 700000")]), ["R16"]);
}

#[test]
fn what_was_broken_before_is_warned_about_and_its_repair_passes() {
    let live =
        format!("{SHOP}dead CNAME nowhere\n").replace("api A 192.0.2.20\n", "").replace("1209600", "86400");
    let changes = live.replacen(" 100 ", " 101 ", 1).replace("old A 192.0.2.50\n", "");
    let learned: Vec<Required> =
        vec![Required::parse("api A", "shop.test", "a journey goes there").unwrap().learned()];
    let (old, new, limits, around) = (zone(&live), zone(&changes), limits(), Around::default());
    let found = guard(&Case::new(&old, &new, &learned, &limits, &around).unwrap());
    assert_eq!(rules(&found), [""; 0], "{found:#?}");
    let mut warned: Vec<&str> = found.iter().map(|breach| breach.rule).collect();
    warned.sort_unstable();
    assert_eq!(warned, ["R1", "R16", "R4"]);
}

#[test]
fn an_alias_out_of_the_zone_is_judged_by_what_was_seen_there() {
    let (live, new) = (zone(SHOP), zone(&changed(&[("api A 192.0.2.20", "api CNAME shop.cdn.test.")])));
    let required = [Required::parse("api A", "shop.test", "it is listed").unwrap()];
    let limits = limits();
    let judge = |seen: Option<bool>| {
        let there = |rtype: &str, has| (("shop.cdn.test.".to_owned(), rtype.to_owned()), has);
        let elsewhere = seen.map(|has| there("A", has)).into_iter().collect();
        let around = Around { elsewhere, ..Around::default() };
        let case = Case::new(&live, &new, &required, &limits, &around).unwrap();
        guard(&case).into_iter().map(|breach| (breach.rule, breach.severity)).collect::<Vec<_>>()
    };
    assert_eq!(judge(Some(true)), []);
    assert_eq!(judge(Some(false)), [("R1", Severity::Refuse)]);
    assert_eq!(judge(None), [("R1", Severity::Warn)]);
}

/// Numbers from a seed, the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }
}

/// A zone of hosts, each line by its name, of which the first ten are required.
fn estate(dice: &mut Dice) -> Vec<String> {
    let count = 20 + dice.below(80);
    (0..count)
        .map(|n| match n % 4 {
            3 if n > 10 => format!("h{n} CNAME h{}", dice.below(10)),
            _ => format!("h{n} A 192.0.2.{}", dice.below(250)),
        })
        .collect()
}

fn text(hosts: &[String], serial: u32, more: &str) -> String {
    let head = SHOP.replacen(" 100 ", &format!(" {serial} "), 1);
    format!("{head}{}\n{more}", hosts.join("\n"))
}

/// A change that an operator would want to pass, by its number.
fn good(kind: usize, hosts: &mut Vec<String>, dice: &mut Dice) -> String {
    let required = dice.below(10);
    let address = format!("A 192.0.2.{}", dice.below(250));
    let moved = format!("front{required}");
    let mut more = String::new();
    match kind {
        // Renumbered inside of what is owned.
        0 => hosts[required] = format!("h{required} {address}"),
        // Renamed, with an alias kept.
        1 => {
            more = hosts[required].replacen(&format!("h{required}"), &moved, 1);
            hosts[required] = format!("h{required} CNAME {moved}");
        }
        // Names that nobody uses go, within the limit.
        2 => {
            let many = (hosts.len() / 20).max(1);
            hosts.truncate(hosts.len() - many);
        }
        // New names, and a third server in a network of its own.
        3 => more = format!("new{required} {address}\nns3 A 127.0.9.1\n@ NS ns3\n"),
        // A second address, and one of the other family.
        4 => more = format!("h{required} A 192.0.2.251\nh{required} AAAA 2001:db8::1\n"),
        // Mail moves to another host that is there.
        5 => more = format!("@ MX 20 h{required}\n"),
        // A service is announced, and a policy for certificates.
        6 => more = format!("_imaps._tcp SRV 0 1 993 h{required}\n@ CAA 0 issue \"ca.test\"\n"),
        // A part of the zone is delegated, with glue.
        _ => more = format!("sub{required} NS ns.sub{required}\nns.sub{required} A 192.0.2.252\n"),
    }
    more
}

#[test]
fn generated_good_changes_pass_and_the_same_with_a_required_name_gone_do_not() {
    let mut limits = limits();
    limits.owned.push("2001:db8::/32".parse().unwrap());
    let (mut refused, mut passed_bad) = (Vec::new(), Vec::new());
    for seed in 0..400_u32 {
        let mut dice = Dice(u64::from(seed));
        let mut hosts = estate(&mut dice);
        let live = zone(&text(&hosts, 100, ""));
        let required: Vec<Required> = (0..10)
            .map(|n| Required::parse(&format!("h{n}"), "shop.test", "it is used").unwrap().learned())
            .collect();
        let kind = usize::try_from(seed).unwrap() % 8;
        let more = good(kind, &mut hosts, &mut dice);
        let around = Around::default();
        let judge = |text: &str| {
            let new = zone(text);
            rules(&guard(&Case::new(&live, &new, &required, &limits, &around).unwrap()))
        };
        let wanted = text(&hosts, 101, &more);
        let said = judge(&wanted);
        if !said.is_empty() {
            refused.push((seed, kind, said));
        }
        let gone = wanted.lines().filter(|line| !line.starts_with("h7 ")).collect::<Vec<_>>().join("\n");
        if !judge(&format!("{gone}\n")).contains(&"R1") {
            passed_bad.push((seed, kind));
        }
    }
    assert_eq!((refused, passed_bad), (Vec::new(), Vec::new()));
}
