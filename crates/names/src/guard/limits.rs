//! How far a change may go.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::{RULES, Severity};
use crate::network::Network;

/// A share of a whole, in hundredths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u32);

/// The limits of the rules, each with its default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The share of the zone's RRsets that may vanish at once (R2).
    pub removed: Share,
    /// How many names may vanish at once, however large the zone (R2).
    pub removed_names: usize,
    /// The longest time, in seconds, for which caches may remember that something does not exist (R11).
    pub negative_ttl: u32,
    /// The longest time, in seconds, for which caches may remember a record that the change brings (R11).
    pub ttl: u32,
    /// The networks that the zone's addresses lie in; nowhere is said not to (R10).
    pub owned: Vec<Network>,
    /// The last line of a text that is whole (R14).
    pub last_line: Option<String>,
    /// Rules that weigh otherwise than by themselves: `None` for one that is off.
    pub rules: BTreeMap<&'static str, Option<Severity>>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            removed: Share(500),
            removed_names: 1_000,
            negative_ttl: 3 * 3_600,
            ttl: 7 * 86_400,
            owned: Vec::new(),
            last_line: None,
            rules: BTreeMap::new(),
        }
    }
}

impl Limits {
    /// Sets how much a rule weighs; `None` turns it off.
    ///
    /// # Errors
    /// In words, where there is no such rule.
    pub fn weigh(&mut self, rule: &str, severity: Option<Severity>) -> Result<(), String> {
        let known = RULES.iter().find(|known| known.id.eq_ignore_ascii_case(rule));
        let Some(known) = known else {
            let all: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
            return Err(format!("there is no rule {rule:?}: there are {}", all.join(", ")));
        };
        self.rules.insert(known.id, severity);
        Ok(())
    }
}

impl Share {
    /// From hundredths of a percent, up to the whole.
    #[must_use]
    pub fn of_hundredths(hundredths: u32) -> Option<Self> {
        (hundredths <= 10_000).then_some(Self(hundredths))
    }

    /// This share of a number, rounded down.
    #[must_use]
    pub fn of(self, whole: usize) -> usize {
        let part = u128::from(self.0) * u128::try_from(whole).unwrap_or(u128::MAX) / 10_000;
        usize::try_from(part).unwrap_or(usize::MAX)
    }
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no share: write 5% or 0.5%, up to 100%");
        let number = text.strip_suffix('%').ok_or_else(wrong)?.trim_end();
        let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
        let digits =
            |text: &str| !text.is_empty() && text.len() <= 3 && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(part) || part.len() > 2 {
            return Err(wrong());
        }
        let hundredths: u32 = format!("{part:0<2}").parse().map_err(|_| wrong())?;
        let whole: u32 = whole.parse().map_err(|_| wrong())?;
        let share = whole * 100 + hundredths;
        if share <= 10_000 { Ok(Self(share)) } else { Err(wrong()) }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 100, self.0 % 100) {
            (whole, 0) => write!(out, "{whole} %"),
            (whole, part) => {
                let part = format!("{part:02}");
                write!(out, "{whole}.{} %", part.trim_end_matches('0'))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_read_shown_and_taken_of_a_whole() {
        for (text, shown, of) in [
            ("5%", "5 %", 50),
            ("0.5%", "0.5 %", 5),
            ("100 %", "100 %", 1_000),
            ("12.25%", "12.25 %", 122),
            ("0%", "0 %", 0),
        ] {
            let share: Share = text.parse().unwrap();
            assert_eq!((share.to_string().as_str(), share.of(1_000)), (shown, of), "{text}");
        }
        for text in ["", "5", "%", "-5%", "101%", "1.234%", "1.%", "five%", "99999999999%", "+5%"] {
            assert!(text.parse::<Share>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_rules_that_there_are_can_be_weighed() {
        let mut limits = Limits::default();
        limits.weigh("r7", None).unwrap();
        assert_eq!(limits.rules, [("R7", None)].into());
        assert!(limits.weigh("R99", None).unwrap_err().contains("R1, R2"));
    }
}
