//! Candor as the stage meets it in a simulated run: its engine and its schedule, on the stage's clock. What a check meets
//! comes from the stage; everything that is decided is decided by the same code as in `candor serve`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use candor_core::Timestamp;
use candor_core::engine::{Action, Engine, Extras, Input};
use candor_core::fault::Fault;
use candor_core::id::{CellKey, CheckId, IncidentId, ServiceId, VantageId};
use candor_core::incident::{Cause, Found, Incident, UpdateText};
use candor_core::model::{Maintenance, Plan, When};
use candor_core::observation::Observation;
use candor_core::view::{CellView, View};
use candor_hub::causes::round_after;
use candor_page::{Language, sentence};
use candor_probe::anchors::EVERY as ANCHORS_EVERY;
use candor_probe::{Bounds, CheckSchedule, Planner};
use candor_stage::seen::{Said, SeenCause, SeenIncident, Verdict};
use candor_stage::subject::{Announcement, Ask, Check, Looks, Met, Page, Subject, Surface};
use candor_stage::{CellName, Layer, Ms, Scenario};

use super::causes::{Causes, kind};
use super::watched;

/// When every simulated scenario begins: 11 March 2015, 08:00 UTC, in milliseconds.
const BEGINS_MS: i64 = 1_426_060_800_000;

/// Descriptors that the machine of a simulated run has.
const DESCRIPTORS: u64 = 20_000;

/// What is looked into now and then, which is no incident: they are counted from 1.
const ROUND: u64 = 0;

/// Candor, watching.
pub(super) struct Candor {
    plan: Arc<Plan>,
    engine: Engine,
    planner: Planner,
    checks: Vec<Check>,
    vantages: BTreeMap<String, VantageId>,
    /// How far its clock was stepped.
    stepped_ms: i64,
    seen: u64,
    causes: Causes,
    /// What was found and is not yet told, by incident.
    found: BTreeMap<u64, Vec<Found>>,
    round_ms: Ms,
    rounds: u32,
    asks: Vec<Ask>,
    look_ms: Ms,
    changed: bool,
}

impl Candor {
    /// One that watches the estate of a scenario.
    ///
    /// # Errors
    /// Where no plan can be made.
    pub(super) fn watching(scenario: &Scenario) -> Result<Self, String> {
        let begins = Timestamp::from_millisecond(BEGINS_MS).map_err(|error| error.to_string())?;
        let plan = Arc::new(watched::plan(scenario, begins)?);
        let mut planner = Planner::new(Bounds::for_descriptors(DESCRIPTORS));
        planner.replace(schedules(&plan), Duration::ZERO);
        let vantages = plan.vantages.iter().map(|v| (v.id.to_string(), v.id.clone())).collect();
        Ok(Self {
            engine: Engine::new(Arc::clone(&plan), begins),
            checks: checks(&plan),
            plan,
            planner,
            vantages,
            stepped_ms: 0,
            seen: 0,
            causes: Causes::new()?,
            found: BTreeMap::new(),
            round_ms: 0,
            rounds: 0,
            asks: Vec::new(),
            look_ms: 0,
            changed: true,
        })
    }

