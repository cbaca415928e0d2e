//! The guard: whether a new version of a zone may be published.
//!
//! * [`Case`]: what is live, what is proposed, which names are required, what the limits are, and what was seen of the world.
//! * [`RULES`]: what is demanded of a change, a file each, by the numbers of docs/guard.md.
//! * [`guard()`]: every rule over one case. Pure: nothing is asked, nothing is published.
//!
//! Failure policy: what a change breaks is refused; what was broken before, and the change leaves so, is warned about, so that
//! a repair is never refused for what it does not repair yet. What could not be looked at is a warning, not a pass.
//! Absent: publishing, and what needs it (R12, compare and swap; R13, one server first; R15, watching the parent).

mod breach;
mod changes;
mod delegation;
mod limits;
mod names;
mod origin;
mod removal;
mod required;
mod serials;
mod servers;
mod signatures;
mod soa;
mod source;
mod targets;
mod ttl;
mod values;
mod wildcard;

pub use breach::{Breach, Severity};
pub use changes::{SetChange, changes};
pub use limits::{Limits, Share};
pub use required::{Need, NeedError, Required, outside, questions};
pub use source::{Source, empty, unreadable};

use std::collections::{BTreeMap, BTreeSet};

use breach::Breaches;

use crate::secure::Ds;
use crate::zone::{DiffError, Zone, ZoneDiff};

/// A rule: what it demands, and how that is looked at.
#[derive(Debug)]
pub struct Rule {
    /// Its number in docs/guard.md: `R1`.
    pub id: &'static str,
    /// What it demands, in a line.
    pub demands: &'static str,
    check: fn(&Case<'_>, &mut Breaches),
}

/// All rules that are looked at before anything is published.
pub const RULES: &[Rule] = &[
    Rule { id: "R1", demands: "a required name leads to data of the required type", check: required::check },
    Rule {
        id: "R2",
        demands: "few names vanish at once, and no set of a required name",
        check: removal::check,
    },
    Rule { id: "R3", demands: "no name has the zone's name twice", check: origin::check },
    Rule {
        id: "R4",
        demands: "what NS, MX, SRV and CNAME lead to in the zone is there",
        check: targets::check,
    },
    Rule { id: "R5", demands: "the serial is newer than on every server", check: serials::check },
    Rule {
        id: "R6",
        demands: "every server of the zone answers for every required name",
        check: delegation::check,
    },
    Rule { id: "R7", demands: "the zone's servers do not all stand in one place", check: servers::check },
    Rule { id: "R8", demands: "signatures hold, and the parent's DS fits a key", check: signatures::check },
    Rule { id: "R9", demands: "no wildcard answers for a required name", check: wildcard::check },
    Rule { id: "R10", demands: "addresses, mail and policies are what they may be", check: values::check },
    Rule { id: "R11", demands: "caches do not remember a mistake for long", check: ttl::check },
    Rule { id: "R14", demands: "the text is whole", check: source::check_whole },
    Rule { id: "R16", demands: "copies of the zone outlive their primary", check: soa::check },
    Rule { id: "R17", demands: "what the zone was made from was not empty", check: source::check_empty },
];

/// What the zone above says of a zone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parent {
    /// The hosts of the name servers that it delegates to, in lower case with their last dot.
    pub servers: BTreeSet<String>,
    /// What it says are the zone's keys.
    pub ds: Vec<Ds>,
}

/// What a server of the zone said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSaid {
    /// Its name or address.
    pub name: String,
    /// Whether the change makes it one of the zone's.
    pub is_new: bool,
    /// The serial that it has; or why that is not known.
    pub serial: Result<u32, String>,
    /// Required names that it does not answer for as the zone says, each with what it said.
    pub otherwise: Vec<(String, String)>,
}

/// What is known of the world outside of both versions.
#[derive(Debug, Clone, Default)]
pub struct Around {
    /// The time, in seconds since 1970; 0 where signatures are not looked at for their end.
    pub now: u64,
    /// What the zone above says of this one, where it was asked.
    pub parent: Option<Parent>,
    /// What each server of the zone said, of those that were asked.
    pub servers: Vec<ServerSaid>,
    /// Whether names outside of the zone have what is needed, where that was looked up; a name and a type each.
    pub elsewhere: BTreeMap<(String, String), bool>,
}

/// A change to be judged.
#[derive(Debug)]
pub struct Case<'a> {
    /// What is published.
    pub live: &'a Zone,
    /// What is to be published.
    pub proposed: &'a Zone,
    /// The text of what is proposed, where there is one.
    pub source: Source<'a>,
    /// The names that must go on leading somewhere.
    pub required: &'a [Required],
    /// How far a change may go.
    pub limits: &'a Limits,
    /// What was seen of the world.
    pub around: &'a Around,
    diff: ZoneDiff,
}

impl<'a> Case<'a> {
    /// A change of `live` to `proposed`.
    ///
    /// # Errors
    /// When they are not two versions of one zone.
    pub fn new(
        live: &'a Zone,
        proposed: &'a Zone,
        required: &'a [Required],
        limits: &'a Limits,
        around: &'a Around,
    ) -> Result<Self, DiffError> {
        let diff = live.diff(proposed)?;
        Ok(Self { live, proposed, source: Source::default(), required, limits, around, diff })
    }

    /// With the texts that the versions were read from.
    #[must_use]
    pub fn with_source(mut self, source: Source<'a>) -> Self {
        self.source = source;
        self
    }

    /// What changes.
    #[must_use]
    pub fn diff(&self) -> &ZoneDiff {
        &self.diff
    }
}

/// Everything that speaks against the change, refusals first, then in the order of the rules.
#[must_use]
pub fn guard(case: &Case<'_>) -> Vec<Breach> {
    let mut all = Vec::new();
    for rule in RULES {
        let weight = case.limits.rules.get(rule.id);
        if weight == Some(&None) {
            continue;
        }
        let mut breaches = Breaches::default();
        (rule.check)(case, &mut breaches);
        let weighed = breaches.of(rule.id).map(|breach| match weight {
            Some(Some(severity)) => Breach { severity: *severity, ..breach },
            _ => breach,
        });
        all.extend(weighed);
    }
    all.sort_by_key(|breach| breach.severity);
    all
}
