//! The object of a run for programs: `{"scenario", "seed", "mode", "truth", "faults", "seen", "scores", "passed"}`.

use serde_json::{Value, json};

use super::Mode;
use crate::play::Played;
use crate::scenario::Scenario;

/// A run for programs. Keys that exist are never renamed.
#[must_use]
pub fn json(scenario: &Scenario, played: &Played, mode: Mode) -> Value {
    let truth = &played.truth;
    let cells: Vec<Value> = truth
        .cells
        .iter()
        .map(|(cell, spans)| {
            json!({
                "service": cell.service, "capability": cell.capability, "place": cell.place,
                "spans": spans, "blind": truth.blind.get(cell),
            })
        })
        .collect();
    let happened: Vec<Value> = scenario
        .events
        .iter()
        .map(|event| json!({"at_ms": event.at_ms, "line": event.line, "words": scenario.words(event)}))
        .collect();
    json!({
        "scenario": scenario.name,
        "seed": played.seed,
        "mode": mode.word(),
        "lasts_ms": truth.lasts_ms,
        "events": happened,
        "truth": cells,
        "faults": truth.faults,
        "seen": played.seen,
        "scores": played.scores,
        "passed": played.scores.passed(),
    })
}
