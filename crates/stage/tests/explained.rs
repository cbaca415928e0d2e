//! The score of causes can be kept and can be broken: who knows what is the matter passes every variation, who always says
//! the same fails those where it is wrong. What is told of a run says which cause was named and whether it was right.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the message")]

use std::collections::BTreeMap;

use candor_stage::fault::{Fault, NOT_DNS};
use candor_stage::model::faults;
use candor_stage::play::{Played, play};
use candor_stage::scenario::{Scenario, read};
use candor_stage::seen::{Said, SeenCause, SeenIncident, Verdict};
use candor_stage::subject::{Announcement, Ask, Check, Looks, Met, Page, Serves, Subject, Surface};
use candor_stage::tell::{Mode, Timeline, html, json, summary};
use candor_stage::variations::variation;
use candor_stage::{CellName, Ms};

/// Between two runs of a check.
const EVERY_MS: Ms = 10_000;

/// How long it looks into something.
const LOOKS_MS: Ms = 2_000;

/// A watcher that calls a cell out when a run from anywhere fails, and opens an incident for each fault. It was told the faults, which
/// nobody else is: what it names of them is up to the test.
struct Told {
    checks: Vec<Check>,
    next_ms: Ms,
    failed: BTreeMap<u64, bool>,
    failing: BTreeMap<CellName, bool>,
    faults: Vec<Fault>,
    /// What it names, if not what is right.
    always: Option<&'static str>,
    incidents: Vec<SeenIncident>,
    looking: Vec<u64>,
    changed: bool,
}

impl Told {
    fn of(scenario: &Scenario, seed: u64, always: Option<&'static str>) -> Self {
        let mut checks = Vec::new();
        for cell in scenario.cells() {
            let from =
                scenario.places.iter().filter(|place| cell.place.as_ref().is_none_or(|own| own == *place));
            for from in from {
                checks.push(Check { id: checks.len() as u64, from: from.clone(), cell: cell.clone() });
            }
        }
        Self {
            checks,
            next_ms: 0,
            failed: BTreeMap::new(),
            failing: BTreeMap::new(),
            faults: faults(scenario, seed),
            always,
            incidents: Vec::new(),
            looking: Vec::new(),
            changed: false,
        }
    }

    /// Each fault that goes on has an incident with the cells that were seen failing for it.
    fn sort(&mut self, now_ms: Ms) {
        for (number, fault) in self.faults.iter().enumerate() {
            let (from, until) = fault.extent();
            let meant =
                |cell: &&CellName| fault.cells.contains_key(*cell) && self.failing.get(*cell) == Some(&true);
            let members: Vec<CellName> = fault.cells.keys().filter(meant).cloned().collect();
            if members.is_empty() || now_ms < from || now_ms >= until {
                continue;
            }
            let id = format!("{number}");
            if let Some(known) = self.incidents.iter_mut().find(|incident| incident.id == id) {
                known.members = members;
                continue;
            }
            let title = format!("{} does not work", members.first().unwrap());
            let cells = members.len();
            let (opened_ms, resolved_ms) = (now_ms, None);
            self.incidents.push(SeenIncident {
                id,
                opened_ms,
                resolved_ms,
                title,
                cells,
                members,
                cause: None,
            });
            self.looking.push(number as u64);
        }
    }
}

impl Subject for Told {
    fn looks(&self) -> Looks {
        Looks { checks: self.checks.clone() }
    }

    fn wake_ms(&self) -> Ms {
        self.next_ms
    }

    fn due(&mut self, now_ms: Ms) -> Vec<Ask> {
        let mut asks: Vec<Ask> = self.looking.drain(..).map(Ask::LookInto).collect();
        if now_ms >= self.next_ms {
            self.next_ms = now_ms + EVERY_MS;
            asks.extend(self.checks.iter().map(|check| Ask::Run(check.id)));
        }
        asks
    }

