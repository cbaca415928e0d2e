//! For programs: the object that the contracts describe.

use candor_core::fault::Fault;
use candor_core::observation::{Phases, StepReport};
use serde_json::{Value, json};

use super::{Checked, Report};

pub(crate) fn json(report: &Report) -> Result<String, serde_json::Error> {
    let checks: Vec<Value> = report.checks.iter().map(checked).collect();
    serde_json::to_string_pretty(&json!({ "as_of": report.as_of.to_string(), "checks": checks }))
}

fn checked(checked: &Checked) -> Value {
    let seen = &checked.run.observation;
    json!({
        "service": checked.key.service,
        "capability": checked.key.capability,
        "place": checked.key.place,
        "vantage": checked.vantage,
        "passed": seen.passed(),
        "fault": seen.fault.as_ref().map(fault),
        "steps": checked.run.steps.iter().map(step).collect::<Vec<_>>(),
        "took_ms": seen.took_ms,
    })
}

fn fault(fault: &Fault) -> Value {
    json!({
        "layer": fault.kind.layer().word(),
        "kind": fault.kind.word(),
        "step": fault.step,
        "detail": fault.detail,
        "act": fault.kind.act().word(),
    })
}

fn step(step: &StepReport) -> Value {
    json!({
        "step": step.step,
        "target": step.target,
        "passed": step.passed,
        "phases": phases(&step.phases),
        "address": step.address,
    })
}

fn phases(phases: &Phases) -> Value {
    let ms = |us: Option<u32>| us.map(|us| f64::from(us) / 1_000.0);
    json!({
        "dns_ms": ms(phases.dns_us),
        "connect_ms": ms(phases.connect_us),
        "tls_ms": ms(phases.tls_us),
        "first_byte_ms": ms(phases.first_byte_us),
        "body_ms": ms(phases.body_us),
    })
}
