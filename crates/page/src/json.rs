//! `GET /api/v1/status`: the same truth for machines.
//!
//! The public sees a fault as layer, kind and words, and its detail where the page is set to show details. Operators
//! see faults in full, each vantage's vote, and the evidence. Times are RFC 3339 in UTC.

use candor_core::fault::Fault;
use candor_core::incident::{Cause, Incident, Update};
use candor_core::model::ShowFaults;
use candor_core::observation::{Evidence, Phases};
use candor_core::view::{CellView, LastStep, MaintenanceView, Overlay, View, Vote, VoteView};
use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::incident;
use crate::scene::{Scene, cells};
use crate::site::Shared;
use crate::words::Around;
use crate::{Audience, Language};

#[derive(Serialize)]
struct Status<'a> {
    title: &'a str,
    as_of: Option<Timestamp>,
    valid_until: Option<Timestamp>,
    overall: &'static str,
    words: String,
    cells: Cells<'a>,
    incidents: Vec<IncidentJson>,
    maintenance: Vec<Maintenance<'a>>,
    notices: Vec<String>,
    ledger_head: Option<&'a candor_core::entry::LedgerHead>,
}

#[derive(Serialize)]
struct Cell<'a> {
    service: &'a str,
    capability: &'a str,
    place: Option<&'a str>,
    measured: &'static str,
    maintenance: Option<&'a Overlay>,
    since: Option<Timestamp>,
    observed_at: Option<Timestamp>,
    valid_until: Option<Timestamp>,
    fault: Option<FaultJson<'a>>,
    words: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    votes: Option<Vec<VoteJson<'a>>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum FaultJson<'a> {
    Public {
        layer: &'static str,
        kind: &'static str,
        words: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        detail: Option<&'a str>,
    },
    Full {
        layer: &'static str,
        kind: &'static str,
        step: u16,
        detail: &'a str,
        act: &'static str,
        words: &'static str,
    },
}

#[derive(Serialize)]
struct VoteJson<'a> {
    vantage: &'a str,
    vote: Vote,
    observed_at: Option<Timestamp>,
    took_ms: Option<u32>,
    fault: Option<FaultJson<'a>>,
    step: Option<StepJson<'a>>,
    evidence: Option<&'a Evidence>,
}

#[derive(Serialize)]
struct StepJson<'a> {
    step: &'a str,
    target: &'a str,
    address: Option<&'a str>,
    phases: PhasesJson,
}

#[derive(Serialize)]
struct PhasesJson {
    dns_ms: Option<f64>,
    connect_ms: Option<f64>,
    tls_ms: Option<f64>,
    first_byte_ms: Option<f64>,
    body_ms: Option<f64>,
}

#[derive(Serialize)]
struct IncidentJson {
    id: u64,
    state: &'static str,
    opened_at: Timestamp,
    resolved_at: Option<Timestamp>,
    title: String,
    cells: usize,
    cause: Option<CauseJson>,
    updates: Vec<UpdateJson>,
    next_update_due: Option<Timestamp>,
    /// Priced once the plan says what an outage costs.
    impact: Option<()>,
}

/// What an incident comes from: the class of docs/dns.md, what it is about, how much it explains.
#[derive(Serialize)]
struct CauseJson {
    class: &'static str,
    subject: String,
    words: String,
    explains: u32,
    contradicts: u32,
    act: Option<&'static str>,
    also: Vec<String>,
    at: Timestamp,
    /// How much it explains, in words.
    scope: String,
    /// Where its picture is.
    picture: Option<String>,
    /// For operators: what to do next.
    #[serde(skip_serializing_if = "String::is_empty")]
    next: String,
    /// For operators.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ruled_out: Vec<String>,
}

#[derive(Serialize)]
struct UpdateJson {
    at: Timestamp,
    state: &'static str,
    by: candor_core::incident::By,
    text: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    contradicted_by: Vec<String>,
}

#[derive(Serialize)]
struct Maintenance<'a> {
    name: &'a str,
    services: &'a [String],
    from: Timestamp,
    until: Timestamp,
    now: bool,
}

/// The status as JSON, as `GET /api/v1/status` and `status.json` give it.
#[must_use]
pub fn status_json(view: &View, audience: Audience, language: Language) -> Vec<u8> {
    status(&Scene::new(view, audience, language, &Shared::default()))
}

pub(crate) fn status(scene: &Scene<'_>) -> Vec<u8> {
    let view = scene.view;
    let notices = view.notices.iter();
    bytes(&Status {
        title: &view.title,
        as_of: view.as_of,
        valid_until: view.valid_until,
        overall: view.overall.word(),
        words: crate::words::whole(scene.speech, view),
        cells: Cells(*scene),
        incidents: view.incidents.iter().map(|i| incident_json(scene, i)).collect(),
        maintenance: view.maintenance.iter().map(maintenance_json).collect(),
        notices: notices.filter_map(|n| scene.speech.notice(n, view.as_of, scene.operators())).collect(),
        ledger_head: view.ledger_head.as_ref(),
    })
}

