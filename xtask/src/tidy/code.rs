//! Rust source with its words taken out: comments and the insides of literals become blanks of the same length.
//!
//! So a rule that looks for `.unwrap()` meets code only, and a place in the blanked text is the same place in the
//! original. It knows nested comments, raw strings of any depth, escapes, and characters from lifetimes; it does not
//! parse: whatever rustc accepts keeps its shape here.

/// Blanks comments and the contents of string and character literals; newlines and byte offsets stay.
pub(crate) fn blank(text: &str) -> String {
    let mut reader = Reader { chars: text.chars().collect(), at: 0, out: String::with_capacity(text.len()) };
    while let Some(c) = reader.peek(0) {
        match c {
            '/' if reader.peek(1) == Some('/') => reader.line_comment(),
            '/' if reader.peek(1) == Some('*') => reader.block_comment(),
            '"' => reader.string(),
            'r' if !reader.after_word() => reader.raw_string_or_word(),
            '\'' => reader.character_or_lifetime(),
            _ => reader.keep(),
        }
    }
    reader.out
}

struct Reader {
    chars: Vec<char>,
    at: usize,
    out: String,
}

impl Reader {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn keep(&mut self) {
        if let Some(c) = self.peek(0) {
            self.out.push(c);
            self.at += 1;
        }
    }

    fn hide(&mut self) {
        match self.peek(0) {
            Some('\n') => self.out.push('\n'),
            Some(c) => self.out.extend(std::iter::repeat_n(' ', c.len_utf8())),
            None => {}
        }
        self.at += 1;
    }

    /// Whether what stands before belongs to a longer word; `b` and `c` are prefixes of raw strings themselves.
    fn after_word(&self) -> bool {
        let before = self.at.checked_sub(1).and_then(|at| self.chars.get(at));
        let earlier = self.at.checked_sub(2).and_then(|at| self.chars.get(at));
        let in_word = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric() || *c == '_');
        in_word(before) && (in_word(earlier) || !matches!(before, Some('b' | 'c')))
    }

    fn line_comment(&mut self) {
        while self.peek(0).is_some_and(|c| c != '\n') {
            self.hide();
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        while self.peek(0).is_some() {
            match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('*')) => depth += 1,
                (Some('*'), Some('/')) => depth -= 1,
                _ => {
                    self.hide();
                    continue;
                }
            }
            self.hide();
            self.hide();
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        self.keep();
        while let Some(c) = self.peek(0) {
            match c {
                '"' => return self.keep(),
                '\\' => {
                    self.hide();
                    self.hide();
                }
                _ => self.hide(),
            }
        }
    }

    fn raw_string_or_word(&mut self) {
        let hashes = (1..).take_while(|&n| self.peek(n) == Some('#')).count();
        if self.peek(1 + hashes) != Some('"') {
            return self.keep();
        }
        for _ in 0..hashes + 2 {
            self.keep();
        }
        while self.peek(0).is_some() {
            if self.peek(0) == Some('"') && (1..=hashes).all(|n| self.peek(n) == Some('#')) {
                for _ in 0..=hashes {
                    self.keep();
                }
                return;
            }
            self.hide();
        }
    }

    fn character_or_lifetime(&mut self) {
        self.keep();
        if self.peek(0) == Some('\\') {
            self.hide();
            self.hide();
            while self.peek(0).is_some_and(|c| c != '\'' && c != '\n') {
                self.hide();
            }
            self.keep();
        } else if self.peek(1) == Some('\'') {
            self.hide();
            self.keep();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::blank;

    #[test]
    fn comments_and_literals_become_blanks_of_the_same_length() {
        let text = "let a = \"x.unwrap()\"; // .unwrap()\nlet b = r#\"say \"dbg!\" \"#; /* a /* b */ c */ d";
        let blanked = blank(text);
        assert_eq!(blanked.len(), text.len());
        assert_eq!(
            blanked,
            "let a = \"          \";             \nlet b = r#\"           \"#;                   d"
        );
    }

    #[test]
    fn lifetimes_are_code_and_characters_are_not() {
        assert_eq!(
            blank("fn f<'a>(x: &'a str) { '{' '\\'' '\\u{1f}' }"),
            "fn f<'a>(x: &'a str) { ' ' '  ' '      ' }"
        );
    }

    #[test]
    fn letters_of_many_bytes_keep_their_width() {
        let text = "// größe\nlet x = \"ß\";";
        assert_eq!(blank(text).len(), text.len());
    }

    #[test]
    fn raw_identifiers_and_words_that_end_in_r_are_words() {
        assert_eq!(blank("r#fn for\"x\" br\"y\" var"), "r#fn for\" \" br\" \" var");
    }
}
