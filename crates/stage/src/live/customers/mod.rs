//! The truth by its own means: in each place, somebody with an empty cache really comes for each thing, again and again,
//! and what becomes of it is the [`Truth`].
//!
//! In reading order: `stub` (finding a name), `client` (one request), `errands` (what they come for), `fold` (from single
//! attempts to how a cell fares). Nothing of whoever watches is used: not its probes, not its resolver, not its verdicts.
//!
//! They come often while something is fresh ([`Customers::hurry`]), and seldom while all is quiet.
//! Failure policy: what cannot be done is the truth, not an error. Absent: what this machine is too busy to do in time is
//! not told from what the shop cannot; give it the processors.

mod client;
mod errands;
mod fold;
mod stub;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::chance::Chance;
use super::clock::Clock;
use super::link::Network;
use super::secure::Secure;
use crate::Ms;
use crate::scenario::{Scenario, Watch};
use crate::truth::{CellName, Fares, Truth};
use client::Finds;
pub(super) use client::{Ask, Client, Trouble};
use errands::Customer;
use fold::{Attempt, Fold, together};
use stub::Stub;

/// Between two attempts, while something is fresh and while all is quiet.
const FRESH: Duration = Duration::from_millis(350);
const QUIET: Duration = Duration::from_millis(1200);
/// How long somebody of the shop waits for an answer.
const INSIDER_PATIENCE: Duration = Duration::from_secs(5);
/// For how long something is fresh.
const FRESH_FOR: Duration = Duration::from_secs(8);

/// Those who come.
#[derive(Debug)]
pub(super) struct Customers {
    shared: Arc<Shared>,
    // Dropped, it ends everybody's errand.
    _coming: JoinSet<()>,
}

#[derive(Debug)]
struct Shared {
    clock: Clock,
    fresh_until: Mutex<Instant>,
    /// Places with a link that loses or damages some of what goes through.
    rough: Mutex<BTreeSet<String>>,
    hurry: Notify,
    book: Mutex<Book>,
}

/// All that is known.
#[derive(Debug, Default)]
struct Book {
    truth: Truth,
    folds: BTreeMap<CellName, BTreeMap<String, Fold>>,
    now: BTreeMap<CellName, Fares>,
    /// What was met last where somebody failed, for the log.
    why: BTreeMap<CellName, String>,
}

/// A client as somebody in this place has it.
pub(super) fn client(
    network: &Network,
    place: &str,
    port: u16,
    watch: Watch,
    seed: u64,
    secure: &Arc<Secure>,
) -> Client {
    let finds = Finds::ByName(Stub::of(network.servers(place), seed));
    let patience = Duration::from_millis(watch.timeout_ms);
    Client { finds, port, patience, secure: Some(Arc::clone(secure)) }
}

/// A client of one role, as somebody of the shop has it who knows where it stands.
pub(super) const fn insider(at: SocketAddr) -> Client {
    Client { finds: Finds::At(at.ip()), port: at.port(), patience: INSIDER_PATIENCE, secure: None }
}

impl Customers {
    /// Lets them come to every cell of the scenario.
    pub(super) fn start(
        scenario: &Scenario,
        network: &Network,
        port: u16,
        clock: Clock,
        seed: u64,
        secure: &Arc<Secure>,
    ) -> Self {
        let shared = Arc::new(Shared {
            clock,
            fresh_until: Mutex::new(Instant::now() + FRESH_FOR),
            rough: Mutex::default(),
            hurry: Notify::new(),
            book: Mutex::default(),
        });
        let cells = scenario.cells();
        let mut coming = JoinSet::new();
        for (n, place) in (0_u64..).zip(&scenario.places) {
            let customer = Arc::new(Customer {
                client: client(network, place, port, scenario.watch, seed.wrapping_add(n), secure),
                place: place.clone(),
                patience: Duration::from_millis(scenario.watch.deadline_ms),
                errands: Default::default(),
                customer: Default::default(),
                developer: Default::default(),
            });
            let chance = Arc::new(Chance::of(seed ^ n));
            for cell in cells.iter().filter(|cell| cell.place.as_ref().is_none_or(|p| p == place)) {
                coming.spawn(comes(
                    Arc::clone(&shared),
                    Arc::clone(&customer),
                    cell.clone(),
                    Arc::clone(&chance),
                ));
            }
        }
        Self { shared, _coming: coming }
    }