/// Every cell, made as it is written: thousands of them are never all in memory in this form.
struct Cells<'a>(Scene<'a>);

impl Serialize for Cells<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(cells(self.0.view).map(|cell| cell_json(&self.0, cell)))
    }
}

/// JSON with a line's end.
pub(crate) fn bytes(value: &impl Serialize) -> Vec<u8> {
    let mut bytes =
        serde_json::to_vec(value).expect("a status can be written as JSON because its keys are strings");
    bytes.push(b'\n');
    bytes
}

fn cell_json<'a>(scene: &Scene<'_>, cell: &'a CellView) -> Cell<'a> {
    Cell {
        service: cell.key.service.as_str(),
        capability: cell.key.capability.as_str(),
        place: cell.key.place.as_ref().map(candor_core::id::PlaceId::as_str),
        measured: cell.measured.word(),
        maintenance: cell.maintenance.as_ref(),
        since: cell.since,
        observed_at: cell.observed_at,
        valid_until: cell.valid_until,
        fault: cell.fault.as_ref().map(|fault| fault_json(scene, fault)),
        words: scene.speech.sentence(&cell.saying, scene.view.as_of, Around::Nothing),
        votes: scene.operators().then(|| cell.votes.iter().map(|vote| vote_json(scene, vote)).collect()),
    }
}

fn fault_json<'a>(scene: &Scene<'_>, fault: &'a Fault) -> FaultJson<'a> {
    let (layer, kind) = (fault.kind.layer().word(), fault.kind.word());
    let words = scene.speech.kind(fault.kind);
    if scene.operators() {
        let (step, detail, act) = (fault.step, fault.detail.as_str(), fault.kind.act().word());
        return FaultJson::Full { layer, kind, step, detail, act, words };
    }
    let detail = (scene.view.show == ShowFaults::Details).then_some(fault.detail.as_str());
    FaultJson::Public { layer, kind, words, detail }
}

fn vote_json<'a>(scene: &Scene<'_>, vote: &'a VoteView) -> VoteJson<'a> {
    VoteJson {
        vantage: vote.vantage.as_str(),
        vote: vote.vote,
        observed_at: vote.observed_at,
        took_ms: vote.took_ms,
        fault: vote.fault.as_ref().map(|fault| fault_json(scene, fault)),
        step: vote.last_step.as_deref().map(step_json),
        evidence: vote.evidence.as_deref(),
    }
}

fn step_json(step: &LastStep) -> StepJson<'_> {
    StepJson {
        step: &step.step,
        target: &step.target,
        address: step.address.as_deref(),
        phases: phases_json(&step.phases),
    }
}

fn phases_json(phases: &Phases) -> PhasesJson {
    let ms = |us: Option<u32>| us.map(|us| f64::from(us) / 1_000.0);
    PhasesJson {
        dns_ms: ms(phases.dns_us),
        connect_ms: ms(phases.connect_us),
        tls_ms: ms(phases.tls_us),
        first_byte_ms: ms(phases.first_byte_us),
        body_ms: ms(phases.body_us),
    }
}

fn incident_json(scene: &Scene<'_>, incident: &Incident) -> IncidentJson {
    IncidentJson {
        id: incident.id.0,
        state: incident.state.word(),
        opened_at: incident.opened_at,
        resolved_at: incident.resolved_at,
        title: incident::title(scene, incident),
        cells: incident.cells.len(),
        cause: incident.cause.as_deref().map(|cause| cause_json(scene, cause, incident)),
        updates: incident.updates.iter().map(|u| update_json(scene, u)).collect(),
        next_update_due: None,
        impact: None,
    }
}

fn cause_json(scene: &Scene<'_>, cause: &Cause, incident: &Incident) -> CauseJson {
    let what = &cause.finding.what;
    let ruled_out = cause.ruled_out.iter().filter(|_| scene.operators());
    CauseJson {
        class: what.class(),
        subject: what.subject().to_owned(),
        words: scene.speech.cause(cause, scene.operators()),
        explains: cause.explains,
        contradicts: cause.contradicts,
        act: what.act().map(candor_core::fault::Act::word),
        also: cause.also.clone(),
        at: cause.at,
        scope: if what.is_fault() {
            scene.speech.cause_scope(cause, incident.cells.len())
        } else {
            String::new()
        },
        picture: incident::picture_path(incident),
        next: if scene.operators() { scene.speech.finding(&cause.finding).next } else { String::new() },
        ruled_out: ruled_out.map(|other| scene.speech.ruled_out(other)).collect(),
    }
}

fn update_json(scene: &Scene<'_>, update: &Update) -> UpdateJson {
    UpdateJson {
        at: update.at,
        state: update.state.word(),
        by: update.by,
        text: incident::text(scene, update),
        contradicted_by: update.contradicted_by.iter().map(ToString::to_string).collect(),
    }
}

fn maintenance_json(m: &MaintenanceView) -> Maintenance<'_> {
    Maintenance { name: &m.name, services: &m.services, from: m.from, until: m.until, now: m.now }
}
