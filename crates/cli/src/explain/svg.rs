//! A picture of the delegation: the zones from the top down, their servers, and where it breaks. It stands alone, without
//! script, light or dark as its reader has it.

use std::fmt::Write;

use candor_core::finding::{Finding, What};
use candor_names::Walk;
use candor_names::walk::{ServerSeen, Standing};
use candor_page::{Language, finding_words};

use super::human::{accused, said_by};
use crate::print::wrap;

const WIDTH: usize = 720;
const MARGIN: usize = 16;
const LINE: usize = 20;
const GAP: usize = 28;
/// Servers drawn of one zone; the rest is counted.
const DRAWN: usize = 8;
/// Letters that fit a line.
const LETTERS: usize = 84;

const STYLE: &str = "text{font:13px ui-monospace,monospace;fill:#1b1f24}.b{font-weight:700}.d{fill:#57606a}\
.z{fill:#f6f8fa;stroke:#8c959f}.x{stroke:#cf222e;stroke-width:2}.g{fill:#1a7f37}.r{fill:#cf222e}\
.l{stroke:#8c959f;fill:none}.p{fill:#fff}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.d{fill:#9198a1}.z{fill:#161b22;stroke:#656c76}.x{stroke:#f85149}\
.g{fill:#3fb950}.r{fill:#f85149}.l{stroke:#656c76}.p{fill:#0d1117}}";

pub(crate) fn text(finding: &Finding, walk: &Walk) -> String {
    let told = finding_words(finding, Language::English);
    let mut body = String::new();
    let mut y = MARGIN;
    for line in wrap(&told.words, LETTERS) {
        y += LINE;
        words(&mut body, MARGIN, y, "b", &line);
    }
    y += GAP;
    for at in 0..walk.zones.len() {
        y = zone(&mut body, finding, walk, at, y);
    }
    let height = y + MARGIN;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" role=\"img\" aria-label=\"{}\"><style>{STYLE}</style><rect class=\"p\" width=\"{WIDTH}\" height=\"{height}\"/>{body}</svg>",
        escaped(&told.words)
    )
}

fn zone(body: &mut String, finding: &Finding, walk: &Walk, at: usize, top: usize) -> usize {
    let Some(seen) = walk.zones.get(at) else { return top };
    let mut lines: Vec<(&str, String)> = Vec::new();
    let link = walk.links.iter().find(|link| link.reach.zone() == Some(at));
    for (place, server) in seen.servers.iter().enumerate().take(DRAWN) {
        lines.push(server_line(server, link.and_then(|link| said_by(link, place))));
    }
    if let Some(more) = seen.servers.len().checked_sub(DRAWN).filter(|more| *more > 0) {
        lines.push(("d", format!("and {more} more")));
    }
    for host in seen.hosts.iter().filter(|host| host.fault.is_some()) {
        lines.push(("r", format!("\u{d7} {} has no address", host.name)));
    }
    for link in walk.links.iter().filter(|link| link.reach.zone() == Some(at)) {
        let target = link.alias.as_ref().map_or_else(String::new, |target| format!(" \u{2192} {target}"));
        lines.push(("b", format!("{}{target}", link.name)));
    }
    let height = LINE * (lines.len() + 1) + 12;
    let class = if accused(finding, &seen.apex) { "z x" } else { "z" };
    let x = MARGIN;
    let _ = write!(
        body,
        "<rect class=\"{class}\" x=\"{x}\" y=\"{top}\" rx=\"6\" width=\"{}\" height=\"{height}\"/>",
        WIDTH - 2 * MARGIN
    );
    words(body, x + 12, top + LINE, "b", &seen.apex);
    for (index, (class, line)) in lines.iter().enumerate() {
        words(body, x + 24, top + LINE * (index + 2), class, line);
    }
    let bottom = top + height;
    if let What::GoneAtParent { zone, parent, .. } = &finding.what
        && *parent == seen.apex
    {
        return gone(body, zone, bottom);
    }
    if at + 1 < walk.zones.len() {
        let middle = MARGIN + 40;
        let _ = write!(body, "<path class=\"l\" d=\"M{middle} {bottom}v{GAP}\"/>");
        return bottom + GAP;
    }
    bottom
}

/// A zone that its parent does not have any more.
fn gone(body: &mut String, zone: &str, top: usize) -> usize {
    let (middle, begin) = (MARGIN + 40, top + GAP);
    let _ = write!(body, "<path class=\"l\" stroke-dasharray=\"4\" d=\"M{middle} {top}v{GAP}\"/>");
    let _ = write!(
        body,
        "<rect class=\"z x\" stroke-dasharray=\"6\" x=\"{MARGIN}\" y=\"{begin}\" rx=\"6\" width=\"{}\" height=\"{}\"/>",
        WIDTH - 2 * MARGIN,
        LINE + 12
    );
    words(body, MARGIN + 12, begin + LINE, "r", &format!("\u{d7} {zone}  is not there"));
    begin + LINE + 12
}

/// A server, with the serial of its copy and what it says of the name.
fn server_line(server: &ServerSeen, said: Option<String>) -> (&'static str, String) {
    let place = format!("{} ({})", server.name, server.address.ip());
    match server.standing() {
        Standing::Authoritative(serial) => {
            let denies = said.as_ref().is_some_and(|said| matches!(said.as_str(), "NXDOMAIN" | "NODATA"));
            let (class, sign) = if denies { ("r", '\u{d7}') } else { ("g", '\u{2713}') };
            let said = said.map_or_else(String::new, |said| format!("  {said}"));
            (class, format!("{sign} {place}  serial {serial}{said}"))
        }
        Standing::Silent => ("r", format!("\u{d7} {place}  does not answer")),
        Standing::Closed => ("r", format!("\u{d7} {place}  nobody listens there")),
        Standing::NoRoute(_) | Standing::NotAsked => ("d", format!("? {place}  not reached from here")),
        Standing::Lame(_) | Standing::Nonsense(_) => {
            ("r", format!("\u{d7} {place}  does not serve the zone"))
        }
    }
}

fn words(body: &mut String, x: usize, y: usize, class: &str, text: &str) {
    let text: String = text.chars().take(LETTERS).collect();
    let _ = write!(body, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>", escaped(&text));
}

/// Names come from anywhere: nothing in them may be markup.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            letter if letter.is_control() => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
    out
}
