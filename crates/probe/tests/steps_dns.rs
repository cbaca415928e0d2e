//! `dns:` against NSD: answers as they should be, every way to fall short, and authorities that disagree.

mod steps_support;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use candor_core::fault::Kind;
use candor_core::model::{DnsExpect, DnsStep, Flag, JourneyStep, Resolve, Step, StepWhen};
use candor_core::observation::Run;
use candor_probe::{Probe, Runner};
use steps_support::nsd::Nsd;
use steps_support::{SECOND, closed_port, evidence, failed, passed, pinned, plan, run, run_with, text};
use tokio::net::UdpSocket;

const RECORDS: &str = "www A 192.0.2.1\nwww A 192.0.2.2\n@ MX 10 mx1\nshop CNAME www\ngone CNAME nowhere\n\
                       round CNAME ring\nring CNAME round\n@ TXT \"v=spf1 -all\"\nsub NS ns.other.example.";

fn expect() -> DnsExpect {
    DnsExpect {
        rcode: "NOERROR".to_owned(),
        answer: None,
        flags: Vec::new(),
        authorities_agree: false,
        within: None,
    }
}

fn answer(data: &[&str]) -> DnsExpect {
    DnsExpect { answer: Some(data.iter().map(|data| text(data)).collect()), ..expect() }
}

fn question(name: &str, rtype: &str, servers: &[SocketAddr], expect: DnsExpect) -> Step {
    Step::Dns(DnsStep { name: text(name), rtype: rtype.to_owned(), servers: servers.to_vec(), expect })
}

async fn asked(nsd: &Nsd, name: &str, rtype: &str, expect: DnsExpect) -> Run {
    run(question(name, rtype, &[nsd.address], expect)).await
}

#[tokio::test]
async fn an_answer_is_compared_as_a_set_of_data_in_presentation_form() {
    let nsd = Nsd::start(1, RECORDS).await;
    passed(&asked(&nsd, "www.shop.example", "A", expect()).await);
    passed(&asked(&nsd, "www.shop.example", "A", answer(&["192.0.2.2", "192.0.2.1"])).await);
    passed(&asked(&nsd, "SHOP.example.", "MX", answer(&["10 MX1.shop.example."])).await);
    passed(&asked(&nsd, "shop.example", "TXT", answer(&["v=spf1 -all"])).await);
    passed(&asked(&nsd, "shop.shop.example", "A", answer(&["192.0.2.1", "192.0.2.2"])).await);
    passed(&asked(&nsd, "shop.shop.example", "CNAME", answer(&["www.shop.example."])).await);
    passed(&asked(&nsd, "www.shop.example", "AAAA", answer(&[])).await);
    let no = DnsExpect { rcode: "NXDOMAIN".to_owned(), ..expect() };
    passed(&asked(&nsd, "nowhere.shop.example", "A", no).await);
    let with_authority = DnsExpect { flags: vec![Flag::Aa], within: Some(SECOND * 5), ..expect() };
    let run = asked(&nsd, "www.shop.example", "A", with_authority).await;
    passed(&run);
    let report = &run.steps[0];
    assert_eq!((report.step.as_str(), report.target.as_str()), ("dns", "www.shop.example. A"));
    assert!(report.phases.dns_us.is_some() && report.address == Some(nsd.address.to_string()), "{report:?}");
}

#[tokio::test]
async fn each_way_to_fall_short_has_its_own_kind() {
    let nsd = Nsd::start(1, RECORDS).await;
    let wrong = asked(&nsd, "www.shop.example", "A", answer(&["192.0.2.1", "192.0.2.9"])).await;
    failed(&wrong, Kind::DnsWrongAnswer, "the answer has 192.0.2.2 instead of 192.0.2.9");
    assert!(evidence(&wrong).contains("www.shop.example. 60 IN A 192.0.2.2"), "{}", evidence(&wrong));
    failed(
        &asked(&nsd, "no.shop.example", "A", expect()).await,
        Kind::DnsNxdomain,
        "NXDOMAIN, expected NOERROR",
    );
    failed(&asked(&nsd, "www.shop.example", "AAAA", expect()).await, Kind::DnsNodata, "not with type AAAA");
    failed(
        &asked(&nsd, "gone.shop.example", "A", expect()).await,
        Kind::DnsAliasBroken,
        "which does not exist",
    );
    failed(&asked(&nsd, "round.shop.example", "A", expect()).await, Kind::DnsAliasBroken, "in a circle");
    failed(&asked(&nsd, "other.example", "A", expect()).await, Kind::DnsRefused, "REFUSED");
    failed(&asked(&nsd, "a.sub.shop.example", "A", expect()).await, Kind::DnsLame, "refers");
    let recursive = DnsExpect { flags: vec![Flag::Ra], ..expect() };
    failed(&asked(&nsd, "www.shop.example", "A", recursive).await, Kind::DnsWrongAnswer, "RA");
    let at_once = DnsExpect { within: Some(Duration::from_nanos(1)), ..expect() };
    failed(&asked(&nsd, "www.shop.example", "A", at_once).await, Kind::DeadlineExceeded, "allowed 0 ms");
    failed(&asked(&nsd, "a..b", "A", expect()).await, Kind::VantageConfig, "not a domain name");
}

