//! A plan as SARIF 2.1.0, which code scanning reads.

use std::path::Path;

use candor_change::Plan;
use candor_names::guard::RULES;
use serde_json::{Value, json};

use crate::command::Failure;

pub(super) fn text(plan: &Plan, file: &Path) -> Result<String, Failure> {
    let location = json!([{"physicalLocation": {"artifactLocation": {"uri": uri(file)}}}]);
    let result = |rule: &str, level: &str, words: String| json!({"ruleId": rule, "level": level, "message": {"text": words}, "locations": location});
    let findings = plan.findings.iter().map(|finding| {
        let level = if finding.refuses() { "error" } else { "warning" };
        result(&finding.rule, level, format!("{} {}", finding.words, finding.remedy))
    });
    let broken = plan.journeys.iter().flat_map(|journeys| &journeys.broken).map(|broken| {
        let place = broken.place.as_ref().map_or_else(String::new, |place| format!(" in {place}"));
        result(
            "journey",
            "error",
            format!("{} {}{place} would break: {}", broken.service, broken.capability, broken.fault),
        )
    });
    let rules = RULES.iter().map(|rule| json!({"id": rule.id, "shortDescription": {"text": rule.demands}}));
    let journey =
        json!({"id": "journey", "shortDescription": {"text": "every journey that passes goes on passing"}});
    let rules: Vec<Value> = rules.chain([journey]).collect();
    let results: Vec<Value> = findings.chain(broken).collect();
    let driver = json!({"name": "candor", "version": env!("CARGO_PKG_VERSION"), "rules": rules});
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    });
    Ok(serde_json::to_string_pretty(&log)?)
}

/// A path as a relative reference (RFC 3986): what has a meaning there is escaped.
fn uri(file: &Path) -> String {
    let mut out = String::new();
    for byte in file.display().to_string().bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
