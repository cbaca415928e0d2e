//! Signing in by TLS: the certificate and key of the state's directory, read again on `reload`.

use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// The file of the certificate, and of its key.
pub(crate) const CERTIFICATE_FILE: &str = "account.pem";
/// See [`CERTIFICATE_FILE`].
pub(crate) const CERTIFICATE_KEY_FILE: &str = "account.key";

/// What new connections are made with.
pub(super) fn read(state: &Path) -> Result<Arc<ServerConfig>, String> {
    let told = |error: &dyn std::fmt::Display| error.to_string();
    let chain = CertificateDer::pem_file_iter(state.join(CERTIFICATE_FILE))
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| told(&error))?;
    let key = PrivateKeyDer::from_pem_file(state.join(CERTIFICATE_KEY_FILE)).map_err(|error| told(&error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| told(&error))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| told(&error))?;
    Ok(Arc::new(config))
}
