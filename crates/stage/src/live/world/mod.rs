//! The world of a live run: the estate's processes, its zone, the links; and how each cause is brought about in it.
//!
//! A publication is mended by publishing what was in force before it, a role by starting it again, anything else by taking
//! it back. `hands` is what is done to the estate, through its own doors.
//! Failure policy: what the estate refuses ends the run. A cause that nothing here can bring about is refused before
//! anything starts ([`check`]).

mod hands;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use candor_estate::Estate;
use candor_estate::role::Role;
use jiff::Timestamp;
use serde_json::Value;

use super::customers::{Client, Trouble, insider};
use super::link::{Network, Weather};
use super::watcher::{Announced, Watcher};
use super::{LiveError, shop};
use crate::Ms;
use crate::cause::{Cause, Change, Link, LinkEnd, Mend, Publish};
use crate::model::zone::{Record, edited};
use crate::scenario::{Event, Happening, Scenario, Watch};
use crate::truth::{CellName, NotTaken, Truth, Window};
use hands::Hands;
pub(super) use hands::{ground, name_servers};

/// Where the expiry stands among the words of a SOA record.
const EXPIRE: usize = 5;
/// Runs after which a share of failures is one.
const ROUGH_RUNS: u64 = 11;
/// How long after a copy must have expired it has.
const FUSE_SLACK_MS: Ms = 5_000;

/// The world.
#[derive(Debug)]
pub(super) struct World {
    hands: Hands,
    customers: Arc<Network>,
    watcher: Arc<Network>,
    seed: u64,
    /// The zone in force, the first one, and what each publication replaced.
    zone: String,
    first: String,
    before: BTreeMap<usize, String>,
    /// Whether the primary does not reach every copy of the zone: those that it does not reach will expire.
    apart: bool,
    /// Places with links that lose or damage some of what goes through.
    rough: BTreeSet<String>,
    blind_everywhere: bool,
    blind: BTreeSet<String>,
    downtime: Vec<Downtime>,
}

/// Announced downtime; `told` where the truth has it.
#[derive(Debug)]
struct Downtime {
    name: String,
    services: Vec<String>,
    for_ms: Ms,
    told: Option<Ms>,
    over: bool,
}

/// Refuses a scenario with a cause that cannot be brought about here.
pub(super) fn check(scenario: &Scenario) -> Result<(), LiveError> {
    let mut obstacles = scenario.events.iter().filter_map(|event| match &event.what {
        Happening::Cause(cause) => {
            hands::obstacle(cause, scenario).map(|why| format!("{}: {why}", cause.words()))
        }
        Happening::Over { .. } => None,
    });
    obstacles.next().map_or(Ok(()), |why| Err(LiveError::NotLive(why)))
}

impl World {
    pub(super) fn new(estate: Estate, customers: Arc<Network>, watcher: Arc<Network>, seed: u64) -> Self {
        let hands = Hands::new(estate);
        let zone = hands.zone();
        Self {
            hands,
            customers,
            watcher,
            seed,
            first: zone.clone(),
            zone,
            before: BTreeMap::new(),
            apart: false,
            rough: BTreeSet::new(),
            blind_everywhere: false,
            blind: BTreeSet::new(),
            downtime: Vec::new(),
        }
    }

    /// The port of every role.
    pub(super) fn port(&self) -> u16 {
        self.hands.port()
    }

    /// So many customers come in a minute from now on.
    pub(super) async fn pace(&self, per_minute: u32) -> Result<(), LiveError> {
        let told = shop::pace(&self.insider(Role::Customers), per_minute, self.seed).await;
        told.map_err(|trouble| refused(&trouble))
    }

