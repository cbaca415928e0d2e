//! What `candor explain` prints: the sentence and the tree, JSON, a picture; and progress while it walks.

pub(crate) mod fetch;
pub(crate) mod human;
pub(crate) mod incident;
pub(crate) mod json;
pub(crate) mod rdap;
pub(crate) mod reach;
pub(crate) mod svg;

use std::io::{IsTerminal, Write};

use candor_names::walk::Step;

use crate::print::counted;

/// One line on standard error that says what is being asked, where that is a terminal.
pub(crate) struct Progress {
    shown: bool,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self { shown: std::io::stderr().is_terminal() }
    }

    pub(crate) fn show(&self, step: &Step) {
        if !self.shown {
            return;
        }
        let line = match step {
            Step::Zone { apex, servers } => format!("asking {} of {apex}", counted(*servers, "server")),
            Step::Alias { name, target } => format!("{name} is an alias of {target}"),
            Step::Resolvers(count) => format!("asking {}", counted(*count, "resolver")),
        };
        let line: String = line.chars().take(78).collect();
        let _ = write!(std::io::stderr().lock(), "\r\x1b[K{line}");
    }

    pub(crate) fn clear(&self) {
        if self.shown {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
        }
    }
}
