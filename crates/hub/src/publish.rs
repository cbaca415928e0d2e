//! From view to site: rendered and packed off the engine's path, put in place at once.

use std::sync::Arc;

use arc_swap::ArcSwap;
use candor_core::view::View;
use candor_page::{Audience, Language};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::render::Renderer;
use crate::site::Site;

/// What the engine's loop gives out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Published {
    /// The newest view; `None` before the first.
    pub(crate) view: Option<Arc<View>>,
    /// When the first of its greens runs out, by the monotonic clock.
    pub(crate) valid_to: Option<Instant>,
    /// Vantages that are blind.
    pub(crate) blind: Vec<String>,
}

/// The two sites, as they stand, and who makes their pages.
#[derive(Debug)]
pub(crate) struct Sites {
    pub(crate) public: ArcSwap<Site>,
    pub(crate) operators: ArcSwap<Site>,
    pub(crate) renderer: Renderer,
}

impl Sites {
    pub(crate) fn new(renderer: Renderer) -> Self {
        let empty = || ArcSwap::from_pointee(Site::empty());
        Self { public: empty(), operators: empty(), renderer }
    }
}

/// Renders every new view until the engine's loop is gone. Views that come while one is rendered are skipped over.
pub(crate) async fn work(mut views: watch::Receiver<Published>, sites: Arc<Sites>) {
    while views.changed().await.is_ok() {
        let Published { view, valid_to, .. } = views.borrow_and_update().clone();
        let Some(view) = view else { continue };
        let place = Arc::clone(&sites);
        // What fails there is said there; the site before stays, until its time is over.
        let _ = sites.renderer.run(move || put(view, valid_to, &place)).await;
    }
}

fn put(view: Arc<View>, valid_to: Option<Instant>, sites: &Sites) {
    let pages = candor_page::Site::new(view, Audience::Public, Language::English);
    for (audience, place) in [(Audience::Public, &sites.public), (Audience::Operators, &sites.operators)] {
        let before = place.load_full();
        place.store(Arc::new(Site::next(&before, pages.for_audience(audience), valid_to)));
    }
}
