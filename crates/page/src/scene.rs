//! What every page needs at hand: the view, the language, the audience; and the small shapes that templates show.

use candor_core::id::ServiceId;
use candor_core::saying::{Claim, Fares};
use candor_core::verdict::Verdict;
use candor_core::view::{CellView, ServiceView, View};
use jiff::Timestamp;

use crate::site::Shared;
use crate::words::{Labels, Speech, speak};
use crate::{Audience, Language, assets};

/// The view as one audience sees it in one language.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) view: &'a View,
    pub(crate) speech: &'static dyn Speech,
    pub(crate) audience: Audience,
    pub(crate) shared: &'a Shared,
}

/// A verdict as it is shown: never by colour alone, but by shape and word too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The word used in style sheets.
    pub(crate) v: &'static str,
    /// The word for readers.
    pub(crate) word: &'static str,
}

/// A time, for machines and for readers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct When {
    pub(crate) iso: String,
    pub(crate) text: String,
}

/// Which of the pages that every page names this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Here {
    /// The front page.
    Now,
    /// The past.
    History,
    /// None of them.
    Elsewhere,
}

/// What surrounds every page.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) lang: &'static str,
    pub(crate) t: &'static Labels,
    pub(crate) site: String,
    pub(crate) title: String,
    pub(crate) about: String,
    pub(crate) mark: Mark,
    pub(crate) style: String,
    pub(crate) script: String,
    pub(crate) icon: String,
    pub(crate) stale_icon: String,
    pub(crate) stale_word: &'static str,
    pub(crate) stale_whole: &'static str,
    pub(crate) stale_title: String,
    pub(crate) last: String,
    pub(crate) version: String,
    pub(crate) operators: bool,
    pub(crate) here: Here,
    pub(crate) measured: Option<When>,
    pub(crate) until: Option<When>,
    pub(crate) ledger: Option<(String, String)>,
}

impl<'a> Scene<'a> {
    pub(crate) fn new(view: &'a View, audience: Audience, language: Language, shared: &'a Shared) -> Self {
        Self { view, speech: speak(language), audience, shared }
    }

    pub(crate) fn operators(&self) -> bool {
        self.audience == Audience::Operators
    }

    pub(crate) fn mark(&self, verdict: Verdict) -> Mark {
        Mark { v: verdict.word(), word: self.speech.verdict(verdict) }
    }

    /// A time to the minute.
    pub(crate) fn moment(&self, at: Timestamp) -> When {
        When { iso: iso(at), text: self.speech.moment(at, self.view.as_of) }
    }

    /// A time to the second.
    pub(crate) fn clock(&self, at: Timestamp) -> When {
        When { iso: iso(at), text: self.speech.clock(at, self.view.as_of) }
    }

    /// How long ago `at` was when this view was made.
    pub(crate) fn lasted(&self, at: Timestamp) -> Option<String> {
        self.view.as_of.map(|now| self.speech.lasted(now.duration_since(at).as_secs()))
    }

    /// A service of the view by its id.
    pub(crate) fn service(&self, id: &ServiceId) -> Option<&'a ServiceView> {
        self.shared.service(self.view, id.as_str())
    }

    /// Every cell of the view.
    pub(crate) fn cells(&self) -> impl Iterator<Item = &'a CellView> {
        cells(self.view)
    }

    /// What surrounds a page that begins with `title` in the window's name.
    pub(crate) fn frame(&self, title: &str, about: String, here: Here) -> Frame {
        let view = self.view;
        let t = self.speech.labels();
        let measured = self.shared.newest(view).map(|at| self.clock(at));
        let last = measured.as_ref().map_or_else(|| "–".to_owned(), |when| when.text.clone());
        let unknown = self.speech.overall(Verdict::Unknown);
        Frame {
            lang: self.speech.tag(),
            t,
            site: view.title.clone(),
            title: format!("{title} · {}", view.title),
            about,
            mark: Mark { v: view.overall.word(), word: self.speech.overall(view.overall) },
            style: assets::style_path(),
            script: assets::script_path(),
            icon: assets::icon_path(view.overall),
            stale_icon: assets::icon_path(Verdict::Unknown),
            stale_word: self.speech.verdict(Verdict::Unknown),
            stale_whole: unknown,
            stale_title: format!("{unknown} · {}", view.title),
            last,
            version: self.shared.version(view).to_owned(),
            operators: self.operators(),
            here,
            measured,
            until: view.valid_until.map(|at| self.clock(at)),
            ledger: view.ledger_head.as_ref().map(|head| {
                let short: String = head.hash.chars().take(12).collect();
                (t.ledger.replace("{}", &head.seq.to_string()), short)
            }),
        }
    }
}

/// Every cell of a view.
pub(crate) fn cells(view: &View) -> impl Iterator<Item = &CellView> {
    view.services.iter().flat_map(|s| &s.capabilities).flat_map(|c| &c.cells)
}

/// When the newest measurement was made.
pub(crate) fn newest(view: &View) -> Option<Timestamp> {
    cells(view).filter_map(|cell| cell.observed_at).max()
}

/// The one claim that is made of a cell.
pub(crate) fn claim(cell: &CellView) -> Option<&Claim> {
    cell.saying.claims.first()
}

/// How a cell fares.
pub(crate) fn fares(cell: &CellView) -> Option<Fares> {
    claim(cell).map(|claim| claim.fares)
}

/// To the second, rounded down: a lease never looks longer than it is.
pub(crate) fn iso(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second()).unwrap_or(at).to_string()
}
