//! What Candor watches in a scenario: the estate, as its owner would write it into a config.

use candor_config::{Process, Source};
use candor_core::Timestamp;
use candor_core::model::Plan;
use candor_stage::CellName;
use candor_stage::model::{hosts, name_servers, needs};
use candor_stage::scenario::{ELSEWHERE, STORE_DEEDS, STORES, Scenario};

/// The zone of the estate.
const ZONE: &str = "shop.example";

/// Where customers sign in.
const SIGN_IN: &str = "id";

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
        line(service(store, ""));
        for deed in STORE_DEEDS {
            line(capability(&CellName::new(store, deed, Some("{place}")), every));
        }
    }
    let mut before = "";
    for (id, deed) in ELSEWHERE {
        if *id != before {
            line(service(id, "    places: none\n"));
        }
        before = id;
        line(capability(&CellName::new(id, deed, None), every));
    }
    let servers: Vec<String> =
        name_servers().into_iter().map(|(name, address)| format!("{name}.{ZONE}@{address}")).collect();
    line(format!("names: [{{zone: {ZONE}, servers: [{}]}}]", servers.join(", ")));
    text
}

fn service(id: &str, places: &str) -> String {
    let names: Vec<String> = needs(id).into_iter().map(|name| format!("{name}.{ZONE}")).collect();
    format!("  - id: {id}\n{places}    needs: [{}]\n    capabilities:", names.join(", "))
}

/// A journey with the steps of the stage's own, so that the number of a step names the same host to both.
fn capability(cell: &CellName, every_ms: u64) -> String {
    let (deed, steps) = (&cell.capability, hosts(cell));
    let mut text = format!("      {deed}:\n        every: {every_ms}ms\n        journey:");
    for (at, host) in steps.iter().enumerate() {
        let verb = if at == 0 && steps.len() > 1 && host == SIGN_IN { "post" } else { "get" };
        text.push_str(&format!("\n          - {verb}: \"http://{host}.{ZONE}/{deed}\""));
    }
    text
}
