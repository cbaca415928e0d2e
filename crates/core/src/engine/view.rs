//! The view: the engine's state and the plan, as the page may show them.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;

use super::Engine;
use super::judge::commonest_fault;
use super::say::{self, Fact};
use super::slot::Slot;
use crate::entry::LedgerHead;
use crate::id::{CellKey, CheckId};
use crate::model::{Capability, Cell, Service};
use crate::observation::Evidence;
use crate::saying::{Claim, Deed, Saying};
use crate::verdict::Verdict;
use crate::view::{
    CapabilityView, CellView, Day, LastStep, MaintenanceView, Notice, Overlay, PlaceView, ServiceView, View,
    VoteView,
};

/// Intended downtime that is shown ahead of its time.
const SHOWN_AHEAD: Duration = Duration::from_secs(14 * 86_400);
/// Intended downtime that is shown after its end.
const SHOWN_AFTER: Duration = Duration::from_secs(86_400);

/// What a view shows besides the engine's state: kept elsewhere, joined here.
#[derive(Debug, Default)]
pub struct Extras {
    /// Days of history by cell, oldest first.
    pub history: BTreeMap<CellKey, Arc<Vec<Day>>>,
    /// The last day of the histories.
    pub today: Option<Date>,
    /// The end of the ledger's chain.
    pub ledger_head: Option<LedgerHead>,
    /// What a reader must know about Candor itself, besides blindness, which the engine knows.
    pub notices: Vec<Notice>,
    /// The last step and evidence of each check, for operators.
    pub last: BTreeMap<CheckId, LastRun>,
}

/// The last step of a run and its evidence, shared with the views that show them.
pub type LastRun = (Option<Arc<LastStep>>, Option<Arc<Evidence>>);

/// The views of an engine, one after the other: of what nobody touched since, nothing is made again, and the views share
/// what they show alike. With thousands of services, that is most of it.
#[derive(Debug, Default)]
pub struct Views {
    of: Option<Arc<()>>,
    made: Vec<Made>,
}

/// What was made of a service.
#[derive(Debug)]
struct Made {
    /// The touch that it was made after; `None` where it must be made again.
    after: Option<u64>,
    view: Arc<ServiceView>,
    /// The places of its claims.
    places: Vec<say::Place>,
    /// When the first of its greens runs out.
    green_until: Option<Timestamp>,
}

impl Views {
    /// Everything that the page may show at this moment.
    pub fn next(&mut self, engine: &Engine, extras: &Extras) -> View {
        let tables = &engine.slots.identity;
        if self.of.as_ref().is_none_or(|of| !Arc::ptr_eq(of, tables)) {
            self.forget();
            self.of = Some(Arc::clone(tables));
        }
        let services = &engine.plan.services;
        self.made.truncate(services.len());
        for (at, service) in services.iter().enumerate() {
            let touched = engine.slots.services.get(at).map(|service| service.touched);
            match self.made.get_mut(at) {
                Some(made) if made.after.is_some() && made.after == touched => {}
                Some(made) => made.replace(engine.made(service, extras, touched)),
                None => self.made.push(engine.made(service, extras, touched)),
            }
        }
        engine.view_of(&self.made, extras)
    }

    /// What is shown besides the engine's state has changed: everything is made again, and shared where it says the same.
    pub fn forget(&mut self) {
        self.made.iter_mut().for_each(|made| made.after = None);
    }
}

impl Made {
    fn replace(&mut self, fresh: Self) {
        let before = core::mem::replace(self, fresh);
        if before.view == self.view {
            self.view = before.view;
        }
    }
}

impl Engine {
    /// Everything that the page may show at this moment.
    #[must_use]
    pub fn view(&self, extras: &Extras) -> View {
        Views::default().next(self, extras)
    }

    fn view_of(&self, made: &[Made], extras: &Extras) -> View {
        let services: Vec<Arc<ServiceView>> = made.iter().map(|made| Arc::clone(&made.view)).collect();
        let overall = overall(&services);
        let claims = made.iter().map(|made| made.places.iter().copied().zip(&made.view.saying.claims));
        let mut notices = extras.notices.clone();
        notices.extend(self.blind_notice());
        View {
            title: self.plan.page.title.clone(),
            url: self.plan.page.url.clone(),
            show: self.plan.page.show,
            as_of: self.changed_at,
            valid_until: made.iter().filter_map(|made| made.green_until).min(),
            overall,
            saying: say::of_whole(claims, overall),
            places: self
                .plan
                .places
                .iter()
                .map(|p| PlaceView { id: p.id.clone(), name: p.name.clone() })
                .collect(),
            services,
            incidents: self.incidents.newest_first().cloned().collect(),
            maintenance: self.maintenance_view(),
            notices,
            ledger_head: extras.ledger_head.clone(),
            today: extras.today,
        }
    }

