//! A plan as annotations of a GitHub workflow: `::error file=…,title=…::…`.

use std::path::Path;

use candor_change::Plan;

pub(super) fn text(plan: &Plan, file: &Path) -> String {
    let file = property(&file.display().to_string());
    let mut out = String::new();
    for finding in &plan.findings {
        let level = if finding.refuses() { "error" } else { "warning" };
        let words = message(&format!("{} {}", finding.words, finding.remedy));
        out.push_str(&format!("::{level} file={file},title={}::{words}\n", property(&finding.rule)));
    }
    for broken in plan.journeys.iter().flat_map(|journeys| &journeys.broken) {
        let place = broken.place.as_ref().map_or_else(String::new, |place| format!(" in {place}"));
        let words = message(&format!(
            "{} {}{place} would break: {}",
            broken.service, broken.capability, broken.fault
        ));
        out.push_str(&format!("::error file={file},title=journey::{words}\n"));
    }
    if out.is_empty() {
        let zone = message(&plan.zone);
        out.push_str(&format!("::notice file={file},title=zone plan::{zone} may be published\n"));
    }
    out
}

/// As the workflow's commands want a message: one line, percent signs kept.
fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// As they want a property.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_zone_ends_an_annotation_or_begins_another() {
        assert_eq!(message("5 %\n::error::x"), "5 %25%0A::error::x");
        assert_eq!(property("a:b,c"), "a%3Ab%2Cc");
    }
}