    /// A moment of the stage by Candor's own clock.
    fn clock(&self, now_ms: Ms) -> Timestamp {
        let ms = i64::try_from(now_ms)
            .unwrap_or(i64::MAX)
            .saturating_add(BEGINS_MS)
            .saturating_add(self.stepped_ms);
        Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX)
    }

    /// A moment of Candor's clock on the stage's.
    fn stage_ms(&self, at: Timestamp) -> Ms {
        // What is due within a millisecond is due at its end.
        let ms = at.as_microsecond().saturating_add(999).div_euclid(1_000);
        Ms::try_from(ms.saturating_sub(BEGINS_MS).saturating_sub(self.stepped_ms)).unwrap_or(0)
    }

    fn take(&mut self, now_ms: Ms, input: Input) {
        self.engine.handle(self.clock(now_ms), input);
        while let Some(action) = self.engine.poll() {
            match action {
                Action::Record(_) => {}
                Action::Recheck { check, at } => {
                    self.planner.recheck(check, Duration::from_millis(self.stage_ms(at)));
                }
                Action::AskVantage(vantage) => self.asks.push(Ask::LookAround(vantage.to_string())),
                Action::Diagnose(incident) => self.asks.push(Ask::LookInto(incident.0)),
                Action::Publish => self.changed = true,
            }
        }
    }

    fn shown(&self, view: &View) -> Page {
        let cells = view.services.iter().flat_map(|service| &service.capabilities).flat_map(|c| &c.cells);
        let cells = cells.map(|cell| (name(&cell.key), said(cell, view))).collect();
        let incidents = view.incidents.iter().map(|incident| self.incident(incident, view)).collect();
        Page { cells, incidents }
    }

    fn incident(&self, incident: &Incident, view: &View) -> SeenIncident {
        let said = incident.updates.iter().find_map(|update| match &update.text {
            UpdateText::Said(saying) => Some(sentence(saying, Language::English, view.as_of)),
            UpdateText::Words(_) | UpdateText::Found(_) => None,
        });
        let title = said.unwrap_or_default();
        SeenIncident {
            id: incident.id.to_string(),
            opened_ms: self.stage_ms(incident.opened_at),
            resolved_ms: incident.resolved_at.map(|at| self.stage_ms(at)),
            title,
            cells: incident.cells.len(),
            members: incident.cells.iter().map(|affected| name(&affected.cell)).collect(),
            cause: incident.cause.as_deref().map(|cause| SeenCause {
                class: cause.finding.what.class().to_owned(),
                subject: Some(cause.finding.what.subject().to_owned()),
                at_ms: self.stage_ms(cause.at),
                picture: drawn(cause),
            }),
        }
    }
}

/// The picture of a cause, where there is a way to draw.
fn drawn(cause: &Cause) -> Option<String> {
    let way = cause.way.as_deref().filter(|way| cause.finding.what.is_fault() && !way.zones.is_empty())?;
    Some(candor_page::picture(&cause.finding, way, Language::English))
}

impl Subject for Candor {
    fn looks(&self) -> Looks {
        Looks { checks: self.checks.clone() }
    }

    fn wake_ms(&self) -> Ms {
        let planned =
            self.planner.wake_at().map(|at| u64::try_from(at.as_micros().div_ceil(1_000)).unwrap_or(Ms::MAX));
        let due = self.engine.wake_at().map(|at| self.stage_ms(at));
        planned.into_iter().chain(due).fold(self.look_ms.min(self.round_ms), Ms::min)
    }

    fn due(&mut self, now_ms: Ms) -> Vec<Ask> {
        self.take(now_ms, Input::Tick);
        if now_ms >= self.look_ms {
            self.look_ms = now_ms + u64::try_from(ANCHORS_EVERY.as_millis()).unwrap_or(Ms::MAX);
            self.asks.extend(self.vantages.keys().map(|place| Ask::LookAround(place.clone())));
        }
        if now_ms >= self.round_ms {
            let next = round_after(self.rounds);
            self.rounds = self.rounds.saturating_add(1);
            self.round_ms = now_ms + Ms::try_from(next.as_millis()).unwrap_or(Ms::MAX);
            self.asks.push(Ask::LookInto(ROUND));
        }
        while let Some(start) = self.planner.poll(Duration::from_millis(now_ms)) {
            self.asks.push(Ask::Run(start.check.0));
        }
        std::mem::take(&mut self.asks)
    }

