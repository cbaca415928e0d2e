//! The files beside the pages: style, script, icons. Each name carries a hash of its content, so that it may be kept
//! for ever.

use candor_core::verdict::Verdict;

use crate::File;
use crate::fingerprint::Fingerprint;

const STYLE: &str = include_str!("../assets/style.css");
const SCRIPT: &str = include_str!("../assets/live.js");

/// Where the style sheet is.
pub(crate) fn style_path() -> String {
    format!("/style-{}.css", Fingerprint::of(STYLE.as_bytes()))
}

/// Where the script is.
pub(crate) fn script_path() -> String {
    format!("/live-{}.js", Fingerprint::of(SCRIPT.as_bytes()))
}

/// Where the icon of a verdict is.
pub(crate) fn icon_path(verdict: Verdict) -> String {
    format!("/icon-{}-{}.svg", verdict.word(), Fingerprint::of(icon(verdict).as_bytes()))
}

const fn icon(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Operational => include_str!("../assets/icon-operational.svg"),
        Verdict::Unknown => include_str!("../assets/icon-unknown.svg"),
        Verdict::Degraded => include_str!("../assets/icon-degraded.svg"),
        Verdict::Outage => include_str!("../assets/icon-outage.svg"),
    }
}

/// The files beside the pages: style, script, icons; the same for every view.
#[must_use]
pub fn files() -> Vec<File> {
    let kept = |path, media_type, body: &str| File { path, media_type, body: body.into(), immutable: true };
    let mut files = vec![
        kept(style_path(), "text/css; charset=utf-8", STYLE),
        kept(script_path(), "text/javascript; charset=utf-8", SCRIPT),
    ];
    files.extend(Verdict::ALL.map(|v| kept(icon_path(v), "image/svg+xml", icon(v))));
    files
}
