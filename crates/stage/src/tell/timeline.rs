//! The timeline in the terminal: causes and what the page made of them, as they happen, in 80 columns.

use std::collections::{BTreeMap, BTreeSet};

use super::rows::{self, Shade};
use super::{Mode, cause, causes, clock, length};
use crate::Ms;
use crate::play::{Played, Told};
use crate::scenario::{ELSEWHERE, STORES, Scenario};
use crate::seen::Verdict;
use crate::subject::Page;
use crate::truth::CellName;

/// Changes of the page that lie closer together than this are one line.
const TOGETHER_MS: Ms = 12_000;

/// Columns of text beside the clock and the mark.
const WIDTH: usize = 62;

/// Columns of a picture.
const SLOTS: u64 = 52;

/// Makes lines of what is told.
#[derive(Debug)]
pub struct Timeline<'s> {
    scenario: &'s Scenario,
    color: bool,
    last: BTreeMap<CellName, Verdict>,
    changed: BTreeMap<CellName, Verdict>,
    changed_ms: Ms,
    incidents: BTreeSet<String>,
}

impl<'s> Timeline<'s> {
    /// A timeline of a scenario.
    #[must_use]
    pub fn of(scenario: &'s Scenario, color: bool) -> Self {
        Self {
            scenario,
            color,
            last: BTreeMap::new(),
            changed: BTreeMap::new(),
            changed_ms: 0,
            incidents: BTreeSet::new(),
        }
    }

    /// The head of the timeline.
    #[must_use]
    pub fn head(&self, mode: Mode, seed: u64) -> String {
        let mut out = format!("{}\n", paint(self.color, "1", &self.scenario.name));
        let cells = self.scenario.cells().len();
        out.push_str(&format!(
            "{} · seed {seed} · {} · {cells} cells, every {}\n\n",
            mode.word(),
            length(self.scenario.lasts_ms),
            length(self.scenario.watch.every_ms),
        ));
        out
    }

    /// What is to be printed after this; often nothing.
    pub fn told(&mut self, now: Ms, told: &Told<'_>) -> String {
        let mut out = String::new();
        if now > self.changed_ms + TOGETHER_MS {
            out.push_str(&self.flush());
        }
        match told {
            Told::Happened(event) => {
                out.push_str(&self.flush());
                if let Some(event) = self.scenario.events.get(*event) {
                    let words = self.scenario.words(event);
                    out.push_str(&self.line(now, "cause", "1", &words));
                }
            }
            Told::Page(page) => out.push_str(&self.page(now, page)),
        }
        out
    }

    /// What is left to print at the end.
    pub fn flush(&mut self) -> String {
        let changed = std::mem::take(&mut self.changed);
        let mut out = String::new();
        for verdict in [Verdict::Outage, Verdict::Degraded, Verdict::Unknown, Verdict::Operational] {
            let cells: Vec<&CellName> =
                changed.iter().filter(|(_, now)| **now == verdict).map(|(cell, _)| cell).collect();
            if !cells.is_empty() {
                let words = format!("{}: {}", verdict.word(), self.described(&cells));
                out.push_str(&self.line(self.changed_ms, "page", color_of(rows::of_page(verdict)), &words));
            }
        }
        out
    }

    fn page(&mut self, now: Ms, page: &Page) -> String {
        for (cell, said) in &page.cells {
            let before = self.last.insert(cell.clone(), said.verdict);
            // Nobody knows anything before the first look.
            let begins = before.is_none() && said.verdict == Verdict::Unknown;
            if before != Some(said.verdict) && !begins {
                if self.changed.is_empty() {
                    self.changed_ms = now;
                }
                self.changed.insert(cell.clone(), said.verdict);
            }
        }
        let mut out = String::new();
        for incident in &page.incidents {
            if !incident.title.is_empty() && self.incidents.insert(incident.id.clone()) {
                out.push_str(&self.flush());
                out.push_str(&self.line(now, "opens", "1;31", &incident.title));
            }
            let id = format!("{} named", incident.id);
            if let Some(named) = incident.cause.as_ref().filter(|_| self.incidents.insert(id)) {
                let words = format!("{} {}", named.class, named.subject.as_deref().unwrap_or_default());
                out.push_str(&self.flush());
                out.push_str(&self.line(now, "names", "1;35", &words));
            }
            if incident.resolved_ms.is_some() && self.incidents.insert(format!("{} over", incident.id)) {
                out.push_str(&self.line(now, "over", "1;32", &incident.title));
            }
        }
        out
    }

    /// Cells in few words: what, of which services, where.
    fn described(&self, cells: &[&CellName]) -> String {
        if cells.len() == self.scenario.cells().len() {
            return "everything".to_owned();
        }
        let mut parts: BTreeMap<Vec<&str>, BTreeSet<&str>> = BTreeMap::new();
        let mut placed: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
        for cell in cells {
            placed.entry((&cell.service, &cell.capability)).or_default().extend(cell.place.as_deref());
        }
        let mut others = Vec::new();
        let mut deeds: BTreeMap<(&str, Vec<&str>), Vec<&str>> = BTreeMap::new();
        for ((service, deed), places) in &placed {
            if places.is_empty() {
                others.push(format!("{service} {deed}"));
            } else {
                deeds.entry((deed, places.clone())).or_default().push(service);
            }
        }
        for ((deed, places), services) in &deeds {
            let mut key = services.clone();
            key.push("|");
            key.extend(places);
            parts.entry(key).or_default().insert(deed);
        }
        let mut texts: Vec<String> = parts.iter().map(|(key, deeds)| self.part(key, deeds)).collect();
        let elsewhere = ELSEWHERE.len();
        if others.len() == elsewhere {
            texts.push("all that has no places".to_owned());
        } else {
            texts.extend(others);
        }
        texts.join("; ")
    }