    /// What was really not taken, as the estate counted it; nothing where it cannot say.
    pub(super) async fn not_taken(&self) -> Vec<NotTaken> {
        let Ok(tally) = shop::tally(&self.insider(Role::Customers)).await else { return Vec::new() };
        let tally: Value = serde_json::from_slice(&tally).unwrap_or_default();
        let sums = tally.get("not_taken").and_then(Value::as_array).into_iter().flatten();
        let text = |sum: &Value, key: &str| Some(sum.get(key)?.as_str()?.to_owned());
        sums.filter_map(|sum| {
            let (place, currency) = (text(sum, "place")?, text(sum, "currency")?);
            Some(NotTaken { place, currency, amount: text(sum, "amount")? })
        })
        .collect()
    }

    /// Whether whoever watches sees nothing of a cell.
    pub(super) fn is_blind(&self, cell: &CellName) -> bool {
        self.blind_everywhere || cell.place.as_ref().is_some_and(|place| self.blind.contains(place))
    }

    /// Whether attempts of a cell fail by chance now.
    pub(super) fn is_rough(&self, cell: &CellName) -> bool {
        cell.place.as_ref().map_or(!self.rough.is_empty(), |place| self.rough.contains(place))
    }

    /// Places with links that lose or damage some of what goes through.
    pub(super) const fn rough(&self) -> &BTreeSet<String> {
        &self.rough
    }

    /// How long something may smoulder before it shows, or must be looked at before it tells anything.
    pub(super) fn fuse_ms(&self, watch: Watch) -> Ms {
        let rough = if self.rough.is_empty() { 0 } else { ROUGH_RUNS * watch.every_ms + watch.lease_ms() };
        rough.max(if self.apart { self.expires_ms() } else { 0 })
    }

    fn expires_ms(&self) -> Ms {
        let records = self
            .zone
            .lines()
            .filter_map(|line| Record::of_line(&line.split_whitespace().collect::<Vec<_>>()));
        let soa = records.into_iter().find(|record| record.kind == "SOA");
        let expire = soa.and_then(|soa| soa.words.get(EXPIRE)?.parse::<Ms>().ok());
        expire.map_or(0, |seconds| seconds * 1_000 + FUSE_SLACK_MS)
    }

    /// Adds to the truth what follows from causes alone.
    pub(super) fn note(&mut self, truth: &mut Truth, cells: &[CellName], now_ms: Ms) {
        for cell in cells {
            truth.note_blind(cell, now_ms, self.is_blind(cell));
        }
        for downtime in &mut self.downtime {
            match downtime.told {
                None => {
                    downtime.told = Some(now_ms);
                    let window = Window { from_ms: now_ms, until_ms: now_ms + downtime.for_ms };
                    truth.announced.extend(downtime.services.iter().map(|service| (service.clone(), window)));
                }
                Some(from_ms) if downtime.over => {
                    let own = |(service, window): &&mut (String, Window)| {
                        window.from_ms == from_ms && downtime.services.contains(service)
                    };
                    for (_, window) in truth.announced.iter_mut().filter(own) {
                        window.until_ms = window.until_ms.min(now_ms);
                    }
                }
                Some(_) => {}
            }
        }
    }

    /// Lets an event happen.
    pub(super) async fn happen(
        &mut self,
        number: usize,
        scenario: &Scenario,
        watcher: &mut Watcher,
    ) -> Result<(), LiveError> {
        let Some(Event { what, .. }) = scenario.events.get(number) else { return Ok(()) };
        match what {
            Happening::Cause(cause) | Happening::Over { mend: Mend::By(cause), .. } => {
                Box::pin(self.cause(number, cause, watcher)).await
            }
            Happening::Over { event, mend: Mend::PublishBefore } => {
                let before = self.before.get(event).cloned().unwrap_or_else(|| self.first.clone());
                self.publish(before, &[]).await
            }
            Happening::Over { event, mend: Mend::Undo } => {
                match scenario.events.get(*event).map(|event| &event.what) {
                    Some(Happening::Cause(cause)) => self.undo(cause).await,
                    _ => Ok(()),
                }
            }
        }
    }

