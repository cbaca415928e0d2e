//! What the engine decides, told as stories: one behaviour each.

mod support;

use std::time::Duration;

use candor_core::engine::{Action, Command, Engine, Input, Views};
use candor_core::entry::Event;
use candor_core::fault::Kind;
use candor_core::id::{IncidentId, VantageId};
use candor_core::incident::IncidentState;
use candor_core::model::{Confirm, FailingOf, Maintenance, Plan, When};
use candor_core::observation::Observation;
use candor_core::saying::{Fares, UnknownWhy};
use candor_core::verdict::Verdict::{Degraded, Operational, Outage, Unknown};
use support::{Shape, Story, at, fail, key, pass, plan};

const S: i64 = 1_000;

fn story() -> Story {
    Story::new(plan(&Shape::default()))
}

#[test]
fn nothing_measured_is_unknown() {
    let story = story();
    let view = story.engine.view(&Default::default());
    assert_eq!(view.overall, Unknown);
    assert_eq!(view.as_of, None);
    assert_eq!(view.saying.claims[0].fares, Fares::Unknown(UnknownWhy::NeverMeasured));
}

#[test]
fn green_needs_a_quorum_of_passes() {
    let mut story = story();
    let buy = key("app-store", "buy", Some("gb"));
    let checks = story.checks(&buy);
    story.see(pass(checks[0], at(S)));
    assert_eq!(story.verdict(&buy), Unknown);
    story.see(pass(checks[1], at(2 * S)));
    assert_eq!(story.verdict(&buy), Operational);
}

#[test]
fn silence_turns_green_to_unknown_at_the_end_of_the_lease() {
    let mut story = story();
    let buy = key("app-store", "buy", Some("gb"));
    story.all(&buy, at(S), None);
    story.handle(at(81 * S - 1), Input::Tick);
    assert_eq!(story.verdict(&buy), Operational);
    story.handle(at(81 * S), Input::Tick);
    assert_eq!(story.verdict(&buy), Unknown);
}

#[test]
fn a_first_failure_changes_nothing_and_asks_for_a_recheck() {
    let mut story = story();
    let buy = key("app-store", "buy", Some("gb"));
    story.all(&buy, at(S), None);
    let check = story.checks(&buy)[0];
    story.see(fail(check, at(31 * S), Kind::ConnectRefused));
    assert_eq!(story.verdict(&buy), Operational);
    let rechecks = story.actions.iter().filter_map(|a| match a {
        Action::Recheck { check, at } => Some((*check, *at)),
        _ => None,
    });
    let rechecks: Vec<_> = rechecks.collect();
    assert!(rechecks.iter().any(|(c, _)| *c == check), "{rechecks:?}");
    assert!(rechecks.iter().all(|(_, when)| *when > at(33 * S) && *when <= at(34 * S)));
}

#[test]
fn two_failures_in_a_row_are_an_outage_and_two_passes_end_it() {
    let mut story = Story::new(plan(&Shape { vantages: vec!["here"], ..Shape::default() }));
    let buy = key("app-store", "buy", Some("gb"));
    story.all(&buy, at(S), None);
    story.all(&buy, at(31 * S), Some(Kind::DnsNxdomain));
    assert_eq!(story.verdict(&buy), Operational);
    story.all(&buy, at(33 * S), Some(Kind::DnsNxdomain));
    assert_eq!(story.verdict(&buy), Outage);
    story.all(&buy, at(62 * S), None);
    assert_eq!(story.verdict(&buy), Outage);
    story.all(&buy, at(64 * S), None);
    assert_eq!(story.verdict(&buy), Operational);
    let changes = story.actions.iter().filter_map(|a| match a {
        Action::Record(entry) => match &entry.what {
            Event::VerdictChanged { to, since, .. } => Some((*to, *since)),
            _ => None,
        },
        _ => None,
    });
    let changes: Vec<_> = changes.collect();
    assert_eq!(changes, [(Operational, at(S)), (Outage, at(31 * S)), (Operational, at(62 * S))]);
}

