//! What fills the holes of templates in one run: `{run}`, captures, and what the plan gives.
//!
//! The order is: `{run}`, captures of this run, the cell's variables (`place`, `id`, those of the place), the journey's.

use std::borrow::Cow;
use std::collections::BTreeMap;

use candor_core::template::{Piece, REDACTED, Template};

use crate::failure::StepFailure;

/// Longest captured value, in bytes.
pub(crate) const CAPTURE_MAX: usize = 4096;

/// The variables of one run.
#[derive(Debug)]
pub(crate) struct Variables<'a> {
    run: String,
    cell: &'a BTreeMap<String, String>,
    journey: &'a BTreeMap<String, String>,
    captures: BTreeMap<String, String>,
}

impl<'a> Variables<'a> {
    /// The variables before any capture.
    pub(crate) fn new(
        run: String,
        cell: &'a BTreeMap<String, String>,
        journey: &'a BTreeMap<String, String>,
    ) -> Self {
        Self { run, cell, journey, captures: BTreeMap::new() }
    }

    /// The value of `name`, if anything gives one.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        if name == "run" {
            return Some(&self.run);
        }
        self.captures.get(name).or_else(|| self.planned(name)).map(String::as_str)
    }

    /// Keeps a captured value; the caller has bounded it to [`CAPTURE_MAX`].
    pub(crate) fn capture(&mut self, name: &str, value: String) {
        self.captures.insert(name.to_owned(), value);
    }

    /// Captured values by name.
    pub(crate) fn captures(&self) -> &BTreeMap<String, String> {
        &self.captures
    }

    /// Fills `template` for sending: secrets stand in it in the clear.
    ///
    /// # Errors
    /// A fault of the configuration where nothing fills a hole.
    pub(crate) fn fill(&self, template: &Template) -> Result<String, StepFailure> {
        template
            .fill(|name| self.get(name).map(Cow::Borrowed))
            .map_err(|hole| StepFailure::config(format!("{hole} (no earlier step captured it)")))
    }

    /// Fills `template` for reading: secrets are stars; captures, which may be credentials, and unknown holes stay as
    /// written.
    pub(crate) fn show(&self, template: &Template) -> String {
        let mut out = String::new();
        for piece in &template.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Secret(_) => out.push_str(REDACTED),
                Piece::Hole(name) => match self.get(name) {
                    Some(value) if !self.captures.contains_key(name) => out.push_str(value),
                    _ => out.extend(["{", name, "}"]),
                },
            }
        }
        out
    }

    /// Fills `template` with what the plan alone gives, and every other hole with `stranger`.
    pub(crate) fn fill_planned(&self, template: &Template, stranger: &str) -> String {
        template
            .fill(|name| match name {
                "run" => Some(Cow::Borrowed(self.run.as_str())),
                name => Some(Cow::Borrowed(self.planned(name).map_or(stranger, String::as_str))),
            })
            .unwrap_or_default()
    }

    fn planned(&self, name: &str) -> Option<&String> {
        self.cell.get(name).or_else(|| self.journey.get(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capture_comes_before_the_place_and_the_place_before_the_journey() {
        let cell =
            BTreeMap::from([("a".to_owned(), "place".to_owned()), ("b".to_owned(), "place".to_owned())]);
        let journey =
            BTreeMap::from([("b".to_owned(), "journey".to_owned()), ("c".to_owned(), "journey".to_owned())]);
        let mut variables = Variables::new("r".to_owned(), &cell, &journey);
        variables.capture("a", "captured".to_owned());
        let template = Template(["a", "b", "c", "run"].map(|hole| Piece::Hole(hole.to_owned())).to_vec());
        assert_eq!(variables.fill(&template).unwrap(), "capturedplacejourneyr");
        assert_eq!(variables.fill_planned(&template, "?"), "placeplacejourneyr");
    }

    #[test]
    fn a_text_for_reading_shows_no_secret() {
        let none = BTreeMap::new();
        let variables = Variables::new("r".to_owned(), &none, &none);
        let secret = candor_core::template::Secret::new("hunter2".to_owned());
        let template = Template(vec![Piece::Secret(secret), Piece::Hole("gone".to_owned())]);
        assert_eq!(variables.show(&template), format!("{REDACTED}{{gone}}"));
    }
}
