//! A simulated run: the world and whoever watches, stepped together on one clock, in the order of events.
//!
//! Nothing here waits: twelve hours pass as fast as they are worked out. The same scenario, seed and subject give the same
//! run.

use std::collections::BTreeMap;

use crate::Ms;
use crate::model::{Effect, Faults, World, not_taken};
use crate::scenario::Scenario;
use crate::score::{Bounds, Scores, score};
use crate::seen::Seen;
use crate::subject::{Ask, Check, Met, Page, Subject};
use crate::truth::{CellName, Truth};

/// How long a look around takes where there is something to see, and where there is nothing.
const LOOK_MS: (Ms, Ms) = (20, 2_000);

/// Most calls of a subject without time going on: one that never sleeps is stopped.
const STILL_MAX: u32 = 100_000;

/// What is told while it is played.
#[derive(Debug)]
pub enum Told<'p> {
    /// An event happened.
    Happened(usize),
    /// The page changed.
    Page(&'p Page),
}

/// A run that was played.
#[derive(Debug, Clone, PartialEq)]
pub struct Played {
    /// Its seed.
    pub seed: u64,
    /// What was true.
    pub truth: Truth,
    /// What the page said.
    pub seen: Seen,
    /// How the two compare.
    pub scores: Scores,
}

/// Something of the subject's that ends at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Ending {
    Run(u64, Met),
    Look(String, bool),
    Into(u64),
}

struct Run<'r> {
    scenario: &'r Scenario,
    world: World,
    subject: &'r mut dyn Subject,
    checks: BTreeMap<u64, Check>,
    truth: Truth,
    faults: Faults,
    seen: Seen,
    endings: BTreeMap<(Ms, u64), Ending>,
    begun: u64,
    cells: Vec<CellName>,
    epoch: u64,
}

/// Plays a scenario to its end. `tell` hears what happens when, in order.
pub fn play(
    scenario: &Scenario,
    seed: u64,
    subject: &mut dyn Subject,
    tell: &mut dyn FnMut(Ms, &Told<'_>),
) -> Played {
    let checks = subject.looks().checks.into_iter().map(|check| (check.id, check)).collect();
    let mut run = Run {
        scenario,
        world: World::new(scenario, seed),
        subject,
        checks,
        truth: Truth::default(),
        faults: Faults::default(),
        seen: Seen::default(),
        endings: BTreeMap::new(),
        begun: 0,
        cells: scenario.cells(),
        epoch: 0,
    };
    let mut now = 0;
    let mut still = 0;
    while now < scenario.lasts_ms && still < STILL_MAX {
        run.moment(now, tell);
        let next = run.next_ms();
        still = if next > now { 0 } else { still + 1 };
        now = next.max(now);
    }
    run.end(seed)
}

impl Run<'_> {
    fn next_ms(&self) -> Ms {
        let ending = self.endings.first_key_value().map(|((at, _), _)| *at);
        let next = [self.world.next_ms(), ending, Some(self.subject.wake_ms())];
        next.into_iter().flatten().min().unwrap_or(Ms::MAX)
    }

    /// All that is due at a moment: the world first, then what ends, then what begins.
    fn moment(&mut self, now: Ms, tell: &mut dyn FnMut(Ms, &Told<'_>)) {
        for event in self.world.advance(now) {
            tell(now, &Told::Happened(event));
        }
        for effect in self.world.take_effects() {
            match effect {
                Effect::Announce(what) => {
                    let window = crate::truth::Window { from_ms: what.from_ms, until_ms: what.until_ms };
                    self.truth
                        .announced
                        .extend(what.services.iter().map(|service| (service.clone(), window)));
                    self.subject.announce(now, &what);
                }
                Effect::StepClock(by_ms) => self.subject.clock_stepped(now, by_ms),
            }
        }
        self.note_truth(now);
        while let Some(entry) = self.endings.first_entry().filter(|entry| entry.key().0 <= now) {
            match entry.remove() {
                Ending::Run(check, met) => self.subject.observe(now, check, &met),
                Ending::Look(place, sees) => self.subject.looked_around(now, &place, sees),
                Ending::Into(what) => self.subject.looked_into(now, what),
            }
        }
        for ask in self.subject.due(now) {
            self.begin(now, ask);
        }
        if let Some(page) = self.subject.page(now) {
            for (cell, said) in &page.cells {
                self.seen.note(cell, now, said);
            }
            for incident in &page.incidents {
                self.seen.note_incident(incident.clone());
            }
            tell(now, &Told::Page(&page));
        }
    }

    fn note_truth(&mut self, now: Ms) {
        if self.epoch == self.world.epoch() {
            return;
        }
        self.epoch = self.world.epoch();
        let mut sight: BTreeMap<&CellName, bool> = BTreeMap::new();
        for check in self.checks.values() {
            *sight.entry(&check.cell).or_default() |= self.world.sees(&check.from);
        }
        let fares = self.faults.note(now, &self.world, &self.cells);
        for (cell, fares) in self.cells.iter().zip(fares) {
            self.truth.note(cell, now, fares);
            self.truth.note_blind(cell, now, sight.get(cell).is_some_and(|sees| !sees));
        }
    }

    fn begin(&mut self, now: Ms, ask: Ask) {
        let (took_ms, ending) = match ask {
            Ask::Run(id) => {
                let Some(check) = self.checks.get(&id) else { return };
                let met = self.world.meet(check, &self.scenario.watch, now);
                (met.took_ms, Ending::Run(id, met))
            }
            Ask::LookAround(place) => {
                let sees = self.world.sees(&place);
                (if sees { LOOK_MS.0 } else { LOOK_MS.1 }, Ending::Look(place, sees))
            }
            Ask::LookInto(what) => {
                let surface = self.world.surface(&self.scenario.watch, now);
                (self.subject.look_into(now, what, &surface), Ending::Into(what))
            }
        };
        self.begun += 1;
        self.endings.insert((now.saturating_add(took_ms.max(1)), self.begun), ending);
    }

    fn end(mut self, seed: u64) -> Played {
        self.truth.end(self.scenario.lasts_ms);
        self.seen.end(self.scenario.lasts_ms);
        self.truth.faults = self.faults.end(self.scenario.lasts_ms);
        self.truth.not_taken = not_taken(self.scenario, &self.truth);
        let scores = score(&self.truth, &self.seen, &Bounds::of(self.scenario.watch));
        Played { seed, truth: self.truth, seen: self.seen, scores }
    }
}