#[test]
fn results_of_the_same_moment_confirm_nothing() {
    let mut story = Story::new(plan(&Shape { vantages: vec!["here"], ..Shape::default() }));
    let buy = key("app-store", "buy", Some("gb"));
    story.all(&buy, at(S), None);
    for ms in [0, 4, 900] {
        story.all(&buy, at(31 * S + ms), Some(Kind::ConnectTimeout));
    }
    assert_eq!(
        story.verdict(&buy),
        Operational,
        "a planned run and a recheck that fall together are one look"
    );
    story.all(&buy, at(33 * S), Some(Kind::ConnectTimeout));
    assert_eq!(story.verdict(&buy), Outage, "two seconds after the first, it is another look");
}

#[test]
fn a_confirmed_majority_is_an_outage() {
    let mut story = story();
    let buy = key("app-store", "buy", Some("gb"));
    story.all(&buy, at(S), None);
    let checks = story.checks(&buy);
    for check in &checks[..2] {
        story.see(fail(*check, at(31 * S), Kind::DnsNxdomain));
        story.see(fail(*check, at(33 * S), Kind::DnsNxdomain));
    }
    assert_eq!(story.verdict(&buy), Outage, "two of three are a majority, the third still passes");
}

#[test]
fn a_majority_that_another_vantage_contradicts_is_looked_at_once_more() {
    let mut story = story();
    let buy = key("app-store", "buy", Some("gb"));
    story.all(&buy, at(S), None);
    let checks = story.checks(&buy);
    for n in [31, 33] {
        story.see(fail(checks[0], at(n * S), Kind::DnsNxdomain));
        story.see(fail(checks[1], at(n * S), Kind::DnsNxdomain));
        story.see(pass(checks[2], at(n * S + 1)));
    }
    assert_eq!(story.verdict(&buy), Degraded);
    story.see(fail(checks[0], at(35 * S), Kind::DnsNxdomain));
    story.see(fail(checks[1], at(35 * S), Kind::DnsNxdomain));
    assert_eq!(story.verdict(&buy), Outage);
}

#[test]
fn without_confirmation_the_first_failure_counts() {
    let mut shape = Shape { vantages: vec!["here"], ..Shape::default() };
    shape.policy.confirm = Confirm { down: 1, up: 1 };
    let mut story = Story::new(plan(&shape));
    let buy = key("app-store", "buy", Some("gb"));
    story.all(&buy, at(S), Some(Kind::ConnectTimeout));
    assert_eq!(story.verdict(&buy), Outage);
}

#[test]
fn a_failing_minority_is_degraded_and_never_green() {
    let mut story = story();
    let buy = key("app-store", "buy", Some("gb"));
    story.all(&buy, at(S), None);
    let check = story.checks(&buy)[0];
    story.see(fail(check, at(31 * S), Kind::DnsNxdomain));
    story.see(fail(check, at(33 * S), Kind::DnsNxdomain));
    assert_eq!(story.verdict(&buy), Degraded);
}

#[test]
fn a_dissenter_and_a_lost_packet_are_no_outage_but_a_lasting_majority_is() {
    let mut story = story();
    let buy = key("app-store", "buy", Some("gb"));
    let checks = story.checks(&buy);
    let mut round = |n: i64, second_fails: bool| {
        story.see(fail(checks[0], at(n * 30 * S), Kind::ConnectTimeout));
        for late in 0..2 {
            let when = at(n * 30 * S + late * 2 * S);
            story.see(if second_fails {
                fail(checks[1], when, Kind::ConnectTimeout)
            } else {
                pass(checks[1], when)
            });
        }
        story.see(pass(checks[2], at(n * 30 * S + 5 * S)));
        story.verdict(&buy)
    };
    assert_eq!(round(1, false), Operational, "a first failure changes nothing");
    for n in 2..10 {
        assert_eq!(round(n, false), Degraded);
    }
    assert_eq!(round(10, true), Degraded, "two failures beside a vantage that has long failed alone");
    assert_eq!(round(11, true), Outage, "and still, an interval later");
}

