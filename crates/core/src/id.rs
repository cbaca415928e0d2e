//! Ids: short stable words chosen by the user, and the numbers derived from them.
//!
//! A word id is 1 to 63 characters of `a-z`, `0-9`, `-`, `_` and `.`, starting and ending with a letter or digit,
//! so that it can stand in a URL, a file name and a metric label without escaping.

use alloc::sync::Arc;
use core::fmt;

use serde::{Deserialize, Serialize};

/// Longest word id, in bytes: that of a DNS label (RFC 1035, section 2.3.4).
pub const ID_MAX: usize = 63;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdError {
    /// Nothing was given.
    Empty,
    /// Longer than [`ID_MAX`] bytes.
    TooLong,
    /// A character outside of the alphabet, with its byte offset.
    Character(char, usize),
}

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("an id cannot be empty"),
            Self::TooLong => write!(f, "an id has at most {ID_MAX} characters"),
            Self::Character(c, at) => write!(
                f,
                "{c:?} at position {} cannot stand in an id (a-z, 0-9, and - _ . inside)",
                at.saturating_add(1)
            ),
        }
    }
}

impl core::error::Error for IdError {}

fn check(text: &str) -> Result<(), IdError> {
    if text.is_empty() {
        return Err(IdError::Empty);
    }
    if text.len() > ID_MAX {
        return Err(IdError::TooLong);
    }
    let last = text.len() - 1;
    for (at, c) in text.char_indices() {
        let plain = c.is_ascii_lowercase() || c.is_ascii_digit();
        let joint = matches!(c, '-' | '_' | '.') && at != 0 && at != last;
        if !(plain || joint) {
            return Err(IdError::Character(c, at));
        }
    }
    Ok(())
}

macro_rules! word_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "alloc::string::String", into = "alloc::string::String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes a text that follows the rules of the module.
            ///
            /// # Errors
            /// [`IdError`] where it does not.
            pub fn new(text: &str) -> Result<Self, IdError> {
                check(text)?;
                Ok(Self(Arc::from(text)))
            }

            /// The word itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<alloc::string::String> for $name {
            type Error = IdError;
            fn try_from(text: alloc::string::String) -> Result<Self, IdError> {
                Self::new(&text)
            }
        }

        impl From<$name> for alloc::string::String {
            fn from(id: $name) -> Self {
                Self::from(&*id.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

word_id!(
    /// A service that customers know by name: `app-store`.
    ServiceId
);
word_id!(
    /// Something a customer can do with a service: `buy`.
    CapabilityId
);
word_id!(
    /// A market or storefront that a customer belongs to: `gb`.
    PlaceId
);
word_id!(
    /// Where checks run from: `london`.
    VantageId
);

/// One cell of the page: service x capability x place. A service without places has one cell per capability.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CellKey {
    /// The service.
    pub service: ServiceId,
    /// The capability of that service.
    pub capability: CapabilityId,
    /// The place, where the service has places.
    pub place: Option<PlaceId>,
}

impl fmt::Display for CellKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.service, self.capability)?;
        match &self.place {
            Some(place) => write!(f, "/{place}"),
            None => Ok(()),
        }
    }
}

/// The stable number of a cell: a hash of its [`CellKey`], the same on every machine and in every version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CellId(pub u64);

impl CellId {
    /// The number of `key`.
    #[must_use]
    pub fn of(key: &CellKey) -> Self {
        let place = key.place.as_ref().map_or("", PlaceId::as_str);
        Self(fnv(&[key.service.as_str(), key.capability.as_str(), place]))
    }
}

/// The stable number of a check (a cell seen from a vantage), as it stands in every observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CheckId(pub u64);

impl CheckId {
    /// The number of `key` seen from `vantage`.
    #[must_use]
    pub fn of(key: &CellKey, vantage: &VantageId) -> Self {
        let place = key.place.as_ref().map_or("", PlaceId::as_str);
        Self(fnv(&[key.service.as_str(), key.capability.as_str(), place, vantage.as_str()]))
    }
}

/// Incidents are counted from 1; the page writes them `2015-03-11-1`-like only for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IncidentId(pub u64);

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// FNV-1a with a final mix, over parts parted by a byte that no id can hold. Not for secrets.
fn fnv(parts: &[&str]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for part in parts {
        for byte in part.bytes().chain(core::iter::once(0x1f)) {
            hash ^= u64::from(byte);
            hash = hash.wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash ^= hash >> 32;
    hash = hash.wrapping_mul(0xd6e8_feb8_6659_fd93);
    hash ^ (hash >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_word_that_needs_no_escaping_anywhere() {
        for good in ["a", "app-store", "v1.2", "a_b", "7"] {
            assert!(ServiceId::new(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", "A", "a b", "a/b", "é", &"x".repeat(64)] {
            assert!(ServiceId::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_check_number_never_changes_between_versions() {
        let key = CellKey {
            service: ServiceId::new("app-store").unwrap(),
            capability: CapabilityId::new("buy").unwrap(),
            place: Some(PlaceId::new("gb").unwrap()),
        };
        let check = CheckId::of(&key, &VantageId::new("london").unwrap());
        assert_ne!(check.0, CellId::of(&key).0);
        assert_eq!(CellId::of(&key), CellId::of(&key.clone()));
    }
}
