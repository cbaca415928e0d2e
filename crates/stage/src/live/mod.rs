//! The live mode: real processes and packets.
//!
//! [`play`] starts the estate, a [`link::Network`] for its customers and another for whoever watches, customers who really
//! come for everything, and Candor's binary as whoever watches; then it lets the scenario happen. What customers met is
//! the truth, what the page said is what was seen; neither knows of the other.
//!
//! ```text
//! director --> world --> the estate's processes
//!                |              ^
//!              links ----------.|
//!                |       |
//!            customers  watcher (its page) --> what was seen
//!                '--> the truth
//! ```
//!
//! In reading order: `clock`, `chance`, `dns` (messages), [`link`], `secure` (who is met by TLS), `shop` (what a customer knows of the estate),
//! `customers`, `watcher`, `world` (how a cause is brought about), `director` (when).
//!
//! Nothing is made faster but the quiet waits between causes: intervals, timeouts, lifetimes are what they are.
//! Failure policy: whatever ends a run, also a panic or a dropped future, ends every process and removes every file of
//! it. Absent: more than one machine; what this machine is too slow for is seen by customers and watcher alike.

mod chance;
mod clock;
mod customers;
mod director;
mod dns;
pub mod link;
mod secure;
mod shop;
mod watcher;
mod world;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use candor_estate::{Estate, EstateError, EstateOptions};
use tokio::time::{Instant, sleep};

use crate::Ms;
use crate::play::{Played, Told};
use crate::scenario::Scenario;
use crate::score::{Bounds, score};
use crate::seen::Verdict;
use crate::truth::{Can, CellName, Fares};
use clock::Clock;
use customers::Customers;
use director::Directed;
use link::{Network, Observer};
use secure::Secure;
use watcher::{Given, Watcher};
use world::World;

/// How long everything may take to be seen working at the beginning.
const WELL_WITHIN: Duration = Duration::from_secs(120);
/// How late a sample of the page may be: the time between two, and that of one.
const SAMPLE_MS: Ms = 400;
/// Between two looks at whether it is.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How to play.
#[derive(Clone)]
pub struct Options<'o> {
    /// Candor's binary: `candor serve` watches.
    pub watcher: PathBuf,
    /// The binary that runs the estate's roles, and the words before a role's: `["estate"]` for `candor estate ROLE …`.
    pub estate: PathBuf,
    /// See [`Options::estate`].
    pub lead: Vec<String>,
    /// What chance begins from.
    pub seed: u64,
    /// Is told what happens while it happens.
    pub progress: &'o (dyn Fn(&Progress<'_>) + Sync),
}

impl std::fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { watcher, estate, lead, seed, progress: _ } = self;
        f.debug_struct("Options")
            .field("watcher", watcher)
            .field("estate", estate)
            .field("lead", lead)
            .field("seed", seed)
            .finish_non_exhaustive()
    }
}

