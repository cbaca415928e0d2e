//! What one reading may cost: values read, bytes written out, checks made, patterns compiled.
//!
//! A few hundred bytes of YAML can ask for anything: aliases of aliases, ids times capabilities times places, a text of
//! a megabyte in every step. Each reader has these budgets for the whole of its source. Where one is used up, that is
//! one fault at its place, and what is left is not read: [`Reader::is_spent`] ends every loop over things of the user's.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use crate::limits::{BYTES_MAX, CHECKS_MAX, COSTLY_PATTERNS_MAX, VALUES_MAX};
use crate::quantity::Bytes;
use crate::reader::Reader;
use crate::tree::Span;

/// What is wrong with a text, and a way out.
pub(crate) type Wrong = (String, &'static str);

/// What has been spent so far.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    values: Cell<usize>,
    bytes: Cell<usize>,
    checks: Cell<usize>,
    costly_patterns: Cell<usize>,
    spent: Cell<bool>,
    /// What is wrong with patterns, paths and selectors that were judged, by their kind and text.
    judged: RefCell<HashMap<(&'static str, String), Option<Wrong>>>,
}

impl Reader<'_> {
    /// Whether nothing more is read: a budget is used up, or as many faults were found as are kept.
    pub(crate) fn is_spent(&self) -> bool {
        self.budget.spent.get() || self.is_full()
    }

    /// Takes so many values, aliases and templates written out.
    pub(crate) fn spend_values(&self, at: Span, n: usize) -> bool {
        let why = || format!("more than {VALUES_MAX} values, with aliases and templates written out");
        self.spend(&self.budget.values, n, VALUES_MAX, at, why)
    }

    /// Takes so many bytes of text.
    pub(crate) fn spend_bytes(&self, at: Span, n: usize) -> bool {
        let why = || {
            let most = Bytes(BYTES_MAX as u64);
            format!("more than {most} of text, with aliases, templates and secrets written out")
        };
        self.spend(&self.budget.bytes, n, BYTES_MAX, at, why)
    }

    /// Takes so many checks.
    pub(crate) fn spend_checks(&self, at: Span, n: usize) -> bool {
        let why = || format!("more than {CHECKS_MAX} checks (cells x vantages) in one plan");
        self.spend(&self.budget.checks, n, CHECKS_MAX, at, why)
    }

    /// Takes a pattern that is large when compiled.
    pub(crate) fn spend_costly_pattern(&self, at: Span) -> bool {
        let why = || format!("more than {COSTLY_PATTERNS_MAX} patterns that are large when compiled");
        self.spend(&self.budget.costly_patterns, 1, COSTLY_PATTERNS_MAX, at, why)
    }

    fn spend(&self, of: &Cell<usize>, n: usize, max: usize, at: Span, why: impl Fn() -> String) -> bool {
        of.set(of.get().saturating_add(n));
        if of.get() <= max {
            return true;
        }
        if !self.budget.spent.replace(true) {
            self.refuse_hint(at, why(), "watch a part of it from here, another part from another hub");
        }
        false
    }

    /// Whether a pattern, path or selector is sound; each text is judged once, however often it is read.
    pub(crate) fn judged(
        &self,
        kind: &'static str,
        text: &str,
        at: Span,
        judge: impl FnOnce() -> Option<Wrong>,
    ) -> bool {
        let key = (kind, text.to_owned());
        let known = self.budget.judged.borrow().get(&key).cloned();
        let wrong = known.unwrap_or_else(|| {
            let wrong = judge();
            self.budget.judged.borrow_mut().insert(key, wrong.clone());
            wrong
        });
        let sound = wrong.is_none();
        if let Some((message, hint)) = wrong {
            self.refuse_hint(at, message, hint);
        }
        sound
    }

    /// Refuses more than `max` of something.
    pub(crate) fn at_most(&self, at: Span, n: usize, max: usize, what: &str) -> bool {
        if n > max {
            self.refuse(at, format!("{n} {what} are more than the {max} that fit here"));
        }
        n <= max
    }
}