    fn observe(&mut self, now_ms: Ms, check: u64, met: &Met) {
        let check = CheckId(check);
        self.causes.note(check, met);
        self.planner.finished(check, Duration::from_millis(now_ms));
        let at = self.clock(now_ms);
        let fault =
            met.trouble.map(|trouble| Fault::new(kind(trouble.layer, trouble.kind), trouble.step, ""));
        self.seen += 1;
        let observation = Observation {
            check,
            observed_at: at,
            received_at: at,
            took_ms: u32::try_from(met.took_ms).unwrap_or(u32::MAX),
            fault,
        };
        self.take(now_ms, Input::Observation(self.seen, observation));
    }

    fn looked_around(&mut self, now_ms: Ms, place: &str, sees: bool) {
        if let Some(vantage) = self.vantages.get(place).cloned() {
            self.take(now_ms, Input::VantageHeartbeat { vantage, sees });
        }
    }

    fn look_into(&mut self, now_ms: Ms, what: u64, surface: &dyn Surface) -> Ms {
        let now = self.clock(now_ms);
        if what == ROUND {
            self.causes.round(&self.plan, &self.engine.testimony(), surface, now);
            return 0;
        }
        let Some(case) = self.engine.case(IncidentId(what)) else { return 0 };
        let (found, took_ms) = self.causes.look_into(&self.plan, case, surface, now);
        self.found.insert(what, found);
        took_ms
    }

    fn looked_into(&mut self, now_ms: Ms, what: u64) {
        if let Some(found) = self.found.remove(&what) {
            self.take(now_ms, Input::Finding { incident: IncidentId(what), found });
        }
    }

    fn announce(&mut self, now_ms: Ms, what: &Announcement) {
        let mut plan = (*self.plan).clone();
        plan.maintenance.retain(|window| window.name != what.name);
        if what.until_ms > what.from_ms {
            plan.maintenance.push(Maintenance {
                name: what.name.clone(),
                services: what.services.iter().filter_map(|id| ServiceId::new(id).ok()).collect(),
                when: When::At(self.clock(what.from_ms)),
                lasts: Duration::from_millis(what.until_ms - what.from_ms),
            });
        }
        self.plan = Arc::new(plan);
        let plan = Arc::clone(&self.plan);
        self.take(now_ms, Input::PlanLoaded(plan));
    }

    fn clock_stepped(&mut self, now_ms: Ms, by_ms: i64) {
        self.stepped_ms = self.stepped_ms.saturating_add(by_ms);
        self.take(now_ms, Input::ClockStepped(by_ms));
    }

    fn page(&mut self, _now_ms: Ms) -> Option<Page> {
        if !std::mem::take(&mut self.changed) {
            return None;
        }
        let view = self.engine.view(&Extras::default());
        Some(self.shown(&view))
    }
}

fn checks(plan: &Plan) -> Vec<Check> {
    let mut checks = Vec::new();
    for (_, _, cell) in plan.cells() {
        checks.extend(cell.checks.iter().map(|check| Check {
            id: check.id.0,
            cell: name(&cell.key),
            from: check.vantage.to_string(),
        }));
    }
    checks
}

fn schedules(plan: &Plan) -> Vec<CheckSchedule> {
    let mut schedules = Vec::new();
    for (service, capability, cell) in plan.cells() {
        let place = cell.key.place.as_ref().map_or("", |place| place.as_str());
        schedules.extend(cell.checks.iter().map(|check| CheckSchedule {
            id: check.id,
            every: capability.policy.every,
            deadline: capability.policy.deadline,
            host: format!("{place}.{}", service.id),
            writes: false,
        }));
    }
    schedules
}

fn name(key: &CellKey) -> CellName {
    CellName::new(
        key.service.as_str(),
        key.capability.as_str(),
        key.place.as_ref().map(candor_core::id::PlaceId::as_str),
    )
}

fn said(cell: &CellView, view: &View) -> Said {
    Said {
        verdict: Verdict::find(cell.measured.word()).unwrap_or(Verdict::Unknown),
        maintenance: cell.maintenance.is_some(),
        layer: cell.fault.as_ref().and_then(|fault| Layer::find(fault.kind.layer().word())),
        words: sentence(&cell.saying, Language::English, view.as_of),
    }
}
