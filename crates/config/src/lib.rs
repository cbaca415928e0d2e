//! The configuration language: YAML (one file, or a folder of them) to one resolved [`Plan`].
//!
//! Strict: unknown keys, bare numbers where a unit belongs and relations that cannot hold are refused. One run
//! reports every fault, each with its place, what stands there, and a hint. What a later version will understand is
//! refused by name, never ignored.
//!
//! In reading order: `source` (files), `tree` (YAML with places), `field` (how the language is declared), `reader`
//! with `budget` (what a reading may cost), `quantity`, `text` and `unseen` (values), `section` and `step` (the language itself), then what is made from a plan
//! (`cost`, `show`, `front`) and from the declarations (`schema`, `reference`).

mod budget;
mod calendar;
mod cost;
mod countries;
mod environment;
mod fault;
mod field;
mod front;
mod limits;
mod quantity;
mod reader;
mod reference;
mod schema;
mod section;
mod show;
mod source;
mod step;
mod text;
mod tree;
mod unseen;
mod words;

use candor_core::Timestamp;
use candor_core::model::Plan;

pub use cost::{Cost, HostCost, cost};
pub use environment::{Environment, Process, SECRET_MAX};
pub use fault::{Fault, Faults, Severity, render};
pub use front::for_url;
pub use reader::FAULTS_MAX;
pub use reference::reference_markdown;
pub use schema::schema;
pub use show::show;
pub use source::{ALL_MAX, ENTRIES_MAX, FILE_MAX, ReadError, Source, SourceFile, open_regular};
pub use tree::{DEPTH_MAX, NODES_MAX};

/// A plan, and what goes with it.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// What will be watched.
    pub plan: Plan,
    /// [`Source::hash`] of its source.
    pub hash: String,
    /// What stands, but is probably not what was meant.
    pub warnings: Vec<Fault>,
}

/// Makes the plan that a source says. Maintenance by the calendar is worked out around `now`.
///
/// # Errors
/// Every fault of the source, in the order of its files.
pub fn resolve(source: &Source, environment: &dyn Environment, now: Timestamp) -> Result<Resolved, Faults> {
    let reader = reader::Reader::new(source, environment, now);
    let plan = section::root::read(&reader);
    let (faults, warnings) = reader.into_faults();
    match plan {
        Some(plan) if faults.is_empty() => Ok(Resolved { plan, hash: source.hash(), warnings }),
        _ => Err(Faults(faults)),
    }
}
