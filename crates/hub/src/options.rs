//! What a hub is told at its start, and what can keep it from starting.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use candor_core::model::Plan;
use candor_probe::Probe;
use thiserror::Error;

/// Where the configuration comes from.
#[derive(Debug, Clone)]
pub enum Origin {
    /// A file, or a folder of files; watched for changes.
    Files(PathBuf),
    /// A URL, from which a plan is made without any file.
    Url(String),
}

/// What a hub is told.
#[derive(Debug, Clone)]
pub struct HubOptions {
    /// Where the configuration comes from.
    pub origin: Origin,
    /// Where the public page listens, if not where the config says.
    pub listen: Option<SocketAddr>,
    /// Where the operators' site listens, if not where the config says.
    pub operate_listen: Option<SocketAddr>,
    /// Where the ledger lies, if not where the config says.
    pub ledger: Option<PathBuf>,
}

/// What makes the probe of a plan: a [`candor_probe::Runner`], or what a test puts in its place.
pub type Probes = Arc<dyn Fn(Arc<Plan>) -> Arc<dyn Probe> + Send + Sync>;

/// Why a hub did not start. Each says what to do next.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HubError {
    /// The config could not be read.
    #[error("{0}")]
    Read(String),
    /// The config has faults, and no earlier one was accepted; rendered with their places.
    #[error("{0}")]
    Config(String),
    /// The ledger cannot be used.
    #[error("{0}")]
    Ledger(String),
    /// The system gives no thread.
    #[error("the system gives no thread to serve from: {0}; raise the limit on tasks or processes")]
    Thread(String),
    /// An address cannot be listened on.
    #[error("cannot listen on {address} for {site}: {why}; {}, or choose another with {flag}", remedy(.why))]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Whose.
        site: &'static str,
        /// What the system says.
        why: std::io::Error,
        /// The option that changes it.
        flag: &'static str,
    },
}

fn remedy(why: &std::io::Error) -> &'static str {
    match why.kind() {
        std::io::ErrorKind::AddrNotAvailable => "give this host the address",
        std::io::ErrorKind::PermissionDenied => {
            "ports below 1024 need a right of their own (CAP_NET_BIND_SERVICE)"
        }
        _ => "free the port",
    }
}
