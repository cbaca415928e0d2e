//! The style sheet: readable in light and dark (WCAG 2.2, 1.4.3: at least 4.5 to 1), and nothing from elsewhere.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

const STYLE: &str = include_str!("../assets/style.css");

/// The colours of a block, by name.
fn colours(block: &str) -> BTreeMap<&str, [f64; 3]> {
    let mut found = BTreeMap::new();
    for part in block.split("--").skip(1) {
        let Some((name, rest)) = part.split_once(": #") else { continue };
        let hex: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
        let full: String = if hex.len() == 3 { hex.chars().flat_map(|c| [c, c]).collect() } else { hex };
        let n = u32::from_str_radix(&full, 16).unwrap();
        found.insert(name, [n >> 16, n >> 8, n].map(|c| f64::from(c & 0xff) / 255.0));
    }
    found
}

fn luminance(colour: [f64; 3]) -> f64 {
    let [r, g, b] = colour.map(|c| if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) });
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn every_text_is_readable_on_what_it_stands_on_in_light_and_dark() {
    let (light, rest) = STYLE.split_once("@media (prefers-color-scheme: dark)").unwrap();
    let dark = rest.split("[data-v=").next().unwrap();
    for (mode, block) in [("light", light), ("dark", dark)] {
        let colours = colours(block);
        let colour = |name: &str| *colours.get(name).unwrap_or_else(|| panic!("{mode}: no --{name}"));
        let mut pairs: Vec<(String, String)> = Vec::new();
        for v in ["operational", "degraded", "outage", "unknown", "downtime"] {
            for ground in ["paper", "card", &format!("{v}-wash")] {
                pairs.push((v.to_owned(), ground.to_owned()));
            }
            for text in ["ink", "soft"] {
                pairs.push((text.to_owned(), format!("{v}-wash")));
            }
            pairs.push(("on".to_owned(), v.to_owned()));
        }
        for text in ["ink", "soft", "link"] {
            pairs.extend(["paper", "card"].map(|ground| (text.to_owned(), ground.to_owned())));
        }
        for (text, ground) in pairs {
            let got = contrast(colour(&text), colour(&ground));
            assert!(got >= 4.5, "{mode}: --{text} on --{ground} is {got:.2} to 1");
        }
    }
}

#[test]
fn nothing_comes_from_elsewhere() {
    assert!(!STYLE.contains("url(") && !STYLE.contains("@import") && !STYLE.contains("@font-face"));
    let script = include_str!("../assets/live.js");
    assert!(!script.contains("http") && !script.contains("innerHTML") && !script.contains("eval"));
}

#[test]
fn motion_can_be_refused_and_focus_is_seen() {
    for need in [
        "prefers-reduced-motion",
        ":focus-visible",
        "@media print",
        "forced-colors",
        "color-scheme: light dark",
    ] {
        assert!(STYLE.contains(need), "{need}");
    }
}