    fn observe(&mut self, now_ms: Ms, check: u64, met: &Met) {
        let cell = self.checks.get(usize::try_from(check).unwrap()).unwrap().cell.clone();
        self.failed.insert(check, met.trouble.is_some() || met.took_ms > 1_500);
        let mut of_cell = self.checks.iter().filter(|other| other.cell == cell);
        let fails = of_cell.any(|other| self.failed.get(&other.id) == Some(&true));
        if self.failing.insert(cell, fails) != Some(fails) {
            self.sort(now_ms);
            self.changed = true;
        }
    }

    fn looked_around(&mut self, _now_ms: Ms, _place: &str, _sees: bool) {}

    fn look_into(&mut self, _now_ms: Ms, _what: u64, surface: &dyn Surface) -> Ms {
        assert_eq!(surface.name_servers().len(), 4);
        LOOKS_MS
    }

    fn looked_into(&mut self, now_ms: Ms, what: u64) {
        let fault = self.faults.get(usize::try_from(what).unwrap()).unwrap();
        let now = fault.accepted.iter().rev().find(|known| known.from_ms + LOOKS_MS <= now_ms);
        let right = now.or(fault.accepted.first()).unwrap();
        let class = self.always.or(right.classes.iter().next().copied()).unwrap().to_owned();
        let incident = self.incidents.iter_mut().find(|incident| incident.id == what.to_string());
        incident.unwrap().cause = Some(SeenCause {
            class,
            subject: Some(right.subject.clone()),
            at_ms: now_ms,
            picture: Some(DRAWN.into()),
        });
        self.changed = true;
    }

    fn announce(&mut self, _now_ms: Ms, _what: &Announcement) {}

    fn clock_stepped(&mut self, _now_ms: Ms, _by_ms: i64) {}

    fn page(&mut self, _now_ms: Ms) -> Option<Page> {
        if !std::mem::take(&mut self.changed) {
            return None;
        }
        let said = |(cell, failing): (&CellName, &bool)| {
            let verdict = if *failing { Verdict::Outage } else { Verdict::Operational };
            let words = format!("{cell}: {}", verdict.word());
            (cell.clone(), Said { verdict, maintenance: false, layer: None, words })
        };
        Some(Page { cells: self.failing.iter().map(said).collect(), incidents: self.incidents.clone() })
    }
}

fn played(scenario: &Scenario, seed: u64, always: Option<&'static str>) -> Played {
    play(scenario, seed, &mut Told::of(scenario, seed, always), &mut |_, _| {})
}

fn about_causes(played: &Played) -> Vec<&String> {
    played.scores.broken.iter().filter(|words| words.contains("P11")).collect()
}

#[test]
fn who_knows_passes_every_variation() {
    for seed in 0..66 {
        let scenario = variation(seed);
        let run = played(&scenario, seed, None);
        assert_eq!(run.scores.cause_right, Some(true), "{seed}: {:?}", run.scores.causes);
        assert!(about_causes(&run).is_empty(), "{seed}: {:?}", run.scores.broken);
        assert!(run.scores.cause_s.unwrap() <= 5.0 && run.scores.wrong_accusations == 0, "{seed}");
    }
}

#[test]
fn who_always_says_the_same_is_wrong_where_it_is_wrong() {
    for always in ["F1", NOT_DNS, "could_not_tell"] {
        for seed in (0..66).step_by(3) {
            let scenario = variation(seed);
            let run = played(&scenario, seed, Some(always));
            let found = |fault: &Fault| fault.extent().0 + EVERY_MS;
            let right =
                run.truth.faults.iter().all(|fault| fault.accepts(always, found(fault), found(fault)));
            assert_eq!(run.scores.cause_right, Some(right), "{seed}: {:?}", run.scores.causes);
            assert_eq!(about_causes(&run).is_empty(), right, "{seed}: {:?}", run.scores.broken);
            let accused = always == "F1" && run.truth.faults.iter().any(|fault| !fault.root.is_dns());
            assert_eq!(run.scores.wrong_accusations > 0, accused, "{seed}");
        }
    }
}

