//! Printing: results to standard output, everything else to standard error, colour only where a terminal shows it.

use std::io::{IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use tracing_subscriber::EnvFilter;

/// What failed.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// What passed.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// What matters less.
pub(crate) const DIM: Style = Style::new().dimmed();
/// What is read first.
pub(crate) const BOLD: Style = Style::new().bold();

/// Logs to standard error: warnings and above, more with `-v`, or as `CANDOR_LOG` says.
pub(crate) fn start_logging(verbose: u8) {
    let level = match verbose {
        0 => "warn",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let filter = EnvFilter::try_from_env("CANDOR_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let ansi = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(ansi).init();
}

/// A line to standard output. A reader that is gone (a closed pipe) changes nothing: how the command ends is told by
/// its exit code, and what it started is still taken down in order.
pub(crate) fn out(line: &str) {
    let _ = writeln!(anstream::stdout().lock(), "{line}");
}

/// Text as it is to standard output.
pub(crate) fn out_raw(text: &[u8]) {
    let _ = std::io::stdout().lock().write_all(text);
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
