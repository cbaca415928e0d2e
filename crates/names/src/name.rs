//! Domain names as this crate holds them: absolute, in wire form, compared without regard to case (RFC 4343).

use std::borrow::Cow;
use std::fmt::Display;

use bytes::Bytes;
use domain::base::name::{Name as WireName, ToName};

/// An absolute name; ordered canonically (RFC 4034, section 6.1).
pub(crate) type Name = WireName<Bytes>;

/// Reads a name from text, always as absolute; says what is wrong with it otherwise.
pub(crate) fn parse(text: &str) -> Result<Name, String> {
    if text.is_empty() {
        return Err("the name is empty".to_owned());
    }
    if !text.is_ascii() {
        return Err("the name is not in ASCII; write an internationalised name in its xn-- form".to_owned());
    }
    Name::bytes_from_str(text).map_err(|fault| fault.to_string())
}

/// The presentation form, with its trailing dot; it means the same name wherever in a zone file it stands.
pub(crate) fn show<N: ToName>(name: &N) -> String {
    let dotted: &dyn Display = &name.fmt_with_dot();
    shielded(&dotted.to_string()).into_owned()
}

/// A name's text with a backslash before what begins something else in a zone file (RFC 1035, section 5.1): a quote, a
/// parenthesis, a comment, the origin, a directive. The library writes those bytes as they are.
pub(crate) fn shielded(text: &str) -> Cow<'_, str> {
    const SPECIAL: [char; 6] = ['"', '(', ')', ';', '@', '$'];
    if !text.contains(SPECIAL) {
        return Cow::Borrowed(text);
    }
    let mut shielded = String::with_capacity(text.len() + 4);
    let mut escaped = false;
    for letter in text.chars() {
        if !escaped && SPECIAL.contains(&letter) {
            shielded.push('\\');
        }
        escaped = letter == '\\' && !escaped;
        shielded.push(letter);
    }
    Cow::Owned(shielded)
}
