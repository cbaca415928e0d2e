//! A plan for people: what changes, what speaks against it, what to do. In 80 columns.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use candor_change::{Finding, Journeys, Plan, Records, Set};

use crate::print::{counted, styled, wrap};

/// Columns of a terminal.
const WIDE: usize = 80;
/// Sets that are shown; the rest is counted.
const SETS: usize = 40;
/// Names that are shown of one finding, besides the first.
const NAMES: usize = 12;
/// Broken journeys that are shown.
const JOURNEYS: usize = 20;

const BOLD: Style = Style::new().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const GREEN: Style = AnsiColor::Green.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const DIM: Style = Style::new().dimmed();

pub(super) fn text(plan: &Plan) -> String {
    let mut out = String::new();
    head(&mut out, plan);
    difference(&mut out, plan);
    for finding in &plan.findings {
        told(&mut out, finding);
    }
    if let Some(journeys) = &plan.journeys {
        tried(&mut out, journeys);
    }
    verdict(&mut out, plan);
    out
}

fn head(out: &mut String, plan: &Plan) {
    let to = plan
        .proposed
        .as_ref()
        .map_or_else(|| "no zone".to_owned(), |version| format!("serial {}", version.serial));
    let line = format!("{}  serial {} \u{2192} {to}", inert(&plan.zone), plan.base.serial);
    let _ = writeln!(out, "{}\n", styled(BOLD, &line));
}

fn difference(out: &mut String, plan: &Plan) {
    let diff = &plan.diff;
    let mut sets: Vec<&Set> = diff.removed.iter().chain(&diff.changed).chain(&diff.added).collect();
    if sets.is_empty() {
        if plan.proposed.is_some() {
            let _ = writeln!(out, "  No record changes.\n");
        }
        return;
    }
    sets.sort_by(|one, other| (&one.name, &one.rtype).cmp(&(&other.name, &other.rtype)));
    for set in sets.iter().take(SETS) {
        for (sign, style, records) in [('-', RED, &set.before), ('+', GREEN, &set.after)] {
            records.iter().for_each(|records| side(out, sign, style, set, records));
        }
    }
    let more = diff.len().saturating_sub(SETS);
    if more > 0 {
        let _ = writeln!(out, "  {}", styled(DIM, &format!("and {}", counted(more, "more set"))));
    }
    out.push('\n');
}

fn side(out: &mut String, sign: char, style: Style, set: &Set, records: &Records) {
    for data in &records.data {
        let line: String =
            format!("{sign} {} {} {} {}", inert(&set.name), records.ttl, set.rtype, inert(data))
                .chars()
                .take(WIDE - 2)
                .collect();
        let _ = writeln!(out, "  {}", styled(style, &line));
    }
}

fn told(out: &mut String, finding: &Finding) {
    let (word, style) = if finding.refuses() { ("refused", RED) } else { ("warning", YELLOW) };
    let label = format!("{:<4}{word}", finding.rule);
    let _ = writeln!(out, "{}", styled(style, &label));
    paragraph(out, &finding.words);
    let others: Vec<String> = finding.names.iter().skip(1).take(NAMES).map(|name| inert(name)).collect();
    if !others.is_empty() {
        let more = finding.names.len().saturating_sub(NAMES + 1);
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        paragraph(out, &format!("Also: {}{more}", others.join(", ")));
    }
    paragraph(out, &finding.remedy);
    out.push('\n');
}

fn paragraph(out: &mut String, text: &str) {
    for line in wrap(&inert(text), WIDE - 4) {
        let _ = writeln!(out, "    {line}");
    }
}

/// Whatever a zone brings along does nothing to a terminal.
fn inert(text: &str) -> String {
    text.chars().filter(|letter| candor_core::fault::is_inert(*letter)).collect()
}

fn tried(out: &mut String, journeys: &Journeys) {
    let mut told = format!(
        "{} tried with the proposed zone: {} passed",
        counted(journeys.tried, "journey"),
        journeys.passed
    );
    if journeys.failing_already > 0 {
        told.push_str(&format!(", {} failing with the live zone as well", journeys.failing_already));
    }
    if journeys.left_out > 0 {
        told.push_str(&format!("; {} that write were left out (--with-writes)", journeys.left_out));
    }
    let style = if journeys.broken.is_empty() { GREEN } else { RED };
    let _ = writeln!(out, "{}", styled(style, "Journeys"));
    paragraph(out, &format!("{told}."));
    for broken in journeys.broken.iter().take(JOURNEYS) {
        let place = broken.place.as_ref().map_or_else(String::new, |place| format!(" in {place}"));
        paragraph(
            out,
            &format!("{} {}{place} would break: {}", broken.service, broken.capability, broken.fault),
        );
    }
    let more = journeys.broken.len().saturating_sub(JOURNEYS);
    if more > 0 {
        paragraph(out, &format!("and {} would break", counted(more, "more journey")));
    }
    out.push('\n');
}

fn verdict(out: &mut String, plan: &Plan) {
    let by = format!("Judged by {}.", counted(plan.required, "required name"));
    let refusals = plan.findings.iter().filter(|finding| finding.refuses()).count();
    let broken = plan.journeys.as_ref().map_or(0, |journeys| journeys.broken.len());
    let (style, said) = match (plan.refused, refusals, broken) {
        (false, ..) if plan.is_nothing() => (GREEN, "There is nothing to publish.".to_owned()),
        (false, ..) => (GREEN, "This change may be published.".to_owned()),
        (true, _, 0) => (RED, format!("This change is refused, for {}.", counted(refusals, "reason"))),
        (true, _, _) => (
            RED,
            format!(
                "This change is refused: {} would break, and {} against it.",
                counted(broken, "journey"),
                speaks(refusals)
            ),
        ),
    };
    let _ = writeln!(out, "{} {by}", styled(style, &said));
    if plan.required == 0 {
        paragraph(
            out,
            "No name is known to be required: give a config, or list names with --require, and R1 and R9 have something to look at.",
        );
    }
}

fn speaks(refusals: usize) -> String {
    match refusals {
        1 => "1 rule speaks".to_owned(),
        n => format!("{n} rules speak"),
    }
}
