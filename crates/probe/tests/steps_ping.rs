//! `ping:` on loopback. Where this machine lets nobody ping, the step must say so and what to change.

mod steps_support;

use std::collections::BTreeMap;

use candor_core::fault::{Kind, Layer};
use candor_core::model::{PingStep, Resolve, Step};
use candor_core::observation::Run;
use steps_support::{SECOND, failed, fault, passed, run, run_with, text};

fn ping(host: &str) -> Step {
    Step::Ping(PingStep { host: text(host), within: Some(SECOND * 3) })
}

/// Whether the kernel lets us; where not, the fault is checked instead.
fn allowed(run: &Run) -> bool {
    let barred = run.observation.fault.as_ref().is_some_and(|fault| fault.kind == Kind::VantageConfig);
    if barred {
        assert!(fault(run).detail.contains("net.ipv4.ping_group_range"), "{:?}", fault(run));
        assert!(fault(run).is_ours());
    }
    !barred
}

#[tokio::test]
async fn an_echo_from_loopback_is_answered_or_the_remedy_is_named() {
    for host in ["127.0.0.1", "shop.example"] {
        let run = run(ping(host)).await;
        if allowed(&run) {
            passed(&run);
            assert!(run.steps[0].phases.first_byte_us.is_some(), "{run:?}");
            assert_eq!(run.steps[0].address.as_deref(), Some("127.0.0.1"));
        }
    }
}

#[tokio::test]
async fn a_host_without_a_way_to_it_is_unreachable_or_silent() {
    // Reserved for future use (RFC 1112, section 4): nobody has it.
    let hosts =
        Resolve::Pinned(BTreeMap::from([("nobody.example".to_owned(), vec!["240.0.0.1".parse().unwrap()])]));
    let run = run_with(ping("nobody.example"), hosts, SECOND).await;
    if allowed(&run) {
        // Which of its kinds it is, the network between decides.
        assert_eq!(fault(&run).kind.layer(), Layer::Connect, "{:?}", fault(&run));
    }
    let none = Resolve::Pinned(BTreeMap::new());
    failed(&run_with(ping("nobody.example"), none, SECOND).await, Kind::DnsNxdomain, "nobody.example");
}
