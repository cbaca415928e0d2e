//! The report: one HTML file that needs nothing beside it, in light and dark.

use super::picture::{escaped, svg};
use super::{Mode, causes, clock, length};
use crate::play::Played;
use crate::scenario::Scenario;
use crate::score::{Scores, said};

const STYLE: &str = include_str!("report.css");

/// The report of a run.
#[must_use]
pub fn html(scenario: &Scenario, played: &Played, mode: Mode) -> String {
    let scores = &played.scores;
    let verdict = if scores.passed() { ("passed", "Passed") } else { ("failed", "Not passed") };
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{name}</title>\n\
         <style>{STYLE}</style></head><body><main>\n<h1>{name}</h1>\n<p class=\"{}\">{}</p>\n<p>{}</p>\n",
        verdict.0,
        verdict.1,
        escaped(&scenario.about),
        name = escaped(&scenario.name),
    );
    if let Some(case) = &scenario.resembles {
        out.push_str(&format!("<p class=\"quiet\">Resembles: {}</p>\n", escaped(case)));
    }
    out.push_str(&format!(
        "<p class=\"quiet\">{} · seed {} · {}</p>\n",
        mode.word(),
        played.seed,
        length(scenario.lasts_ms)
    ));
    out.push_str("<h2>Truth above, the page below</h2>\n<figure>\n");
    out.push_str(&svg(scenario, played));
    out.push_str(
        "<figcaption><span class=\"key good\"></span>works <span class=\"key some\"></span>some, or slowly \
         <span class=\"key bad\"></span>fails <span class=\"key unknown\"></span>unknown <span class=\"key wrong\"></span>\
         the page misleads. A row shows the worst of its places; lines are causes and their ends.</figcaption>\n</figure>\n",
    );
    out.push_str(&table(played));
    out.push_str(&timeline(scenario));
    out.push_str("</main></body></html>\n");
    out
}

fn table(played: &Played) -> String {
    let scores = &played.scores;
    let time = |seconds: Option<f64>| seconds.map_or("–".to_owned(), |seconds| format!("{seconds:.1} s"));
    let right = |right: Option<bool>| match right {
        Some(true) => "right",
        Some(false) => "wrong",
        None => "–",
    };
    let rows = [
        ("Longest time until a fault was called", time(scores.detected_s)),
        ("Longest false green", time(Some(scores.false_green_s))),
        ("Longest false red", time(Some(scores.false_red_s))),
        ("Longest unknown", time(Some(scores.unknown_s))),
        ("Scope", right(Some(scores.scope_right)).to_owned()),
        ("Layer", right(scores.layer_right).to_owned()),
        ("Causes", causes(scores).unwrap_or_else(|| "–".to_owned())),
        ("Longest recovery", time(scores.recovered_s)),
        ("Incidents opened", scores.incidents.to_string()),
    ];
    let mut out = String::from("<h2>Scores</h2>\n<table>\n");
    for (what, value) in rows {
        out.push_str(&format!("<tr><th>{what}</th><td>{value}</td></tr>\n"));
    }
    for lost in &scores.impact.not_taken {
        out.push_str(&format!(
            "<tr><th>Not taken, {}</th><td>{} {}</td></tr>\n",
            lost.place, lost.amount, lost.currency
        ));
    }
    out.push_str("</table>\n");
    out.push_str(&named(scores));
    if !scores.broken.is_empty() {
        let items: String =
            scores.broken.iter().map(|words| format!("<li>{}</li>\n", escaped(words))).collect();
        out.push_str(&format!("<h2>What broke a bound</h2>\n<ul>\n{items}</ul>\n"));
    }
    out
}

/// What was the matter, and what it was called.
fn named(scores: &Scores) -> String {
    if scores.causes.is_empty() {
        return String::new();
    }
    let head = ["What was the matter", "It may be called", "Named first", "After", ""];
    let mut out = String::from("<h2>Causes</h2>\n<table>\n<tr>");
    head.iter().for_each(|what| out.push_str(&format!("<th>{what}</th>")));
    out.push_str("</tr>\n");
    for named in &scores.causes {
        let class = named.class.as_deref().unwrap_or("–");
        let subject = named.subject.as_deref().unwrap_or_default();
        let cells = [
            said(&named.fault, &named.about),
            named.called.clone(),
            format!("{class} {subject}").trim().to_owned(),
            named.after_s.map_or("–".to_owned(), |seconds| format!("{seconds:.1} s")),
            if named.right { "right" } else { "wrong" }.to_owned(),
        ];
        let row: String = cells.iter().map(|text| format!("<td>{}</td>", escaped(text))).collect();
        out.push_str(&format!("<tr>{row}</tr>\n"));
    }
    out.push_str("</table>\n");
    for named in &scores.causes {
        let Some(picture) = &named.picture else { continue };
        let words =
            format!("{} {}", named.class.as_deref().unwrap_or_default(), said(&named.fault, &named.about));
        let words = escaped(&words);
        out.push_str(&format!(
            "<figure>\n<img alt=\"The way to the name: {words}\" src=\"{}\">\n",
            data_url(picture)
        ));
        out.push_str(&format!("<figcaption>{words}</figcaption>\n</figure>\n"));
    }
    out
}

/// A picture of whoever watches, shut in: within an `img`, nothing in it runs or reaches out.
fn data_url(svg: &str) -> String {
    let mut out = String::from("data:image/svg+xml,");
    for byte in svg.bytes() {
        match byte {
            b'A'..=b'Z'
            | b'a'..=b'z'
            | b'0'..=b'9'
            | b' '
            | b'-'
            | b'.'
            | b'/'
            | b':'
            | b';'
            | b'='
            | b'('
            | b')' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn timeline(scenario: &Scenario) -> String {
    let mut out = String::from("<h2>What happened</h2>\n<table>\n");
    for event in &scenario.events {
        let note = event
            .note
            .as_ref()
            .map_or_else(String::new, |note| format!("<br><small>{}</small>", escaped(note)));
        let words = escaped(&scenario.words(event));
        out.push_str(&format!("<tr><th>{}</th><td>{words}{note}</td></tr>\n", clock(event.at_ms)));
    }
    out.push_str("</table>\n");
    out
}
