//! Incidents: in brief on the front page and in the history, in full on a page of their own.
//!
//! Who said a thing is always shown; what an operator claimed above the measurements stands beside them.

use askama::Template;
use candor_core::incident::{By, Cause, Incident, IncidentState, Update, UpdateText};
use candor_core::saying::PlaceScope;
use candor_core::verdict::Verdict;
use candor_core::way::Way;

use crate::names;
use crate::picture;
use crate::scene::{Frame, Here, Mark, Scene, When};
use crate::site::PICTURE;
use crate::words::Around;

/// An incident in a few lines.
pub(crate) struct Brief {
    pub(crate) id: u64,
    pub(crate) title: String,
    pub(crate) mark: Mark,
    pub(crate) state: &'static str,
    pub(crate) began: When,
    pub(crate) lasted: Option<String>,
    pub(crate) latest: Option<Said>,
    /// What it comes from, where that is known and not what was said last.
    pub(crate) cause: Option<String>,
}

/// One thing that was said.
pub(crate) struct Said {
    pub(crate) at: When,
    pub(crate) state: &'static str,
    pub(crate) by: &'static str,
    pub(crate) candor: bool,
    pub(crate) text: String,
    pub(crate) against: Vec<String>,
}

/// The page of an incident.
#[derive(Template)]
#[template(path = "incident.html")]
pub(crate) struct IncidentPage {
    frame: Frame,
    number: String,
    brief: Brief,
    ended: Option<When>,
    cause: Option<CauseTold>,
    affected: Vec<Affected>,
    updates: Vec<Said>,
}

/// What it comes from. What to do next, and what was ruled out, only operators see.
struct CauseTold {
    words: String,
    scope: String,
    act: Option<&'static str>,
    next: String,
    ruled_out: Vec<String>,
    /// SVG, whose texts are escaped where it is made.
    picture: Option<String>,
}

struct Affected {
    what: String,
    service: String,
    place: String,
    how: &'static str,
    from: When,
    until: Option<When>,
}

/// The title of an incident, from what it is about.
pub(crate) fn title(scene: &Scene<'_>, incident: &Incident) -> String {
    scene.speech.trouble(&names::incident(scene, incident))
}

pub(crate) fn brief(scene: &Scene<'_>, incident: &Incident) -> Brief {
    Brief {
        id: incident.id.0,
        title: title(scene, incident),
        mark: mark(scene, incident),
        state: state(scene, incident.state),
        began: scene.moment(incident.opened_at),
        lasted: lasted(scene, incident),
        latest: incident.updates.last().map(|u| said(scene, u)),
        cause: known_cause(scene, incident),
    }
}

fn known_cause(scene: &Scene<'_>, incident: &Incident) -> Option<String> {
    let cause = incident.cause.as_deref().filter(|cause| cause.finding.what.is_fault())?;
    let said = incident.updates.last().is_some_and(|update| matches!(update.text, UpdateText::Found(_)));
    (!said).then(|| scene.speech.cause(cause, scene.operators()))
}

fn lasted(scene: &Scene<'_>, incident: &Incident) -> Option<String> {
    let until = incident.resolved_at.or(scene.view.as_of)?;
    let seconds = until.duration_since(incident.opened_at).as_secs();
    Some(if incident.state.is_open() { scene.speech.so_far(seconds) } else { scene.speech.lasted(seconds) })
}

/// An open incident wears the worst that is measured of its cells now; a past one is over, which claims nothing of
/// today.
fn mark(scene: &Scene<'_>, incident: &Incident) -> Mark {
    if !incident.state.is_open() {
        return Mark { v: "over", word: state(scene, incident.state) };
    }
    scene.mark(now(scene, incident))
}

/// The worst that is measured now of the cells of an open incident; of a past one nothing is said.
fn now(scene: &Scene<'_>, incident: &Incident) -> Verdict {
    let part = incident.cells.iter().filter(|_| incident.state.is_open());
    part.filter_map(|a| names::cell(scene, &a.cell)).map(|c| c.measured).max().unwrap_or(Verdict::Unknown)
}

