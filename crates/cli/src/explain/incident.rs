//! `candor explain --incident`: what a running Candor knows of an incident's cause, from its operators' site.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use super::fetch::fetch;
use crate::command::Failure;
use crate::print::wrap;

/// How long the site may take.
const LIMIT: Duration = Duration::from_secs(10);
/// Columns of a terminal.
const WIDE: usize = 80;

/// What the operators' site says of an incident.
pub(crate) async fn ask(number: u64, operators: SocketAddr) -> Result<Value, Failure> {
    let at = site(operators, "/api/v1/status")?;
    let fetched = fetch(&at, "application/json", Instant::now() + LIMIT).await.map_err(|why| {
        Failure(format!("{why}\n  --operators says where the operators' site of a running Candor listens"))
    })?;
    let status: Value = serde_json::from_slice(&fetched.content)
        .map_err(|why| Failure(format!("{at} is no status of Candor: {why}")))?;
    let incidents = status.get("incidents").and_then(Value::as_array).cloned().unwrap_or_default();
    let known: Vec<String> = incidents.iter().filter_map(|one| Some(one.get("id")?.to_string())).collect();
    let found = incidents.into_iter().find(|one| one.get("id").and_then(Value::as_u64) == Some(number));
    found.ok_or_else(|| {
        let known = if known.is_empty() {
            "it has none yet".to_owned()
        } else {
            format!("it has {}", known.join(", "))
        };
        Failure(format!("there is no incident {number} at {operators}: {known}"))
    })
}

/// The picture of its cause, as the operators' site draws it.
pub(crate) async fn picture(incident: &Value, operators: SocketAddr) -> Result<String, Failure> {
    let path = text(incident, "/cause/picture");
    if !path.starts_with('/') {
        let why = "no way through the DNS was found that its cause lies on";
        return Err(Failure(format!("there is no picture of this cause: {why}")));
    }
    let fetched =
        fetch(&site(operators, path)?, "image/svg+xml", Instant::now() + LIMIT).await.map_err(Failure)?;
    String::from_utf8(fetched.content).map_err(|_| Failure(format!("{path} of {operators} is no picture")))
}

fn site(operators: SocketAddr, path: &str) -> Result<Url, Failure> {
    Ok(Url::parse(&format!("http://{operators}{path}"))?)
}

/// Whether its cause is known: a class that is a fault.
pub(crate) fn is_known(incident: &Value) -> bool {
    let class = text(incident, "/cause/class");
    !matches!(class, "" | "could_not_tell" | "healthy")
}

/// The incident and its cause, for people.
pub(crate) fn human(incident: &Value) -> String {
    let mut out = String::new();
    let number = incident.get("id").map(Value::to_string).unwrap_or_default();
    let head = format!("Incident {number}, {}: {}", text(incident, "/state"), text(incident, "/title"));
    line(&mut out, "", &head);
    out.push('\n');
    let words = text(incident, "/cause/words");
    line(&mut out, "", if words.is_empty() { "Nobody has looked for its cause yet." } else { words });
    for (label, pointer) in [("", "/cause/scope"), ("To act: ", "/cause/act"), ("Next: ", "/cause/next")] {
        let said = text(incident, pointer);
        if !said.is_empty() {
            line(&mut out, label, &said.replace('_', " "));
        }
    }
    let ruled_out = incident.pointer("/cause/ruled_out").and_then(Value::as_array);
    if let Some(list) = ruled_out.filter(|list| !list.is_empty()) {
        out.push_str("\nRuled out:\n");
        for other in list.iter().filter_map(Value::as_str) {
            line(&mut out, "  ", other);
        }
    }
    out
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// A paragraph; what comes from the site is told without what could act on a terminal.
fn line(out: &mut String, label: &str, words: &str) {
    let inert: String = words.chars().filter(|c| candor_core::fault::is_inert(*c)).collect();
    let indent = " ".repeat(label.len());
    for (n, row) in wrap(&inert, WIDE - label.len()).into_iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{}{row}", if n == 0 { label } else { &indent });
    }
}
