//! Our answers beside those of NSD, section by section, for one zone and many questions; and NSD asked by us.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says by a panic what it missed; helpers outside of its function too"
)]

mod support;

use candor_names::{AskOptions, Exchange, Rcode, Transport};
use support::foreign::{Foreign, Make};
use support::{Ours, SHOP, asked, lines, options, over, zone};

const NAMES: &[&str] = &[
    "shop.example",
    "SHOP.example",
    "www.shop.example",
    "wWw.Shop.eXample",
    "ns1.shop.example",
    "mx1.shop.example",
    "shop.shop.example",
    "store.shop.example",
    "promo.shop.example",
    "dangling.shop.example",
    "cdn.shop.example",
    "toempty.shop.example",
    "todeleg.shop.example",
    "sale.shop.example",
    "x.sale.shop.example",
    "y.x.sale.shop.example",
    "fixed.sale.shop.example",
    "z.fixed.sale.shop.example",
    "b.sale.shop.example",
    "a.b.sale.shop.example",
    "c.b.sale.shop.example",
    "*.sale.shop.example",
    "q.*.sale.shop.example",
    "any.mail.shop.example",
    "mail.shop.example",
    "deep.shop.example",
    "y.deep.shop.example",
    "x.y.deep.shop.example",
    "*.deep.shop.example",
    "x.*.deep.shop.example",
    "empty.shop.example",
    "b.empty.shop.example",
    "a.b.empty.shop.example",
    "c.b.empty.shop.example",
    "old.shop.example",
    "page.old.shop.example",
    "gone.old.shop.example",
    "a.page.old.shop.example",
    "tree.shop.example",
    "www.tree.shop.example",
    "away.shop.example",
    "x.away.shop.example",
    "dept.shop.example",
    "www.dept.shop.example",
    "ns.dept.shop.example",
    "nothing.dept.shop.example",
    "lab.shop.example",
    "ns.lab.shop.example",
    "_tcp.shop.example",
    "_imap._tcp.shop.example",
    "svc.shop.example",
    "unknown.shop.example",
    "upper.shop.example",
    "esc\\.aped.shop.example",
    "gone.shop.example",
    "a.b.c.d.gone.shop.example",
    "www.shop.example.shop.example",
    "example",
    "other.example",
    ".",
];

const TYPES: &[&str] =
    &["A", "AAAA", "NS", "SOA", "MX", "TXT", "CNAME", "DNAME", "DS", "SRV", "CAA", "HTTPS", "TYPE65280"];

/// What must be equal. Additional data is compared where it matters: the glue of a referral.
fn essence(answer: &Exchange) -> String {
    let referral = answer.authority.iter().any(|record| record.rtype == "NS");
    let glue = if referral { lines(&answer.additional) } else { Vec::new() };
    // NSD adds NS to the authority of some positive answers; that is taste, not substance.
    let lower = |list: Vec<String>| list.into_iter().map(|line| line.to_lowercase()).collect::<Vec<_>>();
    format!(
        "{} aa={} rd={}\nanswer {:#?}\nauthority {:#?}\nglue {:#?}",
        answer.rcode,
        answer.flags.aa,
        answer.flags.rd,
        lower(lines(&answer.answer)),
        lower(lines(&answer.authority)),
        lower(glue)
    )
}

async fn compare(options: &AskOptions) {
    compare_zone("shop.example", SHOP, NAMES, TYPES, options).await;
}

/// Both are asked for every name and type.
async fn compare_zone(
    origin: &str,
    text: &str,
    names: &[impl AsRef<str>],
    types: &[&str],
    options: &AskOptions,
) {
    let nsd = Foreign::alone(Make::Nsd, origin, text).await;
    let ours = Ours::start(vec![zone(text)]).await;
    let mut faults = Vec::new();
    for name in names.iter().map(AsRef::as_ref) {
        for rtype in types {
            let theirs = essence(&asked(nsd.address, name, rtype, options).await);
            let own = essence(&asked(ours.address, name, rtype, options).await);
            if theirs != own {
                faults.push(format!("--- {name} {rtype}\nNSD:  {theirs}\nours: {own}"));
            }
        }
    }
    assert!(faults.is_empty(), "{} of the answers differ:\n{}\n{text}", faults.len(), faults.join("\n"));
}

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }

    /// A name over few labels, so that names meet.
    fn name(&mut self) -> String {
        let labels: Vec<&str> = (0..=self.below(3)).map(|_| self.one(&["a", "b", "c", "*"])).collect();
        format!("{}.z.example.", labels.join("."))
    }
}