fn state(scene: &Scene<'_>, state: IncidentState) -> &'static str {
    let states = &scene.speech.labels().states;
    states.iter().find(|(word, _)| *word == state.word()).map_or(state.word(), |(_, text)| text)
}

fn said(scene: &Scene<'_>, update: &Update) -> Said {
    let labels = scene.speech.labels();
    let candor = update.by == By::Candor;
    Said {
        at: scene.clock(update.at),
        state: state(scene, update.state),
        by: if candor { labels.by_candor } else { labels.by_operator },
        candor,
        text: text(scene, update),
        against: names::troubles(scene, &update.contradicted_by)
            .iter()
            .map(|trouble| scene.speech.affected(trouble))
            .collect(),
    }
}

/// What was said, newest first. Until the first words are said, the cells speak: an incident is never without a line.
fn timeline(scene: &Scene<'_>, incident: &Incident) -> Vec<Said> {
    if incident.updates.is_empty() {
        return vec![unsaid(scene, incident)];
    }
    incident.updates.iter().rev().map(|u| said(scene, u)).collect()
}

/// What is measured of an incident of which nothing has been said.
fn unsaid(scene: &Scene<'_>, incident: &Incident) -> Said {
    let mut kinds = incident.cells.iter().map(|a| a.kind);
    let kind = kinds.next().filter(|first| kinds.all(|kind| kind == *first));
    Said {
        at: scene.clock(incident.opened_at),
        state: state(scene, incident.state),
        by: scene.speech.labels().by_candor,
        candor: true,
        text: scene.speech.unsaid(&names::incident(scene, incident), kind, now(scene, incident)),
        against: Vec::new(),
    }
}

/// The words of an update.
pub(crate) fn text(scene: &Scene<'_>, update: &Update) -> String {
    match &update.text {
        UpdateText::Said(saying) => scene.speech.sentence(saying, Some(update.at), Around::Nothing),
        UpdateText::Words(words) => words.trim().to_owned(),
        UpdateText::Found(cause) => scene.speech.cause(cause, scene.operators()),
    }
}

/// What there is to draw of a cause.
fn way(cause: &Cause) -> Option<&Way> {
    cause.way.as_deref().filter(|way| cause.finding.what.is_fault() && !way.zones.is_empty())
}

/// Where the picture of its cause is, where there is one.
pub(crate) fn picture_path(incident: &Incident) -> Option<String> {
    way(incident.cause.as_deref()?).map(|_| format!("/incidents/{}{PICTURE}", incident.id))
}

/// The picture of its cause as a file.
pub(crate) fn picture_alone(scene: &Scene<'_>, incident: &Incident) -> Option<Vec<u8>> {
    let cause = incident.cause.as_deref()?;
    let words = scene.speech.cause(cause, scene.operators());
    Some(picture::alone(&words, &cause.finding, way(cause)?, scene.operators()).into_bytes())
}

fn cause(scene: &Scene<'_>, incident: &Incident) -> Option<CauseTold> {
    let cause = incident.cause.as_deref()?;
    let is_fault = cause.finding.what.is_fault();
    let told = scene.speech.finding(&cause.finding);
    let ruled_out = cause.ruled_out.iter().filter(|_| scene.operators());
    let way = way(cause);
    let picture = |way| picture::within(&cause.finding, way, scene.operators(), scene.speech.labels().way);
    Some(CauseTold {
        picture: way.map(picture),
        words: scene.speech.cause(cause, scene.operators()),
        scope: if is_fault { scene.speech.cause_scope(cause, incident.cells.len()) } else { String::new() },
        act: cause.finding.what.act().map(|act| scene.speech.act(act)),
        next: if scene.operators() && is_fault { told.next } else { String::new() },
        ruled_out: ruled_out.map(|other| scene.speech.ruled_out(other)).collect(),
    })
}

pub(crate) fn page(scene: &Scene<'_>, incident: &Incident) -> IncidentPage {
    let labels = scene.speech.labels();
    let brief = brief(scene, incident);
    let place = |scope: &PlaceScope| match scope {
        PlaceScope::Whole => labels.everywhere.to_owned(),
        PlaceScope::All(names) | PlaceScope::Some(names, _) if names.len() <= 6 => scene.speech.list(names),
        other => scene.speech.places(other),
    };
    let affected = names::groups(scene, &incident.cells);
    let affected = affected.into_iter().map(|g| Affected {
        what: g.deed.name,
        service: g.service,
        place: place(&g.places),
        how: scene.speech.kind(g.kind),
        from: scene.moment(g.from),
        until: g.until.map(|at| scene.moment(at)),
    });
    IncidentPage {
        frame: scene.frame(&brief.title, brief.title.clone(), Here::Elsewhere),
        number: labels.incident.replace("{}", &incident.id.to_string()),
        ended: incident.resolved_at.map(|at| scene.moment(at)),
        cause: cause(scene, incident),
        affected: affected.collect(),
        updates: timeline(scene, incident),
        brief,
    }
}
