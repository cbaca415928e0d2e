//! A site in memory: the pages of one view, for one audience, as they go out.
//!
//! A page is made when somebody wants it, once for each view, however many ask at once; the few pages that readers come
//! back to all the time are made ahead of them while they do, in the codings that they ask for. A hub that nobody reads
//! renders nothing, and thousands of services cost nothing until somebody looks.
//!
//! A site knows until when it holds. Past that moment (a renderer that hangs, a machine that slept) it answers with its
//! expired form, in which every green is unknown: no reader is ever given a green that ran out.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use candor_core::Timestamp;
use candor_page::{LIVE_PATH, MISSING_PATH, STATUS_PATH};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::clock;
use crate::packed::{Codings, Packed};
use crate::render::{Busy, Renderer};

/// Pages that readers come back to all the time.
const FRONT: [&str; 4] = ["/", LIVE_PATH, STATUS_PATH, MISSING_PATH];
/// After so many sites in a row in which nobody asked for a page, it is not made ahead any more.
const IDLE_MAX: u32 = 30;
/// All that other pages of a site may take in memory, in bytes; beyond it they are made anew.
const OTHERS_MAX: usize = 4 << 20;
/// The first reader of a page gets it packed where it is small; a large one is packed from the next view on.
const PACK_AT_ONCE: usize = 128 << 10;
/// Longest wait for a page to be made.
const MADE_WITHIN: Duration = Duration::from_secs(5);

/// The files beside the pages, packed once for good.
static ASSETS: LazyLock<HashMap<String, Arc<Packed>>> = LazyLock::new(|| {
    let packed = |file: candor_page::File| (file.path.clone(), Arc::new(Packed::new(file, Codings::ALL)));
    candor_page::assets().into_iter().map(packed).collect()
});

/// A page in the making: who waits for it, and whom it is told.
type Coming = watch::Receiver<Option<Arc<Packed>>>;

/// A site, whole.
#[derive(Debug)]
pub(crate) struct Site {
    /// `None` before the first view.
    pages: Option<candor_page::Site>,
    valid_to: Option<Instant>,
    expired: OnceLock<Arc<Site>>,
    front: [Seat; FRONT.len()],
    others: Mutex<Others>,
}

/// A front page, and how it is asked for.
#[derive(Debug, Default)]
struct Seat {
    page: OnceLock<Arc<Packed>>,
    /// How it was asked for in this site: the codings, and [`ASKED`].
    asked: AtomicU8,
    /// How it was asked for lately.
    wanted: u8,
    /// For how many sites in a row nobody asked for it.
    idle: u32,
}

/// Marks that somebody asked, beside the codings.
const ASKED: u8 = 0x80;

/// Pages that were made on demand, and those in the making.
#[derive(Debug, Default)]
struct Others {
    made: HashMap<String, Arc<Packed>>,
    bytes: usize,
    coming: HashMap<String, Coming>,
}

/// What there is at a path, without waiting.
#[derive(Debug)]
pub(crate) enum Found {
    /// The page.
    Here(Arc<Packed>),
    /// It has to be made: [`Site::make`].
    Unmade(Arc<Site>),
    /// Nothing.
    Missing,
}

impl Site {
    pub(crate) fn empty() -> Self {
        Self::of(None, None)
    }

    fn of(pages: Option<candor_page::Site>, valid_to: Option<Instant>) -> Self {
        let others = Mutex::default();
        Self { pages, valid_to, expired: OnceLock::new(), front: Default::default(), others }
    }

    /// The site of a newer view. The front pages that readers of the ones before it came back to are made here and now.
    pub(crate) fn next(before: &Self, pages: candor_page::Site, valid_to: Option<Instant>) -> Self {
        let mut site = Self::of(Some(pages), valid_to);
        for (seat, old) in site.front.iter_mut().zip(&before.front) {
            let asked = old.asked.load(Ordering::Relaxed);
            seat.idle = if asked == 0 { old.idle.saturating_add(1) } else { 0 };
            seat.wanted = if seat.idle < IDLE_MAX { old.wanted | asked } else { 0 };
        }
        for (seat, path) in site.front.iter().zip(FRONT) {
            if seat.wanted & ASKED != 0 {
                let page = site.render(path, |_| Codings(seat.wanted & Codings::ALL.0));
                page.into_iter().for_each(|page| drop(seat.page.set(page)));
            }
        }
        site
    }

    /// Whether there is anything to show yet.
    pub(crate) fn is_ready(&self) -> bool {
        self.pages.is_some()
    }

    /// What there is at `path`, true at this moment, for a reader who wants `coding`.
    pub(crate) fn find(self: &Arc<Self>, path: &str, coding: Codings) -> Found {
        if let Some(asset) = ASSETS.get(path) {
            return Found::Here(Arc::clone(asset));
        }
        let (at, wall) = (Instant::now(), clock::now());
        if self.is_past(at, wall) {
            self.seat(path).into_iter().for_each(|seat| seat.ask(coding));
            // What is left of it runs out in its turn.
            return self.expired(at, wall).find(path, coding);
        }
        let here = match self.seat(path) {
            Some(seat) => {
                seat.ask(coding);
                seat.page.get().map(Arc::clone)
            }
            None => self.others().made.get(path).map(Arc::clone),
        };
        match here {
            Some(page) => Found::Here(page),
            None if self.pages.as_ref().is_some_and(|pages| pages.has(path)) => {
                Found::Unmade(Arc::clone(self))
            }
            None => Found::Missing,
        }
    }

