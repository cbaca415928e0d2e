//! What remains of the past: rollups, days, retention.

use candor_core::fault::Kind;
use candor_core::verdict::Verdict;
use candor_core::view::Day;
use candor_ledger::{Ledger, LedgerError, SPAN_MAX_MS, Span, Width};
use jiff::civil::date;
use proptest::prelude::*;

use crate::fixture::{DAY, Home, at, cell, check, keep, passes, run, vantage};

/// 2015-03-11T00:00:00Z.
const MIDNIGHT: i64 = 1_426_032_000;

fn span(capability: &str, verdict: Verdict, from: i64, to: i64) -> Span {
    Span { cell: cell(capability), verdict, under_maintenance: false, from: at(from), to: at(to) }
}

fn days(ledger: &Ledger) -> Vec<Day> {
    ledger.history(90, date(2015, 3, 12)).unwrap().remove(&cell("buy")).unwrap_or_default()
}

fn roll_up(ledger: &mut Ledger) {
    while ledger.roll_up().unwrap().more {}
}

#[test]
fn a_rollup_counts_each_observation_once_by_minute_hour_and_day() {
    let home = Home::new();
    let mut ledger = home.open();
    ledger.observe(&[run("buy", MIDNIGHT, 100, None), run("buy", MIDNIGHT + 59, 300, None)]).unwrap();
    roll_up(&mut ledger);
    ledger
        .observe(&[
            run("buy", MIDNIGHT + 30, 9_000, Some(Kind::HttpStatus)),
            run("buy", MIDNIGHT + 31, 9_000, Some(Kind::VantageUnable)),
            run("buy", MIDNIGHT + 60, 500, None),
            run("browse", MIDNIGHT, 7, None),
        ])
        .unwrap();
    roll_up(&mut ledger);
    roll_up(&mut ledger);
    let minutes =
        ledger.latency(check("buy"), at(MIDNIGHT + 5), at(MIDNIGHT + 3_600), Width::Minute).unwrap();
    assert_eq!(minutes.len(), 2);
    let first = &minutes[0];
    assert_eq!((first.start, first.runs, first.failures, first.ours), (at(MIDNIGHT), 4, 1, 1));
    assert_eq!((first.took_sum_ms, first.took_min_ms, first.took_max_ms), (400, Some(100), Some(300)));
    assert_eq!(first.faults.get(&Kind::HttpStatus), Some(&1));
    for width in [Width::Hour, Width::Day] {
        let buckets = ledger.latency(check("buy"), at(MIDNIGHT), at(MIDNIGHT + 86_400), width).unwrap();
        assert_eq!(
            buckets.iter().map(|bucket| (bucket.runs, bucket.took_max_ms)).collect::<Vec<_>>(),
            [(5, Some(500))]
        );
    }
}

#[test]
fn a_bucket_of_failures_alone_has_no_times_and_gains_them_with_the_first_pass() {
    let home = Home::new();
    let mut ledger = home.open();
    ledger.observe(&[run("buy", MIDNIGHT, 9_000, Some(Kind::DnsNxdomain))]).unwrap();
    roll_up(&mut ledger);
    let minute = |ledger: &Ledger| {
        let bucket =
            ledger.latency(check("buy"), at(MIDNIGHT), at(MIDNIGHT + 60), Width::Minute).unwrap().remove(0);
        (bucket.runs, bucket.took_min_ms, bucket.took_max_ms)
    };
    assert_eq!(minute(&ledger), (1, None, None));
    ledger.observe(&[run("buy", MIDNIGHT, 50, None)]).unwrap();
    roll_up(&mut ledger);
    assert_eq!(minute(&ledger), (2, Some(50), Some(50)));
}

#[test]
fn a_span_across_midnight_falls_on_both_days() {
    let home = Home::new();
    let mut ledger = home.open();
    ledger.record_spans(&[span("buy", Verdict::Outage, MIDNIGHT - 100, MIDNIGHT + 50)]).unwrap();
    let days = days(&ledger);
    assert_eq!(
        days.iter().map(|day| (day.date, day.outage_s)).collect::<Vec<_>>(),
        [(date(2015, 3, 10), 100), (date(2015, 3, 11), 50)]
    );
}

