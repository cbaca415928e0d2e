//! What is told of a run: a timeline in the terminal, a report in HTML with its picture, and JSON.
//!
//! In reading order: `rows` (what the pictures show), `timeline`, `picture` (SVG), `report`, `json`. All are pure.

mod json;
mod picture;
mod report;
mod rows;
mod timeline;

pub use json::json;
pub use report::html;
pub use timeline::{Timeline, summary};

use crate::Ms;
use crate::score::{Named, Scores, said};

/// How a run was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Real processes and packets.
    Live,
    /// The model.
    Simulated,
}

impl Mode {
    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Simulated => "simulated",
        }
    }
}

/// What of causes a run shows: whether they were right, and after how long the last was named.
fn causes(scores: &Scores) -> Option<String> {
    let right = if scores.cause_right? { "right" } else { "wrong" };
    let after = scores.cause_s.map_or_else(String::new, |seconds| format!(" after {seconds:.1} s at most"));
    let accused = match scores.wrong_accusations {
        0 => String::new(),
        n => format!(", wrong accusations of the DNS: {n}"),
    };
    Some(format!("{right}{after}{accused}"))
}

/// One cause that had to be named, in a line.
fn cause(named: &Named) -> String {
    let what = said(&named.fault, &named.about);
    let Some(class) = &named.class else { return format!("{what}: not named; {} is right", named.called) };
    let subject = named.subject.as_ref().map_or_else(String::new, |subject| format!(" {subject}"));
    let after = named.after_s.map_or_else(String::new, |seconds| format!(" after {seconds:.1} s"));
    let right =
        if named.right { ", right".to_owned() } else { format!(", wrong; {} is right", named.called) };
    format!("{what}: named {class}{subject}{after}{right}")
}

/// A moment of a run: `1:02:03`.
fn clock(ms: Ms) -> String {
    let s = ms / 1_000;
    format!("{}:{:02}:{:02}", s / 3_600, s / 60 % 60, s % 60)
}

/// A length of time in words: `2 h 5 min`, `41.3 s`.
fn length(ms: Ms) -> String {
    match ms {
        0..60_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        60_000..3_600_000 => format!("{} min {} s", ms / 60_000, ms / 1_000 % 60),
        _ => format!("{} h {} min", ms / 3_600_000, ms / 60_000 % 60),
    }
}