/// A zone of wildcards, aliases, redirections, cuts and empty non-terminals, as chance has them.
fn generated(seed: u64) -> String {
    let mut dice = Dice(seed);
    let mut text =
        "z.example. 60 IN SOA a.z.example. h.z.example. 1 2 3 4 5\nz.example. 60 IN NS a.ns.example.\n"
            .to_owned();
    let mut taken = std::collections::BTreeMap::new();
    for _ in 0..14 {
        let (owner, target) = (dice.name(), dice.name());
        let kind = dice.below(9);
        let held = taken.entry(owner.clone()).or_insert(kind);
        let line = match kind {
            // Alone at its name; no cut and no redirection at a wildcard.
            0 if *held == 0 => format!("CNAME {target}"),
            1 if *held == 1 && !owner.starts_with('*') => format!("DNAME {target}"),
            2 if *held == 2 && !owner.starts_with('*') => format!("NS {target}"),
            3.. if *held >= 3 => [
                "A 192.0.2.1",
                "A 192.0.2.2",
                "AAAA 2001:db8::1",
                "TXT \"t\"",
                "MX 10 a.z.example.",
                "SRV 1 2 3 b.z.example.",
            ][usize::try_from(kind - 3).unwrap()]
            .to_owned(),
            _ => continue,
        };
        let line = format!("{owner} 60 IN {line}\n");
        let once = matches!(kind, 0 | 1)
            && text.contains(&format!("{owner} 60 IN {}", if kind == 0 { "CNAME" } else { "DNAME" }));
        if !once && !text.contains(&line) {
            text.push_str(&line);
        }
    }
    // NSD refuses a zone with names below a DNAME (RFC 6672, section 2.4).
    let redirected: Vec<String> =
        text.lines().filter_map(|line| Some(format!(".{}", line.split_once(" 60 IN DNAME")?.0))).collect();
    let below = |line: &&str| {
        let owner = line.split(' ').next().unwrap();
        !redirected.iter().any(|above| owner.ends_with(above))
    };
    text.lines().filter(below).fold(String::new(), |kept, line| kept + line + "\n")
}

#[tokio::test]
async fn answers_over_generated_zones_are_those_of_nsd() {
    for seed in 1..13 {
        let mut dice = Dice(seed * 7919);
        let mut names: Vec<String> = (0..40).map(|_| dice.name()).collect();
        names.extend((0..10).map(|_| format!("a.b.{}", dice.name())));
        names.push("z.example.".to_owned());
        names.sort();
        names.dedup();
        let types = ["A", "MX", "TXT", "CNAME", "DNAME", "NS", "DS"];
        compare_zone("z.example", &generated(seed), &names, &types, &options()).await;
    }
}

