//! Printing: results to standard output, everything else to standard error, colour only where a terminal shows it.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::Mutex;

use anstyle::{AnsiColor, Style};
use tracing_subscriber::EnvFilter;

/// Columns that a line may take.
pub(crate) const WIDTH: usize = 80;
/// What failed.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// What passed.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// What matters less.
pub(crate) const DIM: Style = Style::new().dimmed();
/// What is read first.
pub(crate) const BOLD: Style = Style::new().bold();

/// The first thing that went wrong with standard output.
static LOST: Mutex<Option<io::Error>> = Mutex::new(None);

/// Logs to standard error: warnings and above and what became of a changed config, more with `-v`, or as `CANDOR_LOG` says.
pub(crate) fn start_logging(verbose: u8) {
    let level = match verbose {
        0 => "warn,candor_hub::reload=info",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let filter = EnvFilter::try_from_env("CANDOR_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let ansi = io::stderr().is_terminal();
    // Where nobody can be told, nobody is: to say so on the same standard error would be a panic.
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(ansi)
        .log_internal_errors(false)
        .init();
}

/// A line to standard output. What goes wrong is found by [`written`] at the end; what the command started is taken
/// down in order all the same.
pub(crate) fn out(line: &str) {
    keep(writeln!(anstream::stdout().lock(), "{line}"));
}

/// Text as it is to standard output.
pub(crate) fn out_raw(text: &[u8]) {
    keep(io::stdout().lock().write_all(text));
}

fn keep(written: io::Result<()>) {
    if let (Err(error), Ok(mut lost)) = (written, LOST.lock()) {
        lost.get_or_insert(error);
    }
}

/// Whether all that was printed has arrived. A reader that went away had enough: that is no error.
///
/// # Errors
/// What kept the rest from arriving: a full disk, most likely.
pub(crate) fn written() -> io::Result<()> {
    keep(io::stdout().lock().flush());
    match LOST.lock().ok().and_then(|mut lost| lost.take()) {
        Some(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

/// A text of somebody else's for one line of a terminal: no control characters, not long.
pub(crate) fn quoted(text: &str) -> String {
    const LONGEST: usize = 200;
    let mut chars = text.chars();
    let mut out: String = chars.by_ref().take(LONGEST).collect();
    if chars.next().is_some() {
        out.push('…');
    }
    format!("{out:?}")
}

/// A line to standard error; if nobody reads it, that is nobody's harm.
pub(crate) fn note(line: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{line}");
}

/// What went wrong, to standard error.
pub(crate) fn error(text: &str) {
    let text = text.trim_end();
    // Config faults come rendered with their own "error:".
    if text.starts_with("error") {
        note(text);
    } else {
        note(&format!("{BAD}error{BAD:#}: {text}"));
    }
}

/// So many of something: "1 check", "2 checks".
pub(crate) fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// A style around a text.
pub(crate) fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// Breaks a text at spaces into lines of at most `width` characters; a longer word is cut.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        for part in pieces(word, width) {
            let last = lines.last_mut().expect("there is a line because one was put there");
            let used = last.chars().count();
            if used > 0 && used + 1 + part.chars().count() > width {
                lines.push(part);
            } else {
                if used > 0 {
                    last.push(' ');
                }
                last.push_str(&part);
            }
        }
    }
    lines
}

fn pieces(word: &str, width: usize) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    letters.chunks(width).map(|piece| piece.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn lines_are_never_wider_than_asked() {
        for text in
            ["a b c", &"x".repeat(200), "no server answered for buy.shop.example within the time it had"]
        {
            assert!(wrap(text, 20).iter().all(|line| line.chars().count() <= 20));
        }
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
    }
}
