//! A zone file: faults with their lines, or a zone that is written and read back the same, and answers every question.
#![no_main]

use candor_names::{Question, Zone};
use libfuzzer_sys::fuzz_target;

/// Names asked for, besides those of the zone: below, beside, above.
const ASKED: [&str; 6] =
    ["shop.example", "www.shop.example", "a.b.c.shop.example", "*.shop.example", "example", "."];
const TYPES: [&str; 6] = ["A", "NS", "SOA", "DS", "CNAME", "ANY"];

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for origin in [Some("shop.example"), None] {
        match Zone::parse(text, origin, "fuzz.zone") {
            Err(faults) => assert!(!faults.is_empty() && faults.len() <= 100, "{} faults", faults.len()),
            Ok(zone) => hold(&zone),
        }
    }
});

fn hold(zone: &Zone) {
    let written = zone.to_zone_file();
    let again = Zone::parse(&written, Some(&zone.origin()), "again.zone");
    assert_eq!(again.as_ref(), Ok(zone), "written:\n{written}");
    let names: Vec<String> = zone.records().map(|record| record.name).take(64).collect();
    for name in names.iter().map(String::as_str).chain(ASKED) {
        for rtype in TYPES {
            let Ok(question) = Question::parse(name, rtype) else { continue };
            let answer = zone.answer(&question, true);
            assert!(answer.answer.len() <= 4_096, "{} records for {name}", answer.answer.len());
        }
    }
    for record in zone.records().take(8) {
        drop(zone.with(&record));
        drop(zone.without(&record.name));
    }
}