    /// Something happened: they come often for a while.
    pub(super) fn hurry(&self) {
        *self.shared.fresh_until.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now() + FRESH_FOR;
        self.shared.hurry.notify_waiters();
    }

    /// These places have a link that loses or damages some of what goes through, and no others.
    pub(super) fn over_rough_links(&self, places: &BTreeSet<String>) {
        self.shared.rough.lock().unwrap_or_else(PoisonError::into_inner).clone_from(places);
    }

    /// How each cell fares now; those that nobody has come for yet are missing.
    pub(super) fn now(&self) -> BTreeMap<CellName, Fares> {
        self.shared.book().now.clone()
    }

    /// What failed last, by cell.
    pub(super) fn why(&self) -> BTreeMap<CellName, String> {
        self.shared.book().why.clone()
    }

    /// Begins to write the truth down: how each cell fares now is how it fared from the beginning.
    pub(super) fn begin(&self) {
        let mut book = self.shared.book();
        book.truth = Truth::default();
        let now = book.now.clone();
        for (cell, fares) in now {
            book.truth.note(&cell, 0, fares);
        }
    }

    /// Adds to the truth what follows from causes alone.
    pub(super) fn note(&self, add: impl FnOnce(&mut Truth)) {
        add(&mut self.shared.book().truth);
    }

    /// The truth up to `at_ms`.
    pub(super) fn truth(&self, at_ms: Ms) -> Truth {
        let mut truth = self.shared.book().truth.clone();
        truth.end(at_ms);
        truth
    }
}

impl Shared {
    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pause(&self) -> Duration {
        let fresh = *self.fresh_until.lock().unwrap_or_else(PoisonError::into_inner) > Instant::now();
        if fresh { FRESH } else { QUIET }
    }

    fn take(&self, cell: &CellName, place: &str, attempt: Attempt, why: Option<String>) {
        let rough = self.rough.lock().unwrap_or_else(PoisonError::into_inner).contains(place);
        let mut book = self.book();
        let fold = book.folds.entry(cell.clone()).or_default().entry(place.to_owned()).or_default();
        let changed = fold.take(attempt, rough);
        if let Some(why) = why {
            book.why.insert(cell.clone(), why);
        }
        let Some((since, _)) = changed else { return };
        let of_places = book.folds.get(cell).into_iter().flat_map(BTreeMap::values);
        let fares = together(&of_places.filter_map(Fold::fares).collect::<Vec<_>>());
        if book.now.insert(cell.clone(), fares) != Some(fares) {
            book.truth.note(cell, since, fares);
        }
    }
}

/// One errand at one place, again and again.
async fn comes(shared: Arc<Shared>, customer: Arc<Customer>, cell: CellName, chance: Arc<Chance>) {
    // Not all at the same moment.
    sleep(part(QUIET, &chance)).await;
    loop {
        let began = shared.clock.now();
        let outcome = customer.comes_for(&cell).await;
        let attempt = Attempt::new(began, shared.clock.now(), &outcome);
        let failed = outcome.is_err();
        shared.take(&cell, &customer.place, attempt, outcome.err().map(|trouble| trouble.why));
        // Who fails tries again soon.
        let pause = if failed { FRESH } else { shared.pause() };
        tokio::select! {
            () = sleep(pause) => {}
            // Not all at the same moment either.
            () = shared.hurry.notified() => sleep(part(FRESH, &chance)).await,
        }
    }
}

/// A part of a time, as chance will have it.
fn part(whole: Duration, chance: &Chance) -> Duration {
    whole / 64 * u32::try_from(chance.below(64)).unwrap_or(0)
}