/// What is told while a scenario is played.
#[derive(Debug)]
pub enum Progress<'p> {
    /// Something is made ready.
    Prepares(&'static str),
    /// Everything works and is seen to: the scenario begins.
    Begins,
    /// An event happened, or the page changed: as in a simulated run.
    Told(Ms, Told<'p>),
    /// Customers of a cell fare otherwise. Whoever watches is never told.
    Fares(Ms, &'p CellName, Fares),
    /// Nothing would have happened for so many milliseconds more: what comes next comes now.
    Skips(Ms, Ms),
    /// It is over.
    Ends(Ms),
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Live {
    /// Truth, page and score, as of a simulated run.
    pub played: Played,
    /// The scenario as it was played: each event when it really happened, and the real end.
    pub scenario: Scenario,
    /// How much quiet was left out.
    pub skipped_ms: Ms,
    /// The end of the watcher's log.
    pub log: String,
}

/// Why a scenario could not be played to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LiveError {
    /// The estate does not start, or does not obey.
    #[error("the estate: {0}")]
    Estate(#[from] EstateError),
    /// A relay cannot listen.
    #[error("the links between places and the estate cannot be opened: {0}")]
    Links(io::Error),
    /// A file cannot be read or written, or a program not be started.
    #[error("{}: {source}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The estate cannot be made ready for its customers.
    #[error("the estate cannot be made ready: {0}")]
    Shop(String),
    /// Whoever watches does not.
    #[error("whoever watches: {0}")]
    Watcher(String),
    /// Something was not seen working before anything was broken.
    #[error("not everything works, or is seen to, before anything was broken:\n{0}")]
    Unwell(String),
    /// A clock is to be stepped, and what it takes is not there.
    #[error("stepping a clock takes libfaketime: install the Debian package faketime")]
    NoFaketime,
    /// A cause that this mode cannot bring about.
    #[error("this cannot be brought about live: {0}; --simulated plays it")]
    NotLive(String),
}

impl LiveError {
    fn file(file: &Path, source: io::Error) -> Self {
        Self::File { file: file.to_owned(), source }
    }
}

/// Plays a scenario live.
///
/// # Errors
/// When anything of it cannot be started, does not work before anything was broken, or ends by itself.
pub async fn play(scenario: &Scenario, options: Options<'_>) -> Result<Live, LiveError> {
    world::check(scenario)?;
    let stage = Stage::set(scenario, &options).await?;
    Box::pin(stage.play(scenario, &options)).await
}

/// All that runs, in the order in which it is dropped: whoever watches, customers, the estate, the folder.
struct Stage {
    watcher: Watcher,
    customers: Customers,
    world: World,
    clock: Clock,
    _folder: tempfile::TempDir,
}

impl Stage {
    async fn set(scenario: &Scenario, options: &Options<'_>) -> Result<Self, LiveError> {
        let tell = |what| (options.progress)(&Progress::Prepares(what));
        let folder = tempfile::Builder::new().prefix("candor-stage-").tempdir();
        let folder = folder.map_err(|error| LiveError::file(&std::env::temp_dir(), error))?;
        tell("the estate");
        let estate = Estate::start(EstateOptions {
            lead: options.lead.clone(),
            places: scenario.places.clone(),
            certified: secure::fronts(scenario),
            ..EstateOptions::new(options.estate.clone())
        });
        let estate = estate.await?;
        let secure = Arc::new(Secure::of(scenario, &estate.ca_file())?);
        let ground = world::ground(&estate, scenario, options.seed);
        let name_servers = world::name_servers(&estate);
        let open = |observer| Network::open(observer, &ground).map(Arc::new).map_err(LiveError::Links);
        let (theirs, ours) = (open(Observer::Customers)?, open(Observer::Watcher)?);
        let world = World::new(estate, Arc::clone(&theirs), Arc::clone(&ours), options.seed);
        let clock = Clock::default();
        let port = world.port();
        if let Some(place) = scenario.places.first() {
            let client = customers::client(&theirs, place, port, scenario.watch, options.seed, &secure);
            shop::prepare(&client, place, crate::scenario::STORES)
                .await
                .map_err(|trouble| LiveError::Shop(trouble.why))?;
        }
        tell("its customers");
        let customers = Customers::start(scenario, &theirs, port, clock.clone(), options.seed, &secure);
        if scenario.customers > 0 {
            world.pace(scenario.customers).await?;
        }
        tell("whoever watches");
        let folder_of = folder.path().to_owned();
        let given = Given {
            scenario: scenario.clone(),
            network: ours,
            port,
            folder: folder_of,
            secure,
            name_servers,
        };
        let watcher = Watcher::start(options.watcher.clone(), given, clock.clone()).await?;
        Ok(Self { watcher, customers, world, clock, _folder: folder })
    }

    async fn play(mut self, scenario: &Scenario, options: &Options<'_>) -> Result<Live, LiveError> {
        self.well(scenario).await?;
        self.clock.start();
        self.customers.begin();
        self.watcher.begin();
        (options.progress)(&Progress::Begins);
        let Directed { mut scenario, skipped_ms, held_up_ms } =
            director::direct(&mut self, scenario, options).await?;
        scenario.lasts_ms = self.clock.now();
        let (mut truth, seen) =
            (self.customers.truth(scenario.lasts_ms), self.watcher.seen(scenario.lasts_ms));
        (options.progress)(&Progress::Ends(scenario.lasts_ms));
        truth.faults = crate::model::faults(&scenario, options.seed);
        truth.not_taken = self.world.not_taken().await;
        let log = self.watcher.log();
        self.watcher.stop().await;
        drop(self.customers);
        self.world.stop().await;
        // What this machine held up is nobody's fault: every sample may be as late.
        let bounds = Bounds { sample_ms: SAMPLE_MS + held_up_ms, ..Bounds::of(scenario.watch) };
        let scores = score(&truth, &seen, &bounds);
        Ok(Live { played: Played { seed: options.seed, truth, seen, scores }, scenario, skipped_ms, log })
    }

    /// Waits until everything works and is seen to.
    async fn well(&mut self, scenario: &Scenario) -> Result<(), LiveError> {
        let cells = scenario.cells();
        let begun = Instant::now();
        loop {
            if let Some(fault) = self.watcher.fault() {
                return Err(fault);
            }
            let (fares, says) = (self.customers.now(), self.watcher.now());
            let unwell: Vec<&CellName> = cells
                .iter()
                .filter(|cell| {
                    let can = fares.get(cell).is_some_and(|fares| fares.can == Can::Yes);
                    !can || says.get(cell).is_none_or(|said| said.verdict != Verdict::Operational)
                })
                .collect();
            if unwell.is_empty() {
                return Ok(());
            }
            if begun.elapsed() > WELL_WITHIN {
                return Err(LiveError::Unwell(self.unwell(&unwell)));
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// What is not well, in a few lines.
    fn unwell(&self, cells: &[&CellName]) -> String {
        let (fares, says, why) = (self.customers.now(), self.watcher.now(), self.customers.why());
        let lines = cells.iter().take(8).map(|cell| {
            let can = fares.get(cell).map(|fares| fares.can);
            let said = says.get(cell).map(|said| said.words.as_str()).unwrap_or("nothing");
            let why = why.get(cell).map(String::as_str).unwrap_or_default();
            format!("{cell}: customers {can:?} {why}; the page says {said}")
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}
