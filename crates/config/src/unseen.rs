//! Characters that nobody sees: they hide or turn what stands beside them, on a page as in a terminal.
//!
//! Names for readers may not hold them at all, so that no name can pretend to be another; what is printed shows a
//! replacement for each. Joiners and marks of direction, which some scripts need, may stand in a name beside others.

use crate::limits::NAME_MAX;
use crate::reader::{Reader, quote};
use crate::tree::{Node, Span};

/// Controls, overrides of direction, fillers and other characters without a shape.
pub(crate) fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Characters that show nothing by themselves.
fn is_blank(c: char) -> bool {
    let joins = matches!(c, '\u{200c}'..='\u{200f}' | '\u{61c}' | '\u{fe00}'..='\u{fe0f}' | '\u{2800}');
    joins || c.is_whitespace() || is_unseen(c)
}

/// A text as it may be printed.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if is_unseen(c) { '\u{fffd}' } else { c }).collect()
}

impl Reader<'_> {
    /// A name or words for readers: one line, not long, of characters that are seen.
    pub(crate) fn name<'n>(&self, node: &'n Node) -> Option<&'n str> {
        let text = self.text(node)?;
        self.check_name(text, node.span).then_some(text)
    }

    /// The same for a key.
    pub(crate) fn check_name(&self, text: &str, at: Span) -> bool {
        let length = text.chars().count();
        if length > NAME_MAX {
            let hint = format!("at most {NAME_MAX}: it stands in headings and sentences");
            self.refuse_hint(at, format!("{} has {length} characters", quote(text)), hint);
        } else if let Some(c) = text.chars().find(|c| is_unseen(*c)) {
            self.refuse_unseen(text, c, at);
        } else if text.chars().all(is_blank) {
            self.refuse_hint(at, "a name that shows nothing", "readers must be able to see it");
        } else {
            return true;
        }
        false
    }

    pub(crate) fn refuse_unseen(&self, text: &str, c: char, at: Span) {
        let number = u32::from(c);
        let what = if c == '\n' {
            "a line break".to_owned()
        } else {
            format!("the unseen character U+{number:04X}")
        };
        let at = self.within(at, c.encode_utf8(&mut [0; 4]));
        self.refuse_hint(at, format!("{} holds {what}", quote(text)), "take it out");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_and_emoji_are_seen_and_controls_are_not() {
        for text in
            ["Überweisung", "متجر\u{200c}ها", "दुकान", "\u{1f6d2}\u{fe0f} Shop", "שלום\u{200f}", "e\u{301}"]
        {
            assert!(!text.chars().any(is_unseen), "{text}");
        }
        for c in [
            '\0',
            '\u{1b}',
            '\u{7f}',
            '\u{9b}',
            '\u{202e}',
            '\u{2066}',
            '\u{200b}',
            '\u{2028}',
            '\u{feff}',
            '\u{e0041}',
        ] {
            assert!(is_unseen(c), "{c:?}");
        }
    }
}
