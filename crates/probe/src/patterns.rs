//! Regular expressions, JSON paths and CSS selectors of the plan, compiled once.
//!
//! Config has checked them; one that does not compile after all is a fault of the configuration when its step runs.

use std::collections::HashMap;
use std::fmt;

use candor_core::model::{CaptureFrom, HttpStep, JsonMatch, Plan, Step, Target, TextMatch};
use regex::Regex;
use scraper::Selector;
use serde_json_path::JsonPath;

use crate::failure::StepFailure;

/// Everything compiled, by its text.
#[derive(Default)]
pub(crate) struct Patterns {
    regexes: HashMap<String, Result<Regex, String>>,
    paths: HashMap<String, Result<JsonPath, String>>,
    selectors: HashMap<String, Result<Selector, String>>,
}

impl fmt::Debug for Patterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Patterns").finish_non_exhaustive()
    }
}

impl Patterns {
    /// Compiles what the journeys of `plan` hold.
    pub(crate) fn of(plan: &Plan) -> Self {
        let mut patterns = Self::default();
        for capability in plan.services.iter().flat_map(|service| &service.capabilities) {
            for step in &capability.journey.steps {
                if let Step::Http(step) = &step.step {
                    patterns.add(step);
                }
            }
        }
        patterns
    }

    fn add(&mut self, step: &HttpStep) {
        if let Target::FirstLink(selector) = &step.target {
            self.add_selector(selector);
        }
        for (path, expected) in &step.expect.json {
            self.add_path(path);
            if let JsonMatch::Matches(pattern) = expected {
                self.add_regex(pattern);
            }
        }
        for (_, expected) in &step.expect.headers {
            if let TextMatch::Matches(pattern) = expected {
                self.add_regex(pattern);
            }
        }
        for capture in &step.captures {
            match &capture.from {
                CaptureFrom::Json(path) => self.add_path(path),
                CaptureFrom::Css { selector, .. } => self.add_selector(selector),
                CaptureFrom::Regex(pattern) => self.add_regex(pattern),
                CaptureFrom::Header(_) => {}
            }
        }
    }

    fn add_regex(&mut self, text: &str) {
        let compile = || Regex::new(text).map_err(|error| error.to_string());
        self.regexes.entry(text.to_owned()).or_insert_with(compile);
    }

    fn add_path(&mut self, text: &str) {
        let compile = || JsonPath::parse(text).map_err(|error| error.to_string());
        self.paths.entry(text.to_owned()).or_insert_with(compile);
    }

    fn add_selector(&mut self, text: &str) {
        let compile = || Selector::parse(text).map_err(|error| error.to_string());
        self.selectors.entry(text.to_owned()).or_insert_with(compile);
    }

    /// The compiled regular expression.
    ///
    /// # Errors
    /// A fault of the configuration where it is none.
    pub(crate) fn regex(&self, text: &str) -> Result<&Regex, StepFailure> {
        compiled(&self.regexes, text, "pattern")
    }

    /// The compiled JSON path.
    ///
    /// # Errors
    /// A fault of the configuration where it is none.
    pub(crate) fn path(&self, text: &str) -> Result<&JsonPath, StepFailure> {
        compiled(&self.paths, text, "JSON path")
    }

    /// The compiled selector.
    ///
    /// # Errors
    /// A fault of the configuration where it is none.
    pub(crate) fn selector(&self, text: &str) -> Result<&Selector, StepFailure> {
        compiled(&self.selectors, text, "CSS selector")
    }
}

fn compiled<'a, T>(
    from: &'a HashMap<String, Result<T, String>>,
    text: &str,
    what: &str,
) -> Result<&'a T, StepFailure> {
    match from.get(text) {
        Some(Ok(compiled)) => Ok(compiled),
        Some(Err(why)) => Err(StepFailure::config(format!("{what} {text:?}: {why}"))),
        None => Err(StepFailure::config(format!("{what} {text:?} is not part of the plan"))),
    }
}