/// The shapes that zones have in the world: names of addresses, many cuts and little else, mail with long texts, services.
#[tokio::test]
async fn answers_over_zones_as_they_are_in_the_world_are_those_of_nsd() {
    let mut reverse = "$ORIGIN 2.0.192.in-addr.arpa.\n$TTL 3600\n@ SOA ns.z.example. h.z.example. 1 2 3 4 5\n@ NS ns.z.example.\n".to_owned();
    let mut registry =
        "$ORIGIN z.example.\n$TTL 3600\n@ SOA a.nic h.nic 1 2 3 4 5\n@ NS a.nic\na.nic A 192.0.2.1\n"
            .to_owned();
    for host in 0..60 {
        reverse.push_str(&format!("{host} PTR host-{host}.z.example.\n"));
        registry.push_str(&format!(
            "d{host} NS ns1.d{host}\nd{host} NS ns.d{}\nns1.d{host} A 192.0.2.{host}\n",
            host / 2
        ));
    }
    // Classless delegation (RFC 2317).
    reverse.push_str("128/25 NS ns.other.example.\n");
    (128..140).for_each(|host| reverse.push_str(&format!("{host} CNAME {host}.128/25\n")));
    let long = "x".repeat(240);
    let mail = format!(
        "$ORIGIN z.example.\n$TTL 300\n@ SOA ns h 1 2 3 4 5\n@ NS ns\n@ MX 10 mx1\n@ MX 20 mx2\n@ TXT \"v=spf1 mx -all\"\n@ CAA 0 issue \"ca.example\"\n\
         ns A 192.0.2.1\nmx1 A 192.0.2.2\nmx1 AAAA 2001:db8::2\nmx2 A 192.0.2.3\nsel._domainkey TXT \"v=DKIM1; p={long}\" \"{long}\"\n_dmarc TXT \"v=DMARC1; p=none\"\n\
         *.users MX 10 mx1\n_imaps._tcp SRV 0 1 993 mx1\n_443._tcp.www TLSA 3 1 1 {}\nwww HTTPS 1 . alpn=h2\nwww A 192.0.2.9\nftp CNAME www\n",
        "ab".repeat(32)
    );
    let rows: [(&str, &str, &[&str], &[&str]); 3] = [
        (
            "2.0.192.in-addr.arpa",
            &reverse,
            &[
                "1.2.0.192.in-addr.arpa",
                "130.2.0.192.in-addr.arpa",
                "200.2.0.192.in-addr.arpa",
                "2.0.192.in-addr.arpa",
                "x.128/25.2.0.192.in-addr.arpa",
            ],
            &["PTR", "CNAME", "NS", "A", "SOA"],
        ),
        (
            "z.example",
            &registry,
            &[
                "d1.z.example",
                "www.d7.z.example",
                "ns1.d9.z.example",
                "gone.z.example",
                "z.example",
                "nic.z.example",
                "a.nic.z.example",
            ],
            &["A", "NS", "DS", "SOA", "TXT"],
        ),
        (
            "z.example",
            &mail,
            &[
                "z.example",
                "any.users.z.example",
                "users.z.example",
                "sel._domainkey.z.example",
                "_dmarc.z.example",
                "_imaps._tcp.z.example",
                "_tcp.z.example",
                "_443._tcp.www.z.example",
                "_tcp.www.z.example",
                "www.z.example",
                "ftp.z.example",
                "gone.z.example",
            ],
            &["A", "MX", "TXT", "SRV", "TLSA", "HTTPS", "CAA", "CNAME"],
        ),
    ];
    for (origin, text, names, types) in rows {
        compare_zone(origin, text, names, types, &options()).await;
    }
}

#[tokio::test]
async fn answers_are_those_of_nsd() {
    compare(&options()).await;
}

#[tokio::test]
async fn answers_with_do_are_those_of_nsd() {
    compare(&AskOptions { dnssec_ok: true, ..options() }).await;
}

#[tokio::test]
async fn answers_over_tcp_are_those_of_nsd() {
    compare(&AskOptions { recursion_desired: true, ..over(Transport::Tcp) }).await;
}

#[tokio::test]
async fn every_field_of_nsds_answer_is_kept() {
    let nsd = Foreign::alone(Make::Nsd, "shop.example", SHOP).await;
    let answer = asked(nsd.address, "shop.example", "MX", &options()).await;
    assert_eq!(answer.server, nsd.address);
    assert_eq!(answer.rcode, Rcode::NOERROR);
    assert!(answer.flags.aa && !answer.flags.ra && !answer.flags.tc && !answer.flags.rd);
    assert_eq!(
        lines(&answer.answer),
        ["shop.example. 300 IN MX 10 mx1.shop.example.", "shop.example. 300 IN MX 20 mx.other.example."]
    );
    assert!(!answer.retried && answer.ignored == 0 && answer.size > 12 && answer.ede.is_none());
}

#[tokio::test]
async fn nsds_extended_error_is_kept() {
    let nsd = Foreign::alone(Make::Nsd, "shop.example", SHOP).await;
    let answer = asked(nsd.address, "www.other.example", "A", &options()).await;
    assert_eq!(answer.rcode, Rcode::REFUSED);
    assert_eq!(answer.ede.map(|(code, _)| code), Some(20));
}
