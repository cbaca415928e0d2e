//! One value in its place in a configuration: durations, sizes, rates, calendars, times, templates, URLs, addresses,
//! patterns, JSON paths, selectors. The first byte picks the place.
#![no_main]

use candor_config::{Source, for_url, resolve, show};
use candor_fuzz::surroundings::{Surroundings, now};
use libfuzzer_sys::fuzz_target;

/// Where a value stands: a capability around `@`.
const PLACES: [&str; 26] = [
    "every: @, journey: [{ping: a.example}]",
    "degraded: {failing: @}, journey: [{ping: a.example}]",
    "quorum: @, journey: [{ping: a.example}]",
    "variables: {v: @}, journey: [{ping: \"{v}\"}]",
    "journey: [{get: @}]",
    "journey: [{get: {first_link: @}}]",
    "journey: [{get: \"https://a.example/\", headers: {x: @}}]",
    "journey: [{post: \"https://a.example/\", body: @}]",
    "journey: [{get: \"https://a.example/\", proxy: @}]",
    "journey: [{get: \"https://a.example/\", expect: {status: @}}]",
    "journey: [{get: \"https://a.example/\", expect: {text: @}}]",
    "journey: [{get: \"https://a.example/\", expect: {size: @}}]",
    "journey: [{get: \"https://a.example/\", expect: {rate: @}}]",
    "journey: [{get: \"https://a.example/\", expect: {sha256: @}}]",
    "journey: [{get: \"https://a.example/\", expect: {json: {@: 1}}}]",
    "journey: [{get: \"https://a.example/\", expect: {headers: {x: {matches: @}}}}]",
    "journey: [{get: \"https://a.example/\", capture: {c: @}}]",
    "journey: [{get: \"https://a.example/\", capture: {c: {css: @}}}]",
    "journey: [{get: \"https://a.example/\", capture: {c: {regex: @}}}]",
    "journey: [{dns: @}]",
    "journey: [{dns: a.example, servers: [@]}]",
    "journey: [{tcp: @}]",
    "journey: [{tls: @}]",
    "journey: [{tls: a.example, expect: {expires_in: @}}]",
    "journey: [{smtp: @}]",
    "journey: [{ping: @}]",
];

/// Where a value stands in the rest of a configuration.
const ELSEWHERE: [&str; 12] = [
    "maintenance: [{name: n, on_calendar: @, for: 1h}]",
    "maintenance: [{name: n, from: @, for: 1h}]",
    "maintenance: [{name: n, on_calendar: \"Sun 02:00\", for: 1h, timezone: @}]",
    "maintenance: [{name: n, on_calendar: \"Sun 02:00\", for: @}]",
    "anchors: [@]",
    "resolve: {servers: [@]}",
    "resolve: {pinned: {a.example: @}}",
    "page: {url: @}",
    "page: {listen: @}",
    "names: [{zone: @, servers: [ns1.a.example@192.0.2.1]}]",
    "names: [{zone: a.example, servers: [@]}]",
    "ledger: @",
];

fuzz_target!(|data: &[u8]| {
    let Some((place, text)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let place = usize::from(*place) % (PLACES.len() + ELSEWHERE.len() + 1);
    let value = serde_json::Value::from(text).to_string();
    let service =
        |capability: &str| format!("services: [{{id: s, capabilities: {{c: {{{capability}}}}}}}]\n");
    let (plan, elsewhere) = match (PLACES.get(place), ELSEWHERE.get(place.wrapping_sub(PLACES.len()))) {
        (Some(capability), _) => (service(&capability.replace('@', &value)), String::new()),
        // The last @ is the place; those before it belong to the language.
        (None, Some(line)) => {
            let at = if line.starts_with("names: [{zone: @") { line.find('@') } else { line.rfind('@') };
            let (before, after) = line.split_at(at.unwrap_or(0));
            let line = format!("{before}{value}{}\n", after.get(1..).unwrap_or_default());
            (service("journey: [{ping: a.example}]"), line)
        }
        (None, None) => {
            let _ = for_url(text, &Surroundings, now());
            return;
        }
    };
    let source = Source::of_text("value.yaml", &(plan + &elsewhere));
    match resolve(&source, &Surroundings, now()) {
        Ok(resolved) => {
            drop(show(&resolved.plan));
            for window in &resolved.plan.maintenance {
                let _ = (window.window_at(now()), window.next_change(now()));
            }
        }
        Err(faults) => drop(faults.render(&source, false)),
    }
});
