//! For people: a line for each check, in 80 columns, and beneath a failure what happened and who must act.

use std::fmt::Write as _;

use candor_core::fault::{Act, Fault};

use super::{Checked, Report};
use crate::print::{BAD, BOLD, DIM, GOOD, WIDTH, styled, wrap};

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
        // What a target said could steer the terminal.
        let inert = text.replace(|c: char| c.is_control(), "\u{fffd}");
        for wrapped in wrap(&inert, WIDTH - 6) {
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
