//! What a crash leaves, folded again: the log as a live hub writes it, without a snapshot.

use candor_config::{Process, Source};
use candor_core::engine::Testimony;
use candor_core::fault::{Fault, Kind};
use candor_core::finding::{Finding, What};
use candor_core::id::CheckId;
use candor_core::incident::{Cause, Found};
use candor_core::observation::{Observation, Run};
use candor_core::verdict::Verdict;
use candor_explain::across::{Answer, settle};
use candor_ledger::Ledger;

use super::*;
use crate::decide::Kept;

const ANCHORED: &str = "
anchors: [\"tcp://192.0.2.1:443\"]
defaults: {every: 10s, timeout: 1s}
services:
  - id: shop
    capabilities: {buy: {journey: [{tcp: \"192.0.2.2:80\"}]}}
";

const ANCHORS: &str = "anchors: [\"tcp://192.0.2.1:443\"]\n";

fn plan(text: &str) -> Arc<Plan> {
    let source = Source::of_text("candor.yaml", text);
    Arc::new(candor_config::resolve(&source, &Process, at(0)).unwrap().plan)
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn failure(check: CheckId, second: i64) -> Observation {
    let fault = Some(Fault::new(Kind::ConnectRefused, 0, "refused"));
    Observation { check, observed_at: at(second), received_at: at(second), took_ms: 1, fault }
}

/// Keeps what a live engine sees and decides, as the recorder does; anchors answer at once, and leave no trace.
fn live(ledger: &mut Ledger, plan: &Arc<Plan>, seconds: &[i64]) -> Engine {
    let mut engine = Engine::new(Arc::clone(plan), at(0));
    go_on(&mut engine, ledger, plan, seconds);
    engine
}

fn go_on(engine: &mut Engine, ledger: &mut Ledger, plan: &Arc<Plan>, seconds: &[i64]) {
    let check = plan.cells().next().unwrap().2.checks[0].id;
    for second in seconds {
        let seen = failure(check, *second);
        let run = Run { observation: seen.clone(), steps: Vec::new(), evidence: None };
        let seq = ledger.observe(&[run]).unwrap();
        engine.handle(at(*second), Input::Observation(seq, seen));
        let mut entries = drain(engine);
        let vantage = plan.vantages[0].id.clone();
        engine.handle(at(*second), Input::VantageHeartbeat { vantage, sees: true });
        entries.extend(drain(engine));
        ledger.append_all(&entries).unwrap();
    }
}

fn ledger() -> (tempfile::TempDir, Ledger) {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(&folder.path().join("candor.db")).unwrap();
    (folder, ledger)
}

#[test]
fn an_outage_that_anchors_vouched_for_survives_a_crash_with_its_incident() {
    let (_folder, mut ledger) = ledger();
    let plan = plan(ANCHORED);
    let before = live(&mut ledger, &plan, &[10, 11, 20]);
    assert_eq!(before.verdicts().next().unwrap().1, Verdict::Outage, "the test is about an outage");
    let after = recover(&ledger, &plan, &plan, at(21)).unwrap();
    assert_eq!(after.engine.verdicts().next().unwrap().1, Verdict::Outage);
    let incidents = |engine: &Engine| engine.view(&Default::default()).incidents;
    assert_eq!(incidents(&after.engine)[0].id, incidents(&before)[0].id);
    assert_eq!(incidents(&after.engine)[0].opened_at, incidents(&before)[0].opened_at);
    assert!(after.engine.ordinal() >= before.ordinal());
}

#[test]
fn a_plan_that_changed_while_nobody_ran_comes_after_the_log() {
    let (_folder, mut ledger) = ledger();
    let old = plan(&ANCHORED.replace(ANCHORS, ""));
    let mut before = live(&mut ledger, &old, &[10, 11, 20]);
    let bytes = serde_json::to_vec(&before.snapshot()).unwrap();
    let head = ledger.head().unwrap().unwrap().seq;
    ledger.snapshot(before.watermark(), head, &bytes).unwrap();
    // What is decided after the snapshot is kept, and then the hub is killed.
    let kept = before.ordinal();
    go_on(&mut before, &mut ledger, &old, &[30, 40]);
    assert!(before.ordinal() > kept, "the test is about entries after a snapshot");
    let new = plan(&ANCHORED.replace("id: shop", "id: other").replace(ANCHORS, ""));
    let after = recover(&ledger, &old, &new, at(41)).unwrap();
    // The cell that is gone leaves its incident: decided after all that is kept, and not kept yet.
    let updated = |entry: &Entry| matches!(entry.what, Event::IncidentUpdated { .. });
    assert!(after.missing.iter().any(updated), "{:?}", after.missing);
    assert!(after.missing.iter().all(|entry| entry.ordinal > before.ordinal()), "{:?}", after.missing);
    ledger.append_all(&after.missing).unwrap();
    ledger.verify().unwrap();
    assert_eq!(after.engine.verdicts().next().unwrap().1, Verdict::Unknown);
}

#[test]
fn a_cause_that_was_found_is_known_after_a_crash_without_anybody_looking_again() {
    let (_folder, mut ledger) = ledger();
    let plan = plan(ANCHORED);
    let mut before = live(&mut ledger, &plan, &[10, 11, 20]);
    let incident = before.view(&Default::default()).incidents[0].clone();
    let what = What::CouldNotTell { why: "nobody answered".into() };
    let name = "shop.example.".to_owned();
    let cause = Cause {
        finding: Finding { name, what, was: None, asides: Vec::new(), at: at(21) },
        also: Vec::new(),
        explains: 1,
        contradicts: 0,
        covers: Vec::new(),
        ruled_out: Vec::new(),
        way: None,
        at: at(21),
    };
    let cells = incident.cells.iter().map(|affected| affected.cell.clone()).collect();
    let found = vec![Found { cause, cells }];
    before.handle(at(21), Input::Finding { incident: incident.id, found });
    ledger.append_all(&drain(&mut before)).unwrap();
    let after = recover(&ledger, &plan, &plan, at(21)).unwrap();
    let of = |engine: &Engine| engine.view(&Default::default()).incidents[0].clone();
    assert_eq!(of(&after.engine).cause, of(&before).cause);
    assert!(of(&before).cause.is_some(), "the test is about a cause");
    assert_eq!(of(&after.engine).updates, of(&before).updates);
    assert!(after.missing.is_empty(), "{:?}", after.missing);
}

#[test]
fn what_names_led_to_is_known_after_a_restart() {
    let (_folder, mut ledger) = ledger();
    let plan =
        plan("services:\n  - id: shop\n    capabilities: {buy: {journey: [{tcp: \"shop.example:80\"}]}}\n");
    let check = plan.cells().next().unwrap().2.checks[0].id;
    let mut memory = Memory::default();
    let record = ("shop.example.".to_owned(), "A".to_owned(), "192.0.2.1".to_owned());
    memory.hear("shop.example", Answer { data: vec![record], serial: Some(7), at: at(1) });
    let passed = Testimony { check, fails: None, involved: false, pass_began: Some(at(2)) };
    settle(&plan, &[passed], &mut memory, at(3));
    let engine = Engine::new(Arc::clone(&plan), at(0));
    let bytes = serde_json::to_vec(&Kept { state: engine.snapshot(), memory: &memory }).unwrap();
    ledger.snapshot(0, 0, &bytes).unwrap();
    let after = recover(&ledger, &plan, &plan, at(4)).unwrap();
    assert!(serde_json::to_string(&after.memory).unwrap().contains("192.0.2.1"));
    assert_eq!(remembered(b"{}"), Memory::default(), "one of an earlier form has none");
    assert_eq!(after.engine.snapshot().now(), at(4), "the state stands beside it");
}
