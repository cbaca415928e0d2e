//! Times and spans in English, in UTC.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

fn civil(at: Timestamp) -> DateTime {
    Offset::UTC.to_datetime(at)
}

fn month_name(date: Date) -> &'static str {
    usize::try_from(date.month() - 1).ok().and_then(|m| MONTHS.get(m)).copied().unwrap_or_default()
}

/// `11 March 2015`.
pub(super) fn day(date: Date) -> String {
    format!("{} {} {}", date.day(), month_name(date), date.year())
}

/// `March 2015`.
pub(super) fn month(date: Date) -> String {
    format!("{} {}", month_name(date), date.year())
}

/// `08:53 UTC`, `10 March, 08:53 UTC` on another day, `10 March 2014, 08:53 UTC` in another year.
pub(super) fn moment(at: Timestamp, as_of: Option<Timestamp>) -> String {
    let time = civil(at).time();
    dated(at, as_of, &format!("{:02}:{:02} UTC", time.hour(), time.minute()))
}

/// The same with seconds.
pub(super) fn clock(at: Timestamp, as_of: Option<Timestamp>) -> String {
    let time = civil(at).time();
    dated(at, as_of, &format!("{:02}:{:02}:{:02} UTC", time.hour(), time.minute(), time.second()))
}

fn dated(at: Timestamp, as_of: Option<Timestamp>, time: &str) -> String {
    let date = civil(at).date();
    match as_of.map(|now| civil(now).date()) {
        Some(today) if today == date => time.to_owned(),
        Some(today) if today.year() == date.year() => format!("{} {}, {time}", date.day(), month_name(date)),
        _ => format!("{}, {time}", day(date)),
    }
}

/// A span in at most two units: `19 minutes`, `3 hours 12 minutes`, `2 days 4 hours`. Rounded down.
pub(super) fn lasted(seconds: i64) -> String {
    let s = seconds.max(0);
    let (days, hours, minutes) = (s / 86_400, s / 3_600, s / 60);
    match (days, hours, minutes) {
        (2.., _, _) => two(days, "day", hours % 24, "hour"),
        (_, 1.., _) => two(hours, "hour", minutes % 60, "minute"),
        (_, _, 1..) => unit(minutes, "minute"),
        _ => unit(s, "second"),
    }
}

fn two(n: i64, large: &str, m: i64, small: &str) -> String {
    if m == 0 { unit(n, large) } else { format!("{} {}", unit(n, large), unit(m, small)) }
}

fn unit(n: i64, word: &str) -> String {
    if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") }
}