#[test]
fn failures_now_and_then_are_degraded() {
    let mut shape = Shape { vantages: vec!["here"], ..Shape::default() };
    shape.policy.degraded.failing = Some(FailingOf { failing: 2, of: 10 });
    let mut story = Story::new(plan(&shape));
    let buy = key("app-store", "buy", Some("gb"));
    let check = story.checks(&buy)[0];
    for n in 0..10 {
        let when = at(n * 30 * S);
        story.see(if n % 4 == 2 { fail(check, when, Kind::HttpStatus) } else { pass(check, when) });
    }
    assert_eq!(story.verdict(&buy), Degraded);
}

#[test]
fn a_slow_quorum_is_degraded_and_recovers() {
    let mut shape = Shape { vantages: vec!["here"], ..Shape::default() };
    shape.policy.degraded.within = Some(Duration::from_millis(800));
    let mut story = Story::new(plan(&shape));
    let buy = key("app-store", "buy", Some("gb"));
    let check = story.checks(&buy)[0];
    let mut run = |n: i64, took_ms| {
        let mut seen = pass(check, at(n * 30 * S));
        seen.took_ms = took_ms;
        story.see(seen);
        story.verdict(&buy)
    };
    assert_eq!(run(1, 100), Operational);
    assert_eq!(run(2, 900), Operational, "one slow run is confirmed first");
    assert_eq!(run(3, 900), Degraded);
    assert_eq!(run(4, 100), Degraded);
    assert_eq!(run(5, 100), Operational);
}

#[test]
fn what_is_slow_is_told_by_the_run_that_was_slow() {
    let mut shape = Shape { vantages: vec!["here"], ..Shape::default() };
    shape.policy.degraded.within = Some(Duration::from_millis(800));
    let mut story = Story::new(plan(&shape));
    let buy = key("app-store", "buy", Some("gb"));
    for (n, took_ms) in [(1, 900), (2, 950), (3, 100)] {
        let mut seen = pass(story.checks(&buy)[0], at(n * 30 * S));
        seen.took_ms = took_ms;
        story.see(seen);
    }
    let view = story.engine.view(&Default::default());
    let cell = &view.services[0].capabilities[1].cells[0];
    assert_eq!((cell.measured, cell.saying.claims[0].fares), (Degraded, Fares::Slow(950, 800)));
}

#[test]
fn a_first_slow_pass_is_looked_at_again_at_once() {
    let mut shape = Shape { vantages: vec!["here"], ..Shape::default() };
    shape.policy.degraded.within = Some(Duration::from_millis(800));
    let mut story = Story::new(plan(&shape));
    let buy = key("app-store", "buy", Some("gb"));
    let check = story.checks(&buy)[0];
    let rechecks =
        |story: &Story| story.actions.iter().filter(|a| matches!(a, Action::Recheck { .. })).count();
    story.see(pass(check, at(30 * S)));
    assert_eq!(rechecks(&story), 0);
    for (n, wanted) in [(60, 1), (62, 1), (90, 1)] {
        let mut slow = pass(check, at(n * S));
        slow.took_ms = 900;
        story.see(slow);
        assert_eq!(rechecks(&story), wanted, "what is known to be slow is not asked twice");
    }
    assert_eq!(story.verdict(&buy), Degraded);
}

#[test]
fn our_own_failing_is_never_the_targets() {
    let mut story = story();
    let buy = key("app-store", "buy", Some("gb"));
    story.all(&buy, at(S), None);
    for n in 1..4 {
        story.all(&buy, at(S + n * 30 * S), Some(Kind::VantageHung));
    }
    assert_eq!(story.verdict(&buy), Unknown);
    let view = story.engine.view(&Default::default());
    let cell = &view.services[0].capabilities[1].cells[0];
    assert_eq!(cell.saying.claims[0].fares, Fares::Unknown(UnknownWhy::Ours));
}

