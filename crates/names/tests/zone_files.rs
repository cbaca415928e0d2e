//! Zone files: what is refused, at which line; and that a zone written reads back as itself.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says by a panic what it missed; helpers outside of its function too"
)]

mod support;

use candor_names::{Question, Rcode, Record, Zone};
use support::{SHOP, lines, zone};

const HEAD: &str = "$ORIGIN shop.example.\n$TTL 300\n@ SOA ns1 hostmaster 1 2 3 4 5\n@ NS ns1\n";

fn faults(text: &str, origin: Option<&str>) -> String {
    let list = Zone::parse(text, origin, "f").expect_err("the zone must be refused");
    list.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_fault_is_reported_in_one_go_at_its_line() {
    let text = "\
$ORIGIN shop.example.
$TTL 300
; a comment
@   SOA ns1 hostmaster (
        1 2 3 4 5 )
@   SOA ns1 hostmaster 2 2 3 4 5

www CNAME shop
www A 192.0.2.1
elsewhere.example. A 192.0.2.1
two A 192.0.2.1
two 60 A 192.0.2.2
long 2147483648 A 192.0.2.1
$INCLUDE other.zone
alias CNAME a
alias CNAME b
*.wild NS ns1
lonely DS 1 13 2 49FD46E6C4B45C55D4AC69CBD3CD34AC1AFE51DE8D40A8B1D0A8F7C5A3A1B2C3
sub SOA ns1 hostmaster 1 2 3 4 5
";
    insta::assert_snapshot!(faults(text, None), @r"
    f: there is no NS record at shop.example.
    f:6:1: a second SOA record; the first is on line 4
    f:9:1: www.shop.example. has a CNAME beside A (RFC 1034, section 3.6.2)
    f:10:1: elsewhere.example. lies outside of the zone shop.example.
    f:12:1: two.shop.example. A with a TTL of 60 beside 300: one RRset has one TTL (RFC 2181, section 5.2)
    f:13:1: a TTL of 2147483648, more than 2147483647 (RFC 2181, section 8)
    f:14:1: $INCLUDE other.zone is not read: a zone must be one file
    f:16:1: alias.shop.example. has more than one CNAME
    f:17:1: *.wild.shop.example. is a wildcard with NS, of which no meaning is defined (RFC 4592, section 4)
    f:18:1: lonely.shop.example. has a DS without NS (RFC 4035, section 2.4)
    f:19:1: an SOA record at sub.shop.example., which is not the apex shop.example.
    ");
}

#[test]
fn a_word_right_behind_the_quote_of_an_include_is_refused_at_its_place() {
    insta::assert_snapshot!(faults(&format!("{HEAD}$INCLUDE\"other.zone\"sub A 192.0.2.1\n"), None), @"f:5:1: a quote with no space behind it");
}

#[test]
fn a_line_that_cannot_be_read_is_named_beside_what_was_read_before() {
    let text = format!("{HEAD}www CNAME shop\nwww A 192.0.2.1\nbad A 192.0.2.999\nnever B\n");
    insta::assert_snapshot!(faults(&text, None), @r"
    f:6:1: www.shop.example. has a CNAME beside A (RFC 1034, section 3.6.2)
    f:7:7: cannot be read: expected IPv4 address
    f:8:7: no record type here (types by mnemonic or as TYPE65; TTLs in plain seconds, without units)
    ");
}

#[test]
fn every_bad_record_is_reported_and_those_after_it_are_read_as_they_stand() {
    let text = "\
$ORIGIN shop.example.
$TTL 300
@ SOA ns1 hostmaster 1 2 3 4 5
@ NS ns1
bad A 192.0.2.999
www A 192.0.2.1
   A 192.0.2.x
   AAAA 2001:db8::g
    TXT ( \"fine\"
       \"bad\\999\" )
three MX mail
short A
much A 192.0.2.1 192.0.2.2
$ORIGIN sub.shop.example.
x CNAME y
  A 192.0.2.1
what WHAT x
\\;odd\\( A 192.0.2.1
  A 192.0.2.y
";
    insta::assert_snapshot!(faults(text, None), @r"
    f:5:7: cannot be read: expected IPv4 address
    f:7:6: cannot be read: expected IPv4 address
    f:8:9: cannot be read: expected IPv6 address
    f:10:8: cannot be read: bad symbol: illegal escape sequence
    f:11:10: cannot be read: expected decimal number
    f:12:8: the record ends too early
    f:13:18: more words than the record has fields
    f:16:3: x.sub.shop.example. has a CNAME beside A (RFC 1034, section 3.6.2)
    f:17:6: no record type here (types by mnemonic or as TYPE65; TTLs in plain seconds, without units)
    f:19:5: cannot be read: expected IPv4 address
    ");
}

#[test]
fn a_bad_directive_ends_the_reading_and_too_many_faults_are_cut_with_a_word() {
    let told = faults(&format!("{HEAD}bad A x\n$TTL 1h\nworse A y\n"), None);
    insta::assert_snapshot!(told, @r"
    f:5:7: cannot be read: expected IPv4 address
    f:6:6: cannot be read: expected decimal number
    ");
    let many: String = (0..5000).map(|n| format!("n{n} A x\n")).collect();
    let told = faults(&format!("{HEAD}{many}"), None);
    assert_eq!(told.lines().count(), 101);
    assert_eq!(told.lines().last(), Some("f: there are more faults than these 100"));
}

#[test]
fn the_place_of_a_fault_is_right_whatever_lies_before() {
    let after = |line: &str| faults(&format!("{HEAD}\n; x\ntxt TXT ( \"a\"\n \"b\" )\n{line}"), None);
    assert!(
        after("bad A\nok A 192.0.2.1\n").starts_with("f:9:6: the record ends too early"),
        "{}",
        after("bad A\n")
    );
    assert!(after("$TTL 5\n\nbad A x\n").starts_with("f:11:"), "{}", after("$TTL 5\n\nbad A x\n"));
    assert!(after("$TTL 1h\nok A 192.0.2.1\n").starts_with("f:9:"), "{}", after("$TTL 1h\nok A 192.0.2.1\n"));
    assert!(after("$WHAT x\nok A 192.0.2.1\n").starts_with("f:9:"), "{}", after("$WHAT x\nok A 192.0.2.1\n"));
    assert_eq!(
        after("ok A 192.0.2.1\nopen TXT ( \"a\"\nlost A 192.0.2.1\n"),
        "f:10:1: a parenthesis that is not closed"
    );
    assert_eq!(
        after("ok A 192.0.2.1\nopen TXT \"a\nlost A 192.0.2.1\n"),
        "f:10:1: a quote that is not closed"
    );
    assert!(
        after("bad A 192.0.2.1 )\n").starts_with("f:9:17: parentheses"),
        "{}",
        after("bad A 192.0.2.1 )\n")
    );
}

#[test]
fn what_a_zone_must_have_is_missed() {
    assert_eq!(faults("$ORIGIN shop.example.\nwww 60 A 192.0.2.1\n", None), "f: there is no SOA record");
    assert_eq!(faults("", None), "f: there is no SOA record");
    assert_eq!(
        faults("shop.example. 60 SOA a.example. b.example. 1 2 3 4 5\n", None),
        "f: there is no NS record at shop.example."
    );
}

#[test]
fn ttl_units_and_missing_origins_are_explained() {
    insta::assert_snapshot!(
        faults("$ORIGIN shop.example.\n@ 1h SOA a b 1 2 3 4 5\n", None),
        @"f:2:3: no record type here (types by mnemonic or as TYPE65; TTLs in plain seconds, without units)"
    );
    insta::assert_snapshot!(
        faults("@ 60 SOA a b 1 2 3 4 5\n", None),
        @"f:1:3: a relative name, and no origin: give one, or write $ORIGIN first"
    );
}

#[test]
fn the_origin_comes_from_the_argument_the_directive_or_the_soa() {
    let relative = "@ 60 SOA a b 1 2 3 4 5\n@ 60 NS ns1\n";
    assert_eq!(Zone::parse(relative, Some("shop.example"), "f").unwrap().origin(), "shop.example.");
    assert_eq!(zone(&format!("$ORIGIN shop.example.\n{relative}")).origin(), "shop.example.");
    let absolute = "shop.example. 60 SOA a.example. b.example. 1 2 3 4 5\nshop.example. 60 NS a.example.\n";
    assert_eq!(zone(absolute).origin(), "shop.example.");
    assert_eq!(
        faults(absolute, Some("other.example")),
        "f:1:1: the SOA is that of shop.example., not of other.example."
    );
    assert!(faults(relative, Some("a..b")).starts_with("f: \"a..b\" is not an origin"));
}

#[test]
fn a_zone_written_reads_back_as_itself() {
    let first = zone(SHOP);
    let text = first.to_zone_file();
    let second = zone(&text);
    assert_eq!(first, second);
    assert_eq!(text, second.to_zone_file());
    assert_eq!((first.len(), first.serial()), (second.len(), 2_026_112_101));
}

#[test]
fn names_of_the_signs_a_zone_file_is_made_of_read_back_as_themselves() {
    const ODD: [&str; 10] =
        [r"\(", r"\)x", r"\;", r"\@", r"\$ttl", r#"\""#, r"a\ b", r"\.", r"\\", r#"\000\"\(\\"#];
    for name in ODD {
        let text = format!(
            "{HEAD}{name} NS {name}\nc CNAME {name}\nmx MX 10 {name}\ns SRV 1 2 3 {name}\nd DNAME {name}.example.\n\
             n NAPTR 1 2 \"S\" \"x\\\" (;\" \"!^.*$!a b!\" {name}\nh HTTPS 1 {name} alpn=h2\nt TXT \"( ; @ $\"\n\
             r RP {name} {name}\n"
        )
        .replace("hostmaster", name);
        let first = zone(&text);
        let again = Zone::parse(&first.to_zone_file(), None, "again");
        assert_eq!(again.as_ref(), Ok(&first), "{}", first.to_zone_file());
        let written = first.records().find(|record| record.rtype == "CNAME").unwrap();
        let put = first.without("c.shop.example").unwrap().with(&written).unwrap();
        assert!(put.records().any(|record| record == written), "{written}");
    }
}

#[test]
fn a_name_taken_out_is_gone_and_the_serial_is_newer() {
    let before = zone(SHOP);
    let after = before.without("mx1.shop.example").unwrap();
    assert_eq!(after.serial(), before.serial() + 1);
    assert_eq!(after.len(), before.len() - 1);
    let asked = Question::parse("mx1.shop.example", "A").unwrap();
    assert_eq!(before.answer(&asked, false).rcode, Rcode::NOERROR);
    assert_eq!(after.answer(&asked, false).rcode, Rcode::NXDOMAIN);
    let soa = Question::parse("shop.example", "SOA").unwrap();
    assert!(lines(&after.answer(&soa, false).answer)[0].contains(" 2026112102 "));
    assert!(before.without("gone.shop.example").is_err());
    assert!(before.without("shop.example").is_err());
    assert!(before.without("b.empty.shop.example").is_err());
}

#[test]
fn a_record_put_in_is_answered_and_a_bad_one_is_refused() {
    let before = zone(SHOP);
    let record = |name: &str, rtype: &str, data: &str| Record {
        name: name.into(),
        class: "IN".into(),
        ttl: 300,
        rtype: rtype.into(),
        data: data.into(),
    };
    let after = before.with(&record("new.shop.example.", "A", "192.0.2.80")).unwrap();
    let asked = Question::parse("new.shop.example", "A").unwrap();
    assert_eq!(lines(&after.answer(&asked, false).answer), ["new.shop.example. 300 IN A 192.0.2.80"]);
    for bad in [
        record("new.shop.example.", "A", "not an address"),
        record("new.other.example.", "A", "192.0.2.80"),
        record("shop.shop.example.", "A", "192.0.2.80"),
        record("shop.example.", "SOA", "a. b. 1 2 3 4 5"),
        record("new.shop.example.", "A", "192.0.2.80\nother A 192.0.2.81"),
        record("new.shop.example.", "TXT", "( ; \""),
    ] {
        assert!(before.with(&bad).is_err(), "{bad}");
    }
}

#[test]
fn a_serial_passes_the_end_of_its_circle() {
    let last =
        zone(&HEAD.replace("hostmaster 1", "hostmaster 4294967295").replace("@ NS", "x A 192.0.2.1\n@ NS"));
    assert_eq!(last.without("x.shop.example").unwrap().serial(), 0);
}

#[test]
fn signatures_come_with_do_alone() {
    let signed = zone(&format!(
        "{HEAD}@ DNSKEY 257 3 13 oJMRESz5E4gYzS/q6XDrvU1qMPYIjCWzJaOau8XNEZeqCYKD5ar0IRd8KqXXFJkqmVfRvMGPmM1x8fGAa2XhSA==\n\
         www A 192.0.2.1\nwww RRSIG A 13 3 300 20300101000000 20200101000000 1 shop.example. AAAA\n\
         sub NS ns.other.example.\nsub DS 1 13 2 49FD46E6C4B45C55D4AC69CBD3CD34AC1AFE51DE8D40A8B1D0A8F7C5A3A1B2C3\n"
    ));
    assert!(signed.is_signed());
    let www = Question::parse("www.shop.example", "A").unwrap();
    assert_eq!(signed.answer(&www, false).answer.len(), 1);
    assert_eq!(signed.answer(&www, true).answer.len(), 2);
    let sub = Question::parse("x.sub.shop.example", "A").unwrap();
    assert_eq!(signed.answer(&sub, false).authority.len(), 1);
    assert_eq!(signed.answer(&sub, true).authority.len(), 2);
    assert_eq!(zone(&signed.to_zone_file()), signed);
}

#[test]
fn any_is_answered_with_one_rrset() {
    let any = Question::parse("shop.example", "ANY").unwrap();
    let answer = zone(SHOP).answer(&any, false);
    assert_eq!(answer.answer.iter().map(|record| record.rtype.as_str()).collect::<Vec<_>>(), ["NS", "NS"]);
}

#[test]
fn a_dname_that_makes_a_name_too_long_is_yxdomain() {
    let label = "a".repeat(63);
    let text = format!("{HEAD}d DNAME {label}.{label}.{label}.example.\n");
    let asked = Question::parse(&format!("{label}.d.shop.example"), "A").unwrap();
    assert_eq!(zone(&text).answer(&asked, false).rcode, Rcode::YXDOMAIN);
}

#[test]
fn a_pipe_or_a_device_is_no_zone_file_and_is_never_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.is_ok_and(|status| status.success()), "mkfifo is part of coreutils");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for file in [pipe, "/dev/zero".into()] {
        let refused = runtime.block_on(candor_names::serve::load(vec![file])).unwrap_err().to_string();
        assert!(refused.contains("not a regular file"), "{refused}");
    }
}

#[test]
fn what_has_no_form_that_can_be_read_is_written_as_bytes() {
    let text = "$ORIGIN z.example.\n@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nc 60 CAA \\# 4 C0000202\nk 60 IPSECKEY \\# 4 C0000209\nd 60 CAA 0 issue \"ca.example\"\n";
    let zone = Zone::parse(text, None, "test.zone").unwrap();
    let written = zone.to_zone_file();
    assert!(
        written.contains("CAA \\# 4 C0000202")
            && written.contains("IPSECKEY \\# 4 C0000209")
            && written.contains("CAA 0 issue \"ca.example\""),
        "{written}"
    );
    assert_eq!(Zone::parse(&written, None, "again.zone").unwrap(), zone);
}
