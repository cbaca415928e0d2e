//! A rendered site in memory: files by path, each in the codings that clients ask for.
//!
//! A site knows until when it holds. Past that moment (a renderer that hangs, a machine that slept) it answers with its
//! expired form, in which every green is unknown: no reader is ever given a green that ran out. That form is made when
//! the first reader needs it, so it is not packed: nobody should wait for that.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use candor_core::Timestamp;
use candor_core::view::View;
use candor_page::{Audience, File, Language};
use tokio::time::Instant;

use crate::clock;

/// Bodies below this size gain nothing from packing.
const PACK_FROM: usize = 512;
/// Brotli quality: dense enough, and quick enough to run at every change.
const BROTLI_QUALITY: u32 = 5;
/// Brotli window, as its logarithm.
const BROTLI_WINDOW: u32 = 20;

/// A file in all its codings.
#[derive(Debug, Clone)]
pub(crate) struct Packed {
    pub(crate) media_type: &'static str,
    pub(crate) immutable: bool,
    pub(crate) etag: String,
    pub(crate) plain: Bytes,
    pub(crate) gzip: Option<Bytes>,
    pub(crate) brotli: Option<Bytes>,
}

/// A site, whole.
#[derive(Debug)]
pub(crate) struct Site {
    files: HashMap<String, Arc<Packed>>,
    /// What it was rendered from; `None` before the first view.
    source: Option<(Arc<View>, Audience)>,
    valid_to: Option<Instant>,
    expired: OnceLock<Arc<Site>>,
}

impl Site {
    pub(crate) fn empty() -> Self {
        Self { files: HashMap::new(), source: None, valid_to: None, expired: OnceLock::new() }
    }

    /// Packs files; those that did not change since `before` are taken over.
    pub(crate) fn new(
        files: Vec<File>,
        before: &Self,
        view: Arc<View>,
        audience: Audience,
        valid_to: Option<Instant>,
    ) -> Self {
        let pack = |file: File| {
            let known = before.files.get(&file.path).filter(|known| *known.plain == *file.body);
            let packed = known.map_or_else(|| Arc::new(Packed::new(&file)), Arc::clone);
            (file.path, packed)
        };
        let files = files.into_iter().map(pack).collect();
        Self { files, source: Some((view, audience)), valid_to, expired: OnceLock::new() }
    }

    /// Whether there is anything to show yet.
    pub(crate) fn is_ready(&self) -> bool {
        self.source.is_some()
    }

    /// The file at `path`, true at this moment.
    pub(crate) fn file(&self, path: &str) -> Option<Arc<Packed>> {
        if self.is_past(Instant::now(), clock::now()) {
            return self.expired().files.get(path).map(Arc::clone);
        }
        self.files.get(path).map(Arc::clone)
    }

    /// Past its time by either clock: a stepped wall clock must not keep a green alive, nor a paused machine.
    fn is_past(&self, at: Instant, wall: Timestamp) -> bool {
        let by_wall = self.source.as_ref().and_then(|(view, _)| view.valid_until);
        self.valid_to.is_some_and(|to| at >= to) || by_wall.is_some_and(|until| wall >= until)
    }

    fn expired(&self) -> &Arc<Self> {
        self.expired.get_or_init(|| {
            let Some((view, audience)) = &self.source else { return Arc::new(Self::empty()) };
            let view = Arc::new(view.expired());
            let files = candor_page::render(&view, *audience, Language::English);
            let files = files.into_iter().map(|file| (file.path.clone(), Arc::new(Packed::bare(&file))));
            let source = Some((view, *audience));
            Arc::new(Self { files: files.collect(), source, valid_to: None, expired: OnceLock::new() })
        })
    }
}

impl Packed {
    fn new(file: &File) -> Self {
        let worth = file.body.len() >= PACK_FROM;
        Self {
            gzip: worth.then(|| gzip(&file.body)).flatten(),
            brotli: worth.then(|| brotli(&file.body)).flatten(),
            ..Self::bare(file)
        }
    }

    fn bare(file: &File) -> Self {
        Self {
            media_type: file.media_type,
            immutable: file.immutable,
            // Weak: it stands for the file in all its codings.
            etag: format!("W/\"{:016x}\"", fingerprint(&file.body)),
            plain: Bytes::copy_from_slice(&file.body),
            gzip: None,
            brotli: None,
        }
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
