//! What Candor watches in a scenario: the estate, as its owner would write it into a config.

use candor_config::{Process, Source};
use candor_core::Timestamp;
use candor_core::model::Plan;
use candor_stage::scenario::{ELSEWHERE, STORE_DEEDS, STORES, Scenario};

/// A journey that takes longer is not called working.
const WITHIN: &str = "1500ms";

/// The plan for a scenario.
///
/// # Errors
/// What the config says of it: it and this file do not fit each other.
pub(super) fn plan(scenario: &Scenario, now: Timestamp) -> Result<Plan, String> {
    let text = config(scenario);
    let source = Source::of_text("the estate", &text);
    match candor_config::resolve(&source, &Process, now) {
        Ok(resolved) => Ok(resolved.plan),
        Err(faults) => Err(format!("the estate cannot be watched so: {faults}")),
    }
}

fn config(scenario: &Scenario) -> String {
    let watch = scenario.watch;
    let mut text = String::from("page: {title: The estate}\n");
    let places: Vec<String> = scenario.places.iter().map(|place| format!("{place}: {{}}")).collect();
    let vantages: Vec<String> =
        scenario.places.iter().map(|place| format!("{place}: {{in: {place}}}")).collect();
    let mut line = |words: String| {
        text.push_str(&words);
        text.push('\n');
    };
    line(format!("places: {{{}}}", places.join(", ")));
    line(format!("vantages: {{{}}}", vantages.join(", ")));
    line("anchors: [\"tcp://192.0.2.7:443\"]".to_owned());
    let (every, timeout, deadline) = (watch.every_ms, watch.timeout_ms, watch.deadline_ms);
    line(format!(
        "defaults: {{every: {every}ms, timeout: {timeout}ms, deadline: {deadline}ms, degraded: {{within: {WITHIN}}}}}"
    ));
    line("services:".to_owned());
    for store in STORES {
        line(format!("  - id: {store}\n    capabilities:"));
        for deed in STORE_DEEDS {
            line(capability(deed, &format!("http://{{place}}.{store}.shop.example/")));
        }
    }
    let mut before = "";
    for (service, deed) in ELSEWHERE {
        if *service != before {
            line(format!("  - id: {service}\n    places: none\n    capabilities:"));
        }
        before = service;
        line(capability(deed, &format!("http://{service}.shop.example/{deed}")));
    }
    text
}

fn capability(id: &str, url: &str) -> String {
    format!("      {id}:\n        journey:\n          - get: \"{url}\"")
}
