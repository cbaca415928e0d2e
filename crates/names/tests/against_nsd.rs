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
    let nsd = Foreign::alone(Make::Nsd, "shop.example", SHOP).await;
    let ours = Ours::start(vec![zone(SHOP)]).await;
    let mut faults = Vec::new();
    for name in NAMES {
        for rtype in TYPES {
            let theirs = essence(&asked(nsd.address, name, rtype, options).await);
            let own = essence(&asked(ours.address, name, rtype, options).await);
            if theirs != own {
                faults.push(format!("--- {name} {rtype}\nNSD:  {theirs}\nours: {own}"));
            }
        }
    }
    assert!(faults.is_empty(), "{} of the answers differ:\n{}", faults.len(), faults.join("\n"));
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
