//! What a row of the bench is: what is measured, against whom, and what it should be.

use std::path::Path;

use super::profile::Subject;

/// One row of the table.
pub(crate) struct Row {
    /// Its name on the command line and in docs/benchmarks.md.
    pub(crate) id: &'static str,
    /// What is measured.
    pub(crate) title: &'static str,
    /// What it is measured against, in the same run.
    pub(crate) peers: &'static str,
    /// Programs without which it is not measured.
    pub(crate) needs: &'static [&'static str],
    /// What `--profile` looks into, where it can.
    pub(crate) profile: Option<fn() -> Result<Subject, String>>,
    /// Measures it.
    pub(crate) measure: fn(&Bench<'_>) -> Result<Vec<Measured>, String>,
}

/// What a row is given.
pub(crate) struct Bench<'a> {
    /// The root of the workspace.
    pub(crate) root: &'a Path,
    /// How often each measurement is repeated.
    pub(crate) rounds: usize,
    /// Whether to take the minutes that a cold build needs.
    pub(crate) cold: bool,
    /// The binary to measure, instead of one built here.
    pub(crate) candor: Option<&'a str>,
}

impl Bench<'_> {
    /// Does one round after the other, and says how far it is.
    ///
    /// # Errors
    /// The first that a round says.
    pub(crate) fn each_round(&self, mut once: impl FnMut() -> Result<String, String>) -> Result<(), String> {
        for round in 1..=self.rounds {
            println!("    round {round} of {}: {}", self.rounds, once()?);
        }
        Ok(())
    }
}

/// One measured value, with all its repetitions.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    /// Which value of the row this is.
    pub(crate) what: String,
    /// Its unit.
    pub(crate) unit: &'static str,
    /// One value for each round.
    pub(crate) samples: Vec<f64>,
    /// What it should be.
    pub(crate) goal: Goal,
}

/// What a value should be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Goal {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
    /// None of its own: it stands beside another.
    Beside,
}

impl Goal {
    fn met_by(self, value: f64) -> bool {
        match self {
            Self::AtLeast(goal) => value >= goal,
            Self::AtMost(goal) => value <= goal,
            Self::Beside => true,
        }
    }
}

impl std::fmt::Display for Goal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AtLeast(goal) => write!(f, "at least {}", short(*goal)),
            Self::AtMost(goal) => write!(f, "at most {}", short(*goal)),
            Self::Beside => f.write_str("none"),
        }
    }
}

impl Measured {
    /// A value without a goal of its own.
    pub(crate) fn beside(what: impl Into<String>, unit: &'static str, samples: Vec<f64>) -> Self {
        Self { what: what.into(), unit, samples, goal: Goal::Beside }
    }

    /// The middle of the repetitions; with an even number, the lower of the two.
    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.samples.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len().saturating_sub(1) / 2).copied().unwrap_or(f64::NAN)
    }

    /// The smallest and the largest repetition.
    pub(crate) fn range(&self) -> (f64, f64) {
        let fold = |pick: fn(f64, f64) -> f64| self.samples.iter().copied().reduce(pick).unwrap_or(f64::NAN);
        (fold(f64::min), fold(f64::max))
    }

    /// Whether the median is what it should be.
    pub(crate) fn meets_goal(&self) -> bool {
        self.goal.met_by(self.median())
    }
}

/// A number as people write it: thousands apart, and no more digits than it deserves.
pub(crate) fn short(value: f64) -> String {
    if value.abs() < 1.0 && value.fract() != 0.0 {
        return format!("{value:.4}");
    }
    if value.abs() < 100.0 && value.fract() != 0.0 {
        return format!("{value:.2}");
    }
    let digits = format!("{value:.0}");
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(samples: &[f64], goal: Goal) -> Measured {
        Measured { what: "x".into(), unit: "s", samples: samples.to_vec(), goal }
    }

    #[test]
    fn the_median_decides_whether_a_goal_is_met() {
        assert!(measured(&[1.0, 9.0, 2.0], Goal::AtMost(2.0)).meets_goal());
        assert!(!measured(&[1.0, 9.0, 2.0], Goal::AtLeast(3.0)).meets_goal());
    }

    #[test]
    fn a_value_that_was_never_measured_meets_no_goal() {
        assert!(!measured(&[], Goal::AtMost(2.0)).meets_goal());
        assert!(!measured(&[], Goal::AtLeast(2.0)).meets_goal());
    }

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!(short(1_234_567.8), "1,234,568");
        assert_eq!(short(0.094_7), "0.0947");
        assert_eq!(short(1.234), "1.23");
        assert_eq!(short(100.0), "100");
        assert_eq!(short(5.0), "5");
    }
}