#[test]
fn the_blind_call_nobody_down() {
    let mut story = Story::new(plan(&Shape { anchored: true, vantages: vec!["london"], ..Shape::default() }));
    let buy = key("app-store", "buy", Some("gb"));
    story.all(&buy, at(S), None);
    let london = VantageId::new("london").unwrap();
    story.all(&buy, at(31 * S), Some(Kind::ConnectTimeout));
    assert!(story.actions.contains(&Action::AskVantage(london.clone())));
    story.handle(at(31 * S + 500), Input::VantageHeartbeat { vantage: london.clone(), sees: false });
    story.all(&buy, at(33 * S), Some(Kind::ConnectTimeout));
    story.handle(at(90 * S), Input::Tick);
    assert_eq!(story.verdict(&buy), Unknown);
    assert_eq!(story.engine.blind().count(), 1);
    story.handle(at(91 * S), Input::VantageHeartbeat { vantage: london, sees: true });
    assert_eq!(story.verdict(&buy), Unknown, "what it met while it was blind accuses nobody");
    story.all(&buy, at(92 * S), Some(Kind::ConnectTimeout));
    assert_ne!(story.verdict(&buy), Outage, "one failure confirms nothing");
    story.all(&buy, at(94 * S), Some(Kind::ConnectTimeout));
    story.handle(
        at(95 * S),
        Input::VantageHeartbeat { vantage: VantageId::new("london").unwrap(), sees: true },
    );
    assert_eq!(story.verdict(&buy), Outage, "it sees, and finds it failing still");
}

#[test]
fn a_pass_that_comes_before_its_vantage_is_known_to_see_again_leaves_no_outage_behind() {
    let mut story = Story::new(plan(&Shape { anchored: true, vantages: vec!["london"], ..Shape::default() }));
    let buy = key("app-store", "buy", Some("gb"));
    let london = VantageId::new("london").unwrap();
    story.all(&buy, at(S), None);
    story.handle(at(31 * S), Input::VantageHeartbeat { vantage: london.clone(), sees: false });
    story.all(&buy, at(32 * S), Some(Kind::ConnectTimeout));
    story.all(&buy, at(62 * S), Some(Kind::ConnectTimeout));
    story.all(&buy, at(64 * S), None);
    story.handle(at(65 * S), Input::VantageHeartbeat { vantage: london, sees: true });
    assert_eq!(story.verdict(&buy), Operational);
}

#[test]
fn a_run_that_began_blind_and_ends_when_its_vantage_sees_again_accuses_nobody() {
    let mut story = Story::new(plan(&Shape { anchored: true, vantages: vec!["london"], ..Shape::default() }));
    let buy = key("app-store", "buy", Some("gb"));
    let check = story.checks(&buy)[0];
    let london = VantageId::new("london").unwrap();
    story.all(&buy, at(S), None);
    for (when, sees) in [(31 * S, false), (60 * S, true)] {
        story.handle(at(when), Input::VantageHeartbeat { vantage: london.clone(), sees });
    }
    let late = |ends: i64, took: i64| Observation {
        took_ms: u32::try_from(took).unwrap(),
        ..fail(check, at(ends), Kind::ConnectTimeout)
    };
    story.see(late(61 * S, 2 * S));
    story.see(late(63 * S, 4 * S));
    story.handle(at(64 * S), Input::VantageHeartbeat { vantage: london.clone(), sees: true });
    assert_ne!(story.verdict(&buy), Outage, "none of it was seen by who sees");
    story.see(late(66 * S, 5 * S));
    story.see(late(69 * S, 2 * S));
    story.handle(at(70 * S), Input::VantageHeartbeat { vantage: london, sees: true });
    assert_eq!(story.verdict(&buy), Outage, "what began when it saw counts");
}

