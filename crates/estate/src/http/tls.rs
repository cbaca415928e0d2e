//! TLS: the certificate and key of a host, files of the state's directory, read at the start and again on `reload`.

use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::sync::watch;

/// The file of a host's certificate, in the state's directory; the host is relative to the zone.
pub(crate) fn certificate_file(host: &str) -> String {
    format!("{host}.pem")
}

/// The file of its key.
pub(crate) fn key_file(host: &str) -> String {
    format!("{host}.key")
}

/// A host's certificate and key, as they are in force.
#[derive(Debug)]
pub(crate) struct Certified {
    host: String,
    config: watch::Sender<Arc<ServerConfig>>,
}

impl Certified {
    /// Reads them.
    pub(crate) fn read(state: &Path, host: String) -> Result<Self, String> {
        let config = watch::Sender::new(config(state, &host)?);
        Ok(Self { host, config })
    }

    /// The same, if the host has any.
    pub(crate) fn find(state: &Path, host: String) -> Result<Option<Self>, String> {
        match state.join(certificate_file(&host)).exists() {
            true => Self::read(state, host).map(Some),
            false => Ok(None),
        }
    }

    /// Reads them again.
    pub(crate) fn reload(&self, state: &Path) -> Result<(), String> {
        self.config.send_replace(config(state, &self.host)?);
        Ok(())
    }

    /// What new connections are made with.
    pub(crate) fn config(&self) -> watch::Receiver<Arc<ServerConfig>> {
        self.config.subscribe()
    }
}

fn config(state: &Path, host: &str) -> Result<Arc<ServerConfig>, String> {
    let told = |error: &dyn std::fmt::Display| error.to_string();
    let chain = CertificateDer::pem_file_iter(state.join(certificate_file(host)))
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| told(&error))?;
    let key = PrivateKeyDer::from_pem_file(state.join(key_file(host))).map_err(|error| told(&error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| told(&error))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| told(&error))?;
    Ok(Arc::new(config))
}
