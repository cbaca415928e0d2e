//! Quantities with units: durations, sizes, rates. A bare number is refused, arithmetic is checked, and what is out
//! of its bounds is refused rather than clamped.

use std::fmt;
use std::time::Duration;

use crate::reader::{Given, Reader, quote};
use crate::tree::{Node, Span};

/// A default and the limits around it, in one constant for each quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds<T> {
    /// What holds where nothing is written.
    pub(crate) default: T,
    /// The least that is accepted.
    pub(crate) min: T,
    /// The most that is accepted.
    pub(crate) max: T,
}

const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// A twelfth of a year of 365.25 days.
const MONTH: u64 = 2_629_800 * SECOND;

/// Units of duration, in milliseconds, the longest first.
const DURATION_UNITS: &[(&[&str], u64)] = &[
    (&["years", "year", "y"], 12 * MONTH),
    (&["months", "month"], MONTH),
    (&["d", "days", "day"], DAY),
    (&["h", "hours", "hour"], HOUR),
    (&["m", "min", "minutes", "minute"], MINUTE),
    (&["s", "seconds", "second"], SECOND),
    (&["ms"], 1),
];

/// Units of size, in bytes.
const SIZE_UNITS: &[(&str, u64)] = &[
    ("B", 1),
    ("kB", 1_000),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

/// A duration as the language writes it: `1m 30s`.
pub(crate) struct Words(pub(crate) Duration);

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        if left == 0 {
            return f.write_str("0s");
        }
        if left % MONTH == 0 {
            let n = left / MONTH;
            return write!(f, "{n} month{}", if n == 1 { "" } else { "s" });
        }
        let mut first = true;
        for (names, unit) in DURATION_UNITS.iter().skip(2) {
            let n = left / unit;
            left %= unit;
            if n > 0 {
                write!(f, "{}{n}{}", if first { "" } else { " " }, names.first().unwrap_or(&""))?;
                first = false;
            }
        }
        Ok(())
    }
}

/// A size as the language writes it.
pub(crate) struct Bytes(pub(crate) u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, size) in [
            ("GiB", 1_u64 << 30),
            ("GB", 1_000_000_000),
            ("MiB", 1 << 20),
            ("MB", 1_000_000),
            ("KiB", 1 << 10),
            ("kB", 1_000),
        ] {
            if self.0 >= size && self.0.is_multiple_of(size) {
                return write!(f, "{}{unit}", self.0 / size);
            }
        }
        write!(f, "{}B", self.0)
    }
}

/// What is wrong with a quantity, and a way out.
type Refusal = (String, String);

impl Reader<'_> {
    /// A duration within its bounds.
    pub(crate) fn duration(&self, node: &Node, bounds: &Bounds<Duration>) -> Option<Given<Duration>> {
        let value = self.settle(node.span, parse_duration(self.text(node)?))?;
        self.duration_within(node.span, value, bounds)
    }

    /// A duration that may be written as `>= 14d`.
    pub(crate) fn at_least(&self, node: &Node, bounds: &Bounds<Duration>) -> Option<Given<Duration>> {
        let text = self.text(node)?;
        let value = self.settle(node.span, parse_duration(text.strip_prefix(">=").unwrap_or(text)))?;
        self.duration_within(node.span, value, bounds)
    }

    fn duration_within(
        &self,
        at: Span,
        value: Duration,
        bounds: &Bounds<Duration>,
    ) -> Option<Given<Duration>> {
        if value < bounds.min || value > bounds.max {
            let hint = format!("from {} to {}", Words(bounds.min), Words(bounds.max));
            self.refuse_hint(at, format!("{} is out of bounds", quote(&Words(value).to_string())), hint);
            return None;
        }
        Some(Given { value, at })
    }

    /// A size in bytes within its bounds.
    pub(crate) fn size(&self, node: &Node, bounds: &Bounds<u64>) -> Option<u64> {
        self.size_of(node.span, self.text(node)?, bounds)
    }

    pub(crate) fn size_of(&self, at: Span, text: &str, bounds: &Bounds<u64>) -> Option<u64> {
        let value = self.settle(at, parse_size(text))?;
        if value < bounds.min || value > bounds.max {
            let hint = format!("from {} to {}", Bytes(bounds.min), Bytes(bounds.max));
            self.refuse_hint(at, format!("{} is out of bounds", quote(text)), hint);
            return None;
        }
        Some(value)
    }

    /// A rate in bytes a second: `>= 1MB/s`.
    pub(crate) fn rate(&self, node: &Node, bounds: &Bounds<u64>) -> Option<u64> {
        let text = self.text(node)?;
        let Some(size) = text.strip_prefix(">=").unwrap_or(text).trim().strip_suffix("/s") else {
            self.refuse_hint(node.span, format!("{} is not a rate", quote(text)), "write it as \">= 1MB/s\"");
            return None;
        };
        self.size_of(node.span, size, bounds)
    }

    /// A whole number within its bounds.
    pub(crate) fn count(&self, node: &Node, bounds: &Bounds<u64>) -> Option<u64> {
        let text = self.text(node)?;
        let Some(value) = whole::<u64>(text).filter(|v| (bounds.min..=bounds.max).contains(v)) else {
            let hint = format!("a whole number from {} to {}", bounds.min, bounds.max);
            self.refuse_hint(node.span, format!("{} does not fit here", quote(text)), hint);
            return None;
        };
        Some(value)
    }

    fn settle<T>(&self, at: Span, result: Result<T, Refusal>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err((message, hint)) => {
                self.refuse_hint(at, message, hint);
                None
            }
        }
    }
}