#[test]
fn one_who_failed_alone_calls_no_outage_when_the_others_go_blind() {
    let mut story = story();
    let buy = key("app-store", "buy", Some("gb"));
    let [first, broken, third] = story.checks(&buy)[..] else { panic!("three vantages") };
    for n in 0..8 {
        let now = at(S + n * 30 * S);
        story.see(fail(broken, now, Kind::ConnectTimeout));
        let ours = n > 5;
        for check in [first, third] {
            story.see(if ours { fail(check, now, Kind::VantageBlind) } else { pass(check, now) });
        }
    }
    // The last votes of the others have run out, and its own has not.
    story.handle(at(S + 7 * 30 * S + 29 * S), Input::Tick);
    assert_eq!(story.verdict(&buy), Degraded);
    story.handle(at(S + 8 * 30 * S), Input::Tick);
    story.see(fail(broken, at(S + 8 * 30 * S), Kind::ConnectTimeout));
    assert_eq!(story.verdict(&buy), Degraded, "it has nothing new to say");
    // One who sees again and finds it gone is not alone any more.
    for n in 9..12 {
        story.see(fail(broken, at(S + n * 30 * S), Kind::ConnectTimeout));
        story.see(fail(first, at(S + n * 30 * S), Kind::ConnectTimeout));
    }
    assert_eq!(story.verdict(&buy), Outage);
}

#[test]
fn a_pass_never_makes_an_outage_of_what_was_degraded() {
    let mut story = story();
    let buy = key("app-store", "buy", Some("gb"));
    let [first, second, third] = story.checks(&buy)[..] else { panic!("three vantages") };
    for check in [first, second, third] {
        story.see(pass(check, at(S)));
    }
    // Two unlucky pairs within seconds, and a third who sees that nothing is wrong.
    story.see(fail(third, at(31 * S), Kind::ConnectTimeout));
    story.see(fail(first, at(33 * S), Kind::ConnectTimeout));
    story.see(fail(third, at(33 * S + 500), Kind::ConnectTimeout));
    story.see(pass(second, at(35 * S)));
    story.see(pass(third, at(35 * S + 500)));
    story.see(fail(first, at(36 * S), Kind::ConnectTimeout));
    assert_eq!(story.verdict(&buy), Degraded);
    story.see(pass(first, at(38 * S)));
    assert_eq!(story.verdict(&buy), Degraded);
    story.see(pass(third, at(38 * S)));
    story.see(pass(first, at(40 * S)));
    assert_eq!(story.verdict(&buy), Operational);
}

#[test]
fn a_vantage_that_was_not_asked_does_not_vote_failing() {
    let mut story = Story::new(plan(&Shape { anchored: true, vantages: vec!["london"], ..Shape::default() }));
    let buy = key("app-store", "buy", Some("gb"));
    for n in 1..4 {
        story.all(&buy, at(n * 30 * S), Some(Kind::ConnectTimeout));
    }
    assert_eq!(story.verdict(&buy), Unknown);
}

#[test]
fn late_evidence_never_renews_green() {
    let mut story = Story::new(plan(&Shape { vantages: vec!["here"], ..Shape::default() }));
    let buy = key("app-store", "buy", Some("gb"));
    story.all(&buy, at(S), None);
    let mut late = pass(story.checks(&buy)[0], at(30 * S));
    late.received_at = at(200 * S);
    story.see(late);
    assert_eq!(story.verdict(&buy), Unknown);
}

#[test]
fn cells_that_fail_together_are_one_incident_and_flapping_stays_in_it() {
    let mut story = story();
    story.everything_passes(at(S));
    let (gb, india) = (key("app-store", "buy", Some("gb")), key("app-store", "buy", Some("in")));
    let mut now = 31;
    for _ in 0..3 {
        for fault in [Some(Kind::DnsNxdomain), Some(Kind::DnsNxdomain), None, None] {
            story.everything_passes_but(&[&gb, &india], at(now * S), fault);
            now += 10;
        }
    }
    let incidents = story.engine.view(&Default::default()).incidents;
    assert_eq!(incidents.len(), 1, "{incidents:#?}");
    assert_eq!(incidents[0].state, IncidentState::Monitoring);
    assert_eq!(incidents[0].cells.len(), 2);
    story.everything_passes(at((now + 40) * S));
    story.everything_passes(at((now + 110) * S));
    let incident = &story.engine.view(&Default::default()).incidents[0];
    assert_eq!(incident.state, IncidentState::Resolved);
    assert!(incident.resolved_at.is_some());
}

