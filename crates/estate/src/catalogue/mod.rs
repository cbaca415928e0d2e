//! What the shops sell, as data, and the little pictures of it. All of it is invented.
//!
//! Four shelves (`apps`, `macapps`, `music`, `books`), a file each; `shelf` says what kinds there are, `product` what
//! apps sell inside of themselves. To add an item, write its row on a shelf.
//!
//! An [`Item`] is what a store needs to show a chart: a name, a line, a price. What its own page tells besides
//! (its `Details`) is kept by the role `details` alone.

mod apps;
mod books;
mod macapps;
mod music;
mod product;
mod shelf;

use crate::place::Place;

pub use product::{PRODUCTS, Product};
pub use shelf::{Kind, Shelf};

/// One thing on sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// Path segment; stable, and the only one of all shelves.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// Its corner of the shelf.
    pub genre: &'static str,
    /// One line.
    pub line: &'static str,
    /// Price tier; see [`Place::price`].
    pub tier: usize,
    /// Codes of the places in which it is not sold.
    pub not_in: &'static [&'static str],
    /// What its page tells besides.
    pub(crate) details: Details,
    /// Hue of its picture in degrees.
    hue: u16,
    /// What is drawn in its picture: the inside of an SVG of 64 by 64.
    figure: &'static str,
}

/// What an item's own page tells beside what the charts tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Details {
    /// A paragraph.
    pub(crate) about: &'static str,
    /// Names and values.
    pub(crate) facts: &'static [(&'static str, &'static str)],
    /// Stars, one to five, and words.
    pub(crate) reviews: &'static [(u8, &'static str)],
}

/// The item that automatic customers buy: it has a page and is in no chart.
pub const PROBE_ITEM: &str = "probe-item";

impl Item {
    /// Everything on sale in all stores.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        Shelf::ALL.into_iter().flat_map(Self::on)
    }

    /// The item with this id, on whichever shelf.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Self> {
        Self::all().find(|item| item.id == id)
    }

    /// All that is on a shelf, best first.
    pub fn on(shelf: Shelf) -> impl Iterator<Item = &'static Self> {
        let items = match shelf {
            Shelf::Apps => apps::ITEMS,
            Shelf::MacApps => macapps::ITEMS,
            Shelf::Music => music::ITEMS,
            Shelf::Books => books::ITEMS,
        };
        items.iter()
    }

    /// The charts of a shelf in a place, best first.
    pub fn charts(shelf: Shelf, place: &Place) -> impl Iterator<Item = &'static Self> {
        Self::on(shelf).filter(|item| item.id != PROBE_ITEM && item.is_sold_in(place))
    }

    /// Whether a place may buy it.
    #[must_use]
    pub fn is_sold_in(&self, place: &Place) -> bool {
        !self.not_in.contains(&place.code)
    }

    /// What it costs in a place, as customers read it: `£0.79`, or `Free`.
    #[must_use]
    pub fn label(&self, place: &Place) -> String {
        place.label(self.tier)
    }

    /// Whether it costs nothing in a place.
    #[must_use]
    pub fn is_free(&self, place: &Place) -> bool {
        place.amount(self.tier) == 0
    }

    /// Whether its name, line, genre or kind has every one of these words; they are in lower case.
    #[must_use]
    pub fn matches(&self, words: &[String]) -> bool {
        let text = [self.name, self.line, self.genre, self.kind.one(), self.kind.many()].join(" ");
        let text = text.to_lowercase();
        words.iter().all(|word| text.contains(word.as_str()))
    }

    /// Its picture, an SVG document.
    #[must_use]
    pub fn picture(&self) -> String {
        let (hue, next) = (self.hue, (self.hue + 34) % 360);
        format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="64" height="64"><defs><linearGradient id="g" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="hsl({hue} 78% 62%)"/><stop offset="1" stop-color="hsl({next} 72% 44%)"/></linearGradient></defs><rect width="64" height="64" rx="14.5" fill="url(#g)"/><g color="#fff" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" stroke-linejoin="round">{}</g></svg>"##,
            self.figure
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::place::{PLACES, TIERS};

    #[test]
    fn the_charts_do_not_show_the_probe_item_and_every_place_has_some() {
        assert!(Item::find(PROBE_ITEM).is_some());
        for (shelf, place) in Shelf::ALL.into_iter().flat_map(|s| PLACES.iter().map(move |p| (s, p))) {
            assert!(Item::charts(shelf, place).all(|item| item.id != PROBE_ITEM));
            assert!(Item::charts(shelf, place).count() >= 5, "{} in {}", shelf.word(), place.code);
        }
    }

    #[test]
    fn ids_are_unique_kinds_are_the_shelves_own_and_tiers_and_places_exist() {
        let ids: BTreeSet<_> = Item::all().map(|item| item.id).collect();
        assert_eq!(ids.len(), Item::all().count());
        for shelf in Shelf::ALL {
            assert_eq!(Shelf::find(shelf.word()), Some(shelf));
            for item in Item::on(shelf) {
                assert!(shelf.kinds().contains(&item.kind) && item.tier < TIERS, "{}", item.id);
                assert!(item.not_in.iter().all(|code| Place::find(code).is_some()), "{}", item.id);
                assert!(item.details.reviews.iter().all(|(stars, _)| (1..=5).contains(stars)));
            }
        }
        for product in PRODUCTS {
            let own = product.id.strip_prefix(product.app).and_then(|rest| rest.strip_prefix('.'));
            assert!(own.is_some_and(|own| !own.is_empty()), "{}", product.id);
            assert!(Item::find(product.app).is_some_and(|app| Shelf::Apps.kinds().contains(&app.kind)));
        }
    }

    #[test]
    fn a_search_finds_by_any_of_its_words_and_in_any_case() {
        let found = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            Item::all().filter(|item| item.matches(&words)).map(|item| item.id).collect::<Vec<_>>()
        };
        assert_eq!(found(&["tide"]), ["tidewater"]);
        assert_eq!(found(&["film", "paint"]), ["salt-and-ladders"]);
        assert!(found(&["xyzzy"]).is_empty());
    }
}
