//! The content as JSON, within bounds of its own.
//!
//! Two bytes (`0,`) can become a value of a hundred in memory: so values are counted before they are made. Where the bound is
//! hit the content is refused as malformed, as pages are whose elements are too many.

use candor_core::fault::Kind;
use serde_json::Value;

use crate::failure::StepFailure;

/// Values in one content, at most.
const VALUES_MAX: usize = 200_000;

/// Reads the content; `kind` is that of the failure where it is no JSON.
///
/// # Errors
/// That, or [`Kind::HttpMalformed`] where it holds too many values.
pub(super) fn read(content: &[u8], kind: Kind) -> Result<Value, StepFailure> {
    if values(content) > VALUES_MAX {
        let detail = format!("the content cannot be searched as JSON: it has more than {VALUES_MAX} values");
        return Err(StepFailure::new(Kind::HttpMalformed, detail));
    }
    serde_json::from_slice(content)
        .map_err(|error| StepFailure::new(kind, format!("the content is no JSON: {error}")))
}

/// How many values there are, or more: one, and one for each comma and opening bracket outside of strings.
fn values(content: &[u8]) -> usize {
    let (mut count, mut in_string, mut escaped) = (1_usize, false, false);
    for byte in content {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b',' | b'[' | b'{' if !in_string => count += 1,
            _ => {}
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_and_what_stands_in_strings_is_not() {
        assert_eq!(values(br#"{"a,[{": "\\\",[", "b": [1, 2]}"#), 5);
        assert_eq!(values(b"[[[[[["), 7);
        assert_eq!(values(b"7"), 1);
    }

    #[test]
    fn an_array_of_millions_is_refused_before_it_is_made() {
        let content = format!("[{}0]", "0,".repeat(VALUES_MAX));
        assert_eq!(read(content.as_bytes(), Kind::ContentAssertion).unwrap_err().kind, Kind::HttpMalformed);
        let nested = "[".repeat(100_000);
        assert_eq!(read(nested.as_bytes(), Kind::ContentAssertion).unwrap_err().kind, Kind::ContentAssertion);
    }
}
