//! What the engine makes of findings, told as stories: one behaviour each.

mod support;

use candor_core::engine::{Action, Input};
use candor_core::entry::Event;
use candor_core::fault::Kind;
use candor_core::id::{CellKey, IncidentId};
use candor_core::incident::{Cause, Found, IncidentState, UpdateText};
use support::history::cause;
use support::{Shape, Story, at, key, plan};

const S: i64 = 1_000;
const FIRST: IncidentId = IncidentId(1);

/// A story in which both deeds in two places fail since the 33rd second.
fn fallen() -> (Story, Vec<CellKey>) {
    let mut story = Story::new(plan(&Shape { vantages: vec!["here"], ..Shape::default() }));
    let mut cells = Vec::new();
    for deed in ["browse", "buy"] {
        cells.extend(["gb", "in"].map(|place| key("app-store", deed, Some(place))));
    }
    for (second, kind) in [(1, None), (31, Some(Kind::DnsNxdomain)), (33, Some(Kind::DnsNxdomain))] {
        cells.iter().for_each(|cell| story.all(cell, at(second * S), kind));
    }
    (story, cells)
}

fn found(cause: Cause, cells: &[CellKey]) -> Found {
    Found { cause, cells: cells.to_vec() }
}

fn tell(story: &mut Story, second: i64, incident: IncidentId, found: Vec<Found>) {
    story.handle(at(second * S), Input::Finding { incident, found });
}

fn looks(story: &Story) -> usize {
    story.actions.iter().filter(|action| **action == Action::Diagnose(FIRST)).count()
}

#[test]
fn a_cause_is_asked_for_a_second_after_an_incident_began_and_less_and_less_often_then() {
    let (mut story, _) = fallen();
    assert_eq!(looks(&story), 0);
    story.handle(at(34 * S), Input::Tick);
    assert_eq!(looks(&story), 1);
    for (second, looked) in [(43, 1), (44, 2), (63, 2), (64, 3), (104, 4)] {
        let cells = ["gb", "in"].map(|place| key("app-store", "buy", Some(place)));
        cells.iter().for_each(|cell| story.all(cell, at(second * S), Some(Kind::DnsNxdomain)));
        assert_eq!(looks(&story), looked, "at {second} s");
    }
}

#[test]
fn a_case_has_the_testimony_of_every_check_and_whose_failing_it_is_about() {
    let (story, _) = fallen();
    let case = story.engine.case(FIRST).unwrap();
    assert_eq!(case.since, at(31 * S));
    assert_eq!(case.testimony.len(), 4);
    assert!(case.testimony.iter().all(|said| said.involved && said.fails == Some((Kind::DnsNxdomain, 0))));
    assert!(story.engine.case(IncidentId(9)).is_none());
}

#[test]
fn a_cause_is_said_once_and_the_incident_is_identified() {
    let (mut story, cells) = fallen();
    tell(&mut story, 35, FIRST, vec![found(cause(0, "id.example."), &cells)]);
    tell(&mut story, 45, FIRST, vec![found(cause(0, "id.example."), &cells)]);
    let view = story.engine.view(&Default::default());
    let incident = &view.incidents[0];
    assert_eq!(incident.state, IncidentState::Identified);
    assert_eq!(incident.cause.as_ref().map(|cause| cause.finding.what.class()), Some("F1"));
    let said = incident.updates.iter().filter(|update| matches!(update.text, UpdateText::Found(_)));
    assert_eq!(said.count(), 1);
    let kept = story.actions.iter().filter(|action| match action {
        Action::Record(entry) => matches!(entry.what, Event::CauseFound { .. }),
        _ => false,
    });
    assert_eq!(kept.count(), 1);
}

#[test]
fn what_could_not_tell_identifies_nothing_and_never_takes_the_place_of_what_could() {
    let (mut story, cells) = fallen();
    tell(&mut story, 35, FIRST, vec![found(cause(2, "id.example."), &cells)]);
    assert_eq!(story.engine.view(&Default::default()).incidents[0].state, IncidentState::Investigating);
    tell(&mut story, 45, FIRST, vec![found(cause(0, "id.example."), &cells)]);
    tell(&mut story, 55, FIRST, vec![found(cause(2, "id.example."), &cells)]);
    let view = story.engine.view(&Default::default());
    assert_eq!(view.incidents[0].cause.as_ref().map(|cause| cause.finding.what.class()), Some("F1"));
    assert_eq!(view.incidents[0].state, IncidentState::Identified);
}

#[test]
fn two_causes_are_two_incidents_and_each_has_its_cells() {
    let (mut story, cells) = fallen();
    let (browse, buy) = cells.split_at(2);
    let two = vec![found(cause(0, "front.example."), browse), found(cause(1, "pay.example."), buy)];
    tell(&mut story, 35, FIRST, two);
    let view = story.engine.view(&Default::default());
    let of = |at: usize| {
        let incident = &view.incidents[at];
        let cells: Vec<_> = incident.cells.iter().map(|a| a.cell.clone()).collect();
        (incident.cause.as_ref().unwrap().finding.what.class(), cells)
    };
    assert_eq!(view.incidents.len(), 2);
    assert_eq!(of(1), ("F1", browse.to_vec()));
    assert_eq!(of(0), ("not_dns", buy.to_vec()));
    assert_eq!(view.incidents[0].opened_at, at(31 * S), "it began when its cells did");
    // One of them ends; the other goes on.
    for second in [61, 63] {
        browse.iter().for_each(|cell| story.all(cell, at(second * S), None));
    }
    let view = story.engine.view(&Default::default());
    assert_eq!(view.incidents[1].state, IncidentState::Monitoring);
    assert_eq!(view.incidents[0].state, IncidentState::Identified);
}

#[test]
fn cells_of_a_cause_that_has_an_incident_go_there() {
    let (mut story, cells) = fallen();
    let (browse, buy) = cells.split_at(2);
    let two = |browse: &[CellKey]| {
        vec![found(cause(0, "front.example."), browse), found(cause(1, "pay.example."), buy)]
    };
    tell(&mut story, 35, FIRST, two(browse));
    let again =
        vec![found(cause(0, "front.example."), &browse[..1]), found(cause(1, "pay.example."), &browse[1..])];
    tell(&mut story, 45, FIRST, again);
    let view = story.engine.view(&Default::default());
    assert_eq!(view.incidents.len(), 2);
    assert_eq!(view.incidents.iter().map(|incident| incident.cells.len()).collect::<Vec<_>>(), [3, 1]);
}

#[test]
fn an_incident_is_never_left_without_a_cell() {
    let (mut story, cells) = fallen();
    let two = vec![found(cause(0, "front.example."), &[]), found(cause(1, "pay.example."), &cells)];
    tell(&mut story, 35, FIRST, two);
    let view = story.engine.view(&Default::default());
    assert_eq!(view.incidents.len(), 1);
    assert_eq!(view.incidents[0].cells.len(), 4);
}

#[test]
fn a_year_of_silence_is_looked_into_a_few_times_and_not_each_minute() {
    let (mut story, _) = fallen();
    story.handle(at(365 * 86_400 * S), Input::Tick);
    assert!(looks(&story) < 30, "{}", looks(&story));
}
