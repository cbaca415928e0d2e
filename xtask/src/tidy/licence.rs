//! Whether a licence expression can be met with licences from a list: SPDX's OR, AND, WITH and brackets.
//!
//! The old spelling `MIT/Apache-2.0` means OR. Anything that cannot be read is not met.

/// Whether the expression can be met with `allowed` alone.
pub(super) fn met(expression: &str, allowed: &[&str]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut reader = Reader { words: spaced.split_whitespace().collect(), at: 0, allowed };
    let met = reader.any();
    met == Some(true) && reader.at == reader.words.len()
}

struct Reader<'a> {
    words: Vec<&'a str>,
    at: usize,
    allowed: &'a [&'a str],
}

impl Reader<'_> {
    fn eat(&mut self, word: &str) -> bool {
        let eaten = self.words.get(self.at) == Some(&word);
        self.at += usize::from(eaten);
        eaten
    }

    /// One of several; every side is read even where the first is enough.
    fn any(&mut self) -> Option<bool> {
        let mut met = self.all()?;
        while self.eat("OR") {
            met |= self.all()?;
        }
        Some(met)
    }

    fn all(&mut self) -> Option<bool> {
        let mut met = self.one()?;
        while self.eat("AND") {
            met &= self.one()?;
        }
        Some(met)
    }

    fn one(&mut self) -> Option<bool> {
        if self.eat("(") {
            let met = self.any()?;
            return self.eat(")").then_some(met);
        }
        let licence = *self.words.get(self.at)?;
        self.at += 1;
        if !self.eat("WITH") {
            return Some(self.allowed.contains(&licence));
        }
        let exception = *self.words.get(self.at)?;
        self.at += 1;
        let whole = format!("{licence} WITH {exception}");
        Some(self.allowed.contains(&whole.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::met;

    #[test]
    fn expressions_are_met_by_what_is_allowed() {
        let allowed = ["MIT", "Apache-2.0", "Unicode-3.0", "Apache-2.0 WITH LLVM-exception"];
        for good in [
            "MIT",
            "MIT OR GPL-3.0-only",
            "GPL-3.0-only OR (MIT AND Apache-2.0)",
            "MIT/Apache-2.0",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception",
        ] {
            assert!(met(good, &allowed), "{good}");
        }
        for bad in
            ["", "GPL-3.0-only", "MIT AND GPL-3.0-only", "(MIT", "MIT MIT", "Apache-2.0 WITH x", "MIT OR"]
        {
            assert!(!met(bad, &allowed), "{bad}");
        }
    }
}
