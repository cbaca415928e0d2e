//! For people: a line for each check, in 80 columns, and beneath a failure what happened and who must act.

use std::fmt::Write as _;

use candor_core::fault::{Act, Fault};

use super::{Checked, Report};
use crate::print::{BAD, BOLD, DIM, GOOD, styled};

/// Columns that a line may take.
const WIDTH: usize = 80;

pub(crate) fn human(report: &Report) -> String {
    let mut out = String::new();
    let wide = |of: fn(&Checked) -> usize| report.checks.iter().map(of).max().unwrap_or(0);
    let widths = (
        wide(|c| c.key.capability.as_str().len()).min(24),
        wide(|c| c.key.place.as_ref().map_or(0, |p| p.as_str().len())).min(12),
        wide(|c| c.vantage.as_str().len()).min(16),
    );
    let mut service = "";
    for checked in &report.checks {
        if checked.service != service {
            service = &checked.service;
            let gap = if out.is_empty() { "" } else { "\n" };
            let _ = writeln!(out, "{gap}{}", styled(BOLD, service));
        }
        line(&mut out, checked, widths);
    }
    let _ = writeln!(out, "\n{}", summary(report));
    out
}

fn line(out: &mut String, checked: &Checked, (capability, place, vantage): (usize, usize, usize)) {
    let fault = checked.run.observation.fault.as_ref();
    let mark = fault.map_or_else(|| styled(GOOD, "✓"), |_| styled(BAD, "✗"));
    let at = checked.key.place.as_ref().map_or("", |p| p.as_str());
    let took = format!("{} ms", checked.run.observation.took_ms);
    // As text: an id's own way to be shown knows no width.
    let (id, from) = (checked.key.capability.as_str(), checked.vantage.as_str());
    let _ = write!(out, "  {mark} {id:<capability$}  {at:<place$}  {from:<vantage$}  {took:>9}");
    let Some(fault) = fault else {
        out.push('\n');
        return;
    };
    let name = format!("{}.{}", fault.kind.layer().word(), fault.kind.word());
    let _ = writeln!(out, "  {}", styled(BAD, &name));
    for text in explain(checked, fault) {
        for wrapped in wrap(&text, WIDTH - 6) {
            let _ = writeln!(out, "      {wrapped}");
        }
    }
}

/// What happened, at which step, and who must act.
fn explain(checked: &Checked, fault: &Fault) -> Vec<String> {
    let step = checked.run.steps.iter().find(|step| !step.passed);
    let target = step.map_or_else(String::new, |s| format!(" ({} {})", s.step, s.target));
    let mut lines = vec![format!("step {}{target}", fault.step.saturating_add(1))];
    if !fault.detail.is_empty() {
        lines.push(fault.detail.clone());
    }
    lines.push(format!("to act: {}", who(fault.kind.act())));
    lines
}

/// Who must act, in words.
const fn who(act: Act) -> &'static str {
    match act {
        Act::Service => "those who run the service",
        Act::ZoneOwner => "those who publish the zone",
        Act::Registrar => "the registrar or the parent zone",
        Act::Resolver => "those who run the resolver",
        Act::Network => "those who run the network between",
        Act::Us => "you: this host could not measure",
        Act::Config => "you: the configuration of this step",
    }
}

fn summary(report: &Report) -> String {
    let failed = report.checks.iter().filter(|c| !c.run.observation.passed()).count();
    let passed = report.checks.len() - failed;
    if failed == 0 {
        return format!(
            "{} {}",
            styled(GOOD, &format!("{passed} passed")),
            styled(DIM, "— all journeys work")
        );
    }
    format!("{passed} passed, {}", styled(BAD, &format!("{failed} failed")))
}

/// Breaks a text at spaces into lines of at most `width` characters; a longer word is cut.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        for part in pieces(word, width) {
            let last = lines.last_mut().expect("there is a line because one was put there");
            let used = last.chars().count();
            if used > 0 && used + 1 + part.chars().count() > width {
                lines.push(part);
            } else {
                if used > 0 {
                    last.push(' ');
                }
                last.push_str(&part);
            }
        }
    }
    lines
}

fn pieces(word: &str, width: usize) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    letters.chunks(width).map(|piece| piece.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn lines_are_never_wider_than_asked() {
        for text in
            ["a b c", &"x".repeat(200), "no server answered for buy.shop.example within the time it had"]
        {
            assert!(wrap(text, 20).iter().all(|line| line.chars().count() <= 20));
        }
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
    }
}
