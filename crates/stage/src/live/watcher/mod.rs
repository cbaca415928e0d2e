//! Whoever watches: Candor's binary as a process, met from outside alone. It is given a config, its page is read, its
//! network and its clock can be broken.
//!
//! `config` (what it is given), `process` (how it is started and ended), `steps` (its clock), `page` (what it says).

mod config;
mod page;
mod process;
mod steps;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::LiveError;
use super::clock::Clock;
use super::link::Network;
use super::secure::Secure;
use crate::Ms;
use crate::cause::Cause;
use crate::scenario::{Happening, Scenario};
use crate::seen::{Said, Seen};
use crate::subject::Page;
use crate::truth::CellName;
pub(super) use config::Announced;
use page::Sample;
use process::Process;
use steps::WallClock;

/// Between two looks at the page.
const SAMPLE_EVERY: Duration = Duration::from_millis(200);

/// A running watcher.
#[derive(Debug)]
pub(super) struct Watcher {
    given: Given,
    process: Process,
    clock: Option<WallClock>,
    announced: Vec<Announced>,
    book: Arc<Mutex<Book>>,
    // Dropped, it ends the looks.
    _looks: JoinSet<()>,
}

/// What the config is made of.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) scenario: Scenario,
    pub(super) network: Arc<Network>,
    pub(super) port: u16,
    pub(super) folder: PathBuf,
    pub(super) secure: Arc<Secure>,
    /// The zone's name servers, by their names relative to it.
    pub(super) name_servers: Vec<(String, SocketAddr)>,
}

#[derive(Debug, Default)]
struct Book {
    last: Option<Sample>,
    /// Grows with each page that says something else.
    number: u64,
    seen: Seen,
}

impl Watcher {
    /// Starts it and begins to read its page.
    pub(super) async fn start(binary: PathBuf, given: Given, clock: Clock) -> Result<Self, LiveError> {
        let steps = given
            .scenario
            .events
            .iter()
            .any(|event| matches!(event.what, Happening::Cause(Cause::StepClock { .. })));
        let wall = if steps { Some(WallClock::new(&given.folder)?) } else { None };
        given.write(&[])?;
        let (process, page) = Process::start(&binary, &given.file(), &given.folder, wall.as_ref()).await?;
        let book = Arc::new(Mutex::new(Book::default()));
        let mut looks = JoinSet::new();
        looks.spawn(look(page, clock, Arc::clone(&book)));
        Ok(Self { given, process, clock: wall, announced: Vec::new(), book, _looks: looks })
    }

    /// What the page says now; empty while it does not answer.
    pub(super) fn now(&self) -> BTreeMap<CellName, Said> {
        self.book().last.as_ref().map(|sample| sample.cells.clone()).unwrap_or_default()
    }

    /// The page, with a number that grows when it says something else; none while it does not answer.
    pub(super) fn page(&self) -> Option<(u64, Page)> {
        let book = self.book();
        let cells = book.last.as_ref()?.cells.iter().map(|(cell, said)| (cell.clone(), said.clone()));
        Some((book.number, Page { cells: cells.collect(), incidents: book.seen.incidents.clone() }))
    }

    /// Begins to keep what is seen.
    pub(super) fn begin(&self) {
        let mut book = self.book();
        let mut seen = Seen::default();
        page::note(&mut seen, 0, book.last.as_ref());
        book.seen = seen;
    }

    /// What was seen up to `at_ms`.
    pub(super) fn seen(&self, at_ms: Ms) -> Seen {
        let mut seen = self.book().seen.clone();
        seen.end(at_ms);
        seen
    }

    /// Steps its clock.
    pub(super) fn step_clock(&mut self, by_ms: i64) -> Result<(), LiveError> {
        self.clock.as_mut().ok_or(LiveError::NoFaketime)?.step(by_ms)
    }

    /// Tells it of downtime that begins now, or that is over.
    pub(super) fn announce(&mut self, downtime: Announced) -> Result<(), LiveError> {
        self.announced.push(downtime);
        self.given.write(&self.announced)
    }

    /// Downtime of this name is over early.
    pub(super) fn end_announced(&mut self, name: &str) -> Result<(), LiveError> {
        self.announced.retain(|downtime| downtime.name != name);
        self.given.write(&self.announced)
    }

    /// Its own end, with its log, if it has ended.
    pub(super) fn fault(&mut self) -> Option<LiveError> {
        self.process.is_over().then(|| LiveError::Watcher(format!("it ended:\n{}", self.process.tail())))
    }

    /// The end of its log.
    pub(super) fn log(&self) -> String {
        self.process.tail()
    }

    /// Ends it.
    pub(super) async fn stop(self) {
        self.process.stop().await;
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Given {
    fn file(&self) -> PathBuf {
        self.folder.join("candor.yaml")
    }

    fn write(&self, announced: &[Announced]) -> Result<(), LiveError> {
        let ledger = self.folder.join("candor.db");
        let text = config::config(self, &ledger, announced);
        let (part, file) = (self.folder.join("candor.new"), self.file());
        let written = std::fs::write(&part, text).and_then(|()| std::fs::rename(&part, &file));
        written.map_err(|error| LiveError::file(&file, error))
    }
}

async fn look(page: SocketAddr, clock: Clock, book: Arc<Mutex<Book>>) {
    let mut ticks = interval(SAMPLE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let sample = page::sample(page).await;
        let missing = {
            let mut book = book.lock().unwrap_or_else(PoisonError::into_inner);
            page::note(&mut book.seen, clock.now(), sample.as_ref());
            page::missing(&book.seen, sample.as_ref())
        };
        for (incident, path) in missing {
            if let Some(picture) = page::picture(page, &path).await {
                page::hang(&mut book.lock().unwrap_or_else(PoisonError::into_inner).seen, &incident, picture);
            }
        }
        let mut book = book.lock().unwrap_or_else(PoisonError::into_inner);
        if book.last != sample {
            book.last = sample;
            book.number += 1;
        }
    }
}
