//! 90 days as bars: one path for each kind of stretch, so that 15 services stay light.
//!
//! A day that was not measured is a gap, drawn as a hollow mark; it is never green. Trouble hangs from the top and
//! stands out by height as well as by colour; its stretch is never drawn smaller than can be seen.

use std::fmt::Write as _;

use candor_core::view::Day;
use jiff::civil::Date;

use crate::words::Measured;

/// Days shown.
const SHOWN: i32 = 90;
/// Width of a day and of its bar, and height of the drawing, in its own units.
const STEP: i32 = 10;
const BAR: i32 = 7;
/// Height of the whole drawing.
pub(crate) const TALL: i32 = 40;
/// Where a day without trouble begins.
const CALM: i32 = 8;
const DAY_S: i32 = 86_400;

/// The drawing: path data by what it shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Bars {
    pub(crate) operational: String,
    pub(crate) unknown: String,
    pub(crate) degraded: String,
    pub(crate) outage: String,
    pub(crate) gap: String,
    pub(crate) measured: Measured,
}

/// Draws up to 90 days that end with `today`.
pub(crate) fn bars(history: &[Day], today: Option<Date>) -> Bars {
    let mut bars = Bars::default();
    let Some(today) = today.or_else(|| history.last().map(|day| day.date)) else {
        bars.measured.gap_days = SHOWN.unsigned_abs();
        for at in 0..SHOWN {
            hollow(&mut bars.gap, at * STEP);
        }
        return bars;
    };
    for at in 0..SHOWN {
        let date = today.saturating_sub(jiff::Span::new().days(SHOWN - 1 - at));
        let day = history.iter().find(|day| day.date == date);
        bars.measured.add(day);
        match day.filter(|day| watched(day) > 0) {
            Some(day) => bars.day(at * STEP, day),
            None => hollow(&mut bars.gap, at * STEP),
        }
    }
    bars
}

fn watched(day: &Day) -> u64 {
    [day.operational_s, day.degraded_s, day.outage_s, day.unknown_s].into_iter().map(u64::from).sum()
}

impl Measured {
    fn add(&mut self, day: Option<&Day>) {
        let known =
            day.map_or(0, |d| u64::from(d.operational_s) + u64::from(d.degraded_s) + u64::from(d.outage_s));
        if known == 0 {
            self.gap_days += 1;
            return;
        }
        self.days += 1;
        self.known_s += known;
        self.operational_s += day.map_or(0, |d| u64::from(d.operational_s));
    }
}

impl Bars {
    fn day(&mut self, x: i32, day: &Day) {
        let troubled = day.outage_s > 0 || day.degraded_s > 0;
        let mut top = if troubled { 0 } else { CALM };
        let room = TALL - top;
        for (path, seconds, least) in [
            (&mut self.outage, day.outage_s, 10),
            (&mut self.degraded, day.degraded_s, 8),
            (&mut self.unknown, day.unknown_s, 3),
        ] {
            if seconds > 0 {
                let tall = share(seconds, room).max(least).min(TALL - top);
                bar(path, x, top, tall);
                top += tall;
            }
        }
        if day.operational_s > 0 {
            let tall = share(day.operational_s, room).max(3).min(TALL - top);
            bar(&mut self.operational, x, TALL - tall, tall);
        }
    }
}

fn share(seconds: u32, room: i32) -> i32 {
    let seconds = i64::from(seconds.min(DAY_S.unsigned_abs()));
    let tall = (seconds * i64::from(room) + i64::from(DAY_S) / 2) / i64::from(DAY_S);
    i32::try_from(tall).unwrap_or(room)
}

fn bar(path: &mut String, x: i32, y: i32, tall: i32) {
    if tall > 0 {
        let _ = write!(path, "M{x} {y}h{BAR}v{tall}h-{BAR}z");
    }
}

/// A day that was not measured: a small hollow mark at the foot.
fn hollow(path: &mut String, x: i32) {
    let _ = write!(path, "M{x} {}h{BAR}v3h-{BAR}z", TALL - 3);
}
