//! A file as it goes out: its bytes in the codings that readers ask for, each with its header fields made ahead.

use std::io::Write as _;

use bytes::Bytes;
use candor_page::File;
use hyper::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderMap,
    HeaderValue, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

/// Bodies below this size gain nothing from packing.
const PACK_FROM: usize = 512;
/// Brotli quality: dense enough, and quick enough to run at every change.
const BROTLI_QUALITY: u32 = 5;
/// Brotli window, as its logarithm.
const BROTLI_WINDOW: u32 = 20;

/// A set of codings; the empty one stands for the plain bytes alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Codings(pub(crate) u8);

impl Codings {
    pub(crate) const PLAIN: Self = Self(0);
    pub(crate) const GZIP: Self = Self(1);
    pub(crate) const BROTLI: Self = Self(2);
    pub(crate) const ALL: Self = Self(3);

    /// The best of those that a reader accepts (RFC 9110, section 12.5.3): brotli, then gzip, then none.
    pub(crate) fn best(accepted: Option<&HeaderValue>) -> Self {
        let accepted = accepted.and_then(|value| value.to_str().ok()).unwrap_or("");
        if accepts(accepted, "br") {
            Self::BROTLI
        } else if accepts(accepted, "gzip") {
            Self::GZIP
        } else {
            Self::PLAIN
        }
    }

    const fn has(self, one: Self) -> bool {
        self.0 & one.0 != 0
    }
}

/// Whether `coding` is accepted: named, and not with a weight of zero.
fn accepts(header: &str, coding: &str) -> bool {
    header.split(',').any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
        let refused = parts.any(|p| {
            p.strip_prefix(['q', 'Q'])
                .and_then(|p| p.strip_prefix('='))
                .is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q <= 0.0))
        });
        named && !refused
    })
}

/// Bytes with the header fields that they go out with.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) fields: HeaderMap,
    pub(crate) bytes: Bytes,
}

/// A file in its codings.
#[derive(Debug)]
pub(crate) struct Packed {
    pub(crate) etag: String,
    plain: Body,
    gzip: Option<Body>,
    brotli: Option<Body>,
}

impl Packed {
    /// `file`, packed in these codings.
    pub(crate) fn new(mut file: File, codings: Codings) -> Self {
        // It stays for a while; the room that it grew in need not.
        file.body.shrink_to_fit();
        // Weak: it stands for the file in all its codings.
        let etag = format!("W/\"{:016x}\"", fingerprint(&file.body));
        let fields = fields(&file, &etag);
        let worth = |coding| codings.has(coding) && file.body.len() >= PACK_FROM;
        let packed = |coding: &'static str, bytes: Option<Bytes>| {
            let mut fields = fields.clone();
            fields.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
            bytes.map(|bytes| Body { fields, bytes })
        };
        Self {
            gzip: worth(Codings::GZIP).then(|| packed("gzip", gzip(&file.body))).flatten(),
            brotli: worth(Codings::BROTLI).then(|| packed("br", brotli(&file.body))).flatten(),
            plain: Body { fields, bytes: Bytes::from(file.body) },
            etag,
        }
    }

    /// The body for a reader who wants `coding`: the plain one where it was not packed so.
    pub(crate) fn body(&self, coding: Codings) -> &Body {
        let packed = match coding {
            Codings::BROTLI => self.brotli.as_ref(),
            Codings::GZIP => self.gzip.as_ref(),
            _ => None,
        };
        packed.unwrap_or(&self.plain)
    }

    /// What it takes in memory, about.
    pub(crate) fn size(&self) -> usize {
        let packed = [&self.gzip, &self.brotli];
        packed.into_iter().flatten().map(|b| b.bytes.len()).sum::<usize>() + self.plain.bytes.len() + 4_096
    }
}

fn fields(file: &File, etag: &str) -> HeaderMap {
    let cache = if file.immutable { candor_page::CACHE_IMMUTABLE } else { candor_page::CACHE_PAGE };
    let etag =
        HeaderValue::from_str(etag).expect("an etag is a field value because it is made of hex digits");
    HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static(file.media_type)),
        (CACHE_CONTROL, HeaderValue::from_static(cache)),
        (ETAG, etag),
        (VARY, HeaderValue::from_name(ACCEPT_ENCODING)),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(file.csp())),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ])
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coding_with_weight_zero_is_not_accepted() {
        let best = |text: &'static str| Codings::best(Some(&HeaderValue::from_static(text)));
        assert_eq!(best("gzip, deflate, br;q=0.9"), Codings::BROTLI);
        assert_eq!(best("gzip, br;q=0"), Codings::GZIP);
        assert_eq!(best("gzip;q=0.0"), Codings::PLAIN);
        assert_eq!(Codings::best(None), Codings::PLAIN);
    }
}