#[test]
fn resolved_against_evidence_carries_the_contradiction() {
    let mut story = story();
    let buy = key("app-store", "buy", Some("gb"));
    story.all(&buy, at(S), Some(Kind::DnsNxdomain));
    story.all(&buy, at(3 * S), Some(Kind::DnsNxdomain));
    let say = Command::Say {
        incident: IncidentId(1),
        state: IncidentState::Resolved,
        words: "All is well.".into(),
    };
    story.handle(at(4 * S), Input::Command(say));
    let incident = &story.engine.view(&Default::default()).incidents[0];
    let last = incident.updates.last().expect("something was said");
    assert_eq!(last.contradicted_by, [buy]);
    assert_eq!(incident.state, IncidentState::Investigating, "words do not close what is measured failing");
}

#[test]
fn intended_downtime_is_no_incident_and_is_still_measured() {
    let mut launch = Plan::clone(&plan(&Shape::default()));
    launch.maintenance = vec![Maintenance {
        name: "Launch".into(),
        services: vec![],
        when: When::At(at(10 * S)),
        lasts: Duration::from_secs(100),
    }];
    let mut story = Story::new(launch.into());
    let buy = key("app-store", "buy", Some("gb"));
    for n in 0..5 {
        story.all(&buy, at((11 + n * 20) * S), Some(Kind::HttpStatus));
    }
    assert_eq!(story.verdict(&buy), Outage, "what is measured beneath stays visible");
    let view = story.engine.view(&Default::default());
    assert!(view.incidents.is_empty());
    assert_eq!(
        view.services[0].capabilities[1].cells[0].maintenance.as_ref().map(|m| m.name.as_str()),
        Some("Launch")
    );
    story.handle(at(111 * S), Input::Tick);
    let view = story.engine.view(&Default::default());
    assert_eq!(view.incidents.len(), 1, "it still fails after the end");
    assert_eq!(view.incidents[0].opened_at, at(110 * S));
}

#[test]
fn a_clock_step_lets_go_of_all_green_and_green_comes_back() {
    for by in [-7_200 * S, 7_200 * S] {
        let mut story = story();
        let buy = key("app-store", "buy", Some("gb"));
        story.all(&buy, at(S), None);
        story.handle(at(2 * S + by), Input::ClockStepped(by));
        assert_eq!(story.verdict(&buy), Unknown, "stepped by {by}");
        story.all(&buy, at(30 * S + by), None);
        assert_eq!(story.verdict(&buy), Operational, "stepped by {by}");
    }
}

#[test]
fn a_reload_keeps_what_stays_and_drops_what_goes() {
    let mut story = story();
    story.everything_passes(at(S));
    let gb = key("app-store", "buy", Some("gb"));
    let smaller = Shape { places: vec!["gb", "ca"], ..Shape::default() };
    story.handle(at(2 * S), Input::PlanLoaded(plan(&smaller)));
    assert_eq!(story.verdict(&gb), Operational);
    assert_eq!(story.verdict(&key("app-store", "buy", Some("ca"))), Unknown);
}

#[test]
fn a_snapshot_survives_its_serialised_form() {
    let mut story = story();
    story.everything_passes(at(S));
    story.all(&key("app-store", "buy", Some("gb")), at(31 * S), Some(Kind::DnsNxdomain));
    story.all(&key("app-store", "buy", Some("gb")), at(33 * S), Some(Kind::DnsNxdomain));
    let text = serde_json::to_string(&story.engine.snapshot()).unwrap();
    let back = serde_json::from_str(&text).unwrap();
    let restored = Engine::restore(story.engine.plan().clone(), &back);
    assert_eq!(restored.snapshot(), story.engine.snapshot());
    assert_eq!(restored.view(&Default::default()), story.engine.view(&Default::default()));
}