/// A picture that would do harm where it stood in the page itself.
const DRAWN: &str = "<svg onload=\"alert(1)\"></svg>";

#[test]
fn what_is_named_is_told_in_the_timeline_the_summary_the_report_and_for_programs() {
    let text = "scenario: Two at once\nlasts: 10m\nplaces: [gb, in]\ntimeline:\n  \
                - {at: 2m, for: 4m, publish: {remove: [cdn]}}\n  - {at: 3m, for: 3m, kill: support}\n";
    let scenario = read("two.yaml", text).unwrap_or_else(|faults| panic!("{faults}"));
    let mut told = String::new();
    for always in [None, Some("F1")] {
        let mut timeline = Timeline::of(&scenario, false);
        let mut subject = Told::of(&scenario, 1, always);
        let run = play(&scenario, 1, &mut subject, &mut |now, what| told.push_str(&timeline.told(now, what)));
        told.push_str(&timeline.flush());
        told.push_str(&summary(&scenario, &run, false));
        let report = html(&scenario, &run, Mode::Simulated);
        let (_, causes) = report.split_once("<h2>Causes</h2>").unwrap();
        let (table, pictures) = causes.split_once("</table>").unwrap();
        told.push_str(table);
        assert_eq!(pictures.matches("src=\"data:image/svg+xml,%3Csvg onload=%22").count(), 2, "{pictures}");
        assert!(!report.contains("<svg onload"), "what is drawn elsewhere stays shut in");
        let object = json(&scenario, &run, Mode::Simulated);
        told.push_str(&serde_json::to_string_pretty(&object["scores"]["causes"]).unwrap());
        told.push_str("\n\n");
        assert_eq!(object["faults"].as_array().map(Vec::len), Some(2));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn the_surface_says_what_is_and_not_why() {
    struct Asks(Vec<Serves>, Vec<Ms>);
    impl Subject for Asks {
        fn looks(&self) -> Looks {
            Looks::default()
        }
        fn wake_ms(&self) -> Ms {
            if self.1.is_empty() { 90_000 } else { Ms::MAX }
        }
        fn due(&mut self, now_ms: Ms) -> Vec<Ask> {
            let asks = now_ms == 90_000 && self.1.is_empty();
            asks.then_some(Ask::LookInto(7)).into_iter().collect()
        }
        fn observe(&mut self, _now_ms: Ms, _check: u64, _met: &Met) {}
        fn looked_around(&mut self, _now_ms: Ms, _place: &str, _sees: bool) {}
        fn look_into(&mut self, now_ms: Ms, _what: u64, surface: &dyn Surface) -> Ms {
            self.0 = surface.name_servers().into_iter().map(|server| server.serves).collect();
            self.1.push(now_ms);
            1_500
        }
        fn looked_into(&mut self, now_ms: Ms, what: u64) {
            self.1.extend([now_ms, what]);
        }
        fn announce(&mut self, _now_ms: Ms, _what: &Announcement) {}
        fn clock_stepped(&mut self, _now_ms: Ms, _by_ms: i64) {}
        fn page(&mut self, _now_ms: Ms) -> Option<Page> {
            None
        }
    }
    let text = "scenario: One\nlasts: 5m\ntimeline:\n  - {at: 1m, kill: ns3}\n";
    let mut asks = Asks(Vec::new(), Vec::new());
    play(&read("one.yaml", text).unwrap(), 1, &mut asks, &mut |_, _| {});
    assert_eq!(asks.1, [90_000, 91_500, 7], "it is told when the time is over");
    assert!(matches!(asks.0.as_slice(), [Serves::Zone(_), Serves::Zone(_), Serves::Gone, Serves::Zone(_)]));
}
