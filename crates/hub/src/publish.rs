//! From view to site: rendered and packed off the engine's path, put in place at once.

use std::sync::Arc;

use arc_swap::ArcSwap;
use candor_core::verdict::Verdict;
use candor_core::view::View;
use candor_page::Audience;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::site::Site;

/// What the engine's loop gives out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Published {
    /// The newest view; `None` before the first.
    pub(crate) view: Option<Arc<View>>,
    /// When the first of its greens runs out, by the monotonic clock.
    pub(crate) valid_to: Option<Instant>,
    /// Every cell's verdict, for metrics.
    pub(crate) verdicts: Arc<Vec<(String, Verdict)>>,
    /// Vantages that are blind.
    pub(crate) blind: Vec<String>,
}

/// The two sites, as they stand.
#[derive(Debug)]
pub(crate) struct Sites {
    pub(crate) public: ArcSwap<Site>,
    pub(crate) operators: ArcSwap<Site>,
}

impl Sites {
    pub(crate) fn new() -> Self {
        Self { public: ArcSwap::from_pointee(Site::empty()), operators: ArcSwap::from_pointee(Site::empty()) }
    }
}

/// Renders every new view until the engine's loop is gone. Views that come while one is rendered are skipped over.
pub(crate) async fn work(mut views: watch::Receiver<Published>, sites: Arc<Sites>) {
    while views.changed().await.is_ok() {
        let published = views.borrow_and_update().clone();
        let Some(view) = published.view else { continue };
        let sites = Arc::clone(&sites);
        let rendered = tokio::task::spawn_blocking(move || put(&view, published.valid_to, &sites));
        if let Err(error) = rendered.await {
            tracing::error!(%error, "the page could not be rendered; the one before stays, until its time is over");
        }
    }
}

fn put(view: &Arc<View>, valid_to: Option<Instant>, sites: &Sites) {
    for (audience, place) in [(Audience::Public, &sites.public), (Audience::Operators, &sites.operators)] {
        let before = place.load();
        place.store(Arc::new(Site::new(&before, Arc::clone(view), audience, valid_to)));
    }
}