#[test]
fn many_short_spans_add_up_to_what_they_cover() {
    let home = Home::new();
    let mut ledger = home.open();
    let ms = |ms: i64| candor_core::Timestamp::from_millisecond(MIDNIGHT * 1_000 + ms).unwrap();
    for n in 0..30 {
        let verdict = if n % 3 == 0 { Verdict::Degraded } else { Verdict::Operational };
        let span = Span {
            cell: cell("buy"),
            verdict,
            under_maintenance: n >= 15,
            from: ms(n * 333),
            to: ms((n + 1) * 333),
        };
        ledger.record_spans(&[span]).unwrap();
    }
    let day = days(&ledger)[0];
    assert_eq!((day.operational_s, day.degraded_s, day.maintenance_s), (7, 3, 5));
}

#[test]
fn a_time_is_counted_once_and_what_nobody_watched_stays_a_gap() {
    let home = Home::new();
    let mut ledger = home.open();
    let first = span("buy", Verdict::Operational, MIDNIGHT, MIDNIGHT + 60);
    ledger.record_spans(&[first.clone(), first]).unwrap();
    // A clock set back by half a minute, then an hour in which nothing ran.
    ledger.record_spans(&[span("buy", Verdict::Outage, MIDNIGHT + 30, MIDNIGHT + 90)]).unwrap();
    ledger.record_spans(&[span("buy", Verdict::Unknown, MIDNIGHT + 3_690, MIDNIGHT + 3_700)]).unwrap();
    let day = days(&ledger)[0];
    assert_eq!((day.operational_s, day.outage_s, day.unknown_s), (60, 30, 10));
}

#[test]
fn a_clock_that_was_far_ahead_does_not_silence_history() {
    let home = Home::new();
    let mut ledger = home.open();
    let ahead = MIDNIGHT + 400 * 86_400;
    ledger.record_spans(&[span("buy", Verdict::Operational, ahead, ahead + 60)]).unwrap();
    ledger.record_spans(&[span("buy", Verdict::Outage, MIDNIGHT, MIDNIGHT + 60)]).unwrap();
    assert_eq!(days(&ledger)[0].outage_s, 60);
}

#[test]
fn a_span_longer_than_anybody_watches_is_refused() {
    let home = Home::new();
    let mut ledger = home.open();
    let long = span("buy", Verdict::Operational, MIDNIGHT, MIDNIGHT + SPAN_MAX_MS / 1_000 + 1);
    let short = span("buy", Verdict::Operational, MIDNIGHT, MIDNIGHT + 1);
    assert!(matches!(ledger.record_spans(&[short, long]), Err(LedgerError::Refused(_))));
    assert_eq!(days(&ledger), []);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_day_never_holds_more_than_a_day_nor_more_than_was_given(
        spans in proptest::collection::vec((0_i64..4 * 86_400, 0_i64..2 * 86_400, 0_usize..4, any::<bool>()), 1..20)
    ) {
        let home = Home::new();
        let mut ledger = home.open();
        let mut given = 0;
        for (from, length, verdict, under_maintenance) in spans {
            let verdict = Verdict::ALL[verdict];
            let from = MIDNIGHT - 4 * 86_400 + from;
            given += length;
            let span = Span { under_maintenance, ..span("buy", verdict, from, from + length) };
            ledger.record_spans(&[span]).unwrap();
        }
        let mut total = 0;
        for day in days(&ledger) {
            let sum = day.operational_s + day.degraded_s + day.outage_s + day.unknown_s;
            prop_assert!(sum <= 86_400 && day.maintenance_s <= sum, "{:?}", day);
            total += i64::from(sum);
        }
        prop_assert!(total <= given);
    }
}

