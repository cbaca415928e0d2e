//! Every page of a view, each by itself: which paths there are, and the bytes of one of them.
//!
//! A page is rendered when somebody wants it; thousands of services cost nothing until they are read. What all pages
//! share (the version, the newest measurement) is worked out once, at the first page that shows it.

use std::sync::{Arc, OnceLock};

use askama::Template;
use candor_core::incident::Incident;
use candor_core::view::{ServiceView, View};
use jiff::Timestamp;

use crate::scene::Scene;
use crate::{
    Audience, File, LIVE_PATH, Language, MISSING_PATH, STATUS_PATH, history, incident, index, json, live,
    scene, service, services,
};

const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";
pub(crate) const SVG: &str = "image/svg+xml";

const SERVICE: &str = "/services/";
const INCIDENT: &str = "/incidents/";
/// Behind an incident's path: the picture of its cause.
pub(crate) const PICTURE: &str = "/cause.svg";
/// Pages that every view has.
const FIXED: [&str; 6] = ["/", "/services", "/history", MISSING_PATH, STATUS_PATH, LIVE_PATH];

/// The pages of a view, for one audience, in one language.
#[derive(Debug, Clone)]
pub struct Site {
    view: Arc<View>,
    audience: Audience,
    language: Language,
    shared: Arc<Shared>,
}

/// What all pages of a view share, whoever reads them.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    version: OnceLock<String>,
    newest: OnceLock<Option<Timestamp>>,
    /// Places of the services in the view, by their ids.
    by_id: OnceLock<Vec<usize>>,
}

impl Shared {
    /// Changes with anything that the page shows, apart from renewed leases.
    pub(crate) fn version(&self, view: &View) -> &str {
        self.version.get_or_init(|| live::version(view))
    }

    /// When the newest measurement was made.
    pub(crate) fn newest(&self, view: &View) -> Option<Timestamp> {
        *self.newest.get_or_init(|| scene::newest(view))
    }

    /// A service by its id.
    pub(crate) fn service<'v>(&self, view: &'v View, id: &str) -> Option<&'v ServiceView> {
        let by_id = self.by_id.get_or_init(|| {
            let mut all: Vec<usize> = (0..view.services.len()).collect();
            all.sort_by_key(|at| view.services.get(*at).map(|s| s.id.as_str()));
            all
        });
        let of = |at: &usize| view.services.get(*at);
        let found = by_id.binary_search_by(|at| of(at).map(|s| s.id.as_str()).cmp(&Some(id))).ok()?;
        by_id.get(found).and_then(of).map(|service| &**service)
    }
}

