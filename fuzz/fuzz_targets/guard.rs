//! Two zone files, one live and one proposed: whatever they hold, the guard judges; a change of nothing is never refused, and
//! what is refused is told with a rule that there is, a name and words.
#![no_main]

use candor_names::Zone;
use candor_names::guard::{Around, Case, Limits, RULES, Required, Severity, Source, changes, empty, guard};
use libfuzzer_sys::fuzz_target;

/// Between the two files.
const MARK: &str = "\n===\n";

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some((live, proposed)) = text.split_once(MARK) else { return };
    drop(empty(proposed, "shop.example."));
    let read = |text: &str| Zone::parse(text, Some("shop.example"), "fuzz.zone").ok();
    let (Some(live), Some(new)) = (read(live), read(proposed)) else { return };
    let names: Vec<String> = live.records().map(|record| record.name).take(16).collect();
    let required: Vec<Required> = names
        .iter()
        .flat_map(|name| [name.clone(), format!("{name} MX"), format!("{name} TXT")])
        .filter_map(|text| Required::parse(&text, "shop.example", "it is used").ok())
        .map(Required::learned)
        .collect();
    let owned = "192.0.2.0/24".parse().expect("it is a network because it is written as one");
    let limits = Limits { owned: vec![owned], ..Limits::default() };
    let around = Around::default();
    for (one, other) in [(&live, &new), (&new, &live), (&live, &live)] {
        let case = Case::new(one, other, &required, &limits, &around).expect("both are versions of one zone because both have its apex");
        let case = case.with_source(Source { text: Some(proposed) });
        for breach in guard(&case) {
            assert!(RULES.iter().any(|rule| rule.id == breach.rule), "{breach:?}");
            assert!(!breach.names.is_empty() && breach.words.ends_with('.'), "{breach:?}");
            assert!(one != other || breach.severity == Severity::Warn, "nothing changes: {breach:?}");
        }
        assert!(one != other || changes(&case).next().is_none());
    }
});
