//! The planner's promises, over arbitrary plans, run lengths and bounds, in a small simulated world: no clock, no
//! sleeps. The world jumps from one event to the next, as the driver does.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the message")]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use candor_core::id::CheckId;
use candor_probe::{Bounds, CheckSchedule, EARLY_WITHIN, EARLY_WRITING_WITHIN, Planner, Start, phase};
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);

/// Generous bounds, which hold nobody up.
const WIDE: Bounds = Bounds {
    in_flight: 10_000,
    reserve: 100,
    host_in_flight: 10_000,
    host_gap: Duration::ZERO,
    host_burst: 1,
};

fn check(id: u64, every: Duration, host: &str) -> CheckSchedule {
    CheckSchedule { id: CheckId(id), every, deadline: every, host: host.to_owned(), writes: false }
}

/// A world in which runs take as long as `took` says, and nothing takes time in between.
struct World {
    planner: Planner,
    plan: HashMap<CheckId, CheckSchedule>,
    now: Duration,
    ends: BTreeMap<(Duration, CheckId), ()>,
    running: HashSet<CheckId>,
    starts: Vec<(Duration, Start)>,
}

impl World {
    fn new(bounds: Bounds, checks: Vec<CheckSchedule>) -> Self {
        let mut planner = Planner::new(bounds);
        let plan = checks.iter().map(|c| (c.id, c.clone())).collect();
        planner.replace(checks, Duration::ZERO);
        let (ends, running, starts) = (BTreeMap::new(), HashSet::new(), Vec::new());
        Self { planner, plan, now: Duration::ZERO, ends, running, starts }
    }

    fn run(&mut self, until: Duration, mut took: impl FnMut(CheckId) -> Duration) {
        loop {
            while let Some(start) = self.planner.poll(self.now) {
                assert!(self.running.insert(start.check), "{:?} runs twice at once", start.check);
                assert!(start.due <= self.now, "too early");
                self.ends.insert((self.now + took(start.check), start.check), ());
                self.starts.push((self.now, start));
            }
            let end = self.ends.first_key_value().map(|(&(at, _), ())| at);
            let Some(next) = [self.planner.wake_at(), end].into_iter().flatten().min() else { return };
            if next > until {
                return;
            }
            self.now = self.now.max(next);
            while let Some((&(at, check), ())) =
                self.ends.first_key_value().filter(|((at, _), ())| *at <= self.now)
            {
                self.ends.remove(&(at, check));
                self.running.remove(&check);
                self.planner.finished(check, self.now);
            }
        }
    }

    fn starts_of(&self, check: CheckId) -> Vec<(Duration, Start)> {
        self.starts.iter().filter(|(_, start)| start.check == check).copied().collect()
    }

    fn on_host(&self, host: &str) -> impl Iterator<Item = &CheckId> {
        self.plan.values().filter(move |c| c.host == host).map(|c| &c.id)
    }
}

