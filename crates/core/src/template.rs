//! Texts with holes: `https://apps.shop.example/{place}/`, and secrets that print as stars.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Serialize, Serializer};

/// A credential. Its `Debug`, `Display` and serialised forms are stars; [`Secret::expose`] is the only way in.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a credential.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The credential in the clear, for the one place that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// What stands in the place of a secret wherever one would be printed.
pub const REDACTED: &str = "••••••";

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(REDACTED)
    }
}

/// A piece of a [`Template`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Text as written.
    Text(String),
    /// A secret taken from the environment or a file when the config was read.
    Secret(Secret),
    /// A hole, filled when the journey runs: `place`, `run`, `id`, a variable of the place, or a capture.
    Hole(String),
}

/// A text with holes. Config parses it (`{name}` is a hole, `{{` and `}}` are braces); probes fill it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Template(pub Vec<Piece>);

/// A hole that nothing fills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownHole(pub String);

impl fmt::Display for UnknownHole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nothing fills {{{}}}", self.0)
    }
}

impl core::error::Error for UnknownHole {}

impl Template {
    /// A text without holes.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self(alloc::vec![Piece::Text(text.into())])
    }

    /// The names of the holes, in order, with repeats.
    pub fn holes(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Hole(name) => Some(name.as_str()),
            Piece::Text(_) | Piece::Secret(_) => None,
        })
    }

    /// Whether any piece is a secret.
    #[must_use]
    pub fn has_secret(&self) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Secret(_)))
    }

    /// Fills the holes. The result holds secrets in the clear: for sending, never for printing.
    ///
    /// # Errors
    /// [`UnknownHole`] names the first hole that `value` does not know.
    pub fn fill<'v>(&self, value: impl Fn(&str) -> Option<Cow<'v, str>>) -> Result<String, UnknownHole> {
        let mut out = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Secret(secret) => out.push_str(secret.expose()),
                Piece::Hole(name) => match value(name) {
                    Some(text) => out.push_str(&text),
                    None => return Err(UnknownHole(name.clone())),
                },
            }
        }
        Ok(out)
    }
}

/// Prints holes as `{name}` and secrets as stars.
impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => {
                    for c in text.chars() {
                        match c {
                            '{' => f.write_str("{{")?,
                            '}' => f.write_str("}}")?,
                            c => write!(f, "{c}")?,
                        }
                    }
                }
                Piece::Secret(secret) => write!(f, "{secret}")?,
                Piece::Hole(name) => write!(f, "{{{name}}}")?,
            }
        }
        Ok(())
    }
}

impl Serialize for Template {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;

    #[test]
    fn a_secret_never_prints() {
        let secret = Secret::new("hunter2".to_string());
        let template = Template(alloc::vec![Piece::Text("Bearer ".into()), Piece::Secret(secret.clone())]);
        assert!(!format!("{secret} {secret:?} {template} {template:?}").contains("hunter2"));
        assert_eq!(template.fill(|_| None).unwrap(), "Bearer hunter2");
    }

    #[test]
    fn a_hole_that_nothing_fills_is_named() {
        let template = Template(alloc::vec![Piece::Hole("token".into())]);
        assert_eq!(template.fill(|_| None), Err(UnknownHole("token".into())));
    }
}