#[test]
fn the_answer_names_what_works_beside_what_fails() {
    let mut story = story();
    story.everything_passes(at(S));
    for n in [31, 33] {
        for place in ["gb", "in"] {
            story.all(&key("app-store", "buy", Some(place)), at(n * S), Some(Kind::DnsNxdomain));
        }
    }
    let view = story.engine.view(&Default::default());
    let fares: Vec<_> = view.saying.claims.iter().map(|c| (c.deed.can.as_str(), c.fares)).collect();
    assert_eq!(fares, [("buy", Fares::Fails(Kind::DnsNxdomain)), ("browse", Fares::Works)]);
    assert_eq!(view.services[0].verdict, Outage);
}

#[test]
fn a_recovering_cell_still_says_what_failed() {
    let mut story = Story::new(plan(&Shape { vantages: vec!["here"], ..Shape::default() }));
    let buy = key("app-store", "buy", Some("gb"));
    story.all(&buy, at(S), Some(Kind::DnsNxdomain));
    story.all(&buy, at(3 * S), Some(Kind::DnsNxdomain));
    story.all(&buy, at(5 * S), None);
    let view = story.engine.view(&Default::default());
    let cell = &view.services[0].capabilities[1].cells[0];
    assert_eq!(cell.measured, Outage, "one pass is not yet a recovery");
    assert_eq!(cell.saying.claims[0].fares, Fares::Fails(Kind::DnsNxdomain));
    assert_eq!(cell.fault.as_ref().map(|fault| fault.kind), Some(Kind::DnsNxdomain));
}

#[test]
fn what_fails_later_and_otherwise_is_an_incident_of_its_own() {
    let mut story = story();
    story.everything_passes(at(S));
    let (buy, browse) = (key("app-store", "buy", Some("gb")), key("app-store", "browse", Some("in")));
    for n in [31, 33] {
        story.all(&buy, at(n * S), Some(Kind::DnsNxdomain));
    }
    for n in [200, 202] {
        story.all(&browse, at(n * S), Some(Kind::ContentApologyPage));
    }
    let incidents = story.engine.view(&Default::default()).incidents;
    let cells: Vec<_> = incidents.iter().map(|i| (i.id.0, i.cells.len(), i.cells[0].kind)).collect();
    assert_eq!(cells, [(2, 1, Kind::ContentApologyPage), (1, 1, Kind::DnsNxdomain)]);
}

#[test]
fn an_incident_is_said_soon_and_again_when_it_has_grown() {
    let mut story = story();
    story.everything_passes(at(S));
    let (gb, india) = (key("app-store", "buy", Some("gb")), key("app-store", "buy", Some("in")));
    for n in [31, 33] {
        story.all(&gb, at(n * S), Some(Kind::DnsNxdomain));
    }
    story.handle(at(36 * S), Input::Tick);
    for n in [40, 42] {
        story.all(&india, at(n * S), Some(Kind::DnsNxdomain));
    }
    story.handle(at(60 * S), Input::Tick);
    let incident = &story.engine.view(&Default::default()).incidents[0];
    let said: Vec<_> = incident.updates.iter().map(|u| (u.at, u.state)).collect();
    let investigating = IncidentState::Investigating;
    assert_eq!(said, [(at(35 * S), investigating), (at(52 * S), investigating)]);
}

#[test]
fn an_outage_that_was_out_of_sight_began_with_its_first_failure() {
    let mut story = Story::new(plan(&Shape { vantages: vec!["here"], ..Shape::default() }));
    let buy = key("app-store", "buy", Some("gb"));
    story.all(&buy, at(S), None);
    for n in [31, 33] {
        story.all(&buy, at(n * S), Some(Kind::DnsNxdomain));
    }
    story.handle(at(600 * S), Input::Tick);
    assert_eq!(story.verdict(&buy), Unknown, "nobody measured for a while");
    story.all(&buy, at(601 * S), Some(Kind::DnsNxdomain));
    assert_eq!(story.verdict(&buy), Outage);
    let view = story.engine.view(&Default::default());
    assert_eq!(view.services[0].capabilities[1].cells[0].since, Some(at(31 * S)));
}