fn plans(hosts: u64) -> impl Strategy<Value = Vec<CheckSchedule>> {
    proptest::collection::hash_map(any::<u64>(), (1_u64..60, 0..hosts, any::<bool>()), 1..40).prop_map(
        |checks| {
            let make = |(id, (every, host, writes)): (u64, (u64, u64, bool))| CheckSchedule {
                writes,
                ..check(id, SECOND * u32::try_from(every).unwrap(), &format!("host{host}.example"))
            };
            checks.into_iter().map(make).collect()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn planned_starts_never_drift_whatever_runs_take(plan in plans(4), seed in any::<u64>()) {
        let mut world = World::new(WIDE, plan.clone());
        world.run(SECOND * 600, |id| Duration::from_millis((id.0 ^ seed) % 90_000));
        for check in &plan {
            let first = world.starts_of(check.id).first().map(|(_, start)| start.due);
            for (at, start) in world.starts_of(check.id) {
                let off = (start.due.as_micros() - phase(check.id, check.every).as_micros().min(start.due.as_micros()))
                    % check.every.as_micros();
                prop_assert!(off == 0 || Some(start.due) == first, "{check:?} due at {:?}", start.due);
                prop_assert_eq!(at, start.due, "nothing holds it up, and it is late");
            }
        }
    }

    #[test]
    fn every_planned_start_happens_or_is_counted_as_skipped(plan in plans(4), seed in any::<u64>()) {
        let until = SECOND * 600;
        let mut world = World::new(WIDE, plan.clone());
        world.run(until, |id| Duration::from_millis((id.0 ^ seed) % 90_000));
        let mut planned = 0;
        let mut planned_starts = 0;
        for check in &plan {
            let phase = phase(check.id, check.every);
            // A phase of exactly 0 lies at the very beginning, which belongs to the interval before.
            let first = if phase.is_zero() { check.every } else { phase };
            planned += (until.saturating_sub(first).as_micros() / check.every.as_micros()) + u128::from(first <= until);
            let on_plan = |due: Duration| due >= first && (due - first).as_micros().is_multiple_of(check.every.as_micros());
            planned_starts += world.starts_of(check.id).iter().filter(|(_, s)| on_plan(s.due)).count() as u128;
        }
        prop_assert_eq!(planned, planned_starts + u128::from(world.planner.skipped()));
    }

    #[test]
    fn the_bounds_of_a_host_hold_at_every_moment(
        plan in plans(3), in_flight in 1_usize..6, burst in 1_u32..5, seed in any::<u64>(),
    ) {
        let bounds = Bounds { host_in_flight: in_flight, host_gap: SECOND / 4, host_burst: burst, ..WIDE };
        let mut world = World::new(bounds, plan);
        let took = |id: CheckId| Duration::from_millis((id.0 ^ seed) % 20_000);
        world.run(SECOND * 300, took);
        for host in ["host0.example", "host1.example", "host2.example"] {
            let ids: HashSet<_> = world.on_host(host).copied().collect();
            let starts: Vec<_> = world.starts.iter().filter(|(_, s)| ids.contains(&s.check)).collect();
            for (n, (at, _)) in starts.iter().enumerate() {
                let running = starts[..n].iter().filter(|(began, s)| *began + took(s.check) > *at).count();
                prop_assert!(running < in_flight, "{running} in flight already");
                let second = starts[..=n].iter().filter(|(began, _)| *began + SECOND > *at).count();
                prop_assert!(second <= 4 + burst as usize, "{second} starts within a second");
            }
        }
    }

    #[test]
    fn no_host_waits_for_others_while_there_are_no_more_of_them_than_reserved_slots(
        others in 1_u64..200, hosts in 1_u64..8, every in 2_u64..60, hash in any::<u64>(),
    ) {
        let bounds = Bounds { in_flight: 32, reserve: 9, ..WIDE };
        let hang = |n: u64| check(n.wrapping_mul(0x9e37_79b9_7f4a_7c15), SECOND * 30, &format!("h{}.example", n % hosts));
        let mut plan: Vec<_> = (1..=others).map(hang).collect();
        let victim = check(hash | 1 << 63, SECOND * u32::try_from(every).unwrap(), "victim.example");
        prop_assume!(plan.iter().all(|c| c.id != victim.id));
        plan.push(victim.clone());
        let mut world = World::new(bounds, plan);
        world.run(SECOND * 300, |id| if id == victim.id { SECOND } else { SECOND * 32 });
        let starts = world.starts_of(victim.id);
        prop_assert!(starts.len() as u64 >= 300 / every - 1, "{} starts", starts.len());
        for (at, start) in starts {
            prop_assert_eq!(at, start.due);
        }
    }

    #[test]
    fn where_slots_are_too_few_every_check_still_gets_its_turn(plan in plans(40)) {
        let bounds = Bounds { in_flight: 16, reserve: 4, ..WIDE };
        let mut world = World::new(bounds, plan.clone());
        world.run(SECOND * 600, |_| SECOND * 12);
        for check in &plan {
            // At most 40 hosts take turns on 16 slots: at worst three rounds of 12 s for each check of its host.
            let starts = world.starts_of(check.id);
            let rounds = u32::try_from(world.on_host(&check.host).count()).unwrap();
            let mut last = Duration::ZERO;
            for at in starts.iter().map(|(at, _)| *at).chain([SECOND * 600]) {
                prop_assert!(at - last <= check.every * 2 + SECOND * 36 * rounds, "{check:?} waited from {last:?} to {at:?}");
                last = at;
            }
        }
    }

    #[test]
    fn a_reload_keeps_phases_and_forgets_what_is_gone(plan in plans(4), keep in any::<u64>(), at in 1_u32..200) {
        let mut world = World::new(WIDE, plan.clone());
        let took = |id: CheckId| Duration::from_millis(id.0 % 45_000);
        world.run(SECOND * at, took);
        let (stay, gone): (Vec<_>, Vec<_>) = plan.into_iter().partition(|c| (c.id.0 ^ keep).count_ones().is_multiple_of(2));
        let planned: Vec<_> = stay.iter().map(|c| world.planner.planned(c.id)).collect();
        let before = world.starts.len();
        world.planner.replace(stay.clone(), world.now);
        prop_assert_eq!(planned, stay.iter().map(|c| world.planner.planned(c.id)).collect::<Vec<_>>());
        world.run(SECOND * (at + 300), took);
        prop_assert!(gone.iter().all(|c| world.starts[before..].iter().all(|(_, s)| s.check != c.id)));
        // And back again: whoever returns runs once more.
        world.planner.replace(stay.iter().chain(&gone).cloned().collect(), world.now);
        let again = world.starts.len();
        world.run(SECOND * (at + 600), took);
        prop_assert!(gone.iter().all(|c| world.starts[again..].iter().any(|(_, s)| s.check == c.id)));
    }
}

#[test]
fn a_recheck_runs_at_once_and_moves_no_phase() {
    let mut world = World::new(WIDE, vec![check(7_000_000, SECOND * 20, "a.example")]);
    world.run(SECOND * 10, |_| SECOND);
    world.now = SECOND * 11;
    world.planner.recheck(CheckId(7_000_000), SECOND * 12);
    world.run(SECOND * 70, |_| SECOND);
    let at: Vec<_> = world.starts.iter().map(|(at, _)| at.as_secs()).collect();
    assert_eq!(at, [7, 12, 27, 47, 67]);
}

#[test]
fn a_recheck_never_doubles_a_run_in_flight_or_waiting() {
    let mut world = World::new(WIDE, vec![check(7_000_000, SECOND * 30, "a.example")]);
    world.run(SECOND * 8, |_| SECOND * 10);
    world.planner.recheck(CheckId(7_000_000), SECOND * 9);
    world.planner.recheck(CheckId(7_000_000), SECOND * 9);
    world.run(SECOND * 36, |_| SECOND * 10);
    assert_eq!(world.starts.len(), 1);
    world.planner.recheck(CheckId(99), SECOND * 36);
    world.run(SECOND * 36, |_| SECOND);
    assert_eq!(world.starts.len(), 1, "an unknown check is ignored");
}

#[test]
fn after_a_long_sleep_of_the_process_a_check_runs_once() {
    let mut world = World::new(WIDE, vec![check(7_000_000, SECOND * 20, "a.example")]);
    world.run(SECOND * 10, |_| SECOND);
    world.now = SECOND * 1_000;
    world.run(SECOND * 1_030, |_| SECOND);
    let at: Vec<_> = world.starts.iter().map(|(at, start)| (at.as_secs(), start.due.as_secs())).collect();
    assert_eq!(at, [(7, 7), (1_000, 987), (1_007, 1_007), (1_027, 1_027)]);
    assert_eq!(world.planner.skipped(), 48);
}

#[test]
fn a_result_that_nobody_takes_holds_its_check_and_no_slot() {
    let bounds = Bounds { in_flight: 1, reserve: 0, ..WIDE };
    let mut planner = Planner::new(bounds);
    planner.replace(vec![check(1, SECOND, "a.example"), check(2, SECOND, "a.example")], Duration::ZERO);
    let first = planner.poll(SECOND).expect("both are due");
    assert_eq!(planner.poll(SECOND), None);
    planner.released(first.check, SECOND);
    let second = planner.poll(SECOND).expect("the slot is free again");
    planner.finished(second.check, SECOND);
    let third = planner.poll(SECOND * 3).expect("one of them may run");
    assert_eq!(third.check, second.check);
    planner.finished(third.check, SECOND * 3);
    planner.finished(first.check, SECOND * 3);
    assert_eq!(planner.poll(SECOND * 4).map(|start| start.check).into_iter().count(), 1);
}

#[test]
fn a_check_with_a_long_interval_gets_an_early_run() {
    let long = |id: u64, writes| CheckSchedule { writes, ..check(id, SECOND * 300, "a.example") };
    let plan: Vec<_> =
        (0..200_u64).map(|n| long(n.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, n % 2 == 0)).collect();
    let mut world = World::new(WIDE, plan.clone());
    world.run(SECOND * 31, |_| SECOND);
    for check in plan {
        let within = if check.writes { EARLY_WRITING_WITHIN } else { EARLY_WITHIN };
        assert!(world.starts_of(check.id).first().is_some_and(|(at, _)| *at <= within), "{check:?}");
    }
}

#[test]
fn the_first_runs_of_a_large_plan_do_not_come_in_a_rush() {
    let plan = (1..50_000_u64).map(|n| {
        let id = n.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17);
        check(id, SECOND * 86_400, &format!("h{n}.example"))
    });
    let mut world = World::new(WIDE, plan.collect());
    world.run(SECOND * 60, |_| Duration::from_millis(20));
    let mut in_second = BTreeMap::new();
    for (at, _) in &world.starts {
        *in_second.entry(at.as_secs()).or_insert(0_u32) += 1;
    }
    let busiest = in_second.values().max().copied().unwrap_or_default();
    assert!(
        world.starts.len() >= 49_999 && busiest < 1_300,
        "{} started, {busiest} in a second",
        world.starts.len()
    );
}

/// Ten thousand checks of which every run takes its whole timeout of 10 s: the worst that targets can do.
fn all_hang(bounds: Bounds, host: impl Fn(u64) -> String) -> World {
    let hung = |n: u64| check(n.wrapping_mul(0x9e37_79b9_7f4a_7c15), SECOND * 30, &host(n));
    let mut world = World::new(bounds, (0..10_000).map(hung).collect());
    // The first runs of all, which come in a rush, are behind it.
    world.run(SECOND * 60, |_| Duration::from_millis(20));
    world.starts.clear();
    world.run(SECOND * 105, |_| SECOND * 10);
    world
}

/// How late the latest start was, and how many of the checks were started within an interval and 2 s.
fn latest_and_started(world: &World) -> (Duration, usize) {
    let latest = world.starts.iter().map(|(at, start)| *at - start.due).max().unwrap_or_default();
    let in_time = world.starts.iter().filter(|(at, _)| *at <= SECOND * 92);
    (latest, in_time.map(|(_, start)| start.check).collect::<HashSet<_>>().len())
}

#[test]
fn ten_thousand_hosts_that_hang_at_once_hold_no_start_up() {
    let world = all_hang(Bounds::for_descriptors(20_000), |n| format!("h{n}.example"));
    assert_eq!(latest_and_started(&world), (Duration::ZERO, 10_000));
}

#[test]
fn one_host_that_hangs_with_ten_thousand_checks_is_told_of_in_time() {
    let world = all_hang(Bounds::for_descriptors(20_000), |_| "gateway.example".to_owned());
    let (latest, started) = latest_and_started(&world);
    assert!(latest <= SECOND * 2 && started == 10_000, "{latest:?} late, {started} started");
}

#[test]
fn a_host_that_hangs_with_all_its_checks_leaves_slots_to_the_others() {
    let bounds = Bounds::for_descriptors(4_096);
    let hung =
        (1..5_000_u64).map(|n| check(n.wrapping_mul(0x9e37_79b9_7f4a_7c15), SECOND * 30, "gateway.example"));
    let well = (1..200_u64)
        .map(|n| check(n.wrapping_mul(0xd1b5_4a32_d192_ed03), SECOND * 10, &format!("w{n}.example")));
    let mut world = World::new(bounds, hung.chain(well).collect());
    let hangs: HashSet<CheckId> = world.on_host("gateway.example").copied().collect();
    world.run(SECOND * 300, |id| if hangs.contains(&id) { SECOND * 10 } else { Duration::from_millis(50) });
    let late =
        world.starts.iter().filter(|(at, start)| !hangs.contains(&start.check) && *at != start.due).count();
    assert_eq!(late, 0);
}
