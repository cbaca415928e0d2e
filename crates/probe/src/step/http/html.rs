//! The elements of a page, read within bounds of their own.
//!
//! A page of a few kilobytes can keep a parser busy for minutes, or make it build millions of elements: unclosed
//! formatting is opened anew in every paragraph (WHATWG HTML, "reconstruct the active formatting elements"). So the
//! parser is fed piece by piece, in smaller pieces the more there is, and stopped at a bound. Where a bound is hit
//! the page is refused as malformed, never silently judged by half. The bounds are counts, so that a page is refused
//! always or never; time is the last of them, and only time that this thread has worked, because a machine that is
//! busy elsewhere is no fault of the page.

use std::time::Duration;

use candor_core::fault::Kind;
use html5ever::driver::{self, ParseOpts};
use html5ever::tendril::TendrilSink;
use rustix::time::{ClockId, clock_gettime};
use scraper::{Html, HtmlTreeSink, StrTendril};

use crate::failure::StepFailure;

/// Bytes of a page that are read for elements, at most; what comes after is not looked at.
const BYTES_MAX: usize = 2 << 20;

/// Elements, texts and comments of a page, at most.
const NODES_MAX: usize = 60_000;

/// Elements within each other, at most, as browsers have it: what a parser does for a tag grows with them.
const DEPTH_MAX: usize = 512;

/// What reading may cost, at most: for each byte, as much as there are elements open around it.
const WORK_MAX: usize = 256 << 20;

/// How long this thread may work on it, at most: for what the other bounds do not foresee.
const TIME_MAX: Duration = Duration::from_secs(2);

/// The smallest and largest piece fed at once, in bytes.
const PIECE_MIN: usize = 16;
const PIECE_MAX: usize = 4096;

/// Nodes that one piece may add at worst, about: every tag in it can open anew all that is open.
const NODES_BY_PIECE: usize = 1_000_000;

/// Reads the elements of a page.
///
/// # Errors
/// [`Kind::HttpMalformed`] where the page breaks the bounds.
pub(super) fn read(content: &[u8]) -> Result<Html, StepFailure> {
    let (head, _) = content.split_at_checked(BYTES_MAX).unwrap_or((content, &[]));
    let text = String::from_utf8_lossy(head);
    let mut rest: &str = &text;
    let begun = worked();
    let mut work = 0_usize;
    let mut parser = driver::parse_document(HtmlTreeSink::new(Html::new_document()), ParseOpts::default());
    while !rest.is_empty() {
        let (nodes, depth) = extent(&parser.tokenizer.sink.sink.0.borrow());
        if nodes > NODES_MAX {
            return Err(refusal(&format!("it has more than {NODES_MAX} elements")));
        }
        if depth > DEPTH_MAX {
            return Err(refusal(&format!("its elements stand more than {DEPTH_MAX} deep in each other")));
        }
        if work > WORK_MAX || worked().saturating_sub(begun) > TIME_MAX {
            return Err(refusal("its elements are too entangled to be read"));
        }
        let (piece, after) = split(rest, (NODES_BY_PIECE / nodes.max(1)).clamp(PIECE_MIN, PIECE_MAX));
        parser.process(StrTendril::from(piece));
        work = work.saturating_add(piece.len().saturating_mul(depth));
        rest = after;
    }
    Ok(parser.finish())
}

/// How many nodes there are, and how deep the last of them stands.
fn extent(html: &Html) -> (usize, usize) {
    let mut nodes = html.tree.nodes();
    let count = nodes.len();
    (count, nodes.next_back().map_or(0, |last| last.ancestors().count()))
}

/// How long this thread has worked since it began.
fn worked() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

fn refusal(why: &str) -> StepFailure {
    StepFailure::new(Kind::HttpMalformed, format!("the page cannot be searched for elements: {why}"))
}

/// Splits at `at` bytes or the next beginning of a character after it.
fn split(text: &str, at: usize) -> (&str, &str) {
    (at..text.len()).find_map(|at| text.split_at_checked(at)).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use scraper::Selector;

    #[test]
    fn a_page_fed_in_pieces_reads_like_one_fed_whole() {
        let mut page = "<title>Åé</title><ul>".to_owned();
        (0..500).for_each(|at| page.push_str(&format!("<li class=é{at}>Zeile {at} – naïve</li>")));
        let read = read(page.as_bytes()).unwrap();
        assert_eq!(read.html(), Html::parse_document(&page).html());
        assert_eq!(read.select(&Selector::parse("li").unwrap()).count(), 500);
    }

    #[test]
    fn a_page_that_would_multiply_its_elements_is_refused() {
        let formatting: String = (0..5000).map(|at| format!("<b a={at}>")).collect();
        let page = format!("<p>{formatting}</p>{}", "<p>x</p>".repeat(50_000));
        assert_eq!(read(page.as_bytes()).unwrap_err().kind, Kind::HttpMalformed);
    }

    #[test]
    fn a_page_of_endless_depth_is_refused() {
        let page = "<b a=1><i b=2><div>".repeat(100_000);
        assert_eq!(read(page.as_bytes()).unwrap_err().kind, Kind::HttpMalformed);
    }
}
