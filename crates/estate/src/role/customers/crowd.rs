//! Who comes: where, when and for what, from a seed. Pure: the same seed, number and hour are the same wish.

use crate::catalogue::{Item, Shelf};
use crate::place::Place;

/// How many customers there are; each comes again and again.
const CUSTOMERS: u64 = 400;

/// How busy each hour of a day is, by the clock of the place.
const HOURS: [u64; 24] = [2, 1, 1, 1, 1, 2, 4, 6, 8, 8, 8, 9, 10, 9, 8, 8, 9, 10, 12, 14, 14, 12, 8, 4];

/// Place, hours before UTC's clock, how many people, language. A place without a row is one of few who write English.
const PEOPLE: &[(&str, u32, u64, &str)] = &[
    ("gb", 0, 30, "en"),
    ("us", 18, 60, "en"),
    ("ca", 19, 14, "en"),
    ("in", 5, 20, "hi"),
    ("ae", 4, 4, "ar"),
    ("at", 1, 5, "de"),
    ("au", 10, 12, "en"),
    ("be", 1, 5, "fr"),
    ("br", 21, 12, "pt"),
    ("ch", 1, 6, "de"),
    ("cl", 20, 3, "es"),
    ("cn", 8, 30, "zh"),
    ("cz", 1, 3, "en"),
    ("de", 1, 24, "de"),
    ("dk", 1, 4, "en"),
    ("es", 1, 12, "es"),
    ("fi", 2, 3, "en"),
    ("fr", 1, 20, "fr"),
    ("gr", 2, 3, "en"),
    ("hk", 8, 6, "zh"),
    ("hu", 1, 3, "en"),
    ("id", 7, 6, "en"),
    ("ie", 0, 4, "en"),
    ("il", 2, 4, "en"),
    ("it", 1, 14, "it"),
    ("jp", 9, 30, "ja"),
    ("kr", 9, 12, "en"),
    ("kw", 3, 2, "ar"),
    ("mx", 18, 8, "es"),
    ("my", 8, 4, "en"),
    ("nl", 1, 8, "en"),
    ("no", 1, 4, "en"),
    ("nz", 12, 3, "en"),
    ("pl", 1, 6, "en"),
    ("pt", 0, 3, "pt"),
    ("se", 1, 6, "en"),
    ("sg", 8, 4, "en"),
    ("th", 7, 4, "en"),
    ("tr", 2, 6, "en"),
    ("tw", 8, 6, "zh"),
    ("za", 2, 4, "en"),
];

/// What somebody comes for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wish {
    /// Which customer.
    pub(super) customer: u32,
    pub(super) place: &'static Place,
    pub(super) lang: &'static str,
    pub(super) shelf: Shelf,
    pub(super) item: &'static Item,
    /// The key of the order, should it come to that: one wish is one order.
    pub(super) key: String,
}

/// The wish of the visitor with this number; none where nothing is sold.
pub(super) fn wish(seed: u64, number: u64, hour: u32, places: &[&'static Place]) -> Option<Wish> {
    let mut random = Random(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let weights: Vec<u64> = places.iter().map(|place| weight(place.code, hour)).collect();
    let mut at = random.below(weights.iter().sum());
    let place = places.iter().zip(&weights).find_map(|(place, weight)| match at.checked_sub(*weight) {
        Some(rest) => {
            at = rest;
            None
        }
        None => Some(*place),
    })?;
    let shelf = *Shelf::ALL.get(usize::try_from(random.below(Shelf::ALL.len() as u64)).ok()?)?;
    let charts: Vec<_> = Item::charts(shelf, place).collect();
    let item = *charts.get(usize::try_from(random.below(charts.len() as u64)).ok()?)?;
    let customer = u32::try_from(random.below(CUSTOMERS)).ok()?;
    let key = format!("c{seed:x}-{number}-{:x}", random.next());
    Some(Wish { customer, place, lang: row(place.code).3, shelf, item, key })
}

/// How many come from a place at this hour, UTC, beside other places.
fn weight(code: &str, hour: u32) -> u64 {
    let (_, ahead, people, _) = row(code);
    let local = usize::try_from((hour + ahead) % 24).unwrap_or(0);
    people * HOURS.get(local).copied().unwrap_or(1)
}

fn row(code: &str) -> (&'static str, u32, u64, &'static str) {
    PEOPLE.iter().copied().find(|row| row.0 == code).unwrap_or(("", 0, 2, "en"))
}

/// SplitMix64: small, seeded, and good enough for a crowd.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next().checked_rem(bound).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::PLACES;
    use crate::role::customers::words;

    fn share(code: &str, hour: u32) -> usize {
        let places: Vec<_> = PLACES.iter().collect();
        (0..2000).filter_map(|n| wish(11, n, hour, &places)).filter(|wish| wish.place.code == code).count()
    }

    #[test]
    fn the_same_seed_is_the_same_crowd_and_another_is_another() {
        let places: Vec<_> = PLACES.iter().collect();
        let crowd = |seed| (0..50).map(|n| wish(seed, n, 9, &places).unwrap()).collect::<Vec<_>>();
        assert_eq!(crowd(1), crowd(1));
        assert_ne!(crowd(1), crowd(2));
        let mut keys: Vec<_> = crowd(1).into_iter().map(|wish| wish.key).collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), 50);
    }

    #[test]
    fn people_come_by_country_and_by_the_hour_of_their_day() {
        assert!(share("us", 1) > 2 * share("us", 10), "their evening and their night");
        assert!(share("jp", 10) > 2 * share("jp", 18));
        assert!(share("gb", 12) > share("ie", 12));
        assert_eq!(wish(1, 1, 1, &[]), None);
    }

    #[test]
    fn every_place_has_its_people_and_every_language_its_words() {
        for place in PLACES {
            assert!(PEOPLE.iter().any(|row| row.0 == place.code), "{}", place.code);
        }
        for (code, _, _, lang) in PEOPLE {
            assert!(words::LANGUAGES.contains(lang), "{code}: {lang}");
        }
    }
}
