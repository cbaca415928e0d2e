//! The truth of causes: what was really the matter, which cells failed for it and when, and by which classes of failure it
//! may be called.
//!
//! A pure type. It is made by the [`crate::model`] from the causes of a scenario and what followed from them; nothing of
//! whoever watches goes in. The classes are those of docs/dns.md, and `not_dns`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::Ms;
use crate::truth::{CellName, Span, as_list};

/// Nothing is wrong with any name.
pub const NOT_DNS: &str = "not_dns";

/// The evidence does not say.
pub const COULD_NOT_TELL: &str = "could_not_tell";

/// What is really the matter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Root {
    /// What was published in the zone with this serial.
    Zone(u32),
    /// Name servers that do not answer.
    Servers,
    /// Name servers whose copy of the zone is too old.
    Copies,
    /// The link of a place.
    Place(String),
    /// A role of the estate.
    Role(String),
    /// The certificate of a host.
    Certificate(String),
}

impl Root {
    /// Whether it is a matter of the DNS.
    #[must_use]
    pub const fn is_dns(&self) -> bool {
        matches!(self, Self::Zone(_) | Self::Servers | Self::Copies)
    }
}

impl std::fmt::Display for Root {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Zone(serial) => write!(f, "the zone with serial {serial}"),
            Self::Servers => f.write_str("name servers that do not answer"),
            Self::Copies => f.write_str("copies of the zone that are too old"),
            Self::Place(place) => write!(f, "the link to {place}"),
            Self::Role(role) => write!(f, "{role}"),
            Self::Certificate(host) => write!(f, "the certificate of {host}"),
        }
    }
}

/// By which classes it may be called from a moment on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Accepted {
    /// From then.
    pub from_ms: Ms,
    /// The classes.
    pub classes: BTreeSet<&'static str>,
    /// What it is about: names, servers, a role, a place.
    pub subject: String,
}

/// Something that was really the matter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// What.
    pub root: Root,
    /// The cells whose customers met it, and when.
    #[serde(serialize_with = "as_list")]
    pub cells: BTreeMap<CellName, Vec<Span>>,
    /// What it may be called, in the order of time.
    pub accepted: Vec<Accepted>,
}

impl Fault {
    /// From its first harm until the end of its last.
    #[must_use]
    pub fn extent(&self) -> (Ms, Ms) {
        let spans = self.cells.values().flatten();
        spans.fold((Ms::MAX, 0), |(from, until), span| (from.min(span.from_ms), until.max(span.until_ms)))
    }

    /// What it may be called by who looked between two moments.
    fn between(&self, from_ms: Ms, until_ms: Ms) -> impl Iterator<Item = &'static str> {
        let ends = self.accepted.iter().skip(1).map(|next| next.from_ms).chain([Ms::MAX]);
        let then = self.accepted.iter().zip(ends);
        let then = then.filter(move |(what, end)| what.from_ms <= until_ms && from_ms < *end);
        then.flat_map(|(what, _)| what.classes.iter().copied())
    }

    /// Whether it may be called so by who looked between two moments.
    #[must_use]
    pub fn accepts(&self, class: &str, from_ms: Ms, until_ms: Ms) -> bool {
        self.between(from_ms, until_ms).any(|known| known == class)
    }

    /// The same for people: `F1 or F3`.
    #[must_use]
    pub fn called(&self, from_ms: Ms, until_ms: Ms) -> String {
        let classes: BTreeSet<(usize, &str)> =
            self.between(from_ms, until_ms).map(|class| (class.len(), class)).collect();
        classes.into_iter().map(|(_, class)| class).collect::<Vec<_>>().join(" or ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_may_be_called_changes_with_time() {
        let accepted = |from_ms, class| Accepted { from_ms, classes: [class].into(), subject: String::new() };
        let accepted = vec![accepted(1_000, "F5"), accepted(3_000, "F1")];
        let fault = Fault { root: Root::Zone(2), cells: BTreeMap::new(), accepted };
        let called = |class, from, until| fault.accepts(class, from, until);
        assert!(called("F5", 2_000, 8_000) && called("F1", 2_000, 8_000) && called("F1", 9_000, 9_500));
        assert!(!called("F5", 3_000, 8_000) && !called("F1", 0, 2_999) && !called("F2", 0, 9_000));
        assert_eq!((fault.called(0, 9_000), fault.called(4_000, 5_000)), ("F1 or F5".into(), "F1".into()));
    }
}
