//! The page: a [`View`] becomes bytes. No I/O, no clock: the same view gives the same bytes, on any machine.
//!
//! In reading order: [`Site`] is every page of a view, each rendered by itself when somebody wants it; [`words`] turns
//! sayings into sentences; `scene` holds what every page needs; `index`, `service`, `services`, `incident` and
//! `history` shape the pages that `templates/` writes; `days` draws 90 days; `operators` adds votes and evidence;
//! [`status_json`] says the same to machines; `live` is what an open page asks for every few seconds.
//!
//! A green is a lease. The server renders anew when one ends; an open page counts the lease down itself, on a clock
//! that nobody can step, and turns what was green to unknown when it cannot be renewed. Without JavaScript the page
//! says until when it holds, and asks for itself again every half minute.
//!
//! What is public is decided here: targets, addresses, bodies and faults' details are written for operators only,
//! details also for the public where the plan says so. Everything is escaped by the templates; [`CSP`] forbids inline
//! styles and scripts and every other origin.

mod assets;
mod days;
mod fingerprint;
mod history;
mod incident;
mod index;
mod json;
mod live;
mod names;
mod operators;
mod picture;
mod scene;
mod service;
mod services;
mod site;
pub mod words;

use std::sync::Arc;

use candor_core::view::View;

pub use assets::files as assets;
pub use json::status_json;
pub use live::LIVE_PATH;
pub use picture::picture;
pub use site::Site;
pub use words::{Language, Told, class_title, fault_words, finding_words, headline, sentence};

/// The `Content-Security-Policy` that every page is served with.
pub const CSP: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                       base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The same for a picture, whose style is within it.
const CSP_OF_PICTURES: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/// Where the status is, as JSON.
pub const STATUS_PATH: &str = "/api/v1/status";

/// The page to answer with, and status 404, for every path that no [`File`] has.
pub const MISSING_PATH: &str = "/404.html";

/// `Cache-Control` of a file whose name carries a hash of its content.
pub const CACHE_IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// `Cache-Control` of everything else: a page may be kept, and must be asked for again before it is shown.
pub const CACHE_PAGE: &str = "no-cache";

/// Who reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Everyone: no address, no target, no evidence.
    Public,
    /// Those who run the service and Candor: all of it.
    Operators,
}

/// A file of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path: `/`, `/incidents/7`, `/api/v1/status`, `/style-0123456789abcdef.css`.
    pub path: String,
    /// Its media type, with the charset where it is text.
    pub media_type: &'static str,
    /// Its content.
    pub body: Vec<u8>,
    /// Whether its name changes with its content, so that it may be kept for ever.
    pub immutable: bool,
}

impl File {
    /// The `Content-Security-Policy` that it is served with.
    #[must_use]
    pub fn csp(&self) -> &'static str {
        if self.media_type == site::SVG { CSP_OF_PICTURES } else { CSP }
    }
}

/// The whole site at once: every page of [`Site::paths`], and [`assets()`].
#[must_use]
pub fn render(view: &View, audience: Audience, language: Language) -> Vec<File> {
    let site = Site::new(Arc::new(view.clone()), audience, language);
    let pages = site.paths().filter_map(|path| site.render(&path));
    pages.chain(assets()).collect()
}
