//! What speaks against a change: told once for all names that it is true of.

/// How much a breach weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The change is not published.
    Refuse,
    /// The change may be published; somebody should look.
    Warn,
}

/// What a rule has against a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// The rule: `R1`.
    pub rule: &'static str,
    /// Whether it refuses the change.
    pub severity: Severity,
    /// The names that it is about, with their last dot, in the order in which they were found.
    pub names: Vec<String>,
    /// What is wrong, of the first of the names.
    pub words: String,
    /// What to do about it.
    pub remedy: &'static str,
}

impl Severity {
    /// `refuse` or `warn`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Warn => "warn",
        }
    }

    /// What the change brings is refused; what was so before is warned about.
    pub(super) const fn of_new(is_new: bool) -> Self {
        if is_new { Self::Refuse } else { Self::Warn }
    }
}

/// A kind of breach within a rule: its remedy tells it from the others.
pub(super) type Remedy = &'static str;

/// What one rule has found so far.
#[derive(Debug, Default)]
pub(super) struct Breaches(Vec<Breach>);

impl Breaches {
    /// Something is wrong with a name. `words` are a sentence about it without its full stop.
    pub(super) fn add(
        &mut self,
        severity: Severity,
        remedy: Remedy,
        name: String,
        words: impl FnOnce(&str) -> String,
    ) {
        match self.0.iter_mut().find(|breach| breach.severity == severity && breach.remedy == remedy) {
            // A name may be required in several ways; it is one name.
            Some(breach) if breach.names.last() == Some(&name) => {}
            Some(breach) => breach.names.push(name),
            None => {
                let words = words(&name);
                self.0.push(Breach { rule: "", severity, names: vec![name], words, remedy });
            }
        }
    }

    /// Something is wrong with all of these at once, in words that tell it of all.
    pub(super) fn add_all(
        &mut self,
        severity: Severity,
        remedy: Remedy,
        names: Vec<String>,
        mut words: String,
    ) {
        words.push('.');
        self.0.push(Breach { rule: "", severity, names, words, remedy });
    }

    /// All of them, as this rule's.
    pub(super) fn of(self, rule: &'static str) -> impl Iterator<Item = Breach> {
        self.0.into_iter().map(move |mut breach| {
            match breach.names.len() {
                _ if breach.words.ends_with('.') => {}
                0 | 1 => breach.words.push('.'),
                2 => breach.words.push_str("; the same goes for one more name."),
                n => breach.words.push_str(&format!("; the same goes for {} more names.", n - 1)),
            }
            Breach { rule, ..breach }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_true_of_many_names_is_told_once() {
        let mut found = Breaches::default();
        for name in ["a.", "a.", "b.", "c."] {
            found.add(Severity::Refuse, "put it back", name.into(), |name| format!("{name} is gone"));
        }
        found.add(Severity::Warn, "put it back", "d.".into(), |name| format!("{name} was gone before"));
        let told: Vec<Breach> = found.of("R1").collect();
        assert_eq!(told[0].names, ["a.", "b.", "c."]);
        assert_eq!(told[0].words, "a. is gone; the same goes for 2 more names.");
        assert_eq!((told[1].words.as_str(), told[1].severity), ("d. was gone before.", Severity::Warn));
    }
}
