//! The search for causes in a simulated run: the same code as beside the hub, which asks what the stage shows of the world.
//!
//! Time: the stage's world answers at once, so what an inquiry would take is reckoned: a walk gives a server that is silent
//! two questions' time and asks it no more; connections are made at once, and take as long as the slowest of them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use candor_core::Timestamp;
use candor_core::engine::{Case, Testimony};
use candor_core::fault::Kind;
use candor_core::id::{CheckId, VantageId};
use candor_core::incident::Found;
use candor_core::model::Plan;
use candor_explain::across::{Inquiry, Memory, Place, Reached, settle};
use candor_hub::causes::{BUDGET, ConnectFuture, Reach, look_into, round};
use candor_names::Zone;
use candor_names::walk::{Host, Net, TreeInMemory};
use candor_stage::subject::{Contact, Met, Serves, Surface};
use candor_stage::{Layer, Ms};
use tokio::sync::{mpsc, oneshot};

/// The port of the estate's sites.
const PORT: u16 = 80;
/// The port of its name servers.
const DNS: u16 = 53;
/// What a walk takes where every server speaks.
const SPOKEN_MS: Ms = 60;
/// What a walk takes longer where one is silent: two questions.
const SILENT_MS: Ms = 1_800;

/// Zones that are kept as they were read.
const ZONES: usize = 16;
/// What a connection takes at most.
const CONTACT_MS: Ms = 900;

/// What is known to the search.
pub(super) struct Causes {
    runtime: tokio::runtime::Runtime,
    memory: Arc<Memory>,
    reached: Arc<Reached>,
    /// Zones that were read, by their text: they seldom change.
    read: RefCell<BTreeMap<String, Zone>>,
}

/// A connection that is wanted, and where to say how it went.
type Wanted = (VantageId, SocketAddr, String, oneshot::Sender<Contact>);

/// Connections by way of whoever holds the surface.
#[derive(Debug)]
struct Asked(mpsc::UnboundedSender<Wanted>);

impl Reach for Asked {
    fn connect<'a>(
        &'a self,
        from: &'a VantageId,
        to: SocketAddr,
        host: &'a str,
        within: Duration,
    ) -> ConnectFuture<'a> {
        Box::pin(async move {
            let (say, said) = oneshot::channel();
            let asked = self.0.send((from.clone(), to, host.to_owned(), say)).is_ok();
            let limit_ms = Ms::try_from(within.as_millis()).unwrap_or(Ms::MAX);
            let said = said.await.ok().filter(|contact| asked && contact.took_ms <= limit_ms);
            match said.map(|contact| contact.trouble) {
                Some(None) => Ok(()),
                Some(Some((layer, word))) => Err(kind(layer, word)),
                None => Err(Kind::ConnectTimeout),
            }
        })
    }
}

impl Causes {
    /// # Errors
    /// Where no runtime can be had.
    pub(super) fn new() -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        Ok(Self { runtime, memory: Arc::default(), reached: Arc::default(), read: RefCell::default() })
    }

    /// Notes where a check got to that passed.
    pub(super) fn note(&mut self, check: CheckId, met: &Met) {
        let place = |(step, (host, ip)): (u16, &(String, IpAddr))| Place {
            step,
            host: host.clone(),
            address: SocketAddr::new(*ip, PORT),
            certificate: None,
        };
        let places: Vec<Place> = (0..).zip(&met.reached).map(place).collect();
        if met.trouble.is_none() && self.reached.get(&check) != Some(&places) {
            Arc::make_mut(&mut self.reached).insert(check, places);
        }
    }

    /// Asks what names lead to; what was heard before is kept where all passed since.
    pub(super) fn round(
        &mut self,
        plan: &Plan,
        testimony: &[Testimony],
        surface: &dyn Surface,
        now: Timestamp,
    ) {
        let mut memory = (*self.memory).clone();
        settle(plan, testimony, &mut memory, now);
        let ((), _) = self.ask(surface, async |net, reach| round(plan, &mut memory, &net, &reach, now).await);
        self.memory = Arc::new(memory);
    }

    /// What an incident comes from, and how long it took to find out; nothing where that took too long.
    pub(super) fn look_into(
        &self,
        plan: &Arc<Plan>,
        case: Case,
        surface: &dyn Surface,
        now: Timestamp,
    ) -> (Vec<Found>, Ms) {
        let (memory, reached) = (Arc::clone(&self.memory), Arc::clone(&self.reached));
        let inquiry = Inquiry { plan: Arc::clone(plan), case, memory, reached };
        let (found, took_ms) =
            self.ask(surface, async |net, reach| look_into(&inquiry, &net, &reach, now).await);
        let budget_ms = Ms::try_from(BUDGET.as_millis()).unwrap_or(Ms::MAX);
        if took_ms > budget_ms { (Vec::new(), budget_ms) } else { (found, took_ms) }
    }

    /// Does what asks the world, and reckons how long that takes.
    fn ask<T>(
        &self,
        surface: &dyn Surface,
        what: impl AsyncFnOnce(Arc<dyn Net>, Arc<dyn Reach>) -> T,
    ) -> (T, Ms) {
        let (tree, silent) = self.tree(surface);
        let (wish, mut wishes) = mpsc::unbounded_channel::<Wanted>();
        let slowest = Cell::new(0);
        let connect = async {
            while let Some((from, to, host, say)) = wishes.recv().await {
                let contact = surface.connect(from.as_str(), to.ip(), Some(&host));
                // Whoever asked waits no longer than this.
                slowest.set(slowest.get().max(contact.took_ms.min(CONTACT_MS)));
                // Whoever asked may have given up.
                let _ = say.send(contact);
            }
            std::future::pending::<()>().await;
        };
        let made = self.runtime.block_on(async {
            let asks = what(Arc::new(tree), Arc::new(Asked(wish)));
            tokio::select! {
                made = asks => Some(made),
                () = connect => None,
            }
        });
        let made = made.expect("only what asks ends, because whoever connects waits for ever");
        (made, SPOKEN_MS + if silent { SILENT_MS } else { 0 } + slowest.get())
    }

    /// The name servers as they are, and whether one of them is silent.
    fn tree(&self, surface: &dyn Surface) -> (TreeInMemory, bool) {
        let mut tree = TreeInMemory::default();
        let mut silent = false;
        for server in surface.name_servers() {
            let host = match server.serves {
                Serves::Zone(text) => {
                    self.zone(text, &server.name).map_or(Host::Fails, |zone| Host::Serves(vec![zone]))
                }
                Serves::Expired => Host::Fails,
                Serves::Silent => Host::Silent,
                Serves::Gone => continue,
            };
            silent |= matches!(host, Host::Silent);
            tree.put(at(server.address), host);
        }
        (tree, silent)
    }

    fn zone(&self, text: String, name: &str) -> Option<Zone> {
        let mut read = self.read.borrow_mut();
        if let Some(zone) = read.get(&text) {
            return Some(zone.clone());
        }
        let zone = Zone::parse(&text, None, name).ok()?;
        if read.len() >= ZONES {
            read.clear();
        }
        read.insert(text, zone.clone());
        Some(zone)
    }
}

fn at(ip: IpAddr) -> SocketAddr {
    SocketAddr::new(ip, DNS)
}

/// The fault of the stage's words; both use those of the protocols.
pub(super) fn kind(layer: Layer, word: &str) -> Kind {
    let of = |kind: &&Kind| kind.layer().word() == layer.word() && kind.word() == word;
    Kind::ALL.iter().find(of).copied().unwrap_or(Kind::DeadlineExceeded)
}
