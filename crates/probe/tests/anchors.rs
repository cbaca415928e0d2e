//! Anchors: one that answers is enough, an error is an answer, and silence of all of them is blindness.

mod steps_support;

use std::net::SocketAddr;
use std::sync::Arc;

use candor_core::model::{Anchor, Plan};
use candor_probe::anchors::{EVERY, vantage_sees, watch_anchors};
use steps_support::nsd::Nsd;
use steps_support::{closed_port, pinned, plan, vantage};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

fn with(anchors: Vec<Anchor>) -> Plan {
    plan(Vec::new(), pinned(), anchors)
}

fn tcp(port: u16) -> Anchor {
    Anchor::Tcp { host: "shop.example".to_owned(), port }
}

#[tokio::test]
async fn one_anchor_that_can_be_reached_is_enough() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let open = tcp(listener.local_addr().unwrap().port());
    assert!(vantage_sees(&with(vec![tcp(closed_port()), open]), &vantage()).await);
    assert!(!vantage_sees(&with(vec![tcp(closed_port()), tcp(closed_port())]), &vantage()).await);
    assert!(vantage_sees(&with(Vec::new()), &vantage()).await, "without anchors nobody is called blind");
}

#[tokio::test]
async fn a_dns_anchor_that_answers_with_an_error_has_answered() {
    let nsd = Nsd::start(1, "").await;
    let dns = |server, name: &str| Anchor::Dns { server, name: name.to_owned() };
    assert!(vantage_sees(&with(vec![dns(nsd.address, "shop.example")]), &vantage()).await);
    assert!(vantage_sees(&with(vec![dns(nsd.address, "elsewhere.example")]), &vantage()).await, "REFUSED");
    let closed = SocketAddr::from(([127, 0, 0, 1], closed_port()));
    assert!(!vantage_sees(&with(vec![dns(closed, "shop.example")]), &vantage()).await);
}

#[tokio::test]
async fn vantages_are_asked_at_once_when_told_and_when_the_plan_changes() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let open = tcp(listener.local_addr().unwrap().port());
    let (plans, watched) = watch::channel(Arc::new(with(vec![open])));
    let (ask, asked) = mpsc::channel(1);
    let (out, mut told) = mpsc::channel(1);
    let began = Instant::now();
    let task = tokio::spawn(watch_anchors(watched, asked, out));
    assert_eq!(told.recv().await, Some((vantage(), true)));
    ask.send(vantage()).await.unwrap();
    assert_eq!(told.recv().await, Some((vantage(), true)));
    plans.send(Arc::new(with(vec![tcp(closed_port())]))).unwrap();
    assert_eq!(told.recv().await, Some((vantage(), false)));
    assert!(began.elapsed() < EVERY, "nothing of this waited for the clock");
    drop(plans);
    task.await.unwrap();
}
