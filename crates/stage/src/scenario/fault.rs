//! What is wrong with a scenario, and where: each fault with its line, what stands there, and a way out.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet, renderer::DecorStyle};
use serde::Serialize;

/// Columns of rendered faults.
const WIDTH: usize = 80;

/// Longest line that is shown under a fault, in bytes.
const LINE_MAX: usize = 400;

/// One thing that is wrong, at its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The file, as it was named.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
    /// The bytes of the file that it is about.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {} ({})", self.file, self.line, self.column, self.message, self.hint)
    }
}

/// All that is wrong with a scenario, in the order of the file; never empty.
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
    /// For a terminal, 80 columns wide, each fault under the line of `text` that it is about.
    #[must_use]
    pub fn render(&self, text: &str, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.term_width(WIDTH).decor_style(DecorStyle::Ascii);
        self.0.iter().map(|fault| render(fault, text, &renderer)).collect()
    }
}

fn render(fault: &Fault, text: &str, renderer: &Renderer) -> String {
    let line = text.lines().nth(fault.line.saturating_sub(1)).unwrap_or("");
    if line.len() > LINE_MAX {
        return format!("error: {fault}\n\n");
    }
    let start = line.char_indices().nth(fault.column.saturating_sub(1)).map_or(line.len(), |(at, _)| at);
    let end = start.saturating_add(fault.span.len()).min(line.len());
    let end = (end..=line.len()).find(|at| line.is_char_boundary(*at)).unwrap_or(line.len());
    let snippet = Snippet::source(line)
        .path(fault.file.as_str())
        .line_start(fault.line)
        .annotation(AnnotationKind::Primary.span(start..end));
    let group = Level::ERROR
        .primary_title(fault.message.as_str())
        .element(snippet)
        .element(Level::HELP.message(fault.hint.as_str()));
    format!("{}\n\n", renderer.render(&[group]))
}
