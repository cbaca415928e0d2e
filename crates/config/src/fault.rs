//! What is wrong with a configuration, and where: a fault knows its file, line, column, text and a way out.
//!
//! Faults quote what the user wrote, never what a variable or file held.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet, renderer::DecorStyle};
use serde::Serialize;

use crate::source::Source;
use crate::unseen::printable;

/// Columns of rendered faults.
const WIDTH: usize = 80;

/// Columns of messages, which the renderer does not fold; the rest is its margin.
const MESSAGE_WIDTH: usize = 66;

/// Longest line that is shown under a fault, in bytes.
const LINE_MAX: usize = 2_000;

/// How much a fault weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The configuration is refused.
    Error,
    /// It stands, but is probably not what was meant.
    Warning,
}

/// What stands for a file name where there is no file.
pub(crate) const COMMAND_LINE: &str = "(command line)";

/// One thing that is wrong, at its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Whether it refuses the configuration.
    pub severity: Severity,
    /// The file.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
    /// The bytes of the file that it is about.
    pub span: Range<usize>,
    /// What stands there.
    pub text: String,
    /// What is wrong with it.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A command line has no lines.
        if self.file != COMMAND_LINE {
            write!(f, "{}:{}:{}: ", printable(&self.file), self.line, self.column)?;
        }
        f.write_str(&self.message)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, " ({hint})"))
    }
}

/// All that is wrong with a configuration, in the order of the files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.0 {
            writeln!(f, "{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

impl Faults {
    /// For a terminal, 80 columns wide, each fault under the line it is about.
    #[must_use]
    pub fn render(&self, source: &Source, color: bool) -> String {
        render(&self.0, source, color)
    }

    /// For a program: an array of objects.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(&self.0).unwrap_or_default()
    }
}

/// Faults or warnings for a terminal, 80 columns wide, each under the line it is about.
#[must_use]
pub fn render(faults: &[Fault], source: &Source, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.term_width(WIDTH).decor_style(DecorStyle::Ascii);
    let mut out = String::new();
    for fault in faults {
        out.push_str(&renderer.render(&[group(fault, source)]));
        out.push_str("\n\n");
    }
    out
}

fn group<'f>(fault: &'f Fault, source: &'f Source) -> Group<'f> {
    let level = match fault.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(fold(&fault.message)));
    let text = source.files.iter().find(|f| f.name == fault.file).map_or("", |f| f.text.as_str());
    let file = printable(&fault.file);
    if let Some((line, span)) = line_of(text, &fault.span) {
        if line.len() > LINE_MAX {
            // The renderer looks at the whole of a line, which may be all of the file.
            let place = Origin::path(file).line(fault.line).char_column(fault.column);
            group = group
                .element(place)
                .element(Level::NOTE.message(format!("what stands there: `{}`", fault.text)));
            return with_hint(group, fault);
        }
        let snippet = Snippet::source(line)
            .path(file)
            .line_start(fault.line)
            .annotation(AnnotationKind::Primary.span(span));
        group = group.element(snippet);
    }
    with_hint(group, fault)
}

fn with_hint<'f>(group: Group<'f>, fault: &'f Fault) -> Group<'f> {
    match &fault.hint {
        Some(hint) => group.element(Level::HELP.message(fold(hint))),
        None => group,
    }
}

/// The line in which a span begins, and the part of the span in it. Only this line is shown: a whole file per
/// fault would be slow, and a whole section under one fault would be noise.
fn line_of<'t>(text: &'t str, span: &Range<usize>) -> Option<(&'t str, Range<usize>)> {
    let before = text.get(..span.start)?;
    let first = before.rfind('\n').map_or(0, |at| at + 1);
    let line = text.get(first..)?.lines().next().unwrap_or("");
    let start = (span.start - first).min(line.len());
    let end = span.end.saturating_sub(first).clamp(start, line.len());
    Some((line, start..end))
}

/// Breaks a sentence at spaces.
fn fold(text: &str) -> String {
    let mut out = String::new();
    let mut width = 0;
    for word in text.split(' ') {
        let len = word.chars().count();
        if width > 0 && width + 1 + len > MESSAGE_WIDTH {
            out.push('\n');
            width = 0;
        } else if width > 0 {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += len;
    }
    out
}
