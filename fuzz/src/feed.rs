//! Values made from bytes: small numbers, extreme ones, and texts with what hurts in them. An empty feed gives zeros.

/// Bytes to make values from.
#[derive(Debug)]
pub struct Feed<'a>(&'a [u8]);

/// What stands in texts that mean harm. A `<zz` that reaches a page unescaped is an element that no page has.
const CHUNKS: [&str; 24] = [
    "<zz>",
    "<zz zz=1>",
    "</zz>",
    "\" zz=\"1",
    "' zz='1",
    "&",
    "&lt;",
    "<!--",
    "-->",
    "<![CDATA[",
    "</script>",
    "</style>",
    "{{",
    "}}",
    "{",
    "\u{0}",
    "\u{1b}[31m",
    "\u{202e}",
    "\u{2028}",
    "\n",
    "\u{1f600}",
    "e\u{301}",
    "javascript:zz",
    "shop",
];

impl<'a> Feed<'a> {
    /// A feed of these bytes.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether nothing is left.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::from(self.byte()) % bound.max(1)
    }

    /// One of these.
    pub fn of<T: Copy>(&mut self, from: &[T], or: T) -> T {
        let at = self.below(from.len());
        from.get(at).copied().unwrap_or(or)
    }

    /// Heads or tails.
    pub fn coin(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// The next eight bytes as a number.
    pub fn word(&mut self) -> u64 {
        (0..8).fold(0, |word, _| (word << 8) | u64::from(self.byte()))
    }

    /// A span of milliseconds: mostly seconds, sometimes hours, rarely anything up to `most`.
    pub fn span_ms(&mut self, most: i64) -> i64 {
        let shape = self.byte();
        let fine = i64::from(self.byte()) * 256 + i64::from(self.byte());
        let span = match shape % 8 {
            0..=3 => fine,
            4..=5 => fine * 10,
            6 => fine * 1_000,
            _ => i64::try_from(self.word() >> 1).unwrap_or(0),
        };
        span.min(most)
    }

    /// A text of a few pieces.
    pub fn text(&mut self) -> String {
        let mut text = String::new();
        for _ in 0..self.below(6) {
            let byte = self.byte();
            match CHUNKS.get(usize::from(byte)) {
                Some(chunk) => text.push_str(chunk),
                None => text.push(char::from(byte)),
            }
        }
        text
    }

    /// All that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }
}