#[tokio::test]
async fn every_server_that_the_step_names_must_answer_as_expected() {
    let (one, two) = tokio::join!(Nsd::start(1, "www A 192.0.2.1"), Nsd::start(1, "www A 192.0.2.2"));
    let run =
        run(question("www.shop.example", "A", &[one.address, two.address], answer(&["192.0.2.1"]))).await;
    failed(&run, Kind::DnsWrongAnswer, &two.address.to_string());
}

#[tokio::test]
async fn of_a_resolvers_servers_the_next_is_asked_where_one_is_silent() {
    let nsd = Nsd::start(1, RECORDS).await;
    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let servers = Resolve::Servers(vec![silent.local_addr().unwrap(), nsd.address]);
    let run = run_with(question("www.shop.example", "A", &[], expect()), servers, SECOND * 2).await;
    passed(&run);
    assert_eq!(run.steps[0].address, Some(nsd.address.to_string()));
}

#[tokio::test]
async fn silence_and_a_closed_port_are_told_apart_in_words() {
    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let step = question("www.shop.example", "A", &[silent.local_addr().unwrap()], expect());
    failed(&run_with(step, Resolve::System, SECOND / 2).await, Kind::DnsTimeout, "500 ms ran out");
    let closed = SocketAddr::from(([127, 0, 0, 1], closed_port()));
    let step = question("www.shop.example", "A", &[closed], expect());
    failed(&run(step).await, Kind::DnsTimeout, "nobody listens");
    failed(
        &run(question("www.shop.example", "A", &[], expect())).await,
        Kind::VantageConfig,
        "asks no servers",
    );
}

#[tokio::test]
async fn authorities_that_disagree_are_named_with_their_serials() {
    let agree = || DnsExpect { authorities_agree: true, ..expect() };
    let (a, b, c) = tokio::join!(
        Nsd::start(2015031101, "www A 192.0.2.1\nwww A 192.0.2.2"),
        Nsd::start(2015031101, "www A 192.0.2.2\nwww A 192.0.2.1"),
        Nsd::start(2015031102, "mail A 192.0.2.3\nwww A 192.0.2.2"),
    );
    passed(&run(question("www.shop.example", "A", &[a.address, b.address], agree())).await);
    let all = [a.address, b.address, c.address];
    let run_ = run(question("www.shop.example", "A", &all, agree())).await;
    let odd = format!(
        "disagree: {} (serial 2015031102) says 192.0.2.2; {} (serial 2015031101) says",
        c.address, a.address
    );
    failed(&run_, Kind::DnsDisagreement, &odd);
    let gone = DnsExpect { rcode: "NXDOMAIN".to_owned(), ..agree() };
    failed(
        &run(question("mail.shop.example", "A", &all, gone)).await,
        Kind::DnsWrongAnswer,
        "expected NXDOMAIN",
    );
    let two = [c.address, c.address];
    passed(&run(question("mail.shop.example", "A", &two, agree())).await);
}

#[tokio::test]
async fn an_authority_that_does_not_serve_the_zone_is_lame_and_a_silent_one_is_named() {
    let agree = || DnsExpect { authorities_agree: true, ..expect() };
    let nsd = Nsd::start(1, RECORDS).await;
    let closed = SocketAddr::from(([127, 0, 0, 1], closed_port()));
    let silent = run(question("www.shop.example", "A", &[nsd.address, closed], agree())).await;
    failed(&silent, Kind::DnsTimeout, &closed.to_string());
    let lame = run(question("a.sub.shop.example", "NS", &[nsd.address], agree())).await;
    failed(&lame, Kind::DnsLame, "");
}

/// The host by which the schedule bounds a check of this one step.
fn aimed_at(name: &str, servers: &[SocketAddr]) -> Option<String> {
    let step = question(name, "A", servers, expect());
    let step = JourneyStep { step, when: StepWhen::Passing, timeout: SECOND, resolve: Resolve::Inherit };
    let runner = Runner::new(Arc::new(plan(vec![step], pinned(), Vec::new())));
    Probe::checks(&runner).first().map(|check| check.host.clone())
}

#[test]
fn dns_checks_of_different_servers_or_names_do_not_wait_for_each_other() {
    let server = |last: u8| SocketAddr::from(([192, 0, 2, last], 53));
    assert_eq!(aimed_at("www.shop.example", &[server(1), server(2)]).as_deref(), Some("192.0.2.1"));
    assert_eq!(aimed_at("www.shop.example", &[server(2)]).as_deref(), Some("192.0.2.2"));
    assert_eq!(aimed_at("www.shop.example", &[]).as_deref(), Some("www.shop.example"));
    assert_eq!(aimed_at("pay.shop.example", &[]).as_deref(), Some("pay.shop.example"));
}