#[test]
fn history_holds_the_days_asked_for() {
    let home = Home::new();
    let mut ledger = home.open();
    for day in 0..5 {
        let from = MIDNIGHT + day * 86_400;
        ledger.record_spans(&[span("buy", Verdict::Operational, from, from + 60)]).unwrap();
    }
    let history = ledger.history(3, date(2015, 3, 14)).unwrap();
    let dates: Vec<_> = history[&cell("buy")].iter().map(|day| day.date).collect();
    assert_eq!(dates, [date(2015, 3, 12), date(2015, 3, 13), date(2015, 3, 14)]);
}

#[test]
fn pruning_keeps_the_rollups_and_never_passes_a_snapshot() {
    let home = Home::new();
    let mut ledger = home.open();
    ledger.observe(&passes(6_000, MIDNIGHT)).unwrap();
    ledger.observe(&[run("buy", MIDNIGHT + 1, 1, Some(Kind::HttpStatus))]).unwrap();
    ledger.observe(&passes(6_000, MIDNIGHT + 2)).unwrap();
    let now = at(MIDNIGHT + 20 * 86_400);
    let keep = keep(14 * DAY, 90 * DAY, 700 * DAY);
    let prune = |ledger: &mut Ledger, pinned| {
        let mut gone = (0, 0);
        loop {
            let pruned = ledger.prune(now, &keep, pinned).unwrap();
            gone = (gone.0 + pruned.observations, gone.1 + pruned.reports);
            if !pruned.more {
                return gone;
            }
        }
    };
    assert_eq!(
        prune(&mut ledger, None),
        (0, 12_000),
        "no snapshot, no rollup: only reports of passing runs go"
    );
    roll_up(&mut ledger);
    ledger.snapshot(7_000, 0, b"").unwrap();
    ledger.snapshot(9_000, 0, b"").unwrap();
    assert_eq!(prune(&mut ledger, Some(at(MIDNIGHT))), (0, 0), "pinned");
    assert_eq!(prune(&mut ledger, None), (7_000, 0));
    assert_eq!(ledger.watermark().unwrap(), 12_001);
    let day = ledger.latency(check("buy"), at(MIDNIGHT), at(MIDNIGHT + 60), Width::Day).unwrap().remove(0);
    assert_eq!((day.runs, day.failures), (12_001, 1));
    ledger.verify().unwrap();
}

#[test]
fn numbers_are_never_given_twice_even_when_all_is_pruned() {
    let home = Home::new();
    let mut ledger = home.open();
    ledger.observe(&passes(10, MIDNIGHT)).unwrap();
    roll_up(&mut ledger);
    ledger.snapshot(10, 0, b"").unwrap();
    let pruned = ledger.prune(at(MIDNIGHT + 864_000), &keep(DAY, DAY, DAY), None).unwrap();
    assert_eq!((pruned.observations, pruned.buckets), (10, 2));
    drop(ledger);
    let mut ledger = home.open();
    assert_eq!(ledger.watermark().unwrap(), 10);
    assert_eq!(ledger.observe(&passes(1, MIDNIGHT + 864_000)).unwrap(), 11);
    let replayed = ledger.replay(0, 0, |_| std::ops::ControlFlow::Continue(())).unwrap();
    assert_eq!((replayed.observations, replayed.pruned), (1, 10));
}

#[test]
fn an_observation_from_a_clock_far_ahead_does_not_stop_retention() {
    let home = Home::new();
    let mut ledger = home.open();
    ledger.observe(&passes(1, MIDNIGHT + 4_000 * 86_400)).unwrap();
    ledger.observe(&passes(1, MIDNIGHT)).unwrap();
    roll_up(&mut ledger);
    ledger.snapshot(2, 0, b"").unwrap();
    let pruned = ledger.prune(at(MIDNIGHT + 864_000), &keep(DAY, DAY, DAY), None).unwrap();
    assert_eq!(pruned.observations, 2);
}

#[test]
fn check_numbers_can_be_read_without_the_config() {
    let home = Home::new();
    let mut ledger = home.open();
    let named = [(check("browse"), cell("browse"), vantage()), (check("buy"), cell("buy"), vantage())];
    ledger.name_checks(&named).unwrap();
    ledger.name_checks(&named).unwrap();
    assert_eq!(ledger.checks().unwrap(), named);
}
