//! `cargo xtask docs`: rewrites the generated regions of the documents; `--check` only looks.
//!
//! What a region holds is made where its rule lives ([`crate::tidy::generated`]), so that writing and checking agree.

use std::path::Path;

use crate::tidy::{Tree, generated};
use crate::{Stop, refuse_unknown};

/// Runs the chore.
pub(crate) fn run(root: &Path, words: &[String]) -> Result<(), Stop> {
    refuse_unknown("docs", words, &["--check"])?;
    let tree = Tree::load(root).map_err(Stop::CouldNotRun)?;
    let mut stale = false;
    for region in generated::REGIONS {
        let wanted = region.rewritten(&tree).map_err(Stop::CouldNotRun)?;
        if tree.text(region.file) == Some(wanted.as_str()) {
            continue;
        }
        stale = true;
        if words.is_empty() {
            std::fs::write(root.join(region.file), wanted)
                .map_err(|error| Stop::CouldNotRun(format!("cannot write {}: {error}", region.file)))?;
            println!("{}: {} rewritten", region.file, region.name);
        } else {
            println!("{}: {} is stale; run `cargo xtask docs`", region.file, region.name);
        }
    }
    if stale && !words.is_empty() { Err(Stop::Failed) } else { Ok(()) }
}
