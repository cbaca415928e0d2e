//! For CI: JUnit XML, a suite for each service. Failures of ours are errors, not failures of the target.

use std::fmt::Write as _;

use super::{Checked, Report};

pub(crate) fn junit(report: &Report) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"candor\">\n");
    let mut rest: &[Checked] = &report.checks;
    while let Some(first) = rest.first() {
        let length = rest.iter().take_while(|c| c.key.service == first.key.service).count();
        let (suite, others) = rest.split_at(length);
        write_suite(&mut out, suite, &report.as_of.to_string());
        rest = others;
    }
    out.push_str("</testsuites>\n");
    out
}

fn write_suite(out: &mut String, suite: &[Checked], as_of: &str) {
    let ours =
        |c: &&Checked| c.run.observation.fault.as_ref().is_some_and(candor_core::fault::Fault::is_ours);
    let failed = suite.iter().filter(|c| !c.run.observation.passed()).count();
    let errors = suite.iter().filter(ours).count();
    let name = suite.first().map_or("", |c| c.key.service.as_str());
    let (tests, failures) = (suite.len(), failed - errors);
    let _ = writeln!(
        out,
        "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" timestamp=\"{as_of}\">"
    );
    for checked in suite {
        write_case(out, checked);
    }
    out.push_str("  </testsuite>\n");
}

fn write_case(out: &mut String, checked: &Checked) {
    let seen = &checked.run.observation;
    let place = checked.key.place.as_ref().map_or(String::new(), |p| format!(" in {p}"));
    let seconds = f64::from(seen.took_ms) / 1_000.0;
    let (service, capability, vantage) = (&checked.key.service, &checked.key.capability, &checked.vantage);
    let _ = write!(
        out,
        "    <testcase classname=\"{service}\" name=\"{capability}{place} from {vantage}\" time=\"{seconds:.3}\""
    );
    let Some(fault) = &seen.fault else {
        out.push_str("/>\n");
        return;
    };
    let tag = if fault.is_ours() { "error" } else { "failure" };
    let kind = format!("{}.{}", fault.kind.layer().word(), fault.kind.word());
    let _ = writeln!(
        out,
        ">\n      <{tag} type=\"{kind}\" message=\"{}\"/>\n    </testcase>",
        escape(&fault.detail)
    );
}

/// XML 1.0 text: markup escaped, characters that it cannot hold replaced.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c if c.is_control() && !matches!(c, '\t' | '\n' | '\r') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn hostile_text_stays_text() {
        assert_eq!(super::escape("<b>&\"\u{0}"), "&lt;b&gt;&amp;&quot;\u{fffd}");
    }
}
