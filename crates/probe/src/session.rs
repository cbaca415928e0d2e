//! What HTTP steps of one journey keep for each other: cookies and the last page. Gone with the run.

use bytes::Bytes;
use url::Url;

use crate::cookies::CookieJar;

/// What HTTP steps keep for each other.
#[derive(Debug, Default)]
pub(crate) struct Session {
    /// Cookies.
    pub(crate) cookies: CookieJar,
    /// The last page read.
    pub(crate) page: Option<LastPage>,
}

/// The last page read, for `first_link`.
#[derive(Debug)]
pub(crate) struct LastPage {
    /// Where it was read, after redirects.
    pub(crate) url: Url,
    /// Its content, decoded, cut to the step's `body_max`.
    pub(crate) content: Bytes,
}
