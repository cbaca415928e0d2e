//! A picture of the delegation: the zones from the top down, their servers, and where it breaks, as SVG.
//!
//! It stands within a page, whose style it takes, or alone, light or dark as its reader has it. Without script. Names and data
//! come from anywhere: nothing in them may be markup.

use std::fmt::Write;

use candor_core::finding::{Finding, What};
use candor_core::way::{Does, ServerOnWay, Way, ZoneOnWay};

use crate::Language;
use crate::words::finding_words;

const WIDTH: usize = 720;
const MARGIN: usize = 16;
const LINE: usize = 20;
const GAP: usize = 28;
/// Letters that fit a line.
const LETTERS: usize = 84;

const STYLE: &str = "text{font:13px ui-monospace,monospace;fill:#1b1f24}.b{font-weight:700}.d{fill:#57606a}\
.z{fill:#f6f8fa;stroke:#8c959f}.x{stroke:#cf222e;stroke-width:2}.g{fill:#1a7f37}.r{fill:#cf222e}\
.l{stroke:#8c959f;fill:none}.p{fill:#fff}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.d{fill:#9198a1}.z{fill:#161b22;stroke:#656c76}.x{stroke:#f85149}\
.g{fill:#3fb950}.r{fill:#f85149}.l{stroke:#656c76}.p{fill:#0d1117}}";

/// The picture as a file of its own, with the finding's sentence above it.
#[must_use]
pub fn picture(finding: &Finding, way: &Way, language: Language) -> String {
    alone(&finding_words(finding, language).words, finding, way, true)
}

/// The picture as a file of its own, with these words above it; without addresses and data for everyone.
pub(crate) fn alone(words: &str, finding: &Finding, way: &Way, addresses: bool) -> String {
    let mut drawing = Drawing { finding, addresses, body: String::new(), y: MARGIN };
    for line in lines(words) {
        drawing.y += LINE;
        drawing.words(MARGIN, drawing.y, "b", &line);
    }
    drawing.y += GAP;
    drawing.way(way);
    let height = drawing.y + MARGIN;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" role=\"img\" aria-label=\"{}\"><style>{STYLE}</style><rect class=\"p\" width=\"{WIDTH}\" height=\"{height}\"/>{}</svg>",
        escaped(words),
        drawing.body
    )
}

/// The picture within a page, under this label; without addresses and data for everyone.
pub(crate) fn within(finding: &Finding, way: &Way, addresses: bool, label: &str) -> String {
    let mut drawing = Drawing { finding, addresses, body: String::new(), y: 2 };
    drawing.way(way);
    let height = drawing.y + 2;
    format!(
        "<svg class=\"way\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" role=\"img\" aria-label=\"{}\">{}</svg>",
        escaped(label),
        drawing.body
    )
}

struct Drawing<'f> {
    finding: &'f Finding,
    addresses: bool,
    body: String,
    y: usize,
}