    async fn cause(&mut self, number: usize, cause: &Cause, watcher: &mut Watcher) -> Result<(), LiveError> {
        match cause {
            Cause::Publish(Publish { change, withhold }) => {
                self.before.insert(number, self.zone.clone());
                let text = match change {
                    Change::Whole(text) => text.clone(),
                    Change::Edit(edit) => edited(&self.zone, &self.first, edit),
                    Change::Restore => self.first.clone(),
                };
                self.publish(text, withhold).await
            }
            Cause::Link(Link {
                end: LinkEnd::Place(place),
                drop_percent,
                delay_ms,
                corrupt_percent,
                cut,
            }) => {
                let delay = Duration::from_millis(*delay_ms);
                self.link(
                    place,
                    Weather { drop: *drop_percent, corrupt: *corrupt_percent, delay, cut: *cut },
                );
                Ok(())
            }
            Cause::LinkMended { end: LinkEnd::Place(place) } => {
                self.link(place, Weather::default());
                Ok(())
            }
            Cause::BeginMaintenance { name, services, for_ms } => {
                self.begin_downtime(name, services, *for_ms, watcher)
            }
            Cause::EndMaintenance { name } => {
                self.downtime
                    .iter_mut()
                    .filter(|downtime| downtime.name == *name)
                    .for_each(|d| d.over = true);
                watcher.end_announced(name)
            }
            Cause::StepClock { by_ms } => watcher.step_clock(*by_ms),
            Cause::SayStatus { system, state } => {
                let told = shop::say_status(&self.insider(Role::Status), system, state).await;
                told.map_err(|trouble| refused(&trouble))
            }
            Cause::CutWatcher { place } => {
                self.cut_watcher(place.as_deref(), true);
                Ok(())
            }
            Cause::Customers { per_minute } => self.pace(*per_minute).await,
            _ => {
                self.apart |= hands::parts_copies(cause);
                self.apart &= !hands::joins_copies(cause);
                self.hands.bring_about(cause).await
            }
        }
    }

    async fn undo(&mut self, cause: &Cause) -> Result<(), LiveError> {
        match cause {
            Cause::CutWatcher { place } => {
                self.cut_watcher(place.as_deref(), false);
                Ok(())
            }
            _ => self.hands.take_back(cause).await,
        }
    }

    async fn publish(&mut self, text: String, withheld: &[String]) -> Result<(), LiveError> {
        self.apart = !withheld.is_empty();
        self.hands.publish(&text, withheld).await?;
        self.zone = self.hands.zone();
        Ok(())
    }

    fn link(&mut self, place: &str, weather: Weather) {
        match weather.drop.max(weather.corrupt) {
            0 => drop(self.rough.remove(place)),
            _ => drop(self.rough.insert(place.to_owned())),
        }
        for network in [&self.customers, &self.watcher] {
            network.set(place, weather);
        }
    }

    fn cut_watcher(&mut self, place: Option<&str>, cut: bool) {
        self.watcher.cut(place, cut);
        match place {
            None => self.blind_everywhere = cut,
            Some(place) if cut => drop(self.blind.insert(place.to_owned())),
            Some(place) => drop(self.blind.remove(place)),
        }
    }

    fn begin_downtime(
        &mut self,
        name: &str,
        services: &[String],
        for_ms: Ms,
        watcher: &mut Watcher,
    ) -> Result<(), LiveError> {
        let (name, services) = (name.to_owned(), services.to_vec());
        let from = Timestamp::now().to_string();
        watcher.announce(Announced {
            name: name.clone(),
            services: services.clone(),
            from,
            for_s: for_ms.div_ceil(1_000),
        })?;
        self.downtime.push(Downtime { name, services, for_ms, told: None, over: false });
        Ok(())
    }

    fn insider(&self, role: Role) -> Client {
        let at: SocketAddr = self.hands.socket(role);
        insider(at)
    }

    /// Ends the estate.
    pub(super) async fn stop(self) {
        self.hands.stop().await;
    }
}

fn refused(trouble: &Trouble) -> LiveError {
    LiveError::Shop(trouble.why.clone())
}
