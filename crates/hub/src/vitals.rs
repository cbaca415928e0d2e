//! Our own parts: whether each is well, and what operators are told where one is not.
//!
//! A thread of its own looks at every part each second, so that it sees also where everything else stands. A part is one
//! row of [`PARTS`]: its figure for `/metrics`, how many looks in a row make it ill or well again, and how it is looked
//! at (`parts`). Adding one is adding a row.
//!
//! A part is *strained* (close to a limit: for operators alone) or *ill* (what the page says may suffer from it: said to
//! everyone, and why to operators). The engine's loop keeps one [`Ailment`] for each part and shows them side by side.
//!
//! Failure policy: what cannot be looked at stays as it was. Absent: mending anything; what a part does about its own
//! trouble is its own affair.

mod parts;
mod system;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use candor_core::Timestamp;
use candor_core::view::Notice;
use candor_probe::ScheduleStats;
use tokio::sync::{mpsc, watch};

use crate::clock;
use crate::decide::Control;
use crate::health::Health;
use crate::recorder::RecorderStats;

pub(crate) use self::parts::PARTS;
use self::system::System;
pub(crate) use self::system::is_shortage;

/// Time between two looks.
const LOOK: Duration = Duration::from_secs(1);
/// Looks after which newer words about the same trouble are told.
const TELL_AGAIN: u32 = 10;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grade {
    /// Close to a limit.
    Strained,
    /// What the page says may suffer from it.
    Ill,
}

/// What is wrong with a part, and what to do about it, in words for operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ailment {
    pub(crate) grade: Grade,
    pub(crate) words: String,
}

impl Ailment {
    pub(crate) const fn ill(words: String) -> Self {
        Self { grade: Grade::Ill, words }
    }

    pub(crate) const fn strained(words: String) -> Self {
        Self { grade: Grade::Strained, words }
    }
}

/// What one look at a part finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// It is well.
    Well,
    /// Neither well nor not, or it could not be looked at: it stays what it was.
    Same,
    /// Something is wrong.
    Wrong(Ailment),
}

/// A part of ours.
#[derive(Debug)]
pub(crate) struct Part {
    /// Its name, for operators' tools.
    pub(crate) name: &'static str,
    /// The name of its figure in `/metrics`, and what that is.
    pub(crate) figure: (&'static str, &'static str),
    /// Looks in a row that must find it wrong, and well, before that is told.
    pub(crate) looks: (u32, u32),
    /// The figure, where there is one, and how it is.
    pub(crate) look: fn(&mut Senses) -> (Option<u64>, Found),
}

/// What parts are looked at through.
#[derive(Debug)]
pub(crate) struct Senses {
    pub(crate) schedule: Arc<ScheduleStats>,
    pub(crate) recorder: Arc<RecorderStats>,
    pub(crate) health: Arc<Health>,
    pub(crate) ledger: PathBuf,
    pub(crate) system: System,
    /// How much longer than meant the time since the last look was.
    pub(crate) overslept: Duration,
}

impl Senses {
    pub(crate) fn new(
        schedule: Arc<ScheduleStats>,
        recorder: Arc<RecorderStats>,
        health: Arc<Health>,
        ledger: PathBuf,
    ) -> Self {
        Self { schedule, recorder, health, ledger, system: System::new(), overslept: Duration::ZERO }
    }
}

/// What was found last, part by part, for `/metrics`.
#[derive(Debug, Default)]
pub(crate) struct Vitals {
    shown: [Shown; PARTS.len()],
}

#[derive(Debug, Default)]
struct Shown {
    figure: AtomicU64,
    /// 0 well, 1 strained, 2 ill.
    grade: AtomicU8,
}

impl Vitals {
    /// Every part with its figure and its grade: 0 well, 1 strained, 2 ill.
    pub(crate) fn figures(&self) -> impl Iterator<Item = (&'static Part, u64, u8)> {
        let of = |shown: &Shown| (shown.figure.load(Ordering::Relaxed), shown.grade.load(Ordering::Relaxed));
        PARTS.iter().zip(&self.shown).map(move |(part, shown)| {
            let (figure, grade) = of(shown);
            (part, figure, grade)
        })
    }
}

