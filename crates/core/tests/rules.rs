//! The six rules of the architecture, over arbitrary histories.

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use candor_core::Timestamp;
use candor_core::engine::{Action, Engine, Extras, Input, Views};
use candor_core::entry::Event;
use candor_core::id::{CellKey, CheckId};
use candor_core::incident::IncidentState;
use candor_core::model::Plan;
use candor_core::verdict::Verdict;
use proptest::prelude::*;
use support::history::{How, Op, Teller, apply, ops};
use support::{Shape, plan};

/// A second opinion: when each check was last seen to pass, kept in the plainest way.
#[derive(Default)]
struct Witness {
    passed: BTreeMap<CheckId, Timestamp>,
}

impl Witness {
    fn note(&mut self, input: &Input) {
        match input {
            Input::Observation(_, seen) if seen.passed() => {
                let newest = self.passed.entry(seen.check).or_insert(Timestamp::MIN);
                *newest = (*newest).max(seen.fresh_from());
            }
            Input::ClockStepped(_) => *self = Self::default(),
            _ => {}
        }
    }

    fn fresh_passes(&self, checks: &[CheckId], now: Timestamp, lease: Duration) -> usize {
        let fresh = |check: &&CheckId| self.passed.get(check).is_some_and(|at| now < *at + lease);
        checks.iter().filter(fresh).count()
    }
}

fn plans() -> (Arc<Plan>, Arc<Plan>) {
    let small = Shape { places: vec!["gb"], ..Shape::default() };
    (plan(&Shape::default()), plan(&small))
}

fn cells(plan: &Plan) -> Vec<(CellKey, Vec<CheckId>, Duration, usize)> {
    let of = |cell: &candor_core::model::Cell| cell.checks.iter().map(|check| check.id).collect::<Vec<_>>();
    plan.cells()
        .map(|(_, capability, cell)| {
            let needed = capability.policy.quorum.needed(cell.checks.len());
            (cell.key.clone(), of(cell), capability.policy.lease, needed)
        })
        .collect()
}

fn drain(engine: &mut Engine) -> Vec<Action> {
    std::iter::from_fn(|| engine.poll()).collect()
}

