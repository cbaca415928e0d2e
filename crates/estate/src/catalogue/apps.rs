//! The shelf of apps for the pocket.

use super::{Details, Item, Kind, PROBE_ITEM};

/// The charts, best first, and the item that is in no chart last.
pub(super) const ITEMS: &[Item] = &[
    Item {
        id: "tidewater",
        name: "Tidewater",
        kind: Kind::App,
        genre: "Weather",
        line: "Tide tables for every harbour",
        tier: 2,
        not_in: &[],
        details: Details {
            about: "High water, low water and the light between them, a year ahead and without a signal. \
                Pick a harbour, drag the day, and see how much beach there will be.",
            facts: &[("Version", "3.2"), ("Languages", "14")],
            reviews: &[(5, "Right to the minute on our beach."), (4, "Lovely. I would like wind as well.")],
        },
        hue: 199,
        figure: r#"<path d="M8 38q6-7 12 0t12 0 12 0 12 0"/><path d="M8 48q6-7 12 0t12 0 12 0 12 0" opacity=".6"/><circle cx="42" cy="20" r="7" fill="currentColor" stroke="none"/>"#,
    },
    Item {
        id: "paper-boats",
        name: "Paper Boats",
        kind: Kind::App,
        genre: "Games",
        line: "A quiet puzzle about streams",
        tier: 1,
        not_in: &[],
        details: Details {
            about: "Fold a boat, set it down, and change the course of the water with three stones. \
                Ninety streams, no timer, no score.",
            facts: &[("Version", "1.8"), ("Players", "1")],
            reviews: &[
                (5, "The calmest ten minutes of my day."),
                (5, "No timer, just as it says."),
                (3, "Stream sixty is unfair."),
            ],
        },
        hue: 262,
        figure: r#"<path d="M10 38h44l-9 12H19z"/><path d="M32 12v26M32 12l14 26M32 12L18 38" />"#,
    },
    Item {
        id: "larder",
        name: "Larder",
        kind: Kind::App,
        genre: "Food",
        line: "Cook what is already there",
        tier: 0,
        not_in: &[],
        details: Details {
            about: "Tell it what is on the shelf; it tells you what is for supper. \
                Keeps dates, makes lists, and never suggests buying truffles.",
            facts: &[("Version", "5.0"), ("Languages", "9")],
            reviews: &[(4, "We throw away half as much."), (3, "It does not know what a quince is.")],
        },
        hue: 24,
        figure: r#"<path d="M20 14h24M22 14v6q-6 3-6 9v19q0 4 4 4h24q4 0 4-4V29q0-6-6-9v-6"/><path d="M16 36h32"/>"#,
    },
    Item {
        id: "nightjar",
        name: "Nightjar",
        kind: Kind::App,
        genre: "Nature",
        line: "Knows birds by their voices",
        tier: 3,
        not_in: &["cn", "kw"],
        details: Details {
            about: "Hold it up at dusk and read who is singing. Works far from any mast, \
                and keeps a diary of what was heard and where.",
            facts: &[("Version", "2.4"), ("Voices", "640")],
            reviews: &[(5, "Heard an owl, and it was one.")],
        },
        hue: 152,
        figure: r#"<path d="M10 40q14 2 20-12 4-9 13-8l9 3-8 4q2 19-18 23-9 2-16-4"/><circle cx="41" cy="25" r="1.6" fill="currentColor" stroke="none"/>"#,
    },
    Item {
        id: "orrery",
        name: "Orrery",
        kind: Kind::App,
        genre: "Education",
        line: "The planets, wound by hand",
        tier: 2,
        not_in: &[],
        details: Details {
            about: "A brass model of the sky that you turn with a finger. \
                Set any evening of any century and look up to compare.",
            facts: &[("Version", "1.1"), ("Years", "3000")],
            reviews: &[(5, "I turn it just to watch it go round."), (4, "Beautiful. Heavy on the battery.")],
        },
        hue: 226,
        figure: r#"<circle cx="32" cy="32" r="5" fill="currentColor" stroke="none"/><circle cx="32" cy="32" r="13"/><circle cx="32" cy="32" r="22" opacity=".6"/><circle cx="45" cy="32" r="3" fill="currentColor" stroke="none"/><circle cx="17" cy="16" r="3.4" fill="currentColor" stroke="none"/>"#,
    },
    Item {
        id: "slow-train",
        name: "Slow Train",
        kind: Kind::App,
        genre: "Games",
        line: "Build a branch line, then ride it",
        tier: 1,
        not_in: &[],
        details: Details {
            about: "Lay the track round the hill, name the halts, and take the window seat. \
                The timetable is yours; so are the delays.",
            facts: &[("Version", "4.6"), ("Players", "1 to 2")],
            reviews: &[(5, "The delays are the best part."), (4, "More halts, please.")],
        },
        hue: 350,
        figure: r#"<rect x="17" y="12" width="30" height="32" rx="7"/><path d="M17 29h30M24 52l4-8M40 52l-4-8M20 52h24"/><circle cx="25" cy="37" r="2" fill="currentColor" stroke="none"/><circle cx="39" cy="37" r="2" fill="currentColor" stroke="none"/>"#,
    },
    Item {
        id: "fieldnotes",
        name: "Fieldnotes",
        kind: Kind::App,
        genre: "Productivity",
        line: "A notebook that survives rain",
        tier: 0,
        not_in: &[],
        details: Details {
            about: "Write first, sort later. Every page has a place and an hour, \
                and finds itself again when you stand there next year.",
            facts: &[("Version", "2.0"), ("Languages", "21")],
            reviews: &[(4, "It found the page before I did.")],
        },
        hue: 44,
        figure: r#"<rect x="16" y="11" width="32" height="42" rx="4"/><path d="M24 11v42M30 23h12M30 31h12M30 39h8"/>"#,
    },
    Item {
        id: "cloudberry",
        name: "Cloudberry",
        kind: Kind::App,
        genre: "Weather",
        line: "Will it rain on this street?",
        tier: 0,
        not_in: &[],
        details: Details {
            about: "One question, one answer, one hour ahead. Drawn from radar, said in a sentence.",
            facts: &[("Version", "7.3"), ("Languages", "30")],
            reviews: &[(5, "Short, and right."), (2, "It rained.")],
        },
        hue: 14,
        figure: r#"<path d="M20 42q-8 0-8-8t8-8q2-10 12-10t12 10q8 0 8 8t-8 8z"/><path d="M24 48l-2 5M33 48l-2 5M42 48l-2 5"/>"#,
    },
    Item {
        id: PROBE_ITEM,
        name: "Test purchase",
        kind: Kind::App,
        genre: "For the shop's own checks",
        line: "Bought and given back all day long",
        tier: 1,
        not_in: &[],
        details: Details {
            about: "Automatic customers buy this to see whether buying works. Nobody else needs it.",
            facts: &[],
            reviews: &[],
        },
        hue: 210,
        figure: r#"<path d="M18 33l10 10 19-22"/>"#,
    },
];
