//! The picture of a run: for each row the truth above, the page below, and what differs marked between them. SVG, drawn
//! with classes alone, so that the report's style sheet gives it its colors in light and dark.

use super::clock;
use super::rows::{self, Row, Shade};
use crate::Ms;
use crate::play::Played;
use crate::scenario::{Happening, Scenario};

/// Units of the drawing: of the names, of the bars, and of a row.
const NAMES: u64 = 150;
const BARS: u64 = 850;
const ROW: u64 = 34;
const TOP: u64 = 26;

/// Moments in which a row is looked at; more would not be seen.
const SLOTS: u64 = 850;

/// Draws a run.
pub(super) fn svg(scenario: &Scenario, played: &Played) -> String {
    let rows = rows::rows(played);
    let height = TOP + ROW * rows.len() as u64 + 30;
    let width = NAMES + BARS + 10;
    let mut out = format!(
        "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"Truth above, the page below, for each service\">\n"
    );
    out.push_str(&axis(scenario.lasts_ms, height));
    for (n, row) in rows.iter().enumerate() {
        out.push_str(&row_of(scenario.lasts_ms, played, row, TOP + ROW * n as u64));
    }
    for event in &scenario.events {
        let x = NAMES + event.at_ms * BARS / scenario.lasts_ms.max(1);
        let class = if matches!(event.what, Happening::Cause(_)) { "cause" } else { "over" };
        out.push_str(&format!(
            "<line class=\"{class}\" x1=\"{x}\" x2=\"{x}\" y1=\"{}\" y2=\"{}\"><title>{} {}</title></line>\n",
            TOP - 6,
            height - 28,
            clock(event.at_ms),
            escaped(&scenario.words(event))
        ));
    }
    out.push_str("</svg>\n");
    out
}

fn axis(lasts: Ms, height: u64) -> String {
    let ticks = 8;
    let tick = |n: u64| {
        let x = NAMES + n * BARS / ticks;
        let y = height - 10;
        let anchor = if n == ticks { "end" } else { "middle" };
        format!(
            "<text class=\"tick\" x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{}</text>\n",
            clock(n * lasts / ticks)
        )
    };
    (0..=ticks).map(tick).collect()
}

fn row_of(lasts: Ms, played: &Played, row: &Row<'_>, y: u64) -> String {
    let at = |slot: u64| slot * lasts / SLOTS;
    let truth: Vec<Shade> = (0..SLOTS).map(|n| rows::truth(played, &row.cells, at(n), at(n + 1))).collect();
    let page: Vec<Shade> = (0..SLOTS).map(|n| rows::page(played, &row.cells, at(n), at(n + 1))).collect();
    let wrong: Vec<Option<()>> =
        (0..SLOTS).map(|n| misled(played, row, at(n), at(n + 1)).then_some(())).collect();
    let mut out = format!(
        "<text class=\"name\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{} {}</text>\n",
        NAMES - 8,
        y + 15,
        escaped(row.service),
        escaped(row.capability)
    );
    let bar = |from: u64, until: u64, y: u64, height: u64, class: &str| {
        let (x, width) = (NAMES + from * BARS / SLOTS, (until - from) * BARS / SLOTS);
        format!("<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>\n")
    };
    for (from, until, shade) in runs(&truth) {
        out.push_str(&bar(from, until, y, 10, class(shade)));
    }
    for (from, until, shade) in runs(&page) {
        out.push_str(&bar(from, until, y + 14, 10, class(shade)));
    }
    for (from, until, wrong) in runs(&wrong) {
        if wrong.is_some() {
            out.push_str(&bar(from, until, y + 11, 2, "wrong"));
        }
    }
    out
}

/// Whether any cell of a row is shown as something that misleads.
fn misled(played: &Played, row: &Row<'_>, from: Ms, until: Ms) -> bool {
    row.cells.iter().any(|cell| {
        let one = std::slice::from_ref(cell);
        rows::differ(rows::truth(played, one, from, until), rows::page(played, one, from, until))
    })
}

/// Equal neighbours as (from, until, what).
fn runs<T: Copy + PartialEq>(slots: &[T]) -> Vec<(u64, u64, T)> {
    let mut runs: Vec<(u64, u64, T)> = Vec::new();
    for (at, slot) in (0..).zip(slots) {
        match runs.last_mut() {
            Some(last) if last.2 == *slot => last.1 = at + 1,
            _ => runs.push((at, at + 1, *slot)),
        }
    }
    runs
}

const fn class(shade: Shade) -> &'static str {
    match shade {
        Shade::Good => "good",
        Shade::Unknown => "unknown",
        Shade::Some => "some",
        Shade::Bad => "bad",
    }
}

/// A text as HTML.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