    /// Has the page at `path` made, or waits for it where it is in the making.
    ///
    /// # Errors
    /// [`Busy`] where too many pages wait to be made.
    pub(crate) async fn make(
        self: Arc<Self>,
        path: &str,
        coding: Codings,
        renderer: &Renderer,
    ) -> Result<Arc<Packed>, Busy> {
        let mut coming = match self.begin(path, coding, renderer)? {
            Ok(made) => return Ok(made),
            Err(coming) => coming,
        };
        let told = tokio::time::timeout(MADE_WITHIN, coming.wait_for(Option::is_some)).await;
        let made = told.ok().and_then(Result::ok).and_then(|made| made.clone());
        // What ran out while it was waited for is not given out.
        made.filter(|_| !self.is_past(Instant::now(), clock::now())).ok_or(Busy)
    }

    /// The page, or a place among those who wait for it: the first one has it made, whether or not it stays.
    fn begin(
        self: &Arc<Self>,
        path: &str,
        coding: Codings,
        renderer: &Renderer,
    ) -> Result<Result<Arc<Packed>, Coming>, Busy> {
        let mut others = self.others();
        let made = self.seat(path).map_or_else(|| others.made.get(path), |seat| seat.page.get());
        if let Some(made) = made {
            return Ok(Ok(Arc::clone(made)));
        }
        if let Some(coming) = others.coming.get(path) {
            return Ok(Err(coming.clone()));
        }
        let (tell, told) = watch::channel(None);
        let (site, wanted) = (Arc::clone(self), path.to_owned());
        renderer.try_do(move || {
            let done = Done { site: &site, path: &wanted };
            let small = |bytes: usize| if bytes <= PACK_AT_ONCE { coding } else { Codings::PLAIN };
            let page = done.site.render(done.path, small);
            page.iter().for_each(|page| done.site.keep(done.path, page));
            // It is in its place and no longer in the making before anybody is told.
            drop(done);
            page.into_iter().for_each(|page| drop(tell.send_replace(Some(page))));
        })?;
        others.coming.insert(path.to_owned(), told.clone());
        Ok(Err(told))
    }

    fn keep(&self, path: &str, page: &Arc<Packed>) {
        if let Some(seat) = self.seat(path) {
            // Made ahead meanwhile, perhaps; both are the same.
            drop(seat.page.set(Arc::clone(page)));
            return;
        }
        let mut others = self.others();
        if others.bytes.saturating_add(page.size()) > OTHERS_MAX {
            others.made.clear();
            others.bytes = 0;
        }
        others.bytes += page.size();
        others.made.insert(path.to_owned(), Arc::clone(page));
    }

    fn render(&self, path: &str, codings: impl Fn(usize) -> Codings) -> Option<Arc<Packed>> {
        let file = self.pages.as_ref()?.render(path)?;
        let codings = codings(file.body.len());
        Some(Arc::new(Packed::new(file, codings)))
    }

    fn seat(&self, path: &str) -> Option<&Seat> {
        FRONT.iter().zip(&self.front).find(|(front, _)| **front == path).map(|(_, seat)| seat)
    }

    /// A panic while it was held left nothing half done.
    fn others(&self) -> MutexGuard<'_, Others> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Past its time by either clock: a stepped wall clock must not keep a green alive, nor a paused machine.
    fn is_past(&self, at: Instant, wall: Timestamp) -> bool {
        let by_wall = self.pages.as_ref().and_then(|pages| pages.view().valid_until);
        self.valid_to.is_some_and(|to| at >= to) || by_wall.is_some_and(|until| wall >= until)
    }

    /// Its form at that moment. Whichever clock says that it is past, the earlier moment of the two is over.
    fn expired(&self, at: Instant, wall: Timestamp) -> &Arc<Self> {
        self.expired.get_or_init(|| {
            let pages = self.pages.as_ref().map(|pages| {
                let past = pages.view().valid_until.map_or(wall, |until| until.max(wall));
                pages.expired(past)
            });
            let until = pages.as_ref().and_then(|pages| pages.view().valid_until);
            let left = until.map(|until| Duration::try_from(until.duration_since(wall)).unwrap_or_default());
            Arc::new(Self::of(pages, left.map(|left| at + left)))
        })
    }
}

impl Seat {
    fn ask(&self, coding: Codings) {
        let asked = ASKED | coding.0;
        // Written once, not by every request: readers on several threads share this line of memory.
        if self.asked.load(Ordering::Relaxed) & asked != asked {
            self.asked.fetch_or(asked, Ordering::Relaxed);
        }
    }
}

/// Ends the making of a page, also where it panics: who waited is told, and the next one may have it made.
struct Done<'s> {
    site: &'s Site,
    path: &'s str,
}

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.site.others().coming.remove(self.path);
    }
}

#[cfg(test)]
mod tests;
