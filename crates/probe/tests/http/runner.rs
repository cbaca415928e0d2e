//! The runner: deadlines, steps that always run, what is unique and what is unknown.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use candor_core::fault::Kind;
use candor_core::id::CheckId;
use candor_core::model::*;
use candor_names::PinnedResolver;
use candor_probe::{CLEANUP_BUDGET, Probe, Runner};

use crate::support::plan::*;
use crate::support::stub::*;

#[tokio::test]
async fn an_always_step_runs_after_a_failure_and_never_hides_it() {
    let stub = Stub::start(|request| match request.split(' ').next().unwrap() {
        "delete" => answer("410 Gone", &[], ""),
        _ => answer("500 Oops", &[], ""),
    })
    .await;
    let url = stub.url("shop.example", "/{run}");
    let clean_up = HttpStep { method: Method::Delete, ..get(&url) };
    let run = run_journey(journey(vec![step(get(&url)), step(get(&url)), always(clean_up)])).await;
    assert_eq!((kind(&run), fault(&run).step), (Kind::HttpStatus, 0));
    assert!(fault(&run).detail.contains("500"));
    assert_eq!(run.steps.len(), 2, "the step after the failure ran");
    let seen = stub.seen();
    assert_eq!(seen[0].split(' ').nth(1), seen[1].split(' ').nth(1), "one run has one number");
}

#[tokio::test]
async fn an_always_step_that_fails_alone_is_the_fault() {
    let stub = Stub::start(|request| match request.starts_with("delete") {
        true => answer("500 Oops", &[], ""),
        false => page("fine"),
    })
    .await;
    let url = stub.url("shop.example", "/");
    let clean_up = HttpStep { method: Method::Delete, ..get(&url) };
    let run = run_journey(journey(vec![step(get(&url)), always(clean_up)])).await;
    assert_eq!((kind(&run), fault(&run).step), (Kind::HttpStatus, 1));
}

#[tokio::test]
async fn an_always_step_has_time_of_its_own_after_the_deadline() {
    let stub = Stub::start(|request| match request.starts_with("delete") {
        true => page("cleaned"),
        false => vec![Act::Hang],
    })
    .await;
    let url = stub.url("shop.example", "/");
    let clean_up = HttpStep { method: Method::Delete, ..get(&url) };
    let (plan, check) = plan(journey(vec![step(get(&url)), always(clean_up)]), Duration::from_millis(200));
    let runner = Runner::new(plan);
    let run = runner.run(check).await;
    assert_eq!(kind(&run), Kind::DeadlineExceeded);
    assert!(fault(&run).detail.starts_with("the journey's deadline ran out"), "{:?}", fault(&run));
    assert_eq!(run.steps.iter().map(|step| step.passed).collect::<Vec<_>>(), [false, true]);
    assert_eq!(Probe::checks(&runner)[0].deadline, Duration::from_millis(200) + CLEANUP_BUDGET);
}

#[tokio::test]
async fn a_hole_that_nothing_fills_is_a_fault_of_the_configuration() {
    let run = run(vec![get("http://shop.example/{token}")]).await;
    assert_eq!(kind(&run), Kind::VantageConfig);
    insta::assert_snapshot!(fault(&run).detail, @"nothing fills {token} (no earlier step captured it)");
}

#[tokio::test]
async fn a_check_that_the_plan_lacks_is_a_fault_of_ours() {
    let (plan, check) = plan(journey(vec![step(get("http://shop.example/"))]), Duration::from_secs(1));
    let runner = Runner::new(plan);
    assert_eq!(runner.checks().collect::<Vec<_>>(), [check]);
    assert!(fault(&runner.run(CheckId(1)).await).is_ours());
}

#[tokio::test]
async fn the_narrowest_scope_says_how_names_resolve() {
    let stub = Stub::start(|_| page("found")).await;
    let url = stub.url("only-here.example", "/");
    let pinned =
        |name: &str| Resolve::Pinned(BTreeMap::from([(name.to_owned(), vec![[127, 0, 0, 1].into()])]));
    let own = JourneyStep { resolve: pinned("only-here.example"), ..step(get(&url)) };
    assert_passed(&run_journey(journey(vec![own])).await);
    assert_eq!(kind(&run(vec![get(&url)]).await), Kind::DnsNxdomain);

    let (plan_, check) = plan(journey(vec![step(get(&url))]), Duration::from_secs(5));
    let mut wider = Plan::clone(&plan_);
    wider.vantages[0].resolve = pinned("only-here.example");
    assert_passed(&Runner::new(Arc::new(wider.clone())).run(check).await);
    wider.services[0].resolve = pinned("elsewhere.example");
    assert_eq!(kind(&Runner::new(Arc::new(wider)).run(check).await), Kind::DnsNxdomain);

    let over =
        PinnedResolver::new(BTreeMap::from([("only-here.example".to_owned(), vec![[127, 0, 0, 1].into()])]));
    assert_passed(&Runner::with_resolver(plan_, Arc::new(over)).run(check).await);
}

#[tokio::test]
async fn a_closed_address_does_not_hide_an_open_one() {
    let stub = Stub::start(|_| page("found")).await;
    let both = vec!["::1".parse().unwrap(), [127, 0, 0, 1].into()];
    let resolve = Resolve::Pinned(BTreeMap::from([("both.example".to_owned(), both)]));
    let step = JourneyStep { resolve, ..step(get(&stub.url("both.example", "/"))) };
    let run = run_journey(journey(vec![step])).await;
    assert_passed(&run);
    assert_eq!(run.steps[0].address, Some(format!("127.0.0.1:{}", stub.port)));
}
