//! A journey: the steps of one customer doing one thing.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use serde::Serialize;

use super::place::Resolve;
use super::step::Step;

/// The steps of one customer doing one thing, and what they may do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Journey {
    /// The steps, in the order in which they run. `Always` steps run even where an earlier step failed.
    pub steps: Vec<JourneyStep>,
    /// Hosts that a response may point at although they are private, loopback or link-local. The hosts that the
    /// steps themselves name are always allowed.
    pub allow_hosts: BTreeSet<String>,
    /// Variables that hold everywhere; those of the place come on top.
    pub variables: BTreeMap<String, String>,
    /// Whether a run leaves traces in the service (orders, accounts, mail).
    pub writes: bool,
}

/// When a step runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepWhen {
    /// While all before it passed.
    Passing,
    /// Also after a failure: to clean up. Its own failure is reported, and never hides the first.
    Always,
}

/// One step with what surrounds it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JourneyStep {
    /// What it does.
    pub step: Step,
    /// When it runs.
    pub when: StepWhen,
    /// How long it may take, in all its phases and redirects.
    pub timeout: Duration,
    /// How it finds addresses. [`Resolve::Inherit`] asks the service's, then the vantage's, then the plan's.
    pub resolve: Resolve,
}
