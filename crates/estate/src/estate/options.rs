//! How to start an estate, and why it does not start or does not obey.

use std::io;
use std::path::PathBuf;

use crate::place::{FEW, PLACES};
use crate::role::Role;

/// How to start an estate.
#[derive(Debug, Clone)]
pub struct EstateOptions {
    /// The binary that runs roles.
    pub exe: PathBuf,
    /// Words before the role's: `["estate"]` for `candor estate ROLE …`.
    pub lead: Vec<String>,
    /// Where zone file, databases and logs go. None: a directory of its own under the system's temporary one, which
    /// goes with the estate.
    pub dir: Option<PathBuf>,
    /// Codes of the places that have a storefront, in order.
    pub places: Vec<String>,
    /// The port of every role; 0 takes one that is free.
    pub port: u16,
    /// `N` in `127.77.N.0/24` and the stores' blocks beside it. None: the first block that is free.
    pub block: Option<u8>,
    /// Storefronts that take TLS beside plain HTTP, each with a certificate of its own: `gb.apps`.
    pub certified: Vec<String>,
}

impl EstateOptions {
    /// A few places, a free port, a temporary directory; roles run as `exe estate ROLE …`.
    #[must_use]
    pub fn new(exe: PathBuf) -> Self {
        let places = PLACES.iter().take(FEW).map(|place| place.code.to_owned()).collect();
        Self {
            exe,
            lead: vec!["estate".to_owned()],
            dir: None,
            places,
            port: 0,
            block: None,
            certified: Vec::new(),
        }
    }

    /// With a storefront in every place.
    #[must_use]
    pub fn everywhere(self) -> Self {
        Self { places: PLACES.iter().map(|place| place.code.to_owned()).collect(), ..self }
    }
}

/// Why the estate does not start or does not obey.
#[derive(Debug, thiserror::Error)]
pub enum EstateError {
    /// A place that the shop does not know, or none at all.
    #[error("the shop does not know the place {code:?}; it knows {known}")]
    UnknownPlace {
        /// The code given.
        code: String,
        /// Those it knows.
        known: String,
    },
    /// A lever that does not exist.
    #[error("there is no lever {id:?}; there are {known}")]
    UnknownLever {
        /// The id given.
        id: String,
        /// Those that exist.
        known: String,
    },
    /// This system has no 127.77.0.0/16 on its loopback interface.
    #[error(
        "this system has only 127.0.0.1 on its loopback interface, and the estate needs an address for each role \
         (127.77.{block}.10 and others). On macOS and the BSDs, add them first, each with: \
         sudo ifconfig lo0 alias ADDRESS up. Needed are: {needed}"
    )]
    OneLoopbackAddress {
        /// The block that was tried.
        block: u8,
        /// Every address.
        needed: String,
    },
    /// Every block that may be used is taken.
    #[error("no addresses are free: {why}. Stop what listens there, or choose another port with --port")]
    Taken {
        /// What was met last.
        why: String,
    },
    /// A file or directory of the estate cannot be written.
    #[error("{}: {source}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A process cannot be started.
    #[error("cannot start {}: {source}", exe.display())]
    Spawn {
        /// The binary.
        exe: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What was to be published is no zone of the shop.
    #[error("this cannot be published: {0}")]
    Zone(String),
    /// The shop's authority cannot sign.
    #[error("no certificate: {0}")]
    Certificate(String),
    /// A process ended instead of getting ready or of obeying, or takes too long.
    #[error("{}: {why}", role.word())]
    Role {
        /// Which role.
        role: Role,
        /// What happened, with the end of its log.
        why: String,
    },
}
