//! Variations: scenarios made from a seed, so that the causes of P11 are asked for in more ways than anybody would write.
//!
//! Each is the text of a scenario, ten to twenty minutes long, that can be written down and replayed like any other. The
//! kinds take turns; names, places, copies, roles and times are chance. At least a third is not DNS, and a sixth are two
//! faults at once, of different kinds and with cells of their own.
//!
//! In reading order: `dns` and `others` (single faults), `two` (pairs), then what makes a whole of them here. A fault is
//! begun in health and mended, and health follows for long enough to show it.

mod dns;
mod others;
mod two;

use crate::model::luck::{Luck, number};
use crate::scenario::{Scenario, read};

/// Where variations happen: each has places that ask the western copy and the Indian one, some the eastern one too.
const PLACES: &[&[&str]] =
    &[&["gb", "us", "ca", "in"], &["gb", "jp", "us", "in"], &["de", "au", "us", "fr", "in"]];

/// How long health lasts after the last repair, in seconds.
const AFTER_S: u64 = 240;

/// So many seeds have one pair among them.
const TURNS: u64 = 6;

/// What is the matter in a variation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is said in words by `Kind::words`")]
pub enum Kind {
    NameGone,
    NamesGone,
    Emptied,
    ZoneCut,
    AliasBroken,
    DotMissing,
    Wildcard,
    WrongAddress,
    CopyOld,
    CopyExpired,
    ServersSilent,
    ServerGone,
    Killed,
    Halted,
    ServedPage,
    Stalled,
    DiskFull,
    Slow,
    Certificate,
    PlaceCut,
    RoughLink,
    Two,
}

impl Kind {
    /// The single ones, in their turn: DNS and others mixed, so that a few seeds in a row have both.
    const SINGLE: &[Self] = &[
        Self::NameGone,
        Self::Killed,
        Self::Emptied,
        Self::ZoneCut,
        Self::Certificate,
        Self::AliasBroken,
        Self::PlaceCut,
        Self::DotMissing,
        Self::Wildcard,
        Self::DiskFull,
        Self::WrongAddress,
        Self::Halted,
        Self::CopyOld,
        Self::ServedPage,
        Self::CopyExpired,
        Self::Stalled,
        Self::ServersSilent,
        Self::Slow,
        Self::ServerGone,
        Self::RoughLink,
        Self::NamesGone,
    ];

    /// The kind of a seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let (round, turn) = (seed / TURNS, seed % TURNS);
        let at = round.wrapping_mul(TURNS - 1).wrapping_add(turn).wrapping_sub(1);
        let at = at.checked_rem(Self::SINGLE.len() as u64).and_then(|at| usize::try_from(at).ok());
        match (turn, at.and_then(|at| Self::SINGLE.get(at))) {
            (1.., Some(kind)) => *kind,
            _ => Self::Two,
        }
    }

    /// Whether only the DNS is the matter.
    #[must_use]
    pub const fn is_dns(self) -> bool {
        matches!(
            self,
            Self::NameGone
                | Self::NamesGone
                | Self::Emptied
                | Self::ZoneCut
                | Self::AliasBroken
                | Self::DotMissing
                | Self::Wildcard
                | Self::WrongAddress
                | Self::CopyOld
                | Self::CopyExpired
                | Self::ServersSilent
                | Self::ServerGone
        )
    }

    /// What is the matter, in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::NameGone => "a name is gone",
            Self::NamesGone => "some names are gone",
            Self::Emptied => "a name has no address",
            Self::ZoneCut => "the zone file ends too early",
            Self::AliasBroken => "an alias leads nowhere",
            Self::DotMissing => "a final dot is missing",
            Self::Wildcard => "a wildcard answers",
            Self::WrongAddress => "a name leads to the wrong address",
            Self::CopyOld => "name servers disagree",
            Self::CopyExpired => "a copy of the zone is too old",
            Self::ServersSilent => "no name server answers",
            Self::ServerGone => "one name server does not answer",
            Self::Killed => "a role is killed",
            Self::Halted => "a role hangs",
            Self::ServedPage => "a role answers with one page",
            Self::Stalled => "a role stalls",
            Self::DiskFull => "a disk is full",
            Self::Slow => "a role is slow",
            Self::Certificate => "a certificate expired",
            Self::PlaceCut => "a place is cut off",
            Self::RoughLink => "a place has a rough link",
            Self::Two => "two faults at once",
        }
    }
}

/// What a variation is made from.
struct Dice {
    luck: Luck,
    places: &'static [&'static str],
    /// When the fault begins, and how long it lasts, in seconds.
    from_s: u64,
    for_s: u64,
}

impl Dice {
    fn of(seed: u64) -> Self {
        let mut luck = Luck::of(seed, &[number("variation")]);
        let places = PLACES.get(index(luck.below(PLACES.len() as u64))).copied().unwrap_or(&["gb", "in"]);
        let (from_s, for_s) = (150 + luck.below(60), 240 + luck.below(120));
        Self { luck, places, from_s, for_s }
    }

    /// One of several.
    fn one<'o>(&mut self, of: &[&'o str]) -> &'o str {
        of.get(index(self.luck.below(of.len() as u64))).copied().unwrap_or("id")
    }

    /// A number from `least` to `most`.
    fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.luck.below(most.saturating_sub(least) + 1)
    }

    fn place(&mut self) -> &'static str {
        self.one(self.places)
    }

    /// The fault itself, which is mended when its time is over.
    fn fault(&self, cause: &str) -> String {
        self.lasting(self.from_s, self.for_s, cause)
    }

    fn lasting(&self, from_s: u64, for_s: u64, cause: &str) -> String {
        format!("  - {{at: {from_s}s, for: {for_s}s, {cause}}}")
    }

    /// What has been so since the beginning.
    fn always(&self, cause: &str) -> String {
        format!("  - {{at: 5s, {cause}}}")
    }
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(0)
}

/// The variation of a seed, as the text of a scenario.
#[must_use]
pub fn text(seed: u64) -> String {
    let (kind, mut dice) = (Kind::of(seed), Dice::of(seed));
    let items = match kind {
        Kind::Two => two::items(&mut dice),
        kind if kind.is_dns() => dns::items(kind, &mut dice),
        kind => others::items(kind, &mut dice),
    };
    let lasts_s = dice.from_s + dice.for_s + AFTER_S;
    format!(
        "scenario: \"Variation {seed}: {}\"\nabout: Made from the seed {seed}.\nlasts: {lasts_s}s\nplaces: [{}]\n\
         timeline:\n{}\n",
        kind.words(),
        dice.places.join(", "),
        items.join("\n")
    )
}

/// The variation of a seed.
///
/// # Panics
/// Never, as far as thousands of seeds can show: what is written here is in the language.
#[must_use]
#[expect(clippy::expect_used, reason = "only this crate writes the text, and its tests read thousands")]
pub fn variation(seed: u64) -> Scenario {
    read("variation", &text(seed)).expect("in the language because it is written so here")
}
