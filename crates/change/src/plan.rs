//! A plan: what a change does, what speaks against it, and what it was made for. Its JSON is that of docs/guard.md.

use candor_names::Zone;
use candor_names::guard::{Breach, Case, Severity, changes, guard};
use serde::Serialize;

/// Most sets of records that are listed; the rest is counted.
const LISTED: usize = 10_000;

/// What a change does, and what speaks against it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// The zone's apex, with its last dot.
    pub zone: String,
    /// What it is made for.
    pub base: Version,
    /// What it would make of it; none where what is proposed is no zone.
    pub proposed: Option<Version>,
    /// Whether it must not be published.
    pub refused: bool,
    /// What the rules have against it, refusals first.
    pub findings: Vec<Finding>,
    /// What changes.
    pub diff: Difference,
    /// How many required names it was judged by.
    pub required: usize,
    /// What became of the journeys with the proposed zone; none where none were tried.
    pub journeys: Option<Journeys>,
}

/// Journeys, tried with the names of a zone that is not published.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Journeys {
    /// How many were tried.
    pub tried: usize,
    /// How many of them passed.
    pub passed: usize,
    /// How many fail with the live zone as well, and say nothing.
    pub failing_already: usize,
    /// How many write, and were left out.
    pub left_out: usize,
    /// Those that pass with the live zone, and would not.
    pub broken: Vec<Broken>,
}

/// A journey that the change would break.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// The service.
    pub service: String,
    /// What customers could not do.
    pub capability: String,
    /// Where, if it differs by place.
    pub place: Option<String>,
    /// How it would fail: `dns.nxdomain`, and the detail.
    pub fault: String,
}

/// A version of a zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Version {
    /// Its serial.
    pub serial: u32,
    /// BLAKE3 of the zone as canonical text, in hexadecimal: the same records have the same hash.
    pub hash: String,
}

/// What a rule has against a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule: `R1`.
    pub rule: String,
    /// `refuse` or `warn`.
    pub severity: &'static str,
    /// The names that it is about.
    pub names: Vec<String>,
    /// What is wrong.
    pub words: String,
    /// What to do about it.
    pub remedy: String,
}

/// What changes, by sets of records.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Difference {
    /// Sets that would be new.
    pub added: Vec<Set>,
    /// Sets that would be gone.
    pub removed: Vec<Set>,
    /// Sets that would be others.
    pub changed: Vec<Set>,
    /// How many sets change besides those that are listed.
    #[serde(skip_serializing_if = "is_zero")]
    pub more: usize,
}

/// A set of records that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Set {
    /// Its owner.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub rtype: String,
    /// TTL and data as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Records>,
    /// TTL and data as they would be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Records>,
}

/// The records of a set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Records {
    /// Time to live, in seconds.
    pub ttl: u32,
    /// Their data.
    pub data: Vec<String>,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Version {
    /// Of a zone.
    #[must_use]
    pub fn of(zone: &Zone) -> Self {
        let hash = blake3::hash(zone.to_zone_file().as_bytes()).to_hex().to_string();
        Self { serial: zone.serial(), hash }
    }
}

impl Plan {
    /// Judges a change.
    #[must_use]
    pub fn of(case: &Case<'_>) -> Self {
        let findings: Vec<Finding> = guard(case).into_iter().map(Finding::of).collect();
        Self {
            zone: case.live.origin(),
            base: Version::of(case.live),
            proposed: Some(Version::of(case.proposed)),
            refused: findings.iter().any(|finding| finding.severity == Severity::Refuse.word()),
            findings,
            diff: Difference::of(case),
            required: case.required.len(),
            journeys: None,
        }
    }

    /// Whether it changes nothing.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.proposed.as_ref() == Some(&self.base)
    }

    /// Of what is proposed and cannot even be judged: only what is refused about it is known.
    #[must_use]
    pub fn unreadable(live: &Zone, findings: Vec<Finding>, required: usize) -> Self {
        Self {
            zone: live.origin(),
            base: Version::of(live),
            proposed: None,
            refused: true,
            findings,
            diff: Difference::default(),
            required,
            journeys: None,
        }
    }

    /// With what became of the journeys: one that would break refuses the change.
    #[must_use]
    pub fn with_journeys(mut self, journeys: Journeys) -> Self {
        self.refused |= !journeys.broken.is_empty();
        self.journeys = Some(journeys);
        self
    }
}

impl Finding {
    /// Of what the guard says.
    #[must_use]
    pub fn of(breach: Breach) -> Self {
        Self {
            rule: breach.rule.to_owned(),
            severity: breach.severity.word(),
            names: breach.names,
            words: breach.words,
            remedy: breach.remedy.to_owned(),
        }
    }

    /// Whether it refuses the change.
    #[must_use]
    pub fn refuses(&self) -> bool {
        self.severity == Severity::Refuse.word()
    }
}

impl Difference {
    fn of(case: &Case<'_>) -> Self {
        let mut diff = Self::default();
        for (at, change) in changes(case).enumerate() {
            if at >= LISTED {
                diff.more += 1;
                continue;
            }
            let records = |set: Option<(u32, Vec<String>)>| set.map(|(ttl, data)| Records { ttl, data });
            let set = Set {
                name: change.name,
                rtype: change.rtype,
                before: records(change.before),
                after: records(change.after),
            };
            match (&set.before, &set.after) {
                (None, _) => diff.added.push(set),
                (_, None) => diff.removed.push(set),
                _ => diff.changed.push(set),
            }
        }
        diff
    }

    /// How many sets change.
    #[must_use]
    pub fn len(&self) -> usize {
        self.added.len() + self.removed.len() + self.changed.len() + self.more
    }

    /// Whether none does.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
