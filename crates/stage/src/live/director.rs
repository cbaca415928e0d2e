//! The timeline, carried out: each cause when it is due, and what is quiet between two of them shortened.
//!
//! A wait is quiet when it is long ([`KEPT`]), and truth and page have said the same for a whole lease and an interval:
//! then nothing new would come. What has a fuse of its own (a copy of the zone that expires) is waited for in full.
//! Failure policy: a watcher that ends by itself ends the run.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{LOOK_EVERY, LiveError, Options, Progress, Stage};
use crate::Ms;
use crate::play::Told;
use crate::scenario::Scenario;
use crate::seen::{Said, Verdict};
use crate::truth::{Can, CellName, Fares};

/// Waits up to this are kept as they are: what happens in such time is a rhythm of the scenario.
const KEPT: Duration = Duration::from_secs(30);
/// The longest wait for truth and page to agree, where the scenario would wait longer; in intervals, on top of [`KEPT`].
const DISAGREES_MAX: u64 = 30;

/// What was directed.
#[derive(Debug)]
pub(super) struct Directed {
    /// The scenario as it was played.
    pub(super) scenario: Scenario,
    /// How much quiet was left out.
    pub(super) skipped_ms: Ms,
    /// The longest by which this machine let somebody wait who did not have to.
    pub(super) held_up_ms: Ms,
}

/// Lets everything happen.
pub(super) async fn direct(
    stage: &mut Stage,
    scenario: &Scenario,
    options: &Options<'_>,
) -> Result<Directed, LiveError> {
    let mut director = Director {
        stage,
        scenario,
        options,
        told: BTreeMap::new(),
        pages: 0,
        skipped_ms: 0,
        held_up: Duration::ZERO,
    };
    let (mut really, mut before) = (scenario.clone(), 0);
    for (number, (event, really)) in scenario.events.iter().zip(&mut really.events).enumerate() {
        director.wait(event.at_ms.saturating_sub(before)).await?;
        before = event.at_ms;
        really.at_ms = director.stage.clock.now();
        (options.progress)(&Progress::Told(really.at_ms, Told::Happened(number)));
        director.happen(number).await?;
    }
    director.wait(scenario.lasts_ms.saturating_sub(before)).await?;
    let held_up_ms = Ms::try_from(director.held_up.as_millis()).unwrap_or(Ms::MAX);
    Ok(Directed { scenario: really, skipped_ms: director.skipped_ms, held_up_ms })
}

struct Director<'d> {
    stage: &'d mut Stage,
    scenario: &'d Scenario,
    options: &'d Options<'d>,
    /// How customers were last said to fare.
    told: BTreeMap<CellName, Fares>,
    /// The number of the page that was last told.
    pages: u64,
    skipped_ms: Ms,
    /// The longest by which this machine woke us late.
    held_up: Duration,
}

impl Director<'_> {
    async fn happen(&mut self, number: usize) -> Result<(), LiveError> {
        let Stage { world, watcher, customers, clock, .. } = &mut *self.stage;
        customers.hurry();
        world.happen(number, self.scenario, watcher).await?;
        customers.over_rough_links(world.rough());
        let now = clock.now();
        let cells = self.scenario.cells();
        customers.note(|truth| world.note(truth, &cells, now));
        customers.hurry();
        Ok(())
    }

    /// Waits for what the scenario waits, or until it is quiet.
    async fn wait(&mut self, ms: Ms) -> Result<(), LiveError> {
        let whole = Duration::from_millis(ms);
        let watch = self.scenario.watch;
        let steady = Duration::from_millis(watch.lease_ms() + watch.every_ms);
        let fuse = Duration::from_millis(self.stage.world.fuse_ms(watch)).min(whole);
        let limit = KEPT + fuse + Duration::from_millis(DISAGREES_MAX * watch.every_ms);
        let (begun, mut agreed) = (Instant::now(), None);
        loop {
            self.look()?;
            let elapsed = begun.elapsed();
            if elapsed >= whole {
                return Ok(());
            }
            agreed = if self.agrees() { agreed.or(Some(Instant::now())) } else { None };
            let quiet = agreed.is_some_and(|since| since.elapsed() >= steady) && elapsed >= fuse;
            if whole > KEPT && (quiet || elapsed >= limit) {
                let left = Ms::try_from((whole - elapsed).as_millis()).unwrap_or(Ms::MAX);
                self.skipped_ms += left;
                (self.options.progress)(&Progress::Skips(self.stage.clock.now(), left));
                return Ok(());
            }
            let (wanted, asleep) = (LOOK_EVERY.min(whole - elapsed), Instant::now());
            sleep(wanted).await;
            self.held_up = self.held_up.max(asleep.elapsed().saturating_sub(wanted));
        }
    }

    /// Whether the page says of every cell what its customers meet.
    fn agrees(&self) -> bool {
        let (fares, says) = (self.stage.customers.now(), self.stage.watcher.now());
        self.scenario.cells().iter().all(|cell| {
            let (Some(fares), Some(said)) = (fares.get(cell), says.get(cell)) else { return false };
            // What fails by chance is said this way and that.
            let excused = match said.verdict {
                Verdict::Unknown => self.stage.world.is_blind(cell),
                _ => self.stage.world.is_rough(cell),
            };
            excused || fits(fares.can, said)
        })
    }

    /// Tells what changed.
    fn look(&mut self) -> Result<(), LiveError> {
        if let Some(fault) = self.stage.watcher.fault() {
            return Err(fault);
        }
        let at_ms = self.stage.clock.now();
        for (cell, fares) in self.stage.customers.now() {
            if self.told.insert(cell.clone(), fares).unwrap_or(Fares::WELL) != fares {
                (self.options.progress)(&Progress::Fares(at_ms, &cell, fares));
            }
        }
        if let Some((number, page)) = self.stage.watcher.page().filter(|(number, _)| *number != self.pages) {
            self.pages = number;
            (self.options.progress)(&Progress::Told(at_ms, Told::Page(&page)));
        }
        Ok(())
    }
}

const fn fits(can: Can, said: &Said) -> bool {
    match can {
        Can::Yes => matches!(said.verdict, Verdict::Operational),
        Can::No => said.verdict.is_failing(),
        // Whatever it says of what comes and goes.
        Can::Mostly | Can::Partly => !matches!(said.verdict, Verdict::Unknown),
    }
}
