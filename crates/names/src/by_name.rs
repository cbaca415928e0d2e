//! What belongs to names, in their canonical order (RFC 4034, section 6.1), found by comparing bytes.
//!
//! A name's key is its labels from the root on, in lower case, each closed by a nought: keys in the order of their bytes are
//! names in canonical order, and the key of a name begins with the keys of all names above it. Bytes 0 and 1 inside of a
//! label are written as two, so that a label cannot look closed. Failure policy: none; every name has a key.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;
use std::sync::Arc;

use crate::name::Name;

/// Longest name in wire form, and most labels in it (RFC 1035, section 3.1).
const MAX_NAME: usize = 255;
const MAX_LABELS: usize = MAX_NAME / 2 + 1;

/// Longest key that is held without a pointer to it.
const SHORT: usize = 38;

/// The key of a name, and of every name above it.
pub(crate) struct Path {
    bytes: [u8; 2 * MAX_NAME],
    /// Where the key of the name with so many labels ends; the root has none.
    ends: [u16; MAX_LABELS],
    labels: usize,
}

impl Path {
    pub(crate) fn of(name: &Name) -> Self {
        let mut path = Self { bytes: [0; 2 * MAX_NAME], ends: [0; MAX_LABELS], labels: 0 };
        let wire = name.as_slice();
        let (mut starts, mut count, mut at) = ([0u8; MAX_LABELS], 0, 0);
        while let Some(length @ 1..) = wire.get(at).copied() {
            if let (Some(start), Ok(place)) = (starts.get_mut(count), u8::try_from(at)) {
                *start = place;
            }
            count += 1;
            at += 1 + usize::from(length);
        }
        let mut end = 0;
        for start in starts.iter().take(count).rev().map(|start| usize::from(*start)) {
            let length = wire.get(start).copied().map_or(0, usize::from);
            let label = wire.get(start + 1..start + 1 + length).unwrap_or_default();
            end = path.close(label, end);
        }
        path
    }

    /// Writes one label behind those above it; gives where it ends.
    fn close(&mut self, label: &[u8], mut end: usize) -> usize {
        let mut put = |byte: u8| {
            if let Some(place) = self.bytes.get_mut(end) {
                *place = byte;
            }
            end += 1;
        };
        for byte in label {
            match byte.to_ascii_lowercase() {
                low @ 0..=1 => {
                    put(1);
                    put(low + 1);
                }
                byte => put(byte),
            }
        }
        put(0);
        self.labels += 1;
        if let (Some(place), Ok(end)) = (self.ends.get_mut(self.labels), u16::try_from(end)) {
            *place = end;
        }
        end
    }

    /// How many labels the name has.
    pub(crate) fn labels(&self) -> usize {
        self.labels
    }

    /// The key of the name above that has so many labels, or of the name itself.
    pub(crate) fn key(&self, labels: usize) -> &[u8] {
        let end = self.ends.get(labels).copied().map_or(0, usize::from);
        self.bytes.get(..end).unwrap_or_default()
    }

    /// The key of the name itself.
    pub(crate) fn whole(&self) -> &[u8] {
        self.key(self.labels)
    }

    /// The key of the wildcard below the name that has so many labels.
    pub(crate) fn wildcard(&self, labels: usize) -> Vec<u8> {
        [self.key(labels), b"*\0"].concat()
    }
}

/// A key that is held. Most are short, and stand where they are compared: following a pointer costs more than comparing.
#[derive(Clone)]
enum Key {
    Short { length: u8, bytes: [u8; SHORT] },
    Long(Arc<[u8]>),
}

impl Key {
    fn of(name: &Name) -> Self {
        let path = Path::of(name);
        let key = path.whole();
        let mut bytes = [0; SHORT];
        match (bytes.get_mut(..key.len()), u8::try_from(key.len())) {
            (Some(room), Ok(length)) => {
                room.copy_from_slice(key);
                Self::Short { length, bytes }
            }
            _ => Self::Long(Arc::from(key)),
        }
    }
}

impl Borrow<[u8]> for Key {
    fn borrow(&self) -> &[u8] {
        match self {
            Self::Short { length, bytes } => bytes.get(..usize::from(*length)).unwrap_or_default(),
            Self::Long(bytes) => bytes,
        }
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        Borrow::<[u8]>::borrow(self).cmp(other.borrow())
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Key {}

/// A map of names in canonical order.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ByName<T>(BTreeMap<Key, (Name, T)>);

impl<T> Default for ByName<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: fmt::Debug> fmt::Debug for ByName<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_map().entries(self.iter()).finish()
    }
}

