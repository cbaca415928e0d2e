//! What the shop sells, as data, and the little pictures of it.

use crate::place::Place;

/// One thing on sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// Path segment; stable.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its shelf.
    pub genre: &'static str,
    /// One line.
    pub line: &'static str,
    /// A paragraph.
    pub about: &'static str,
    /// Price tier; see [`crate::place::Place::price`].
    pub tier: usize,
    /// Hue of its picture in degrees.
    hue: u16,
    /// What is drawn in its picture: the inside of an SVG of 64 by 64.
    figure: &'static str,
}

/// The item that automatic customers buy: it has a page and is in no chart.
pub const PROBE_ITEM: &str = "probe-item";

/// The charts, best first, and the item that is in no chart last.
pub const ITEMS: &[Item] = &[
    Item {
        id: "tidewater",
        name: "Tidewater",
        genre: "Weather",
        line: "Tide tables for every harbour",
        about: "High water, low water and the light between them, a year ahead and without a signal. \
                Pick a harbour, drag the day, and see how much beach there will be.",
        tier: 2,
        hue: 199,
        figure: r#"<path d="M8 38q6-7 12 0t12 0 12 0 12 0"/><path d="M8 48q6-7 12 0t12 0 12 0 12 0" opacity=".6"/><circle cx="42" cy="20" r="7" fill="currentColor" stroke="none"/>"#,
    },
    Item {
        id: "paper-boats",
        name: "Paper Boats",
        genre: "Games",
        line: "A quiet puzzle about streams",
        about: "Fold a boat, set it down, and change the course of the water with three stones. \
                Ninety streams, no timer, no score.",
        tier: 1,
        hue: 262,
        figure: r#"<path d="M10 38h44l-9 12H19z"/><path d="M32 12v26M32 12l14 26M32 12L18 38" />"#,
    },
    Item {
        id: "larder",
        name: "Larder",
        genre: "Food",
        line: "Cook what is already there",
        about: "Tell it what is on the shelf; it tells you what is for supper. \
                Keeps dates, makes lists, and never suggests buying truffles.",
        tier: 0,
        hue: 24,
        figure: r#"<path d="M20 14h24M22 14v6q-6 3-6 9v19q0 4 4 4h24q4 0 4-4V29q0-6-6-9v-6"/><path d="M16 36h32"/>"#,
    },
    Item {
        id: "nightjar",
        name: "Nightjar",
        genre: "Nature",
        line: "Knows birds by their voices",
        about: "Hold it up at dusk and read who is singing. Works far from any mast, \
                and keeps a diary of what was heard and where.",
        tier: 3,
        hue: 152,
        figure: r#"<path d="M10 40q14 2 20-12 4-9 13-8l9 3-8 4q2 19-18 23-9 2-16-4"/><circle cx="41" cy="25" r="1.6" fill="currentColor" stroke="none"/>"#,
    },
    Item {
        id: "orrery",
        name: "Orrery",
        genre: "Education",
        line: "The planets, wound by hand",
        about: "A brass model of the sky that you turn with a finger. \
                Set any evening of any century and look up to compare.",
        tier: 2,
        hue: 226,
        figure: r#"<circle cx="32" cy="32" r="5" fill="currentColor" stroke="none"/><circle cx="32" cy="32" r="13"/><circle cx="32" cy="32" r="22" opacity=".6"/><circle cx="45" cy="32" r="3" fill="currentColor" stroke="none"/><circle cx="17" cy="16" r="3.4" fill="currentColor" stroke="none"/>"#,
    },
    Item {
        id: "slow-train",
        name: "Slow Train",
        genre: "Games",
        line: "Build a branch line, then ride it",
        about: "Lay the track round the hill, name the halts, and take the window seat. \
                The timetable is yours; so are the delays.",
        tier: 1,
        hue: 350,
        figure: r#"<rect x="17" y="12" width="30" height="32" rx="7"/><path d="M17 29h30M24 52l4-8M40 52l-4-8M20 52h24"/><circle cx="25" cy="37" r="2" fill="currentColor" stroke="none"/><circle cx="39" cy="37" r="2" fill="currentColor" stroke="none"/>"#,
    },
    Item {
        id: "fieldnotes",
        name: "Fieldnotes",
        genre: "Productivity",
        line: "A notebook that survives rain",
        about: "Write first, sort later. Every page has a place and an hour, \
                and finds itself again when you stand there next year.",
        tier: 0,
        hue: 44,
        figure: r#"<rect x="16" y="11" width="32" height="42" rx="4"/><path d="M24 11v42M30 23h12M30 31h12M30 39h8"/>"#,
    },
    Item {
        id: "cloudberry",
        name: "Cloudberry",
        genre: "Weather",
        line: "Will it rain on this street?",
        about: "One question, one answer, one hour ahead. Drawn from radar, said in a sentence.",
        tier: 0,
        hue: 14,
        figure: r#"<path d="M20 42q-8 0-8-8t8-8q2-10 12-10t12 10q8 0 8 8t-8 8z"/><path d="M24 48l-2 5M33 48l-2 5M42 48l-2 5"/>"#,
    },
    Item {
        id: PROBE_ITEM,
        name: "Test purchase",
        genre: "For the shop's own checks",
        line: "Bought and given back all day long",
        about: "Automatic customers buy this to see whether buying works. Nobody else needs it.",
        tier: 1,
        hue: 210,
        figure: r#"<path d="M18 33l10 10 19-22"/>"#,
    },
];

impl Item {
    /// The item with this id.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Self> {
        ITEMS.iter().find(|item| item.id == id)
    }

    /// The charts, best first.
    pub fn charts() -> impl Iterator<Item = &'static Self> {
        ITEMS.iter().filter(|item| item.id != PROBE_ITEM)
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
    use super::*;

    #[test]
    fn the_charts_do_not_show_the_probe_item() {
        assert!(Item::find(PROBE_ITEM).is_some());
        assert!(Item::charts().all(|item| item.id != PROBE_ITEM));
        assert!(Item::charts().count() >= 8);
    }
}