impl Drawing<'_> {
    fn way(&mut self, way: &Way) {
        for (at, zone) in way.zones.iter().enumerate() {
            if at > 0 {
                self.stroke("");
            }
            self.zone(zone);
        }
    }

    /// From one box to the next.
    fn stroke(&mut self, more: &str) {
        let (middle, top) = (MARGIN + 40, self.y);
        let _ = write!(self.body, "<path class=\"l\"{more} d=\"M{middle} {top}v{GAP}\"/>");
        self.y += GAP;
    }

    fn zone(&mut self, zone: &ZoneOnWay) {
        let mut rows: Vec<(&str, String)> = zone.servers.iter().map(|server| self.server(server)).collect();
        if zone.more > 0 {
            rows.push(("d", format!("and {} more", zone.more)));
        }
        rows.extend(zone.unusable.iter().map(|host| ("r", format!("\u{d7} {host} has no address"))));
        rows.extend(zone.names.iter().map(|(name, target)| {
            let target = target.as_ref().map_or_else(String::new, |target| format!(" \u{2192} {target}"));
            ("b", format!("{name}{target}"))
        }));
        let what = &self.finding.what;
        let class = if what.is_dns() && what.subject() == zone.apex { "z x" } else { "z" };
        self.frame(class, "", &zone.apex, "b", &rows);
        if let What::GoneAtParent { zone: gone, parent, .. } = what
            && *parent == zone.apex
        {
            self.stroke(" stroke-dasharray=\"4\"");
            self.frame("z x", " stroke-dasharray=\"6\"", &format!("\u{d7} {gone}  is not there"), "r", &[]);
        }
    }

    fn frame(&mut self, class: &str, more: &str, head: &str, kind: &str, rows: &[(&str, String)]) {
        let (top, height) = (self.y, LINE * (rows.len() + 1) + 12);
        let _ = write!(
            self.body,
            "<rect class=\"{class}\"{more} x=\"{MARGIN}\" y=\"{top}\" rx=\"6\" width=\"{}\" height=\"{height}\"/>",
            WIDTH - 2 * MARGIN
        );
        self.words(MARGIN + 12, top + LINE, kind, head);
        for (index, (class, row)) in rows.iter().enumerate() {
            self.words(MARGIN + 24, top + LINE * (index + 2), class, row);
        }
        self.y = top + height;
    }

    /// A server, with the serial of its copy and what it says of the name.
    fn server(&self, server: &ServerOnWay) -> (&'static str, String) {
        let place = if self.addresses {
            format!("{} ({})", server.name, server.address)
        } else if server.name.trim_end_matches('.') == server.address {
            "a name server".to_owned()
        } else {
            server.name.clone()
        };
        match &server.does {
            Does::Answers { serial, said, denies } => {
                let (class, sign) = if *denies { ("r", '\u{d7}') } else { ("g", '\u{2713}') };
                let said = said.as_ref().filter(|_| self.addresses || *denies);
                let said = said.map_or_else(String::new, |said| format!("  {said}"));
                (class, format!("{sign} {place}  serial {serial}{said}"))
            }
            Does::Silent => ("r", format!("\u{d7} {place}  does not answer")),
            Does::Closed => ("r", format!("\u{d7} {place}  nobody listens there")),
            Does::Unreached => ("d", format!("? {place}  not reached from here")),
            Does::Lame => ("r", format!("\u{d7} {place}  does not serve the zone")),
        }
    }

    fn words(&mut self, x: usize, y: usize, class: &str, text: &str) {
        let text: String = text.chars().take(LETTERS).collect();
        let _ = write!(self.body, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>", escaped(&text));
    }
}

/// A text in lines that fit.
fn lines(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let fits = lines.last().is_some_and(|line| line.chars().count() + word.chars().count() < LETTERS);
        match lines.last_mut().filter(|line| fits || line.is_empty()) {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use candor_core::finding::Servers;
    use jiff::Timestamp;

    fn drawn(addresses: bool) -> String {
        let name = "buy.shop.example.".to_owned();
        let what = What::NameMissing {
            name: name.clone(),
            zone: "shop.example.".into(),
            servers: Servers::default(),
            serial: Some(42),
        };
        let finding =
            Finding { name: name.clone(), what, was: None, asides: Vec::new(), at: Timestamp::UNIX_EPOCH };
        let server = |n: u8, does| ServerOnWay {
            name: format!("ns{n}.shop.example."),
            address: format!("192.0.2.{n}"),
            does,
        };
        let said = Some("A 192.0.2.80\"><script>".to_owned());
        let zone = ZoneOnWay {
            apex: "shop.example.".into(),
            servers: vec![
                server(1, Does::Answers { serial: 42, said: Some("NXDOMAIN".into()), denies: true }),
                server(2, Does::Answers { serial: 41, said, denies: false }),
                server(3, Does::Silent),
            ],
            more: 2,
            unusable: vec!["ns9.shop.example.".into()],
            names: vec![(name, None)],
        };
        let way = Way { zones: vec![zone] };
        if addresses {
            picture(&finding, &way, Language::English)
        } else {
            within(&finding, &way, false, "The way")
        }
    }

    #[test]
    fn a_picture_shows_each_server_and_where_it_breaks_and_nothing_in_it_is_markup() {
        let drawn = drawn(true);
        for part in [
            "class=\"z x\"",
            "(192.0.2.1)",
            "serial 42  NXDOMAIN",
            "does not answer",
            "and 2 more",
            "has no address",
        ] {
            assert!(drawn.contains(part), "{part} is missing: {drawn}");
        }
        assert!(!drawn.contains("<script>") && drawn.contains("&lt;script&gt;"), "{drawn}");
    }

    #[test]
    fn everyone_is_shown_names_and_denials_and_no_address() {
        let drawn = drawn(false);
        assert!(drawn.contains("ns1.shop.example.  serial 42  NXDOMAIN"), "{drawn}");
        assert!(!drawn.contains("192.0.2."), "{drawn}");
    }
}
