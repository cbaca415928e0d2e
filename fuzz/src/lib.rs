//! What the fuzz targets share. A target is a file in `fuzz_targets/`: what it is fed, and what must hold besides that
//! nothing panics, hangs or grows without bound.
//!
//! * [`feed`] — values made from bytes, for targets whose input is not one text
//! * [`loopback`] — journeys run against a server that says what the input says
//! * [`surroundings`] — an environment and a time for configurations
//! * [`history`] — what can happen to an engine, read from bytes
//! * [`scenery`] — views made from bytes
//!
//! A target reads no clock, no chance and no file that is not its own, as far as the code under it allows: what is found
//! must be found again. Parts of one input stand apart by a line of `%%`, so that a corpus is readable.

pub mod feed;
pub mod history;
pub mod loopback;
pub mod scenery;
pub mod surroundings;

/// The parts of an input: what stands between lines of `%%`.
#[must_use]
pub fn parts(input: &[u8]) -> Vec<&[u8]> {
    const MARK: &[u8] = b"\n%%\n";
    let mut parts = Vec::new();
    let mut rest = input;
    while let Some(at) = rest.windows(MARK.len()).position(|window| window == MARK) {
        let (part, next) = rest.split_at(at);
        parts.push(part);
        rest = next.get(MARK.len()..).unwrap_or_default();
    }
    parts.push(rest);
    parts
}