    fn made(&self, service: &Service, extras: &Extras, after: Option<u64>) -> Made {
        let (places, claims) = say::claims(&self.facts_of(service)).into_iter().unzip();
        let view = self.service_view(service, extras, claims);
        let cells = || view.capabilities.iter().flat_map(|c| &c.cells);
        Made {
            after,
            places,
            green_until: cells().filter_map(|cell| cell.valid_until).min(),
            view: Arc::new(view),
        }
    }

    fn service_view(&self, service: &Service, extras: &Extras, claims: Vec<Claim>) -> ServiceView {
        let capabilities: Vec<CapabilityView> =
            service.capabilities.iter().map(|c| self.capability_view(service, c, extras)).collect();
        let verdict = say::worst(capabilities.iter().map(|c| c.verdict));
        let cells = || capabilities.iter().flat_map(|c| c.cells.iter().map(|cell| &cell.key));
        ServiceView {
            id: service.id.clone(),
            name: service.name.clone(),
            group: service.group.clone(),
            verdict,
            saying: Saying { verdict, claims, more: 0 },
            history: merged(cells().filter_map(|key| extras.history.get(key))),
            capabilities,
        }
    }

    fn capability_view(&self, service: &Service, capability: &Capability, extras: &Extras) -> CapabilityView {
        // Exactly as much room as there are cells: a list that grows begins with four times that of one cell.
        let mut cells = Vec::with_capacity(capability.cells.len());
        cells.extend(
            capability
                .cells
                .iter()
                .filter_map(|cell| Some(self.cell_view(service, capability, cell, self.slot(cell)?, extras))),
        );
        CapabilityView {
            id: capability.id.clone(),
            name: capability.name.clone(),
            verdict: say::roll_up(cells.iter().filter(|c| c.maintenance.is_none()).map(|c| c.measured)),
            history: merged(cells.iter().filter_map(|cell| extras.history.get(&cell.key))),
            cells,
        }
    }

    fn cell_view(
        &self,
        service: &Service,
        capability: &Capability,
        cell: &Cell,
        slot: &Slot,
        extras: &Extras,
    ) -> CellView {
        let fault =
            slot.memory.verdict.is_failing().then(|| commonest_fault(&slot.voters, &slot.policy, self.now));
        CellView {
            key: cell.key.clone(),
            place_name: cell.key.place.as_ref().and_then(|id| self.plan.place(id)).map(|p| p.name.clone()),
            measured: slot.memory.verdict,
            maintenance: self.overlay(service),
            since: slot.memory.since,
            observed_at: slot.observed_at(),
            valid_until: slot.green_until(),
            fault: fault.flatten().cloned(),
            saying: say::of_cell(&self.fact(service, capability, cell, slot)),
            votes: self.votes(cell, slot, extras),
        }
    }

    fn votes(&self, cell: &Cell, slot: &Slot, extras: &Extras) -> Vec<VoteView> {
        let sights = slot.sights(&self.eyes, !self.plan.anchors.is_empty());
        let voters = cell.checks.iter().zip(&slot.voters).zip(sights);
        voters
            .map(|((check, voter), sight)| {
                let (last_step, evidence) = extras.last.get(&check.id).cloned().unwrap_or_default();
                VoteView {
                    vantage: check.vantage.clone(),
                    vote: voter.vote(self.now, slot.policy.lease, sight),
                    observed_at: voter.last.as_ref().map(|last| last.observed_at),
                    took_ms: voter.last.as_ref().map(|last| last.took_ms),
                    fault: voter.fault().cloned(),
                    last_step,
                    evidence,
                }
            })
            .collect()
    }

    fn slot(&self, cell: &Cell) -> Option<&Slot> {
        self.slots.by_cell.get(&cell.id).and_then(|at| self.slots.cells.get(*at))
    }

    /// Facts of the cells of one service, as [`Engine::facts`] has them, without a look at all the others.
    fn facts_of<'p>(&'p self, service: &'p Service) -> Vec<Fact<'p>> {
        let cells = service.capabilities.iter().flat_map(|c| c.cells.iter().map(move |cell| (c, cell)));
        cells
            .filter_map(|(capability, cell)| Some((capability, cell, self.slot(cell)?)))
            .filter(|(_, _, slot)| !slot.memory.covered)
            .map(|(capability, cell, slot)| self.fact(service, capability, cell, slot))
            .collect()
    }