fn run(
    history: &[Op],
    mut look: impl FnMut(&mut Engine, &Witness, Timestamp, &[Action]),
) -> (Engine, Timestamp) {
    let (whole, small) = plans();
    let mut teller = Teller::new(Arc::clone(&whole), small);
    let mut engine = Engine::new(whole, teller.now());
    let mut witness = Witness::default();
    for op in history {
        let input = teller.input(op);
        if let Some(input) = &input {
            witness.note(input);
        }
        apply(&mut engine, teller.now(), input);
        let actions = drain(&mut engine);
        look(&mut engine, &witness, teller.now(), &actions);
    }
    (engine, teller.now())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rule_1_no_cell_is_operational_without_a_quorum_of_passes_younger_than_the_lease(history in ops()) {
        run(&history, |engine, witness, now, _| {
            let known: BTreeMap<_, _> = engine.verdicts().map(|(key, verdict, _)| (key.clone(), verdict)).collect();
            for (key, checks, lease, needed) in cells(engine.plan()) {
                if known[&key] == Verdict::Operational {
                    let fresh = witness.fresh_passes(&checks, now, lease);
                    assert!(fresh >= needed, "{key} is green with {fresh} of {needed} fresh passes");
                }
            }
        });
    }

    #[test]
    fn rule_2_silence_becomes_unknown_when_the_lease_ends(history in ops(), restart in any::<bool>(), reload in any::<bool>()) {
        let (mut engine, now) = run(&history, |_, _, _, _| {});
        if restart {
            apply(&mut engine, now, None);
        }
        if reload {
            let plan = Arc::clone(engine.plan());
            apply(&mut engine, now, Some(Input::PlanLoaded(plan)));
        }
        apply(&mut engine, now + Duration::from_secs(80), Some(Input::Tick));
        for (key, verdict, _) in engine.verdicts() {
            prop_assert_eq!(verdict, Verdict::Unknown, "{} after silence", key);
        }
        prop_assert_eq!(engine.view(&Default::default()).valid_until, None);
    }

    #[test]
    fn rule_3_one_vantage_cannot_take_a_cell_to_outage_while_a_quorum_of_others_passes(history in ops()) {
        // Vantages stand in turn in every cell: 0 may do what it likes, the others pass or are silent.
        let alone = |op: &Op| match op {
            Op::Run { check, late_ms, skew_ms, .. } if check % 3 != 0 => {
                Op::Run { check: *check, how: How::Passes, late_ms: *late_ms, skew_ms: *skew_ms }
            }
            op => op.clone(),
        };
        let history: Vec<Op> = history.iter().map(alone).collect();
        run(&history, |engine, witness, now, _| {
            let known: BTreeMap<_, _> = engine.verdicts().map(|(key, verdict, _)| (key.clone(), verdict)).collect();
            for (key, checks, lease, needed) in cells(engine.plan()) {
                if witness.fresh_passes(&checks[1..], now, lease) >= needed {
                    assert_ne!(known[&key], Verdict::Outage, "{key} is out by a single vantage");
                }
            }
        });
    }

    #[test]
    fn rule_4_resolved_is_not_said_while_a_cell_is_measured_failing(history in ops()) {
        run(&history, |engine, _, _, actions| {
            for action in actions {
                let Action::Record(entry) = action else { continue };
                let Event::IncidentUpdated { incident, update } = &entry.what else { continue };
                if update.state != IncidentState::Resolved || !update.contradicted_by.is_empty() {
                    continue;
                }
                let view = engine.view(&Default::default());
                let incident = view.incidents.iter().find(|i| i.id == *incident).expect("it was just updated");
                assert!(incident.cells.iter().all(|a| a.until.is_some_and(|until| until <= entry.at)));
            }
        });
    }

    #[test]
    fn rule_5_the_same_log_gives_the_same_state(history in ops(), cut in 0_usize..160, ticks in any::<bool>()) {
        let whole: Vec<Op> = history.iter().filter(|op| !matches!(op, Op::Restart)).cloned().collect();
        let mut cut_once = whole.clone();
        cut_once.insert(cut.min(whole.len()), Op::Restart);
        let (once, _) = run(&whole, |_, _, _, _| {});
        let (again, _) = run(&cut_once, |engine, _, now, _| {
            if ticks {
                engine.handle(now, Input::Tick);
            }
        });
        prop_assert_eq!(once.snapshot(), again.snapshot());
        prop_assert_eq!(once.view(&Default::default()), again.view(&Default::default()));
    }

    #[test]
    fn rule_6_impact_never_decreases_and_the_parts_sum_to_the_whole(history in ops()) {
        let mut known: BTreeMap<_, Duration> = BTreeMap::new();
        let mut all = Duration::ZERO;
        run(&history, |engine, _, now, actions| {
            let stepped = actions.iter().any(|a| matches!(a, Action::Record(e) if matches!(e.what, Event::ClockStepped { .. })));
            // Cells that another cause explains go into another incident, with all of their time.
            let parted = actions.iter().any(|a| matches!(a, Action::Record(e) if matches!(e.what, Event::CauseFound { .. })));
            let incidents = engine.view(&Default::default()).incidents;
            let sum: Duration = incidents.iter().map(|incident| incident.failing_time(now)).sum();
            assert!(stepped || sum >= all, "all incidents fell from {all:?} to {sum:?}");
            all = sum;
            for incident in incidents {
                let whole = incident.failing_time(now);
                let parts: Duration = incident.cells.iter().map(|cell| cell.failing_time(now)).sum();
                assert_eq!(whole, parts);
                let before = known.insert(incident.id, whole).unwrap_or_default();
                assert!(stepped || parted || whole >= before, "incident {} fell from {before:?} to {whole:?}", incident.id);
            }
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_view_past_its_time_holds_no_green_and_no_claim_that_anything_works(history in ops()) {
        let (engine, now) = run(&history, |_, _, _, _| {});
        let view = engine.view(&Default::default()).expired(now + Duration::from_secs(80));
        let cells = view.services.iter().flat_map(|s| s.capabilities.iter().flat_map(|c| &c.cells));
        prop_assert!(cells.clone().all(|cell| cell.measured != Verdict::Operational && cell.valid_until.is_none()));
        let said = cells.map(|c| &c.saying).chain(view.services.iter().map(|s| &s.saying)).chain([&view.saying]);
        for saying in said {
            prop_assert!(saying.verdict != Verdict::Operational);
            prop_assert!(saying.claims.iter().all(|claim| claim.fares != candor_core::saying::Fares::Works));
        }
    }

    #[test]
    fn views_one_after_the_other_show_what_a_view_made_anew_shows(history in ops(), every in 1_usize..9) {
        let (mut views, extras, mut looks) = (Views::default(), Extras::default(), 0);
        run(&history, |engine, _, _, _| {
            looks += 1;
            if looks % every == 0 {
                assert_eq!(views.next(engine, &extras), engine.view(&extras));
            }
        });
    }

    #[test]
    fn a_view_past_some_of_its_greens_keeps_none_that_the_engine_would_not(history in ops(), later in 0_u64..90) {
        let (mut engine, now) = run(&history, |_, _, _, _| {});
        let then = now + Duration::from_secs(later);
        let early = engine.view(&Default::default()).expired(then);
        engine.handle(then, Input::Tick);
        let late = engine.view(&Default::default());
        let green = |view: &candor_core::view::View| -> Vec<_> {
            let cells = view.services.iter().flat_map(|s| s.capabilities.iter().flat_map(|c| c.cells.iter()));
            cells.filter(|c| c.measured == Verdict::Operational).map(|c| (c.key.clone(), c.valid_until)).collect()
        };
        let (early, late) = (green(&early), green(&late));
        prop_assert!(early.iter().all(|cell| late.contains(cell)), "{early:?} beside {late:?}");
    }
}