#[test]
fn cells_that_relapse_one_after_the_other_are_said_again() {
    let mut story = story();
    story.everything_passes(at(S));
    let (gb, india) = (key("app-store", "buy", Some("gb")), key("app-store", "buy", Some("in")));
    for (n, fault) in [(31, Some(Kind::DnsNxdomain)), (33, Some(Kind::DnsNxdomain)), (41, None), (43, None)] {
        story.all(&gb, at(n * S), fault);
        story.all(&india, at(n * S), fault);
    }
    for n in [51, 53] {
        story.all(&gb, at(n * S), Some(Kind::DnsNxdomain));
    }
    for n in [54, 56] {
        story.all(&india, at(n * S), Some(Kind::DnsNxdomain));
    }
    story.handle(at(70 * S), Input::Tick);
    let incident = &story.engine.view(&Default::default()).incidents[0];
    let last = incident.updates.last().expect("something was said");
    let candor_core::incident::UpdateText::Said(saying) = &last.text else { panic!("Candor said it") };
    assert_eq!(saying.claims.len(), 1, "both places fail, and are said together: {saying:?}");
    assert!(last.at > at(56 * S));
}

#[test]
fn a_view_shares_with_the_one_before_it_what_did_not_change() {
    let services = vec![("mail", vec!["send"]), ("shop", vec!["buy"])];
    let mut story = Story::new(plan(&Shape { services, ..Shape::default() }));
    story.everything_passes(at(S));
    let mut views = Views::default();
    let before = views.next(&story.engine, &Default::default());
    story.all(&key("shop", "buy", Some("gb")), at(31 * S), Some(Kind::DnsNxdomain));
    let after = views.next(&story.engine, &Default::default());
    assert_eq!(after, story.engine.view(&Default::default()), "it says the same");
    let shared: Vec<_> =
        before.services.iter().zip(&after.services).map(|(a, b)| std::sync::Arc::ptr_eq(a, b)).collect();
    assert_eq!(shared, [true, false]);
}

/// Two shops in two places: buying, viewing and downloading fail in both, each in its own way, and browsing works.
fn two_shops_out() -> Story {
    let deeds = vec!["browse", "buy", "view", "download"];
    let services = vec![("apps", deeds.clone()), ("books", deeds)];
    let mut story = Story::new(plan(&Shape { services, vantages: vec!["here"], ..Shape::default() }));
    story.everything_passes(at(S));
    let ways = [("buy", Kind::DnsNxdomain), ("view", Kind::HttpStatus), ("download", Kind::TransferStalled)];
    for n in [31, 33] {
        for (deed, kind) in ways {
            for shop in ["apps", "books"] {
                for place in ["gb", "in"] {
                    story.all(&key(shop, deed, Some(place)), at(n * S), Some(kind));
                }
            }
        }
    }
    story.handle(at(60 * S), Input::Tick);
    story
}

fn told(saying: &candor_core::saying::Saying) -> Vec<(String, usize)> {
    saying.claims.iter().map(|claim| (claim.deed.can.clone(), claim.services.len())).collect()
}

#[test]
fn the_answer_passes_over_nothing_that_fails_for_the_same_services_in_the_same_places() {
    let view = two_shops_out().engine.view(&Default::default());
    let expected = [("buy", 2), ("view", 2), ("download", 2), ("browse", 2)];
    assert_eq!(told(&view.saying), expected.map(|(deed, of)| (deed.to_owned(), of)));
    assert_eq!(view.saying.more, 0);
}

#[test]
fn an_incident_says_once_what_is_the_same_of_several_services() {
    let view = two_shops_out().engine.view(&Default::default());
    let candor_core::incident::UpdateText::Said(saying) = &view.incidents[0].updates[0].text else {
        panic!("Candor said it")
    };
    assert_eq!(
        told(saying),
        [("buy", 2), ("view", 2), ("download", 2)].map(|(deed, of)| (deed.to_owned(), of))
    );
}