/// Looks at every part, each second, until the hub is told to stop, which is no illness, or nobody decides any more.
pub(crate) fn watch(
    senses: Senses,
    vitals: Arc<Vitals>,
    engine: mpsc::Sender<Control>,
    stopped: watch::Receiver<bool>,
) {
    let watch =
        Watch { senses, vitals, engine, stopped, beats: PARTS.iter().map(|_| Beat::default()).collect() };
    let thread = std::thread::Builder::new().name("vitals".into()).spawn(move || watch.work());
    if let Err(error) = thread {
        tracing::error!(%error, "our own parts are not looked at");
    }
}

struct Watch {
    senses: Senses,
    vitals: Arc<Vitals>,
    engine: mpsc::Sender<Control>,
    stopped: watch::Receiver<bool>,
    beats: Vec<Beat>,
}

impl Watch {
    fn work(mut self) {
        while !self.engine.is_closed() {
            let slept = Instant::now();
            std::thread::sleep(LOOK);
            self.senses.overslept = slept.elapsed().saturating_sub(LOOK);
            if *self.stopped.borrow() {
                return;
            }
            for ((part, beat), shown) in PARTS.iter().zip(&mut self.beats).zip(&self.vitals.shown) {
                let (figure, found) = (part.look)(&mut self.senses);
                if let Some(figure) = figure {
                    shown.figure.store(figure, Ordering::Relaxed);
                }
                let news = beat.take(part, found);
                let grade = beat.now.as_ref().map_or(0, |ailment| 1 + ailment.grade as u8);
                shown.grade.store(grade, Ordering::Relaxed);
                let Some(news) = news else { continue };
                match &news {
                    Some(ailment) => tracing::warn!(part = part.name, "{}", ailment.words),
                    None => tracing::info!(part = part.name, "well again"),
                }
                // Where the engine's loop does not even take this, /healthz and the log tell it.
                if self.engine.try_send(Control::Part(part.name, news)).is_err() {
                    beat.told_for = TELL_AGAIN;
                }
            }
        }
    }
}

/// What a part was lately.
#[derive(Debug, Default)]
struct Beat {
    now: Option<Ailment>,
    /// Looks in a row that found it otherwise.
    otherwise: u32,
    /// Looks since it was last told.
    told_for: u32,
}

impl Beat {
    /// What is to be told, if anything: an ailment, or none any more.
    fn take(&mut self, part: &Part, found: Found) -> Option<Option<Ailment>> {
        self.told_for = self.told_for.saturating_add(1);
        let (next, needed) = match found {
            Found::Same => return None,
            Found::Well => (None, part.looks.1),
            Found::Wrong(ailment) => (Some(ailment), part.looks.0),
        };
        let grade = |ailment: &Option<Ailment>| ailment.as_ref().map(|ailment| ailment.grade);
        let worse = grade(&next) > grade(&self.now);
        if grade(&next) == grade(&self.now) {
            self.otherwise = 0;
            let newer = next != self.now && self.told_for >= TELL_AGAIN;
            if !newer {
                return None;
            }
        } else {
            self.otherwise += 1;
            // From ill to strained is a step towards well.
            if self.otherwise < if worse { needed } else { part.looks.1 } {
                return None;
            }
        }
        (self.otherwise, self.told_for) = (0, 0);
        self.now.clone_from(&next);
        Some(next)
    }
}

/// The parts that are not well, as the engine's loop keeps them.
#[derive(Debug, Default)]
pub(crate) struct Ailments(BTreeMap<&'static str, (Ailment, Timestamp)>);

impl Ailments {
    /// What is said of a part now; it has been so since it was first said.
    pub(crate) fn note(&mut self, part: &'static str, ailment: Option<Ailment>) {
        let Some(ailment) = ailment else {
            self.0.remove(part);
            return;
        };
        let since = self.0.get(part).map_or_else(clock::now, |(_, since)| *since);
        self.0.insert(part, (ailment, since));
    }

    /// The notices: one for all that is ill, so that the public reads one sentence; one for each that is strained.
    pub(crate) fn notices(&self) -> Vec<Notice> {
        let of = |grade| self.0.values().filter(move |(ailment, _)| ailment.grade == grade);
        let words: Vec<&str> = of(Grade::Ill).map(|(ailment, _)| ailment.words.as_str()).collect();
        let ill = of(Grade::Ill).map(|(_, since)| *since).min();
        let ill = ill.map(|since| Notice::Ill { what: words.join(" "), since });
        let strained = of(Grade::Strained);
        let strained =
            strained.map(|(ailment, since)| Notice::Strained { what: ailment.words.clone(), since: *since });
        ill.into_iter().chain(strained).collect()
    }
}

#[cfg(test)]
mod tests;