impl<T> ByName<T> {
    pub(crate) fn get(&self, name: &Name) -> Option<&T> {
        self.at(Path::of(name).whole()).map(|(_, value)| value)
    }

    /// What the name with this key has.
    pub(crate) fn at(&self, key: &[u8]) -> Option<(&Name, &T)> {
        self.0.get(key).map(|(name, value)| (name, value))
    }

    /// What the first name has; in a zone that is its apex.
    pub(crate) fn first(&self) -> Option<(&Name, &T)> {
        self.0.first_key_value().map(|(_, (name, value))| (name, value))
    }

    /// Whether the name with this key is here, or lies above one that is.
    pub(crate) fn exists(&self, key: &[u8]) -> bool {
        let from = (Bound::Included(key), Bound::Unbounded);
        self.0
            .range::<[u8], _>(from)
            .next()
            .is_some_and(|(found, _)| Borrow::<[u8]>::borrow(found).starts_with(key))
    }

    pub(crate) fn get_mut(&mut self, name: &Name) -> Option<&mut T> {
        self.0.get_mut(Path::of(name).whole()).map(|(_, value)| value)
    }

    /// What the name has, made where it has nothing.
    pub(crate) fn entry(&mut self, name: &Name) -> &mut T
    where
        T: Default,
    {
        &mut self.0.entry(Key::of(name)).or_insert_with(|| (name.clone(), T::default())).1
    }

    pub(crate) fn insert(&mut self, name: Name, value: T) {
        self.0.insert(Key::of(&name), (name, value));
    }

    pub(crate) fn remove(&mut self, name: &Name) -> Option<T> {
        self.0.remove(Path::of(name).whole()).map(|(_, value)| value)
    }

    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&Name) -> bool) {
        self.0.retain(|_, (name, _)| keep(name));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Name, &T)> {
        self.0.values().map(|(name, value)| (name, value))
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.values_mut().map(|(_, value)| value)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl<T> FromIterator<(Name, T)> for ByName<T> {
    fn from_iter<I: IntoIterator<Item = (Name, T)>>(pairs: I) -> Self {
        let mut all = Self::default();
        pairs.into_iter().for_each(|(name, value)| all.insert(name, value));
        all
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Names of few and odd bytes, so that many lie close to each other; also one of the greatest length.
    fn name() -> impl Strategy<Value = Name> {
        let byte = prop_oneof![Just(0u8), Just(1), Just(2), Just(b'a'), Just(b'A'), Just(b'b'), Just(255)];
        let labels = prop::collection::vec(prop::collection::vec(byte, 1..4), 0..5);
        let longest = Just(vec![vec![0; 63], vec![1; 63], vec![0; 63], vec![1; 61]]);
        let deepest = Just(vec![vec![0]; 127]);
        prop_oneof![20 => labels, 1 => longest, 1 => deepest].prop_map(|labels| {
            let mut wire = Vec::new();
            for label in labels {
                wire.push(u8::try_from(label.len()).unwrap());
                wire.extend(label);
            }
            wire.push(0);
            Name::from_octets(wire.into()).unwrap()
        })
    }

    proptest! {
        #[test]
        fn what_a_name_has_is_found_whatever_the_length_of_its_key(names in prop::collection::vec(name(), 0..40)) {
            let mut map: ByName<usize> = names.iter().cloned().zip(0..).collect();
            let mut wanted: BTreeMap<Name, usize> = names.iter().cloned().zip(0..).collect();
            for at in 0..2 {
                prop_assert!(map.iter().map(|(_, value)| value).eq(wanted.values()));
                prop_assert!(names.iter().all(|name| map.get(name) == wanted.get(name)));
                if let Some(name) = names.get(at) {
                    prop_assert_eq!(map.remove(name), wanted.remove(name));
                }
            }
        }

        #[test]
        fn keys_are_ordered_as_names_are(one in name(), other in name()) {
            let (left, right) = (Path::of(&one), Path::of(&other));
            prop_assert_eq!(left.whole().cmp(right.whole()), one.cmp(&other));
        }

        #[test]
        fn a_key_begins_with_the_keys_of_the_names_above_and_of_no_others(one in name(), other in name()) {
            let (left, right) = (Path::of(&one), Path::of(&other));
            prop_assert_eq!(left.whole().starts_with(right.whole()), one.ends_with(&other));
            for (above, labels) in one.iter_suffixes().zip((0..=left.labels()).rev()) {
                let above: Name = above;
                let wanted = Path::of(&above);
                prop_assert_eq!(left.key(labels), wanted.whole());
            }
        }
    }
}
