//! A rendered site in memory: files by path, each in the codings that clients ask for.
//!
//! While there are readers, a site is rendered ahead, off the path of any request, and the files that somebody asked for
//! are packed; the first reader of a page gets it plain. A hub that nobody reads renders nothing.
//!
//! A site knows until when it holds. Past that moment (a renderer that hangs, a machine that slept) it answers with its
//! expired form, in which every green is unknown: no reader is ever given a green that ran out.

use std::collections::HashMap;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use candor_core::Timestamp;
use candor_core::view::View;
use candor_page::{Audience, File, Language};
use tokio::time::Instant;

use crate::clock;

/// Bodies below this size gain nothing from packing.
const PACK_FROM: usize = 512;
/// After so many sites in a row that nobody read, the next ones are rendered only when a reader comes.
const IDLE_MAX: u32 = 30;
/// Brotli quality: dense enough, and quick enough to run at every change.
const BROTLI_QUALITY: u32 = 5;
/// Brotli window, as its logarithm.
const BROTLI_WINDOW: u32 = 20;

/// A file in all its codings.
#[derive(Debug)]
pub(crate) struct Packed {
    pub(crate) media_type: &'static str,
    pub(crate) immutable: bool,
    pub(crate) etag: String,
    pub(crate) plain: Bytes,
    pub(crate) gzip: Option<Bytes>,
    pub(crate) brotli: Option<Bytes>,
    /// Whether anybody asked for it, in this rendering or in one that gave it on.
    asked: AtomicBool,
}

/// Files by path.
type Files = HashMap<String, Arc<Packed>>;

/// A site, whole.
#[derive(Debug)]
pub(crate) struct Site {
    /// Rendered ahead, or when the first reader comes.
    files: OnceLock<Files>,
    /// What it is rendered from; `None` before the first view.
    source: Option<(Arc<View>, Audience)>,
    valid_to: Option<Instant>,
    expired: OnceLock<Arc<Site>>,
    /// Whether anybody asked for any of it.
    asked: AtomicBool,
    /// How many sites in a row nobody asked for, before this one.
    idle: u32,
}

impl Site {
    pub(crate) fn empty() -> Self {
        Self::of(None, None, 0)
    }

    /// The site of a view. Where the ones before it were read, it is rendered here and now, and the files that were
    /// asked for are packed; what did not change is taken over.
    pub(crate) fn new(before: &Self, view: Arc<View>, audience: Audience, valid_to: Option<Instant>) -> Self {
        let idle = if before.asked.load(Ordering::Relaxed) { 0 } else { before.idle.saturating_add(1) };
        let site = Self::of(Some((view, audience)), valid_to, idle);
        if idle < IDLE_MAX {
            let known = before.files.get();
            site.files.get_or_init(|| site.render(|file| pack(file, known)));
        }
        site
    }

    fn of(source: Option<(Arc<View>, Audience)>, valid_to: Option<Instant>, idle: u32) -> Self {
        let (files, expired) = (OnceLock::new(), OnceLock::new());
        Self { files, source, valid_to, expired, asked: AtomicBool::new(false), idle }
    }

    fn render(&self, pack: impl Fn(&File) -> Arc<Packed>) -> Files {
        let Some((view, audience)) = &self.source else { return Files::new() };
        let files = candor_page::render(view, *audience, Language::English);
        files.into_iter().map(|file| (file.path.clone(), pack(&file))).collect()
    }

    /// Whether there is anything to show yet.
    pub(crate) fn is_ready(&self) -> bool {
        self.source.is_some()
    }

    /// The file at `path`, true at this moment.
    pub(crate) fn file(&self, path: &str) -> Option<Arc<Packed>> {
        self.asked.store(true, Ordering::Relaxed);
        let (at, wall) = (Instant::now(), clock::now());
        if self.is_past(at, wall) {
            // What is left of it runs out in its turn.
            return self.expired(at, wall).file(path);
        }
        self.at(path)
    }

    fn at(&self, path: &str) -> Option<Arc<Packed>> {
        let files = self.files.get_or_init(|| self.render(|file| Arc::new(Packed::new(file, false))));
        let file = files.get(path).map(Arc::clone)?;
        file.asked.store(true, Ordering::Relaxed);
        Some(file)
    }

    /// Past its time by either clock: a stepped wall clock must not keep a green alive, nor a paused machine.
    fn is_past(&self, at: Instant, wall: Timestamp) -> bool {
        let by_wall = self.source.as_ref().and_then(|(view, _)| view.valid_until);
        self.valid_to.is_some_and(|to| at >= to) || by_wall.is_some_and(|until| wall >= until)
    }

    /// Its form at that moment. Whichever clock says that it is past, the earlier moment of the two is over.
    fn expired(&self, at: Instant, wall: Timestamp) -> &Arc<Self> {
        self.expired.get_or_init(|| {
            let source = self.source.as_ref().map(|(view, audience)| {
                let past = view.valid_until.map_or(wall, |until| until.max(wall));
                (Arc::new(view.expired(past)), *audience)
            });
            let until = source.as_ref().and_then(|(view, _)| view.valid_until);
            let left = until.map(|until| Duration::try_from(until.duration_since(wall)).unwrap_or_default());
            Arc::new(Self::of(source, left.map(|left| at + left), IDLE_MAX))
        })
    }
}

/// A file packed where it was asked for before, or as it was where it did not change.
fn pack(file: &File, before: Option<&Files>) -> Arc<Packed> {
    let known = before.and_then(|files| files.get(&file.path));
    // Styles and scripts are packed once, for good; pages where somebody reads them.
    let worth = file.immutable || known.is_some_and(|known| known.asked.load(Ordering::Relaxed));
    let same = known.filter(|known| *known.plain == *file.body && (known.is_packed() || !worth));
    same.map_or_else(|| Arc::new(Packed::new(file, worth)), Arc::clone)
}

impl Packed {
    fn new(file: &File, worth: bool) -> Self {
        let asked = worth && !file.immutable;
        let worth = worth && file.body.len() >= PACK_FROM;
        Self {
            media_type: file.media_type,
            immutable: file.immutable,
            // Weak: it stands for the file in all its codings.
            etag: format!("W/\"{:016x}\"", fingerprint(&file.body)),
            plain: Bytes::copy_from_slice(&file.body),
            gzip: worth.then(|| gzip(&file.body)).flatten(),
            brotli: worth.then(|| brotli(&file.body)).flatten(),
            asked: AtomicBool::new(asked),
        }
    }

    /// Whether there is nothing left to pack.
    fn is_packed(&self) -> bool {
        self.brotli.is_some() || self.plain.len() < PACK_FROM
    }
}

/// A short name for these bytes, for conditional requests. Not for secrets.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn gzip(bytes: &[u8]) -> Option<Bytes> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    packer.write_all(bytes).ok()?;
    packer.finish().ok().map(Bytes::from)
}

fn brotli(bytes: &[u8]) -> Option<Bytes> {
    let mut packer = brotli::CompressorWriter::new(Vec::new(), 4096, BROTLI_QUALITY, BROTLI_WINDOW);
    packer.write_all(bytes).ok()?;
    Some(Bytes::from(packer.into_inner()))
}