    /// Facts of the cells that `wanted` picks, in the order of the plan; intended downtime is left out.
    pub(super) fn facts(&self, wanted: impl Fn(&CellKey) -> bool) -> Vec<Fact<'_>> {
        self.plan
            .cells()
            .zip(&self.slots.cells)
            .filter(|((_, _, cell), slot)| wanted(&cell.key) && !slot.memory.covered)
            .map(|((service, capability, cell), slot)| self.fact(service, capability, cell, slot))
            .collect()
    }

    fn fact<'p>(
        &'p self,
        service: &'p Service,
        capability: &Capability,
        cell: &Cell,
        slot: &Slot,
    ) -> Fact<'p> {
        let place = cell.key.place.as_ref().and_then(|id| self.plan.place(id));
        let far = place.is_some() && !cell.near;
        let vantages =
            cell.checks.iter().filter(|_| far).filter_map(|check| self.plan.vantage(&check.vantage));
        let deed = Deed {
            name: capability.name.clone(),
            can: capability.can.clone(),
            doing: capability.doing.clone(),
        };
        Fact {
            service: &service.name,
            deed,
            place: place.map(|p| p.name.as_str()),
            places: u32::try_from(capability.cells.len()).unwrap_or(u32::MAX),
            verdict: slot.memory.verdict,
            fares: slot.memory.fares,
            since: slot.memory.since,
            measured_from: vantages.map(|v| v.name.clone()).collect(),
        }
    }

    fn overlay(&self, service: &Service) -> Option<Overlay> {
        let windows = self.plan.maintenance.iter().filter(|w| w.covers(&service.id));
        let over = windows.filter_map(|w| w.window_at(self.now).map(|(_, until)| (w, until)));
        over.max_by_key(|(_, until)| *until).map(|(w, until)| Overlay { name: w.name.clone(), until })
    }

    fn maintenance_view(&self) -> Vec<MaintenanceView> {
        let mut shown = Vec::new();
        for window in &self.plan.maintenance {
            for (from, until) in window.windows() {
                let near = from < super::voter::after(self.now, SHOWN_AHEAD)
                    && self.now < super::voter::after(until, SHOWN_AFTER);
                if near {
                    shown.push(MaintenanceView {
                        name: window.name.clone(),
                        services: self.names_of(&window.services),
                        from,
                        until,
                        now: from <= self.now && self.now < until,
                    });
                }
            }
        }
        shown.sort_by_key(|window| window.from);
        shown
    }

    fn names_of(&self, services: &[crate::id::ServiceId]) -> Vec<String> {
        let of = |id: &crate::id::ServiceId| {
            self.plan.services.iter().find(|s| s.id == *id).map(|s| s.name.clone())
        };
        services.iter().filter_map(of).collect()
    }

    fn blind_notice(&self) -> Option<Notice> {
        let since: Timestamp = self.blind().map(|(_, since)| since).min()?;
        let name = |id: &crate::id::VantageId| self.plan.vantage(id).map(|v| v.name.clone());
        Some(Notice::Blind { vantages: self.blind().filter_map(|(id, _)| name(id)).collect(), since })
    }
}

/// The verdict on the whole: an outage where at least half of the services are out.
fn overall(services: &[Arc<ServiceView>]) -> Verdict {
    say::roll_up(services.iter().map(|service| service.verdict))
}

/// Days of several cells, added up: a day of a service is the sum of the days of its cells. Those of a single cell are
/// shared, not copied.
fn merged<'d>(rows: impl Iterator<Item = &'d Arc<Vec<Day>>>) -> Arc<Vec<Day>> {
    let rows: Vec<&Arc<Vec<Day>>> = rows.collect();
    if let [single] = rows.as_slice() {
        return Arc::clone(single);
    }
    let mut days: BTreeMap<Date, Day> = BTreeMap::new();
    for day in rows.into_iter().flat_map(|row| row.iter()) {
        days.entry(day.date)
            .and_modify(|sum| {
                sum.operational_s = sum.operational_s.saturating_add(day.operational_s);
                sum.degraded_s = sum.degraded_s.saturating_add(day.degraded_s);
                sum.outage_s = sum.outage_s.saturating_add(day.outage_s);
                sum.unknown_s = sum.unknown_s.saturating_add(day.unknown_s);
                sum.maintenance_s = sum.maintenance_s.saturating_add(day.maintenance_s);
            })
            .or_insert(*day);
    }
    Arc::new(days.into_values().collect())
}
