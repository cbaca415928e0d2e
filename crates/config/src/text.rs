//! Texts with holes and secrets: `{name}`, `{{`, `}}`, `${VARIABLE}`, `${file:path}`, `$$`.
//!
//! A secret becomes a piece of its own, so that it prints as stars from here on. A `$` before anything but `{` and
//! `$` is a dollar sign.

use std::path::Path;

use candor_core::template::{Piece, Secret, Template};

use crate::limits::TEXT_MAX;
use crate::reader::{Reader, quote};
use crate::tree::{Node, Span};

impl Reader<'_> {
    /// A text with holes and secrets.
    pub(crate) fn template(&self, node: &Node) -> Option<Template> {
        // An empty text in quotes is a text here: a form field may well be empty.
        match node.scalar() {
            Some("") if !node.is_nothing() => Some(Template::default()),
            _ => self.template_of(self.scalar(node)?, node.span),
        }
    }

    /// The same for a part of a value.
    pub(crate) fn template_of(&self, text: &str, at: Span) -> Option<Template> {
        if text.len() > TEXT_MAX {
            self.refuse(at, format!("longer than {TEXT_MAX} bytes"));
            return None;
        }
        let mut pieces = Pieces::default();
        if !['{', '}', '$'].iter().any(|mark| text.contains(*mark)) {
            pieces.text(text);
            return Some(Template(pieces.0));
        }
        let mut rest = text;
        let mut sound = true;
        while let Some(offset) = rest.find(['{', '}', '$']) {
            let (before, from) = rest.split_at(offset);
            pieces.text(before);
            let (piece, after) = self.piece(from, at);
            sound &= piece.is_some();
            if let Some(piece) = piece {
                if let Piece::Secret(secret) = &piece {
                    sound &= self.spend_bytes(at, secret.expose().len());
                }
                pieces.push(piece);
            }
            if self.is_spent() {
                return None;
            }
            rest = after;
        }
        pieces.text(rest);
        sound.then_some(Template(pieces.0))
    }

    /// A secret or a text without holes, as one secret.
    pub(crate) fn secret(&self, node: &Node) -> Option<Secret> {
        let template = self.template(node)?;
        match template.fill(|_| None) {
            Ok(text) => Some(Secret::new(text)),
            Err(hole) => {
                let needle = format!("{{{}}}", hole.0);
                let at = self.within(node.span, &needle);
                self.refuse_hint(at, format!("{hole} here"), "holes are for steps; double the braces: {{ }}");
                None
            }
        }
    }

    /// What begins with `{`, `}` or `$`, and what follows it.
    fn piece<'t>(&self, from: &'t str, at: Span) -> (Option<Piece>, &'t str) {
        for (double, single) in [("{{", "{"), ("}}", "}"), ("$$", "$")] {
            if let Some(after) = from.strip_prefix(double) {
                return (Some(Piece::Text(single.into())), after);
            }
        }
        if let Some(after) = from.strip_prefix("${") {
            let Some((name, after)) = after.split_once('}') else {
                self.refuse_hint(
                    self.within(at, "${"),
                    "`${` without its `}`",
                    "a plain dollar sign is written $$",
                );
                return (None, "");
            };
            return (self.secret_named(name, at).map(|s| Piece::Secret(Secret::new(s))), after);
        }
        if let Some(after) = from.strip_prefix('$') {
            return (Some(Piece::Text("$".into())), after);
        }
        let hole =
            from.strip_prefix('{').and_then(|a| a.split_once('}')).filter(|(name, _)| is_hole_name(name));
        if let Some((name, after)) = hole {
            return (Some(Piece::Hole(name.into())), after);
        }
        let brace = if from.starts_with('{') { '{' } else { '}' };
        let hint =
            format!("a brace that is not a hole is doubled: {brace}{brace} (or use `json:` for a JSON body)");
        let message = format!("a single `{brace}` that is not a hole such as {{place}}");
        self.refuse_hint(self.within(at, from.lines().next().unwrap_or(from)), message, hint);
        (None, "")
    }

    fn secret_named(&self, name: &str, at: Span) -> Option<String> {
        let there = || self.within(at, &format!("${{{name}}}"));
        if let Some(path) = name.strip_prefix("file:") {
            let text = self.read_file(path.trim(), there)?;
            return Some(text.trim_end_matches(['\r', '\n']).to_owned());
        }
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            let hint =
                "write ${NAME} for an environment variable, ${file:path} for a file, $$ for a dollar sign";
            self.refuse_hint(there(), format!("{} is not the name of a variable", quote(name)), hint);
            return None;
        }
        let value = self.environment.variable(name);
        if value.is_none() {
            let hint = format!(
                "set it for this process, or read it from a file: ${{file:/run/secrets/{}}}",
                name.to_lowercase()
            );
            self.refuse_hint(there(), format!("the environment variable {} is not set", quote(name)), hint);
        }
        value
    }

    /// The text of a file that the config names, relative to the config's folder.
    pub(crate) fn read_file(&self, path: &str, at: impl Fn() -> Span) -> Option<String> {
        match self.environment.read(&self.source.folder.join(Path::new(path))) {
            Ok(text) => Some(text),
            Err(error) => {
                let hint = "a relative path starts from the folder of the config file";
                self.refuse_hint(at(), format!("the file {} cannot be read: {error}", quote(path)), hint);
                None
            }
        }
    }
}

/// The name of a hole, a variable or a capture.
pub(crate) fn is_hole_name(name: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphabetic() || b == b'_';
    name.len() <= 63
        && name.bytes().next().is_some_and(letter)
        && name.bytes().all(|b| letter(b) || b.is_ascii_digit() || b == b'-')
}

/// Pieces, with neighbouring texts joined.
#[derive(Default)]
struct Pieces(Vec<Piece>);

impl Pieces {
    fn text(&mut self, text: &str) {
        if !text.is_empty() {
            self.push(Piece::Text(text.into()));
        }
    }

    fn push(&mut self, piece: Piece) {
        match (self.0.last_mut(), piece) {
            (Some(Piece::Text(last)), Piece::Text(text)) => last.push_str(&text),
            (_, piece) => self.0.push(piece),
        }
    }
}
