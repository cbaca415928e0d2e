//! A picture of the delegation, as a file.

use candor_core::finding::Finding;
use candor_names::Walk;
use candor_page::{Language, picture};

pub(crate) fn text(finding: &Finding, walk: &Walk) -> String {
    picture(finding, &candor_explain::way(walk), Language::English)
}