/// What a path leads to.
enum Page<'v> {
    Fixed(&'static str),
    Service(&'v ServiceView),
    Incident(&'v Incident),
    /// The picture of its cause.
    Picture(&'v Incident),
}

impl Site {
    /// The pages of `view`; nothing is rendered yet.
    #[must_use]
    pub fn new(view: Arc<View>, audience: Audience, language: Language) -> Self {
        Self { view, audience, language, shared: Arc::default() }
    }

    /// The same view for another audience.
    #[must_use]
    pub fn for_audience(&self, audience: Audience) -> Self {
        Self { audience, ..self.clone() }
    }

    /// The pages as they must be shown at `now`: every green that has run out is unknown.
    #[must_use]
    pub fn expired(&self, now: Timestamp) -> Self {
        Self::new(Arc::new(self.view.expired(now)), self.audience, self.language)
    }

    /// What is shown.
    #[must_use]
    pub fn view(&self) -> &Arc<View> {
        &self.view
    }

    /// Every path: `/`, `/services`, `/services/ID`, `/history`, `/incidents/N`, `/incidents/N/cause.svg`, [`STATUS_PATH`], [`LIVE_PATH`] and
    /// [`MISSING_PATH`]. The files beside them are [`crate::assets()`], the same for every view.
    pub fn paths(&self) -> impl Iterator<Item = String> {
        let services = self.view.services.iter().map(|s| format!("{SERVICE}{}", s.id));
        let incidents = self.view.incidents.iter().map(|i| format!("{INCIDENT}{}", i.id));
        let pictures = self.view.incidents.iter().filter_map(incident::picture_path);
        FIXED.into_iter().map(str::to_owned).chain(services).chain(incidents).chain(pictures)
    }

    /// Whether there is such a page; cheap, nothing is rendered.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.page(path).is_some()
    }

    /// The page at `path`; `None` where there is none.
    #[must_use]
    pub fn render(&self, path: &str) -> Option<File> {
        let page = self.page(path)?;
        let scene = Scene::new(&self.view, self.audience, self.language, &self.shared);
        let (media_type, body) = match page {
            Page::Service(service) => (HTML, html(&service::page(&scene, service))),
            Page::Incident(incident) => (HTML, html(&incident::page(&scene, incident))),
            Page::Picture(incident) => (SVG, incident::picture_alone(&scene, incident)?),
            Page::Fixed("/") => (HTML, html(&index::page(&scene))),
            Page::Fixed("/services") => (HTML, html(&services::page(&scene))),
            Page::Fixed("/history") => (HTML, html(&history::page(&scene))),
            Page::Fixed(STATUS_PATH) => (JSON, json::status(&scene)),
            Page::Fixed(LIVE_PATH) => (JSON, live::body(&scene)),
            Page::Fixed(_) => (HTML, html(&history::missing(&scene))),
        };
        Some(File { path: path.to_owned(), media_type, body, immutable: false })
    }

    fn page(&self, path: &str) -> Option<Page<'_>> {
        if let Some(fixed) = FIXED.into_iter().find(|fixed| *fixed == path) {
            return Some(Page::Fixed(fixed));
        }
        if let Some(id) = path.strip_prefix(SERVICE) {
            return self.shared.service(&self.view, id).map(Page::Service);
        }
        let rest = path.strip_prefix(INCIDENT)?;
        let (number, is_picture) = rest.strip_suffix(PICTURE).map_or((rest, false), |number| (number, true));
        // One path for one page: no leading zeros, no signs.
        let id: u64 = number.parse().ok()?;
        let mut incidents = self.view.incidents.iter();
        let found = incidents.find(|i| i.id.0 == id && id.to_string() == number)?;
        if is_picture {
            return incident::picture_path(found).map(|_| Page::Picture(found));
        }
        Some(Page::Incident(found))
    }
}

fn html(page: &impl Template) -> Vec<u8> {
    page.render().expect("a page can be written because nothing in it can fail").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_found_by_its_id_wherever_it_stands_in_the_view() {
        let mut view = empty();
        for id in ["mail", "app-store", "zoo", "b"] {
            view.services.push(Arc::new(service(id)));
        }
        let site = Site::new(Arc::new(view), Audience::Public, Language::English);
        for id in ["mail", "app-store", "zoo", "b"] {
            assert!(site.has(&format!("/services/{id}")), "{id}");
        }
        for path in ["/services/", "/services/a", "/services/zoo2", "/incidents/1", "/x", ""] {
            assert!(!site.has(path) && site.render(path).is_none(), "{path}");
        }
    }

    fn service(id: &str) -> ServiceView {
        ServiceView {
            id: candor_core::id::ServiceId::new(id).expect("an id"),
            name: id.into(),
            group: None,
            verdict: candor_core::verdict::Verdict::Unknown,
            saying: nothing(),
            capabilities: Vec::new(),
            history: Arc::default(),
        }
    }

    fn nothing() -> candor_core::saying::Saying {
        let verdict = candor_core::verdict::Verdict::Unknown;
        candor_core::saying::Saying { verdict, claims: Vec::new(), more: 0 }
    }

    fn empty() -> View {
        View {
            title: "Shop".into(),
            url: None,
            show: candor_core::model::ShowFaults::Words,
            as_of: None,
            valid_until: None,
            overall: candor_core::verdict::Verdict::Unknown,
            saying: nothing(),
            places: Vec::new(),
            services: Vec::new(),
            incidents: Vec::new(),
            maintenance: Vec::new(),
            notices: Vec::new(),
            ledger_head: None,
            today: None,
        }
    }
}