/// `30s`, `1h 30m`, `25 months`.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, Refusal> {
    let mut rest = text.trim();
    let mut total: u64 = 0;
    if rest.is_empty() {
        return Err(("a duration is missing".into(), "write it with its unit: 30s, 5m, 2h, 14d".into()));
    }
    while !rest.is_empty() {
        let (number, after) = split_number(rest);
        let letters = after.trim_start();
        let end = letters.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(letters.len());
        let (unit, next) = letters.split_at(end);
        if number.is_empty() || (unit.is_empty() && next.is_empty()) {
            return Err(no_unit(text, number));
        }
        let size = DURATION_UNITS.iter().find(|(names, _)| names.contains(&unit)).map(|(_, size)| *size);
        let (Ok(number), Some(size)) = (number.parse::<u64>(), size) else {
            return Err(not_a_duration(text));
        };
        let part = number.checked_mul(size).ok_or_else(|| not_a_duration(text))?;
        total = total.checked_add(part).ok_or_else(|| not_a_duration(text))?;
        rest = next.trim_start();
    }
    Ok(Duration::from_millis(total))
}

fn no_unit(text: &str, number: &str) -> Refusal {
    if number.is_empty() {
        return not_a_duration(text);
    }
    let shown = quote(number);
    let shown = shown.trim_matches('`');
    (
        format!("{} has no unit", quote(text)),
        format!("say which: {shown}s, {shown}m, {shown}ms, {shown}h or {shown}d"),
    )
}

fn not_a_duration(text: &str) -> Refusal {
    let hint = "whole numbers with ms, s, m, h, d, months or years: 800ms, 30s, 1h 30m, 25 months";
    (format!("{} is not a duration", quote(text)), hint.into())
}

/// A whole number in digits alone: no sign, no other base.
pub(crate) fn whole<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// `5MB` (10^6), `5MiB` (2^20).
pub(crate) fn parse_size(text: &str) -> Result<u64, Refusal> {
    let (number, unit) = split_number(text.trim());
    let unit = unit.trim();
    if unit.is_empty() && !number.is_empty() {
        let shown = quote(number);
        let shown = shown.trim_matches('`');
        return Err((
            format!("{} has no unit", quote(text)),
            format!("say which: {shown}B, {shown}kB or {shown}MB"),
        ));
    }
    let size = SIZE_UNITS.iter().find(|(name, _)| *name == unit).map(|(_, size)| *size);
    number.parse::<u64>().ok().zip(size).and_then(|(n, size)| n.checked_mul(size)).ok_or_else(|| {
        let hint = "whole numbers with B, kB, MB, GB (powers of 10) or KiB, MiB, GiB (powers of 2)";
        (format!("{} is not a size", quote(text)), hint.into())
    })
}

fn split_number(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_needs_a_unit() {
        assert_eq!(parse_duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(parse_duration("1h 30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(parse_duration("800ms"), Ok(Duration::from_millis(800)));
        assert_eq!(parse_duration("25 months"), Ok(Duration::from_secs(25 * 2_629_800)));
        for bad in [
            "",
            "30",
            "s",
            "1.5h",
            "5 parsecs",
            "99999999999999999999s",
            "18446744073709551615d",
            "é",
            "3é",
            "30s 5",
        ] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_duration_reads_back_as_it_is_written() {
        for text in ["30s", "1h 30m", "800ms", "25 months", "14d", "1d 1ms"] {
            assert_eq!(Words(parse_duration(text).unwrap()).to_string(), text);
        }
    }

    #[test]
    fn megabytes_and_mebibytes_differ() {
        assert_eq!(parse_size("5MB"), Ok(5_000_000));
        assert_eq!(parse_size("5 MiB"), Ok(5 * 1024 * 1024));
        for bad in ["5", "5mb", "MB", "-1B", "18446744073709551615GB"] {
            assert!(parse_size(bad).is_err(), "{bad}");
        }
    }
}
