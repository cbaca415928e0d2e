//! The four shelves, each a store of its own, and the kinds of things on them with the words that fit.

/// What one store sells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shelf {
    /// Apps for the pocket.
    Apps,
    /// Apps for the desk.
    MacApps,
    /// Music, films and series.
    Music,
    /// Books.
    Books,
}

impl Shelf {
    /// Every shelf.
    pub const ALL: [Self; 4] = [Self::Apps, Self::MacApps, Self::Music, Self::Books];

    /// Its word: the store's role, and its label in the zone.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Apps => "apps",
            Self::MacApps => "macapps",
            Self::Music => "music",
            Self::Books => "books",
        }
    }

    /// The store's name, as customers read it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Apps => "App Store",
            Self::MacApps => "Desktop App Store",
            Self::Music => "Music & Film Store",
            Self::Books => "Book Store",
        }
    }

    /// What is on it, in the order in which it is shown.
    #[must_use]
    pub const fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Apps => &[Kind::App],
            Self::MacApps => &[Kind::DesktopApp],
            Self::Music => &[Kind::Album, Kind::Song, Kind::Film, Kind::Series],
            Self::Books => &[Kind::Book],
        }
    }

    /// The shelf with this word.
    #[must_use]
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|shelf| shelf.word() == word)
    }
}

/// What kind of thing an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An app for the pocket.
    App,
    /// An app for the desk.
    DesktopApp,
    /// Several songs.
    Album,
    /// One song.
    Song,
    /// A film.
    Film,
    /// A series, all of it.
    Series,
    /// A book.
    Book,
}

impl Kind {
    /// One of it: `film`.
    #[must_use]
    pub const fn one(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::DesktopApp => "desktop app",
            Self::Album => "album",
            Self::Song => "song",
            Self::Film => "film",
            Self::Series => "series",
            Self::Book => "book",
        }
    }

    /// The heading over several: `Films`.
    #[must_use]
    pub const fn many(self) -> &'static str {
        match self {
            Self::App | Self::DesktopApp => "Apps",
            Self::Album => "Albums",
            Self::Song => "Songs",
            Self::Film => "Films",
            Self::Series => "Series",
            Self::Book => "Books",
        }
    }

    /// What its owner does with it next: the word on the button after a purchase.
    #[must_use]
    pub const fn enjoy(self) -> &'static str {
        match self {
            Self::App | Self::DesktopApp => "Download",
            Self::Album | Self::Song => "Listen",
            Self::Film | Self::Series => "Watch",
            Self::Book => "Read",
        }
    }

    /// How large its file is, in bytes.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            Self::App => 400_000,
            Self::DesktopApp => 900_000,
            Self::Album => 800_000,
            Self::Song => 300_000,
            Self::Film | Self::Series => 1_500_000,
            Self::Book => 120_000,
        }
    }

    /// How the name of its file ends.
    #[must_use]
    pub const fn ending(self) -> &'static str {
        match self {
            Self::App | Self::DesktopApp => "pkg",
            Self::Album | Self::Song => "audio",
            Self::Film | Self::Series => "video",
            Self::Book => "book",
        }
    }
}
