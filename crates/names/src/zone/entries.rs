//! Where the entries of a zone file begin (RFC 1035, section 5.1): quotes, escapes, comments, parentheses.
//!
//! The library reads entries but does not tell their lines, and does not survive a text that ends inside of
//! parentheses, nor a directive with a word right behind a quote. This pass gives the lines and finds these two; it
//! judges nothing else.

/// Where an entry begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Start {
    /// Line from 1.
    pub(super) line: usize,
    /// Offset of its first byte that is not space.
    pub(super) offset: usize,
    /// Column of that byte, from 1.
    pub(super) column: usize,
    /// Whether it begins with `$`.
    pub(super) directive: bool,
    /// What is still open at the end of the text, if the entry is the last and is not finished.
    pub(super) open: Option<&'static str>,
}

/// Walks the entries of a text; blank lines and comments are none.
#[derive(Debug, Clone)]
pub(super) struct Entries<'a> {
    text: &'a [u8],
    at: usize,
    line: usize,
    /// Where the line begins.
    line_at: usize,
}

impl<'a> Entries<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { text: text.as_bytes(), at: 0, line: 1, line_at: 0 }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn step(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        if byte == b'\n' {
            self.line += 1;
            self.line_at = self.at;
        }
        Some(byte)
    }

    /// Passes a quoted string whose first quote is behind; says whether it was closed.
    fn quoted(&mut self) -> bool {
        while let Some(byte) = self.step() {
            match byte {
                b'"' => return true,
                b'\\' => drop(self.step()),
                _ => {}
            }
        }
        false
    }

    /// Whether a word cannot go on here.
    fn ends_here(&self) -> bool {
        self.peek().is_none_or(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b';' | b'(' | b')'))
    }

    fn comment(&mut self) {
        while self.peek().is_some_and(|byte| byte != b'\n') {
            self.step();
        }
    }
}

impl Start {
    /// Where it begins.
    pub(super) fn place(&self) -> Place {
        Place { line: self.line, column: self.column }
    }

    /// Where its first line begins: space before the first word says that it has no owner of its own.
    pub(super) fn line_offset(&self) -> usize {
        self.offset - (self.column - 1)
    }
}

/// A place in a text: line and column from 1, both 0 for the text as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

impl Iterator for Entries<'_> {
    type Item = Start;

    fn next(&mut self) -> Option<Start> {
        let mut start: Option<Start> = None;
        let mut depth = 0usize;
        loop {
            let (line, offset, column) = (self.line, self.at, self.at - self.line_at + 1);
            let Some(byte) = self.step() else { break };
            match byte {
                b'\n' if depth == 0 => {
                    if start.is_some() {
                        return start;
                    }
                    continue;
                }
                b';' => {
                    self.comment();
                    continue;
                }
                b'\n' | b' ' | b'\t' | b'\r' => continue,
                _ => {}
            }
            let begun =
                start.get_or_insert(Start { line, offset, column, directive: byte == b'$', open: None });
            match byte {
                b'(' => depth += 1,
                b')' => depth = depth.saturating_sub(1),
                b'\\' if self.peek() != Some(b'\n') => drop(self.step()),
                b'"' if !self.quoted() => {
                    begun.open = Some("a quote that is not closed");
                    return start;
                }
                b'"' if begun.directive && !self.ends_here() => {
                    begun.open = Some("a quote with no space behind it");
                    return start;
                }
                _ => {}
            }
        }
        if depth > 0
            && let Some(begun) = &mut start
        {
            begun.open = Some("a parenthesis that is not closed");
        }
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        Entries::of(text).map(|start| start.line).collect()
    }

    #[test]
    fn entries_begin_where_their_first_word_is() {
        assert_eq!(lines("\n; c\na A 1 ; (\n\n  ( b\n ) c\n$TTL 3\nlast"), [3, 5, 7, 8]);
    }

    #[test]
    fn quotes_and_escapes_hide_what_would_end_an_entry() {
        assert_eq!(lines("a TXT \"x ; ( \\\" \n y\"\nb\\( A 1\nc A 1\n"), [1, 3, 4]);
    }

    #[test]
    fn a_word_right_behind_a_quote_of_a_directive_is_said() {
        let open = |text| Entries::of(text).find_map(|start| start.open);
        assert_eq!(open("$INCLUDE \"a\"b\n"), Some("a quote with no space behind it"));
        assert_eq!(open("$INCLUDE\"a\\\"\"b\n"), Some("a quote with no space behind it"));
        assert_eq!(open("$INCLUDE \"a\" b ; \"c\"d\n"), None);
        assert_eq!(open("a TXT \"x\"\"y\"z\n"), None);
    }

    #[test]
    fn what_is_open_at_the_end_is_said() {
        let open = |text| Entries::of(text).last().and_then(|start| start.open);
        assert_eq!(open("a A 1\nb TXT (\n x\n"), Some("a parenthesis that is not closed"));
        assert_eq!(open("a TXT \"x\n"), Some("a quote that is not closed"));
        assert_eq!(open("a TXT (\"x\")\n"), None);
    }
}
