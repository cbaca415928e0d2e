//! The state after a restart: the newest snapshot, the rest of both logs, and then the present.
//!
//! Entries that the engine decided on are not fed back: it decides them again, from the same observations. Those that
//! it decides on and that the ledger does not have (a crash came between) are kept now. What a log cannot know (the
//! present plan, the present time) comes last, so a cell whose lease ended while nobody ran is unknown from the first
//! page on.
//!
//! Answers of anchors are not in the log, but what was decided on them is: a verdict that accuses, or an incident,
//! proves that the cell's vantages were known to see, and they are taken to see at that moment again.

use std::ops::ControlFlow;
use std::sync::Arc;

use candor_core::Timestamp;
use candor_core::engine::{Action, Command, Engine, Input, Snapshot};
use candor_core::entry::{Entry, Event};
use candor_core::id::VantageId;
use candor_core::incident::{By, UpdateText};
use candor_core::model::Plan;
use candor_explain::across::Memory;
use candor_ledger::{LedgerError, Logged, Reader};
use serde::Deserialize;

/// An engine that goes on where the ledger ends, and entries that the ledger still lacks.
#[derive(Debug)]
pub(crate) struct Recovered {
    pub(crate) engine: Engine,
    pub(crate) missing: Vec<Entry>,
    /// What names led to while all was well.
    pub(crate) memory: Memory,
}

/// Clock differences that are taken for a step while nobody ran: `now` lies before what was decided.
const BACKWARDS_MS: i64 = 2_000;

/// Folds the ledger: under the plan that was in force `before`, and then `plan`.
pub(crate) fn recover(
    ledger: &Reader,
    before: &Arc<Plan>,
    plan: &Arc<Plan>,
    now: Timestamp,
) -> Result<Recovered, LedgerError> {
    let kept = ledger.latest_snapshot()?;
    let snapshot = kept.as_ref().and_then(|kept| read(&kept.bytes));
    let (mut engine, after) = match (&snapshot, &kept) {
        (Some(snapshot), Some(kept)) => {
            (Engine::restore(Arc::clone(before), snapshot), (kept.watermark, kept.entry_seq))
        }
        _ => (Engine::new(Arc::clone(before), beginning(ledger, now)?), (0, 0)),
    };
    let mut known = snapshot.as_ref().map_or(0, Snapshot::ordinal);
    let mut decided = drain(&mut engine);
    ledger.replay(after.0, after.1, |logged| {
        match logged {
            Logged::Observation(seq, seen) => engine.handle(seen.received_at, Input::Observation(seq, seen)),
            Logged::Entry(_, entry) => {
                known = known.max(entry.ordinal);
                for vantage in seeing(&engine, &entry) {
                    engine.handle(entry.at, Input::VantageHeartbeat { vantage, sees: true });
                }
                if let Some(input) = input_of(&entry) {
                    engine.handle(entry.at, input);
                }
            }
        }
        decided.extend(drain(&mut engine));
        ControlFlow::Continue(())
    })?;
    let last = engine.snapshot().now();
    let back_ms = last.as_millisecond().saturating_sub(now.as_millisecond());
    let present = if back_ms > BACKWARDS_MS { Input::ClockStepped(-back_ms) } else { Input::Tick };
    engine.handle(now, present);
    if before != plan {
        engine.handle(now, Input::PlanLoaded(Arc::clone(plan)));
    }
    decided.extend(drain(&mut engine));
    decided.retain(|entry| entry.ordinal > known);
    engine.count_from(known);
    let memory = kept.as_ref().map(|kept| remembered(&kept.bytes)).unwrap_or_default();
    Ok(Recovered { engine, missing: decided, memory })
}

/// The vantages without whose sight `entry` could not have been decided.
fn seeing(engine: &Engine, entry: &Entry) -> Vec<VantageId> {
    let Event::VerdictChanged { cell: accused, to, .. } = &entry.what else { return Vec::new() };
    if !to.is_failing() {
        return Vec::new();
    }
    let cells = engine.plan().cells().filter(|(_, _, cell)| cell.key == *accused);
    let vantages = cells.flat_map(|(_, _, cell)| cell.checks.iter().map(|check| check.vantage.clone()));
    vantages.filter(|vantage| engine.blind().all(|(blind, _)| blind != vantage)).collect()
}

fn read(bytes: &[u8]) -> Option<Snapshot> {
    serde_json::from_slice(bytes)
        .inspect_err(|error| tracing::warn!(%error, "a snapshot of another form is passed over; the whole log is folded"))
        .ok()
}

/// What stands in a kept snapshot beside the engine's state.
#[derive(Deserialize)]
struct Beside {
    #[serde(default)]
    memory: Memory,
}

fn remembered(bytes: &[u8]) -> Memory {
    serde_json::from_slice::<Beside>(bytes).map(|beside| beside.memory).unwrap_or_default()
}

/// The moment before the first thing in the log: an engine's time never goes back by itself.
fn beginning(ledger: &Reader, now: Timestamp) -> Result<Timestamp, LedgerError> {
    let mut first = now;
    ledger.replay(0, 0, |logged| {
        first = first.min(match logged {
            Logged::Observation(_, seen) => seen.received_at,
            Logged::Entry(_, entry) => entry.at,
        });
        ControlFlow::Break(())
    })?;
    Ok(first)
}

fn drain(engine: &mut Engine) -> Vec<Entry> {
    let mut entries = Vec::new();
    while let Some(action) = engine.poll() {
        if let Action::Record(entry) = action {
            entries.push(entry);
        }
    }
    entries
}

/// What an entry was to the engine, where it was an input and not a decision.
fn input_of(entry: &Entry) -> Option<Input> {
    match &entry.what {
        Event::VantageBlind { vantage } => {
            Some(Input::VantageHeartbeat { vantage: vantage.clone(), sees: false })
        }
        Event::VantageSees { vantage } => {
            Some(Input::VantageHeartbeat { vantage: vantage.clone(), sees: true })
        }
        Event::ClockStepped { by_ms } => Some(Input::ClockStepped(*by_ms)),
        Event::IncidentUpdated { incident, update } if update.by == By::Operator => match &update.text {
            UpdateText::Words(words) => {
                let (incident, state, words) = (*incident, update.state, words.clone());
                Some(Input::Command(Command::Say { incident, state, words }))
            }
            UpdateText::Said(_) | UpdateText::Found(_) => None,
        },
        Event::CauseFound { incident, found } => {
            Some(Input::Finding { incident: *incident, found: found.clone() })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
