//! A score that cannot fail is worth nothing: whoever lies, or says nothing, fails every scenario of the repository.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the message")]

use std::path::Path;

use candor_stage::play::play;
use candor_stage::scenario::{Scenario, read};
use candor_stage::seen::{Said, Verdict};
use candor_stage::subject::{Announcement, Ask, Check, Looks, Met, Page, Subject, Surface};
use candor_stage::{CellName, Ms};

/// Says one thing of everything, whatever it sees; or shows no page at all.
struct Liar {
    cells: Vec<CellName>,
    says: Option<Verdict>,
    shown: bool,
}

impl Subject for Liar {
    fn looks(&self) -> Looks {
        let from = |cell: &CellName| cell.place.clone().unwrap_or_else(|| "gb".to_owned());
        let check = |(id, cell): (u64, &CellName)| Check { id, cell: cell.clone(), from: from(cell) };
        Looks { checks: (0..).zip(&self.cells).map(check).collect() }
    }

    fn wake_ms(&self) -> Ms {
        Ms::MAX
    }

    fn due(&mut self, _now_ms: Ms) -> Vec<Ask> {
        Vec::new()
    }

    fn observe(&mut self, _now_ms: Ms, _check: u64, _met: &Met) {}

    fn looked_around(&mut self, _now_ms: Ms, _place: &str, _sees: bool) {}

    fn look_into(&mut self, _now_ms: Ms, _what: u64, _surface: &dyn Surface) -> Ms {
        0
    }

    fn looked_into(&mut self, _now_ms: Ms, _what: u64) {}

    fn announce(&mut self, _now_ms: Ms, _what: &Announcement) {}

    fn clock_stepped(&mut self, _now_ms: Ms, _by_ms: i64) {}

    fn page(&mut self, _now_ms: Ms) -> Option<Page> {
        let verdict = self.says.filter(|_| !std::mem::replace(&mut self.shown, true))?;
        let said = Said { verdict, maintenance: false, layer: None, words: "So it is.".into() };
        let cells = self.cells.iter().map(|cell| (cell.clone(), said.clone())).collect();
        Some(Page { cells, incidents: Vec::new() })
    }
}

fn scenarios() -> Vec<(String, Scenario)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|kind| kind == "yaml")).collect();
    found.sort();
    let scenario = |path: &std::path::PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(path).unwrap();
        let scenario = read(&name, &text).unwrap_or_else(|faults| panic!("{faults}"));
        (name, scenario)
    };
    found.iter().map(scenario).collect()
}

#[test]
fn there_are_at_least_twenty_scenarios_each_with_its_case() {
    let all = scenarios();
    assert!(all.len() >= 20, "{}", all.len());
    for (name, scenario) in all {
        assert!(scenario.resembles.is_some() && !scenario.about.is_empty(), "{name}");
    }
}

#[test]
fn who_is_always_green_always_red_always_unsure_or_silent_fails_every_scenario() {
    let lies = [
        Some(Verdict::Operational),
        Some(Verdict::Degraded),
        Some(Verdict::Outage),
        Some(Verdict::Unknown),
        None,
    ];
    for (name, scenario) in scenarios() {
        for says in lies {
            let mut liar = Liar { cells: scenario.cells(), says, shown: false };
            let played = play(&scenario, 1, &mut liar, &mut |_, _| {});
            assert!(!played.scores.passed(), "{name}: {says:?} passed");
        }
    }
}

#[test]
fn every_scenario_has_trouble_or_blindness_and_a_healthy_beginning_and_end() {
    for (name, scenario) in scenarios() {
        let mut liar = Liar { cells: scenario.cells(), says: None, shown: false };
        let truth = play(&scenario, 1, &mut liar, &mut |_, _| {}).truth;
        let troubled = truth.cells.values().filter(|spans| spans.len() > 1).count();
        assert!(troubled + truth.blind.len() > 0, "{name}: nothing happens");
        for (cell, spans) in &truth.cells {
            let ends = [spans.first(), spans.last()].map(|span| span.unwrap().fares.can);
            assert_eq!(ends, [candor_stage::Can::Yes; 2], "{name}: {cell}");
        }
    }
}
