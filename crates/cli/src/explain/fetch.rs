//! One GET, by the client that journeys use, so that every bound is that of a check.

use std::sync::Arc;

use candor_config::{Process, Source};
use candor_core::Timestamp;
use candor_core::observation::Run;
use candor_probe::Runner;
use tokio::time::{Instant, timeout_at};
use url::Url;

/// What was fetched.
pub(super) struct Fetched {
    pub(super) content: Vec<u8>,
    pub(super) status_404: bool,
}

/// One GET, by the client that journeys use.
pub(super) async fn fetch(url: &Url, accept: &str, until: Instant) -> Result<Fetched, String> {
    let source = Source::of_text("fetch", &yaml(url, accept));
    let plan = candor_config::resolve(&source, &Process, Timestamp::now())
        .map_err(|_| format!("{url} cannot be asked: a URL has a host, and no user and password"))?
        .plan;
    let runner = Runner::new(Arc::new(plan));
    let check = runner.checks().next().ok_or_else(|| format!("{url} cannot be asked"))?;
    let (run, page) =
        timeout_at(until, runner.read(check)).await.map_err(|_| format!("{url} gave no answer in time"))?;
    let status_404 = has_status(&run, "404");
    match (run.observation.fault, page) {
        (fault, Some(content)) if fault.is_none() || status_404 => {
            Ok(Fetched { content: content.to_vec(), status_404 })
        }
        (Some(fault), _) => {
            Err(format!("{url}: {}.{} {}", fault.kind.layer().word(), fault.kind.word(), fault.detail))
        }
        (None, _) => Err(format!("{url} gave no content")),
    }
}

/// A journey of one step, so that every bound is that of a check.
fn yaml(url: &Url, accept: &str) -> String {
    let plain = url.as_str().replace('$', "$$").replace('{', "{{").replace('}', "}}");
    let url = serde_json::Value::String(plain);
    format!(
        "page: {{title: Fetch}}\nservices:\n  - id: fetch\n    name: Fetch\n    capabilities:\n      page:\n        \
         journey: [{{get: {url}, headers: {{accept: \"{accept}\"}}, body_max: 64MiB}}]\n"
    )
}

/// Whether a run failed at this status.
fn has_status(run: &Run, status: &str) -> bool {
    let first = run.evidence.as_ref().and_then(|evidence| evidence.lines.first());
    first.is_some_and(|line| line.starts_with("HTTP/") && line.split(' ').nth(1) == Some(status))
}
