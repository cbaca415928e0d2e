//! A question: name and type, class IN.

use std::fmt;

use domain::base::Rtype;

use crate::name::{self, Name};

/// What a server is asked (RFC 1035, section 4.1.2); the class is always IN.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Question {
    name: Name,
    rtype: Rtype,
}

impl Question {
    /// Reads a question from a name, taken as absolute with or without its last dot, and a type by its mnemonic
    /// or as `TYPE65` (RFC 3597).
    ///
    /// # Errors
    /// When the name is not a domain name or the type is not known.
    pub fn parse(name: &str, rtype: &str) -> Result<Self, QuestionError> {
        let wire = name::parse(name).map_err(|why| QuestionError::BadName { name: name.to_owned(), why })?;
        let rtype = rtype.parse().map_err(|_| QuestionError::BadType { rtype: rtype.to_owned() })?;
        Ok(Self { name: wire, rtype })
    }

    pub(crate) fn of(name: Name, rtype: Rtype) -> Self {
        Self { name, rtype }
    }

    /// The name in presentation form, with its last dot.
    #[must_use]
    pub fn name(&self) -> String {
        name::show(&self.name)
    }

    /// The type's mnemonic: `A`, `TYPE65280`.
    #[must_use]
    pub fn rtype(&self) -> String {
        self.rtype.to_string()
    }

    pub(crate) fn wire_name(&self) -> &Name {
        &self.name
    }

    pub(crate) fn wire_type(&self) -> Rtype {
        self.rtype
    }
}

impl fmt::Display for Question {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.name(), self.rtype)
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Question({self})")
    }
}

/// Why a question cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuestionError {
    /// Not a domain name.
    #[error("{name:?} is not a domain name: {why}")]
    BadName {
        /// The text given.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// Not a record type.
    #[error("{rtype:?} is not a record type: write a mnemonic such as A or MX, or TYPE65")]
    BadType {
        /// The text given.
        rtype: String,
    },
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_question_is_read_with_or_without_its_last_dot() {
        let one = Question::parse("Shop.Example", "mx").unwrap();
        assert_eq!(one, Question::parse("shop.example.", "MX").unwrap());
        assert_eq!(one.to_string(), "Shop.Example. MX");
        assert_eq!(Question::parse(".", "TYPE65280").unwrap().to_string(), ". TYPE65280");
    }

    #[test]
    fn what_is_wrong_with_a_question_is_said() {
        let said = |name: &str, rtype: &str| Question::parse(name, rtype).unwrap_err().to_string();
        insta::assert_snapshot!(said("", "A"), @r#""" is not a domain name: the name is empty"#);
        insta::assert_snapshot!(said("a..b", "A"), @r#""a..b" is not a domain name: empty label"#);
        insta::assert_snapshot!(said("shöp.example", "A"), @r#""shöp.example" is not a domain name: the name is not in ASCII; write an internationalised name in its xn-- form"#);
        insta::assert_snapshot!(said("a", "WHAT"), @r#""WHAT" is not a record type: write a mnemonic such as A or MX, or TYPE65"#);
        assert!(said(&"a".repeat(64), "A").contains("not a domain name"));
        assert!(said(&"a.".repeat(128), "A").contains("not a domain name"));
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(name in ".{0,80}", rtype in ".{0,12}") {
            let _ = Question::parse(&name, &rtype);
            let _ = Question::parse(&name, "A").map(|question| question.name());
        }
    }
}
