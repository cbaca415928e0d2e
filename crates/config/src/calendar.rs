//! Calendar expressions for intended downtime, after systemd.time(7), as far as people need them:
//! `Sun 02:00`, `Mon..Fri 22:30`, `Sat,Sun 03:00`, `daily 03:00`, `*-*-01 04:00`, `2027-01-31 04:00`.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// How far back windows are worked out: one may be open now, and pages show the last ones.
const BACK: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How far ahead.
const AHEAD: SignedDuration = SignedDuration::from_hours(90 * 24);

/// A calendar expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Calendar {
    /// Days of the week; empty for all.
    days: Vec<Weekday>,
    year: Option<i16>,
    month: Option<i8>,
    day: Option<i8>,
    hour: i8,
    minute: i8,
}

const WEEK: [(&str, Weekday); 7] = [
    ("Mon", Weekday::Monday),
    ("Tue", Weekday::Tuesday),
    ("Wed", Weekday::Wednesday),
    ("Thu", Weekday::Thursday),
    ("Fri", Weekday::Friday),
    ("Sat", Weekday::Saturday),
    ("Sun", Weekday::Sunday),
];

impl Calendar {
    /// Reads an expression; `None` where it is not one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut calendar = Self { days: Vec::new(), year: None, month: None, day: None, hour: 0, minute: 0 };
        let mut parts: Vec<&str> = text.split_whitespace().collect();
        let (hour, minute) = parts.pop()?.split_once(':')?;
        calendar.hour = number(hour, 0, 23)?;
        calendar.minute = number(minute, 0, 59)?;
        for part in &parts {
            match *part {
                "daily" if parts.len() == 1 => {}
                date if date.contains('-') && calendar.day.is_none() => calendar.date(date)?,
                days if calendar.days.is_empty() => calendar.days = weekdays(days)?,
                _ => return None,
            }
        }
        // "04:00" alone is not taken for "daily 04:00": a forgotten day would be a long downtime.
        (!parts.is_empty()).then_some(calendar)
    }

    fn date(&mut self, text: &str) -> Option<()> {
        let mut parts = text.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        self.year =
            if year == "*" { None } else { Some(year.parse().ok().filter(|y| (1970..=9999).contains(y))?) };
        self.month = if month == "*" { None } else { Some(number(month, 1, 12)?) };
        self.day = if day == "*" { None } else { Some(number(day, 1, 31)?) };
        Some(())
    }

    /// The beginnings from a week before `now` to 90 days after, sorted.
    pub(crate) fn starts(&self, now: Timestamp, zone: &TimeZone) -> Vec<Timestamp> {
        let (Ok(first), Ok(last)) = (now.checked_sub(BACK), now.checked_add(AHEAD)) else {
            return Vec::new();
        };
        let mut day = first.to_zoned(zone.clone()).date();
        let end = last.to_zoned(zone.clone()).date();
        let mut starts = Vec::new();
        while day <= end {
            if self.matches(day) {
                // A time that a clock change skips or repeats is taken as RFC 5545 does: jiff's "compatible".
                if let Ok(start) = day.at(self.hour, self.minute, 0, 0).to_zoned(zone.clone()) {
                    starts.push(start.timestamp());
                }
            }
            let Ok(next) = day.tomorrow() else { break };
            day = next;
        }
        starts
    }

    fn matches(&self, date: Date) -> bool {
        (self.days.is_empty() || self.days.contains(&date.weekday()))
            && self.year.is_none_or(|y| y == date.year())
            && self.month.is_none_or(|m| m == date.month())
            && self.day.is_none_or(|d| d == date.day())
    }
}

fn weekdays(text: &str) -> Option<Vec<Weekday>> {
    let mut days = Vec::new();
    for part in text.split(',') {
        match part.split_once("..") {
            Some((first, last)) => {
                let (first, last) = (weekday(first)?, weekday(last)?);
                // Fri..Mon goes over the end of the week.
                let mut day = first;
                days.push(day);
                while day != last {
                    day = day.next();
                    days.push(day);
                }
            }
            None => days.push(weekday(part)?),
        }
    }
    Some(days)
}

fn weekday(text: &str) -> Option<Weekday> {
    WEEK.iter().find(|(name, _)| *name == text).map(|(_, day)| *day)
}

fn number(text: &str, min: i8, max: i8) -> Option<i8> {
    let digits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten().filter(|n| (min..=max).contains(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(text: &str, zone: &str) -> Vec<String> {
        let now: Timestamp = "2026-03-27T12:00:00Z".parse().unwrap();
        let zone = TimeZone::get(zone).unwrap();
        Calendar::parse(text).unwrap().starts(now, &zone).iter().take(3).map(ToString::to_string).collect()
    }

    #[test]
    fn a_weekly_window_keeps_its_hour_over_a_clock_change() {
        // Clocks in London go forward on 29 March 2026.
        assert_eq!(
            first("Sun 02:00", "Europe/London"),
            ["2026-03-22T02:00:00Z", "2026-03-29T01:00:00Z", "2026-04-05T01:00:00Z"]
        );
    }

    #[test]
    fn the_forms_of_the_language() {
        assert_eq!(
            first("daily 03:00", "UTC"),
            ["2026-03-20T03:00:00Z", "2026-03-21T03:00:00Z", "2026-03-22T03:00:00Z"]
        );
        assert_eq!(
            first("*-*-01 04:00", "UTC"),
            ["2026-04-01T04:00:00Z", "2026-05-01T04:00:00Z", "2026-06-01T04:00:00Z"]
        );
        assert_eq!(first("Mon..Fri 22:30", "UTC")[0], "2026-03-20T22:30:00Z");
        assert_eq!(
            first("Sat..Mon 22:30", "UTC"),
            ["2026-03-21T22:30:00Z", "2026-03-22T22:30:00Z", "2026-03-23T22:30:00Z"]
        );
        for bad in [
            "",
            "04:00",
            "Son 02:00",
            "Sun",
            "Sun 2:00",
            "Sun 24:00",
            "*-13-01 04:00",
            "daily Sun 04:00",
            "1-2-3-4 04:00",
            "Sun Mon 02:00",
        ] {
            assert_eq!(Calendar::parse(bad), None, "{bad}");
        }
    }
}
