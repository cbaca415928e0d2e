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