    fn part(&self, key: &[&str], deeds: &BTreeSet<&str>) -> String {
        let mut halves = key.split(|word| *word == "|");
        let services = halves.next().unwrap_or(&[]);
        let places = halves.next().unwrap_or(&[]);
        let deeds: Vec<&str> = deeds.iter().copied().collect();
        let whose =
            if services.len() == STORES.len() { "all stores".to_owned() } else { services.join(", ") };
        let place = if places.len() == self.scenario.places.len() {
            "everywhere".to_owned()
        } else {
            format!("in {}", places.join(", "))
        };
        format!("{} of {whose} {place}", deeds.join(", "))
    }

    fn line(&self, at: Ms, mark: &str, color: &str, words: &str) -> String {
        let mut out = String::new();
        for (n, line) in folded(words).into_iter().enumerate() {
            if n == 0 {
                out.push_str(&format!(
                    "{:>8}  {} {line}\n",
                    clock(at),
                    paint(self.color, color, &format!("{mark:<6}"))
                ));
            } else {
                out.push_str(&format!("{:17}{line}\n", ""));
            }
        }
        out
    }
}

/// The picture and the scores, for a terminal.
#[must_use]
pub fn summary(scenario: &Scenario, played: &Played, color: bool) -> String {
    let mut out = String::from("\n");
    let lasts = scenario.lasts_ms.max(1);
    let mut steady = 0;
    for row in rows::rows(played) {
        let slots: Vec<(Shade, Shade)> = (0..SLOTS)
            .map(|slot| {
                let (from, until) = (slot * lasts / SLOTS, (slot + 1) * lasts / SLOTS);
                (rows::truth(played, &row.cells, from, until), rows::page(played, &row.cells, from, until))
            })
            .collect();
        let calm =
            |slot: &(Shade, Shade)| slot.0 == Shade::Good && matches!(slot.1, Shade::Good | Shade::Unknown);
        if slots.iter().all(calm) {
            steady += 1;
            continue;
        }
        let name = format!("{} {}", row.service, row.capability);
        out.push_str(&format!("{name:<20} truth {}\n", painted(slots.iter().map(|slot| slot.0), color)));
        out.push_str(&format!("{:20}  page {}\n", "", painted(slots.iter().map(|slot| slot.1), color)));
    }
    if steady > 0 {
        out.push_str(&format!("{steady} more rows: working all the time, and shown so\n"));
    }
    out.push_str(&format!(
        "\n  {} works   {} some   {} fails   {} unknown\n\n",
        sign(Shade::Good),
        sign(Shade::Some),
        sign(Shade::Bad),
        sign(Shade::Unknown)
    ));
    out.push_str(&scores(played, color));
    out
}

fn scores(played: &Played, color: bool) -> String {
    let scores = &played.scores;
    let time = |seconds: Option<f64>| seconds.map_or("-".to_owned(), |seconds| format!("{seconds:.1} s"));
    let yes = |right: bool| if right { "right" } else { "wrong" };
    let mut out = format!(
        "detected {} · false green {} · false red {} · unknown {}\nscope {} · layer {} · recovered {} · {} incident{}\n",
        time(scores.detected_s),
        time(Some(scores.false_green_s)),
        time(Some(scores.false_red_s)),
        time(Some(scores.unknown_s)),
        yes(scores.scope_right),
        scores.layer_right.map_or("-", yes),
        time(scores.recovered_s),
        scores.incidents,
        if scores.incidents == 1 { "" } else { "s" },
    );
    if let Some(words) = causes(scores) {
        out.push_str(&format!("cause {words}\n"));
        for named in &scores.causes {
            for (n, line) in folded(&cause(named)).into_iter().enumerate() {
                out.push_str(if n == 0 { "  " } else { "    " });
                out.push_str(&format!("{line}\n"));
            }
        }
    }
    if !scores.impact.not_taken.is_empty() {
        let money: Vec<String> =
            scores.impact.not_taken.iter().map(|lost| format!("{} {}", lost.amount, lost.currency)).collect();
        for (n, line) in folded(&format!("not taken {}", money.join(" · "))).into_iter().enumerate() {
            out.push_str(if n == 0 { "" } else { "  " });
            out.push_str(&format!("{line}\n"));
        }
    }
    for sentence in &scores.broken {
        for line in folded(sentence) {
            out.push_str(&format!("  {}\n", paint(color, "31", &line)));
        }
    }
    let (code, word) = if scores.passed() { ("1;32", "passed") } else { ("1;31", "NOT PASSED") };
    out.push_str(&format!("{}\n", paint(color, code, word)));
    out
}

fn painted(shades: impl Iterator<Item = Shade>, color: bool) -> String {
    shades.map(|shade| paint(color, color_of(shade), sign(shade))).collect()
}

const fn sign(shade: Shade) -> &'static str {
    match shade {
        Shade::Good => "─",
        Shade::Unknown => "·",
        Shade::Some => "▒",
        Shade::Bad => "█",
    }
}

const fn color_of(shade: Shade) -> &'static str {
    match shade {
        Shade::Good => "32",
        Shade::Unknown => "90",
        Shade::Some => "33",
        Shade::Bad => "31",
    }
}

fn paint(color: bool, code: &str, text: &str) -> String {
    if color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
}

/// Breaks a sentence at spaces.
fn folded(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        if let Some(line) = lines.last_mut() {
            let fits = line.chars().count() + 1 + word.chars().count() <= WIDTH;
            if line.is_empty() {
                line.push_str(word);
                continue;
            } else if fits {
                line.push(' ');
                line.push_str(word);
                continue;
            }
        }
        lines.push(word.to_owned());
    }
    lines
}
