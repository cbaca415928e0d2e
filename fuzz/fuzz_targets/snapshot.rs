//! A snapshot of the engine as it is read back from disk: refused, or an engine that goes on whatever it was told. The
//! input is a real snapshot with values changed: each change is a number, which picks the value, and what to put there.
//! An input that begins with `{` is taken as it stands.
#![no_main]

use std::cell::LazyCell;
use std::sync::Arc;
use std::time::Duration;

use candor_config::{Source, resolve};
use candor_core::Timestamp;
use candor_core::engine::{Engine, Extras, Input, Snapshot};
use candor_core::fault::{Fault, Kind};
use candor_core::model::Plan;
use candor_core::observation::Observation;
use candor_fuzz::feed::Feed;
use candor_fuzz::surroundings::{Surroundings, now};
use candor_page::{Audience, Language, render};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

const PLAN: &str = "
vantages: {london: {}, mumbai: {}}
anchors: [\"tcp://192.0.2.1:443\"]
services:
- {id: store, capabilities: {browse: {journey: [{ping: a.example}]}, buy: {journey: [{ping: a.example}]}}}
maintenance: [{name: Night, on_calendar: \"daily 13:00\", for: 1h}]
";

thread_local! {
    static PLANNED: LazyCell<(Arc<Plan>, Value)> = LazyCell::new(|| {
        let read = resolve(&Source::of_text("p.yaml", PLAN), &Surroundings, now());
        let plan = Arc::new(read.expect("a plan, because it is ours").plan);
        let mut engine = Engine::new(Arc::clone(&plan), now());
        live(&mut engine, now(), 8);
        let kept = serde_json::to_value(engine.snapshot()).expect("JSON, because a snapshot is always written");
        (plan, kept)
    });
}

fuzz_target!(|data: &[u8]| {
    PLANNED.with(|planned| {
        let (plan, kept) = &**planned;
        let read: Result<Snapshot, _> = if data.first() == Some(&b'{') {
            serde_json::from_slice(data)
        } else {
            let mut changed = kept.clone();
            let mut feed = Feed::new(data);
            while !feed.is_empty() {
                change(&mut changed, &mut feed);
            }
            serde_json::from_value(changed)
        };
        let Ok(snapshot) = read else { return };
        let mut engine = Engine::restore(Arc::clone(plan), &snapshot);
        while engine.poll().is_some() {}
        for at in [snapshot.now(), now(), Timestamp::MIN, Timestamp::MAX] {
            live(&mut engine, at, 4);
            let view = engine.view(&Extras::default());
            drop(render(&view, Audience::Operators, Language::English));
            drop(render(&view.expired(at), Audience::Public, Language::English));
        }
        engine.handle(now(), Input::ClockStepped(-7_200_000));
        while engine.poll().is_some() {}
        drop(engine.snapshot());
    });
});

/// Some runs of every check, a few seconds apart; the first half fail.
fn live(engine: &mut Engine, from: Timestamp, runs: u32) {
    let checks: Vec<_> = engine.plan().cells().flat_map(|(_, _, cell)| cell.checks.clone()).collect();
    for run in 0..runs {
        let at = from.checked_add(Duration::from_secs(u64::from(run) * 10)).unwrap_or(Timestamp::MAX);
        for check in &checks {
            let fault = (run < runs / 2).then(|| Fault::new(Kind::DnsNxdomain, 0, "gone"));
            let seen = Observation { check: check.id, observed_at: at, received_at: at, took_ms: 5, fault };
            engine.handle(at, Input::Observation(engine.watermark().saturating_add(1), seen));
            while engine.poll().is_some() {}
        }
        for vantage in engine.plan().vantages.clone() {
            engine.handle(at, Input::VantageHeartbeat { vantage: vantage.id, sees: run % 2 == 0 });
            while engine.poll().is_some() {}
        }
    }
}

/// Puts another value in the place of one.
fn change(value: &mut Value, feed: &mut Feed<'_>) {
    let pick = usize::from(feed.byte()) * 256 + usize::from(feed.byte());
    let count = leaves(value).len();
    let Some(leaf) = leaves(value).into_iter().nth(pick % count.max(1)) else { return };
    *leaf = match feed.byte() % 16 {
        0 => Value::Null,
        1 => json!(0),
        2 => json!(u64::MAX),
        3 => json!(i64::MIN),
        4 => json!(255),
        5 => json!(65_535),
        6 => json!("-009999-01-02T01:59:59Z"),
        7 => json!("9999-12-30T22:00:00.999999999Z"),
        8 => json!("1970-01-01T00:00:00Z"),
        9 => json!(feed.text()),
        10 => json!(true),
        11 => json!([]),
        12 => json!({"secs": u64::MAX, "nanos": 999_999_999}),
        13 => json!(4_294_967_295_u32),
        14 => json!("outage"),
        _ => json!(u64::from(feed.byte())),
    };
}

/// Every value that holds no other, and every list and map.
fn leaves(value: &mut Value) -> Vec<&mut Value> {
    let holds = value.as_array().is_some_and(|items| !items.is_empty())
        || value.as_object().is_some_and(|fields| !fields.is_empty());
    if !holds {
        return vec![value];
    }
    match value {
        Value::Array(items) => items.iter_mut().flat_map(leaves).collect(),
        Value::Object(fields) => fields.values_mut().flat_map(leaves).collect(),
        _ => Vec::new(),
    }
}
